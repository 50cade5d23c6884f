"""What is shown on a part of an object that an update takes away or changes: alert rules, on a panel of a dashboard.
Where the part goes that is a warning, for the author may mean it; where it changes, the change touches them.

GET only: one list for both and for the whole plan, and nothing at all where no part goes or changes. Who may not read
it is told nothing, and nothing is lost by it.
"""

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.errors import Diagnostic, ServerError, Severity, Unauthorized, Unreachable
from reconciler.core.plan import Action, Change, Plan
from reconciler.core.ports import Reader
from reconciler.core.references import Referrer
from reconciler.core.registry import Registry
from reconciler.engine.inside import listed
from reconciler.engine.touched import named


class _Parts(Struct, frozen=True):
    """The parts of one object, by what others call them, in words."""

    lost: Mapping[str, str]
    changed: Mapping[str, str]


async def with_parts(plan: Plan, reader: Reader, registry: Registry, *, audience: bool) -> Plan:
    """The plan with a warning for each part that goes while something is shown on it, and where somebody reads it (an
    `audience`) its changes with what is shown on the parts that they change.
    """
    parts = {number: found for number, change in enumerate(plan.changes) if (found := _of(change, registry, audience))}
    warnings: list[Diagnostic] = []
    changes = list(plan.changes)
    for kind in sorted({plan.changes[number].address.kind for number in parts}):
        try:
            shown = _by_part(await reader.ask(registry[kind].on_parts(reader.server)), kind)
        except (Unauthorized, Unreachable):
            raise
        except ServerError:
            continue
        for number, found in parts.items():
            change = plan.changes[number]
            if change.address.kind != kind:
                continue
            on = shown.get(str(change.uid), {})
            warnings += (_warning(change, words, on[part]) for part, words in found.lost.items() if part in on)
            said = tuple(_touched(words, on[part]) for part, words in found.changed.items() if part in on)
            if said:
                changes[number] = replace(change, touches=(*change.touches, *said))
    together = tuple(sorted((*plan.warnings, *warnings), key=Diagnostic.sort_key))
    return replace(plan, changes=tuple(changes), warnings=together)


def _of(change: Change, registry: Registry, audience: bool) -> _Parts | None:
    """None where nothing goes and nothing changes."""
    if change.action not in {Action.UPDATE, Action.ADOPT} or not change.edits:
        return None
    kind = registry[change.address.kind]
    told = change.resource if audience and change.sends else None
    changed = kind.parts_changed(told, change.edits) if told is not None else {}
    found = _Parts(kind.parts_lost(change.edits), changed)
    return found if found.lost or found.changed else None


def _by_part(referrers: tuple[Referrer, ...], kind: str) -> dict[str, dict[str, list[str]]]:
    """By object and part: who is shown there, in order."""
    found: dict[str, dict[str, list[str]]] = {}
    for referrer in sorted(referrers, key=lambda item: item.subject):
        for item in referrer.references:
            if item.kind == kind:
                found.setdefault(item.text, {}).setdefault(item.part, []).append(referrer.subject)
    return found


def _warning(change: Change, words: str, who: list[str]) -> Diagnostic:
    text = f"{words} goes, on which {listed(who)} {'is' if len(who) == 1 else 'are'} shown"
    hint = "Grafana shows such a rule without its panel: point the rule at another one, or leave the panel"
    where = change.resource.source if change.resource is not None else None
    return Diagnostic("part-referred", text, hint, where, str(change.address), Severity.WARNING)


def _touched(words: str, who: list[str]) -> str:
    return f"{named(who)}, which {'is' if len(who) == 1 else 'are'} shown on {words}"

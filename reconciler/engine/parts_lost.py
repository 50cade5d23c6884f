"""Parts of objects that an update takes away and that others refer to by themselves: a panel on which an alert rule is
shown. Said as a warning: the author may mean it.

GET only, and nothing at all where no part goes.
"""

from msgspec.structs import replace

from reconciler.core.errors import Diagnostic, ServerError, Severity, Unauthorized, Unreachable
from reconciler.core.plan import Action, Change, Plan
from reconciler.core.ports import Reader
from reconciler.core.references import Referrer
from reconciler.core.registry import Registry
from reconciler.engine.inside import listed


async def warn_of_parts(plan: Plan, reader: Reader, registry: Registry) -> Plan:
    """The plan with a warning for each object that loses a part which something outside refers to."""
    losing = [
        (change, registry[change.address.kind].parts_lost(change.edits)) for change in plan.changes if _stays(change)
    ]
    losing = [(change, parts) for change, parts in losing if parts]
    found: list[Diagnostic] = []
    for kind in sorted({change.address.kind for change, _ in losing}):
        try:
            referrers = await reader.ask(registry[kind].elsewhere(reader.server))
        except (Unauthorized, Unreachable):
            raise
        except ServerError:
            continue  # who may not see alert rules is not told of them, and nothing is lost by it
        for change, parts in losing:
            if change.address.kind == kind:
                found += (
                    _warning(change, words, who)
                    for part, words in parts.items()
                    if (who := _of(referrers, change, part))
                )
    return replace(plan, warnings=tuple(sorted((*plan.warnings, *found), key=Diagnostic.sort_key))) if found else plan


def _stays(change: Change) -> bool:
    return change.action in {Action.UPDATE, Action.ADOPT}


def _of(referrers: tuple[Referrer, ...], change: Change, part: str) -> list[str]:
    return sorted(
        referrer.subject
        for referrer in referrers
        if any((r.kind, r.text, r.part) == (change.address.kind, change.uid, part) for r in referrer.references)
    )


def _warning(change: Change, words: str, who: list[str]) -> Diagnostic:
    text = f"{words} goes, on which {listed(who)} {'is' if len(who) == 1 else 'are'} shown"
    hint = "Grafana shows such a rule without its panel: point the rule at another one, or leave the panel"
    where = change.resource.source if change.resource is not None else None
    return Diagnostic("part-referred", text, hint, where, str(change.address), Severity.WARNING)

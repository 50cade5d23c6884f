"""What lies in the objects that a plan deletes: what goes with the plan, what moves out first, what is not ours.

GET only. The same question is asked again right before the DELETE (engine.carry).
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.errors import Diagnostic
from reconciler.core.guard import is_delete
from reconciler.core.plan import Action, Change, Plan
from reconciler.core.ports import Reader
from reconciler.core.references import Content
from reconciler.core.registry import Registry

_SHOWN = 10


class Split(Struct, frozen=True):
    """The contents of one object, by what becomes of them."""

    going: tuple[Content, ...] = ()
    leaving: tuple[Content, ...] = ()
    strangers: tuple[Content, ...] = ()


async def look_inside(plan: Plan, reader: Reader, registry: Registry) -> Plan:
    """The plan with its deleted objects' contents as notes, and refusals where something in one is not in the plan."""
    changes: list[Change] = []
    refusals = [*plan.refusals]
    for change in plan.changes:
        if not is_delete(change):
            changes.append(change)
            continue
        contents = await reader.ask(registry[change.address.kind].contents(reader.server, str(change.uid)))
        split = sort_out(str(change.uid), contents, plan.changes, registry)
        changes.append(replace(change, notes=(*change.notes, *_notes(split))))
        if split.strangers:
            refusals.append(_refusal(change, split.strangers))
    return replace(plan, changes=tuple(changes), refusals=tuple(refusals))


def sort_out(uid: str, contents: Iterable[Content], changes: Iterable[Change], registry: Registry) -> Split:
    """What becomes of each: deleted by the plan, outside after its moves (or its folder's), or still inside."""
    contents = tuple(contents)
    deleted, homes = set(), {}
    for change in changes:
        key = f"{change.address.kind}:{change.uid}"
        if is_delete(change):
            deleted.add(key)
        elif change.resource is not None and change.action in {Action.UPDATE, Action.ADOPT}:
            home = registry[change.address.kind].container(change.resource.attributes)
            if home is not None:
                homes[key] = home
    parents = {item.uid: homes.get(item.key, item.parent) for item in contents if item.kind == "folder" and item.uid}
    going, leaving, strangers = [], [], []
    for item in contents:
        home = homes.get(item.key, homes.get(item.holder, item.parent))
        if item.uid and (item.key in deleted or item.holder in deleted):
            going.append(item)
        elif item.uid and not _still_in(uid, home, parents):
            leaving.append(item)
        else:
            strangers.append(item)
    return Split(tuple(going), tuple(leaving), tuple(strangers))


def _still_in(top: str, here: str, parents: Mapping[str, str]) -> bool:
    seen: set[str] = set()
    while here != top and here in parents and here not in seen:
        seen.add(here)
        here = parents[here]
    return here == top


def _notes(split: Split) -> list[str]:
    groups = (
        ("deleted with it, by this plan", split.going),
        ("moves out first", split.leaving),
        ("in it, and not in this plan", split.strangers),
    )
    return [f"{title}: {listed(map(str, items), most=10**6)}" for title, items in groups if items]


def _refusal(change: Change, strangers: tuple[Content, ...]) -> Diagnostic:
    text = f"would be deleted together with what is in it and not in this plan: {listed(map(str, strangers))}"
    hint = "move or delete these first, declare them, or keep the object: Grafana would delete them unasked"
    if any(item.kind == "alert-rule" for item in strangers):
        hint = "move or delete these first, or keep the object: ggrec never deletes alert rules by force"
    return Diagnostic("not-empty", text, hint, subject=str(change.address))


def listed(items: Iterable[str], most: int = _SHOWN) -> str:
    """A few of many, for a message."""
    shown = sorted(items)
    more = f" and {len(shown) - most} more" if len(shown) > most else ""
    return ", ".join(shown[:most]) + more

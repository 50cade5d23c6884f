"""What else in Grafana shows an object that a plan changes, declared or not: playlists, and home dashboards.

One list for the whole plan (of Grafanas that give all playlists with what they play in one), and that only where
something changes that is seen there. Who may not read it is told nothing: nothing is lost by it. Homes cost nothing:
those are told that the plan has read anyway, of preferences that are declared without the home.
"""

from msgspec.structs import replace

from reconciler.core.errors import ServerError, Unauthorized, Unreachable
from reconciler.core.plan import Action, Change, Plan
from reconciler.core.ports import Reader
from reconciler.core.references import HOME, Referrer
from reconciler.core.registry import Registry
from reconciler.engine.planner import Selection
from reconciler.engine.snapshot import Snapshot

_MOST = 3


async def with_audience(plan: Plan, reader: Reader, registry: Registry) -> Plan:
    """The plan, its changes with who in Grafana shows them."""
    seen = [change for change in plan.changes if _changed(change) and registry[change.address.kind].seen(change.edits)]
    found: dict[int, tuple[str, ...]] = {}
    for name in sorted({change.address.kind for change in seen}):
        try:
            referrers = await reader.ask(registry[name].shown_by(reader.server))
        except (Unauthorized, Unreachable):
            raise
        except ServerError:
            continue
        for change in seen if referrers else ():
            if change.address.kind == name:
                found[id(change)] = _said(change, registry, referrers)
    if not any(found.values()):
        return plan
    changes = (replace(item, touches=(*item.touches, *found.get(id(item), ()))) for item in plan.changes)
    return replace(plan, changes=tuple(changes))


def with_homes(plan: Plan, selection: Selection, snapshot: Snapshot, registry: Registry) -> Plan:
    """The plan, its changes with whose home they are though no file says so."""
    whose: dict[tuple[str, str], list[str]] = {}
    for address, resource in selection.resources.items():
        kind = registry.get(address.kind)
        if (
            kind is None
            or not kind.always_there
            or any(item.where == HOME for item in kind.references(resource.attributes))
        ):
            continue
        live = snapshot.live(kind, address, resource, selection.state.resources.get(address))
        for item in kind.references(live.attributes) if live is not None else ():
            if item.where == HOME:
                whose.setdefault((item.kind, item.text), []).append(str(address))
    changes = []
    for change in plan.changes:
        who = whose.get((change.address.kind, str(change.uid))) if _changed(change) else None
        text = f"the home dashboard of {named(who)}, set in Grafana only" if who else ""
        changes.append(replace(change, touches=(*change.touches, text)) if text else change)
    return replace(plan, changes=tuple(changes)) if whose else plan


def _changed(change: Change) -> bool:
    return change.action in {Action.UPDATE, Action.ADOPT} and change.sends


def _said(change: Change, registry: Registry, referrers: tuple[Referrer, ...]) -> tuple[str, ...]:
    """Those that show it before and after, those that will, and those that will no more."""
    kind = registry[change.address.kind]
    itself = {(kind.name, str(change.uid))}
    before, after = (itself | names for names in kind.groups(change.resource, change.edits))
    stay, come, go = [], [], []
    for referrer in referrers:
        shown = {(item.kind, item.text) for item in referrer.references}
        if shown & before and shown & after:
            stay.append(referrer.subject)
        elif shown & after:
            come.append(referrer.subject)
        elif shown & before:
            go.append(referrer.subject)
    one = "plays" if len(stay) == 1 else "play"
    groups = ((stay, f"which {one} it"), (come, "which will play it then"), (go, "which will play it no more"))
    return tuple(f"{named(who)}, {words}" for who, words in groups if who)


def named(names: list[str]) -> str:
    """The first few of them in a sentence, and how many more there are."""
    shown = sorted(names)[:_MOST]
    if len(names) > _MOST:
        return f"{', '.join(shown)} and {len(names) - _MOST} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"

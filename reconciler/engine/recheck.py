"""Before an apply: what it is about to write, read once more in bulk, where that is cheaper than one by one.

Only of kinds whose writes carry the revision, so that the server itself refuses what somebody saves from then on.
Where they are few among many, a cheaper question is asked that proves enough together with the revision that the
write carries. GET only.
"""

from collections.abc import Mapping

from msgspec.structs import replace

from reconciler.core.address import Address
from reconciler.core.errors import GgrecError
from reconciler.core.exchange import Wanted
from reconciler.core.kind import Kind
from reconciler.core.plan import Action, Change, Plan
from reconciler.core.ports import Reader
from reconciler.core.registry import Registry
from reconciler.core.resource import LiveObject
from reconciler.core.state import State

_WORTH = 6
"""Reading one object by itself takes the server as long as so many in a list (grafana-api.md section 5)."""


async def still_as_planned(
    plan: Plan, state: State, reader: Reader, registry: Registry
) -> Mapping[Address, LiveObject]:
    """The objects that have the revision that the plan was made from, without their attributes where these are stored:
    writing them needs no look of its own. What is not among them is looked at by itself, where it is told what happened
    to it.
    """
    found: dict[Address, LiveObject] = {}
    for name, kind in registry.items():
        chosen = {
            change.uid: change
            for change in plan.changes
            if change.address.kind == name and change.uid is not None and _writes(change)
        }
        if not chosen or not kind.revisions_enforced(reader.server):
            continue
        there = sum(1 for address in state.resources if address.kind == name) + plan.unmanaged.get(name, 0)
        few = len(chosen) * _WORTH < there
        try:
            found |= await (_asked if few else _listed)(chosen, kind, reader, _as_observed(chosen, state))
        except GgrecError:
            continue  # each by itself then: what is wrong is told of the object that it stops
    return found


def _as_observed(chosen: Mapping[str, Change], state: State) -> Mapping[str, str]:
    """The revisions, by uid, of those that are as they were last observed: their bodies are stored. The others hold
    somebody's edit, which is kept before it is written over.
    """
    found: dict[str, str] = {}
    for uid, change in chosen.items():
        entry, revision = state.resources.get(change.moved_from or change.address), change.precondition.revision
        if entry is not None and revision is not None and entry.revision == revision:
            found[uid] = revision
    return found


async def _asked(
    chosen: Mapping[str, Change], kind: Kind, reader: Reader, stored: Mapping[str, str]
) -> dict[Address, LiveObject]:
    """Those to be updated of which a question much cheaper than a list tells enough."""
    revisions = {uid: revision for uid, revision in stored.items() if chosen[uid].action is Action.UPDATE}
    if not revisions:
        return {}
    there = await reader.ask(kind.still_there(reader.server, revisions))
    return {
        chosen[uid].address: LiveObject(kind.name, uid, {}, revisions[uid], chosen[uid].precondition.version)
        for uid in sorted(there)
    }


async def _listed(
    chosen: Mapping[str, Change], kind: Kind, reader: Reader, stored: Mapping[str, str]
) -> dict[Address, LiveObject]:
    found: dict[Address, LiveObject] = {}
    edited = frozenset(chosen) - set(stored)
    async for live in reader.stream(kind.listing(reader.server, Wanted(edited, known=stored))):
        change = chosen.get(live.uid)
        if change is not None and live.complete and live.revision == change.precondition.revision:
            found[change.address] = replace(live, attributes={}) if live.uid in stored else live
    return found


def _writes(change: Change) -> bool:
    return change.action in {Action.UPDATE, Action.DELETE} and change.precondition.revision is not None

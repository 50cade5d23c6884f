"""Before an apply: what it is about to write, read once more in bulk, where that is cheaper than one by one.

Only of kinds whose writes carry the revision, so that the server itself refuses what somebody saves from then on. GET
only.
"""

from collections.abc import Mapping
from dataclasses import replace

from reconciler.core.address import Address
from reconciler.core.errors import GgrecError
from reconciler.core.exchange import Wanted
from reconciler.core.kind import Registry
from reconciler.core.plan import Action, Change, Plan
from reconciler.core.ports import Reader
from reconciler.core.resource import LiveObject
from reconciler.core.state import State

_WORTH = 6
"""Reading one object by itself takes the server as long as so many in a list (grafana-api.md section 5)."""


async def still_as_planned(
    plan: Plan, state: State, reader: Reader, registry: Registry
) -> Mapping[Address, LiveObject]:
    """The objects that have the revision that the plan was made from, without their attributes: writing them needs no
    look of its own. What is not among them is looked at by itself, where it is told what happened to it.
    """
    found: dict[Address, LiveObject] = {}
    for name, kind in registry.items():
        chosen = {change.uid: change for change in plan.changes if change.address.kind == name and _writes(change)}
        there = sum(1 for address in state.resources if address.kind == name) + plan.unmanaged.get(name, 0)
        if not chosen or not kind.revisions_enforced(reader.server) or len(chosen) * _WORTH < there:
            continue
        try:
            async for live in reader.stream(kind.listing(reader.server, Wanted())):
                change = chosen.get(live.uid)
                if change is not None and live.complete and live.revision == change.precondition.revision:
                    found[change.address] = replace(live, attributes={})
        except GgrecError:
            continue  # each by itself then: what is wrong is told of the object that it stops
    return found


def _writes(change: Change) -> bool:
    return change.action in {Action.UPDATE, Action.DELETE} and change.precondition.revision is not None

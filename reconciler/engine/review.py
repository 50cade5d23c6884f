"""What only the server can tell about a plan before anybody says yes: who made an edit, what a folder still holds.

GET only.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import replace

from reconciler.core.errors import Diagnostic, ServerError
from reconciler.core.kind import Registry
from reconciler.core.plan import Action, Change, Drift, Plan
from reconciler.core.ports import Reader
from reconciler.core.resource import Attribution, LiveObject

_SHOWN = 10


async def review(plan: Plan, reader: Reader, registry: Registry, live: dict[str, LiveObject]) -> Plan:
    """The plan with attributions, and with refusals for folders that hold what is not ours.

    `live` are the drifted objects as read, by address text.
    """
    drift = await asyncio.gather(*(_attributed(item, reader, registry, live) for item in plan.drift))
    refusals = [*plan.refusals]
    for change in plan.changes:
        if change.action in {Action.DELETE, Action.REPLACE}:
            refusals += await _strangers_inside(change, plan, reader, registry)
    return replace(plan, drift=tuple(drift), refusals=tuple(sorted(refusals, key=Diagnostic.sort_key)))


async def _attributed(drift: Drift, reader: Reader, registry: Registry, live: dict[str, LiveObject]) -> Drift:
    found = live.get(str(drift.address))
    if drift.gone or found is None:
        return drift
    kind = registry[drift.address.kind]
    try:
        attribution = await reader.ask(kind.attribution(reader.server, found, drift.version_before))
    except ServerError:
        attribution = Attribution()  # not being told who it was does not make the plan less true
    return replace(drift, attribution=attribution)


async def _strangers_inside(change: Change, plan: Plan, reader: Reader, registry: Registry) -> list[Diagnostic]:
    kind = registry[change.address.kind]
    contents = await reader.ask(kind.contents(reader.server, str(change.uid)))
    leaving = {
        f"{other.address.kind}:{other.uid}"
        for other in plan.changes
        if other.action is Action.DELETE or _moves_out(other, str(change.uid))
    }
    strangers = [item for item in contents if item not in leaving]
    if not strangers:
        return []
    return [
        Diagnostic(
            "not-empty",
            f"would be deleted together with what is in it and not in this plan: {listed(strangers)}",
            "move or delete these first, declare them, or keep the object: Grafana would delete them unasked",
            subject=str(change.address),
        )
    ]


def _moves_out(change: Change, folder: str) -> bool:
    """Whether an update takes an object out of the folder."""
    if change.resource is None or change.action is not Action.UPDATE:
        return False
    attributes = change.resource.attributes
    return attributes.get("folderUid", attributes.get("parentUid")) not in {folder, None}


def listed(items: Iterable[str]) -> str:
    """A few of many, for a message."""
    shown = sorted(items)
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return ", ".join(shown[:_SHOWN]) + more

"""What only the server can tell about a plan before anybody says yes: who made an edit outside.

GET only.
"""

import asyncio
from dataclasses import replace

from reconciler.core.errors import ServerError
from reconciler.core.kind import Registry
from reconciler.core.plan import Drift, Plan
from reconciler.core.ports import Reader
from reconciler.core.resource import Attribution, LiveObject
from reconciler.core.state import Held


async def review(plan: Plan, reader: Reader, registry: Registry, live: dict[str, LiveObject]) -> Plan:
    """The plan with attributions. `live` are the drifted objects as read, by address text."""
    drift = await asyncio.gather(*(_attributed(item, reader, registry, live) for item in plan.drift))
    who = {item.address: item.attribution for item in drift}
    changes = tuple(replace(c, held=_signed(c.held, who.get(c.address))) for c in plan.changes)
    held = {address: _signed(items, who.get(address)) for address, items in plan.held.items()}
    return replace(plan, drift=tuple(drift), changes=changes, held=held)


def _signed(held: tuple[Held, ...], by: Attribution | None) -> tuple[Held, ...]:
    """With who made the edits that are held from now on."""
    if by is None:
        return held
    return tuple(h if h.who or h.when else replace(h, who=by.who or "", when=by.when or "") for h in held)


async def _attributed(drift: Drift, reader: Reader, registry: Registry, live: dict[str, LiveObject]) -> Drift:
    found = live.get(str(drift.address))
    if drift.gone or found is None or drift.attribution.who:
        return drift
    kind = registry[drift.address.kind]
    try:
        attribution = await reader.ask(kind.attribution(reader.server, found, drift.version_before))
    except ServerError:
        attribution = Attribution()  # not being told who it was does not make the plan less true
    return replace(drift, attribution=attribution)

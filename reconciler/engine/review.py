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


async def review(plan: Plan, reader: Reader, registry: Registry, live: dict[str, LiveObject]) -> Plan:
    """The plan with attributions. `live` are the drifted objects as read, by address text."""
    drift = await asyncio.gather(*(_attributed(item, reader, registry, live) for item in plan.drift))
    return replace(plan, drift=tuple(drift))


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

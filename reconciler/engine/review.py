"""What only the server can tell about a plan before anybody says yes: who made an edit outside.

GET only. Of a few objects each one's history is asked for, which has the messages; of many only who saved last, and
when.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping

from msgspec.structs import replace

from reconciler.core.errors import ServerError
from reconciler.core.json import text_of
from reconciler.core.plan import Drift, Plan
from reconciler.core.ports import Reader
from reconciler.core.registry import Registry
from reconciler.core.resource import Attribution, LiveObject
from reconciler.core.state import Held

_FEW = 2
"""Of so many objects of a kind each one's history is read; `ggrec history ADDRESS` has it of all."""


async def review(plan: Plan, reader: Reader, registry: Registry, live: dict[str, LiveObject]) -> Plan:
    """The plan with attributions. `live` are the drifted objects as read, by address text."""
    many = await _many(plan, reader, registry, live)
    drift = await asyncio.gather(*(_attributed(item, reader, registry, live, many) for item in plan.drift))
    who = {item.address: item.attribution for item in drift}
    changes = tuple(replace(c, held=_signed(c.held, who.get(c.address))) for c in plan.changes)
    held = {address: _signed(items, who.get(address)) for address, items in plan.held.items()}
    return replace(plan, drift=tuple(drift), changes=changes, held=held)


def _signed(held: tuple[Held, ...], by: Attribution | None) -> tuple[Held, ...]:
    """With who made the edits that are held from now on; what only names a former title nobody edited."""
    if by is None:
        return held
    return tuple(h if h.who or h.when or h.behind else replace(h, who=by.who or "", when=by.when or "") for h in held)


async def _many(
    plan: Plan, reader: Reader, registry: Registry, live: Mapping[str, LiveObject]
) -> Mapping[str, Mapping[str, str]]:
    """The editors of kinds of which many objects changed: asked for once, in the place of every object's history."""
    marked = Counter(
        item.address.kind
        for item in plan.drift
        if (found := live.get(str(item.address))) is not None and found.meta.get("updatedBy")
    )
    known: dict[str, Mapping[str, str]] = {}
    for kind, number in marked.items():
        if number > _FEW:
            try:
                known[kind] = await reader.ask(registry[kind].editors(reader.server))
            except ServerError:
                known[kind] = {}
    return known


async def _attributed(
    drift: Drift,
    reader: Reader,
    registry: Registry,
    live: Mapping[str, LiveObject],
    many: Mapping[str, Mapping[str, str]],
) -> Drift:
    found = live.get(str(drift.address))
    if drift.gone or found is None or drift.attribution.who:
        return drift
    editors = many.get(drift.address.kind)
    mark = text_of(found.meta.get("updatedBy"))
    if editors and mark in editors:
        several = (found.version or 0) - (drift.version_before or 0) != 1
        when = text_of(found.meta.get("updated")) or None
        by = Attribution(editors[mark], when, found.version, last=several and drift.version_before is not None)
        return replace(drift, attribution=by)
    kind = registry[drift.address.kind]
    try:
        attribution = await reader.ask(kind.attribution(reader.server, found, drift.version_before))
    except ServerError:
        attribution = Attribution()  # not being told who it was does not make the plan less true
    return replace(drift, attribution=attribution)

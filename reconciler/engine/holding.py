"""Where in its object something is held, as people call it: a state keeps only the path. Pure."""

from msgspec.structs import replace

from reconciler.core.address import Address
from reconciler.core.errors import BodyLost
from reconciler.core.json import JsonObject
from reconciler.core.path_words import place_of
from reconciler.core.plan import Plan
from reconciler.core.registry import Registry
from reconciler.core.state import State
from reconciler.engine.situation import Bodies


def with_places(plan: Plan, registry: Registry, state: State, bodies: Bodies) -> Plan:
    """The plan with words for the paths of all that is held."""
    sent = {change.address: change.resource.attributes for change in plan.changes if change.resource is not None}
    places: dict[Address, dict[str, str]] = {}
    for address, held in plan.held.items():
        kind = registry.get(address.kind)
        value = sent[address] if address in sent else _observed(state, address, bodies)
        places[address] = {item.path: place_of(kind, item.path, value) for item in held}
    return replace(plan, places=places)


def _observed(state: State, address: Address, bodies: Bodies) -> JsonObject:
    entry = state.resources.get(address)
    try:
        return bodies(entry.observed) if entry is not None and entry.observed is not None else {}
    except BodyLost:
        return {}

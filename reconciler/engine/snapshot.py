"""What a run knows of Grafana: the objects that matter to it, and how many others there are. Values only."""

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from reconciler.core.address import Address
from reconciler.core.errors import Diagnostic
from reconciler.core.exchange import Server
from reconciler.core.kind import Kind
from reconciler.core.observation import Observation, Observed
from reconciler.core.resource import LiveObject, Resource
from reconciler.core.state import ResourceState


class KindSnapshot(Struct, frozen=True):
    """One kind as read: the objects that matter by uid and by key, how many there are, why it could not be read."""

    by_uid: Mapping[str, LiveObject] = field(default_factory=dict)
    by_key: Mapping[str, LiveObject] = field(default_factory=dict)
    unchanged: frozenset[str] = frozenset()
    """uids whose revision is the observed one: their attributes were dropped, nothing about them changed."""
    seen: int = 0
    failure: Diagnostic | None = None
    observed: Observed | None = None
    """What the next run may be told of this kind."""


class Snapshot(Struct, frozen=True):
    """What was read of all kinds in play."""

    server: Server
    kinds: Mapping[str, KindSnapshot] = field(default_factory=dict)

    @property
    def failures(self) -> tuple[Diagnostic, ...]:
        """The kinds that could not be read."""
        return tuple(found.failure for _, found in sorted(self.kinds.items()) if found.failure is not None)

    def observation(self) -> Observation:
        """What was verified, for the next run."""
        known = {name: found.observed for name, found in self.kinds.items() if found.observed is not None}
        return Observation(self.server.url, self.server.org_id, known)

    def live(
        self, kind: Kind, address: Address, resource: Resource | None, entry: ResourceState | None
    ) -> LiveObject | None:
        """The live object of an address: by the uid in the state, by a mark of its own, else by what the author
        chose.
        """
        found = self.kinds.get(kind.name, KindSnapshot())
        if entry is not None and entry.uid in found.by_uid:
            return found.by_uid[entry.uid]
        keys = kind.own_keys(address)
        if entry is None and resource is not None:
            keys += kind.keys(resource)
        if entry is not None and resource is not None and kind.hands_over:
            return _moved(kind, resource, found.by_key)
        return next((found.by_key[key] for key in keys if key in found.by_key), None)


def _moved(kind: Kind, resource: Resource, by_key: Mapping[str, LiveObject]) -> LiveObject | None:
    """What is where a known object is declared to be now, if it has parts that only this one may have: a run that was
    to move it did so and was stopped before it could say so.
    """
    places = kind.keys(resource)
    parts = set(kind.claims(resource)) - set(places)
    found = next((by_key[key] for key in places if key in by_key), None)
    return found if found is not None and parts.intersection(found.keys) else None


def select(addresses: Sequence[Address], wanted: frozenset[Address] | None) -> list[Address]:
    """The addresses of a run: all, or those that were targeted."""
    return sorted(address for address in addresses if wanted is None or address in wanted)

"""Dashboards expanded one by one over everything that others declare, each let go before the next: what they come to is
remembered (core.desired) by whoever asks. One about which there is anything to say is left to `resolve`, which has all
documents, and their places.
"""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from reconciler.authoring.frames import Frames
from reconciler.authoring.library import KINDS as LIBRARY
from reconciler.authoring.loops import LOOP
from reconciler.authoring.metrics import Metrics
from reconciler.authoring.problems import Problems
from reconciler.authoring.resolve import Resolving
from reconciler.core.address import Address
from reconciler.core.desired import Remembered
from reconciler.core.json import Json
from reconciler.core.kind import Kind
from reconciler.core.metric import Catalogue
from reconciler.core.registry import Registry
from reconciler.core.resource import Document, Resource
from reconciler.core.source import MarkedDict, unplaced


class Streaming(Resolving):
    """`documents` are all that dashboards may go by."""

    _literal = False

    def __init__(self, documents: Sequence[Document], registry: Registry, values: Mapping[str, Json]) -> None:
        unmarked = [replace(item, spec=unplaced(item.spec)) if item.kind in LIBRARY else item for item in documents]
        super().__init__(unmarked, registry, values)
        self.library = replace(self.library, frames=Frames(self.library.templates))
        self._seen: set[Address] = set(self.declared)
        self.possible = not (self.found or self.expansion.roles or self.expansion.problems)
        """Whether dashboards may be looked at one by one: with roles they depend on each other."""

    def datasources(self) -> list[Resource]:
        """The declared datasources, as far as they are right."""
        built = [self._build(address) for address in sorted(self.declared) if address.kind == "datasource"]
        return [resource for resource in built if resource is not None]

    def catalogue(self) -> Catalogue:
        """The declared metrics."""
        return Metrics(self.library.metrics, self._datasources()).catalogue

    def filled(self, document: Document, kind: Kind, problems: Problems) -> MarkedDict:
        """The same, which needs no looking through where the file has nothing of either."""
        return document.spec if self._literal else super().filled(document, kind, problems)

    def expanded(self, document: Document, *, literal: bool) -> Remembered | None:
        """What a document comes to, if it is a dashboard of which nothing is to be said and that needs no other one.
        `literal`: no text of it has a value of the instance or a reference to a secret in it, and no key is `for_each`.
        """
        self._literal = literal
        kind = self.registry.by_yaml(document.kind)
        if kind is None or kind.shorthand is None or LOOP in document.metadata:
            return None
        address = Address(kind.name, document.name)
        if address in self._seen:
            return None
        self._seen.add(address)
        self._take(document)
        try:
            self._build(address)
            found = None if self.found else self._remembered(address)
            alone = found is not None and not any(self.registry[need.kind].shorthand for need in found.needs)
            return found if alone else None
        finally:
            self.found.clear()
            self._forget(address)

    def _forget(self, address: Address) -> None:
        for known in (
            self.declared,
            self.specs,
            self.uids,
            self.needs,
            self.built,
            self.asked,
            self.models,
            self.templates,
            self.noted,
        ):
            known.pop(address, None)

"""Where a value of the expanded object is written: step by step from the object's root. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from reconciler.authoring.places import MISSING, Places, Spot
from reconciler.authoring.provenance import Provenance, named
from reconciler.core.json import Json, as_object, same
from reconciler.core.resource import Resource
from reconciler.core.source import Mark, MarkedDict, MarkedList, Path


class Here(Struct, frozen=True):
    """A value of the expanded object: its path and what people call it, its marked form and place, and the nearest
    place above it that its author wrote (`base`), `rest` steps above: none where the value itself is written there.
    """

    path: Path
    label: str
    node: Any
    mark: Mark | None
    base: Spot
    owner: Spot
    rest: Path = ()
    others: tuple[Spot, ...] = ()
    """More places at which the same text stands: an anchor shares it."""
    foreign: bool = False
    """Whether it is written in another document."""

    @property
    def written(self) -> bool:
        """Whether the author wrote just this value in this document."""
        return not self.rest and not self.foreign


class Locating(Struct):
    """For one object. `loose`: the tree is the spec as it is written, and the values are what an author would write."""

    provenance: Provenance
    resource: Resource
    places: Places
    loose: bool = False

    def key(self, here: Here, key: str) -> Here:
        """A key of a mapping."""
        label = f"{here.label}.{key}" if here.label else key
        node = here.node.get(key, MISSING) if isinstance(here.node, Mapping) else MISSING
        mark = here.node.values_at.get(key) if isinstance(here.node, MarkedDict) else None
        return self._below(here, key, label, node, mark)

    def item(self, here: Here, index: int, items: Any) -> Here:
        """An item of a list."""
        label = f"{here.label}[{named(index, items[index], items)}]"
        node, mark = MISSING, None
        if isinstance(here.node, MarkedList):
            at = index if not self.loose else _where(here.node, items[index])
            if at is not None and at < len(here.node):
                node, mark = here.node[at], here.node.items_at[at]
        elif isinstance(here.node, list | tuple) and index < len(here.node):
            node = here.node[index]
        return self._below(here, index, label, node, mark)

    def _below(self, here: Here, step: str | int, label: str, node: Any, mark: Mark | None) -> Here:
        path = (*here.path, step)
        found = self.places.at(mark)
        spot = next((spot for spot in found if self._inside(here.owner, spot)), None)
        if spot is None and not found and self.places.in_body(here.base) and here.written:
            spot = here.base.below(step) if self.places.value(here.base.below(step)) is not MISSING else None
        if len(found) > 1:
            return Here(path, label, node, mark, found[0], here.owner, (), tuple(found[1:]))
        if spot is not None:
            owner = spot if isinstance(step, int) else here.owner
            return Here(path, label, node, mark or self.places.mark(spot), spot, owner)
        other = mark is not None and not found and self._elsewhere(mark)
        return Here(path, label, node, mark, here.base, here.owner, (*here.rest, step), (), other)

    def _inside(self, owner: Spot, spot: Spot) -> bool:
        """Whether a place is a part of what an owner says; what a JSON file says may be said anew beside `from`."""
        spec = self.places.spec
        return owner.holds(spot) or (self.places.in_body(owner) and spec is not None and spec.holds(spot))

    def _elsewhere(self, mark: Mark) -> bool:
        """Whether a mark is in another document than the object's own and its JSON file."""
        body = self.places.body
        return (body is None or mark.file != body.file) and self.provenance.is_foreign(self.resource, mark)

    def flat(self, here: Here, panels: Json) -> Iterator[tuple[Here, Json]]:
        """Panels in reading order, those in rows behind their rows."""
        items = panels if isinstance(panels, list | tuple) else ()
        for index, panel in enumerate(items):
            item = self.item(here, index, items)
            yield item, panel
            if as_object(panel).get("type") == "row":
                inner = as_object(panel).get("panels")
                row = self.key(item, "panels")
                inside = row if row.written else here
                listed = replace(row, base=inside.base, owner=here.owner, rest=inside.rest)
                for number, nested in enumerate(inner if isinstance(inner, list | tuple) else ()):
                    yield self.item(listed, number, inner), nested


def _where(items: MarkedList, item: Json) -> int | None:
    """The item of a written list that is the same as a value."""
    return next((index for index, other in enumerate(items) if same(other, item)), None)

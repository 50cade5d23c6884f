"""From a difference between what is declared and what shall be declared, back to the places that authors wrote: the
changes of their texts that make it so, or for each value that is not theirs to change there, where it comes from.

Guesses nothing: a value that a template, a default, a role, a loop or a variable brought is a reason and no change.
Reads and writes no text.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.authoring.abbreviating import Abbreviating, color_text, threshold_steps
from reconciler.authoring.locating import Here, Locating
from reconciler.authoring.pairing import Pair, paired
from reconciler.authoring.places import MISSING, Places, Spot
from reconciler.authoring.provenance import Provenance
from reconciler.authoring.reasons import Reasons
from reconciler.core.diff import Identities
from reconciler.core.json import Json, JsonObject, as_object, same
from reconciler.core.resource import Resource
from reconciler.core.rewriting import Drop, Put, Rename, Rewrite

_DEFAULTS = ("fieldConfig", "defaults")


class Inverse(Struct, dict=True):
    """For one object. `late` is how often what was written already did not come out as wanted: then what is worked out
    elsewhere (a place, an id) is written down.
    """

    provenance: Provenance
    resource: Resource
    places: Places
    identities: Identities
    short: Abbreviating
    late: int = 0
    changes: dict[str, list[tuple[int, Rewrite]]] = field(default_factory=dict)
    loose: bool = False
    """Whether what is written may look otherwise than the value that was made of it (a time in another zone)."""

    def __post_init__(self) -> None:
        self.reasons = Reasons(self.provenance, self.resource, self.places)
        self.at = Locating(self.provenance, self.resource, self.places)

    def spec(self, have: JsonObject, want: JsonObject) -> None:
        """Of the spec as an author would write it."""
        base = self.places.spec
        if same(have, want) or not self.reasons.authored(base):
            return
        assert base is not None
        self.loose = self.at.loose = True
        tree = self.provenance.spec(self.resource.address)
        self.walk(Here((), "", tree, tree.mark, base, base), have, want)
        self.loose = self.at.loose = False

    def model(self, have: JsonObject, want: JsonObject) -> None:
        """Of Grafana's own model."""
        base = self.places.model
        if same(have, want) or not self.reasons.authored(base):
            return
        assert base is not None
        tree = self.provenance.model(self.resource.address)
        self.walk(Here((), "", tree, tree.mark, base, base), have, want)

    def walk(self, here: Here, have: Json, want: Json) -> None:
        """Two values that are both there."""
        if same(have, want):
            return
        if self._abbreviated(here, have, want):
            return
        if isinstance(have, Mapping) and isinstance(want, Mapping):
            self._mappings(here, have, want)
        elif isinstance(have, list | tuple) and isinstance(want, list | tuple):
            self._lists(here, have, want)
        else:
            self._replace(here, have, want)

    def _mappings(self, here: Here, have: JsonObject, want: JsonObject) -> None:
        for key in dict.fromkeys((*have, *want)):
            below = self.at.key(here, key)
            if key not in want:
                self._remove(below, have[key])
            elif key not in have:
                self._add(below, want[key])
            elif key == "gridPos":
                self._place(here, below, have, want)
            elif key == "panels" and not here.path and not self.loose:
                self._panels(below, have[key], want[key])
            else:
                self.walk(below, have[key], want[key])

    def _lists(self, here: Here, have: Sequence[Json], want: Sequence[Json]) -> None:
        name = next((step for step in reversed(here.path) if isinstance(step, str)), "")
        items = [self.at.item(here, index, have) for index in range(len(have))]
        pairs = paired(have, want, self.identities.get(name))
        for pair in pairs:
            if pair.old is not None and pair.new is not None:
                self.walk(items[pair.old], have[pair.old], want[pair.new])
        self._order(here, items, have, want, pairs)

    def _panels(self, here: Here, have: Json, want: Json) -> None:
        """Rows hold panels, or panels follow them: both sides in reading order."""
        old = list(self.at.flat(here, have))
        new = [panel for panel, _ in _in_reading_order(want)]
        pairs = paired([panel for _, panel in old], new, "id", also=("type", "title"))
        for pair in pairs:
            if pair.old is not None and pair.new is not None:
                self._panel(old[pair.old][0], old[pair.old][1], new[pair.new])
        inner = {id(panel) for panel, row in _in_reading_order(want) if row is not None and _is_new(row, new, pairs)}
        pairs = [pair for pair in pairs if pair.new is None or pair.old is not None or id(new[pair.new]) not in inner]
        self._order(here, [item for item, _ in old], [panel for _, panel in old], new, pairs)

    def _panel(self, here: Here, have: Json, want: Json) -> None:
        left, right = dict(as_object(have)), dict(as_object(want))
        if left.get("type") == right.get("type") == "row":
            left.pop("panels", None)
            right.pop("panels", None)
        self.walk(here, left, right)

    def _replace(self, here: Here, have: Json, want: Json) -> None:
        if not here.written:
            if self._derived(here, have, want):
                self.write_out(here, want)
            return
        if not self.reasons.ours(here, have, want):
            return
        there = self.places.value(here.base)
        if same(there, have) or (self.loose and not isinstance(there, Mapping | list)):
            self.note(here.base, Put(here.base.path, want))
        elif self.places.in_body(here.base):
            self.reasons.bound(here, there, have, want)
        else:
            self.reasons.worked_out(here, there, have, want)

    def _derived(self, here: Here, have: Json, want: Json) -> bool:
        """Whether a value that is not written here may be written now. What follows from something that is written may
        come out right by itself, so that comes first.
        """
        if here.foreign:
            self.reasons.not_here(here, have, want)
            return False
        return bool(self.late) or (here.mark is None and self.loose)

    def _add(self, here: Here, want: Json) -> None:
        """A key that nobody wrote: beside its siblings, in the innermost mapping that the author wrote."""
        base, steps = here.base, here.rest
        if not steps:  # written, and left out by expansion: it stands there with another value
            self.note(base, Put(base.path, want))
            return
        self.write_out(here, want)

    def write_out(self, here: Here, want: Json) -> None:
        """Say in the innermost mapping that the author wrote what is not said yet."""
        base, steps = here.base, list(here.rest)
        if not self.reasons.ours(replace(here, rest=()), MISSING, want):
            return
        panel = self.places.value(base)
        if len(here.rest) == 3 and here.rest[:2] == _DEFAULTS and not self.places.verbatim(base):
            short = self.short.shorthand(str(here.rest[2]), want)
            if short is not None and isinstance(panel, Mapping) and "fieldConfig" not in panel:
                self.note(base, Put((*base.path, here.rest[2]), short))
                return
        while len(steps) > 1 and isinstance(self.places.value(base.below(steps[0])), Mapping):
            base = base.below(steps.pop(0))
        if not isinstance(self.places.value(base), Mapping) or any(isinstance(step, int) for step in steps):
            self.reasons.not_here(here, MISSING, want)
            return
        written = self.short.added(tuple(here.path), want) if not self.places.verbatim(base) else want
        first, *rest = steps
        if not here.path[:-1] and not self.places.verbatim(base):
            first, written = self.short.top(str(first), written)
        for step in reversed(rest):
            written = {str(step): written}
        self.note(base, Put((*base.path, first), written))

    def _remove(self, here: Here, have: Json) -> None:
        if here.written:
            if self.reasons.ours(here, have, MISSING):
                self.note(here.base, Drop(here.base.path))
        elif here.foreign or here.mark is None or not isinstance(have, Mapping):
            if here.path[-1] not in ("gridPos", "id") or self.late:
                self.reasons.not_here(here, have, MISSING)
        else:
            for key, value in have.items():
                self._remove(self.at.key(here, key), value)

    def _order(
        self, here: Here, items: Sequence[Here], have: Sequence[Json], want: Sequence[Json], pairs: Sequence[Pair]
    ) -> None:
        """Items that are new, gone, or in another order, list by list as they are written."""
        from reconciler.authoring.ordering import Ordering  # its other half

        Ordering(self, here, items, have, want).run(pairs)

    def _place(self, here: Here, below: Here, have: JsonObject, want: JsonObject) -> None:
        """A panel's place: where it was worked out, its size first, and then all of it."""
        was, new = as_object(have["gridPos"]), as_object(want["gridPos"])
        if same(was, new):
            return
        if below.written:
            self._mappings(below, was, new)
            return
        if not self.late or here.rest or not self.reasons.ours(here, was, new):
            return
        panel = as_object(self.places.value(here.base))
        sizes = {name: new[key] for name, key in (("width", "w"), ("height", "h")) if new.get(key) != was.get(key)}
        if sizes and self.late == 1 and "row" not in panel and have.get("type") != "row":
            for name, size in sizes.items():
                self.note(here.base, Put((*here.base.path, name), size))
            return
        for name in ("width", "height"):
            if name in panel:
                self.note(here.base, Drop((*here.base.path, name)))
        self.note(
            here.base, Put((*here.base.path, "gridPos"), {key: new[key] for key in ("h", "w", "x", "y") if key in new})
        )

    def _abbreviated(self, here: Here, have: Json, want: Json) -> bool:
        """Whether a value with parts is written as something shorter, and what becomes of that."""
        if not here.written or not isinstance(have, Mapping) or self.loose or self.places.verbatim(here.base):
            return False
        there, key = self.places.value(here.base), here.path[-1] if here.path else ""
        if isinstance(there, str):
            if not self.reasons.ours(here, have, want):
                return True
            text = color_text(want) if key == "color" else self.short.source(want) if key == "datasource" else None
            if key in ("color", "datasource"):
                self.note(here.base, Put(here.base.path, want if text is None else text))
            else:
                self.reasons.worked_out(here, there, have, want)
            return True
        if key == "thresholds" and isinstance(there, Mapping) and "steps" not in there and "steps" in have:
            if self.reasons.ours(here, have, want):
                self._thresholds(here, there, have, want)
            return True
        return False

    def _thresholds(self, here: Here, there: Mapping[str, Any], have: JsonObject, want: Json) -> None:
        """`{green: null, red: 30}`: step by step where as many remain, else as a whole."""
        old, new = threshold_steps(have), threshold_steps(want)
        spot, names = here.base, list(there)
        if new is None or old is None:
            self.note(spot, Put(spot.path, want))
            return
        colors = [color for color, _ in new]
        moved = any(color in names and names.index(color) != at for at, color in enumerate(colors))
        if len(old) != len(new) or len(set(colors)) < len(colors) or len(names) != len(old) or moved:
            short: Json = dict(new) if len(set(colors)) == len(colors) else want
            self.note(spot, Put(spot.path, short))
            return
        for name, (was, value), (color, number) in zip(names, old, new, strict=True):
            if not same(value, number):
                self.note(spot, Put((*spot.path, name), number))
            if was != color:
                self.note(spot, Rename((*spot.path, name), color))

    def note(self, spot: Spot, change: Rewrite) -> None:
        """A change to be made, once."""
        made = self.changes.setdefault(spot.file, [])
        if (spot.document, change) not in made:
            made.append((spot.document, change))


def _in_reading_order(panels: Json) -> Iterator[tuple[Json, Json]]:
    """Each panel, and the row that it is in."""
    for panel in panels if isinstance(panels, list | tuple) else ():
        yield panel, None
        inner = as_object(panel).get("panels") if as_object(panel).get("type") == "row" else ()
        for nested in inner if isinstance(inner, list | tuple) else ():
            yield nested, panel


def _is_new(row: Json, new: Sequence[Json], pairs: Sequence[Pair]) -> bool:
    return any(pair.old is None and pair.new is not None and new[pair.new] is row for pair in pairs)


__all__ = ["Here", "Inverse"]

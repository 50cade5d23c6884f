"""Where the values of one object's own document stand in its file (and in the JSON file that it names): paths by their
places, so that what expansion made of a value can be followed back to it.
"""

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from reconciler.authoring.loops import LOOP
from reconciler.core.source import Mark, MarkedDict, MarkedList, Path, mark_at, own_mark

MISSING: Any = object()


class Spot(Struct, frozen=True):
    """A place in a file: its document of that number (from 0), and the path in it."""

    file: str
    document: int
    path: Path

    def below(self, *steps: str | int) -> "Spot":
        """A place inside it."""
        return replace(self, path=(*self.path, *steps))

    def holds(self, other: "Spot") -> bool:
        """Whether another place is inside of this one."""
        same = (self.file, self.document) == (other.file, other.document)
        return same and len(other.path) > len(self.path) and other.path[: len(self.path)] == self.path


class Written(Struct, frozen=True):
    """One document of a file as it is written, marked, and where in it the object's part begins."""

    file: str
    number: int
    value: MarkedDict
    root: Path


class Places:
    """The places of one object. `own` is its document; `body` the JSON file that it names, if any; None for `own`:
    no author wrote it (a role did). `model_root`: where in `own` Grafana's model is, if that is not the spec.
    """

    def __init__(self, own: Written | None, body: Written | None = None, *, model_root: Path | None = None) -> None:
        self.own, self.body, self._model_root = own, body, model_root
        self._values: dict[Mark, list[Path]] = {}
        if own is not None:
            self._index(own.value, ())

    @property
    def spec(self) -> Spot | None:
        """Where the spec is."""
        return Spot(self.own.file, self.own.number, self.own.root) if self.own is not None else None

    @property
    def model(self) -> Spot | None:
        """Where Grafana's own model is: in the JSON file, where there is one."""
        if self.body is not None:
            return Spot(self.body.file, self.body.number, self.body.root)
        return replace(self.spec, path=self._model_root) if self.spec and self._model_root is not None else self.spec

    def at(self, mark: Mark | None) -> list[Spot]:
        """The places at which what is written at a mark stands: more than one where an anchor shares it."""
        if mark is None or self.own is None:
            return []
        return [Spot(self.own.file, self.own.number, path) for path in self._values.get(mark, ())]

    def in_body(self, spot: Spot) -> bool:
        """Whether a place is in the JSON file."""
        return self.body is not None and spot.file == self.body.file

    def verbatim(self, spot: Spot) -> bool:
        """Whether nothing is abbreviated at a place: in a JSON file, and in a manifest."""
        return self.in_body(spot) or self._model_root is not None

    def value(self, spot: Spot) -> Any:
        """What is written at a place; MISSING where nothing is."""
        here: Any = self._document(spot).value
        for step in spot.path:
            try:
                here = here[step]
            except (KeyError, IndexError, TypeError):
                return MISSING
        return here

    def mark(self, spot: Spot) -> Mark:
        """Where that is, for people."""
        return mark_at(self._document(spot).value, spot.path) or Mark(spot.file, 1, 1)

    def loop(self, spot: Spot) -> Mark | None:
        """The `for_each` that a place is in (the document's own too), if it is in one."""
        if self.in_body(spot):
            return None
        for depth in range(len(spot.path) + 1):
            above = self.value(replace(spot, path=spot.path[:depth]))
            above = above.get("metadata") if depth == 0 and isinstance(above, MarkedDict) else above
            if isinstance(above, MarkedDict) and LOOP in above:
                return above.keys_at.get(LOOP) or above.mark
        return None

    def _document(self, spot: Spot) -> Written:
        found = self.body if self.body is not None and spot.file == self.body.file else self.own
        assert found is not None
        return found

    def _index(self, value: Any, path: Path, at: Mark | None = None) -> None:
        """`at` is where the value stands; an alias' content is where its anchor is."""
        mark = at or own_mark(value)
        if mark is not None:
            self._values.setdefault(mark, []).append(path)
        inner = own_mark(value)
        if inner is not None and inner != mark:
            self._values.setdefault(inner, []).append(path)
        if isinstance(value, MarkedDict):
            for key, item in value.items():
                self._index(item, (*path, key), value.values_at.get(key))
        elif isinstance(value, MarkedList):
            for index, item in enumerate(value):
                self._index(item, (*path, index), value.items_at[index])

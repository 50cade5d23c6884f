"""Where a value was written: marks on mappings and lists that survive expansion, so that an error names the author's
line.

The loader builds `MarkedDict` and `MarkedList`; authoring copies the marks of what it moves. Nothing here reads a file.
"""

from collections.abc import Collection, Mapping
from typing import Any

from msgspec import Struct

Path = tuple[str | int, ...]


class Mark(Struct, frozen=True, order=True):
    """A place in a file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


_NOWHERE: dict[str, Mark] = {}
"""Stands for the places of a mapping that has none; nothing is ever put into it."""


class MarkedDict(dict[str, Any]):
    """A mapping that knows where it and each of its keys and values were written, or that this was not looked at: a
    file that is read without places has a thousand of these, so one without any is hardly more than a dict.
    """

    mark: Mark | None = None
    keys_at: dict[str, Mark] = _NOWHERE
    values_at: dict[str, Mark] = _NOWHERE

    def __init__(self, *args: Any, mark: Mark | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if mark is not None:
            self.mark = mark

    def put(self, key: str, value: Any, *, key_at: Mark | None, value_at: Mark | None) -> None:
        """Set a key together with the places of the key and of the value (None: not known)."""
        self[key] = value
        marks = self.keys_at
        if key_at is None:
            marks.pop(key, None)
        elif marks is _NOWHERE:
            self.keys_at = {key: key_at}
        else:
            marks[key] = key_at
        marks = self.values_at
        if value_at is None:
            marks.pop(key, None)
        elif marks is _NOWHERE:
            self.values_at = {key: value_at}
        else:
            marks[key] = value_at

    def take(self, key: str, other: "MarkedDict", value: Any, *, as_key: str | None = None) -> None:
        """Set a key to a value that comes from `other[key]`, keeping the places; `as_key` renames it."""
        if other.values_at or self.values_at or other.keys_at or self.keys_at:
            self.put(as_key or key, value, key_at=other.keys_at.get(key), value_at=other.values_at.get(key))
        else:
            self[as_key or key] = value

    def copied(self, *, without: Collection[str] = ()) -> "MarkedDict":
        """A copy with all places; the values are shared."""
        result = MarkedDict(mark=self.mark)
        for key, value in self.items():
            if key not in without:
                result.take(key, self, value)
        return result

    def replaced(self, values: Mapping[str, Any]) -> "MarkedDict":
        """A copy in which some of its keys have other values, at the places of those they had."""
        result = self.copied()
        for key, value in values.items():
            result.take(key, self, value)
        return result


class _Nowhere(list[Mark | None]):
    """The places of the items of a list that has none, however long it is."""

    def __getitem__(self, index: Any) -> Any:
        return None


_NO_ITEMS = _Nowhere()


class MarkedList(list[Any]):
    """A list that knows where it and each of its items were written, or that this was not looked at."""

    mark: Mark | None = None
    items_at: list[Mark | None] = _NO_ITEMS

    def __init__(self, *args: Any, mark: Mark | None = None) -> None:
        super().__init__(*args)
        if mark is not None:
            self.mark = mark

    def add(self, value: Any, at: Mark | None) -> None:
        """Append an item with its place."""
        if self.items_at is _NO_ITEMS:
            if at is None:
                self.append(value)
                return
            self.items_at = [None] * len(self)
        self.append(value)
        self.items_at.append(at)


def unplaced(value: Any) -> Any:
    """A copy of a marked value that knows no places."""
    if isinstance(value, MarkedDict):
        return MarkedDict({key: unplaced(item) for key, item in value.items()})
    return MarkedList([unplaced(item) for item in value]) if isinstance(value, MarkedList) else value


def own_mark(value: object) -> Mark | None:
    """The place of a marked mapping or list itself."""
    return value.mark if isinstance(value, (MarkedDict, MarkedList)) else None


def mark_at(root: object, path: Path, *, key: bool = False) -> Mark | None:
    """The place of the value at `path` (with `key`, of the key that leads to it), or of the nearest one above it."""
    here: Any = root
    best = own_mark(root)
    for depth, step in enumerate(path):
        last = depth == len(path) - 1
        if isinstance(here, MarkedDict) and isinstance(step, str):
            marks = here.keys_at if (key and last) or step not in here.values_at else here.values_at
            best = marks.get(step, best)
        elif isinstance(here, MarkedList) and isinstance(step, int) and 0 <= step < len(here):
            found = here.items_at[step] if step < len(here.items_at) else None
            best = found or own_mark(here[step]) or best
        container: Any = here
        try:
            here = container[step] if isinstance(here, (Mapping, list, tuple)) else None
        except (KeyError, IndexError, TypeError):
            here = None
        if here is None:
            break
        best = best if key and last else (own_mark(here) or best)
    return best


def format_path(path: Path) -> str:
    """A path as people write it: `panels[3].title`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else (f".{step}" if text else step)
    return text

"""A part that many objects have in common (what a template gives their panels): one value in memory, and its JSON is
written once. Whoever writes or looks through a whole object may take it as known.
"""

from collections.abc import Iterator, Mapping
from operator import attrgetter
from typing import Any

import orjson
from msgspec import Struct

from reconciler.core.source import MarkedDict


class Shared(Mapping[str, Any]):
    """A JSON object in its canonical form (core.json). Not a dict, so that orjson asks how it is written."""

    __slots__ = ("_value", "canonical", "notes", "written")

    def __init__(self, value: dict[str, Any]) -> None:
        self._value = value
        data, ordered = written(value), orjson.dumps(value, default=canonical, option=orjson.OPT_SORT_KEYS)
        self.written = orjson.Fragment(data)
        """Its JSON, keys in their own order."""
        self.canonical = self.written if data == ordered else orjson.Fragment(ordered)
        """Its canonical bytes."""
        self.notes: dict[str, bool] = {}
        """What others found out about it, each under a name of its own."""

    def __getitem__(self, key: str) -> Any:
        return self._value[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._value)

    def __len__(self) -> int:
        return len(self._value)

    def __repr__(self) -> str:
        return f"Shared({self._value!r})"


class Common(Struct, frozen=True):
    """What many objects are but for the values of some keys that are each one's `own`; `notes` as in `Shared`."""

    panel: dict[str, Any]
    own: tuple[str, ...]
    notes: dict[str, bool]


class Canonical(MarkedDict):
    """A JSON object that is known to be in its canonical form, with everything in it: no need to look for more. Where
    it has a `frame`, it is like many others but for what is its own.
    """

    frame: Common | None = None


def unshared(value: Any) -> Any:
    """A copy of a JSON value in plain dicts and lists."""
    if isinstance(value, Mapping):
        return {key: unshared(item) for key, item in value.items()}
    return [unshared(item) for item in value] if isinstance(value, (list, tuple)) else value


def written(value: Any) -> bytes:
    """The JSON of a value, keys in their own order. Raises TypeError for what is no JSON of 64 bits."""
    return orjson.dumps(value, default=_written)


_written = attrgetter("written")
canonical = attrgetter("canonical")
"""For orjson: how a shared part is written. Whatever else it asks for has neither, and is refused by a TypeError."""

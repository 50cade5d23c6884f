"""A part that many objects have in common (what a template gives their panels): one value in memory, and its JSON is
written once. Whoever writes or looks through a whole object may take it as known.
"""

from typing import Any

import orjson


class Shared(dict[str, Any]):
    """A JSON object in its canonical form (core.json), of plain dicts and lists. Never changed."""

    __slots__ = ("canonical", "notes", "written")

    def __init__(self, value: dict[str, Any]) -> None:
        super().__init__(value)
        self.written = orjson.Fragment(orjson.dumps(value))
        """Its JSON, keys in their own order."""
        self.canonical = orjson.Fragment(orjson.dumps(value, option=orjson.OPT_SORT_KEYS))
        """Its canonical bytes."""
        self.notes: dict[str, bool] = {}
        """What others found out about it, each under a name of its own."""

    def __reduce__(self) -> Any:
        return dict, (dict(self),)


def written(value: Any) -> bytes:
    """The JSON of a value, keys in their own order. Raises TypeError for what is no JSON of 64 bits."""
    return orjson.dumps(value, default=_written, option=orjson.OPT_PASSTHROUGH_SUBCLASS)


def _written(value: Any) -> Any:
    if type(value) is Shared:
        return value.written
    if isinstance(value, dict):
        return dict(value)
    if isinstance(value, list):
        return list(value)
    raise TypeError(type(value).__name__)

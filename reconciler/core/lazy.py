"""A JSON object that is somewhere else until somebody looks inside: its keys, its digest and a few of its values are
known, the rest is loaded when it is asked for. Does not know from where.
"""

from collections.abc import Callable, Iterator, Mapping

from reconciler.core.json import Json, JsonObject

Load = Callable[[], JsonObject]


class Lazy(Mapping[str, Json]):
    """`known` are those of its values that need no loading; `load` gives the whole, and may give it again and again:
    nothing is kept here, so that a thousand of them weigh no more than what is known.
    """

    __slots__ = ("_keys", "_known", "_load", "digest")

    def __init__(self, keys: tuple[str, ...], known: JsonObject, load: Load, *, digest: str = "") -> None:
        self._keys = keys
        self._known = known
        self._load = load
        self.digest = digest

    def whole(self) -> JsonObject:
        """All of it, as plain dicts and lists."""
        return self._load()

    def __getitem__(self, key: str) -> Json:
        if key in self._known:
            return self._known[key]
        if key not in self._keys:
            raise KeyError(key)
        return self._load()[key]

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def __repr__(self) -> str:
        return f"Lazy({', '.join(self._keys)})"


def whole(value: JsonObject) -> JsonObject:
    """An object with nothing left to load."""
    return value.whole() if isinstance(value, Lazy) else value

"""JSON values: their read-only types, Grafana's idea of equality, canonical bytes and digests.

Values that came out of a file or a server are never changed in place: the types are read-only (`Mapping`, `Sequence`)
so that the type checker enforces it.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import orjson

from reconciler.core.hashing import blake2b
from reconciler.core.shared import Canonical, Shared, canonical, unshared

Json: TypeAlias = bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"] | None
JsonObject: TypeAlias = Mapping[str, Json]

_EXACT = 2**53
_SAME = frozenset({str, bool, type(None), Shared, Canonical})
_SMALLEST = 1e-4
"""From here on Python writes a float without an exponent."""


def canonical_value(value: Json) -> Json:
    """The value as Grafana gives it back: 1.0 is 1, -0.0 is 0, integers beyond 2^53 are rounded as a double is.

    Source: grafana-api.md section 1, surprise 26. Returns plain dicts and lists.
    """
    if value is None or isinstance(value, (str, bool, Shared, Canonical)):
        return value
    if isinstance(value, dict):
        return {key: item if type(item) in _SAME else canonical_value(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [item if type(item) in _SAME else canonical_value(item) for item in value]
    if isinstance(value, int):
        return value if -_EXACT <= value <= _EXACT else int(float(value))
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, Mapping):
        return {key: canonical_value(item) for key, item in value.items()}
    raise TypeError(f"not a JSON value: {type(value).__name__}")


def canonical_bytes(value: Json) -> bytes:
    """The one byte form of a value: keys sorted, no blanks, numbers as `canonical_value` has them, UTF-8."""
    quick = _quick_bytes(value)
    if quick is not None:
        return quick
    plain = canonical_value(value)
    quick = _quick_bytes(plain)
    if quick is not None:
        return quick
    text = json.dumps(unshared(plain), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "surrogatepass")


def _quick_bytes(value: Json) -> bytes | None:
    """The canonical bytes by orjson, many times faster; None where it would write something else, or refuses."""
    try:
        data = orjson.dumps(
            value, default=canonical, option=orjson.OPT_SORT_KEYS
        )  # refuses what is too deep, or in itself
    except TypeError:
        return None
    alike = _written_alike(value, _FEW)
    if alike is None and data not in _recently:
        alike = _written_alike(value)
        if alike:
            if len(_recently) >= _REMEMBERED:
                del _recently[next(iter(_recently))]
            _recently[data] = None
    return data if alike is not False else None


_FEW = 40
"""Containers: so many are looked through faster than the bytes are looked up."""
_REMEMBERED = 16
_recently: dict[bytes, None] = {}
"""What was seen to be canonical lately: what is sent to Grafana comes back as the same bytes a moment later."""


def shared(value: JsonObject) -> Shared | None:
    """The canonical form of an object that is a part of many (core.shared); None where it cannot be one."""
    plain = canonical_value(value)
    return Shared(plain) if isinstance(plain, dict) and is_canonical(plain) else None


def is_canonical(value: Json) -> bool:
    """Whether orjson writes the canonical bytes of a value in its canonical form."""
    return _quick_bytes(value) is not None


def _written_alike(value: Any, most: float = math.inf) -> bool | None:
    """Whether orjson writes it in its canonical form: nothing but plain JSON types, no integer that a double cannot
    hold, no float that is whole (`1.0`) or whose exponent is shown (`1e-7`, in Python `1e-07`), no NaN. None where it
    has more than so many containers.
    """
    waiting: list[Any] = [(value,)]
    while waiting:
        most -= 1
        if most < 0:
            return None
        container = waiting.pop()
        for item in container.values() if type(container) is dict else container:
            kind = type(item)
            if kind in _SAME:
                continue
            if kind is dict or kind is list or kind is tuple:
                waiting.append(item)
            elif kind is int:
                if not -_EXACT <= item <= _EXACT:
                    return False
            elif kind is not float or item.is_integer() or not _SMALLEST <= abs(item) < _EXACT:
                return False
    return True


def may_name(value: Json, words: Iterable[str]) -> bool:
    """Whether any text in it may hold one of these words (ASCII, without what JSON escapes): told from its bytes, in a
    tenth of the time in which its texts are looked through.
    """
    try:
        data = orjson.dumps(value)
    except TypeError:
        return True
    return any(word.encode() in data for word in words)


def parsed(data: bytes) -> Json:
    """JSON from a server, as Python's own parser reads it, but faster. Raises ValueError for what is no JSON (NaN and
    Infinity are none), RecursionError for what is nested too deep. A fraction beyond all doubles is given as its text:
    it would be an infinity, which cannot be compared or sent back.
    """
    try:
        found: Json = orjson.loads(data)
    except ValueError:  # half a surrogate pair, a number beyond all doubles: Grafana may hold either
        found = json.loads(data, parse_constant=_no_number, parse_float=_double)
    return found


def _double(text: str) -> float | str:
    number = float(text)
    return number if math.isfinite(number) else text


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is not JSON")


def digest(value: Json) -> str:
    """A 40-character hexadecimal BLAKE2b digest of the canonical bytes: equal exactly where the values are equal. A
    value that knows its digest (core.lazy) is believed.
    """
    known = getattr(value, "digest", "")
    return known if isinstance(known, str) and known else digest_bytes(canonical_bytes(value))


def digest_bytes(data: bytes) -> str:
    """The digest of bytes that are canonical already."""
    return blake2b(data, digest_size=20).hexdigest()


def same(left: Json, right: Json) -> bool:
    """Whether two values are equal as JSON: numbers by value (1 = 1.0), but true is not 1."""
    if left is right:
        return True
    kind = type(left)
    if kind is str and type(right) is str:
        return left == right
    if kind is dict and type(right) is dict:
        return _same_mappings(left, right)  # type: ignore[arg-type]  # mypy does not narrow by `type(…) is`
    if isinstance(left, bool) or isinstance(right, bool):
        return isinstance(left, bool) and isinstance(right, bool) and left == right
    if isinstance(left, Mapping):
        return isinstance(right, Mapping) and _same_mappings(left, right)
    if isinstance(left, (list, tuple)):
        return (
            isinstance(right, (list, tuple))
            and len(left) == len(right)
            and all(a is b or same(a, b) for a, b in zip(left, right, strict=True))
        )
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        return canonical_value(left) == canonical_value(right)
    return left == right


def _same_mappings(left: JsonObject, right: JsonObject) -> bool:
    if len(left) != len(right):
        return False
    for key, item in left.items():
        if key not in right:
            return False
        other = right[key]
        if item is not other and not same(item, other):
            return False
    return True


def as_object(value: Json) -> JsonObject:
    """The value as a mapping; anything else counts as an empty one (servers answer null where they mean {})."""
    if isinstance(value, dict):
        return value  # what most are; asking whether it is a Mapping takes longer
    return value if isinstance(value, Mapping) else {}


def as_list(value: Json) -> Sequence[Json]:
    """The value as a list; anything else counts as an empty one."""
    return value if isinstance(value, (list, tuple)) else ()


def text_of(value: Json) -> str:
    """The value if it is text, else the empty text."""
    return value if isinstance(value, str) else ""


def shown(value: Json, longest: int = 60) -> str:
    """The value on one line of a message, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False, default=dict)
    return text if len(text) <= longest else f"{text[: longest - 1]}…"

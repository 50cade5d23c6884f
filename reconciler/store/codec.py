"""Stored values ↔ JSON, by the types of core themselves: pure functions, exact in both directions.

Any Struct of core is written with its field names and read back strictly: an unknown or missing field is an
error that names it. Where a field's type is a union, the value's form tells which.
"""

import types
from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import orjson
from msgspec import Struct

from reconciler.core.address import Address
from reconciler.core.diff import Key
from reconciler.core.errors import GgrecError
from reconciler.core.json import Json, JsonObject
from reconciler.core.plan import PLAN_FORMAT, Plan
from reconciler.core.resource import SecretRef
from reconciler.core.state import RUN_FORMAT, STATE_FORMAT, Run, State

T = TypeVar("T")
Upgrade = Callable[[JsonObject], JsonObject]
_Decoder = Callable[[Any], Any]

STATE_UPGRADES: Mapping[int, Upgrade] = {1: lambda found: found, 2: lambda found: found}
"""format n → the function that makes format n + 1 of it. Nothing moved so far: what 2 and 3 add has defaults."""
RUN_UPGRADES: Mapping[int, Upgrade] = {1: lambda found: found}
"""The same of runs: format 2 adds both sides of each outcome, and the pipeline."""


_TEXTS: Mapping[Any, Callable[[str], Any]] = {Address: Address.parse, SecretRef: SecretRef}


_PLAIN = frozenset({str, int, float, bool, type(None)})


_STRICT = orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME


def _is_json(value: Any) -> bool:
    """Whether nothing in it is left to encode: bodies of dashboards are most of what a plan holds, and orjson looks
    through one in the time in which Python looks at its first panel.
    """
    try:
        orjson.dumps(value, option=_STRICT)
    except TypeError:
        return False
    return True


def encode(value: Any) -> Json:
    """Any value of core's types as JSON."""
    kind = type(value)
    if kind in _PLAIN:  # most of what is stored is JSON already
        return value  # type: ignore[no-any-return]
    if kind is dict:
        if _is_json(value):
            return value  # type: ignore[no-any-return]
        return {
            key if type(key) is str else str(key): item if type(item) in _PLAIN else encode(item)
            for key, item in value.items()
        }
    if kind is list:
        return [item if type(item) in _PLAIN else encode(item) for item in value]
    if isinstance(value, Address | SecretRef):
        return str(value)
    if isinstance(value, Enum):
        return value.value  # type: ignore[no-any-return]  # core's enums are of text and numbers only
    if isinstance(value, Struct):
        return {name: encode(getattr(value, name)) for name in kind.__struct_fields__}
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [encode(item) for item in value]
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(f"cannot be stored: {type(value).__name__}")


def decode(kind: type[T], data: Json, where: str) -> T:
    """The inverse. Raises GgrecError naming the field where the data do not fit the type."""
    try:
        quick: T = _reader(kind)(data)  # type: ignore[arg-type]  # types are hashable
        return quick
    except (TypeError, ValueError, KeyError, AttributeError):
        pass  # read once more, with an eye to where it is wrong
    try:
        result: T = _decode(kind, data, where)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise GgrecError.one("damaged", f"{where}: {error}", hint="the file is damaged, or not made by ggrec") from None
    return result


def decode_state(data: JsonObject, where: str, upgrades: Mapping[int, Upgrade] = STATE_UPGRADES) -> State:
    """A stored state, of this format or an older one. A newer one is refused."""
    return decode(State, _upgraded(data, where, STATE_FORMAT, upgrades), where)


def decode_plan(data: JsonObject, where: str) -> Plan:
    """A stored plan; plans are short-lived, so only the present format is read."""
    return decode(Plan, _upgraded(data, where, PLAN_FORMAT, {}), where)


def decode_run(data: JsonObject, where: str) -> Run:
    """A stored run, of this format or an older one."""
    return decode(Run, _upgraded(data, where, RUN_FORMAT, RUN_UPGRADES), where)


def _upgraded(data: JsonObject, where: str, target: int, upgrades: Mapping[int, Upgrade]) -> JsonObject:
    found = data.get("format")
    if isinstance(found, bool) or not isinstance(found, int):
        raise GgrecError.one("damaged", f"{where}: has no format number", hint="it is not a file of ggrec")
    if found > target:
        raise GgrecError.one(
            "newer-format", f"{where}: has format {found}, this ggrec reads up to {target}", hint="use a newer ggrec"
        )
    while found < target:
        if found not in upgrades:
            raise GgrecError.one(
                "older-format", f"{where}: has format {found}, and no way leads from there to {target}"
            )
        data = {**upgrades[found](data), "format": found + 1}
        found += 1
    return data


def _decode(kind: Any, data: Any, where: str) -> Any:
    origin = get_origin(kind)
    if kind in _TEXTS:
        return _TEXTS[kind](data)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(data)
    if _is_record(kind):
        return _record(kind, data, where)
    if origin in (Union, types.UnionType):
        return _union(get_args(kind), data, where)
    if origin is tuple:
        return _tuple(get_args(kind)[0], data, where)
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        keys, values = get_args(kind)
        if not isinstance(data, Mapping):
            raise TypeError(f"{where}: a mapping is missing")
        if keys is str and not _structured(values):
            return data
        return {_decode(keys, key, where): _decode(values, item, f"{where}.{key}") for key, item in data.items()}
    if kind in (str, int, float, bool):
        if not isinstance(data, kind) or (kind is int and isinstance(data, bool)):
            raise TypeError(f"{where}: {kind.__name__} expected")
        return data
    return data  # Json: anything


_Reader = Callable[[Any], Any]


@cache
def _reader(kind: Any) -> _Reader:
    """What `_decode` does for one type, worked out once. It knows no places, so that an index of 10,000 entries is read
    in a moment.
    """
    if kind in _TEXTS:
        return _TEXTS[kind]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    if _is_record(kind):
        return _record_reader(kind)
    origin = get_origin(kind)
    if origin is tuple:
        item = _reader(get_args(kind)[0])
        return lambda data: tuple(map(item, _checked(data, list)))
    if origin in (Union, types.UnionType):
        options = get_args(kind)
        if Key in options or len(options) != 2 or type(None) not in options:
            return lambda data: _decode(kind, data, "")
        inner = _reader(next(option for option in options if option is not type(None)))
        return lambda data: None if data is None else inner(data)
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        keys, values = get_args(kind)
        if keys is str and not _structured(values):
            return lambda data: _checked(data, dict)
        key, value = _reader(keys), _reader(values)
        return lambda data: {key(name): value(found) for name, found in _checked(data, dict).items()}
    if kind in (str, int, float, bool):
        return lambda data: _checked(data, kind)
    return lambda data: data  # Json: anything


def _record_reader(kind: Any) -> _Reader:
    hints = _hints(kind)
    readers = {name: _reader(hints[name]) for name in kind.__struct_fields__}
    return lambda data: kind(**{name: readers[name](item) for name, item in _checked(data, dict).items()})


def _checked(data: Any, kind: type) -> Any:
    if type(data) is not kind:
        raise TypeError
    return data


def _tuple(inner: Any, data: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(data, list | tuple):
        raise TypeError(f"{where}: a list is missing")
    return tuple(_decode(inner, item, f"{where}[{index}]") for index, item in enumerate(data))


def _is_record(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Struct)


def _structured(kind: Any) -> bool:
    return _is_record(kind) or kind in (SecretRef, Address, str, int)


def _record(kind: Any, data: Any, where: str) -> Any:
    if not isinstance(data, Mapping):
        raise TypeError(f"{where}: a mapping is missing")
    hints = _hints(kind)
    known = set(kind.__struct_fields__)
    unknown = sorted(set(data) - known)
    if unknown:
        raise ValueError(f"{where}: unknown field '{unknown[0]}'")
    values = {name: _decode(hints[name], item, f"{where}.{name}") for name, item in data.items()}
    return kind(**values)


_HINTS: dict[Any, dict[str, Any]] = {}


def _hints(kind: Any) -> dict[str, Any]:
    if kind not in _HINTS:
        _HINTS[kind] = get_type_hints(kind, localns={"Json": Json})
    return _HINTS[kind]


def _union(options: tuple[Any, ...], data: Any, where: str) -> Any:
    if data is None and type(None) in options:
        return None
    if Key in options:  # a step of an edit's path: text, number or key
        return _decode(Key, data, where) if isinstance(data, Mapping) else data
    chosen = [option for option in options if option is not type(None)]
    if len(chosen) == 1:
        return _decode(chosen[0], data, where)
    return data  # Json

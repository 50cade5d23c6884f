"""What the desired files come to ↔ a JSON document for the cache. Whatever does not fit raises: then there is no cache.

Bodies are not in it: an attribute that is large is told by its keys, its small values and its place in a pack.
"""

from collections.abc import Callable, Mapping
from typing import Any

from reconciler.core.address import Address
from reconciler.core.desired import DesiredState
from reconciler.core.errors import Diagnostic, Severity
from reconciler.core.json import Json, JsonObject, digest
from reconciler.core.lazy import Lazy, Load, whole
from reconciler.core.resource import Lifecycle, OnDrift, Resource, SecretRef
from reconciler.core.roles import RoleEntry, RoleView
from reconciler.core.shared import unshared, written
from reconciler.core.source import Mark
from reconciler.loader.packs import Place

_SMALL = 200
"""Characters of a text, and number of texts in a list, that are kept in the index."""
_LITTLE = 1500
"""Bytes of attributes that are kept in the index whole."""

Keep = Callable[[bytes], Place]
Body = Callable[[Address, str, Place], JsonObject]
"""The attributes of an address, by their digest and their place."""


class NotKept(Exception):
    """Something cannot be written so that it reads back the same."""


def encode_state(state: DesiredState, keep: Keep, known: Mapping[tuple[str, str], Any] = {}) -> dict[str, Any]:
    """The document; what is `known` of an address is taken as it is. Raises NotKept."""
    return {
        "files": state.files,
        "resources": [
            known.get((item.address.kind, item.address.name)) or encode_resource(item, keep) for item in state.resources
        ],
        "diagnostics": [_diagnostic(item) for item in state.diagnostics],
        "roles": [_role(item) for item in state.roles],
    }


def decode_state(found: Mapping[str, Any], body: Body) -> DesiredState:
    """The inverse; bodies are asked of `body` when somebody looks inside."""
    known: dict[str, Lifecycle] = {}
    return DesiredState(
        files=tuple(found["files"]),
        resources=tuple(decode_resource(item, body, known) for item in found["resources"]),
        diagnostics=tuple(map(_read_diagnostic, found["diagnostics"])),
        roles=tuple(map(_read_role, found["roles"])),
    )


def encode_resource(item: Resource, keep: Keep) -> list[Any]:
    """One row of the index. Raises NotKept."""
    life, address = item.lifecycle, item.address
    lifecycle = None
    if life != Lifecycle():
        lifecycle = [life.prevent_destroy, life.ignore_changes, life.adopt, str(life.on_drift), life.ui_state]
    return [
        address.kind,
        address.name,
        item.uid,
        _attributes(item.attributes, keep),
        {name: reference.text for name, reference in item.secrets.items()},
        [[need.kind, need.name] for need in item.depends_on],
        lifecycle,
        _mark(item.source),
        item.origin,
        item.stamp,
        dict(item.titled),
        {uid: _mark(mark) for uid, mark in item.library.items()},
    ]


def decode_resource(item: list[Any], body: Body, known: dict[str, Lifecycle]) -> Resource:
    """The inverse; `known` are lifecycles that many share."""
    kind, name, uid, attributes, secrets, needs, lifecycle, source, origin, stamp, titled, library = item
    address = Address(kind, name)
    return Resource(
        address=address,
        uid=uid,
        attributes=_read_attributes(attributes, address, body),
        secrets={key: SecretRef(text) for key, text in secrets.items()} if secrets else {},
        depends_on=tuple([Address(*need) for need in needs]),
        lifecycle=_read_lifecycle(lifecycle, known),
        source=_read_mark(source),
        origin=origin,
        stamp=stamp,
        titled=titled,
        library={uid: _read_mark(mark) for uid, mark in library.items()} if library else {},
    )


def _read_lifecycle(found: list[Any] | None, known: dict[str, Lifecycle]) -> Lifecycle:
    """Most documents have the same: those are one value."""
    text = repr(found)
    if text not in known:
        if found is None:
            known[text] = Lifecycle()
        else:
            prevent, ignore, adopt, drift, ui = found
            known[text] = Lifecycle(prevent, tuple(ignore), adopt, OnDrift(drift), ui)
    return known[text]


def _attributes(value: JsonObject, keep: Keep) -> list[Any]:
    """Small attributes whole; of large ones the digest, the place, and what is small at their top and in the objects
    there.
    """
    value = whole(value)  # of a body that lies in an older pack, and goes into a newer one
    try:
        data = written(value)
    except TypeError:  # a number beyond 64 bits
        raise NotKept from None
    if len(data) <= _LITTLE or all(_is_small(item) for item in value.values()):
        return [digest(value), unshared(value)]
    place = keep(data)
    tops = {key: item if _is_small(item) else _outline(item) for key, item in value.items()}
    large = [key for key, item in value.items() if not _is_small(item)]
    return [digest(value), tops, large, [place.pack, place.start, place.length, place.digest]]


def _outline(value: Json) -> list[Any] | None:
    """The keys and the small values of an object; None for what is none."""
    if not isinstance(value, Mapping):
        return None
    return [list(value), {key: item for key, item in value.items() if _is_small(item)}]


def _read_attributes(found: list[Any], address: Address, body: Body) -> JsonObject:
    told, tops, *rest = found
    if not rest:
        small: JsonObject = tops
        return Lazy(tuple(small), small, lambda: small, digest=told)
    large, place = rest[0], Place(*rest[1])
    load: Load = lambda: body(address, told, place)  # noqa: E731  (a closure, made for many)
    known = {key: value for key, value in tops.items() if key not in large}
    for key in large:
        if tops[key] is not None:
            keys, some = tops[key]
            known[key] = Lazy(tuple(keys), some, _inside(load, key))
    return Lazy(tuple(tops), known, load, digest=told)


def _inside(load: Load, key: str) -> Load:
    def inner() -> JsonObject:
        value = load()[key]
        assert isinstance(value, Mapping)
        return value

    return inner


def _is_small(value: Json) -> bool:
    if isinstance(value, str):
        return len(value) <= _SMALL
    if isinstance(value, (list, tuple)):
        return len(value) <= _SMALL and all(isinstance(item, str) and len(item) <= _SMALL for item in value)
    if isinstance(value, int):
        return abs(value) < 2**63
    return value is None or isinstance(value, float)


def _mark(mark: Mark | None) -> list[Any] | None:
    return None if mark is None else [mark.file, mark.line, mark.column]


def _read_mark(found: list[Any] | None) -> Mark | None:
    return None if found is None else Mark(*found)


def _diagnostic(item: Diagnostic) -> list[Any]:
    return [item.code, item.message, item.hint, _mark(item.where), item.subject, str(item.severity)]


def _read_diagnostic(item: list[Any]) -> Diagnostic:
    code, message, hint, where, subject, severity = item
    return Diagnostic(code, message, hint, _read_mark(where), subject, Severity(severity))


def _role(role: RoleView) -> list[Any]:
    entries = [
        [str(e.base), str(e.shown), e.title, e.filtered, e.default, e.panels, e.of, _mark(e.source)]
        for e in role.entries
    ]
    opens = sorted(map(str, role.opens))
    return [role.name, role.title, str(role.team), entries, opens, _mark(role.source)]


def _read_role(found: list[Any]) -> RoleView:
    name, title, team, entries, opens, source = found
    return RoleView(
        name=name,
        title=title,
        team=Address.parse(team),
        entries=tuple(map(_read_entry, entries)),
        opens=frozenset(map(Address.parse, opens)),
        source=_read_mark(source),
    )


def _read_entry(found: list[Any]) -> RoleEntry:
    base, shown, title, filtered, default, panels, of, source = found
    return RoleEntry(
        Address.parse(base), Address.parse(shown), title, filtered, default, panels, of, _read_mark(source)
    )

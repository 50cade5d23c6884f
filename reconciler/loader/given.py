"""A ggrec.yaml that was read and checked before, from `.ggrec/cache`: without the libraries that check it.

It is known by its bytes and by the program's own files; what is kept of its secrets are
the references as they were written.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import reconciler
from reconciler.core.hashing import blake2b
from reconciler.core.source import Mark, MarkedDict, MarkedList
from reconciler.loader.cache import WRONG, checked, prepare, put, sealed

if TYPE_CHECKING:
    from reconciler.loader.models import ProjectModel


class Given:
    """A checked part of ggrec.yaml: its fields, with their defaults, as attributes."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.__dict__.update(fields)


def recalled(file: Path, data: bytes) -> "tuple[str, ProjectModel, MarkedDict] | None":
    """What the file came to, if it and the program are the same; None where that is not certain."""
    try:
        found = checked(_place(file).read_bytes())
        if found is None or found["key"] != _key(data):
            return None
        written = _read_marked(found["written"], file.name)
        model = cast("ProjectModel", _read_model(found["model"]))
        return (found["name"], model, written) if isinstance(written, MarkedDict) else None
    except WRONG:
        return None


def remember(file: Path, data: bytes, name: str, model: "ProjectModel", written: MarkedDict) -> None:
    """Keep it; where the folder cannot be written it is read anew the next time."""
    document = {"key": _key(data), "name": name, "model": _model(model), "written": _marked(written)}
    with suppress(OSError, TypeError):
        prepare(_place(file).parent.parent)
        put(_place(file), sealed(document))


def _place(file: Path) -> Path:
    return file.resolve().parent / ".ggrec" / "cache" / "project"


def _key(data: bytes) -> str:
    known = blake2b(data, digest_size=16)
    known.update(reconciler.__version__.encode())
    for entry in sorted(os.scandir(Path(__file__).parent), key=lambda item: item.name):
        if entry.name.endswith(".py"):
            found = entry.stat()
            known.update(f"{entry.name} {found.st_size} {found.st_mtime_ns}".encode())
    return known.hexdigest()


def _model(value: Any) -> Any:
    """Models and mappings are told apart: [true, fields], [false, mapping]; lists are [null, items]."""
    if isinstance(value, dict):
        return [False, {key: _model(item) for key, item in value.items()}]
    if isinstance(value, list):
        return [None, [_model(item) for item in value]]
    fields = getattr(type(value), "model_fields", None)
    if fields is not None:
        return [True, {name: _model(getattr(value, name)) for name in fields}]
    return value


def _read_model(found: Any) -> Any:
    if not isinstance(found, list):
        return found
    sort, inner = found
    if sort is None:
        return [_read_model(item) for item in inner]
    values = {key: _read_model(item) for key, item in inner.items()}
    return Given(values) if sort else values


def _marked(value: Any) -> Any:
    if isinstance(value, MarkedDict):
        places = {key: [_at(value.keys_at.get(key)), _at(value.values_at.get(key))] for key in value}
        return {"at": _at(value.mark), "places": places, "values": {key: _marked(item) for key, item in value.items()}}
    if isinstance(value, MarkedList):
        places_of = [_at(mark) for mark in value.items_at]
        return {"at": _at(value.mark), "places": places_of, "values": [_marked(item) for item in value]}
    return value


def _read_marked(found: Any, file: str) -> Any:
    if not isinstance(found, dict):
        return found
    values, places, mark = found["values"], found["places"], _mark(found["at"], file)
    if isinstance(values, list):
        items = MarkedList(mark=mark)
        for item, at in zip(values, places, strict=True):
            items.add(_read_marked(item, file), _mark(at, file))
        return items
    mapping = MarkedDict(mark=mark)
    for key, item in values.items():
        key_at, value_at = places[key]
        mapping.put(key, _read_marked(item, file), key_at=_mark(key_at, file), value_at=_mark(value_at, file))
    return mapping


def _at(mark: Mark | None) -> list[int] | None:
    return [mark.line, mark.column] if mark is not None else None


def _mark(at: list[int] | None, file: str) -> Mark | None:
    return Mark(file, *at) if at is not None else None

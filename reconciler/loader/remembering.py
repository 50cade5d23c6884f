"""Which files of a desired folder need not be read again when only others changed: those that hold nothing but
dashboards about which there was nothing to say, each whole. Expands nothing.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from reconciler.core.address import Address
from reconciler.core.desired import DesiredState, Remembered
from reconciler.core.resource import Document, Resource
from reconciler.core.source import Mark, MarkedDict

if TYPE_CHECKING:
    from reconciler.loader.documents import Loaded


class Part(Struct, frozen=True):
    """One file, the paths of all that it was made from (itself first), and the dashboards in it."""

    name: str
    paths: tuple[str, ...]
    dashboards: tuple[Remembered, ...]


def parts_of(
    loaded: "Loaded", state: DesiredState, remembered: Iterable[Remembered], known: Iterable[Part]
) -> list[Part]:
    """The files that need not be read again; `known` are those that were not read this time either."""
    by_file: dict[str, list[Remembered]] = {}
    for item in remembered:
        by_file.setdefault(item.document.mark.file, []).append(item)
    spoken_of = {item.where.file for item in state.diagnostics if item.where is not None}
    documents: dict[str, list[Document]] = {}
    for document in loaded.documents:
        documents.setdefault(document.mark.file, []).append(document)
    names = Counter(loaded.files)  # a name stands for its path, but for characters that no terminal should see
    parts = [part for part in known if part.name not in spoken_of]
    for name, written in documents.items():
        mine = by_file.get(name, [])
        paths = _paths(loaded, name, written)
        marks = Counter(item.document.mark for item in mine)
        whole = {item.mark for item in written} == set(marks) and max(marks.values()) == 1
        if whole and paths is not None and name not in spoken_of and names[name] == 1:
            parts.append(Part(name, paths, tuple(mine)))
    return parts


def _paths(loaded: "Loaded", name: str, documents: Iterable[Document]) -> tuple[str, ...] | None:
    """The paths of a file and of what its documents name with `from`; None where that is not all there is to it."""
    own = loaded.paths.get(name)
    if own is None:
        return None
    found = [own]
    for document in documents:
        if document.manifest or "from" not in document.spec:
            continue
        named = document.spec["from"]
        if not isinstance(named, str) or ".." in PurePath(named).parts:
            return None
        found.append(str(PurePath(own).parent / named))
    return tuple(dict.fromkeys(found)) if all(path in loaded.reads for path in found) else None


def encode_parts(parts: Iterable[Part]) -> list[Any]:
    """For the index."""
    return [[part.name, part.paths, [_encode(item) for item in part.dashboards]] for part in parts]


def decode_parts(found: Iterable[Any], resources: Mapping[Address, Resource]) -> list[Part]:
    """The inverse, over the decoded resources."""
    return [
        Part(name, tuple(paths), tuple([_decode(item, resources) for item in dashboards]))
        for name, paths, dashboards in found
    ]


def _encode(item: Remembered) -> list[Any]:
    document, metadata, spec = item.document, item.document.metadata, item.document.spec
    return [
        [document.kind, document.mark.file, *_place(document.mark), document.manifest],
        [str(item.resource.address), _place(metadata.mark), _place(metadata.values_at.get("name"))],
        [metadata.get("uid"), _place(metadata.values_at.get("uid"))],
        spec.get("folder"),
        [[str(address), mark.file, *_place(mark)] for address, mark in item.needs.items()],
        item.templates,
    ]


def _decode(found: list[Any], resources: Mapping[Address, Resource]) -> Remembered:
    (kind, file, line, column, manifest), (name, own_at, name_at), (uid, uid_at), folder, needs, templates = found
    resource = resources[Address.parse(name)]
    metadata = MarkedDict(mark=_mark(file, own_at))
    metadata.put("name", resource.address.name, key_at=None, value_at=_mark(file, name_at))
    if uid is not None:
        metadata.put("uid", uid, key_at=None, value_at=_mark(file, uid_at))
    spec = MarkedDict(folder=folder) if folder is not None else MarkedDict()
    document = Document(kind, resource.address.name, metadata, spec, Mark(file, line, column), manifest=manifest)
    places = {Address.parse(address): Mark(*where) for address, *where in needs}
    return Remembered(document, resource, places, tuple(templates))


def _place(mark: Mark | None) -> list[int] | tuple[()]:
    return [mark.line, mark.column] if mark is not None else ()


def _mark(file: str, place: list[int]) -> Mark | None:
    return Mark(file, *place) if place else None

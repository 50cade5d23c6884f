"""The cache of what the desired files come to: `.ggrec/cache`, safe to delete at any time.

An index says which files it was made from and what came out; bodies lie in packs beside it. Everything is written
beside and renamed, so two processes at once are safe: one of them wins, and both were right. What is damaged, or of
other inputs, is not there. Only what is without errors is kept, so an error is always told from the files as they are.
"""

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
from msgspec import Struct, json

from reconciler.core.address import Address
from reconciler.core.desired import DesiredState, Remembered
from reconciler.core.hashing import blake2b
from reconciler.core.json import JsonObject
from reconciler.loader.cache_codec import Body, NotKept, decode_state, encode_state
from reconciler.loader.files import Folder
from reconciler.loader.packs import Damaged, Packs, PackWriter, Place, written
from reconciler.loader.remembering import Part, decode_parts, encode_parts
from reconciler.loader.stamps import Stamp, looked_at

FORMAT = 4
_MOST_INPUTS = 6
"""Sets of inputs (instances, versions) that are kept side by side."""
_MOST_PACKS = 8
"""Packs whose bodies are kept where they are; with more, all are written into one again."""
WRONG = (KeyError, ValueError, TypeError, IndexError, AttributeError, OSError)
"""What reading something that is not an index may raise."""

Again = Callable[[Address, str], JsonObject]
"""The attributes of an address from the files themselves, for a body that went away; by their digest."""


class Inputs(Struct, frozen=True):
    """What besides the desired files decides what they come to: everything in it is digested, nothing of it stored."""

    program: Sequence[str]
    project: Sequence[str]
    values: bytes

    def key(self) -> str:
        """The folder of the cache for these inputs."""
        parts = [str(FORMAT), *self.program, "", *self.project, ""]
        return blake2b("\0".join(parts).encode() + self.values, digest_size=12).hexdigest()


class Kept(Struct, frozen=True):
    """What is still as it was where not all is: the files, the paths that need not be read, and their stamps. `others`
    are the names of the other files that are as they were: those of them that changed nothing is known of. Where this
    was found out just now, `rows` are what the index will say of the dashboards, whose bodies are in `pack`.
    """

    parts: list[Part]
    stamps: dict[str, Stamp]
    others: frozenset[str]
    rows: dict[tuple[str, str], Any] | None = None
    pack: PackWriter | None = None

    def take(self, part: Part, row: Any, stamps: Mapping[str, Stamp]) -> None:
        """One more file with one dashboard, and the dashboard's row."""
        address = part.dashboards[0].resource.address
        self.parts.append(part)
        self.stamps.update(stamps)
        if self.rows is not None:
            self.rows[address.kind, address.name] = row

    @property
    def dashboards(self) -> tuple[Remembered, ...]:
        """Those in the files."""
        return tuple(item for part in self.parts for item in part.dashboards)


class Cache:
    """The cache of one project for one set of inputs. What `load` finds out, `kept` and `save` go by."""

    def __init__(self, root: Path, inputs: Inputs) -> None:
        self._top = root / ".ggrec"
        self._folder = self._top / "cache" / inputs.key()
        self._document: Any = None
        self._names: list[str] = []
        self._present: dict[str, Stamp | None] = {}
        self._packs = Packs(self._folder)

    def load(self, desired: Folder, again: Again) -> DesiredState | None:
        """What the files come to, if they are what they were; None where that is not certain."""
        try:
            document = checked((self._folder / "index").read_bytes())
            names = [found.name for found in desired.files()]
            if document is None or desired.problems:
                return None
            known = {path: Stamp(*stamp) for path, stamp in document["reads"]}
            present = {path: looked_at(path, stamp) for path, stamp in known.items()}
            self._document, self._names, self._present = document, names, present
            if names != document["state"]["files"] or not all(present.values()):
                return None
            state = decode_state(document["state"], self.body(again))
        except WRONG:
            self._document = None
            return None
        if present != known:  # the same bytes at another time: next time stat shall be enough
            document["reads"] = [[path, _stamp(stamp)] for path, stamp in present.items() if stamp is not None]
            with suppress(OSError):
                put(self._folder / "index", sealed(document))
        return state

    def body(self, again: Again) -> Body:
        """How bodies are read."""

        def body(address: Address, digest: str, place: Place) -> JsonObject:
            try:
                return self._packs.body(place)
            except Damaged:
                return again(address, digest)

        return body

    def pack(self) -> PackWriter:
        """A new pack for bodies that come one by one; where the folder cannot be written, one that this process alone
        sees. Raises OSError.
        """
        try:
            self._prepare()
            writer = PackWriter(self._folder)
        except OSError:
            import tempfile

            writer = PackWriter(Path(tempfile.gettempdir()))
            writer.drop()
        self._packs.made(writer)
        return writer

    def kept(self, again: Again, but: Collection[str] = ()) -> Kept | None:
        """Where nothing changed but files with dashboards alone, the others of those, but for some by name."""
        if self._document is None:
            return None
        try:
            state = decode_state(self._document["state"], self.body(again))
            parts = decode_parts(self._document["parts"], {item.address: item for item in state.resources})
        except WRONG:
            return None
        changed = {path for path, stamp in self._present.items() if stamp is None}
        names = set(self._names)
        same = [part for part in parts if part.name in names - set(but) and not changed.intersection(part.paths)]
        if not same or changed - {path for part in parts for path in part.paths}:
            return None
        stamps = {path: self._present[path] for part in same for path in part.paths}
        told = {part.name for part in parts}
        others = frozenset(name for name in state.files if name not in told)
        return Kept(same, {path: stamp for path, stamp in stamps.items() if stamp is not None}, others)

    def save(self, state: DesiredState, reads: Mapping[str, Stamp], parts: Sequence[Part], kept: Kept | None) -> None:
        """Keep it, if it has no errors; where the folder cannot be written there is no cache. `kept`: what of it comes
        from here.
        """
        if state.errors:
            return
        with suppress(OSError, NotKept, TypeError):
            self._prepare()
            before = {path.name for path in self._folder.glob("*.pack")}
            known = self._rows(kept) if kept is not None else {}
            with written(self._folder, kept.pack if kept is not None else None) as pack:
                if pack is None:
                    return
                document = {
                    "reads": [[path, _stamp(stamp)] for path, stamp in reads.items()],
                    "state": encode_state(state, pack.add, known),
                    "parts": encode_parts(parts),
                }
                data = sealed(document)
            put(self._folder / "index", data)
            again = kept is not None and not known  # who holds `state` reads bodies from the packs before: not yet
            for name in () if again else before - _packs_of(known.values()):
                (self._folder / name).unlink(missing_ok=True)

    def _rows(self, kept: Kept) -> Mapping[tuple[str, str], Any]:
        """What the index says of the dashboards that are kept; nothing where their bodies lie in too many packs."""
        if kept.rows is not None:
            return kept.rows
        ours = {(item.resource.address.kind, item.resource.address.name) for item in kept.dashboards}
        rows = {(row[0], row[1]): row for row in self._document["state"]["resources"] if (row[0], row[1]) in ours}
        return rows if len(_packs_of(rows.values())) < _MOST_PACKS else {}

    def _prepare(self) -> None:
        """The folders, which Git does not see; those of old inputs go."""
        if not self._folder.is_dir():
            prepare(self._top)
            self._folder.mkdir(exist_ok=True, mode=0o700)
            import shutil

            found = [path for path in self._folder.parent.iterdir() if path.is_dir()]
            for path in sorted(found, key=lambda path: path.stat().st_mtime_ns, reverse=True)[_MOST_INPUTS:]:
                shutil.rmtree(path, ignore_errors=True)


def prepare(top: Path) -> None:
    """Make `.ggrec/cache`, which Git does not see. Raises OSError."""
    (top / "cache").mkdir(parents=True, exist_ok=True, mode=0o700)
    ignore = top / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n")


def _packs_of(rows: Iterable[Any]) -> set[str]:
    """The packs that bodies lie in."""
    return {row[3][3][0] for row in rows if len(row[3]) > 2}


def _stamp(stamp: Stamp) -> list[Any]:
    return [stamp.size, stamp.modified, stamp.changed, stamp.inode, stamp.device, stamp.known, stamp.digest]


def sealed(document: Mapping[str, Any]) -> bytes:
    """A document with its digest before it."""
    data = orjson.dumps(document)
    return blake2b(data, digest_size=16).hexdigest().encode() + b"\n" + data


def checked(data: bytes) -> Any:
    """The document of an index; None where a byte of it is another than was written."""
    end = data.find(b"\n") + 1
    rest = memoryview(data)[end:]
    if blake2b(rest, digest_size=16).hexdigest().encode() + b"\n" != data[:end]:
        return None
    return json.decode(rest)  # orjson would take twelve times the document's size meanwhile


def put(path: Path, data: bytes) -> None:
    """Write beside, and rename. Raises OSError."""
    import tempfile  # nothing is written where nothing changed

    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".tmp-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise

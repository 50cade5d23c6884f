"""Bodies of the cache: many JSON objects one behind the other in a file, each found by its place and checked when it is
read. A file is written once, beside, and renamed; it is never changed.
"""

import os
import weakref
import zlib
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import orjson
from msgspec import Struct

from reconciler.core.hashing import blake2b
from reconciler.core.json import Json, JsonObject

_AT_ONCE = 100_000
"""Bytes that are written at a time."""
_RAW = -zlib.MAX_WBITS
"""Without zlib's own checksum: a place has a digest."""
_KEPT = 32
"""Bodies that stay in memory once they were read."""


class Damaged(Exception):
    """What was written is not there any more as it was."""


class Place(Struct, frozen=True):
    """Where a body is: the file's name, its first byte and its length there, and the digest of those bytes."""

    pack: str
    start: int
    length: int
    digest: str


class PackWriter:
    """A pack in the making, which can be read already. It has its name, and is there, once `done` returns; when it is
    dropped, what was read from it can be read as long as this is there.
    """

    def __init__(self, folder: Path) -> None:
        import tempfile  # nothing is written where nothing changed

        from isal.isal_zlib import compress  # of zlib's form, in a third of its time

        self._file, text = tempfile.mkstemp(dir=folder, prefix=".tmp-", suffix=".pack")
        weakref.finalize(self, os.close, self._file)
        self._path = Path(text)
        self.name = self._path.name.removeprefix(".tmp-")
        self._at = 0
        self._compress = compress
        self._waiting: list[bytes] = []
        self._waiting_size = 0

    def add(self, written: bytes) -> Place:
        """Append an object that is written as JSON."""
        data = self._compress(written, 1, _RAW)
        self._waiting.append(data)
        self._waiting_size += len(data)
        if self._waiting_size > _AT_ONCE:
            self._write()
        start, self._at = self._at, self._at + len(data)
        return Place(self.name, start, len(data), _digest(data))

    def read(self, place: Place) -> bytes:
        """The bytes at a place of it. Raises OSError."""
        self._write()
        return os.pread(self._file, place.length, place.start)

    def done(self) -> None:
        """Give it its name. Raises OSError."""
        self._write()
        if self._at:
            self._path.rename(self._path.with_name(self.name))
        else:
            self.drop()

    def drop(self) -> None:
        """Take it away."""
        self._path.unlink(missing_ok=True)

    def _write(self) -> None:
        data = memoryview(b"".join(self._waiting))
        self._waiting, self._waiting_size = [], 0
        while data:
            data = data[os.write(self._file, data) :]


class Packs:
    """The packs of one folder, read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._recent: OrderedDict[Place, JsonObject] = OrderedDict()
        self._made: dict[str, PackWriter] = {}

    def made(self, writer: PackWriter) -> None:
        """Read from a pack in the making too."""
        self._made[writer.name] = writer

    def body(self, place: Place) -> JsonObject:
        """The object at a place. Raises Damaged."""
        found = self._recent.get(place)
        if found is None:
            found = self._recent[place] = self._read(place)
            if len(self._recent) > _KEPT:
                self._recent.popitem(last=False)
        return found

    def _read(self, place: Place) -> JsonObject:
        if os.sep in place.pack or not place.pack.endswith(".pack"):
            raise Damaged(place.pack)
        try:
            if place.pack in self._made:
                data = self._made[place.pack].read(place)
            else:
                with (self._folder / place.pack).open("rb", buffering=0) as file:
                    data = os.pread(file.fileno(), place.length, place.start)
            if _digest(data) != place.digest:
                raise Damaged(place.pack)
            value: Json = orjson.loads(zlib.decompress(data, _RAW))
        except (OSError, ValueError, zlib.error) as error:
            raise Damaged(place.pack) from error
        if not isinstance(value, dict):
            raise Damaged(place.pack)
        return value


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest()


@contextmanager
def written(folder: Path, begun: PackWriter | None = None) -> Iterator[PackWriter | None]:
    """A pack (the one that is begun) for the block, which is there when the block is left without an error; None where
    the folder cannot be written.
    """
    try:
        writer = begun or PackWriter(folder)
    except OSError:
        yield None
        return
    try:
        yield writer
        writer.done()
    except BaseException:
        with suppress(OSError):
            writer.drop()
        raise

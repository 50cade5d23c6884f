"""Bytes under keys: what a place to store must be able to do, and the local folder that does it durably.

An object store is the other implementation (object_blobs); nothing above knows where the bytes are.
"""

import fcntl
import itertools
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from reconciler.core.errors import StoreFailed
from reconciler.core.json import digest_bytes

_GUARD = ".guard"


class Blob(Struct, frozen=True):
    """What was found under a key. `version` changes with every write; only the place understands it."""

    data: bytes
    version: str


class Blobs(Protocol):
    """Bytes under keys such as `runs/x.json`. What a call has done is durable when it returns, or it raises
    StoreFailed: then it may have happened or not.
    """

    @property
    def location(self) -> str:
        """How people call the place."""

    @property
    def workers(self) -> int:
        """How many calls are worth making side by side; 1: none."""

    def read(self, key: str) -> Blob | None:
        """What is there, or None where there is nothing."""

    def put(self, key: str, data: bytes) -> None:
        """Set it, atomically: a reader sees the old or the new bytes."""

    def create(self, key: str, data: bytes) -> str | None:
        """Set it if there is nothing: its version, or None where something else is. One's own bytes, found there
        because an answer was lost, count as set.
        """

    def swap(self, key: str, data: bytes, version: str) -> str | None:
        """Set it if what is there has this version: the new version, or None. As with `create`, a lost answer is
        recognised by the bytes.
        """

    def take_away(self, key: str, version: str) -> bool:
        """Remove it if what is there has this version; True: `read` finds nothing now."""

    def log(self, key: str) -> "Log | None":
        """A place to append to, under a key; None where nothing can be appended to what is stored."""

    def list(self, prefix: str) -> tuple[str, ...]:
        """The keys below `prefix` (which ends with `/`), sorted."""

    def sizes(self, prefix: str) -> Mapping[str, int]:
        """The keys below `prefix`, as `list` gives them, with how many bytes lie there."""

    def delete(self, keys: Sequence[str]) -> None:
        """Remove them, whatever they hold; absent is fine."""


class Log(Protocol):
    """Lines under one key, appended. What is read there may end in a line that is cut short: that was not durable."""

    def append(self, data: bytes, *, durable: bool) -> None:
        """Add a line; `durable`: it, and all before it, when this returns. Raises StoreFailed."""

    def close(self) -> None:
        """No more is added. May be called twice."""


class LocalBlobs:
    """A folder: temporary file, fsync, rename, fsync of the folder. Only the owner may read it.

    Conditional writes compare under a kernel lock on the file `.guard`, which a process that dies gives back.
    """

    workers = 1

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._there: set[Path] = set()

    @property
    def location(self) -> str:
        """The folder."""
        return str(self._folder)

    def read(self, key: str) -> Blob | None:
        """Read the file. Raises StoreFailed where it is there and cannot be read."""
        try:
            data = self._path(key).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise self._failed("read", key, error) from None
        return Blob(data, digest_bytes(data))

    def put(self, key: str, data: bytes) -> None:
        """Write beside, flush, rename over."""
        path = self._path(key)
        try:
            with self._beside(path, data) as name:
                name.replace(path)
        except OSError as error:
            raise self._failed("write", key, error) from None

    def create(self, key: str, data: bytes) -> str | None:
        """Write beside, then link: linking fails where the name is taken."""
        path = self._path(key)
        try:
            with self._beside(path, data) as name:
                try:
                    path.hardlink_to(name)
                except FileExistsError:
                    return None
        except OSError as error:
            raise self._failed("write", key, error) from None
        return digest_bytes(data)

    def swap(self, key: str, data: bytes, version: str) -> str | None:
        """Compare and write under the guard."""
        with self._guarded(key):
            found = self.read(key)
            if found is None or found.version != version:
                return None
            self.put(key, data)
            return digest_bytes(data)

    def take_away(self, key: str, version: str) -> bool:
        """Compare and remove under the guard."""
        with self._guarded(key):
            found = self.read(key)
            if found is not None and found.version != version:
                return False
            self.delete([key])
            return True

    def log(self, key: str) -> Log:
        """A file that is kept open."""
        return _LocalLog(self, key)

    def list(self, prefix: str) -> tuple[str, ...]:
        """Walk the folder that the prefix names."""
        start = self._folder / prefix.rstrip("/")
        try:
            found = [path for path in start.rglob("*") if path.is_file() and not path.name.startswith(".")]
        except OSError as error:
            raise self._failed("list", prefix, error) from None
        return tuple(sorted(path.relative_to(self._folder).as_posix() for path in found))

    def sizes(self, prefix: str) -> Mapping[str, int]:
        """Ask each file."""
        found: dict[str, int] = {}
        for key in self.list(prefix):
            try:
                found[key] = self._path(key).stat().st_size
            except FileNotFoundError:
                continue  # it went while we looked
            except OSError as error:
                raise self._failed("read", key, error) from None
        return found

    def delete(self, keys: Sequence[str]) -> None:
        """Unlink; deeper folders that become empty go too."""
        for key in keys:
            path = self._path(key)
            try:
                path.unlink(missing_ok=True)
                if key.count("/") > 1:
                    with suppress(OSError):  # it holds more
                        path.parent.rmdir()
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                raise self._failed("delete", key, error) from None

    @contextmanager
    def _beside(self, path: Path, data: bytes) -> Iterator[Path]:
        """A flushed temporary file in the same folder, to be renamed or linked; the folder is flushed after."""
        name = path.parent / f".tmp-{_OURS}-{os.getpid()}-{next(_numbers)}"
        handle = self._made(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(handle)
            yield name
        finally:
            name.unlink(missing_ok=True)
        _flush_folder(path.parent)

    def _made(self, path: Path, flags: int) -> int:
        """A file's handle; its folder is made where it is missing (also where somebody took it away meanwhile)."""
        if path.parent in self._there:
            with suppress(FileNotFoundError):
                return os.open(path, flags, 0o600)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._there.add(path.parent)
        return os.open(path, flags, 0o600)

    @contextmanager
    def _guarded(self, key: str) -> Iterator[None]:
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(self._folder / _GUARD, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise self._failed("write", key, error) from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _path(self, key: str) -> Path:
        parts = key.split("/")
        if not key or any(part in {"", ".", ".."} for part in parts):
            raise ValueError(f"not a key: {key!r}")
        return self._folder.joinpath(*parts)

    def _failed(self, what: str, key: str, error: OSError) -> StoreFailed:
        return StoreFailed.one(
            "state-storage",
            f"cannot {what} {self._folder / key}: {error.strerror or error}",
            hint="the state's folder must be writable and have room; what was stored before is untouched",
        )


_OURS = os.urandom(4).hex()
_numbers = itertools.count()


def _flush_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _write_whole(handle: int, data: bytes) -> None:
    """All of it, or nothing: half a line would spoil what is added after it."""
    before = os.fstat(handle).st_size
    try:
        written = 0
        while written < len(data):
            written += os.write(handle, data[written:])
    except OSError:
        os.ftruncate(handle, before)
        raise


class _LocalLog:
    """Implements Log. The file is opened with its first line, and anew where somebody took it away since: what a run
    adds that has lost its lock must still be found by whoever comes next.
    """

    def __init__(self, blobs: LocalBlobs, key: str) -> None:
        self._blobs = blobs
        self._key = key
        self._path = blobs._path(key)
        self._handle: int | None = None

    def append(self, data: bytes, *, durable: bool) -> None:
        """Write, flush, and see that it is still there."""
        try:
            while True:
                handle = self._opened()
                _write_whole(handle, data)
                if durable:
                    os.fsync(handle)
                if os.fstat(handle).st_nlink:
                    return
                self.close()
        except OSError as error:
            raise self._blobs._failed("write", self._key, error) from None

    def _opened(self) -> int:
        if self._handle is None:
            self._handle = self._blobs._made(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            _flush_folder(self._path.parent)
        return self._handle

    def close(self) -> None:
        """Close the file."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)

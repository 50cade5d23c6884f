"""Bytes under keys: what a place to store must be able to do, and the local folder that does it durably.

An object store is the other implementation (object_blobs); nothing above knows where the bytes are.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from reconciler.core.errors import StoreFailed
from reconciler.core.json import digest_bytes

_GUARD = ".guard"


@dataclass(frozen=True, slots=True)
class Blob:
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

    def list(self, prefix: str) -> tuple[str, ...]:
        """The keys below `prefix` (which ends with `/`), sorted."""

    def delete(self, keys: Sequence[str]) -> None:
        """Remove them, whatever they hold; absent is fine."""


class LocalBlobs:
    """A folder: temporary file, fsync, rename, fsync of the folder. Only the owner may read it.

    Conditional writes compare under a kernel lock on the file `.guard`, which a process that dies gives back.
    """

    workers = 1

    def __init__(self, folder: Path) -> None:
        self._folder = folder

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
            with _beside(path, data) as name:
                name.replace(path)
        except OSError as error:
            raise self._failed("write", key, error) from None

    def create(self, key: str, data: bytes) -> str | None:
        """Write beside, then link: linking fails where the name is taken."""
        path = self._path(key)
        try:
            with _beside(path, data) as name:
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

    def list(self, prefix: str) -> tuple[str, ...]:
        """Walk the folder that the prefix names."""
        start = self._folder / prefix.rstrip("/")
        try:
            found = [path for path in start.rglob("*") if path.is_file() and not path.name.startswith(".")]
        except OSError as error:
            raise self._failed("list", prefix, error) from None
        return tuple(sorted(path.relative_to(self._folder).as_posix() for path in found))

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


@contextmanager
def _beside(path: Path, data: bytes) -> Iterator[Path]:
    """A flushed temporary file in the same folder, to be renamed or linked; the folder is flushed after."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, text = tempfile.mkstemp(dir=path.parent, prefix=".tmp-")
    name = Path(text)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        yield name
    finally:
        name.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)

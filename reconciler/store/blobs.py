"""Bytes under keys: what a place to store must be able to do, and the local folder that does it durably.

An object store will be another implementation; nothing above this module knows where the bytes are.
"""

import os
import tempfile
from pathlib import Path
from typing import Protocol

from reconciler.core.errors import GgrecError


class Blobs(Protocol):
    """Bytes under keys such as `runs/x.json`. What a call has done is durable when it returns."""

    @property
    def location(self) -> str:
        """How people call the place."""

    def get(self, key: str) -> bytes | None:
        """The bytes, or None where there are none."""

    def put(self, key: str, data: bytes) -> None:
        """Set them, atomically: a reader sees the old or the new ones."""

    def put_if_absent(self, key: str, data: bytes) -> bool:
        """Set them if there are none; False where there are some already."""

    def append(self, key: str, data: bytes) -> None:
        """Add to the end."""

    def list(self, prefix: str) -> tuple[str, ...]:
        """The keys that begin with `prefix`, sorted."""

    def delete(self, key: str) -> None:
        """Remove; absent is fine."""


class LocalBlobs:
    """A folder: temporary file, fsync, rename, fsync of the folder. Only the owner may read it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def location(self) -> str:
        """The folder."""
        return str(self._folder)

    def get(self, key: str) -> bytes | None:
        """Read the file. Raises GgrecError where it is there and cannot be read."""
        try:
            return self._path(key).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise self._failed("read", key, error) from None

    def put(self, key: str, data: bytes) -> None:
        """Write beside, flush, rename over."""
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=".tmp-")
            try:
                _write(handle, data)
                Path(name).replace(path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
            _flush_folder(path.parent)
        except OSError as error:
            raise self._failed("write", key, error) from None

    def put_if_absent(self, key: str, data: bytes) -> bool:
        """Write beside, then link: linking fails where the name is taken."""
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=".tmp-")
            try:
                _write(handle, data)
                try:
                    path.hardlink_to(name)
                except FileExistsError:
                    return False
            finally:
                Path(name).unlink(missing_ok=True)
            _flush_folder(path.parent)
        except OSError as error:
            raise self._failed("write", key, error) from None
        return True

    def append(self, key: str, data: bytes) -> None:
        """Append and flush."""
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            new = not path.exists()
            handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            _write(handle, data)
            if new:
                _flush_folder(path.parent)
        except OSError as error:
            raise self._failed("write", key, error) from None

    def list(self, prefix: str) -> tuple[str, ...]:
        """Walk the folder that the prefix names."""
        start = self._folder / prefix.rpartition("/")[0]
        found = (path for path in start.rglob("*") if path.is_file() and not path.name.startswith(".tmp-"))
        keys = (path.relative_to(self._folder).as_posix() for path in found)
        return tuple(sorted(key for key in keys if key.startswith(prefix)))

    def delete(self, key: str) -> None:
        """Unlink."""
        try:
            self._path(key).unlink(missing_ok=True)
        except OSError as error:
            raise self._failed("delete", key, error) from None

    def _path(self, key: str) -> Path:
        parts = key.split("/")
        if not key or any(part in {"", ".", ".."} for part in parts):
            raise ValueError(f"not a key: {key!r}")
        return self._folder.joinpath(*parts)

    def _failed(self, what: str, key: str, error: OSError) -> GgrecError:
        return GgrecError.one(
            "state-storage",
            f"cannot {what} {self._folder / key}: {error.strerror or error}",
            hint="the state's folder must be writable and have room; what was stored before is untouched",
        )


def _write(handle: int, data: bytes) -> None:
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

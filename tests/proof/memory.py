"""Bytes under keys in this process: quick, copied at any moment, and told of each write before it happens."""

from collections.abc import Callable, Mapping, Sequence

from reconciler.core.json import digest_bytes
from reconciler.store.blobs import Blob


class MemoryBlobs:
    """Implements reconciler.store.blobs.Blobs. `watch(key)` is called before each write; what it raises, leaves
    everything as it was.
    """

    location = "memory"
    workers = 1

    def __init__(self, files: dict[str, bytes] | None = None) -> None:
        self.files = dict(files or {})
        self.watch: Callable[[str], None] = lambda key: None

    def read(self, key: str) -> Blob | None:
        data = self.files.get(key)
        return None if data is None else Blob(data, digest_bytes(data))

    def put(self, key: str, data: bytes) -> None:
        self.watch(key)
        self.files[key] = data

    def log(self, key: str) -> "MemoryLog":
        return MemoryLog(self, key)

    def create(self, key: str, data: bytes) -> str | None:
        if self.files.get(key, data) != data:
            return None
        self.put(key, data)
        return digest_bytes(data)

    def swap(self, key: str, data: bytes, version: str) -> str | None:
        found = self.read(key)
        if found is None or found.version != version:
            return None
        self.put(key, data)
        return digest_bytes(data)

    def take_away(self, key: str, version: str) -> bool:
        found = self.read(key)
        if found is not None and found.version != version:
            return False
        self.delete((key,))
        return True

    def list(self, prefix: str) -> tuple[str, ...]:
        return tuple(sorted(key for key in self.files if key.startswith(prefix)))

    def sizes(self, prefix: str) -> Mapping[str, int]:
        return {key: len(self.files[key]) for key in self.list(prefix)}

    def delete(self, keys: Sequence[str]) -> None:
        for key in keys:
            self.watch(key)
            self.files.pop(key, None)


class MemoryLog:
    """Implements reconciler.store.blobs.Log as a machine without power leaves it: what need not be durable is lost,
    unless something durable came after it.
    """

    def __init__(self, blobs: MemoryBlobs, key: str) -> None:
        self.blobs, self.key, self.waiting = blobs, key, b""

    def append(self, data: bytes, *, durable: bool) -> None:
        self.blobs.watch(self.key)
        self.waiting += data
        if durable:
            self.blobs.files[self.key] = self.blobs.files.get(self.key, b"") + self.waiting
            self.waiting = b""

    def close(self) -> None:
        self.waiting = b""

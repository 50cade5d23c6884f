"""Bytes under keys in this process: quick, copied at any moment, and told of each write before it happens."""

from collections.abc import Callable


class MemoryBlobs:
    """Implements reconciler.store.blobs.Blobs. `watch(key, data)` is called before each write; what it raises, leaves
    everything as it was. `data` is what an append adds, else None.
    """

    location = "memory"

    def __init__(self, files: dict[str, bytes] | None = None) -> None:
        self.files = dict(files or {})
        self.watch: Callable[[str, bytes | None], None] = lambda key, data: None

    def get(self, key: str) -> bytes | None:
        return self.files.get(key)

    def put(self, key: str, data: bytes) -> None:
        self.watch(key, None)
        self.files[key] = data

    def put_if_absent(self, key: str, data: bytes) -> bool:
        if key in self.files:
            return False
        self.put(key, data)
        return True

    def append(self, key: str, data: bytes) -> None:
        self.watch(key, data)
        self.files[key] = self.files.get(key, b"") + data

    def list(self, prefix: str) -> tuple[str, ...]:
        return tuple(sorted(key for key in self.files if key.startswith(prefix)))

    def delete(self, key: str) -> None:
        self.watch(key, None)
        self.files.pop(key, None)

"""Whether a file is still what it was, told by stat where that can be trusted, else by its bytes.

A file that was changed shortly before it was read may be changed again without a new time (a clock's tick, two seconds
on some file systems): such a stamp is not trusted, as Git does not. Understands no file.
"""

import os
import time

from msgspec import Struct

from reconciler.core.hashing import blake2b

_TICK = 2_000_000_000
"""Nanoseconds: the coarsest time stamps of file systems in use."""


class Stamp(Struct, frozen=True):
    """What a file was when it was read: what stat said, and the digest of its bytes. `known`: whether stat is enough to
    know it again.
    """

    size: int
    modified: int
    changed: int
    inode: int
    device: int
    known: bool
    digest: str

    def same(self, found: os.stat_result) -> bool:
        """Whether a file with this stat certainly has the bytes that were read."""
        return (
            self.known
            and self.size == found.st_size
            and self.modified == found.st_mtime_ns
            and self.changed == found.st_ctime_ns
            and self.inode == found.st_ino
            and self.device == found.st_dev
        )


def read_stamped(path: str) -> tuple[bytes, Stamp]:
    """The bytes of a file, and its stamp. Raises OSError."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)  # ten thousand of them: files and paths cost more than stat
    try:
        now, before = time.time_ns(), os.fstat(file)
        data = b""
        while part := os.read(file, max(before.st_size - len(data), 0) + 1):
            data = data + part if data else part
        after = os.fstat(file)
    finally:
        os.close(file)
    settled = max(before.st_mtime_ns, before.st_ctime_ns) < now - _TICK
    quiet = (before.st_mtime_ns, before.st_ctime_ns, before.st_size) == (
        after.st_mtime_ns,
        after.st_ctime_ns,
        len(data),
    )
    return data, Stamp(
        size=before.st_size,
        modified=before.st_mtime_ns,
        changed=before.st_ctime_ns,
        inode=before.st_ino,
        device=before.st_dev,
        known=settled and quiet,
        digest=blake2b(data, digest_size=16).hexdigest(),
    )


def looked_at(path: str, stamp: Stamp) -> Stamp | None:
    """The file's present stamp if its bytes are those of `stamp` (itself, where stat tells), else None."""
    try:
        if stamp.same(os.stat(path)):  # noqa: PTH116
            return stamp
        present = read_stamped(path)[1]
    except OSError:
        return None
    return present if present.digest == stamp.digest else None

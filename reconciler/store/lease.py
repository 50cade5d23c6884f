"""The lock on one state: a lease that its holder renews, under one key, changed by conditional writes only.

No two machines' clocks are ever compared. A holder counts its lease on its own clock from *before* the write that
renewed it, and stops when it is not certain any more. Who wants the lock watches, on its own clock, for longer than
that lease whether the holder gives a sign of life; only then does it write over it, on the condition that nothing
changed. So the old holder has stopped before the new one begins.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from msgspec import Struct, field

from reconciler.core.errors import Diagnostic, Locked, StoreFailed
from reconciler.store.blobs import Blob, Blobs
from reconciler.store.lock import KEY, Holder, Owner, locked, read_holder, runs

_PATIENCE = 1.1
"""How much longer than the lease one watches: the clocks of two machines do not run equally fast."""
_BEATS = 6
"""Signs of life in one lease."""
_RESERVE = 0.25
"""The share of the lease that must be left when a write to Grafana begins, for that write to arrive."""
_TRIES = 4


def _boot_time() -> float:
    """Seconds of a clock that nobody sets, and that goes on while the machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Timing(Struct, frozen=True):
    """`lease` in seconds; `now` never goes back; `told` hears that somebody waits, and why."""

    lease: float = 60.0
    now: Callable[[], float] = _boot_time
    sleep: Callable[[float], None] = time.sleep
    told: Callable[[str], None] = lambda text: None


class Tenant(Struct, frozen=True):
    """Who would hold the lock, and how."""

    owner: Owner
    timing: Timing = field(default_factory=Timing)


class Lease:
    """One process's side of the lock: it asks for it, renews it, and gives it back."""

    def __init__(self, blobs: Blobs, owner: Owner, *, since: str, timing: Timing) -> None:
        self._blobs = blobs
        self._timing = timing
        self._mine = Holder(os.urandom(8).hex(), owner, since, timing.lease)
        self._version: str | None = None
        self._until = float("-inf")
        self._seen: tuple[str, float] | None = None
        self._gone: Locked | None = None
        self._why = ""
        self._mutex = threading.Lock()

    @property
    def id(self) -> str:
        """The name of this lock, for `ggrec unlock`."""
        return self._mine.id

    def acquire(self) -> None:
        """Wait as long as it takes to know, at most a little longer than the holder's lease. Raises Locked."""
        told = False
        while not self.attempt():
            if not told and self._seen is not None:
                self._timing.told("The state is locked: watching whether its holder is alive, at most for its lease.")
                told = True
            if self._seen is not None:
                self._timing.sleep(self._timing.lease / 30)

    def attempt(self) -> bool:
        """One look, and one try where there may be one; True: held. Raises Locked where the holder lives, or where
        that cannot be found out.
        """
        before = self._timing.now()
        found = self._blobs.read(KEY)
        if found is None:
            return self._claim(before, lambda data: self._blobs.create(KEY, data))
        holder = read_holder(found.data)
        if holder.id == self.id:  # written by us, and the answer was lost
            self._mine, self._version = holder, found.version
            return self.beat()
        alive = runs(holder, self._mine.owner)
        if alive:
            raise locked(holder, self._blobs.location, "wait for it to end; its process runs on this machine")
        if alive is None and not self._silent(holder, found, before):
            return False
        return self._claim(self._timing.now(), lambda data: self._blobs.swap(KEY, data, found.version))

    def _silent(self, holder: Holder, found: Blob, before: float) -> bool:
        """Whether a holder elsewhere gave no sign of life for longer than its lease, watched from here."""
        if holder.lease <= 0:
            why = "its ggrec gives no signs of life, so nobody can tell whether it runs"
            raise locked(holder, self._blobs.location, why)
        if self._seen is None:
            self._seen = (found.version, self._timing.now())
            return False
        version, since = self._seen
        if version != found.version:
            raise locked(holder, self._blobs.location, "wait for it to end; it gave a sign of life just now")
        return before - since >= holder.lease * _PATIENCE

    def _claim(self, before: float, write: Callable[[bytes], str | None]) -> bool:
        try:
            version = write(self._mine.encode())
        except StoreFailed:
            with suppress(StoreFailed):
                found = self._blobs.read(KEY)
                if found is not None and read_holder(found.data).id == self.id:
                    self._version = found.version
                    return self.beat()
            raise
        if version is None:
            return False
        self._version, self._until = version, before + self._timing.lease
        return True

    def beat(self) -> bool:
        """Give a sign of life; True: the lease is ours for its length again. Raises StoreFailed where the place
        cannot be reached: then what was left of the lease is left.
        """
        with self._mutex:
            for _ in range(_TRIES):
                if self._gone is not None or self._version is None:
                    return False
                before = self._timing.now()
                mine = self._mine.next()
                try:
                    version = self._blobs.swap(KEY, mine.encode(), self._version)
                except StoreFailed as error:
                    self._why = error.diagnostics[0].message
                    raise
                if version is not None:
                    self._mine, self._version, self._until = mine, version, before + self._timing.lease
                    return True
                self._look_again()
            return False

    def _look_again(self) -> None:
        """The condition failed: an earlier sign of life got through after all, or the lock is not ours any more."""
        found = self._blobs.read(KEY)
        holder = read_holder(found.data) if found is not None else None
        if found is not None and holder is not None and holder.id == self.id:
            self._mine, self._version = holder, found.version
            return
        taken = f"was taken over by {holder} (lock {holder.id})" if holder is not None else "was taken away"
        self._gone = Locked(
            (self._lost(f"the lock {self.id} on {self._blobs.location} {taken}"),),
            holder=holder.facts() if holder is not None else {},
        )

    def certain(self) -> bool:
        """Whether the lock is ours for long enough to begin a write."""
        left = self._until - self._timing.now()
        return self._gone is None and left > self._timing.lease * _RESERVE

    def ensure(self) -> None:
        """Raises Locked where the lock is not certainly ours, and cannot be renewed now either."""
        if self.certain():
            return
        with suppress(StoreFailed):
            if self.beat() and self.certain():
                return
        if self._gone is not None:
            raise self._gone
        text = f"the lease on {self._blobs.location} could not be renewed in time, so another apply may have begun"
        raise Locked((self._lost(text + (f": {self._why}" if self._why else "")),), holder=self._mine.facts())

    def _lost(self, text: str) -> Diagnostic:
        hint = "nothing more is written; what was done is in the journal, and the next apply goes on from there"
        return Diagnostic("lock-lost", text, hint)

    def release(self) -> None:
        """Give it back, if it is still ours. Where the place fails, the lease runs out by itself."""
        with self._mutex, suppress(StoreFailed):
            for _ in range(_TRIES):
                if self._version is None or self._gone is not None or self._blobs.take_away(KEY, self._version):
                    break
                self._look_again()
            self._version, self._until = None, float("-inf")


@contextmanager
def hold(blobs: Blobs, owner: Owner, *, since: str, timing: Timing) -> Iterator[Lease]:
    """Hold the lock for the block, with signs of life from a thread. Raises Locked naming who has it."""
    lease = Lease(blobs, owner, since=since, timing=timing)
    lease.acquire()
    ended = threading.Event()

    def beating() -> None:
        while not ended.wait(timing.lease / _BEATS):
            with suppress(StoreFailed):  # the next one may get through; `ensure` tells when none did for too long
                lease.beat()

    thread = threading.Thread(target=beating, name="ggrec lock", daemon=True)
    thread.start()
    try:
        yield lease
    finally:
        ended.set()
        thread.join()
        lease.release()


def unlock(blobs: Blobs, lock_id: str) -> Holder | None:
    """Take the lock with this id away, whoever holds it; its holder, or None where nothing is locked (any more).

    Raises Locked where another lock than this one is there.
    """
    for _ in range(_TRIES):
        found = blobs.read(KEY)
        if found is None:
            return None
        holder = read_holder(found.data)
        if holder.id != lock_id:
            raise locked(holder, blobs.location, f"the lock {lock_id} is gone, this is another one")
        if blobs.take_away(KEY, found.version):
            return holder
    raise locked(holder, blobs.location, "its holder is alive and renews it faster than it can be removed")

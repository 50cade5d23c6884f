"""The lock on one state: one file that names its holder. A holder that is dead on this machine is taken over; a live
one never.
"""

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from reconciler.core.errors import Locked
from reconciler.core.ports import Clock
from reconciler.store.blobs import Blobs

KEY = "lock.json"


@dataclass(frozen=True, slots=True)
class Owner:
    """Who runs, as shown to whoever finds the lock taken. `started` tells a process from a later one of its number."""

    host: str
    pid: int
    user: str
    command: str = ""
    started: str = ""


def process_started(pid: int) -> str:
    """When a process of this machine began, as the kernel counts ("" where it does not run or cannot be told)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return text.rpartition(")")[2].split()[19]


@contextmanager
def hold(blobs: Blobs, owner: Owner, clock: Clock) -> Iterator[None]:
    """Hold the lock for the block. Raises Locked (naming the holder) where somebody else has it."""
    token = secrets.token_hex(8)
    mine = {"id": token, "since": clock.now(), **asdict(owner)}
    data = json.dumps(mine, indent=2, sort_keys=True).encode()
    for _ in range(3):
        if blobs.put_if_absent(KEY, data):
            break
        held = _read(blobs)
        if held is None:
            continue
        if not _dead(held, owner.host):
            raise _locked(held, blobs)
        # Claim the dead holder's lock by taking its file away; of two who try, one finds it absent and the other's.
        if blobs.put_if_absent(f"lock.{held.get('id')}.dead", data):
            blobs.delete(KEY)
    else:
        raise _locked(_read(blobs) or {}, blobs)
    try:
        yield
    finally:
        held = _read(blobs)
        if held is not None and held.get("id") == token:
            blobs.delete(KEY)
        for key in blobs.list("lock."):
            if key.endswith(".dead"):
                blobs.delete(key)


def _read(blobs: Blobs) -> dict[str, object] | None:
    data = blobs.get(KEY)
    if data is None:
        return None
    try:
        found = json.loads(data)
    except ValueError:
        found = {}
    return found if isinstance(found, dict) else {}


def _dead(held: dict[str, object], host: str) -> bool:
    """Only of this machine's processes can it be said."""
    pid = held.get("pid")
    if held.get("host") != host or not isinstance(pid, int):
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    started = held.get("started")
    return bool(started) and started != process_started(pid)


def _locked(held: dict[str, object], blobs: Blobs) -> Locked:
    who = f"{held.get('user', '?')} on {held.get('host', '?')} (process {held.get('pid', '?')})"
    return Locked.one(
        "locked",
        f"the state in {blobs.location} is in use by {who} since {held.get('since', '?')}: {held.get('command', '?')}",
        hint=f"wait for it to end; if it no longer runs there, remove {blobs.location}/{KEY}",
    )

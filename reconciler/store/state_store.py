"""The store of one instance: state.json (an index), objects under their digests, runs, and the journal of the run
under way.

A run's journal is worked in on load, so a process that died at any moment has lost nothing that it had recorded.
"""

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from reconciler.core.address import Address
from reconciler.core.errors import GgrecError
from reconciler.core.json import JsonObject, canonical_bytes, digest_bytes
from reconciler.core.ports import Clock
from reconciler.core.state import Intent, ResourceState, Run, State, verify
from reconciler.store.blobs import Blobs
from reconciler.store.codec import decode, decode_run, decode_state, encode
from reconciler.store.lock import Owner, hold

_STATE = "state.json"


class StateStore:
    """Implements core.ports.Store over any Blobs."""

    def __init__(self, blobs: Blobs, *, clock: Clock, owner: Owner) -> None:
        self._blobs = blobs
        self._clock = clock
        self._owner = owner

    @property
    def location(self) -> str:
        """Where it is, for people."""
        return self._blobs.location

    def load(self) -> State | None:
        """The verified state with interrupted runs worked in; None where there is none yet."""
        data = self._blobs.get(_STATE)
        journals = self._blobs.list("journal/")
        if data is None:
            if journals or self._blobs.list("runs/"):
                # Nothing here says "empty": a lost index must not look like a fresh start.
                raise GgrecError.one(
                    "state-lost",
                    f"{self.location} has runs but no {_STATE}",
                    hint=f"restore {_STATE} from a backup; to begin anew, move the folder away",
                )
            return None
        state = decode_state(self._json(data, _STATE), f"{self.location}/{_STATE}")
        for key in journals:
            state = self._worked_in(state, key)
        verify(state)
        return state

    def save(self, state: State) -> State:
        """Store with the next serial; then the journals are included and go."""
        saved = replace(state, serial=state.serial + 1)
        verify(saved)
        journals = self._blobs.list("journal/")
        text = json.dumps(encode(saved), indent=1, sort_keys=True, ensure_ascii=False)
        self._blobs.put(_STATE, text.encode("utf-8", "surrogatepass") + b"\n")
        for key in journals:
            self._blobs.delete(key)
        return saved

    def put(self, value: JsonObject) -> str:
        """Store a body under its digest; nothing to do where it is there."""
        data = canonical_bytes(value)
        digest = digest_bytes(data)
        self._blobs.put_if_absent(_object_key(digest), gzip.compress(data, mtime=0))
        return digest

    def get(self, digest: str) -> JsonObject:
        """A stored body, checked against its digest."""
        key = _object_key(digest)
        data = self._blobs.get(key)
        try:
            plain = gzip.decompress(data) if data is not None else None
        except (OSError, EOFError):
            plain = b""
        if plain is None or digest_bytes(plain) != digest:
            what = "is missing" if plain is None else "is damaged"
            raise GgrecError.one(
                "body-lost",
                f"{self.location}/{key} {what}",
                hint="restore it from a backup, or forget the object (ggrec state rm) and import it again",
            )
        found: JsonObject = json.loads(plain.decode("utf-8", "surrogatepass"))
        return found

    @contextmanager
    def lock(self, command: str) -> Iterator[None]:
        """Hold the lock for the block."""
        with hold(self._blobs, replace(self._owner, command=command), self._clock):
            yield

    def begin(self, run: Run) -> None:
        """Record the run, and open its journal."""
        self._put_run(run)

    def intend(self, run_id: str, intent: Intent) -> None:
        """Journal a write before it is sent."""
        self._append(run_id, {"intend": encode(intent)})

    def record(self, run_id: str, address: Address, entry: ResourceState | None) -> None:
        """Journal how a write ended."""
        self._append(run_id, {"record": {"address": str(address), "entry": encode(entry)}})

    def finish(self, run: Run) -> None:
        """Record the run again, with its outcomes."""
        self._put_run(run)

    def runs(self) -> tuple[Run, ...]:
        """All runs, oldest first."""
        found = []
        for key in self._blobs.list("runs/"):
            data = self._blobs.get(key)
            if data is not None:
                found.append(decode_run(self._json(data, key), f"{self.location}/{key}"))
        return tuple(sorted(found, key=lambda run: (run.started, run.id)))

    def _put_run(self, run: Run) -> None:
        text = json.dumps(encode(run), indent=1, sort_keys=True, ensure_ascii=False)
        self._blobs.put(f"runs/{run.id}.json", text.encode("utf-8", "surrogatepass") + b"\n")

    def _append(self, run_id: str, line: dict[str, Any]) -> None:
        text = json.dumps(line, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        self._blobs.append(f"journal/{run_id}.jsonl", text.encode("utf-8", "surrogatepass") + b"\n")

    def _json(self, data: bytes, key: str) -> JsonObject:
        try:
            found = json.loads(data.decode("utf-8", "surrogatepass"))
        except ValueError as error:
            found, why = None, str(error)
        else:
            why = "it is not a mapping"
        if not isinstance(found, dict):
            raise GgrecError.one(
                "damaged",
                f"{self.location}/{key} cannot be read: {why}",
                hint="restore it from a backup (git, or the last good copy); ggrec changes nothing meanwhile",
            )
        return found

    def _worked_in(self, state: State, key: str) -> State:
        """The state with one journal's lines applied, in order. A torn last line was never acted upon."""
        data = self._blobs.get(key) or b""
        lines = data.split(b"\n")
        intents = dict(state.intents)
        for number, line in enumerate(lines[:-1], start=1):
            entry = self._json(line, f"{key} line {number}")
            where = f"{self.location}/{key}:{number}"
            if "intend" in entry:
                intent = decode(Intent, entry["intend"], where)
                intents[intent.address] = intent
            else:
                record = entry.get("record")
                assert isinstance(record, dict)
                address = decode(Address, record["address"], where)
                body = record["entry"]
                state = state.with_resource(address, None if body is None else decode(ResourceState, body, where))
                intents.pop(address, None)
        return replace(state, intents=intents)


def _object_key(digest: str) -> str:
    return f"objects/{digest[:2]}/{digest[2:]}.json.gz"

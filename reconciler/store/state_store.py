"""The store of one instance: state.json (an index), objects under their digests, runs, and the journals of runs under
way.

A run's journal is worked in on load, so a process that died at any moment has lost nothing that it had recorded. The
index is only ever replaced where it still is the one that was loaded.
"""

import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import orjson
from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.address import Address
from reconciler.core.errors import BodyLost, GgrecError, Locked
from reconciler.core.json import Json, JsonObject, canonical_bytes, digest_bytes
from reconciler.core.ports import Clock
from reconciler.core.state import Intent, Outcome, ResourceState, Run, State, verify
from reconciler.store.behind import Behind
from reconciler.store.blobs import Blobs, Log
from reconciler.store.codec import decode, decode_run, decode_state, encode
from reconciler.store.journal import PREFIX, Included, Segment, counted, read_mapping, read_segments, told, worked_in

if TYPE_CHECKING:
    from reconciler.store.lease import Lease, Tenant

STATE = "state.json"
LOST = f"restore {STATE} from a backup (`ggrec state push FILE`), or make it anew from Grafana: `ggrec state rebuild`"
_INCLUDED = "included"
_AT_ONCE = 200
_LEVEL = 6
"""gzip's: three times as fast as 9, for the same size."""


class Index(Struct, frozen=True):
    """state.json as it was read: the state without journals, and what it takes to replace it."""

    state: State
    version: str
    included: Included


class StateStore:
    """Implements core.ports.Store over any Blobs; `tenant` is asked when its lock is to be held."""

    def __init__(self, blobs: Blobs, *, clock: Clock, tenant: "Callable[[], Tenant]") -> None:
        self.blobs = blobs
        self._clock = clock
        self._tenant = tenant
        self._behind = Behind(blobs.workers)
        self._lease: Lease | None = None
        self._opened = False
        self._index: Index | None = None
        self._segments: list[Segment] = []
        self._journals: list[str] = []
        self._numbers: dict[str, int] = {}
        self._stored: set[str] = set()
        self._logs: dict[str, Log] = {}
        self._begun: set[str] = set()

    @property
    def location(self) -> str:
        """Where it is, for people."""
        return self.blobs.location

    def load(self) -> State | None:
        """The verified state with interrupted runs worked in; None where there is none yet."""
        self._index = self.read_index()
        self._journals = list(self.blobs.list(PREFIX))
        self._segments = []
        self._opened = True
        if self._index is None:
            if self._journals or self.blobs.list("runs/"):
                # Nothing here says "empty": a lost index must not look like a fresh start.
                raise GgrecError.one("state-lost", f"{self.location} has runs but no {STATE}", hint=LOST)
            return None
        found = self._behind.all(self.read_journal, self._journals)
        self._segments = [segment for segments in found for segment in segments]
        for run, last in counted(self._segments).items():
            self._numbers[run] = max(last, self._numbers.get(run, 0))
        state = worked_in(self._index.state, self._segments, self._index.included)
        verify(state)
        return state

    def read_index(self) -> Index | None:
        """state.json alone. Raises GgrecError where it is damaged or of another format."""
        found = self.blobs.read(STATE)
        if found is None:
            return None
        where = f"{self.location}/{STATE}"
        data = dict(read_mapping(found.data, where, LOST))
        included = decode(dict[str, int], data.pop(_INCLUDED, {}), f"{where}.{_INCLUDED}")
        return Index(decode_state(data, where), found.version, included)

    def read_journal(self, key: str) -> tuple[Segment, ...]:
        """What is stored under one of the journals' keys. Raises GgrecError where it is damaged."""
        found = self.blobs.read(key)
        return () if found is None else read_segments(key, found.data, f"{self.location}/{key}")

    def save(self, state: State) -> State:
        """Store with the next serial; then the journals are included and go. Raises Locked where somebody else has
        saved meanwhile: nothing is overwritten, and the journals stay.
        """
        self._behind.settle()
        if self._lease is not None:
            self._lease.ensure()
        if not self._opened:
            self.load()
        there = self._index
        if there is not None and (there.state.serial, there.state.lineage) != (state.serial, state.lineage):
            raise self._moved(there.state, state)
        return self._replace(state, there.version if there is not None else None)

    def restore(self, state: State) -> State:
        """Put an index in the place of the present one, whatever that is, with a higher serial than both. For
        `ggrec state push`, under the lock.
        """
        found = self.blobs.read(STATE)
        serial = state.serial
        try:
            present = self.read_index()
        except GgrecError:
            present = None
        if present is not None:
            serial = max(serial, present.state.serial)
        return self._replace(replace(state, serial=serial), found.version if found is not None else None)

    def _replace(self, state: State, version: str | None) -> State:
        saved = replace(state, serial=state.serial + 1)
        verify(saved)
        included = counted(self._segments)
        document = {**encode(saved), _INCLUDED: included}  # type: ignore[dict-item]  # a Struct is a mapping
        data = _readable(document)
        self._tell_runs()
        made = self.blobs.create(STATE, data) if version is None else self.blobs.swap(STATE, data, version)
        if made is None:
            present = self.read_index()
            raise self._moved(present.state if present is not None else None, state)
        self._opened, self._index = True, Index(saved, made, included)
        self.blobs.delete(self._journals)
        self._close()
        self._journals, self._segments = [], []
        return saved

    def _close(self) -> None:
        for log in self._logs.values():
            log.close()
        self._logs.clear()

    def _tell_runs(self) -> None:
        """Have the records of runs say what their journals do, before these go: whose process was killed says no more.
        Own runs are told so too until they end.
        """
        for name in sorted({segment.run for segment in self._segments}):
            run = self._stored_run(f"runs/{name}.json")
            if run is not None and run.status == "running":
                status = run.status if name in self._begun else "interrupted"
                self._put_run(replace(told(run, self._segments), status=status))

    def _moved(self, present: State | None, mine: State) -> Locked:
        now = f"has serial {present.serial} of lineage {present.lineage}" if present is not None else "is gone"
        text = f"{self.location}/{STATE} {now}: somebody else saved it since serial {mine.serial} was loaded here"
        hint = "nothing was overwritten, and what this run did is in its journal: run the command again"
        return Locked.one("state-moved", text, hint=hint)

    def put(self, value: JsonObject) -> str:
        """Store a body under its digest, once; where the place is far away, on the side."""
        data = canonical_bytes(value)
        digest = digest_bytes(data)
        if digest not in self._stored:
            self._stored.add(digest)
            self._behind.later(lambda: self._put_body(digest, data))
        return digest

    def _put_body(self, digest: str, data: bytes) -> None:
        import gzip  # a plan of nothing touches no body

        try:
            self.blobs.put(object_key(digest), gzip.compress(data, _LEVEL, mtime=0))
        except BaseException:
            self._stored.discard(digest)
            raise

    def get(self, digest: str) -> JsonObject:
        """A stored body, checked against its digest. Raises BodyLost."""
        if digest in self._stored:
            self._behind.settle()
        key = object_key(digest)
        found = self.blobs.read(key)
        plain = None if found is None else unpacked(found.data)
        if plain is None or digest_bytes(plain) != digest:
            what = "is missing" if plain is None else "is damaged"
            hint = "restore it from a backup; or `ggrec state repair`, and the next apply observes the object anew"
            raise BodyLost.one("body-lost", f"{self.location}/{key} {what}", hint=hint)
        body: JsonObject = json.loads(plain.decode("utf-8", "surrogatepass"))
        return body

    def free(self, keys: Sequence[str]) -> None:
        """Remove what lies there, in this order, a few at a time. Raises Locked where the lock is not certainly ours
        any more: what follows stays.
        """
        for start in range(0, len(keys), _AT_ONCE):
            if self._lease is not None:
                self._lease.ensure()
            self.blobs.delete(keys[start : start + _AT_ONCE])
        self._stored.clear()

    @contextmanager
    def lock(self, command: str) -> Iterator[None]:
        """Hold the lock for the block. Raises Locked naming the holder."""
        from reconciler.store.lease import hold  # who only plans holds nothing

        tenant = self._tenant()
        owner = replace(tenant.owner, command=command)
        with hold(self.blobs, owner, since=self._clock.now(), timing=tenant.timing) as lease:
            self._lease = lease
            try:
                yield
            finally:
                self._lease = None

    def begin(self, run: Run) -> None:
        """Record the run, and open its journal."""
        if not self._opened:
            self.load()
        self._behind.settle()  # the bodies that it names
        self._begun.add(run.id)
        self._put_run(run)

    def intend(self, run_id: str, intent: Intent) -> None:
        """Journal a write before it is sent, after all bodies it needs. Raises Locked where the lock is not certainly
        ours any more: then it must not be sent.
        """
        if self._lease is not None:
            self._lease.ensure()
        self._behind.settle()
        self._write(self._next(run_id, intent.address, intent, None), durable=True)
        if self._lease is not None:
            self._lease.ensure()

    def record(
        self, run_id: str, address: Address, entry: ResourceState | None, outcome: Outcome | None = None
    ) -> None:
        """Journal how a write ended; where the place is far away, on the side, else with what is journalled next: until
        then its intent stands.
        """
        segment = self._next(run_id, address, None, entry, outcome)
        self._behind.later(lambda: self._write(segment, durable=False), in_order=True)

    def _write(self, segment: Segment, *, durable: bool) -> None:
        log = self._logs.get(segment.log)
        if log is None:
            log = self.blobs.log(segment.log)
            self._journals.append(segment.key if log is None else segment.log)
        if log is None:
            self.blobs.put(segment.key, segment.encode())
            return
        self._logs[segment.log] = log
        log.append(segment.encode(), durable=durable)

    def _next(
        self,
        run: str,
        address: Address,
        intent: Intent | None,
        entry: ResourceState | None,
        outcome: Outcome | None = None,
    ) -> Segment:
        number = self._numbers.get(run, 0) + 1
        self._numbers[run] = number
        serial = self._index.state.serial if self._index is not None else None
        segment = Segment(run, number, serial, address, intent, entry, outcome)
        self._segments.append(segment)
        return segment

    def finish(self, run: Run) -> None:
        """Record the run again, with its outcomes."""
        self._put_run(run)
        self._close()

    def runs(self, limit: int | None = None) -> tuple[Run, ...]:
        """All runs, oldest first; with a limit only the last, and no more than those are read."""
        keys = self.blobs.list("runs/")  # ids begin with the time
        chosen = keys if limit is None else keys[-limit:] if limit else ()
        found = [run for run in self._behind.all(self._stored_run, chosen) if run is not None]
        # Several may begin in one second: then the serial that they left tells.
        return tuple(sorted(self._with_journals(found), key=lambda run: (run.started, run.serial, run.id)))

    def run(self, run_id: str) -> Run | None:
        """One run, or None."""
        found = self._stored_run(f"runs/{run_id}.json") if run_id and "/" not in run_id else None
        return self._with_journals([found])[0] if found is not None else None

    def _with_journals(self, runs: Sequence[Run]) -> list[Run]:
        """Those that are under way, or were killed, with what their journals tell."""
        if all(run.status != "running" for run in runs):
            return list(runs)
        segments: list[Segment] = []
        for key in self.blobs.list(PREFIX):
            with suppress(GgrecError):  # what is damaged is told by whoever loads the state
                segments += self.read_journal(key)
        return [told(run, segments) if run.status == "running" else run for run in runs]

    def _stored_run(self, key: str) -> Run | None:
        found = self.blobs.read(key)
        where = f"{self.location}/{key}"
        return None if found is None else decode_run(read_mapping(found.data, where), where)

    def _put_run(self, run: Run) -> None:
        self.blobs.put(f"runs/{run.id}.json", _readable(encode(run)))


def _readable(document: Json) -> bytes:
    """As people read it and Git compares it: a line for each value, keys in order."""
    try:
        return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
    except orjson.JSONEncodeError:  # half a surrogate pair
        text = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False)
        return text.encode("utf-8", "surrogatepass") + b"\n"


def without_bookkeeping(document: JsonObject) -> JsonObject:
    """A stored index as `ggrec state pull` writes it: without what only this place's journals need."""
    return {key: value for key, value in document.items() if key != _INCLUDED}


def object_key(digest: str) -> str:
    """Where a body is stored."""
    return f"objects/{digest[:2]}/{digest[2:]}.json.gz"


def unpacked(data: bytes) -> bytes:
    """A body's plain bytes; none where it is damaged."""
    import gzip

    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        return b""

"""The index and the journal in every place: nobody overwrites a newer index, what comes late is looked at, a store that
fails at any call loses nothing.
"""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.core.address import Address
from reconciler.core.errors import BodyLost, ExitCode, GgrecError, Locked, StoreFailed
from reconciler.core.state import Intent, ResourceState, Run, State
from reconciler.store.blobs import Blobs, LocalBlobs, Log
from reconciler.store.inspection import copy, inspect, repair
from reconciler.store.lease import Tenant, Timing
from reconciler.store.lock import KEY, Owner
from reconciler.store.state_store import StateStore, object_key
from tests.lab_parts import Ticking
from tests.store.conftest import on_s3
from tests.store.s3 import Server

A, B, C = (Address("folder", name) for name in "abc")
SAMPLES = Path(__file__).parent / "samples"


def opened(blobs: Any, name: str = "here", now: Any = None) -> StateStore:
    """A store as a process of its own would open it."""
    owner = Owner(name, 1, "ann", machine=name)
    timing = Timing(now=now) if now is not None else Timing()
    return StateStore(blobs, clock=Ticking(), tenant=lambda: Tenant(owner, timing))


def entry(store: StateStore, uid: str, text: str = "x") -> ResourceState:
    digest = store.put({"title": text, "uid": uid})
    return ResourceState(uid, digest, digest)


def run(name: str) -> Run:
    return Run(name, "plan", "ann", "abc", "ggrec apply", "2026-11-24T01:00:00Z")


def test_a_state_comes_back_with_its_journal(blobs: Blobs) -> None:
    store = opened(blobs)
    assert store.load() is None
    state = store.save(State("lineage"))
    store.begin(run("r1"))
    store.intend("r1", Intent(A, "a", store.put({"a": 1})))
    done = entry(store, "a")
    store.record("r1", A, done)
    store.intend("r1", Intent(B, "b", None))
    again = opened(blobs)
    found = again.load()
    assert found is not None
    assert (found.serial, dict(found.resources), set(found.intents)) == (1, {A: done}, {B})
    saved = again.save(found)
    assert blobs.list("journal/") == ()
    assert opened(blobs).load() == saved
    assert [item.id for item in again.runs()] == ["r1"]
    with pytest.raises(Locked, match="somebody else saved it since serial 1") as caught:
        store.save(state)
    assert caught.value.exit_code is ExitCode.LOCKED
    assert opened(blobs).load() == saved


def test_who_lost_the_lock_neither_saves_nor_writes_and_nothing_is_lost(blobs: Blobs) -> None:
    clock = [0.0]
    first, second = opened(blobs, "one", lambda: clock[0]), opened(blobs, "two", lambda: clock[0])
    first.save(State("lineage"))
    with pytest.raises(Locked, match="taken over"), first.lock("ggrec apply"):
        mine = first.load()
        assert mine is not None
        first.begin(run("r1"))
        first.intend("r1", Intent(A, "a", first.put({"a": 1})))
        found = blobs.read(KEY)
        assert found is not None and blobs.take_away(KEY, found.version)  # as long a pause as it takes
        clock[0] = 100.0
        with second.lock("ggrec apply"):
            theirs = second.load()
            assert theirs is not None and set(theirs.intents) == {A}
            newer = entry(second, "a", "newer")
            saved = second.save(theirs.with_resource(A, newer))
            late = entry(first, "a", "older")
            first.record("r1", A, late)
            first.record("r1", B, None)
            with pytest.raises(Locked, match="taken over by ann on two"):
                first.intend("r1", Intent(B, "b", None))
            first.save(mine)
    found_after = opened(blobs).load()
    assert found_after is not None
    assert dict(found_after.resources) == {A: newer} == dict(saved.resources)
    assert found_after.intents[A] == Intent(A, "a", late.applied)  # looked at, never taken for how things are
    assert B not in found_after.intents  # gone, as it is known to be


class Failing:
    """Blobs whose k-th call and all that follow fail, as on a full disk; or only that one."""

    def __init__(self, inner: Blobs, k: int, only: bool) -> None:
        self.inner, self.k, self.only, self.calls = inner, k, only, 0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        if name in {"location", "workers"}:
            return found
        if name == "log":
            return self._log

        def call(*arguments: Any) -> Any:
            self._count(writes=name in {"put", "create", "swap"})
            return found(*arguments)

        return call

    def _count(self, *, writes: bool) -> None:
        self.calls += 1
        if writes and (self.calls == self.k or (self.calls > self.k and not self.only)):
            raise StoreFailed.one("state-storage", "No space left on device")

    def _log(self, key: str) -> "FailingLog | None":
        log = self.inner.log(key)
        return None if log is None else FailingLog(self, log)


class FailingLog:
    """A log of Failing: each line is one of its calls."""

    def __init__(self, blobs: Failing, log: Log) -> None:
        self.blobs, self.log = blobs, log

    def append(self, data: bytes, *, durable: bool) -> None:
        self.blobs._count(writes=True)
        self.log.append(data, durable=durable)

    def close(self) -> None:
        self.log.close()


def _apply(store: StateStore, name: str) -> None:
    with store.lock("ggrec apply"):
        state = store.load() or State("lineage")
        if state.serial == 0:
            state = store.save(state)
        store.begin(run(name))
        for address in (A, B):
            store.intend(name, Intent(address, address.name, store.put({"uid": address.name})))
            done = entry(store, address.name)
            store.record(name, address, done)
            state = state.with_resource(address, done)
        store.save(state)
        store.finish(run(name))


@pytest.mark.parametrize("only", [False, True])
def test_failing_at_any_call_nothing_is_lost_and_the_next_converges(only: bool, tmp_path: Path) -> None:
    k = 0
    while True:
        k += 1
        inner = LocalBlobs(tmp_path / f"{k}")
        failing = Failing(inner, k, only)
        try:
            _apply(opened(failing), "r1")
        except StoreFailed as error:
            assert "No space left" in str(error)
        assert inner.read(KEY) is None, "the lock is given back"
        report = inspect(opened(inner))
        assert not report.problems
        _apply(opened(inner), "r2")
        state = opened(inner).load()
        assert state is not None and set(state.resources) == {A, B} and not state.intents
        if failing.calls < k:
            break
    assert k > 15


def test_an_apply_over_the_network_needs_few_requests(s3: Server, bucket: str) -> None:
    store = opened(on_s3(s3, bucket))
    before = len(s3.requests)
    with store.lock("ggrec apply"):
        state = store.save(store.load() or State("lineage"))
        store.begin(run("r"))
        for number in range(100):
            address = Address("folder", f"f{number}")
            store.intend("r", Intent(address, address.name, store.put({"uid": address.name})))
            done = ResourceState(address.name, store.put({"uid": address.name}), store.put({"live": address.name}))
            store.record("r", address, done)
            state = state.with_resource(address, done)
        store.save(state)
        store.finish(run("r"))
    assert len(s3.requests) - before < 430
    assert not inspect(opened(on_s3(s3, bucket))).problems


def test_the_last_runs_are_read_without_the_others(s3: Server, bucket: str) -> None:
    store = opened(on_s3(s3, bucket))
    for number in range(30):
        store.finish(replace(run(f"2026-{number:03}"), status="done"))
    before = len(s3.requests)
    assert [item.id for item in store.runs(2)] == ["2026-028", "2026-029"]
    assert len(s3.requests) - before == 3
    assert store.run("2026-007") is not None
    assert store.run("none") is None
    assert len(store.runs()) == 30


def test_verify_and_repair(blobs: Blobs) -> None:
    store = opened(blobs)
    good, bad, gone = entry(store, "a"), entry(store, "b"), entry(store, "c")
    store.save(State("lineage", resources={A: good, B: bad, C: gone}))
    store.begin(run("r"))
    store.put({"an": "orphan"})  # on the side, where the place is far away: what is intended next waits for it
    store.intend("r", Intent(A, "a", good.applied))
    store.load()
    fine = inspect(opened(blobs))
    assert (fine.problems, fine.bodies, fine.orphans, fine.runs, fine.journals) == ((), 3, 1, 1, 1)
    blobs.put(object_key(str(bad.applied)), b"\x1f\x8bnonsense")
    blobs.delete([object_key(str(gone.applied))])
    blobs.put(blobs.list("journal/")[0], b'{"intend": \n')
    with pytest.raises(BodyLost, match="is damaged"):
        opened(blobs).get(str(bad.applied))
    report = inspect(opened(blobs))
    assert sorted(item.code for item in report.problems) == ["body-lost", "body-lost", "damaged"]
    assert report.unobserved == (B, C)
    repaired = repair(opened(blobs), report)
    assert repaired is not None and repaired.resources[A] == good
    assert {repaired.resources[address].applied for address in (B, C)} == {None}
    assert not inspect(opened(blobs)).problems
    assert len(blobs.list("damaged/")) == 2
    assert repair(opened(blobs), inspect(opened(blobs))) is None


def test_a_body_that_was_damaged_is_whole_after_it_is_stored_again(blobs: Blobs) -> None:
    store = opened(blobs)
    digest = store.put({"a": 1})
    assert store.get(digest) == {"a": 1}  # it is there: putting it may go on the side
    blobs.put(object_key(digest), b"nonsense")
    again = opened(blobs)
    again.put({"a": 1})
    assert again.get(digest) == {"a": 1}


def test_a_state_moves_from_a_folder_to_a_bucket(tmp_path: Path, s3: Server, bucket: str) -> None:
    here, there = opened(LocalBlobs(tmp_path)), opened(on_s3(s3, bucket))
    here.save(State("lineage", resources={A: entry(here, "a"), B: entry(here, "b")}))
    here.begin(run("r"))
    here.record("r", B, None)
    copied, _ = copy(here, there)
    found = opened(on_s3(s3, bucket))
    assert found.load() == copied
    assert set(copied.resources) == {A}
    assert found.get(str(copied.resources[A].applied))["uid"] == "a"
    assert [item.id for item in found.runs()] == ["r"]
    other = opened(LocalBlobs(tmp_path / "other"))
    other.save(State("another"))
    with pytest.raises(GgrecError, match="the state of another project"):
        copy(here, other)
    with pytest.raises(GgrecError, match=r"newer than the 1 of"):
        copy(here, there)


def test_format_1_loads_with_its_journal(tmp_path: Path) -> None:
    """A state of ggrec 0.2, whose last run died while it wrote its journal."""
    sample = SAMPLES / "format-1"
    blobs = LocalBlobs(tmp_path)
    for path in sample.rglob("*"):
        if path.is_file():
            blobs.put(path.relative_to(sample).as_posix(), path.read_bytes())
    state = opened(blobs).load()
    assert state is not None
    assert (state.lineage, state.serial, state.format) == ("1d0c0dd8-lineage", 3, 3)
    assert [str(address) for address in state.resources] == ["dashboard.orders", "folder.ops"]
    assert set(state.intents) == {Address("team", "shop")}
    store = opened(blobs)
    store.load()
    assert store.save(state).serial == 4
    assert blobs.list("journal/") == ()

"""The lock on virtual clocks: two never both hold it, a dead holder is always taken over, a live one never."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.core.errors import Locked, StoreFailed
from reconciler.store.blobs import Blob, Blobs
from reconciler.store.lease import Lease, Timing, hold, unlock
from reconciler.store.lock import KEY, Owner, pipeline_url, process_started, read_holder, runs, this_machine

LEASE = 60.0


class Memory:
    """Blobs in a dictionary, whose next answer can be lost before or after the write."""

    location, workers = "memory", 1

    def __init__(self) -> None:
        self.held: dict[str, tuple[bytes, int]] = {}
        self.count = 0
        self.trouble = ""
        self.passes: Callable[[], None] = lambda: None
        """Time that goes by on the way to the store, and on the way back."""

    def _trouble(self) -> str:
        self.passes()
        found, self.trouble = self.trouble, ""
        if found == "before":
            raise StoreFailed.one("state-unreachable", "no way")
        return found

    def _done(self, found: str) -> None:
        self.passes()
        if found == "after":
            raise StoreFailed.one("state-timeout", "no answer")

    def log(self, key: str) -> None:
        return None

    def read(self, key: str) -> Blob | None:
        self.passes()
        found = self.held.get(key)
        self.passes()
        return None if found is None else Blob(found[0], str(found[1]))

    def _set(self, key: str, data: bytes) -> str:
        self.count += 1
        self.held[key] = (data, self.count)
        return str(self.count)

    def create(self, key: str, data: bytes) -> str | None:
        trouble = self._trouble()
        made = self._set(key, data) if key not in self.held else None
        self._done(trouble)
        return made

    def swap(self, key: str, data: bytes, version: str) -> str | None:
        trouble = self._trouble()
        made = self._set(key, data) if key in self.held and str(self.held[key][1]) == version else None
        self._done(trouble)
        return made

    def take_away(self, key: str, version: str) -> bool:
        if key in self.held and str(self.held[key][1]) != version:
            return False
        self.held.pop(key, None)
        return True


class Machine:
    """A process on a machine of its own, whose clock has its own zero and runs up to 5 % fast or slow."""

    def __init__(self, number: int, world: "World", rate: float) -> None:
        self.world, self.rate, self.zero = world, rate, number * 1e6
        self.owner = Owner(f"host{number}", number + 1, "ann", "ggrec apply", machine=f"machine{number}")
        self.lease: Lease | None = None
        self.holding = False

    def now(self) -> float:
        return self.zero + self.world.time * self.rate

    def step(self, trouble: str) -> None:
        """What a process does next: a sign of life where it holds the lock, else one attempt to get it."""
        self.world.blobs.trouble = trouble
        if self.lease is None:
            timing = Timing(LEASE, now=self.now)
            self.lease = Lease(self.world.blobs, self.owner, since="now", timing=timing)  # type: ignore[arg-type]
        try:
            if self.holding:
                self.lease.beat()
            else:
                self.holding = self.lease.attempt()
        except Locked:
            self.lease, self.holding = None, False  # it gave up; it may come again
        except StoreFailed:
            pass
        self.world.blobs.trouble = ""

    def certain(self) -> bool:
        return self.lease is not None and self.holding and self.lease.certain()


class World:
    def __init__(self, rates: list[float]) -> None:
        self.time = 0.0
        self.blobs = Memory()
        self.machines = [Machine(number, self, rate) for number, rate in enumerate(rates)]

    def go(self, seconds: float, busy: int, other: int | None) -> None:
        """Time goes by while a machine waits for the store, and another one may take a step meanwhile."""
        if other is not None and other != busy:
            passes, trouble = self.blobs.passes, self.blobs.trouble
            self.blobs.passes = lambda: None
            self.machines[other].step("")
            self.blobs.passes, self.blobs.trouble = passes, trouble
        self.time += seconds
        assert sum(machine.certain() for machine in self.machines) <= 1


troubles = st.sampled_from(["", "", "", "before", "after"])
ways = st.tuples(st.sampled_from([0, 0, 9, 50]), st.none() | st.integers(0, 2))
steps = st.lists(st.tuples(st.integers(0, 2), st.floats(0, 100), troubles, ways), min_size=5, max_size=60)
rates = st.lists(st.floats(0.97, 1.03), min_size=3, max_size=3)


@settings(max_examples=400, deadline=None)
@given(rates, steps)
def test_two_never_both_hold_and_a_dead_holder_is_taken_over(speeds: list[float], course: Any) -> None:
    world = World(speeds)
    for number, wait, trouble, way in course:  # whoever does not step for long is paused, cut off, or dead
        world.time += wait
        world.blobs.passes = lambda number=number, way=way: world.go(way[0], number, way[1])  # type: ignore[misc]
        world.machines[number].step(trouble)
        assert sum(machine.certain() for machine in world.machines) <= 1
    world.blobs.passes = lambda: None
    fresh = Machine(9, world, 1.0)  # all others die here
    for _ in range(200):
        if fresh.holding:
            break
        world.time += 2
        fresh.step("")
    assert fresh.certain()
    assert sum(machine.certain() for machine in world.machines) == 0


@settings(max_examples=100, deadline=None)
@given(rates, st.lists(st.tuples(st.integers(1, 2), st.floats(0.1, 9)), max_size=80))
def test_a_live_holder_is_never_taken_over(speeds: list[float], course: Any) -> None:
    world = World(speeds)
    world.machines[0].step("")
    last = 0.0
    for number, wait in course:
        world.time += wait
        world.machines[number].step("")
        if world.time - last > LEASE / 6:
            world.machines[0].step("")
            last = world.time
        assert world.machines[0].certain()


def _lease(blobs: Blobs, clock: list[float], **owner: Any) -> Lease:
    who = Owner(**{"host": "h", "pid": 1, "user": "ann", "machine": "m", **owner})
    return Lease(blobs, who, since="2026-01-01", timing=Timing(LEASE, now=lambda: clock[0]))


def test_a_holder_whose_lease_ran_out_must_stop(blobs: Blobs) -> None:
    clock = [0.0]
    first, second = (
        _lease(blobs, clock),
        _lease(blobs, clock, machine="other", host="elsewhere", pipeline="http://ci/7"),
    )
    assert first.attempt()
    first.ensure()
    assert not second.attempt()
    clock[0] = 67.0
    assert second.attempt()
    with pytest.raises(Locked, match=r"taken over by ann on elsewhere \(process 1\).*http://ci/7") as caught:
        first.ensure()
    assert caught.value.holder["host"] == "elsewhere"
    first.release()
    second.ensure()


def test_a_pause_that_nobody_used_is_made_up_for(blobs: Blobs) -> None:
    clock = [0.0]
    lease = _lease(blobs, clock)
    assert lease.attempt()
    clock[0] = 500.0
    assert not lease.certain()
    lease.ensure()
    assert lease.certain()


def test_a_lease_counts_from_before_its_write() -> None:
    clock, memory = [0.0], Memory()

    def pass_by() -> None:
        clock[0] += 8.0

    lease = _lease(memory, clock)  # type: ignore[arg-type]
    memory.passes = pass_by  # on the way to and back, for the read and the write
    assert lease.attempt()
    assert clock[0] == 32.0
    assert lease.certain()
    clock[0] += 15.0  # 47 of 60 seconds since it began, 15 since the answer
    assert not lease.certain()


def test_cut_off_from_the_store_it_stops_before_the_lease_ends() -> None:
    clock, memory = [0.0], Memory()
    lease = _lease(memory, clock)  # type: ignore[arg-type]
    assert lease.attempt()
    clock[0] = 46.0
    memory.trouble = "before"
    with pytest.raises(Locked, match=r"could not be renewed in time.*no way"):
        lease.ensure()


@pytest.mark.parametrize("trouble", ["before", "after"])
def test_a_lock_whose_answer_was_lost_is_recognised(trouble: str) -> None:
    memory, clock = Memory(), [0.0]
    lease = _lease(memory, clock)  # type: ignore[arg-type]
    memory.trouble = trouble
    if trouble == "before":
        with pytest.raises(StoreFailed):
            lease.attempt()
    assert lease.attempt()
    memory.trouble = "after"
    with pytest.raises(StoreFailed):
        lease.beat()
    assert lease.beat()
    lease.release()
    assert memory.read(KEY) is None


def test_racing_a_hundred_times_exactly_one_holds(blobs: Blobs) -> None:
    for _ in range(30 if blobs.location.startswith("s3") else 100):
        held: list[Lease] = []
        pair = [_lease(blobs, [0.0], machine=f"m{number}") for number in range(2)]
        barrier = threading.Barrier(2)

        def race(lease: Lease, barrier: threading.Barrier = barrier, held: list[Lease] = held) -> None:
            barrier.wait()
            if lease.attempt():
                held.append(lease)

        threads = [threading.Thread(target=race, args=(lease,)) for lease in pair]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(held) == 1
        held[0].release()
        assert blobs.read(KEY) is None


def test_unlocking_needs_the_id_and_can_be_repeated(blobs: Blobs) -> None:
    lease = _lease(blobs, [0.0])
    assert lease.attempt()
    with pytest.raises(Locked, match="another one"):
        unlock(blobs, "somethingelse")
    removed = unlock(blobs, lease.id)
    assert removed is not None and removed.owner.user == "ann"
    assert unlock(blobs, lease.id) is None
    with pytest.raises(Locked, match="was taken away"):
        lease.beat()
        lease.ensure()


def test_an_old_lock_without_signs_of_life_is_never_taken_over() -> None:
    memory, clock = Memory(), [0.0]
    memory.create(KEY, b'{"id": "x", "host": "elsewhere", "pid": 1, "user": "ann"}')
    lease = _lease(memory, clock)  # type: ignore[arg-type]
    with pytest.raises(Locked, match="no signs of life"):
        lease.attempt()


def test_whoever_waits_says_so_and_takes_over() -> None:
    memory, clock, said = Memory(), [0.0], []
    assert _lease(memory, clock, machine="dead").attempt()  # type: ignore[arg-type]

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    timing = Timing(LEASE, now=lambda: clock[0], sleep=sleep, told=said.append)
    with hold(memory, Owner("h", 1, "bob", machine="m"), since="x", timing=timing) as lease:  # type: ignore[arg-type]
        lease.ensure()
    assert len(said) == 1
    assert 66 <= clock[0] < 70
    assert memory.read(KEY) is None


def test_signs_of_life_come_while_the_lock_is_held() -> None:
    memory, enough = Memory(), threading.Event()

    def seen() -> None:
        if KEY in memory.held and read_holder(memory.held[KEY][0]).beat >= 3:
            enough.set()

    memory.passes = seen
    with hold(memory, Owner("h", 1, "bob", machine="m"), since="x", timing=Timing(0.06)):  # type: ignore[arg-type]
        assert enough.wait(30)
    assert memory.read(KEY) is None


def test_of_this_machine_only_a_process_that_ended_is_dead() -> None:
    here = Owner("h", os.getpid(), "ann", started=process_started(os.getpid()), machine=this_machine())
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    process.wait()
    lease = _lease(Memory(), [0.0])  # type: ignore[arg-type]
    mine = replace(lease._mine, owner=here)
    assert runs(mine, here) is True
    assert runs(replace(mine, owner=replace(here, pid=process.pid)), here) is False
    assert runs(replace(mine, owner=replace(here, started="7")), here) is False  # the number was given again
    assert runs(replace(mine, owner=replace(here, machine="elsewhere")), here) is None
    assert read_holder(mine.encode()) == mine
    assert read_holder(b"\xff").id == "?"


def test_the_pipeline_is_named() -> None:
    github = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "a/b", "GITHUB_RUN_ID": "7"}
    assert pipeline_url(github) == "https://github.com/a/b/actions/runs/7"
    assert pipeline_url({"CI_JOB_URL": "https://gitlab/j/1"}) == "https://gitlab/j/1"
    assert pipeline_url({}) == ""

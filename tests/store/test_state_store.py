"""The store: exact codecs, crashes at every operation on the disk, damage that is told, and the lock between real
processes.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.address import Address
from reconciler.core.errors import GgrecError, Locked
from reconciler.core.plan import Action, Change, Plan, Precondition, Target
from reconciler.core.resource import Lifecycle, Resource, SecretRef
from reconciler.core.source import Mark
from reconciler.core.state import Intent, ResourceState, State
from reconciler.store.blobs import LocalBlobs
from reconciler.store.codec import decode_plan, decode_state, encode
from reconciler.store.lease import Tenant
from reconciler.store.lock import Owner, process_started
from reconciler.store.planfile import Made, read_plan, write_plan
from reconciler.store.state_store import StateStore
from tests.lab_parts import Ticking

A, B = Address("folder", "a"), Address("folder", "b")
ENTRY = ResourceState("a", "1" * 40, "2" * 40, "r1", 3, {"k": "scrypt$x$y"}, (B,), protected=True, title="A")
names = st.text("abcdefghijklmnopqrstuvwxyz0123456789_-", min_size=1, max_size=10)
addresses = st.builds(Address, st.sampled_from(["folder", "team", "dashboard"]), names)
texts = st.text(max_size=8)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


def store(folder: Path, blobs: Any = None, **owner: Any) -> StateStore:
    who = Owner("host", owner.get("pid", os.getpid()), "ann", "ggrec apply", owner.get("started", ""))
    return StateStore(blobs or LocalBlobs(folder), clock=Ticking(), tenant=lambda: Tenant(who))


@given(
    st.dictionaries(addresses, st.builds(ResourceState, names, st.just("1" * 40), st.just("2" * 40), st.none() | texts))
)
def test_a_state_reads_back_as_it_was(resources: dict[Address, ResourceState]) -> None:
    state = State("lineage", 3, "http://g", 1, resources, {A: Intent(A, None, None)})
    assert decode_state(encode(state), "state") == state  # type: ignore[arg-type]


@given(st.dictionaries(texts, json_values, max_size=3), addresses, st.sampled_from(list(Action)))
def test_a_plan_reads_back_as_it_was(attributes: Any, address: Address, action: Action) -> None:
    resource = Resource(
        address, "u", attributes, {"s": SecretRef("${env:X}")}, (A,), Lifecycle(True), Mark("a.yaml", 1, 2)
    )
    change = Change(
        address, action, "r", "u", "T", resource=resource, applied=attributes, precondition=Precondition(True)
    )
    plan = Plan(Target("http://g", 1), "lineage", 1, "c", (change,), unmanaged={"folder": 2})
    assert decode_plan(encode(plan), "plan") == plan  # type: ignore[arg-type]


def test_a_newer_format_is_refused_and_an_older_one_upgraded() -> None:
    data: Any = encode(State("lineage"))
    with pytest.raises(GgrecError, match="reads up to 3"):
        decode_state({**data, "format": 4}, "state.json")
    old = {key: value for key, value in data.items() if key != "intents"}
    upgraded = decode_state({**old, "format": 1}, "state.json", {1: lambda found: {**found, "intents": {}}, 2: dict})
    assert upgraded == State("lineage")


def test_unknown_and_wrong_fields_are_named() -> None:
    data: Any = encode(State("lineage"))
    with pytest.raises(GgrecError, match="unknown field 'colour'"):
        decode_state({**data, "colour": 1}, "state.json")
    with pytest.raises(GgrecError, match=r"state.json.serial: int expected"):
        decode_state({**data, "serial": "1"}, "state.json")


def test_the_journal_is_worked_in(tmp_path: Path) -> None:
    first = store(tmp_path)
    first.save(State("lineage", resources={B: ENTRY}))
    first.intend("r1", Intent(A, "a", "1" * 40))
    first.record("r1", A, ENTRY)
    first.intend("r1", Intent(B, "a", None))
    with pytest.raises(GgrecError, match="has the uid 'a' of"):
        store(tmp_path).load()  # two owners of one uid: said, not swallowed
    first.record("r2", B, None)
    loaded = store(tmp_path).load()
    assert loaded is not None
    assert set(loaded.resources) == {A}
    saved = first.save(loaded)
    assert saved.serial == 2
    assert not list((tmp_path / "journal").glob("*"))


class Breaking:
    """Blobs that break before or after the k-th operation, as a process does that is killed."""

    def __init__(self, inner: LocalBlobs, k: int, after: bool) -> None:
        self.inner, self.left, self.after = inner, k, after

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        if not callable(found):
            return found

        def call(*arguments: Any) -> Any:
            self.left -= 1
            if self.left == 0 and not self.after:
                raise KeyboardInterrupt
            result = found(*arguments)
            if self.left == 0:
                raise KeyboardInterrupt
            return result

        return call


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("k", range(1, 16))
def test_killed_at_any_operation_the_state_stays_good(tmp_path: Path, k: int, after: bool) -> None:
    good = store(tmp_path)
    good.save(State("lineage"))
    recorded: set[Address] = set()
    broken = store(tmp_path, Breaking(LocalBlobs(tmp_path), k, after))
    try:
        state = broken.load()
        assert state is not None
        for address, uid in ((A, "a"), (B, "b")):
            digest = broken.put({"x": uid})
            entry = ResourceState(uid, digest, digest)
            broken.intend("r", Intent(address, uid, digest))
            broken.record("r", address, entry)
            recorded.add(address)
            state = state.with_resource(address, entry)
        broken.save(state)
    except KeyboardInterrupt:
        pass
    loaded = store(tmp_path).load()
    assert loaded is not None
    assert recorded <= set(loaded.resources)
    for entry in loaded.resources.values():
        assert good.get(str(entry.applied))["x"] == entry.uid


def test_damage_is_told_and_never_taken_for_a_fresh_start(tmp_path: Path) -> None:
    good = store(tmp_path)
    good.save(State("lineage"))
    digest = good.put({"a": 1})
    file = next((tmp_path / "objects").rglob("*.gz"))
    file.write_bytes(b"nonsense")
    with pytest.raises(GgrecError, match="is damaged"):
        good.get(digest)
    (tmp_path / "state.json").write_text("{")
    with pytest.raises(GgrecError, match=r"state\.json cannot be read"):
        store(tmp_path).load()
    (tmp_path / "state.json").unlink()
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "r.json").write_text("{}")
    with pytest.raises(GgrecError, match=r"has runs but no state\.json"):
        store(tmp_path).load()


def test_a_plan_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    plan, made = Plan(Target("http://g", 1), "lineage", 1, "c"), Made("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")
    write_plan(tmp_path / "p.ggrec", plan, made)
    saved = read_plan(tmp_path / "p.ggrec")
    assert (saved.plan, saved.made) == (plan, made)
    assert [path.name for path in tmp_path.iterdir()] == ["p.ggrec"]


def test_the_lock_is_held_by_one_and_given_back(tmp_path: Path) -> None:
    mine = store(tmp_path, started=process_started(os.getpid()))
    other = store(tmp_path)
    with mine.lock("ggrec apply"), pytest.raises(Locked, match=r"ann on host \(process"), other.lock("ggrec apply"):
        pass
    with mine.lock("ggrec apply"):
        pass
    assert not (tmp_path / "lock.json").exists()


def test_a_dead_holder_is_taken_over_a_live_one_never(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    process.wait()
    with store(tmp_path, pid=process.pid).lock("dead"):
        held = (tmp_path / "lock.json").read_bytes()
    (tmp_path / "lock.json").write_bytes(held)
    with store(tmp_path).lock("ggrec apply"):
        pass
    again = held.replace(str(process.pid).encode(), str(os.getpid()).encode())
    (tmp_path / "lock.json").write_bytes(again)
    with pytest.raises(Locked), store(tmp_path).lock("ggrec apply"):
        pass

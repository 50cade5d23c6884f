"""A store that fails, or that is not ours any more, while an apply runs: it stops, says why, and nothing is lost."""

from pathlib import Path
from typing import Any

import pytest

from reconciler.core.errors import GgrecError, Locked, StoreFailed
from reconciler.core.state import Intent
from reconciler.store.blobs import LocalBlobs
from reconciler.store.inspection import inspect
from reconciler.store.lease import Tenant
from reconciler.store.lock import Owner
from reconciler.store.state_store import StateStore
from tests.lab import Lab, document

DOCUMENTS = [
    document("Folder", "ops", title="Operations"),
    document("Dashboard", "orders", title="Orders", folder="ops"),
    document("Team", "shop", name="Shop", members=[]),
]


class Full(LocalBlobs):
    """A folder on a disk that is full from the k-th write on."""

    def __init__(self, folder: Path, k: int) -> None:
        super().__init__(folder)
        self.k, self.writes = k, 0

    def _room(self) -> None:
        self.writes += 1
        if self.writes >= self.k:
            raise StoreFailed.one("state-storage", "cannot write: No space left on device")

    def put(self, key: str, data: bytes) -> None:
        self._room()
        super().put(key, data)

    def create(self, key: str, data: bytes) -> str | None:
        self._room()
        return super().create(key, data)


class Broken(Lab):
    """A lab whose store can be another one than the folder's plain one."""

    made: Any = None

    @property
    def store(self) -> StateStore:
        return self.made or super().store


def _store(lab: Lab, blobs: LocalBlobs) -> StateStore:
    return StateStore(blobs, clock=lab.clock, tenant=lambda: Tenant(Owner("lab", 1, "somebody", "ggrec")))


@pytest.mark.parametrize("k", range(1, 16))
def test_a_disk_that_is_full_at_any_write(tmp_path: Path, k: int) -> None:
    lab = Broken(tmp_path)
    lab.made = _store(lab, Full(tmp_path / "state", k))
    failed = False
    try:
        lab.apply(DOCUMENTS)
    except StoreFailed as error:
        failed = "No space left" in str(error)
    assert failed == (lab.made.blobs.writes >= k)
    lab.made = None
    assert not inspect(lab.store).problems
    lab.converge(DOCUMENTS)
    assert sorted(lab.org.dashboards) == ["orders"]
    assert [team["name"] for team in lab.org.teams.values()] == ["Shop"]
    assert len(lab.org.folders) == 1
    assert set(map(str, lab.state.resources)) == {"folder.ops", "dashboard.orders", "team.shop"}


def test_who_lost_the_lock_sends_no_write_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = Lab(tmp_path)
    intended: list[Intent] = []
    honest = StateStore.intend

    def intend(store: StateStore, run: str, intent: Intent) -> None:
        if intended:
            raise Locked.one("lock-lost", "the lock was taken over by bob")
        intended.append(intent)
        honest(store, run, intent)

    monkeypatch.setattr(StateStore, "intend", intend)
    applied = lab.apply(DOCUMENTS)
    results = sorted(outcome.result for outcome in applied.outcomes)
    assert results in (["done", "failed", "not-attempted"], ["done", "failed", "skipped"])
    assert [type(error) for error in applied.errors] == [Locked]
    assert len({path for path in lab.writes() if path.startswith("POST")}) == 1
    monkeypatch.undo()
    lab.converge(DOCUMENTS)


def test_a_save_that_is_refused_leaves_the_run_told_and_the_journal(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.applied([DOCUMENTS[0]])

    def somebody_saves() -> None:
        other = lab.store
        state = other.load()
        assert state is not None
        other.save(state)

    with pytest.raises(GgrecError, match="somebody else saved it"):
        lab.apply(DOCUMENTS, between=somebody_saves)
    assert [run.status for run in lab.store.runs()][-1] == "done"
    assert not inspect(lab.store).problems
    lab.converge(DOCUMENTS)
    assert len(lab.org.teams) == 1

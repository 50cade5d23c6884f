"""state gc: shows what it would free, and frees it only where that is asked for."""

import json
from typing import Any

import pytest

from tests.cli.command import Folder
from tests.cli.people import live
from tests.cli.test_history import declare


@pytest.fixture
def sandbox(anew: Any) -> Any:
    """One server for all tests here."""
    return anew


def test_only_old_runs_and_their_bodies_go(applied: Folder, sandbox: Any) -> None:
    for old, new in (("Orders", "Second"), ("Second", "Third")):
        declare(applied, f"title: {old}", f"title: {new}")
        assert applied.ggrec("apply", "--auto-approve").code == 0
    state = applied.path / "state"
    before = {path: path.read_bytes() for path in state.rglob("*") if path.is_file()}
    shown = applied.ggrec("state", "gc", "--keep-runs", "1")
    assert shown.code == 0
    assert "Would free in" in shown.out and "2 runs, " in shown.out and "The same with --yes does it." in shown.out
    assert {path: path.read_bytes() for path in state.rglob("*") if path.is_file()} == before
    done = applied.ggrec("state", "gc", "--keep-runs", "1", "--yes", "--json").json
    left = {path: path.read_bytes() for path in state.rglob("*") if path.is_file()}
    assert (done["done"], len(done["freed"]["runs"]), done["kept"]["runs"]) == (True, 2, 1)
    gone = [before[path] for path in before if path not in left]
    assert (len(gone), sum(map(len, gone))) == (2 + done["freed"]["bodies"], done["freed"]["bytes"])
    assert applied.ggrec("state", "verify").code == 0
    assert applied.ggrec("plan", "--detailed-exitcode").code == 0
    (run,) = applied.ggrec("history", "--json").json["runs"]
    assert applied.ggrec("rollback", run["id"], "--auto-approve").code == 0
    assert live(sandbox)["title"] == "Second"


def test_it_is_done_under_the_lock(applied: Folder) -> None:
    holder = {"id": "x", "host": "elsewhere", "pid": 1, "user": "ann", "command": "ggrec apply", "since": "2026-01-01"}
    applied.write("state/lock.json", json.dumps(holder))
    assert applied.ggrec("state", "gc", "--keep-runs", "0").code == 0
    assert applied.ggrec("state", "gc", "--keep-runs", "0", "--yes").code == 5
    assert len(applied.ggrec("history", "--json").json["runs"]) == 1


def test_age_keeps(applied: Folder) -> None:
    young = applied.ggrec("state", "gc", "--keep-runs", "0", "--keep-days", "1", "--json").json
    assert (young["done"], young["freed"]["runs"], young["kept"]["runs"]) == (False, [], 1)
    assert applied.ggrec("state", "gc", "--keep-days", "99999").code == 64

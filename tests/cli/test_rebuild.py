"""`ggrec state rebuild`, as a person who lost the state uses it."""

import shutil
from typing import Any

import httpx
import pytest

from tests.cli.command import Folder


@pytest.fixture
def applied(project: Folder) -> Folder:
    assert project.ggrec("apply", "--auto-approve").code == 0
    return project


def whole(project: Folder) -> None:
    shutil.rmtree(project.path / "state")


def index(project: Folder) -> None:
    (project.path / "state" / "state.json").unlink()


def torn(project: Folder) -> None:
    path = project.path / "state" / "state.json"
    path.write_text(path.read_text()[:100])


@pytest.mark.parametrize("lose", [whole, index, torn])
def test_a_lost_state_is_made_anew(applied: Folder, sandbox: Any, lose: Any) -> None:
    lose(applied)
    if lose is not whole:
        assert "`ggrec state rebuild`" in applied.ggrec("plan").err
    before = len(sandbox.requests)
    ended = applied.ggrec("state", "rebuild", "--auto-approve")
    assert ended.code == 0, ended.err
    assert ("damaged and will be replaced" in ended.out) is (lose is torn)
    assert "2 to own, 0 of them different from what is declared, 0 absent." in ended.out
    assert {request.method for request in sandbox.requests[before:]} == {"GET"}
    assert applied.ggrec("plan", "--detailed-exitcode").code == 0
    assert applied.ggrec("state", "verify").code == 0


def test_it_is_shown_and_asked_for_before_anything_is_stored(applied: Folder, sandbox: Any) -> None:
    whole(applied)
    theirs = {"title": "Theirs", "overwrite": True}
    httpx.put(f"{sandbox.url}/api/folders/ops", json=theirs, auth=("admin", "admin")).raise_for_status()
    ended = applied.ggrec("state", "rebuild")
    assert (ended.code, "nobody can answer here" in ended.err) == (3, True)
    assert 'folder.ops         "Theirs"  differs, and the next plan changes it:' in ended.out
    assert 'title  "Theirs" → "Operations"' in ended.out
    assert not (applied.path / "state" / "state.json").exists()


def test_json(applied: Folder) -> None:
    whole(applied)
    ended = applied.ggrec("state", "rebuild", "--auto-approve", "--json")
    assert (ended.code, ended.json["format"]) == (0, "ggrec/rebuilt-state/v1")
    assert [item["address"] for item in ended.json["owns"]] == ["dashboard.orders", "folder.ops"]


def test_what_could_not_be_read_is_not_left_out_silently(applied: Folder, sandbox: Any) -> None:
    whole(applied)
    sandbox.faults.add("status", 403, method="GET", path="/apis/dashboard.grafana.app/*", count=None)
    ended = applied.ggrec("state", "rebuild", "--auto-approve")
    assert (ended.code, "Could not be read" in ended.out) == (6, True)
    assert not (applied.path / "state" / "state.json").exists()


def test_an_index_of_a_newer_format_is_not_lost(applied: Folder) -> None:
    path = applied.path / "state" / "state.json"
    path.write_text(path.read_text().replace('"format": 3', '"format": 99'))
    ended = applied.ggrec("state", "rebuild", "--auto-approve")
    assert (ended.code, "use a newer ggrec" in ended.err) == (1, True)
    assert '"format": 99' in path.read_text()

"""A saved plan as a file that a person may pass on: what it says, who may read it, and when it is refused."""

import json
import stat
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.cli.output import SystemClock
from reconciler.core.errors import Conflict
from reconciler.core.plan import Plan, Target
from reconciler.core.state import Run
from reconciler.store.blobs import LocalBlobs
from reconciler.store.planfile import Made, SavedPlan, use_up
from tests.cli.command import DESIRED, Folder


@pytest.fixture
def saved(project: Folder) -> Folder:
    """With a plan in p.ggrec that nobody applied."""
    ended = project.ggrec("plan", "-o", "p.ggrec")
    assert ended.code == 0, ended.err
    assert "does exactly this, once, until" in ended.out
    return project


def at(monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    monkeypatch.setattr(SystemClock, "now", lambda self: moment)


def test_only_the_owner_may_read_it(saved: Folder) -> None:
    assert stat.S_IMODE((saved.path / "p.ggrec").stat().st_mode) == 0o600


def test_same_inputs_same_bytes(project: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    assert project.ggrec("apply", "--auto-approve").code == 0
    project.write("desired/all.yaml", DESIRED.replace("Operations", "Ops"))
    at(monkeypatch, "2026-01-01T00:00:00Z")
    for name in ("one", "two"):
        project.ggrec("plan", "-o", name)
    assert (project.path / "one").read_bytes() == (project.path / "two").read_bytes()


def test_it_is_applied_once(saved: Folder) -> None:
    assert saved.ggrec("apply", "p.ggrec").code == 0
    again = saved.ggrec("apply", "p.ggrec")
    assert again.code == 4
    assert "was applied already, by" in again.err
    run = saved.ggrec("history", "--json").json["runs"][-1]
    assert run["id"] in again.err
    assert run["plan_digest"] == saved.ggrec("show", "p.ggrec", "--json").json["saved"]["digest"]


def test_single_use_is_decided_by_the_store(tmp_path: Path) -> None:
    """Also where two see no run yet: creating the note is what decides."""
    plan = SavedPlan(Plan(Target("http://g", 1), "lineage", 1, "c"), Made("2026", "2027"), "d1")
    first, second = (Run(name, "d1", "ann", "", "ggrec apply", "2026-01-01T00:00:00Z") for name in ("one", "two"))
    blobs = LocalBlobs(tmp_path)
    use_up(blobs, plan, first)
    with pytest.raises(Conflict, match=r"by ann at 2026-01-01T00:00:00Z \(run one\)"):
        use_up(blobs, plan, second)


def test_it_expires(project: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, "2026-01-01T00:00:00Z")
    assert "until 2026-01-01T01:30:00Z" in project.ggrec("plan", "-o", "p.ggrec", "--ttl", "1h30m").out
    at(monkeypatch, "2026-01-01T01:29:59Z")
    assert project.ggrec("show", "p.ggrec").out.startswith("Saved 1 h ago by "), project.ggrec("show", "p.ggrec").out
    at(monkeypatch, "2026-01-01T01:30:00Z")
    shown = project.ggrec("show", "p.ggrec")
    assert "and expired at 2026-01-01T01:30:00Z: apply refuses it" in shown.out
    assert project.ggrec("show", "p.ggrec", "--json").json["saved"]["expired"] is True
    ended = project.ggrec("apply", "p.ggrec")
    assert (ended.code, "expired at 2026-01-01T01:30:00Z" in ended.err) == (4, True)
    assert not (project.path / "state").exists()


@pytest.mark.parametrize(
    ("before", "after"),
    [('"expires":"2', '"expires":"3'), ('"title":"Operations"', '"title":"Theirs"'), ('"who":"', '"who":"x')],
)
def test_an_edited_file_is_refused(saved: Folder, before: str, after: str) -> None:
    text = (saved.path / "p.ggrec").read_text()
    assert before in text
    saved.write("p.ggrec", text.replace(before, after, 1))
    ended = saved.ggrec("apply", "p.ggrec")
    assert (ended.code, "was changed after it was written" in ended.err) == (1, True)


@pytest.mark.parametrize(
    "text", ["", "hello", "[" * 100_000, "{}", '{"ggrec":"plan","plan":[]}', '{"ggrec":"plan","plan":{}}']
)
def test_what_is_no_plan_is_said_so(project: Folder, text: str) -> None:
    project.write("p.ggrec", text)
    ended = project.ggrec("apply", "p.ggrec")
    assert ended.code == 1
    assert "p.ggrec" in ended.err and "hint" in ended.err
    assert "Traceback" not in ended.err


def test_another_state_is_refused(saved: Folder) -> None:
    config = (saved.path / "ggrec.yaml").read_text()
    saved.write("ggrec.yaml", config.replace("state: state", "state: other"))
    assert saved.ggrec("apply", "--auto-approve").code == 0
    ended = saved.ggrec("apply", "p.ggrec")
    assert (ended.code, "with another state" in ended.err) == (3, True)


def test_what_changed_stops_and_the_rest_goes_on(project: Folder, sandbox: Any) -> None:
    project.write("desired/all.yaml", DESIRED.replace("folder: ops\n  ", ""))
    assert project.ggrec("apply", "--auto-approve").code == 0
    changed = (
        DESIRED.replace("folder: ops\n  ", "")
        .replace("Operations", "Ops")
        .replace("title: Orders", "title: All orders")
    )
    project.write("desired/all.yaml", changed)
    assert project.ggrec("plan", "-o", "p.ggrec").code == 0
    theirs = {"title": "Theirs", "overwrite": True}
    httpx.put(f"{sandbox.url}/api/folders/ops", json=theirs, auth=("admin", "admin")).raise_for_status()
    ended = project.ggrec("apply", "p.ggrec", "--json")
    assert ended.code == 4
    assert {item["address"]: item["result"] for item in ended.json["outcomes"]} == {
        "folder.ops": "conflict", "dashboard.orders": "done",
    }  # fmt: skip


def test_it_holds_no_secret(saved: Folder) -> None:
    plan = json.loads((saved.path / "p.ggrec").read_text())
    assert set(plan) == {"ggrec", "made", "expires", "who", "commit", "digest", "plan"}


@pytest.mark.parametrize("to_version", [True, False])
def test_a_saved_way_back_signs_the_versions_that_it_makes(applied: Folder, sandbox: Any, to_version: bool) -> None:
    applied.write("desired/all.yaml", DESIRED.replace("title: Orders", "title: Second"))
    assert applied.ggrec("apply", "--auto-approve").code == 0
    run = applied.ggrec("history", "--json").json["runs"][-1]["id"]
    what, message = ("dashboard.orders@1", "rollback to version 1") if to_version else (run, f"rollback of run {run}")
    assert applied.ggrec("rollback", what, "-o", "back.ggrec").code == 0
    assert applied.ggrec("apply", "back.ggrec").code == 0
    again = applied.ggrec("history", "--json").json["runs"][-1]["id"]
    url = f"{sandbox.url}/api/dashboards/uid/orders/versions"
    newest = httpx.get(url, auth=("admin", "admin")).json()["versions"][0]
    assert (newest["version"], newest["message"]) == (3, f"{message} (ggrec run {again})")
    assert message in applied.ggrec("history", "dashboard.orders").out

"""history RUN --plan: what was shown before a run began can be seen again, in every form, whatever came of the run."""

import gzip
import html
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.cli.output import SystemClock
from reconciler.core.address import Address
from reconciler.core.description import describe_plan
from reconciler.core.json import canonical_bytes
from reconciler.core.lazy import Lazy
from reconciler.core.plan import Action, Change, Plan, Target
from reconciler.core.resource import Resource
from reconciler.core.state import Run, State
from reconciler.kinds import discover
from reconciler.store import recorded
from reconciler.store.blobs import LocalBlobs
from reconciler.store.lease import Tenant
from reconciler.store.lock import Owner
from reconciler.store.state_store import StateStore, object_key
from reconciler.store.surplus import Keeping, surplus
from tests.cli.command import DESIRED, Folder
from tests.cli.people import edit
from tests.cli.test_history import DATASOURCE, last

MORE = """\
---
apiVersion: ggrec/v1
kind: Dashboard
metadata: {name: gone}
spec: {title: Gone, folder: ops}
---
apiVersion: ggrec/v1
kind: Dashboard
metadata: {name: shared, lifecycle: {on_drift: merge}}
spec: {title: Shared, folder: ops, tags: [a]}
"""
FORMS = ("--markdown", "plan.md", "--html", "plan.html")


@pytest.fixture
def sandbox(anew: Any) -> Any:
    """One server for all tests here."""
    return anew


@pytest.fixture
def changed(applied: Folder, sandbox: Any) -> Folder:
    """With a change of every sort to be made, and something edited by hand."""
    applied.write("desired/all.yaml", DESIRED + MORE)
    assert applied.ggrec("apply", "--auto-approve").code == 0
    edit(sandbox, "bob", "night shift", tags=["night"])
    text = DESIRED.replace("red: 30", "red: 45").replace("title: Orders", "title: Second")
    text = text.replace("type: stat", "type: gauge, gridPos: {x: 0, y: 9, w: 12, h: 8}")
    fresh = MORE.replace("{name: gone}", "{name: fresh}").replace("title: Gone", "title: Fresh")
    applied.write("desired/all.yaml", text + fresh)
    return applied


def forms(project: Folder) -> dict[str, bytes]:
    """The files that were written."""
    return {name: (project.path / name).read_bytes() for name in FORMS[1::2]}


def stored(project: Folder) -> bytes:
    """The newest run's plan, as it lies there."""
    name = last(project)["plan"]["body"]
    data = (project.path / "state" / "objects" / name[:2] / f"{name[2:]}.json.gz").read_bytes()
    return gzip.decompress(data)


def plan_of(project: Folder, *arguments: str) -> Any:
    """The newest run's plan."""
    return project.ggrec("history", str(last(project)["id"]), "--plan", *arguments)


def test_the_plan_of_a_run_is_what_was_shown(changed: Folder) -> None:
    shown = changed.ggrec("plan", *FORMS)
    assert "- dashboard.gone" in shown.out and "threshold red from 30 to 45" in shown.out, shown.out
    assert "! dashboard.orders" in shown.out and "+ dashboard.fresh" in shown.out
    document, files = changed.ggrec("plan", "--json").json, forms(changed)
    assert b"side by side" in files["plan.html"] and b"<svg" in files["plan.html"]
    assert changed.ggrec("apply", "--auto-approve").code == 0
    # Afterwards nothing of it can be found out any more: it was kept.
    assert "No changes." in changed.ggrec("plan").out
    again = plan_of(changed, *FORMS)
    assert again.code == 0, again.err
    begin = "Grafana http"
    assert _body(again.out, begin) == _body(shown.out, begin)
    assert forms(changed) == files
    found = plan_of(changed, "--json").json
    run, known = found.pop("run"), last(changed)
    assert (run["id"], run["who"], run["status"], run["command"]) == (
        known["id"], known["who"], "done", known["command"],
    )  # fmt: skip
    assert {**found, "created": ""} == {**document, "created": ""}


def _body(text: str, begin: str) -> list[str]:
    lines = text[text.index(begin) :].splitlines()
    return [line.partition(", just now")[0].partition(", 1 min ago")[0] for line in lines if "Wrote" not in line]


def test_what_was_saved_first_says_when_and_by_whom(changed: Folder) -> None:
    assert changed.ggrec("plan", "-o", "p.ggrec", *FORMS).code == 0
    files, digest = forms(changed), changed.ggrec("show", "p.ggrec", "--json").json["saved"]["digest"]
    assert changed.ggrec("apply", "p.ggrec").code == 0
    again = plan_of(changed, *FORMS)
    assert again.out.splitlines()[1].startswith("Saved just now before by "), again.out
    assert forms(changed) == files
    assert plan_of(changed, "--json").json["saved"]["digest"] == digest


def test_a_run_that_was_killed_has_its_plan(changed: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: Any, **__: Any) -> Any:
        raise SystemExit(9)

    shown = changed.ggrec("plan", *FORMS)
    files = forms(changed)
    with monkeypatch.context() as broken:
        for name in ("record", "save", "finish"):  # at its first write, and nothing is said of its end
            broken.setattr(StateStore, name, killed)
        with pytest.raises(SystemExit):
            changed.ggrec("apply", "--auto-approve")
    (run,) = [item["id"] for item in changed.ggrec("history", "--json").json["runs"] if item["status"] == "running"]
    again = changed.ggrec("history", run, "--plan", "--markdown", "plan.md")
    assert "What came of it (not ended yet, or killed): ggrec history" in again.out
    assert _body(again.out, "Grafana http") == _body(shown.out, "Grafana http")
    assert forms(changed) == files
    assert changed.ggrec("apply", "--auto-approve").code == 0
    assert _body(changed.ggrec("history", run, "--plan").out, "Grafana http") == _body(shown.out, "Grafana http")


def test_it_holds_no_secret_and_no_reference_to_one(applied: Folder) -> None:
    applied.environment["TOKEN"] = "canary-77f2"
    applied.write("desired/all.yaml", DESIRED + DATASOURCE)
    assert applied.ggrec("apply", "--auto-approve").code == 0
    data = stored(applied)
    assert b"datasource.logs" in data and b"secureJsonData.password" in data
    assert b"canary-77f2" not in data and b"env:TOKEN" not in data


def test_what_is_very_large_is_kept_in_words(changed: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorded, "MOST", 2_000)
    text = (changed.path / "desired/all.yaml").read_text()
    changed.write("desired/all.yaml", text.replace("type: gauge", f"type: gauge, description: {'long ' * 3_000}"))
    assert changed.ggrec("apply", "--auto-approve").code == 0
    assert len(stored(changed)) < 6_000
    found = plan_of(changed, "--json").json
    (warning,) = found["warnings"]
    assert warning["code"] == "record-shortened" and "dashboard.orders" in warning["message"]
    (orders,) = [item for item in found["changes"] if item["address"] == "dashboard.orders"]
    assert orders["edits"] == []
    said = [f"{row['subject']}: {row['text']}" for row in orders["rows"]]
    assert 'panel "Rate": threshold red from 30 to 45' in said, said
    assert any("too large for the record" in text for text in said)
    html = plan_of(changed, *FORMS)
    assert html.code == 0 and "only words are kept" in html.out


def test_a_record_without_a_plan_and_a_plan_that_is_lost(applied: Folder) -> None:
    run = last(applied)
    path = applied.path / "state" / "runs" / f"{run['id']}.json"
    kept = path.read_text("utf-8")
    path.write_text(json.dumps({**json.loads(kept), "plan": {}}), "utf-8")  # as ggrec 0.5 wrote it
    assert applied.ggrec("history", run["id"]).code == 0
    ended = plan_of(applied)
    assert (ended.code, "was recorded without its plan" in ended.err) == (1, True)
    path.write_text(kept, "utf-8")
    name = run["plan"]["body"]
    _body_file(applied, name).unlink()
    ended = plan_of(applied)
    assert ended.code == 1 and f"the plan of run {run['id']}" in ended.err and "is missing" in ended.err


def _body_file(project: Folder, name: str) -> Path:
    return project.path / "state" / "objects" / name[:2] / f"{name[2:]}.json.gz"


def test_it_is_kept_and_freed_with_its_run(changed: Folder) -> None:
    assert changed.ggrec("apply", "--auto-approve").code == 0
    runs = changed.ggrec("history", "--json").json["runs"]
    names = [run["plan"]["body"] for run in runs]
    sent = runs[-1]["plan"]["bodies"]
    assert len(set(names)) == 3 and sent
    assert changed.ggrec("state", "gc", "--keep-runs", "1", "--yes").code == 0
    assert [_body_file(changed, name).exists() for name in names] == [False, False, True]
    assert all(_body_file(changed, name).exists() for name in sent)
    assert plan_of(changed, *FORMS).code == 0


def test_one_run_must_be_named(applied: Folder) -> None:
    for arguments, said in (
        (("--plan",), "name it"),
        (("dashboard.orders", "--plan"), "no run dashboard.orders is recorded"),
        (("20260101T000000Z-000000", "--plan"), "no run 20260101T000000Z-000000 is recorded"),
        ((str(last(applied)["id"]), "--html", "x.html"), "add --plan"),
    ):
        ended = applied.ggrec("history", *arguments)
        assert ended.code in {1, 64} and said in ended.err, ended


def test_what_was_to_be_sent_is_kept_with_the_plan_that_names_it(tmp_path: Path) -> None:
    """Also where no outcome names it, as of a killed run."""
    owner = Owner("here", 1, "ann")
    store = StateStore(LocalBlobs(tmp_path), clock=SystemClock(), tenant=lambda: Tenant(owner))
    store.save(State("lineage"))
    names = [store.put({"n": number}) for number in range(3)]
    plan = {"body": names[0], "bodies": [names[1]]}
    store.begin(Run("r1", "d", "ann", "", "ggrec apply", "2026-01-01T00:00:00Z", plan=plan))
    assert surplus(store, Keeping(1), "2026-01-02T00:00:00Z").bodies == (object_key(names[2]),)
    assert len(surplus(store, Keeping(0), "2026-01-02T00:00:00Z").bodies) == 3


def test_nothing_is_loaded_for_what_is_only_created() -> None:
    def load() -> Any:
        raise AssertionError("loaded")

    address = Address("dashboard", "x")
    resource = Resource(address, "x", Lazy(("dashboard", "folderUid"), {}, load, digest="d1"))
    change = Change(address, Action.CREATE, "", "x", "X", resource=resource, applied=resource.attributes)
    plan = Plan(Target("http://g", 1), "lineage", 1, "c", changes=(change,))
    document = recorded.record(describe_plan(plan, discover()))
    assert recorded.bodies_of(document) == () and b"dashboard.x" in canonical_bytes(document)


def test_what_it_touched_is_in_the_plan_wherever_it_is_shown(changed: Folder, sandbox: Any) -> None:
    wall = {"name": "Wall", "interval": "5m", "items": [{"type": "dashboard_by_uid", "value": "orders"}]}
    auth = ("admin", "admin")
    assert httpx.post(f"{sandbox.url}/api/playlists", json=wall, auth=auth).status_code == 200
    rule = {"title": "Few orders", "folderUID": "ops", "data": []}
    (panel,) = httpx.get(f"{sandbox.url}/api/dashboards/uid/orders", auth=auth).json()["dashboard"]["panels"]
    rule |= {"annotations": {"__dashboardUid__": "orders", "__panelId__": str(panel["id"])}}
    assert httpx.post(f"{sandbox.url}/api/v1/provisioning/alert-rules", json=rule, auth=auth).status_code == 201
    kept = (changed.path / "desired/all.yaml").read_text("utf-8")
    changed.write(
        "desired/all.yaml", kept + MORE.partition("---\napiVersion: ggrec/v1\nkind: Dashboard\nmetadata: {name: sh")[0]
    )
    before = len(sandbox.requests)  # nothing is deleted: that would look who refers to it
    assert changed.ggrec("drift").code in {2, 8}
    assert not [seen for seen in sandbox.requests[before:] if "playlist" in seen.path or "alert-rules" in seen.path]
    changed.write("desired/all.yaml", kept)
    shown = changed.ggrec("plan", "-o", "p.ggrec", "--json", *FORMS)
    (said,) = [change["touches"] for change in shown.json["changes"] if change["address"] == "dashboard.orders"]
    assert [text.partition(" (")[0] for text in said] == ["playlist 'Wall'", "alert rule 'Few orders'"]
    assert said[1].endswith('), which is shown on panel "Rate"')
    for form in forms(changed).values():
        assert all(text in html.unescape(form.decode("utf-8")) for text in said)
    for command in (("plan",), ("show", "p.ggrec"), ("apply", "p.ggrec")):
        out = changed.ggrec(*command).out
        assert all(f"touches {text}" in out for text in said), command
    assert all(f"touches {text}" in plan_of(changed).out for text in said)
    back = changed.ggrec("rollback", str(last(changed)["id"]), "-o", "back.ggrec").out
    assert all(f"touches {text}" in back for text in said)

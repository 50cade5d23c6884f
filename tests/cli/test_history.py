"""What a run's record keeps: who, from where, and both sides of everything that it did."""

import json
from typing import Any

import pytest

from reconciler.core.json import digest
from tests.cli.command import Folder
from tests.cli.people import edit

DATASOURCE = """\
---
apiVersion: ggrec/v1
kind: Datasource
metadata: {name: logs}
spec: {type: loki, url: "http://a:1", secureJsonData: {password: "${env:TOKEN}"}}
"""


@pytest.fixture
def sandbox(anew: Any) -> Any:
    """One server for all tests here."""
    return anew


def last(project: Folder) -> Any:
    """The newest run's record."""
    return project.ggrec("history", "--json").json["runs"][-1]


def outcome(project: Folder, address: str) -> Any:
    """What the newest run did to one object."""
    (found,) = [item for item in last(project)["outcomes"] if item["address"] == address]
    return found


def body(project: Folder, name: str) -> Any:
    """A stored body."""
    return project.ggrec("state", "body", name).json


def declare(project: Folder, old: str, new: str) -> None:
    """Other words in the files."""
    path = project.path / "desired" / "all.yaml"
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")


def test_a_run_keeps_both_sides_of_what_it_did(applied: Folder) -> None:
    made = outcome(applied, "dashboard.orders")
    assert (made["action"], made["before"]) == ("create", None)
    assert body(applied, made["after"]["body"])["dashboard"]["title"] == "Orders"
    assert made["after"]["depends_on"] == ["folder.ops"]
    declare(applied, "title: Orders", "title: Second")
    assert applied.ggrec("apply", "--auto-approve").code == 0
    changed = outcome(applied, "dashboard.orders")
    assert changed["before"] == made["after"]
    assert (changed["before"]["version"], changed["after"]["version"]) == (1, 2)
    assert body(applied, changed["after"]["body"])["dashboard"]["title"] == "Second"
    assert body(applied, changed["before"]["applied"])["dashboard"]["title"] == "Orders"


def test_what_a_run_writes_over_is_kept_whoever_made_it(applied: Folder, sandbox: Any) -> None:
    edit(sandbox, "bob", title="Hers")
    declare(applied, "title: Orders", "title: Second")
    assert applied.ggrec("apply", "--auto-approve").code == 0
    changed = outcome(applied, "dashboard.orders")
    assert body(applied, changed["before"]["body"])["dashboard"]["title"] == "Hers"
    assert body(applied, changed["before"]["observed"])["dashboard"]["title"] == "Orders"
    assert changed["before"]["version"] == 2


def test_what_a_run_writes_over_is_kept_where_many_are_looked_at_at_once(applied: Folder, sandbox: Any) -> None:
    for number in range(8):  # so many others that the one is asked for by a search
        text = f"apiVersion: ggrec/v1\nkind: Dashboard\nmetadata: {{name: d{number}}}\nspec: {{title: D{number}}}\n"
        applied.write(f"desired/{number}.yaml", text)
    assert applied.ggrec("apply", "--auto-approve").code == 0
    edit(sandbox, "bob", title="Hers")
    assert applied.ggrec("apply", "--auto-approve").code == 0
    changed = outcome(applied, "dashboard.orders")
    assert body(applied, changed["before"]["body"])["dashboard"]["title"] == "Hers"


def test_secrets_are_named_and_nowhere(applied: Folder) -> None:
    applied.environment["TOKEN"] = "canary-41c7"
    path = applied.path / "desired" / "all.yaml"
    path.write_text(path.read_text("utf-8") + DATASOURCE, "utf-8")
    assert applied.ggrec("apply", "--auto-approve").code == 0
    made = outcome(applied, "datasource.logs")
    assert (made["secrets"], made["after"]["secrets"]) == (["secureJsonData.password"], ["secureJsonData.password"])
    assert "canary-41c7" not in applied.ggrec("history", last(applied)["id"]).out
    stored = b"".join(file.read_bytes() for file in (applied.path / "state" / "runs").iterdir())
    assert b"canary-41c7" not in stored


def test_a_run_knows_its_pipeline(applied: Folder) -> None:
    applied.environment["GGREC_PIPELINE_URL"] = "https://bot:canary-9d02@ci.example.org/job/7"
    declare(applied, "title: Orders", "title: Second")
    assert applied.ggrec("apply", "--auto-approve").code == 0
    assert last(applied)["pipeline"] == "https://ci.example.org/job/7"
    shown = applied.ggrec("history", last(applied)["id"]).out
    assert '    title  "Orders" → "Second"' in shown.splitlines()
    after = outcome(applied, "dashboard.orders")["after"]["body"]
    assert "https://ci.example.org/job/7" in shown and after in shown
    assert digest(body(applied, after)) == after


def test_a_record_of_an_older_ggrec_reads(applied: Folder) -> None:
    (path,) = (applied.path / "state" / "runs").iterdir()
    found = json.loads(path.read_text("utf-8"))
    for key in ("pipeline",):
        del found[key]
    for item in found["outcomes"]:
        for key in ("before", "after", "secrets", "reason"):
            del item[key]
    path.write_text(json.dumps({**found, "format": 1}), "utf-8")
    read = outcome(applied, "dashboard.orders")
    assert (read["version_after"], read["before"], read["after"]) == (1, None, None)
    assert "created, version 1" in applied.ggrec("history", last(applied)["id"]).out
    path.write_text(json.dumps({**found, "format": 3}), "utf-8")
    assert "reads up to 2" in applied.ggrec("history").err


def test_the_past_of_a_dashboard_tells_runs_from_hands(applied: Folder, sandbox: Any) -> None:
    edit(sandbox, "bob", "percent reads better", tags=["hers"])
    declare(applied, "title: Orders", "title: Second")
    assert applied.ggrec("apply", "--auto-approve").code == 0
    run, forged = last(applied)["id"], f"ggrec run {last(applied)['id']}, commit abc"
    edit(sandbox, "carol", forged, title="Third")
    since = len(sandbox.requests)
    found = applied.ggrec("history", "dashboard.orders", "--json").json["moments"]
    assert {seen.method for seen in sandbox.requests[since:]} == {"GET"}
    told = [(item["version"], item["who"], item["run"], item["action"], item["message"]) for item in found]
    first = found[-1]["run"]
    assert told[0] == (4, "carol", None, None, forged)
    assert (told[1][0], told[1][2:4]) == (3, (run, "update"))
    assert told[2] == (2, "bob", None, None, "percent reads better")
    assert (told[3][0], told[3][3], first != run) == (1, "create", True)
    shown = applied.ggrec("history", "dashboard.orders").out.splitlines()
    assert len(shown) == 5
    assert "saved by hand" in shown[1] and "updated" in shown[2] and "percent reads better" in shown[3]


def test_the_run_is_told_though_its_record_is_gone(applied: Folder, sandbox: Any) -> None:
    declare(applied, "title: Orders", "title: Second")
    assert applied.ggrec("apply", "--auto-approve").code == 0
    run = last(applied)["id"]
    for path in (applied.path / "state" / "runs").iterdir():
        path.unlink()
    newest, first = applied.ggrec("history", "dashboard.orders", "--json").json["moments"]
    assert (newest["version"], newest["run"], newest["action"]) == (2, run, None)
    assert (first["version"], first["run"], first["message"]) == (1, None, "Initial save")
    assert "saved by a run" in applied.ggrec("history", "dashboard.orders").out


def test_who_made_it_again_by_hand_is_not_the_run(applied: Folder, sandbox: Any) -> None:
    (path,) = (applied.path / "state" / "runs").iterdir()
    found = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**found, "started": "2020-01-01T00:00:00Z", "ended": "2020-01-01T00:00:09Z"}), "utf-8")
    hand, run = applied.ggrec("history", "dashboard.orders", "--json").json["moments"]
    assert (hand["version"], hand["kept"], hand["run"]) == (1, True, None)
    assert (run["version"], run["kept"], run["action"]) == (1, False, "create")
    assert "1 (not kept)" in applied.ggrec("history", "dashboard.orders").out


def test_without_versions_the_records_tell(applied: Folder, sandbox: Any) -> None:
    since = len(sandbox.requests)
    (only,) = applied.ggrec("history", "folder.ops", "--json").json["moments"]
    assert (only["version"], only["action"], only["result"]) == (None, "create", "done")
    assert "created" in applied.ggrec("history", "dashboard.orders", "--recorded").out
    assert sandbox.requests[since:] == []
    assert "No run has touched team.nobody." in applied.ggrec("history", "team.nobody").out
    applied.environment["GRAFANA_PASSWORD"] = "another"
    unread = applied.ggrec("history", "dashboard.orders")
    assert unread.code == 6
    assert "created" in unread.out and "could not be read" in unread.out

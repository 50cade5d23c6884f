"""What a run's record keeps: who, from where, and both sides of everything that it did."""

import json
from typing import Any

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

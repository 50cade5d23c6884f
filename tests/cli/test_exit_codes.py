"""The exit codes are a contract: one test pins each (design, decision 10)."""

import json
import signal
from typing import Any

import httpx
import pytest

from reconciler.core.errors import ExitCode
from tests.cli.command import DESIRED, Folder
from tests.cli.test_interruptions import applying


def test_0_done_and_nothing_to_do(project: Folder) -> None:
    assert project.ggrec("apply", "--auto-approve").code == 0
    assert project.ggrec("plan", "--detailed-exitcode").code == 0
    assert project.ggrec("apply", "--auto-approve").code == 0


def test_1_error(project: Folder) -> None:
    project.write("desired/all.yaml", "kind: Folder\n")
    assert project.ggrec("plan").code == 1


def test_2_differences(project: Folder) -> None:
    assert project.ggrec("plan").code == 0
    assert project.ggrec("plan", "--detailed-exitcode").code == 2


def test_3_refused(project: Folder) -> None:
    ended = project.ggrec("apply")
    assert ended.code == 3
    assert "nobody can answer here" in ended.err


def test_4_conflict(project: Folder, sandbox: Any) -> None:
    assert project.ggrec("plan", "-o", "p.ggrec").code == 0
    assert project.ggrec("apply", "p.ggrec").code == 0
    ended = project.ggrec("apply", "p.ggrec")
    assert ended.code == 4
    assert "was applied already, by" in ended.err


def test_5_locked(project: Folder) -> None:
    project.ggrec("apply", "--auto-approve")
    holder = {"id": "x", "host": "elsewhere", "pid": 1, "user": "ann", "command": "ggrec apply", "since": "2026-01-01"}
    project.write("state/lock.json", json.dumps(holder))
    ended = project.ggrec("apply", "--auto-approve")
    assert ended.code == 5
    assert "ann on elsewhere" in ended.err


def test_6_some_failed(project: Folder, sandbox: Any) -> None:
    sandbox.faults.add("status", 400, method="POST", path="*/dashboards*", count=None)
    ended = project.ggrec("apply", "--auto-approve")
    assert ended.code == 6
    assert "1 done, 1 failed" in ended.out
    assert "To go on: ggrec apply" in ended.out


def test_6_could_not_be_read(project: Folder, sandbox: Any) -> None:
    token = sandbox.world.add_service_account("viewer", "Viewer")
    project.environment["GRAFANA_TOKEN"] = token
    project.write("desired/team.yaml", "apiVersion: ggrec/v1\nkind: Team\nmetadata: {name: t}\nspec: {name: T}\n")
    ended = project.ggrec("plan")
    assert ended.code == 6
    assert "teams:read" in ended.out


def edited(sandbox: Any) -> None:
    """Somebody renames the dashboard by hand."""
    auth = ("admin", "admin")
    found = httpx.get(f"{sandbox.url}/api/dashboards/uid/orders", auth=auth).json()
    board = {**found["dashboard"], "title": "Mine"}
    body = {"dashboard": board, "folderUid": found["meta"]["folderUid"], "message": "by hand"}
    assert httpx.post(f"{sandbox.url}/api/dashboards/db", auth=auth, json=body).status_code == 200


def test_2_drift_7_only_the_files_and_8_both(project: Folder, sandbox: Any) -> None:
    project.ggrec("apply", "--auto-approve")
    assert project.ggrec("drift").code == 0
    project.write("desired/all.yaml", DESIRED.replace("title: Operations", "title: Ops"))
    assert project.ggrec("drift").code == 7
    edited(sandbox)
    assert project.ggrec("drift").code == 8
    project.write("desired/all.yaml", DESIRED)
    assert project.ggrec("drift").code == 2


def test_7_only_the_files(project: Folder) -> None:
    assert project.ggrec("drift", "--json").json["verdict"] == "pending"
    assert project.ggrec("drift").code == 7


def test_8_both(project: Folder, sandbox: Any) -> None:
    project.ggrec("apply", "--auto-approve")
    edited(sandbox)
    project.write("desired/all.yaml", DESIRED.replace("[shop]", "[shop, new]"))
    ended = project.ggrec("drift", "--json")
    assert (ended.code, ended.json["verdict"]) == (8, "drift-and-pending")


@pytest.mark.parametrize(
    "arguments",
    [
        ["plan", "--nonsense"],
        ["nonsense"],
        ["plan", "-i", "nowhere"],
        ["state", "mv", "a", "b"],
        ["state", "body", "zz"],
    ],
)
def test_64_usage(project: Folder, arguments: list[str]) -> None:
    project.ggrec("apply", "--auto-approve")
    assert project.ggrec(*arguments).code == 64


def test_130_interrupted(project: Folder, sandbox: Any) -> None:
    """All about it is in test_interruptions."""
    with applying(project, sandbox) as process:
        process.send_signal(signal.SIGINT)
    assert process.returncode == 130


def test_every_code_is_pinned_here() -> None:
    pinned = {
        int(name.split("_")[1]) for name in globals() if name.startswith("test_") and name.split("_")[1].isdigit()
    }
    assert pinned == {int(code) for code in ExitCode}

"""show-version and rollback: a version that Grafana keeps is read, and put back as a plan like any other."""

from typing import Any

import httpx
import pytest

from tests.cli.command import Folder
from tests.cli.people import edit, live


def titled(project: Folder, title: str) -> None:
    """The files call the dashboard so, and it is applied."""
    path = project.path / "desired" / "all.yaml"
    text = path.read_text("utf-8")
    before = live_title(text)
    path.write_text(text.replace(f"title: {before}", f"title: {title}", 1), "utf-8")
    assert project.ggrec("apply", "--auto-approve").code == 0


def asked(sandbox: Any, path: str) -> Any:
    """What Grafana says."""
    return httpx.get(f"{sandbox.url}/api/dashboards/uid/orders{path}", auth=("admin", "admin")).json()


def live_title(text: str) -> str:
    """What the files call the dashboard."""
    return next(name for name in ("Orders", "Second", "Third") if f"title: {name}" in text)


@pytest.fixture
def three(applied: Folder, sandbox: Any) -> Folder:
    """Three versions of a dashboard, all of them ours."""
    titled(applied, "Second")
    titled(applied, "Third")
    assert live(sandbox)["version"] == 3
    return applied


def test_a_version_is_shown_against_the_files(three: Folder, sandbox: Any) -> None:
    before = len(sandbox.requests)
    ended = three.ggrec("show-version", "dashboard.orders@2")
    assert {seen.method for seen in sandbox.requests[before:]} == {"GET"}
    assert ended.code == 0
    assert "dashboard.orders, version 2 by admin" in ended.out
    assert '"Third" → "Second"' in ended.out
    found = three.ggrec("show-version", "dashboard.orders@2", "--json").json
    assert (found["version"], found["attributes"]["dashboard"]["title"]) == (2, "Second")


def test_a_version_is_put_back_and_said_to_the_files(three: Folder, sandbox: Any) -> None:
    folder = asked(sandbox, "")["meta"]["folderUid"]
    ended = three.ggrec("rollback", "dashboard.orders@1", "--auto-approve")
    assert ended.code == 0, ended.err
    assert (live(sandbox)["title"], live(sandbox)["version"], asked(sandbox, "")["meta"]["folderUid"]) == (
        "Orders",
        4,
        folder,
    )
    assert "so that the next apply does not undo this, change in them:" in ended.out
    assert '"Third" → "Orders"' in ended.out
    (version,) = [item for item in asked(sandbox, "/versions")["versions"] if item["version"] == 4]
    assert version["message"].startswith("rollback to version 1")
    assert three.ggrec("drift").code == 7  # not drift: the files say otherwise
    titled(three, "Orders")
    assert live(sandbox)["version"] == 4
    assert three.ggrec("plan", "--detailed-exitcode").code == 0


def test_what_somebody_did_since_is_not_gone_over(three: Folder, sandbox: Any) -> None:
    edit(sandbox, "bob", tags=["hers"])
    refused = three.ggrec("rollback", "dashboard.orders@2", "--auto-approve")
    assert refused.code == 4
    assert "was changed outside ggrec by bob" in refused.out and 'added: "hers"' in refused.out
    assert (live(sandbox)["title"], live(sandbox)["tags"]) == ("Third", ["hers"])
    merged = three.ggrec("rollback", "dashboard.orders@2", "--auto-approve", "--on-conflict", "merge")
    assert merged.code == 0, merged.err
    assert (live(sandbox)["title"], live(sandbox)["tags"]) == ("Second", ["hers"])


def test_what_somebody_did_and_apply_put_back_can_be_had_again(three: Folder, sandbox: Any) -> None:
    edit(sandbox, "carol", title="Better")
    assert three.ggrec("apply", "--auto-approve").code == 0
    assert live(sandbox)["title"] == "Third"
    assert three.ggrec("rollback", "dashboard.orders@4", "--auto-approve").code == 0
    assert live(sandbox)["title"] == "Better"


def test_a_saved_rollback_is_applied_as_a_plan(three: Folder, sandbox: Any) -> None:
    assert three.ggrec("rollback", "dashboard.orders@2", "-o", "back.ggrec").code == 0
    assert live(sandbox)["title"] == "Third"
    assert three.ggrec("apply", "back.ggrec").code == 0
    assert live(sandbox)["title"] == "Second"


def test_what_is_not_kept_or_not_a_version_is_said(three: Folder) -> None:
    gone = three.ggrec("rollback", "dashboard.orders@9", "--auto-approve")
    assert gone.code == 1
    assert "Grafana keeps no version 9 of it" in gone.err and "it keeps 1, 2, 3" in gone.err
    assert three.ggrec("rollback", "dashboard.orders").code == 64
    folder = three.ggrec("show-version", "folder.ops@1")
    assert folder.code == 1 and "keeps versions of dashboards, and none of a folder" in folder.err
    for nothing in ("20260101T000000Z-000000", "nope"):
        ended = three.ggrec("history", nothing)
        assert ended.code == 1 and f"no run {nothing} is recorded" in ended.err


def test_runs_of_one_second_are_told_in_their_order(three: Folder) -> None:
    made = three.ggrec("history", "dashboard.orders", "--json").json["runs"]
    after = [o["version_after"] for run in made for o in run["outcomes"] if "orders" in str(o["address"])]
    assert after in ([1, 2, 3], [3, 2, 1])


def test_a_rollback_can_write_the_files_too(three: Folder) -> None:
    path = three.path / "desired" / "all.yaml"
    before = path.read_text("utf-8")
    ended = three.ggrec("rollback", "dashboard.orders@1", "--auto-approve", "--write")
    assert ended.code == 0, ended.out + ended.err
    assert path.read_text("utf-8") == before.replace("title: Third", "title: Orders", 1)
    assert "change in them:" not in ended.out
    assert "No changes." in three.ggrec("plan").out


def test_writing_the_files_needs_the_plan_carried_out(three: Folder) -> None:
    for more in (("-o", "p.ggrec"), ("--json",)):
        ended = three.ggrec("rollback", "dashboard.orders@1", "--auto-approve", "--write", *more)
        assert ended.code == 64
        assert "--write changes files once the plan is carried out" in ended.err + ended.out


def test_what_the_files_cannot_say_is_told_and_is_code_6(three: Folder) -> None:
    path = three.path / "desired" / "all.yaml"
    text = path.read_text("utf-8").replace("title: Third", 'title: "${values.name}"', 1)
    path.write_text(text, "utf-8")
    settings = three.path / "ggrec.yaml"
    settings.write_text(settings.read_text("utf-8").rstrip() + "\n      values: {name: Third}\n", "utf-8")
    ended = three.ggrec("rollback", "dashboard.orders@1", "--auto-approve", "--write")
    assert ended.code == 6, ended.out + ended.err
    assert "values.name" in ended.out, ended.out
    assert path.read_text("utf-8") == text
    assert "so that the next apply does not undo this, change in them:" in ended.out

"""rollback RUN: a run is undone over all kinds, as a plan; nobody's later work is lost, and the files are told."""

from typing import Any

import httpx
import pytest

from tests.cli.command import Folder
from tests.cli.people import edit, live
from tests.cli.test_history import last

ESTATE = """\
---
apiVersion: ggrec/v1
kind: Datasource
metadata: {name: logs}
spec: {type: loki, url: "http://a:1"}
---
apiVersion: ggrec/v1
kind: Team
metadata: {name: crew}
spec: {name: Crew, email: crew@example.org}
---
apiVersion: ggrec/v1
kind: Folder
metadata: {name: new}
spec: {title: New}
---
apiVersion: ggrec/v1
kind: Dashboard
metadata: {name: fresh}
spec: {title: Fresh, folder: new}
"""
SECRET = """\
---
apiVersion: ggrec/v1
kind: Datasource
metadata: {name: safe}
spec: {type: loki, secureJsonData: {password: "${env:TOKEN}"}}
"""


@pytest.fixture
def sandbox(anew: Any) -> Any:
    """One server for all tests here."""
    return anew


def files(project: Folder) -> str:
    """What is declared."""
    return (project.path / "desired" / "all.yaml").read_text("utf-8")


def rewrite(project: Folder, text: str) -> None:
    """Declare that."""
    project.write("desired/all.yaml", text)


def applied_as(project: Folder, text: str) -> str:
    """Declare and apply; the run's id."""
    rewrite(project, text)
    ended = project.ggrec("apply", "--auto-approve")
    assert ended.code == 0, ended.out + ended.err
    return str(last(project)["id"])


def asked(sandbox: Any, path: str, **more: Any) -> Any:
    """What Grafana answers."""
    return httpx.request(
        more.pop("method", "GET"), f"{sandbox.url}{path}", auth=more.pop("auth", ("admin", "admin")), **more
    )


def move_by_hand(sandbox: Any, folder: str) -> None:
    """bob moves the dashboard."""
    model = asked(sandbox, "/api/dashboards/uid/orders").json()["dashboard"]
    body = {"dashboard": model, "folderUid": folder, "message": "moved"}
    assert asked(sandbox, "/api/dashboards/db", method="POST", auth=("bob", "pw"), json=body).status_code == 200


@pytest.fixture
def before(applied: Folder) -> str:
    """What was declared before."""
    return files(applied)


def test_a_run_of_all_sorts_is_undone(applied: Folder, sandbox: Any, before: str) -> None:
    applied_as(applied, before + ESTATE)
    uid = asked(sandbox, "/api/teams/search?name=Crew").json()["teams"][0]["uid"]
    again = before.replace("title: Orders", "title: Second").replace("title: Operations", "title: Ops")
    run = applied_as(
        applied,
        again + ESTATE.replace("http://a:1", "http://b:2").partition("---\napiVersion: ggrec/v1\nkind: Team")[0],
    )
    assert asked(sandbox, "/api/dashboards/uid/fresh").status_code == 404
    shown = applied.ggrec("rollback", run, "-o", "back.ggrec")
    assert shown.code == 0, shown.out + shown.err
    assert f"back to what it was before run {run}" in shown.out and f"was deleted by run {run}" in shown.out
    assert "begins at version 1 again" in shown.out and f"Grafana gives it a new uid: {uid} is gone" in shown.out
    ended = applied.ggrec("rollback", run, "--auto-approve")
    assert ended.code == 0, ended.out + ended.err
    assert live(sandbox)["title"] == "Orders"
    assert asked(sandbox, "/api/folders/ops").json()["title"] == "Operations"
    assert asked(sandbox, "/api/datasources/uid/logs").json()["url"] == "http://a:1"
    assert asked(sandbox, "/api/dashboards/uid/fresh").json()["meta"]["folderUid"] == "new"
    assert asked(sandbox, "/api/teams/search?name=Crew").json()["teams"][0]["email"] == "crew@example.org"
    assert "No file declares dashboard.fresh; so that the next apply does not undo this, declare it again." in ended.out
    assert "The files say otherwise of folder.ops" in ended.out
    newest = last(applied)
    assert newest["id"] != run
    assert {item["reason"] for item in newest["outcomes"]} >= {f"was deleted by run {run}"}
    (version,) = [item for item in asked(sandbox, "/api/dashboards/uid/orders/versions").json()["versions"][:1]]
    assert version["message"].startswith(f"rollback of run {run} (ggrec run {newest['id']}")
    rewrite(applied, before + ESTATE)
    assert applied.ggrec("plan", "--detailed-exitcode").code == 0


def test_what_a_run_created_is_deleted_and_the_files_are_told(applied: Folder, sandbox: Any, before: str) -> None:
    run = applied_as(applied, before + ESTATE)
    ended = applied.ggrec("rollback", run, "--auto-approve")
    assert ended.code == 0, ended.out + ended.err
    for path in ("/api/dashboards/uid/fresh", "/api/folders/new", "/api/datasources/uid/logs"):
        assert asked(sandbox, path).status_code == 404
    assert "The files declare dashboard.fresh (desired/all.yaml:" in ended.out and "take it out of them" in ended.out
    again = applied.ggrec("rollback", run, "--auto-approve")
    assert again.code == 0 and f"is gone already, deleted by run {last(applied)['id']}" in again.out
    rewrite(applied, before)
    assert applied.ggrec("plan", "--detailed-exitcode").code == 0


def test_a_rollback_is_undone_as_any_run(applied: Folder, sandbox: Any, before: str) -> None:
    run = applied_as(applied, before.replace("title: Orders", "title: Second"))
    assert applied.ggrec("rollback", run, "--auto-approve").code == 0
    assert applied.ggrec("rollback", str(last(applied)["id"]), "--auto-approve").code == 0
    assert live(sandbox)["title"] == "Second"


def test_who_edited_since_is_named_and_not_gone_over(applied: Folder, sandbox: Any, before: str) -> None:
    run = applied_as(applied, before.replace("title: Orders", "title: Second"))
    edit(sandbox, "bob", "for the night", tags=["hers"])
    refused = applied.ggrec("rollback", run, "--auto-approve")
    assert refused.code == 4
    text = " ".join(refused.out.split())
    assert "was changed outside ggrec by bob" in text and f"since run {run} (version 2 → 3)" in text
    assert '"for the night"' in text and 'added: "hers"' in text and "and wins" not in text
    as_json = applied.ggrec("rollback", run, "--auto-approve", "--json")
    assert (as_json.code, as_json.json["errors"][0]["code"]) == (4, "changed-since-run")
    assert live(sandbox)["title"] == "Second"
    merged = applied.ggrec("rollback", run, "--auto-approve", "--on-conflict", "merge")
    assert merged.code == 0, merged.out + merged.err
    assert (live(sandbox)["title"], live(sandbox)["tags"]) == ("Orders", ["hers"])


def test_an_edit_of_the_same_is_no_merge(applied: Folder, sandbox: Any, before: str) -> None:
    run = applied_as(applied, before.replace("title: Orders", "title: Second"))
    edit(sandbox, "bob", title="Hers")
    refused = applied.ggrec("rollback", run, "--auto-approve", "--on-conflict", "merge")
    assert refused.code == 4
    assert "this changes the same: title" in " ".join(refused.out.split())
    left = applied.ggrec("rollback", run, "--auto-approve", "--on-conflict", "theirs")
    assert left.code == 0 and "The files" not in left.out
    assert live(sandbox)["title"] == "Hers"
    assert applied.ggrec("rollback", run, "--auto-approve", "--on-conflict", "ours").code == 0
    assert live(sandbox)["title"] == "Orders"


def test_what_a_later_run_changed_is_merged_or_refused(applied: Folder, sandbox: Any, before: str) -> None:
    second = before.replace("title: Orders", "title: Second")
    run = applied_as(applied, second)
    later = applied_as(applied, second.replace("tags: [shop]", "tags: [later]"))
    refused = applied.ggrec("rollback", run, "--auto-approve")
    assert refused.code == 4
    assert f"was changed again by run {later}" in " ".join(refused.out.split())
    merged = applied.ggrec("rollback", run, "--auto-approve", "--on-conflict", "dashboard.orders=merge")
    assert merged.code == 0, merged.out + merged.err
    assert (live(sandbox)["title"], live(sandbox)["tags"]) == ("Orders", ["later"])


def test_what_was_created_is_not_deleted_over_an_edit(applied: Folder, sandbox: Any, before: str) -> None:
    first = last(applied)["id"]
    edit(sandbox, "bob", title="Hers")
    refused = applied.ggrec("rollback", first, "--auto-approve")
    assert refused.code == 4
    assert "by bob" in refused.out and live(sandbox)["title"] == "Hers"
    assert applied.ggrec("rollback", first, "--auto-approve", "--on-conflict", "theirs").code == 0
    assert live(sandbox)["title"] == "Hers"  # and its folder, which holds it, is still there


def test_a_folder_with_something_newer_in_it_stays(applied: Folder, sandbox: Any, before: str) -> None:
    run = applied_as(applied, before + ESTATE)
    body = {"dashboard": {"uid": "theirs", "title": "Theirs"}, "folderUid": "new"}
    assert asked(sandbox, "/api/dashboards/db", method="POST", auth=("bob", "pw"), json=body).status_code == 200
    ended = applied.ggrec("rollback", run, "--auto-approve")
    assert ended.code == 0, ended.out + ended.err
    assert asked(sandbox, "/api/dashboards/uid/fresh").status_code == 404
    assert asked(sandbox, "/api/dashboards/uid/theirs").json()["meta"]["folderUid"] == "new"
    assert "folder.new: stays, for it holds dashboard 'Theirs' (theirs)" in " ".join(ended.out.split())
    assert "folder.new" in applied.ggrec("state", "list").out


def test_nothing_moves(applied: Folder, sandbox: Any, before: str) -> None:
    moved = before.replace("folder: ops", "folder: new").replace("title: Orders", "title: Second")
    run = applied_as(applied, moved + ESTATE)
    ended = applied.ggrec("rollback", run, "--auto-approve")
    assert ended.code == 0, ended.out + ended.err
    assert (live(sandbox)["title"], asked(sandbox, "/api/dashboards/uid/orders").json()["meta"]["folderUid"]) == (
        "Orders",
        "new",
    )
    text = " ".join(ended.out.split())
    assert "stays in folder new: a rollback moves nothing" in text and "folder.new: stays, for it holds" in text


@pytest.mark.parametrize("way", [(), ("--on-conflict", "ours")])
@pytest.mark.parametrize("version", [True, False])
def test_what_somebody_moved_stays_where_it_is_now(
    applied: Folder, sandbox: Any, before: str, version: bool, way: tuple[str, ...]
) -> None:
    run = applied_as(applied, before.replace("title: Orders", "title: Second") + ESTATE)
    move_by_hand(sandbox, "new")
    what = ("dashboard.orders@1",) if version else (run, "--target", "dashboard.orders")
    ended = applied.ggrec("rollback", *what, "--auto-approve", "--write", *way)
    assert ended.code == 0, ended.out + ended.err
    there = asked(sandbox, "/api/dashboards/uid/orders").json()
    assert (there["dashboard"]["title"], there["meta"]["folderUid"]) == ("Orders", "new")
    assert "stays in folder new: a rollback moves nothing" in " ".join(ended.out.split())
    assert "folder: new" in files(applied).partition("name: orders")[2].partition("---")[0]
    assert applied.ggrec("plan", "--target", "dashboard.orders", "--detailed-exitcode").code == 0


def test_guards_hold(applied: Folder, sandbox: Any, before: str) -> None:
    text = "".join(
        f"---\napiVersion: ggrec/v1\nkind: Dashboard\nmetadata: {{name: d{n}}}\nspec: {{title: D{n}}}\n"
        for n in range(12)
    )
    run = applied_as(applied, before + text)
    refused = applied.ggrec("rollback", run, "--auto-approve")
    assert refused.code == 3 and "--confirm-deletes 12" in refused.out
    assert asked(sandbox, "/api/dashboards/uid/d1").status_code == 200
    assert applied.ggrec("rollback", run, "--auto-approve", "--confirm-deletes", "12").code == 0
    run = applied_as(
        applied, before + ESTATE.replace("{name: fresh}", "{name: fresh, lifecycle: {prevent_destroy: true}}")
    )
    assert "prevent_destroy" in applied.ggrec("rollback", run, "--auto-approve").out
    assert asked(sandbox, "/api/dashboards/uid/fresh").status_code == 200


def test_a_secret_must_be_declared_to_come_back(applied: Folder, sandbox: Any, before: str) -> None:
    applied.environment["TOKEN"] = "canary-77aa"
    applied_as(applied, before + SECRET)
    run = applied_as(applied, before)
    refused = applied.ggrec("rollback", run, "--auto-approve")
    assert refused.code == 3
    assert "datasource.safe: needs secureJsonData.password, which ggrec does not store" in " ".join(refused.out.split())
    rewrite(applied, before + SECRET)
    assert applied.ggrec("rollback", run, "--auto-approve").code == 0
    assert asked(sandbox, "/api/datasources/uid/safe").json()["secureJsonFields"] == {"password": True}
    assert applied.ggrec("plan", "--detailed-exitcode").code == 0


def test_a_part_of_a_run_is_undone_with_what_it_needs(applied: Folder, sandbox: Any, before: str) -> None:
    applied_as(applied, before + ESTATE)
    run = applied_as(applied, before)
    ended = applied.ggrec("rollback", run, "--target", "dashboard.fresh", "--auto-approve")
    assert ended.code == 0, ended.out + ended.err
    assert asked(sandbox, "/api/dashboards/uid/fresh").json()["meta"]["folderUid"] == "new"
    assert asked(sandbox, "/api/datasources/uid/logs").status_code == 404
    silent = applied.ggrec("rollback", run, "--target", "dashboard.nobody", "--auto-approve")
    assert silent.code == 1 and "matches nothing that run" in silent.err
    assert applied.ggrec("rollback", "dashboard.orders@1", "--target", "x.y").code == 64


def test_what_it_needs_and_a_later_run_took_is_said(applied: Folder, sandbox: Any, before: str) -> None:
    applied_as(applied, before + ESTATE)
    without = ESTATE.partition("---\napiVersion: ggrec/v1\nkind: Dashboard")[0]
    run = applied_as(applied, before + without)
    later = applied_as(applied, before)
    refused = applied.ggrec("rollback", run, "--auto-approve")
    assert refused.code == 3
    assert f"needs folder.new, which is gone, deleted by run {later}" in " ".join(refused.out.split())
    left = applied.ggrec("rollback", run, "--auto-approve", "--on-conflict", "dashboard.fresh=theirs")
    assert left.code == 0 and "dashboard.fresh: needs folder.new" in left.out


def test_what_somebody_made_again_is_not_taken(applied: Folder, sandbox: Any, before: str) -> None:
    applied_as(applied, before + ESTATE)
    run = applied_as(applied, before)
    body = {"dashboard": {"uid": "fresh", "title": "Theirs"}}
    assert asked(sandbox, "/api/dashboards/db", method="POST", auth=("bob", "pw"), json=body).status_code == 200
    refused = applied.ggrec("rollback", run, "--auto-approve")
    assert refused.code == 4
    assert "is there again, made outside ggrec by bob" in " ".join(refused.out.split())
    way = ("rollback", run, "--auto-approve", "--target", "dashboard.fresh", "--on-conflict")
    left = applied.ggrec(*way, "theirs")
    assert left.code == 0 and "dashboard.fresh: stays with what somebody changed" in left.out
    assert asked(sandbox, "/api/dashboards/uid/fresh").json()["dashboard"]["title"] == "Theirs"
    assert applied.ggrec(*way, "ours").code == 0
    assert asked(sandbox, "/api/dashboards/uid/fresh").json()["dashboard"]["title"] == "Fresh"

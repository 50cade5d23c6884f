"""Rolling back what records tell of in unusual ways: old ones, lost bodies, runs that did not end, other addresses."""

import json
from typing import Any

from tests.cli.command import Folder
from tests.cli.people import live
from tests.cli.test_history import last
from tests.cli.test_rollback import ESTATE, applied_as, asked, before, rewrite, sandbox

FIXTURES = (
    sandbox,
    before,
)


def test_a_record_of_an_older_ggrec_is_undone_as_far_as_it_goes(applied: Folder, sandbox: Any, before: str) -> None:
    run = applied_as(applied, before.replace("title: Orders", "title: Second").replace("Operations", "Ops"))
    path = applied.path / "state" / "runs" / f"{run}.json"
    found = json.loads(path.read_text("utf-8"))
    for item in found["outcomes"]:
        for key in ("before", "after", "secrets", "reason"):
            del item[key]
    path.write_text(json.dumps({**found, "format": 1}), "utf-8")
    refused = applied.ggrec("rollback", run, "--auto-approve")
    assert refused.code == 3 and "its record is of a ggrec that did not keep what was before" in refused.out
    left = applied.ggrec("rollback", run, "--auto-approve", "--on-conflict", "folder.ops=theirs")
    assert left.code == 0 and "folder.ops: the run's update of it cannot be undone" in left.out
    assert live(sandbox)["title"] == "Orders"


def test_a_lost_body_is_made_up_for_by_the_version_kept(applied: Folder, sandbox: Any, before: str) -> None:
    run = applied_as(applied, before.replace("title: Orders", "title: Second"))
    (changed,) = last(applied)["outcomes"]
    digest = changed["before"]["applied"]
    (applied.path / "state" / "objects" / digest[:2] / f"{digest[2:]}.json.gz").unlink()
    ended = applied.ggrec("rollback", run, "--auto-approve")
    assert ended.code == 0, ended.out + ended.err
    assert live(sandbox)["title"] == "Orders"


def test_a_run_that_did_not_end_is_not_called_empty(applied: Folder) -> None:
    run = last(applied)["id"]
    path = applied.path / "state" / "runs" / f"{run}.json"
    found = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**found, "status": "running", "outcomes": []}), "utf-8")
    ended = applied.ggrec("rollback", run)
    assert ended.code == 1 and "did not come to its end" in ended.err


def test_what_was_taken_over_or_replaced_goes_back(applied: Folder, sandbox: Any, before: str) -> None:
    theirs = {"dashboard": {"uid": "fresh", "title": "Theirs", "tags": ["theirs"]}}
    assert asked(sandbox, "/api/dashboards/db", method="POST", json=theirs).status_code == 200
    text = before + "---\napiVersion: ggrec/v1\nkind: Dashboard\nmetadata: {name: fresh}\nspec: {title: Ours}\n"
    rewrite(applied, text.replace("metadata: {name: orders}", "metadata: {name: orders, uid: other}"))
    assert applied.ggrec("apply", "--auto-approve", "--adopt").code == 0
    assert asked(sandbox, "/api/dashboards/uid/other").json()["dashboard"]["title"] == "Orders"
    run = str(last(applied)["id"])
    ended = applied.ggrec("rollback", run, "--auto-approve")
    assert ended.code == 0, ended.out + ended.err
    found = asked(sandbox, "/api/dashboards/uid/fresh").json()["dashboard"]
    assert (found["title"], found["tags"]) == ("Theirs", ["theirs"])
    assert asked(sandbox, "/api/dashboards/uid/other").status_code == 404
    assert live(sandbox)["title"] == "Orders"


def test_a_renamed_address_is_found(applied: Folder, sandbox: Any, before: str) -> None:
    run = applied_as(applied, before.replace("title: Orders", "title: Second"))
    renamed = before.replace("title: Orders", "title: Second")
    applied_as(applied, renamed.replace("metadata: {name: orders}", "metadata: {name: sales, uid: orders}"))
    ended = applied.ggrec("rollback", run, "--auto-approve")
    assert ended.code == 0, ended.out + ended.err
    assert live(sandbox)["title"] == "Orders" and "dashboard.sales" in ended.out


def test_who_joined_a_team_is_not_deleted_with_it(applied: Folder, sandbox: Any, before: str) -> None:
    run = applied_as(applied, before + ESTATE)
    (team,) = asked(sandbox, "/api/teams/search?name=Crew").json()["teams"]
    (bob,) = [user["userId"] for user in asked(sandbox, "/api/org/users").json() if user["login"] == "bob"]
    path = f"/api/teams/{team['id']}/members"
    assert asked(sandbox, path, method="POST", json={"userId": bob}).status_code == 200
    refused = applied.ggrec("rollback", run, "--auto-approve")
    assert refused.code == 4, refused.out
    assert "team.crew: was changed outside ggrec since run" in " ".join(refused.out.split())
    assert "=ours deletes it all the same" in refused.out
    assert applied.ggrec("rollback", run, "--auto-approve", "--on-conflict", "team.crew=theirs").code == 0
    assert asked(sandbox, "/api/teams/search?name=Crew").json()["totalCount"] == 1

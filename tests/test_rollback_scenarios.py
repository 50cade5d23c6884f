"""A run over all kinds is undone after two other people have been at work, on any Grafana (see test_scenarios)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from tests.cli.command import Folder
from tests.test_conflict_scenarios import team
from tests.test_scenarios import Grafana, grafana, mark, project

pytestmark = pytest.mark.grafana
FIXTURES = (grafana, mark, project)


@contextmanager
def another(grafana: Grafana, login: str) -> Iterator[Grafana]:
    """Another administrator."""
    account = {"login": login, "name": login, "email": f"{login}@example.org", "password": "at-work-too"}
    number = grafana.ask("POST", "/api/admin/users", account)["id"]
    if grafana.org in (0, 1):
        grafana.ask("PATCH", f"/api/orgs/1/users/{number}", {"role": "Admin"})
    else:
        grafana.ask("POST", f"/api/orgs/{grafana.org}/users", {"loginOrEmail": login, "role": "Admin"})
    yield replace(grafana, user=login, password="at-work-too")
    grafana.ask("DELETE", f"/api/admin/users/{number}")


def old(mark: str) -> str:
    """One of each kind."""
    return f"""\
apiVersion: ggrec/v1
kind: Folder
metadata: {{name: {mark}-f}}
spec: {{title: "{mark} old"}}
---
apiVersion: ggrec/v1
kind: Datasource
metadata: {{name: {mark}-d}}
spec: {{type: loki, url: "http://127.0.0.1:9", jsonData: {{maxLines: 10}}}}
---
apiVersion: ggrec/v1
kind: Dashboard
metadata: {{name: {mark}-b}}
spec: {{title: "{mark} old", folder: {mark}-f, tags: [{mark}], panels: [{{title: Rate, type: stat, unit: reqps}}]}}
---
apiVersion: ggrec/v1
kind: Team
metadata: {{name: {mark}-t}}
spec: {{name: "{mark} crew", email: old@example.org}}
---
apiVersion: ggrec/v1
kind: FolderPermissions
metadata: {{name: {mark}-f}}
spec: {{folder: {mark}-f, mode: additive, entries: [{{team: {mark}-t, permission: View}}]}}
---
apiVersion: ggrec/v1
kind: Preferences
metadata: {{name: {mark}-t}}
spec: {{team: {mark}-t, theme: dark}}
---
apiVersion: ggrec/v1
kind: Annotation
metadata: {{name: {mark}-a}}
spec: {{text: "{mark} sale", time: "2026-03-01T09:00:00Z", tags: [{mark}]}}
"""


def new(mark: str) -> str:
    """All of them other than before, one of them gone, and two more."""
    text = old(mark).partition("---\napiVersion: ggrec/v1\nkind: Annotation")[0]
    for was, now in ((f"{mark} old", f"{mark} new"), ("127.0.0.1:9", "127.0.0.1:10"), ("old@", "new@")):
        text = text.replace(was, now)
    text = text.replace("permission: View", "permission: Edit").replace("theme: dark", "theme: light")
    return (
        text
        + f"""\
---
apiVersion: ggrec/v1
kind: Folder
metadata: {{name: {mark}-g}}
spec: {{title: "{mark} more"}}
---
apiVersion: ggrec/v1
kind: Dashboard
metadata: {{name: {mark}-c}}
spec: {{title: "{mark} more", folder: {mark}-g}}
"""
    )


def held(grafana: Grafana, mark: str) -> dict[str, Any]:
    """What the run changes, and what people do."""
    board = grafana.ask("GET", f"/api/dashboards/uid/{mark}-b")
    source = grafana.ask("GET", f"/api/datasources/uid/{mark}-d")
    found = team(grafana, mark)
    entries = grafana.ask("GET", f"/api/folders/{mark}-f/permissions")
    more = [grafana.ask("GET", f"/api/folders/{mark}-g"), grafana.ask("GET", f"/api/dashboards/uid/{mark}-c")]
    return {
        "folder": grafana.ask("GET", f"/api/folders/{mark}-f")["title"],
        "board": (board["dashboard"]["title"], board["meta"]["folderUid"]),
        "tags": board["dashboard"]["tags"],
        "datasource": (source["url"], source["jsonData"]["maxLines"]),
        "team": (found["email"], grafana.ask("GET", f"/api/teams/{found['id']}/preferences")["theme"]),
        "access": [item["permissionName"] for item in entries if item.get("team") == f"{mark} crew"],
        "sales": len(grafana.ask("GET", f"/api/annotations?tags={mark}&type=annotation")),
        "more": [item is not None for item in more],
    }


def test_a_run_is_undone_and_two_people_lose_nothing(project: Folder, grafana: Grafana, mark: str) -> None:
    project.write("desired/all.yaml", old(mark))
    assert project.ggrec("apply", "--auto-approve").code == 0
    before = held(grafana, mark)
    project.write("desired/all.yaml", new(mark))
    assert project.ggrec("apply", "--auto-approve").code == 0
    run = project.ggrec("history", "--json").json["runs"][-1]["id"]
    changed = held(grafana, mark)
    assert all(changed[key] != before[key] for key in before if key != "tags"), changed
    with another(grafana, f"{mark}-alice") as alice, another(grafana, f"{mark}-bob") as bob:
        board = alice.ask("GET", f"/api/dashboards/uid/{mark}-b")["dashboard"]
        body = {"dashboard": {**board, "tags": [mark, "hers"]}, "folderUid": f"{mark}-f", "message": "for the night"}
        alice.ask("POST", "/api/dashboards/db", body)
        source = bob.ask("GET", f"/api/datasources/uid/{mark}-d")
        bob.ask("PUT", f"/api/datasources/uid/{mark}-d", {**source, "jsonData": {"maxLines": 99}})
        told = held(grafana, mark)

        refused = project.ggrec("rollback", run, "--auto-approve")
        text = " ".join(refused.out.split())
        assert refused.code == 4, refused.out + refused.err
        assert f"was changed outside ggrec by {mark}-alice" in text and '(version 2 → 3), "for the night"' in text
        assert f"datasource.{mark}-d: was changed outside ggrec since run {run}: jsonData.maxLines 10 → 99" in text
        assert held(grafana, mark) == told

        merged = project.ggrec("rollback", run, "--auto-approve", "--on-conflict", "merge")
        assert merged.code == 0, merged.out + merged.err
        after = held(grafana, mark)
        assert after == {**before, "tags": [mark, "hers"], "datasource": ("http://127.0.0.1:9", 99)}

        moments = project.ggrec("history", f"dashboard.{mark}-b", "--json").json["moments"]
        whose = [(item["version"], item["who"] == alice.user, item["run"] is not None) for item in moments]
        assert whose == [(4, False, True), (3, True, False), (2, False, True), (1, False, True)]
        project.write("desired/all.yaml", old(mark))
        clean = project.ggrec("plan", "--detailed-exitcode")
        assert clean.code == 0, clean.out
        assert "Held in Grafana, and not in the files (2)" in clean.out


def test_what_was_destroyed_comes_back(project: Folder, grafana: Grafana, mark: str) -> None:
    project.write("desired/all.yaml", old(mark))
    assert project.ggrec("apply", "--auto-approve").code == 0
    before = held(grafana, mark)
    assert project.ggrec("destroy", "--auto-approve").code == 0
    assert grafana.ask("GET", f"/api/folders/{mark}-f") is None
    run = project.ggrec("history", "--json").json["runs"][-1]["id"]
    ended = project.ggrec("rollback", run, "--auto-approve")
    assert ended.code == 0, ended.out + ended.err
    assert held(grafana, mark) == before
    clean = project.ggrec("plan", "--detailed-exitcode")
    assert clean.code == 0, clean.out

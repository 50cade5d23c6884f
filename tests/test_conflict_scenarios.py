"""Somebody else saves between plan and apply: dashboards, folders, datasources and teams, on any Grafana (see
test_scenarios).
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.cli.command import Ended, Folder
from tests.test_scenarios import Grafana, grafana, mark, project

pytestmark = pytest.mark.grafana
FIXTURES = (grafana, mark, project)


@pytest.fixture
def alice(grafana: Grafana, mark: str) -> Iterator[Grafana]:
    """Another administrator, who is at work at the same time."""
    login = f"{mark}-alice"
    account = {"login": login, "name": "Alice", "email": f"{login}@example.org", "password": "alice-at-work"}
    number = grafana.ask("POST", "/api/admin/users", account)["id"]
    grafana.ask("PATCH", f"/api/orgs/1/users/{number}", {"role": "Admin"})
    yield replace(grafana, user=login, password="alice-at-work")
    grafana.ask("DELETE", f"/api/admin/users/{number}")


def estate(mark: str, *, new: bool) -> str:
    """Four objects; what ggrec changes in each is another field than alice does."""
    return f"""\
apiVersion: ggrec/v1
kind: Folder
metadata: {{name: {mark}-f}}
spec: {{title: "{mark} {"new" if new else "old"}", description: Mine.}}
---
apiVersion: ggrec/v1
kind: Datasource
metadata: {{name: {mark}-d}}
spec: {{type: loki, url: "http://127.0.0.1:{10 if new else 9}", jsonData: {{maxLines: 10}}}}
---
apiVersion: ggrec/v1
kind: Dashboard
metadata: {{name: {mark}-b}}
spec:
  title: {mark} {"new" if new else "old"}
  description: Mine.
  tags: [{mark}]
  panels:
    - {{title: Rate, type: stat, targets: [{{expr: up}}], unit: reqps}}
---
apiVersion: ggrec/v1
kind: Team
metadata: {{name: {mark}-t}}
spec: {{name: "{mark} {"new" if new else "old"}", email: mine@example.org}}
"""


def team(grafana: Grafana, mark: str) -> Any:
    return grafana.ask("GET", f"/api/teams/search?query={mark}")["teams"][0]


def at_work(alice: Grafana, mark: str) -> None:
    """Alice saves all four, each with one field changed, and a dashboard message."""
    board = alice.ask("GET", f"/api/dashboards/uid/{mark}-b")["dashboard"]
    board["panels"][0]["fieldConfig"]["defaults"]["unit"] = "percent"
    alice.ask("POST", "/api/dashboards/db", {"dashboard": board, "message": "percent reads better"})
    folder = alice.ask("GET", f"/api/folders/{mark}-f")
    body = {"title": folder["title"], "description": "Hers.", "version": folder["version"]}
    alice.ask("PUT", f"/api/folders/{mark}-f", body)
    source = alice.ask("GET", f"/api/datasources/uid/{mark}-d")
    alice.ask("PUT", f"/api/datasources/uid/{mark}-d", {**source, "jsonData": {"maxLines": 99}})
    found = team(alice, mark)
    alice.ask("PUT", f"/api/teams/{found['id']}", {"name": found["name"], "email": "hers@example.org"})


def held(grafana: Grafana, mark: str) -> dict[str, tuple[Any, Any]]:
    """Of each object: the field that ggrec changes, and the one that alice does."""
    board = grafana.ask("GET", f"/api/dashboards/uid/{mark}-b")["dashboard"]
    folder = grafana.ask("GET", f"/apis/folder.grafana.app/v1beta1/namespaces/default/folders/{mark}-f")["spec"]
    source = grafana.ask("GET", f"/api/datasources/uid/{mark}-d")
    found = team(grafana, mark)
    return {
        "dashboard": (board["title"], board["panels"][0]["fieldConfig"]["defaults"]["unit"]),
        "folder": (folder["title"], folder["description"]),
        "datasource": (source["url"], source["jsonData"]["maxLines"]),
        "team": (found["name"], found["email"]),
    }


def _both(mark: str, mine: bool, hers: bool) -> dict[str, tuple[Any, Any]]:
    title = f"{mark} {'new' if mine else 'old'}"
    return {
        "dashboard": (title, "percent" if hers else "reqps"),
        "folder": (title, "Hers." if hers else "Mine."),
        "datasource": (f"http://127.0.0.1:{10 if mine else 9}", 99 if hers else 10),
        "team": (title, "hers@example.org" if hers else "mine@example.org"),
    }


def disputed(project: Folder, alice: Grafana, mark: str, *options: str) -> Ended:
    """Applied, changed, planned; alice saves; the plan is applied."""
    project.write("desired/all.yaml", estate(mark, new=False))
    assert project.ggrec("apply", "--auto-approve").code == 0
    project.write("desired/all.yaml", estate(mark, new=True))
    assert project.ggrec("plan", "-o", "p.ggrec").code == 0
    at_work(alice, mark)
    return project.ggrec("apply", "p.ggrec", *options)


def test_nothing_of_hers_is_overwritten_and_it_is_said_what_she_did(
    project: Folder, grafana: Grafana, alice: Grafana, mark: str
) -> None:
    ended = disputed(project, alice, mark)
    assert ended.code == 4
    assert held(grafana, mark) == _both(mark, mine=False, hers=True)
    assert f"was changed by {alice.user}" in ended.out
    assert '(version 1 → 2), "percent reads better"' in ended.out
    for change in ("unit from reqps to percent", '"Mine." → "Hers."', "maxLines  10 → 99", "hers@example.org"):
        assert change in ended.out, change
    assert f"--on-conflict dashboard.{mark}-b=ours" in ended.out


def test_ours(project: Folder, grafana: Grafana, alice: Grafana, mark: str) -> None:
    ended = disputed(project, alice, mark, "--on-conflict", "ours")
    assert ended.code == 0, ended.out + ended.err
    assert held(grafana, mark) == _both(mark, mine=True, hers=False)
    assert project.ggrec("plan", "--detailed-exitcode").code == 0
    digests = [word.rstrip("`") for word in ended.out.split() if len(word.rstrip("`")) == 40]
    kept = [project.ggrec("state", "body", digest).out for digest in digests]
    assert any("hers@example.org" in body for body in kept) and any('"maxLines": 99' in body for body in kept)


def test_theirs(project: Folder, grafana: Grafana, alice: Grafana, mark: str) -> None:
    ended = disputed(project, alice, mark, "--on-conflict", "theirs")
    assert ended.code == 0, ended.out + ended.err
    assert held(grafana, mark) == _both(mark, mine=False, hers=True)
    plan = project.ggrec("plan", "--json").json
    assert len(plan["drift"]) == 4


def test_merge(project: Folder, grafana: Grafana, alice: Grafana, mark: str) -> None:
    ended = disputed(project, alice, mark, "--on-conflict", "merge")
    assert ended.code == 0, ended.out + ended.err
    assert held(grafana, mark) == _both(mark, mine=True, hers=True)
    again = project.ggrec("plan", "--detailed-exitcode")
    assert (again.code, "Held in Grafana, and not in the files (4)" in again.out) == (0, True), again.out
    assert project.ggrec("state", "release", *json_addresses(project)).code == 0
    assert project.ggrec("apply", "--auto-approve").code == 0
    assert held(grafana, mark) == _both(mark, mine=True, hers=False)


def json_addresses(project: Folder) -> list[str]:
    addresses: list[str] = list(project.ggrec("plan", "--json").json["held"])
    return addresses


def test_one_each(project: Folder, grafana: Grafana, alice: Grafana, mark: str) -> None:
    options = [f"dashboard.{mark}-b=merge", "folder.*=ours", "team.*=theirs"]
    ended = disputed(project, alice, mark, *(word for option in options for word in ("--on-conflict", option)))
    assert ended.code == 4
    mine, hers, both = (_both(mark, mine=m, hers=h) for m, h in ((True, False), (False, True), (True, True)))
    assert held(grafana, mark) == {
        "dashboard": both["dashboard"], "folder": mine["folder"],
        "datasource": hers["datasource"], "team": hers["team"],
    }  # fmt: skip

"""The same scenarios on any Grafana: on the sandbox, or on the one of GGREC_TEST_GRAFANA_URL (with
GGREC_TEST_GRAFANA_USER and _PASSWORD, by default admin). Each uses names of its own and leaves nothing behind.
"""

import base64
import json
import os
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox import start
from tests.cli.command import Folder

pytestmark = pytest.mark.grafana


@dataclass
class Grafana:
    """A Grafana to test on, and somebody else who uses it, in one organisation (0: that of the user)."""

    url: str
    user: str
    password: str
    org: int = 0

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """A request of somebody else over Grafana's own API; None for 404."""
        pair = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        data = json.dumps(body).encode() if body is not None else None
        headers = {"Authorization": f"Basic {pair}", "Content-Type": "application/json"}
        if self.org:
            headers["X-Grafana-Org-Id"] = str(self.org)
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            with error:
                if error.code == 404:
                    return None
            raise
        return json.loads(text) if text else None


@pytest.fixture(scope="module")
def grafana() -> Iterator[Grafana]:
    url = os.environ.get("GGREC_TEST_GRAFANA_URL")
    if url:
        user, password = (os.environ.get(f"GGREC_TEST_GRAFANA_{key}", "admin") for key in ("USER", "PASSWORD"))
        yield Grafana(url.rstrip("/"), user, password)
        return
    handle = start()
    yield Grafana(handle.url, "admin", "admin")
    handle.stop()


@pytest.fixture
def mark() -> str:
    return "ggt-" + uuid.uuid4().hex[:8]


@pytest.fixture
def project(tmp_path: Path, grafana: Grafana, mark: str) -> Iterator[Folder]:
    yield from with_estate(tmp_path, grafana, _estate(mark))


def with_estate(tmp_path: Path, grafana: Grafana, estate: str) -> Iterator[Folder]:
    """A project that declares this; what it applied goes at the end."""
    environment = {"GRAFANA_URL": grafana.url, "GRAFANA_USER": grafana.user, "GRAFANA_PASSWORD": grafana.password}
    folder = Folder(tmp_path, {**environment, "TOKEN": "canary-1f9c"})
    folder.write("desired/all.yaml", estate)
    yield folder
    if any((tmp_path / "state").rglob("state.json")):
        ended = folder.ggrec("destroy", "--auto-approve")
        assert ended.code == 0, ended.out + ended.err


def _estate(
    mark: str, *, title: str = "Orders", url: str = "http://127.0.0.1:9", text: str = "Sale", parent: str = "top"
) -> str:
    return f"""\
apiVersion: ggrec/v1
kind: Folder
metadata: {{name: {mark}-top}}
spec: {{title: "{mark} top", description: The top one.}}
---
apiVersion: ggrec/v1
kind: Folder
metadata: {{name: {mark}-other}}
spec: {{title: "{mark} other"}}
---
apiVersion: ggrec/v1
kind: Folder
metadata: {{name: {mark}-inner}}
spec: {{title: "{mark} inner", parent: {mark}-{parent}}}
---
apiVersion: ggrec/v1
kind: Datasource
metadata: {{name: {mark}-ds}}
spec:
  type: loki
  url: {url}
  jsonData: {{maxLines: 10, httpHeaderName1: X-Token}}
  secureJsonData: {{httpHeaderValue1: "${{env:TOKEN}}"}}
---
apiVersion: ggrec/v1
kind: Dashboard
metadata: {{name: {mark}-board}}
spec:
  title: {title}
  folder: {mark}-inner
  tags: [{mark}]
  time: {{from: now-6h, to: now}}
  variables:
    - {{name: region, type: custom, query: "a,b"}}
  panels:
    - row: Numbers
    - title: Rate
      type: stat
      width: 6
      unit: reqps
      datasource: {mark}-ds
      targets: [{{expr: up}}]
      thresholds: {{green: null, red: 30}}
    - {{row: Later, collapsed: true}}
    - {{title: Text, type: text, options: {{content: "# hi", mode: markdown}}}}
---
apiVersion: ggrec/v1
kind: Team
metadata: {{name: {mark}-team}}
spec: {{name: "{mark} team", email: t@example.org, members: [admin], membership: exact}}
---
apiVersion: ggrec/v1
kind: Annotation
metadata: {{name: {mark}-event}}
spec:
  text: {text}
  time: "2026-03-01T09:00:00.123+05:45"
  timeEnd: "2026-03-02T09:00:00Z"
  tags: [{mark}]
  dashboard: {mark}-board
  panel: Rate
"""


def _clean(project: Folder) -> bool:
    """Whether plan says: nothing to do."""
    return project.ggrec("plan", "--detailed-exitcode").code == 0


def _apply(project: Folder) -> str:
    ended = project.ggrec("apply", "--auto-approve")
    assert ended.code == 0, ended.out + ended.err
    assert "came back different" not in ended.out
    return ended.out


def test_life_of_all_kinds(project: Folder, grafana: Grafana, mark: str) -> None:
    assert project.ggrec("plan", "--detailed-exitcode").code == 2
    _apply(project)
    assert _clean(project)
    board = grafana.ask("GET", f"/api/dashboards/uid/{mark}-board")
    assert board["meta"]["folderUid"] == f"{mark}-inner"
    assert grafana.ask("GET", f"/api/datasources/uid/{mark}-ds")["secureJsonFields"] == {"httpHeaderValue1": True}
    project.write(
        "desired/all.yaml", _estate(mark, title="Orders 2", url="http://127.0.0.1:10", text="Big sale", parent="other")
    )
    plan = project.ggrec("plan", "--json").json
    changed = {change["address"]: [edit["path"] for edit in change["edits"]] for change in plan["changes"]}
    assert changed == {
        f"annotation.{mark}-event": ["text"],
        f"dashboard.{mark}-board": ["dashboard.title"],
        f"datasource.{mark}-ds": ["url"],
        f"folder.{mark}-inner": ["parentUid"],
    }
    assert "version 1 → 2" in _apply(project)
    assert _clean(project)
    assert grafana.ask("GET", f"/api/folders/{mark}-inner")["parentUid"] == f"{mark}-other"
    versions = grafana.ask("GET", f"/api/dashboards/uid/{mark}-board/versions")["versions"]
    assert versions[0]["message"].startswith("ggrec run ")


def test_an_edit_by_somebody_else_is_shown_and_put_back(project: Folder, grafana: Grafana, mark: str) -> None:
    _apply(project)
    board = grafana.ask("GET", f"/api/dashboards/uid/{mark}-board")
    body = {**board["dashboard"], "title": "By hand"}
    saved = {"dashboard": body, "folderUid": f"{mark}-inner", "message": "better so"}
    grafana.ask("POST", "/api/dashboards/db", saved)
    grafana.ask("PUT", f"/api/folders/{mark}-top", {"title": "By hand too", "overwrite": True})
    plan = project.ggrec("plan")
    assert f"version 1 → 2 by {grafana.user}" in plan.out
    assert 'message "better so"' in plan.out
    _apply(project)
    assert _clean(project)
    assert grafana.ask("GET", f"/api/dashboards/uid/{mark}-board")["dashboard"]["title"] == "Orders"
    assert grafana.ask("GET", f"/api/folders/{mark}-top")["title"] == f"{mark} top"


def test_a_save_after_the_plan_is_not_overwritten(project: Folder, grafana: Grafana, mark: str) -> None:
    _apply(project)
    project.write("desired/all.yaml", _estate(mark, title="Mine", url="http://127.0.0.1:11"))
    assert project.ggrec("plan", "-o", "p.ggrec").code == 0
    board = grafana.ask("GET", f"/api/dashboards/uid/{mark}-board")
    saved = {"dashboard": {**board["dashboard"], "title": "Theirs"}, "folderUid": f"{mark}-inner"}
    grafana.ask("POST", "/api/dashboards/db", saved)
    ended = project.ggrec("apply", "p.ggrec")
    assert ended.code == 4
    assert "was changed by" in ended.out
    assert grafana.ask("GET", f"/api/dashboards/uid/{mark}-board")["dashboard"]["title"] == "Theirs"
    assert grafana.ask("GET", f"/api/datasources/uid/{mark}-ds")["url"] == "http://127.0.0.1:11"
    assert project.ggrec("apply", "p.ggrec").code == 4


def test_a_folder_with_a_strangers_dashboard_stays(project: Folder, grafana: Grafana, mark: str) -> None:
    _apply(project)
    stranger = {"dashboard": {"uid": f"{mark}-x", "title": "Stranger"}, "folderUid": f"{mark}-other"}
    grafana.ask("POST", "/api/dashboards/db", stranger)
    text = _estate(mark)
    documents = [part for part in text.split("---\n") if f"name: {mark}-other}}" not in part]
    project.write("desired/all.yaml", "---\n".join(documents))
    ended = project.ggrec("apply", "--auto-approve")
    assert ended.code == 3
    assert f"dashboard 'Stranger' ({mark}-x)" in ended.out
    assert grafana.ask("GET", f"/api/dashboards/uid/{mark}-x") is not None
    grafana.ask("DELETE", f"/api/dashboards/uid/{mark}-x")
    _apply(project)


def test_pull_then_plan_is_empty(project: Folder, grafana: Grafana, mark: str, tmp_path_factory: Any) -> None:
    _apply(project)
    other = Folder(tmp_path_factory.mktemp("pulled"), dict(project.environment))
    pulled = other.ggrec("pull", f"dashboard/{mark}-board", f"datasource/{mark}-ds")
    assert pulled.code == 0, pulled.out + pulled.err
    assert _clean(other)
    assert "HTTPHEADERVALUE1" in pulled.out
    assert (other.path / "desired" / f"{mark}-other" / f"{mark}-inner").exists() or any(
        other.path.rglob(f"{mark}-board.json")
    )


def test_the_secret_is_nowhere(project: Folder, mark: str) -> None:
    shown = (
        _apply(project)
        + project.ggrec("plan", "-v", "--json").out
        + project.ggrec("state", "show", f"datasource.{mark}-ds").out
    )
    project.environment["TOKEN"] = "canary-2b7d"
    rotated = project.ggrec("plan", "-o", "p.ggrec")
    assert "secureJsonData.httpHeaderValue1  (secret changed)" in rotated.out
    applied = project.ggrec("apply", "p.ggrec", "-v")
    assert applied.code == 0
    assert _clean(project)
    shown += rotated.out + rotated.err + applied.out + applied.err
    for path in project.path.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            if path.suffix == ".gz":
                import gzip

                data = gzip.decompress(data)
            shown += data.decode("utf-8", "replace")
    assert "canary-" not in shown


def _staff(mark: str, *, roles: tuple[str, ...] = ("boss", "clerk")) -> str:
    """A closed folder with a dashboard, and roles with a filtered view each."""
    audiences = ", ".join(f"{mark}-{role}" for role in roles)
    text = f"""\
apiVersion: ggrec/v1
kind: Folder
metadata: {{name: {mark}-closed}}
spec: {{title: "{mark} closed"}}
---
apiVersion: ggrec/v1
kind: FolderPermissions
metadata: {{name: {mark}-closed}}
spec: {{folder: {mark}-closed, mode: exact, entries: []}}
---
apiVersion: ggrec/v1
kind: Dashboard
metadata: {{name: {mark}-base}}
spec:
  title: "{mark} base"
  folder: {mark}-closed
  panels:
    - {{title: All of them, type: text, audience: [{audiences}]}}
    - {{title: Nobody, type: text}}
"""
    for role in roles:
        text += f"""\
---
apiVersion: ggrec/v1
kind: Role
metadata: {{name: {mark}-{role}}}
spec:
  title: {mark} {role}
  team: {{name: {mark} {role}, members: [{mark}-ann]}}
  preferences: {{theme: dark}}
  dashboards:
    - {{dashboard: {mark}-base, filter: true, default: true, base: hidden}}
"""
    return text


def test_a_role_gives_its_members_a_home_and_its_views_and_no_more(
    project: Folder, grafana: Grafana, mark: str
) -> None:
    ann = Grafana(grafana.url, f"{mark}-ann", "a-long-password-1")
    made = grafana.ask(
        "POST", "/api/admin/users", {"login": ann.user, "email": f"{ann.user}@x.org", "password": ann.password}
    )
    try:
        project.write("desired/all.yaml", _staff(mark, roles=("boss",)))
        assert project.ggrec("apply", "--auto-approve").code == 0
        assert project.ggrec("plan", "--detailed-exitcode").code == 0
        assert ann.ask("GET", "/api/dashboards/home")["redirectUri"].startswith(f"/d/{mark}-boss-{mark}-base")
        seen = {item["uid"] for item in ann.ask("GET", f"/api/search?query={mark}&type=dash-db")}
        assert seen == {f"{mark}-boss-{mark}-base"}
        board = grafana.ask("GET", f"/api/dashboards/uid/{mark}-boss-{mark}-base")["dashboard"]
        assert [panel["title"] for panel in board["panels"]] == ["All of them"]

        team = grafana.ask("GET", f"/api/teams/search?name={mark}%20boss")["teams"][0]
        grafana.ask("PUT", f"/api/teams/{team['uid']}/preferences", {"theme": "light", "weekStart": "monday"})
        shown = project.ggrec("plan").out
        assert '"dark" → "light"' in shown
        assert project.ggrec("apply", "--auto-approve").code == 0
        kept = grafana.ask("GET", f"/api/teams/{team['uid']}/preferences")
        assert (kept["theme"], kept["weekStart"]) == ("dark", "monday")

        project.write("desired/all.yaml", _staff(mark, roles=()).replace(", audience: []", ""))
        assert project.ggrec("apply", "--auto-approve").code == 0
        assert grafana.ask("GET", f"/api/dashboards/uid/{mark}-boss-{mark}-base") is None
        assert grafana.ask("GET", f"/api/teams/search?name={mark}%20boss")["teams"] == []
    finally:
        grafana.ask("DELETE", f"/api/admin/users/{made['id']}")

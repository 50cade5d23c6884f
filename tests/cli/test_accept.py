"""`ggrec drift accept`: what was changed by hand is in the files, where it is written, and no other byte is another."""

import copy
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.sandbox import start
from tests.cli.command import Ended, Folder

ESTATE = Path(__file__).parent / "estate"
PROJECT = """\
apiVersion: ggrec/v1
kind: Project
metadata: {{name: test}}
spec:
  default: main
  instances:
    main:
      url: {url}
      auth: {{user: admin, password: "${{env:GRAFANA_PASSWORD:-admin}}"}}
      state: state
      values: {{prometheus_url: "http://prometheus:9090"}}
"""
MAIN = """\
apiVersion: ggrec/v1
kind: Datasource
metadata: {name: prometheus}
spec: {type: prometheus, url: "${values.prometheus_url}"}
"""
ROLE = """\
apiVersion: ggrec/v1
kind: Role
metadata: {name: chief}
spec:
  title: Chief
  team: {name: Chiefs}
  dashboards:
    - {dashboard: in-flow, filter: {panels: [One]}}
    - {dashboard: nested}
---
apiVersion: ggrec/v1
kind: Role
metadata: {name: crew}
spec:
  title: Crew
  team: {name: Crew}
  dashboards: [{dashboard: in-flow}, {dashboard: nested}]
"""
Model = dict[str, Any]


class Estate:
    """An applied estate, and people who change it by hand; the same for each test."""

    def __init__(self, path: Path, handle: Any) -> None:
        self.folder, self.handle = Folder(path), handle
        self.http = httpx.Client(base_url=handle.url, auth=("bob", "pw"), verify=False)
        self.folder.write("ggrec.yaml", PROJECT.format(url=handle.url))
        shutil.copytree(ESTATE, path / "desired")
        self.folder.write("desired/main.yaml", MAIN)
        ended = self.folder.ggrec("apply", "--auto-approve")
        assert ended.code == 0, ended.err
        for name in ("bob", "night-owl"):
            handle.world.add_user(name, f"{name}@example.org", password="pw", role="Admin")
        self.kept = copy.deepcopy((handle.world.orgs, handle.world.counters))
        self.texts = {file: file.read_bytes() for file in path.rglob("*") if file.is_file()}

    def restored(self) -> "Estate":
        orgs, counters = copy.deepcopy(self.kept)
        self.handle.world.orgs, self.handle.world.counters = orgs, counters
        for file in self.folder.path.rglob("*"):
            if file.is_file() and file not in self.texts:
                file.unlink()
        for file, data in self.texts.items():
            if file.read_bytes() != data:
                file.write_bytes(data)
        return self

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.http.request(method, path, json=body)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def edit(self, uid: str, change: Callable[[Model], None]) -> None:
        found = self.ask("GET", f"/api/dashboards/uid/{uid}")
        change(found["dashboard"])
        body = {"dashboard": found["dashboard"], "folderUid": found["meta"]["folderUid"], "message": "by hand"}
        self.ask("POST", "/api/dashboards/db", body)

    def accept(self, *arguments: str) -> Ended:
        before = len(self.handle.requests)
        ended = self.folder.ggrec("drift", "accept", *arguments)
        assert {seen.method for seen in self.handle.requests[before:]} <= {"GET"}
        return ended

    def accepted(self, address: str) -> dict[str, tuple[list[str], list[str]]]:
        """Accept it; the plan is empty then. The lines that went and came, by file."""
        ended = self.accept(address)
        assert ended.code == 0, ended.out + ended.err
        plan = self.folder.ggrec("plan", "--target", address, "--detailed-exitcode")
        assert plan.code == 0, plan.out
        return self.changed()

    def changed(self) -> dict[str, tuple[list[str], list[str]]]:
        found = {}
        for file, old in self.texts.items():
            new = file.read_bytes()
            if "desired" in file.parts and new != old:
                before, after = (data.decode().splitlines(keepends=True) for data in (old, new))
                gone = [line.strip() for line in before if line not in after]
                come = [line.strip() for line in after if line not in before]
                found[file.name] = (gone, come)
        return found

    def refused(self, *arguments: str) -> list[dict[str, Any]]:
        """Accept in vain; the reasons. No file is another."""
        ended = self.accept(*arguments, "--json")
        assert ended.code == 3, ended.out + ended.err
        assert self.changed() == {}
        return [reason for item in ended.json["refused"] for reason in item["reasons"]]


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    handle = start()
    made = Estate(tmp_path_factory.mktemp("estate"), handle)
    yield made
    made.http.close()
    handle.stop()


@pytest.fixture
def estate(applied: Estate) -> Estate:
    return applied.restored()


def _panel(model: Model, title: str) -> Model:
    rows = [inner for panel in model["panels"] for inner in panel.get("panels", ())]
    return next(panel for panel in [*model["panels"], *rows] if panel.get("title") == title)


def test_values_in_brackets(estate: Estate) -> None:
    def change(model: Model) -> None:
        model["title"], model["tags"] = "Flows: new", ["b", "c"]
        _panel(model, "One")["targets"][0]["expr"] = "sum(up)"
        steps = _panel(model, "Two")["fieldConfig"]["defaults"]["thresholds"]["steps"]
        steps[1] |= {"color": "orange", "value": 45}
        _panel(model, "Three")["fieldConfig"]["defaults"]["unit"] = "ms"

    estate.edit("in-flow", change)
    assert estate.accepted("dashboard.in-flow") == {
        "boards.yaml": (
            [
                "spec: {title: \"In flow\", folder: odd, tags: [a, 'b'], panels: [",
                "{title: One, type: stat, targets: [{expr: up}], datasource: prometheus},   # the first",
                "{title: Two, type: stat, width: 6, thresholds: {green: null, red: 30}},",
                "{title: Three, type: timeseries, unit: s, colors: {up: blue}}]}",
            ],
            [
                "spec: {title: \"Flows: new\", folder: odd, tags: ['b', c], panels: [",
                "{title: One, type: stat, targets: [{expr: sum(up)}], datasource: prometheus},   # the first",
                "{title: Two, type: stat, width: 6, thresholds: {green: null, orange: 45}},",
                "{title: Three, type: timeseries, unit: ms, colors: {up: blue}}]}",
            ],
        )
    }


def test_a_block_a_new_key_and_a_short_one(estate: Estate) -> None:
    def change(model: Model) -> None:
        _panel(model, "B")["targets"][0]["expr"] = "sum(up)\n  by (instance)\n"
        _panel(model, "A")["fieldConfig"] = {"defaults": {"unit": "s"}, "overrides": []}
        _panel(model, "A")["timeFrom"] = "24h"

    estate.edit("nested", change)
    ((gone, come),) = estate.accepted("dashboard.nested").values()
    assert gone == ["by (job)"]
    assert set(come) == {"by (instance)", "timeFrom: 24h", "fieldConfig:", "defaults: {unit: s}", "overrides: []"}


def test_panels_come_and_go(estate: Estate) -> None:
    def change(model: Model) -> None:
        gone = _panel(model, "Two")
        model["panels"] = [panel for panel in model["panels"] if panel is not gone]
        source = {"datasource": {"type": "prometheus", "uid": "prometheus"}}
        fresh = {"id": 90, "type": "stat", "title": "Fresh", "gridPos": {"x": 0, "y": 40, "w": 24, "h": 3}}
        model["panels"].append(fresh | source | {"targets": [{"refId": "A", "expr": "up"} | source]})

    estate.edit("in-flow", change)
    ((gone, come),) = estate.accepted("dashboard.in-flow").values()
    assert "{title: Two, type: stat, width: 6, thresholds: {green: null, red: 30}}," in gone
    (fresh,) = [line for line in come if "Fresh" in line]
    assert "datasource: prometheus" in fresh
    assert "targets: [{refId: A, expr: up}]" in fresh or "targets: [{expr: up, refId: A}]" in fresh


def test_a_new_title_keeps_the_panels_id_and_with_a_new_query_it_is_written_down(estate: Estate) -> None:
    estate.edit("in-flow", lambda model: _panel(model, "One").update(title="Uno"))
    ((_, come),) = estate.accepted("dashboard.in-flow").values()
    assert come == ["{title: Uno, type: stat, targets: [{expr: up}], datasource: prometheus},   # the first"]
    estate.restored()

    def both(model: Model) -> None:
        _panel(model, "One")["targets"][0]["expr"] = "vector(1)"
        _panel(model, "One")["title"] = "Uno"

    estate.edit("in-flow", both)
    ((_, come),) = estate.accepted("dashboard.in-flow").values()
    assert "id: " in come[0]


def test_a_panel_is_resized_and_another_made_anew(estate: Estate) -> None:
    estate.edit("in-flow", lambda model: _panel(model, "Two")["gridPos"].update(w=10))
    ((_, come),) = estate.accepted("dashboard.in-flow").values()
    assert come == ["{title: Two, type: stat, width: 10, thresholds: {green: null, red: 30}},"]
    estate.restored()
    estate.edit("in-flow", lambda model: _panel(model, "Two").update(id=77))
    ((_, come),) = estate.accepted("dashboard.in-flow").values()
    assert come == ["{title: Two, type: stat, width: 6, thresholds: {green: null, red: 30}, id: 77},"]
    estate.restored()
    estate.edit("in-flow", lambda model: _panel(model, "Three")["gridPos"].update(x=6))
    ((_, come),) = estate.accepted("dashboard.in-flow").values()
    assert come[0].endswith('gridPos: {h: 8, w: 12, x: 6, "y": 8}}]}')


def test_a_json_file_keeps_its_form(estate: Estate) -> None:
    def change(model: Model) -> None:
        model["title"], model["tags"] = "Changed", ["mine", "too"]
        model["panels"][0]["targets"][0]["expr"] = 'sum(up{job="a"})'
        model["panels"][1]["fieldConfig"]["defaults"]["thresholds"]["steps"][1]["value"] = 81
        model["panels"].append({"id": 3, "type": "text", "title": "T", "gridPos": {"x": 0, "y": 8, "w": 24, "h": 3}})

    estate.edit("from-file", change)
    found = estate.accepted("dashboard.from-file")
    assert found["boards.yaml"] == (["tags: [mine]"], ["tags: [mine, too]"])
    gone, come = found["exported.json"]
    assert gone[0] == '"title": "From a file \\/ exported",'
    assert come[0] == '"title": "Changed",'
    assert '{"refId": "A", "expr": "sum(up{job=\\"a\\"})"}' in come
    text = (estate.folder.path / "desired/exported.json").read_text("utf-8")
    assert '"caf\\u00e9 \\ud83d\\ude00"' in text
    assert json.loads(text)["panels"][2]["title"] == "T"


def test_a_manifest(estate: Estate) -> None:
    def change(model: Model) -> None:
        model["panels"][0]["options"] = {"x": 1}
        model["templating"] = {"list": [{"name": "v", "type": "custom", "query": "a"}]}

    estate.edit("manifest", change)
    ((_, come),) = estate.accepted("dashboard.manifest").values()
    assert "templating:" in come


def test_json_in_other_forms(estate: Estate) -> None:
    estate.edit("wrapped", lambda model: _panel(model, "W").update(description="why"))
    gone, come = estate.accepted("dashboard.wrapped")["wrapped.json"]
    assert come == [gone[0].replace('"y": 0}}', '"y": 0}, "description": "why"}')]
    estate.restored()

    def change(model: Model) -> None:
        _panel(model, "P")["fieldConfig"]["defaults"]["unit"] = "ms"
        model["panels"].append({"id": 9, "type": "text", "title": "T", "gridPos": {"h": 8, "w": 6, "x": 6, "y": 0}})

    estate.edit("own-json", change)
    estate.accepted("dashboard.own-json")
    spec = json.loads((estate.folder.path / "desired/own.json").read_text("utf-8"))["spec"]
    assert spec["panels"] == [
        {"title": "P", "type": "stat", "width": 6, "unit": "ms"},
        {"title": "T", "type": "text", "id": 9, "width": 6, "height": 8},
    ]


def test_a_file_in_style_stays_in_style(estate: Estate) -> None:
    file = str(estate.folder.path / "desired/styled.yaml")
    assert estate.folder.ggrec("fmt", "--check", file).code == 0

    def change(model: Model) -> None:
        model["weekStart"] = "monday"
        _panel(model, "P").update(description="new")

    estate.edit("styled", change)
    assert estate.accepted("dashboard.styled")["styled.yaml"] == ([], ["weekStart: monday", "description: new"])
    assert estate.folder.ggrec("fmt", "--check", file).code == 0


def test_line_ends_and_a_byte_order_mark_stay(estate: Estate) -> None:
    estate.edit("windows", lambda model: _panel(model, "One").update(description="three\nlines\nnow\n"))
    estate.accepted("dashboard.windows")
    data = (estate.folder.path / "desired/windows.yaml").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.count(b"\n") == data.count(b"\r\n") == 16
    assert b"# why\r\n      description: |\r\n        three\r\n        lines\r\n        now\r\n" in data


def test_a_folder_a_team_an_annotation_permissions_a_datasource(estate: Estate) -> None:
    ask = estate.ask
    ask("PUT", "/api/folders/odd", {"title": "Even ones", "overwrite": True})
    assert estate.accepted("folder.odd")["boards.yaml"][1] == ["spec: {title: 'Even ones'}   # quoted once"]

    (team,) = ask("GET", "/api/teams/search?name=Night+shift")["teams"]
    users = {user["login"]: user["userId"] for user in ask("GET", "/api/org/users")}
    ask("POST", f"/api/teams/{team['uid']}/members", {"userId": users["night-owl"]})
    assert "- night-owl" in estate.accepted("team.night")["boards.yaml"][1]

    (item,) = [found for found in ask("GET", "/api/annotations") if found["text"] == "Sale"]
    ask("PATCH", f"/api/annotations/{item['id']}", {"text": "Big sale", "tags": [*item["tags"], "three"]})
    assert {"text: Big sale", "tags: [one, two, three]"} <= set(estate.accepted("annotation.sale")["boards.yaml"][1])

    source = ask("GET", "/api/datasources/uid/odd-source")
    body = source | {"url": "http://loki:3101", "jsonData": {"maxLines": 7, "timeout": "5"}}
    ask("PUT", "/api/datasources/uid/odd-source", body)
    found = estate.accepted("datasource.odd-source")["shared.yaml"]
    assert found == (
        ["url: http://loki:3100", "maxLines: 1000"],
        ["url: http://loki:3101", "maxLines: 7", 'timeout: "5"'],
    )

    ask("POST", "/api/access-control/folders/odd/builtInRoles/Viewer", {"permission": "View"})
    ask("POST", "/api/access-control/folders/odd/builtInRoles/Editor", {"permission": "View"})
    come = estate.accepted("permissions.odd")["boards.yaml"][1]
    assert "- {role: Editor, permission: View}   # for now" in come
    assert estate.folder.ggrec("apply", "--auto-approve").code == 0
    assert estate.folder.ggrec("drift").code == 0

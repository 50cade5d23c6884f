"""`ggrec drift accept`: what was changed by hand is in the files, where it is written, and no other byte is another."""

import copy
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.cli.taking_in import take_in
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


@pytest.mark.parametrize(
    ("uid", "title", "keys", "code", "place", "says"),
    [
        ("templated", "By template", {"type": "stat"}, "from-elsewhere", "shared.yaml:6", "template odd-template"),
        ("templated", "", {"description": "new"}, "from-value", "shared.yaml:26", "values.prometheus_url"),
        ("nested", "Loop x", {"type": "text"}, "from-loop", "boards.yaml:50", "for_each"),
        (
            "anchored",
            "Same",
            {"options": {"colorMode": "none", "textMode": "auto"}},
            "shared",
            "boards.yaml:63",
            "anchor",
        ),
        ("anchored", "Value", {"options": {"textMode": "x"}}, "cannot-write-there", "boards.yaml:72", "anchor"),
    ],
)
def test_what_is_written_elsewhere_is_said_and_not_guessed(
    estate: Estate, uid: str, title: str, keys: Model, code: str, place: str, says: str
) -> None:
    estate.edit(uid, lambda model: (_panel(model, title) if title else model).update(keys))
    (reason,) = estate.refused(f"dashboard.{uid}")
    assert reason["code"] == code
    assert f"{Path(reason['where']['file']).name}:{reason['where']['line']}" == place
    assert says in reason["message"]
    assert reason["hint"]


def test_beside_a_loop_and_through_it(estate: Estate) -> None:
    fresh = {"id": 9, "type": "text", "title": "Fresh", "gridPos": {"h": 8, "w": 12, "x": 0, "y": 16}}
    estate.edit("looped", lambda model: model["panels"].insert(3, fresh))
    ((_, come),) = estate.accepted("dashboard.looped").values()
    assert [line for line in come if "Fresh" in line]
    estate.restored()
    estate.edit("looped", lambda model: model["panels"].insert(2, fresh))
    assert [reason["code"] for reason in estate.refused("dashboard.looped")] == ["from-elsewhere"]
    estate.restored()
    estate.edit("looped", lambda model: model["panels"].reverse())
    assert {reason["code"] for reason in estate.refused("dashboard.looped")} == {"from-loop"}
    estate.restored()
    estate.edit("looped", lambda model: model["panels"].pop(1))
    assert "from-loop" in [reason["code"] for reason in estate.refused("dashboard.looped")]


def test_an_object_is_accepted_whole_or_not_at_all_and_all_reasons_are_listed(estate: Estate) -> None:
    def change(model: Model) -> None:
        model["title"] = "New"
        _panel(model, "By template")["type"] = "stat"
        _panel(model, "By template")["targets"][0]["expr"] = "down"

    estate.edit("templated", change)
    estate.edit("in-flow", lambda model: model.update(title="Flow"))
    ended = estate.accept("--all")
    assert ended.code == 6
    assert list(estate.changed()) == ["boards.yaml"]
    assert "✓ dashboard.in-flow" in ended.out
    assert "✗ dashboard.templated: left as it is, for 2 reasons" in ended.out
    assert "1 object accepted into 1 file; 1 object left as declared." in ended.out


def test_a_part_and_a_look_without_writing(estate: Estate) -> None:
    def change(model: Model) -> None:
        model["title"] = "New"
        _panel(model, "Own")["fieldConfig"]["defaults"]["decimals"] = 3

    estate.edit("templated", change)
    ended = estate.accept("dashboard.templated", "--path", "panels[title='Own']", "--dry-run")
    assert (ended.code, estate.changed()) == (0, {})
    assert "+    - {title: Own, type: stat, datasource: odd-source, decimals: 3}" in ended.out
    assert estate.accept("dashboard.templated", "--path", "panels[title='Own']").code == 0
    assert len(estate.changed()["shared.yaml"][1]) == 1
    left = estate.folder.ggrec("drift", "--json").json["drift"]
    assert [edit["path"] for item in left for edit in item["edits"] if "title" in edit["path"]] == ["dashboard.title"]
    assert "nothing differs" in estate.accept("dashboard.templated", "--path", "tags").out


def test_the_files_own_changes_stay_beside_it_and_the_same_place_is_refused(estate: Estate) -> None:
    file = estate.folder.path / "desired/shared.yaml"
    file.write_text(file.read_text("utf-8").replace("description: own", "description: mine"), "utf-8")
    estate.edit("templated", lambda model: model.update(title="Theirs"))
    assert estate.accept("dashboard.templated").code == 0
    text = file.read_text("utf-8")
    assert "title: Theirs" in text and "description: mine" in text
    estate.edit("templated", lambda model: _panel(model, "By template").update(description="theirs"))
    ended = estate.accept("dashboard.templated")
    assert ended.code == 3
    assert 'the files say "mine", Grafana has "theirs"' in ended.out


def test_what_is_acknowledged_is_left_by_all_and_what_is_held_is_accepted(estate: Estate) -> None:
    estate.edit("in-flow", lambda model: model.update(title="Flow", description="by hand"))
    acknowledged = ("drift", "ack", "dashboard.in-flow", "--reason", "x", "--until", "2099-01-01")
    assert estate.folder.ggrec(*acknowledged).code == 0
    assert "Nothing to accept." in estate.accept("--all").out
    file = estate.folder.path / "desired/boards.yaml"
    file.write_text(file.read_text("utf-8").replace("[a, 'b']", "[a, 'b', c]"), "utf-8")
    assert estate.folder.ggrec("apply", "--auto-approve").code == 0
    assert "Held in Grafana" in estate.folder.ggrec("plan").out
    assert estate.accept("dashboard.in-flow").code == 0
    text = file.read_text("utf-8")
    assert 'title: "Flow"' in text and "description: by hand" in text
    assert estate.folder.ggrec("drift", "unack", "dashboard.in-flow").code == 0
    assert estate.folder.ggrec("plan", "--detailed-exitcode").code == 0
    assert estate.folder.ggrec("apply", "--auto-approve").code == 0
    assert "Held in Grafana" not in estate.folder.ggrec("plan").out
    assert estate.ask("GET", "/api/dashboards/uid/in-flow")["dashboard"]["title"] == "Flow"


def test_a_renamed_team_brings_what_names_it(estate: Estate) -> None:
    (team,) = estate.ask("GET", "/api/teams/search")["teams"]
    estate.ask("PUT", f"/api/teams/{team['uid']}", {"name": "Owls", "email": ""})
    ended = estate.accept("--all", "--json")
    assert ended.code == 0, ended.out
    files = {item["address"]: item["files"] for item in ended.json["accepted"]}
    assert files == {"team.night": ["desired/boards.yaml"], "permissions.odd": []} and ended.json["follows"] == []
    assert estate.changed() == {"boards.yaml": (["name: Night shift"], ["name: Owls"])}
    for _ in range(2):
        assert estate.folder.ggrec("plan", "--detailed-exitcode").code == 0
        assert estate.folder.ggrec("apply", "--auto-approve").code == 0


def test_a_title_that_links_and_views_name_waits_and_is_said(estate: Estate) -> None:
    estate.folder.write("desired/role.yaml", ROLE)
    file_of = estate.folder.path / "desired/boards.yaml"
    assert estate.folder.ggrec("apply", "--auto-approve").code == 0
    estate.edit("in-flow", lambda model: model.update(title="Flow"))
    ended = estate.accept("dashboard.in-flow", "--json")
    assert ended.code == 0 and estate.accept("--all").out == "Nothing to accept.\n", ended.out
    (item,) = ended.json["accepted"]
    assert (item["links"], ended.json["follows"]) == (["links[0].title"], [])
    assert ended.json["waits"] == ["dashboard.chief-in-flow", "dashboard.nested"]
    assert 'title: "Flow"' in file_of.read_text("utf-8")
    plan = estate.folder.ggrec("plan", "--detailed-exitcode")
    assert plan.code == 0 and "names the former title of dashboard.in-flow" in plan.out, plan.out
    assert "ggrec state release ADDRESS" in plan.out and "drift accept" not in plan.out
    assert estate.folder.ggrec("apply", "--auto-approve").code == 0
    estate.edit("nested", lambda model: model.update(description="hers"))
    ended = estate.accept("--all")
    assert ended.code == 0 and "dashboard.chief-in-flow" not in ended.out, ended.out
    assert estate.folder.ggrec("plan", "--detailed-exitcode").code == 0
    assert estate.folder.ggrec("state", "release", "dashboard.chief-in-flow").code == 0
    assert estate.folder.ggrec("apply", "--auto-approve").code == 0
    found = estate.ask("GET", "/api/dashboards/uid/chief-in-flow")["dashboard"]
    assert found["title"] == "Flow (Chief)"


def test_what_cannot_be_accepted_at_all(estate: Estate) -> None:
    estate.ask("DELETE", "/api/dashboards/uid/in-flow")
    codes = [reason["code"] for reason in estate.refused("dashboard.in-flow", "dashboard.none", "folder.odd")]
    assert sorted(codes) == ["deleted-outside", "not-declared"]
    source = estate.ask("GET", "/api/datasources/uid/odd-source")
    estate.ask("PUT", "/api/datasources/uid/odd-source", source | {"secureJsonData": {"token": "hunter2"}})
    ended = estate.accept("datasource.odd-source")
    assert ended.code == 3
    assert "Grafana does not tell them" in ended.out
    assert "hunter2" not in ended.out


def test_what_changes_meanwhile_stops_it(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    estate.edit("in-flow", lambda model: model.update(title="Flow"))

    def slow(*arguments: Any) -> Any:
        estate.edit("in-flow", lambda model: model.update(title="Flow again"))
        return take_in(*arguments)

    monkeypatch.setattr("reconciler.cli.accepted.take_in", slow)
    ended = estate.folder.ggrec("drift", "accept", "dashboard.in-flow")
    assert ended.code == 4
    assert "somebody changed it again" in ended.err
    monkeypatch.undo()

    def writing(*arguments: Any) -> Any:
        taken = take_in(*arguments)
        file = estate.folder.path / "desired/boards.yaml"
        file.write_bytes(file.read_bytes() + b"# mine\n")
        return taken

    monkeypatch.setattr("reconciler.cli.accepted.take_in", writing)
    ended = estate.accept("dashboard.in-flow")
    assert ended.code == 1
    assert "was changed just now" in ended.err
    assert estate.changed() == {"boards.yaml": ([], ["# mine"])}


def test_a_json_file_of_two_dashboards_is_nobodys_alone(estate: Estate) -> None:
    head = "apiVersion: ggrec/v1\nkind: Dashboard\nmetadata: {name: twin}\n"
    text = head + "spec: {folder: odd, from: exported.json, title: T}\n"
    estate.folder.write("desired/twin.yaml", text)
    assert estate.folder.ggrec("apply", "--auto-approve").code == 0
    estate.edit("from-file", lambda model: model.update(title="Changed"))
    (reason,) = estate.refused("dashboard.from-file")
    assert reason["code"] == "shared-file"


def test_errors_that_the_files_would_have_are_reasons(estate: Estate) -> None:
    estate.edit("in-flow", lambda model: model["panels"][0].update(title="Two ${values.none}"))
    (reason,) = estate.refused("dashboard.in-flow")
    assert reason["message"] == "no value 'none' for this instance"
    estate.restored()
    source = estate.ask("GET", "/api/datasources/uid/odd-source")
    estate.ask("PUT", "/api/datasources/uid/odd-source", source | {"jsonData": {"password": "hunter2"}})
    ended = estate.accept("datasource.odd-source")
    assert (ended.code, estate.changed()) == (3, {})
    assert "hunter2" not in ended.out


def test_an_order_that_the_files_cannot_have(estate: Estate) -> None:
    links = "links: [{title: Docs, type: link, url: https://docs}]"
    text = f"apiVersion: ggrec/v1\nkind: Defaults\nmetadata: {{name: all}}\nspec: {{dashboard: {{{links}}}}}\n"
    estate.folder.write("desired/all.yaml", text)
    assert estate.folder.ggrec("apply", "--auto-approve").code == 0
    file = estate.folder.path / "desired/boards.yaml"
    file.write_text(file.read_text("utf-8").replace('{title: "In flow",', '{title: "In flow", links: [{title: Own}],'))
    assert estate.folder.ggrec("apply", "--auto-approve").code == 0
    estate.edit("in-flow", lambda model: model["links"].append({"title": "Last"}))
    ended = estate.accept("dashboard.in-flow")
    assert ended.code == 3
    assert "comes-otherwise" in estate.accept("dashboard.in-flow", "--json").out
    assert "links would come to the order" in ended.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "--all"),
        (["dashboard.in-flow", "--all"], "--all"),
        (["--all", "--path", "tags"], "--path is of one object"),
        (["dashboard.in-flow", "--path", "tags["], "column"),
    ],
)
def test_wrong_input(estate: Estate, arguments: list[str], says: str) -> None:
    ended = estate.accept(*arguments)
    assert ended.code == 64
    assert says in ended.err

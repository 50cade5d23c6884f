"""What `ggrec drift accept` leaves alone, and says so: what is written elsewhere or held, what changes meanwhile."""

from pathlib import Path
from typing import Any

import pytest

from reconciler.cli.taking_in import take_in
from tests.cli.test_accept import ROLE, Estate, Model, _panel, applied, estate

FIXTURES = (applied, estate)


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

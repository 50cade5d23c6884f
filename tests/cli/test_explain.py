"""`ggrec explain`: the origins of an object's values, for people and for programs."""

import re

from tests.cli.command import Folder

BOARD = "dashboard.orders"


def test_for_people(project: Folder) -> None:
    ended = project.ggrec("explain", BOARD)
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[0] == "dashboard.orders desired/all.yaml:6"
    assert '  title: "Orders"  desired/all.yaml:10' in lines
    assert "  panels[title='Rate'].gridPos.w: 12  derived: layout" in lines


def test_one_path(project: Folder) -> None:
    ended = project.ggrec("explain", BOARD, "--path", "panels[title='Rate'].type")
    assert ended.out.splitlines()[1:] == ["  panels[title='Rate'].type: \"stat\"  desired/all.yaml:14"]
    assert project.ggrec("explain", BOARD, "--path", "panels[title='None']").code == 64
    assert "no-such-path" in project.ggrec("explain", BOARD, "--path", "nothing", "--json").out


def test_for_programs(project: Folder) -> None:
    document = project.ggrec("explain", BOARD, "--json", "--path", "title").json
    [leaf] = document.pop("leaves")
    assert document == {"format": "ggrec/explanation/v1", "address": BOARD, "origin": ""}
    where = {"file": "desired/all.yaml", "line": 10, "column": 10}
    assert leaf == {"path": "title", "steps": ["title"], "value": "Orders", "where": where, "origin": []}


def test_what_is_not_declared(project: Folder) -> None:
    ended = project.ggrec("explain", "dashboard.none")
    assert ended.code == 64
    assert "dashboard.none is not declared" in ended.err


def test_a_secret_is_not_in_it(project: Folder) -> None:
    source = "apiVersion: ggrec/v1\nkind: Datasource\nmetadata: {name: s}\nspec:\n  type: prometheus\n  url: http://x\n"
    project.write("desired/s.yaml", source + "  basicAuth: true\n  secureJsonData: {basicAuthPassword: '${env:PW}'}\n")
    project.environment["PW"] = "hunter2"
    ended = project.ggrec("explain", "datasource.s")
    assert ended.code == 0
    assert "hunter2" not in ended.out


def test_brackets_in_a_help_text_are_brackets(project: Folder) -> None:
    for command in (("explain",), ("drift", "ack"), ("drift", "accept")):
        text = " ".join(project.ggrec(*command, "--help").out.replace("│", " ").split())
        assert re.search(r"panels\[title='\w+'\]\.targets", text), text

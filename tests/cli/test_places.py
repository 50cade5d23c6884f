"""Places of what a plan changes: found by reading the changed files again and what they go by, not all of them."""

import json
from typing import Any

import pytest

from reconciler.loader.cache import Cache
from reconciler.loader.documents import Reading
from tests.cli.command import Folder

BOARD = """\
apiVersion: ggrec/v1
kind: Dashboard
metadata: {{name: b{number}}}
spec:
  title: Board {number}
  panels:
    - {{use: rate, title: Rate}}
    - {{title: Own, type: stat, targets: [{{expr: up}}]}}
"""
TEMPLATE = """\
apiVersion: ggrec/v1
kind: Template
metadata: {name: rate}
spec:
  panel: {type: timeseries, targets: [{expr: "rate(orders_total[5m])"}]}
"""


@pytest.fixture
def boards(project: Folder) -> Folder:
    project.write("desired/rate.yaml", TEMPLATE)
    for number in range(4):
        project.write(f"desired/b{number}.yaml", BOARD.format(number=number))
    assert project.ggrec("apply", "--auto-approve").code == 0
    path = project.path / "desired" / "b2.yaml"
    path.write_text(path.read_text("utf-8").replace("expr: up", "expr: down"), "utf-8")
    assert project.ggrec("plan").code == 0
    return project


def test_only_the_changed_files_are_read_again(boards: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    real = Reading.read

    def watched(self: Any, found: Any) -> Any:
        read.append(found.name)
        return real(self, found)

    monkeypatch.setattr(Reading, "read", watched)
    ended = boards.ggrec("plan", "--github")
    assert "file=desired/b2.yaml,line=8,col=49" in ended.out
    assert sorted(read) == ["desired/all.yaml", "desired/b2.yaml", "desired/rate.yaml"]
    monkeypatch.setattr(Cache, "kept", lambda self, again, but=(): None)
    read.clear()
    assert boards.ggrec("plan", "--github").out.split("::notice")[1:] == ended.out.split("::notice")[1:]
    assert len(read) == 6


EXPORTED = """\
{
  "title": "Exported",
  "panels": [
    {
      "id": 1, "type": "stat", "title": "P",
      "targets": [
        {"refId": "A", "expr": "up"}
      ]
    }
  ]
}
"""
OWNER = """\
apiVersion: ggrec/v1
kind: Dashboard
metadata: {name: exported}
spec: {from: exported.json}
"""


@pytest.mark.parametrize("kept", [True, False])
def test_a_json_file_is_told_by_its_line(boards: Folder, monkeypatch: pytest.MonkeyPatch, kept: bool) -> None:
    boards.write("desired/exported.yaml", OWNER)
    file = boards.write("desired/exported.json", EXPORTED)
    assert boards.ggrec("apply", "--auto-approve").code == 0
    file.write_text(EXPORTED.replace('"up"', '"down"'), "utf-8")
    if not kept:
        monkeypatch.setattr(Cache, "kept", lambda self, again, but=(): None)
    assert "file=desired/exported.json,line=7,col=32" in boards.ggrec("plan", "--github").out
    boards.ggrec("plan", "--sarif", "plan.sarif")
    found = json.loads((boards.path / "plan.sarif").read_text("utf-8"))
    (place,) = [item["physicalLocation"] for r in found["runs"][0]["results"] for item in r["locations"]]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("desired/exported.json", 7)


def test_a_very_large_json_file_is_told_by_its_beginning(boards: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    file = boards.write("desired/exported.json", EXPORTED)
    boards.write("desired/exported.yaml", OWNER)
    assert boards.ggrec("apply", "--auto-approve").code == 0
    file.write_text(EXPORTED.replace('"up"', '"down"'), "utf-8")
    monkeypatch.setattr("reconciler.cli.desired._MOST_PLACED", 20)
    assert "file=desired/exported.json,line=1,col=1" in boards.ggrec("plan", "--github").out

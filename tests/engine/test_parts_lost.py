"""A panel that goes while an alert rule is shown on it is told, and nothing is asked where none goes."""

from pathlib import Path
from typing import Any

import pytest

from tests.engine.estates import ask
from tests.lab import Lab, document

FOLDER = document("Folder", "ops", title="Operations")


def board(*panels: str, row: bool = False) -> dict[str, Any]:
    found: list[Any] = [{"id": number, "title": title, "type": "stat"} for number, title in enumerate(panels, 1)]
    if row:
        found = [{"id": 9, "type": "row", "title": "R", "collapsed": True, "panels": found}]
    return document("Dashboard", "b", title="B", folder="ops", panels=found)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    made = Lab(tmp_path)
    made.applied([FOLDER, board("Rate", "Errors")])
    notes = {"__dashboardUid__": "b", "__panelId__": "2"}
    rule = {"uid": "r", "title": "Too many", "folderUID": "ops", "data": [], "annotations": notes}
    assert ask(made, "POST", "/api/v1/provisioning/alert-rules", rule).status == 201
    return made


def warnings(lab: Lab, *declared: dict[str, Any]) -> list[str]:
    plan = lab.plan([FOLDER, *declared])
    assert not plan.refusals
    return [str(item) for item in plan.warnings if item.code == "part-referred"]


def test_the_panel_and_the_rule_are_named(lab: Lab) -> None:
    (said,) = warnings(lab, board("Rate"))
    assert "panel 'Errors' goes, on which alert rule 'Too many' (r) is shown" in said


def test_another_panel_may_go(lab: Lab) -> None:
    notes = lab.org.rules["r"]["annotations"]
    notes["__panelId__"] = "1"
    assert warnings(lab, board("Rate")) == []


def test_a_panel_that_moves_into_a_row_stays(lab: Lab) -> None:
    assert warnings(lab, board("Rate", "Errors", row=True)) == []


def test_nothing_is_asked_where_no_panel_goes(lab: Lab) -> None:
    before = len(lab.dispatcher.requests)
    assert warnings(lab, board("Rate", "Errors per minute")) == []
    assert not [seen for seen in lab.dispatcher.requests[before:] if "alert" in seen.path or "playlist" in seen.path]


def test_who_may_not_see_rules_is_told_nothing(lab: Lab) -> None:
    lab.dispatcher.faults.add("status", 403, method="GET", path="/api/v1/provisioning/*")
    assert warnings(lab, board("Rate")) == []

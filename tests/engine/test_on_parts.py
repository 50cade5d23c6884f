"""Alert rules that are shown on a panel which an update takes away or changes are told, for one list; and none is
asked for where no panel goes or changes.
"""

from pathlib import Path
from typing import Any

import pytest

from reconciler.core.plan import Action, Plan
from reconciler.engine.planner import Options
from tests.engine.estates import ask
from tests.engine.test_table import saved_by_hand
from tests.lab import Lab, document

RULES = "/api/v1/provisioning/alert-rules"
FOLDER = document("Folder", "ops", title="Operations")
AUDIENCE = Options(audience=True)
RED_ABOVE_10 = {"defaults": {"thresholds": {"mode": "absolute", "steps": [{"color": "red", "value": 10}]}}}


def panels(*titles: str, **of_second: Any) -> list[Any]:
    """Panels 1, 2 … of these titles; the second one with what else is given."""
    found: list[dict[str, Any]] = [
        {
            "id": number,
            "title": title,
            "type": "stat",
            "gridPos": {"x": 0, "y": number, "w": 6, "h": 1},
            "targets": [{"refId": "A", "expr": f"up{number}"}],
        }
        for number, title in enumerate(titles, 1)
    ]
    if len(found) > 1:
        found[1] = {**found[1], **of_second}
    return found


def in_row(inner: list[Any], **of_row: Any) -> list[Any]:
    return [{"id": 9, "type": "row", "title": "R", "collapsed": True, **of_row, "panels": inner}]


def board(inside: list[Any], name: str = "b", **spec: Any) -> dict[str, Any]:
    return document("Dashboard", name, **{"title": "B", "folder": "ops", "panels": inside, **spec})


BOTH = board(panels("Rate", "Errors"))
CHANGED = board(panels("Rate", "Errors", targets=[{"refId": "A", "expr": "down"}]))
TOLD = ["alert rule 'Too many' (r), which is shown on panel 2 \"Errors\""]


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    made = Lab(tmp_path)
    made.applied([FOLDER, BOTH])
    rule(made, "r", "Too many", "2")
    return made


def rule(lab: Lab, uid: str, title: str, panel: str | None, of: str = "b") -> None:
    notes = {"__dashboardUid__": of, **({"__panelId__": panel} if panel is not None else {})}
    made = {"uid": uid, "title": title, "folderUID": "ops", "data": [], "annotations": notes}
    assert ask(lab, "POST", RULES, made).status == 201


def warnings(lab: Lab, *declared: dict[str, Any]) -> list[str]:
    plan = lab.plan([FOLDER, *declared])
    assert not plan.refusals
    return [str(item) for item in plan.warnings if item.code == "part-referred"]


def planned(lab: Lab, *declared: dict[str, Any], options: Options = AUDIENCE) -> tuple[Plan, int]:
    """The plan, and how often rules were asked for."""
    before = len(lab.dispatcher.requests)
    plan = lab.plan([FOLDER, *declared], options)
    assert not plan.refusals
    return plan, sum(seen.path == RULES for seen in lab.dispatcher.requests[before:])


def touched(plan: Plan) -> list[str]:
    return [text for change in plan.changes for text in change.touches]


def test_the_panel_and_the_rule_are_named(lab: Lab) -> None:
    (said,) = warnings(lab, board(panels("Rate")))
    assert "panel 'Errors' goes, on which alert rule 'Too many' (r) is shown" in said


def test_another_panel_may_go(lab: Lab) -> None:
    lab.org.rules["r"]["annotations"]["__panelId__"] = "1"
    assert warnings(lab, board(panels("Rate"))) == []


def test_a_panel_that_moves_into_a_row_stays(lab: Lab) -> None:
    assert warnings(lab, board(in_row(panels("Rate", "Errors")))) == []


def test_nothing_is_asked_where_no_panel_goes_and_nobody_reads_what_is_touched(lab: Lab) -> None:
    before = len(lab.dispatcher.requests)
    assert warnings(lab, board(panels("Rate", "Errors per minute"))) == []
    assert not [seen for seen in lab.dispatcher.requests[before:] if "alert" in seen.path or "playlist" in seen.path]


def test_a_panel_that_goes_takes_one_list(lab: Lab) -> None:
    before = len(lab.dispatcher.requests)
    assert warnings(lab, board(panels("Rate")))
    paths = [seen.path for seen in lab.dispatcher.requests[before:]]
    assert paths.count(RULES) == 1 and not [path for path in paths if "library" in path or "playlist" in path]


@pytest.mark.parametrize(
    "change",
    [
        {"targets": [{"refId": "A", "expr": "down"}]},
        {"targets": [{"refId": "A", "expr": "up2"}, {"refId": "B", "expr": "up3"}]},
        {"fieldConfig": RED_ABOVE_10},
        {"type": "gauge"},
        {"description": "Errors of a minute"},
        {"datasource": {"type": "prometheus", "uid": "other"}},
    ],
    ids=["query", "one more query", "thresholds", "type", "description", "data source"],
)
def test_a_panel_that_changes_names_the_rules_on_it(lab: Lab, change: dict[str, Any]) -> None:
    plan, asked = planned(lab, board(panels("Rate", "Errors", **change)))
    assert (touched(plan), asked) == (TOLD, 1)


def test_a_new_title_is_the_one_that_is_said(lab: Lab) -> None:
    plan, _ = planned(lab, board(panels("Rate", "Failures")))
    assert touched(plan) == ["alert rule 'Too many' (r), which is shown on panel 2 \"Failures\""]


def test_many_rules_on_a_panel_and_many_panels(lab: Lab) -> None:
    rule(lab, "a", "A few", "2")
    rule(lab, "one", "First", "1")
    found = panels("Rate", "Errors", type="gauge")
    found[0]["type"] = "gauge"
    plan, asked = planned(lab, board(found))
    assert touched(plan) == [
        "alert rule 'First' (one), which is shown on panel 1 \"Rate\"",
        "alert rule 'A few' (a) and alert rule 'Too many' (r), which are shown on panel 2 \"Errors\"",
    ]
    assert asked == 1


def test_what_a_hand_changed_and_the_plan_changes_back_is_told(lab: Lab) -> None:
    saved_by_hand(lab, "b", panels=panels("Rate", "Errors", type="table"))
    plan, asked = planned(lab, BOTH)
    assert (touched(plan), asked) == (TOLD, 1)


def test_an_adoption_that_changes_a_panel(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.applied([FOLDER, document("Dashboard", "other", title="Other", folder="ops")])
    body = {"dashboard": {"uid": "b", "title": "B", "panels": panels("Rate", "Errors")}, "folderUid": "ops"}
    assert ask(lab, "POST", "/api/dashboards/db", body).status == 200
    rule(lab, "r", "Too many", "2")
    adopting = Options(audience=True, adopt=True)
    declared = [document("Dashboard", "other", title="Other", folder="ops"), CHANGED]
    plan, asked = planned(lab, *declared, options=adopting)
    assert [change.action for change in plan.changes] == [Action.ADOPT]
    assert (touched(plan), asked) == (TOLD, 1)


MOVED = {"gridPos": {"x": 6, "y": 9, "w": 12, "h": 8}}


@pytest.mark.parametrize(
    "declared",
    [
        BOTH,
        board(panels("Rate", "Errors", **MOVED)),
        board(panels("Rate", "Errors")[::-1]),
        board(in_row(panels("Rate", "Errors", **MOVED))),
        board(panels("Rate", "Errors"), tags=["new"]),
        board([*panels("Rate", "Errors"), {"id": 5, "title": "Fresh", "type": "stat"}]),
    ],
    ids=["nothing", "moved", "in another order", "into a row", "only the dashboard's own", "a panel more"],
)
def test_nothing_is_asked_where_no_panel_itself_changes(lab: Lab, declared: dict[str, Any]) -> None:
    plan, asked = planned(lab, declared)
    assert (touched(plan), asked) == ([], 0)


def test_a_creation_asks_nothing(lab: Lab) -> None:
    assert planned(lab, BOTH, board(panels("New"), "fresh"))[1] == 0


def test_the_rule_of_another_panel_is_not_told(lab: Lab) -> None:
    found = panels("Rate", "Errors")
    found[0]["type"] = "gauge"
    plan, asked = planned(lab, board(found))
    assert (touched(plan), asked) == ([], 1)


@pytest.mark.parametrize(("panel", "of"), [("2", "else"), (None, "b"), ("", "b")], ids=["elsewhere", "none", "empty"])
def test_a_rule_of_another_dashboard_or_of_no_panel_is_not_told(lab: Lab, panel: str | None, of: str) -> None:
    lab.org.rules.clear()
    rule(lab, "s", "Stranger", panel, of)
    plan, asked = planned(lab, CHANGED)
    assert (touched(plan), asked) == ([], 1)


def test_in_a_collapsed_row(lab: Lab) -> None:
    lab.applied([FOLDER, board(in_row(panels("Rate", "Errors")))])
    plan, asked = planned(lab, board(in_row(panels("Rate", "Errors", type="gauge"))))
    assert (touched(plan), asked) == (TOLD, 1)
    assert planned(lab, board(in_row(panels("Rate", "Errors"), title="Renamed")))[1] == 1  # the row is a panel too
    assert touched(planned(lab, board(in_row(panels("Rate", "Errors"), title="Renamed")))[0]) == []


def test_what_only_moves_in_a_row_asks_nothing(lab: Lab) -> None:
    lab.applied([FOLDER, board(in_row(panels("Rate", "Errors")))])
    assert planned(lab, board(in_row(panels("Rate", "Errors", **MOVED))))[1] == 0


def test_what_moves_into_a_row_and_changes_as_well(lab: Lab) -> None:
    plan, _ = planned(lab, board(in_row(panels("Rate", "Errors", type="gauge", **MOVED))))
    assert touched(plan) == TOLD


def test_without_ids_of_their_own_in_the_files(tmp_path: Path) -> None:
    """An id that follows from the title says nothing to people, and is what Grafana knows the panel by."""
    lab = Lab(tmp_path)
    plain = [{key: value for key, value in panel.items() if key != "id"} for panel in panels("Rate", "Errors")]
    lab.applied([FOLDER, board(plain)])
    rate, _ = (panel["id"] for panel in lab.org.dashboards["b"]["body"]["panels"])
    rule(lab, "r", "Too many", str(rate))
    plan, _ = planned(lab, board([{**plain[0], "type": "gauge"}, plain[1]]))
    assert touched(plan) == ["alert rule 'Too many' (r), which is shown on panel \"Rate\""]


def test_one_list_for_what_goes_and_what_changes_in_many_dashboards(lab: Lab) -> None:
    many = [board(panels("Rate", "Errors"), f"n{number}") for number in range(4)]
    lab.applied([FOLDER, BOTH, *many])
    rule(lab, "n", "Of the third", "1", "n3")
    declared = [board(panels("Rate", "Errors", type="gauge"), f"n{number}") for number in range(3)]
    last = panels("Rate")
    last[0]["type"] = "gauge"
    plan, asked = planned(lab, board(panels("Rate")), *declared, board(last, "n3"))
    assert asked == 1
    assert touched(plan) == ["alert rule 'Of the third' (n), which is shown on panel 1 \"Rate\""]
    assert [item.subject for item in plan.warnings if item.code == "part-referred"] == ["dashboard.b"]


@pytest.mark.parametrize("status", [403, 404])
def test_who_may_not_see_rules_is_told_nothing(lab: Lab, status: int) -> None:
    lab.dispatcher.faults.add("status", status, method="GET", path="/api/v1/provisioning/*", count=None)
    assert warnings(lab, board(panels("Rate"))) == []
    plan, asked = planned(lab, CHANGED)
    assert (touched(plan), asked, plan.warnings) == ([], 1, ())

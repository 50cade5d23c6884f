"""Edits made outside that may stay: ignored ones, what people leave behind by looking, merged and held ones."""

import copy
from pathlib import Path
from typing import Any

import pytest

from reconciler.core.diff import format_edit_path
from reconciler.core.plan import Plan
from tests.engine.test_table import BOARD, OPS, saved_by_hand
from tests.lab import Lab, document

ROW = {"type": "row", "title": "More"}


def board(*, lifecycle: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    """A dashboard with two panels in a row, and one variable."""
    panels = [
        {"title": "Rate", "type": "stat", "targets": [{"refId": "A", "expr": "rate(a[5m])"}]},
        {"row": "More"},
        {"title": "Latency", "type": "stat", "targets": [{"refId": "A", "expr": "p90"}]},
        {"title": "Errors", "type": "stat"},
    ]
    variables = [{"name": "site", "type": "custom", "query": "a,b"}]
    whole = {"title": "Orders", "panels": panels, "variables": variables, **spec}
    return document("Dashboard", "orders", metadata={"lifecycle": lifecycle} if lifecycle else {}, **whole)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def model(lab: Lab) -> dict[str, Any]:
    """The live dashboard's, to be changed."""
    return copy.deepcopy(lab.org.dashboards["orders"]["body"])


def panel(found: dict[str, Any], title: str) -> dict[str, Any]:
    for item in found["panels"]:
        for one in (item, *item.get("panels", ())):
            if one.get("title") == title:
                return one  # type: ignore[no-any-return]
    raise AssertionError(f"no panel {title}")


def edited(lab: Lab, **changes: Any) -> None:
    """Somebody changes `panel title` → keys, or keys of the model itself."""
    found = model(lab)
    for title, keys in changes.pop("panels", {}).items():
        panel(found, title).update(keys)
    saved_by_hand(lab, "orders", **{**found, **changes})


def rows(plan: Plan) -> list[str]:
    return [f"{change.action} {change.address}" for change in plan.changes if change.sends]


def paths(plan: Plan) -> list[str]:
    return [format_edit_path(edit.path) for change in plan.changes for edit in change.edits]


def test_an_ignored_path_is_no_drift_and_keeps_its_value_byte_for_byte(lab: Lab) -> None:
    mine = board(lifecycle={"ignore_changes": ["panels[title='Latency'].fieldConfig", "description"]})
    lab.applied([mine])
    theirs = {"defaults": {"unit": "s", "custom": {"x": [1, {"y": None}]}}, "overrides": []}
    edited(lab, panels={"Latency": {"fieldConfig": theirs}}, description="theirs")
    plan = lab.plan([mine])
    assert (plan.drift, rows(plan)) == ((), [])
    lab.applied([mine])
    other = {**mine, "spec": {**mine["spec"], "tags": ["new"]}}
    assert paths(lab.plan([other])) == ["dashboard.tags"]
    lab.applied([other])
    found = model(lab)
    assert (panel(found, "Latency")["fieldConfig"], found["description"]) == (theirs, "theirs")
    assert found["tags"] == ["new"]
    assert lab.plan([other]).changes == ()


def test_what_is_declared_at_an_ignored_path_counts_at_creation_only(lab: Lab) -> None:
    ignoring = {"ignore_changes": ["description"]}
    lab.applied([board(lifecycle=ignoring, description="first")])
    assert model(lab)["description"] == "first"
    plan = lab.plan([board(lifecycle=ignoring, description="second")])
    assert rows(plan) == []
    assert [(item.code, item.message) for item in plan.warnings] == [
        ("ignored", "is declared differently than before, and left as it is in Grafana: description")
    ]
    lab.applied([board(lifecycle=ignoring, description="second", tags=["x"])])
    assert model(lab)["description"] == "first"


LOOKED = {"time": {"from": "now-7d", "to": "now"}, "refresh": "5s"}


def looked_at(lab: Lab) -> dict[str, Any]:
    """Somebody chose another site, looked at seven days, collapsed the row, and saved; what is live then."""
    found = model(lab)
    row = next(index for index, item in enumerate(found["panels"]) if item["type"] == "row")
    inner = found["panels"][row + 1 :]
    found["panels"] = [*found["panels"][:row], {**found["panels"][row], "collapsed": True, "panels": inner}]
    found["templating"]["list"][0]["current"] = {"text": "b", "value": "b"}
    saved_by_hand(lab, "orders", **{**found, **LOOKED})
    return model(lab)


def test_looking_is_no_edit(lab: Lab) -> None:
    lab.applied([board()])
    live = looked_at(lab)
    plan = lab.plan([board()])
    assert (plan.drift, rows(plan)) == ((), [])
    lab.applied([board()])
    lab.applied([board(tags=["new"])])
    assert {**model(lab), "tags": []} == {**live, "tags": []}
    assert lab.plan([board(tags=["new"])]).changes == ()


def test_variables_that_all_went_are_an_edit(lab: Lab) -> None:
    lab.applied([board()])
    found = model(lab)
    del found["templating"]
    lab.org.dashboards["orders"]["body"] = found
    saved_by_hand(lab, "orders")
    assert paths(lab.plan([board()])) == ["dashboard.templating"]


def test_the_first_variable_is_an_edit(lab: Lab) -> None:
    lab.applied([OPS, BOARD])
    saved_by_hand(lab, "orders", templating={"list": [{"name": "v", "type": "custom", "query": "a"}]})
    assert paths(lab.plan([OPS, BOARD])) == ["dashboard.templating"]


def test_what_is_authored_is_no_looking(lab: Lab) -> None:
    mine = board(time={"from": "now-1h", "to": "now"}, refresh="1m")
    lab.applied([mine])
    looked_at(lab)
    (drift,) = lab.plan([mine]).drift
    assert sorted({str(edit.path[1]) for edit in drift.edits}) == ["refresh", "time"]
    lab.applied([mine])
    assert (model(lab)["refresh"], model(lab)["time"]["from"]) == ("1m", "now-1h")


def test_looking_is_an_edit_where_one_says_so(lab: Lab) -> None:
    mine = board(lifecycle={"ui_state": False})
    lab.applied([mine])
    looked_at(lab)
    assert {str(edit.path[1]) for edit in lab.plan([mine]).drift[0].edits} >= {"panels", "templating", "time"}
    lab.applied([mine])
    assert "time" not in model(lab)


MERGE = {"on_drift": "merge"}


def changed(expr: str, **spec: Any) -> dict[str, Any]:
    """The dashboard with another query in its first panel."""
    result = board(lifecycle=MERGE, **spec)
    result["spec"]["panels"][0] = {**result["spec"]["panels"][0], "targets": [{"refId": "A", "expr": expr}]}
    return result


def test_edits_of_both_survive_and_stay_visible(lab: Lab) -> None:
    lab.applied([board(lifecycle=MERGE)])
    edited(lab, panels={"Latency": {"title": "Latency (p90)"}})
    plan = lab.plan([changed("rate(b[5m])")])
    assert [drift.outcome for drift in plan.drift] == ["merged"]
    assert paths(plan) == [f"dashboard.panels[id={panel(model(lab), 'Rate')['id']}].targets[refId=A].expr"]
    lab.applied([changed("rate(b[5m])")])
    found = model(lab)
    assert panel(found, "Rate")["targets"][0]["expr"] == "rate(b[5m])"
    assert panel(found, "Latency (p90)")
    later = lab.plan([changed("rate(b[5m])")])
    assert (later.changes, later.drift) == ((), ())
    ((held,),) = later.held.values()
    assert (held.path.endswith(".title"), held.who, held.why) == (True, "admin", "on_drift: merge")


def test_what_is_held_survives_the_authors_next_change(lab: Lab) -> None:
    test_edits_of_both_survive_and_stay_visible(lab)
    lab.applied([changed("rate(c[5m])", tags=["x"])])
    assert panel(model(lab), "Latency (p90)")
    assert len(lab.plan([changed("rate(c[5m])", tags=["x"])]).held) == 1


def test_what_the_file_says_is_held_no_longer(lab: Lab) -> None:
    test_edits_of_both_survive_and_stay_visible(lab)
    mine = changed("rate(b[5m])")
    latency = mine["spec"]["panels"][2]
    mine["spec"]["panels"][2] = {**latency, "title": "Latency (p90)", "id": panel(model(lab), "Latency (p90)")["id"]}
    assert rows(lab.plan([mine])) == []
    lab.applied([mine])
    rest = lab.plan([mine])
    assert (rest.held, rest.changes, rest.drift) == ({}, (), ())


def test_released_the_files_values_come_back(lab: Lab) -> None:
    test_edits_of_both_survive_and_stay_visible(lab)
    state = next(address for address in lab.state.resources)
    lab.store.save(lab.state.released(state))
    lab.applied([changed("rate(b[5m])")])
    assert panel(model(lab), "Latency")
    rest = lab.plan([changed("rate(b[5m])")])
    assert (rest.held, rest.changes, rest.drift) == ({}, (), ())


def test_a_release_puts_back_what_was_held_and_nothing_else(lab: Lab) -> None:
    mine = board(lifecycle={**MERGE, "ignore_changes": ["description"]})
    lab.applied([mine])
    edited(lab, panels={"Errors": {"title": "Errors (5xx)"}}, description="theirs")
    lab.applied([mine])
    lab.store.save(lab.state.released(next(iter(lab.state.resources))))
    assert paths(lab.plan([mine])) == [f"dashboard.panels[id={panel(model(lab), 'Errors (5xx)')['id']}].title"]
    lab.applied([mine])
    assert (model(lab)["description"], panel(model(lab), "Errors")["title"]) == ("theirs", "Errors")
    rest = lab.plan([mine])
    assert (rest.held, rows(rest), rest.drift) == ({}, [], ())


def test_the_same_leaf_on_both_sides_is_for_the_author_to_decide(lab: Lab) -> None:
    lab.applied([board(lifecycle=MERGE)])
    edited(lab, panels={"Rate": {"targets": [{"refId": "A", "expr": "rate(theirs[5m])"}]}})
    plan = lab.plan([changed("rate(mine[5m])")])
    (refusal,) = plan.refusals
    assert refusal.code == "merge-conflict"
    assert 'it was "rate(a[5m])", the file says "rate(mine[5m])", Grafana has "rate(theirs[5m])"' in refusal.message


def test_a_kept_edit_is_held(lab: Lab) -> None:
    mine = board(lifecycle={"on_drift": "keep"})
    lab.applied([mine])
    edited(lab, tags=["theirs"])
    plan = lab.plan([mine])
    assert ([drift.outcome for drift in plan.drift], rows(plan)) == (["kept"], [])
    before = len(lab.dispatcher.requests)
    lab.applied([mine])
    assert lab.writes(before) == []
    later = lab.plan([mine])
    assert (later.drift, later.changes, len(later.held)) == ((), (), 1)


def test_merging_works_for_kinds_without_versions(lab: Lab) -> None:
    metadata = {"lifecycle": MERGE}
    lab.applied([document("Datasource", "metrics", metadata=metadata, type="prometheus", url="http://a:9090")])
    source = lab.org.datasources["metrics"]
    source["jsonData"] = {**source.get("jsonData", {}), "timeInterval": "30s"}
    mine = document("Datasource", "metrics", metadata=metadata, type="prometheus", url="http://b:9090")
    lab.applied([mine])
    assert (source["url"], source["jsonData"]["timeInterval"]) == ("http://b:9090", "30s")
    assert lab.plan([mine]).changes == ()

"""Groups of alert rules through whole plans and applies on the sandbox: moved, renamed, stopped, edited by hand."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.core.diff import format_edit_path
from reconciler.core.plan import Plan
from reconciler.kinds import discover
from reconciler.kinds._rule_queries import rule_uid
from tests.engine.estates import ask
from tests.lab import Lab, document

GROUP = discover()["alert-rule-group"]
RULES = "/api/v1/provisioning/alert-rules"
GROUPS = "/api/v1/provisioning/folder"
FOLDER = document("Folder", "ops", title="Ops")
OTHER = document("Folder", "other", title="Other")
SOURCE = document("Datasource", "main", type="prometheus", url="http://x")
BOARD = document(
    "Dashboard",
    "shop",
    title="Shop",
    panels=[{"title": "Rate", "type": "stat", "datasource": "main", "targets": [{"expr": "up"}]}],
)


def rule(title: str = "High", **more: Any) -> dict[str, Any]:
    """A rule in short form."""
    return {"title": title, "targets": [{"expr": "up", "datasource": "main"}], "threshold": {"above": 0.05}, **more}


def group(*rules: dict[str, Any], name: str = "g", **more: Any) -> dict[str, Any]:
    return document("AlertRuleGroup", name, **{"folder": "ops", "rules": [*rules], **more})


def said(plan: Plan) -> list[str]:
    """The rows of the one change, in words."""
    (change,) = plan.changes
    rows = GROUP.describe(change.edits)
    return [f"{row.subject}: {row.name} {row.text} {row.before} → {row.after}" for row in rows]


def test_changes_in_words(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.applied([FOLDER, SOURCE, group(rule("High latency", **{"for": "5m"}))])
    changed = group(rule("High latency", threshold={"above": 0.1}, **{"for": "10m"}), interval="2m")
    assert sorted(said(lab.plan([FOLDER, SOURCE, changed]))) == [
        ": interval  1m → 2m",
        'rule "High latency": for  5m → 10m',
        'rule "High latency": threshold  0.05 → 0.1',
    ]
    added = lab.plan([FOLDER, SOURCE, group(rule("High latency", **{"for": "5m"}), rule("Low"))])
    assert [line.partition(" None")[0] for line in said(added)] == ['rule "Low":  added']


def test_a_plan_after_an_apply_is_empty_and_asks_two_questions(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    estate = [FOLDER, SOURCE, BOARD, group(rule(dashboard="shop", panel="Rate"), rule("Second"))]
    lab.applied(estate)
    stored = lab.org.rules["g-high"]
    shown = ask(lab, "GET", "/api/dashboards/uid/shop").body["dashboard"]["panels"][0]
    assert stored["annotations"] == {"__dashboardUid__": "shop", "__panelId__": str(shown["id"])}
    assert not stored["provenance"], "rules stay editable"
    before = len(lab.dispatcher.requests)
    assert lab.plan(estate).changes == ()
    asked = [seen.path for seen in lab.dispatcher.requests[before:] if "provisioning" in seen.path]
    assert asked == [RULES, f"{GROUPS}/ops/rule-groups/g"]


def test_nothing_is_asked_where_no_group_is_declared(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.applied([FOLDER])
    lab.plan([FOLDER])
    assert not [seen for seen in lab.dispatcher.requests if "provisioning" in seen.path]


def test_order_and_removal(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.applied([FOLDER, SOURCE, group(rule("a"), rule("b"), rule("c"))])
    lab.applied([FOLDER, SOURCE, group(rule("c"), rule("a"))])
    found = ask(lab, "GET", f"{GROUPS}/ops/rule-groups/g").body["rules"]
    assert [item["title"] for item in found] == ["c", "a"]
    assert lab.plan([FOLDER, SOURCE, group(rule("c"), rule("a"))]).changes == ()


@pytest.mark.parametrize("moved", [{"title": "New"}, {"folder": "other"}, {"title": "a/b c", "folder": "other"}])
def test_a_renamed_or_moved_group_keeps_its_rules(moved: dict[str, str], tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.applied([FOLDER, OTHER, SOURCE, group(rule("a"), rule("b"))])
    number = lab.org.rules["g-a"]["id"]
    after = [FOLDER, OTHER, SOURCE, group(rule("a"), **moved)]
    lab.applied(after)
    assert lab.org.rules["g-a"]["id"] == number and set(lab.org.rules) == {"g-a"}
    assert lab.org.rules["g-a"]["folderUID"] == moved.get("folder", "ops")
    assert lab.plan(after).changes == ()


@pytest.mark.parametrize("kept", [True, False])
def test_a_rename_that_is_stopped_halfway_is_finished(kept: bool, tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.applied([FOLDER, SOURCE, group(rule("a"), rule("b"))])
    lab.dispatcher.faults.add("status", 403, method="PUT", path=f"{GROUPS}/ops/rule-groups/New", count=1)
    after = [FOLDER, SOURCE, group(rule("a") if kept else rule("c"), title="New")]
    assert [outcome.result for outcome in lab.apply(after).outcomes] == ["failed"]
    lab.applied(after)
    assert set(lab.org.rules) == {"g-a" if kept else "g-c"} and lab.plan(after).changes == ()


def test_a_rename_whose_run_was_killed_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        """The process ends."""

    async def killed(*_: Any) -> None:
        raise Killed

    lab = Lab(tmp_path)
    lab.applied([FOLDER, SOURCE, group(rule("a"), rule("b"))])
    after = [FOLDER, SOURCE, group(rule("a"), title="New")]
    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr("reconciler.engine.sending.Sender.read_back", killed)
        lab.apply(after)
    assert {item["ruleGroup"] for item in lab.org.rules.values()} == {"New"}
    lab.converge(after)
    assert set(lab.org.rules) == {"g-a"} and lab.plan(after).changes == ()


def test_a_rename_onto_a_group_of_others_takes_nothing(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.applied([FOLDER, SOURCE, group(rule("a"))])
    theirs = {"interval": 60, "rules": [{"uid": "t", "title": "Theirs", "execErrState": "Error"}]}
    assert ask(lab, "PUT", f"{GROUPS}/ops/rule-groups/New", theirs).status == 200
    result = lab.plan([FOLDER, SOURCE, group(rule("a"), title="New")])
    assert [item.code for item in result.refusals] == ["name-taken"]
    assert lab.org.rules["t"]["title"] == "Theirs" and "g-a" in lab.org.rules


def test_a_rule_of_another_group_is_not_taken_silently(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.applied([FOLDER, SOURCE])
    theirs = {"interval": 60, "rules": [{"uid": "r", "title": "Theirs", "execErrState": "Error"}]}
    ask(lab, "PUT", f"{GROUPS}/ops/rule-groups/theirs", theirs)
    plan = lab.plan([FOLDER, SOURCE, group(rule(uid="r"))])
    assert [item.code for item in plan.refusals] == ["name-taken"]


def test_a_rule_goes_from_group_to_group(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.applied([FOLDER, SOURCE, group(rule("a"), rule("b", uid="r"), name="one"), group(rule("c"), name="two")])
    after = [FOLDER, SOURCE, group(rule("a"), name="one"), group(rule("c"), rule("b", uid="r"), name="two")]
    assert lab.plan(after).refusals == ()
    lab.converge(after)
    assert lab.org.rules["r"]["ruleGroup"] == "two"


def test_an_edit_by_hand_is_seen_and_put_back(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    estate = [FOLDER, SOURCE, group(rule(), rule("Second"))]
    lab.applied(estate)
    lab.org.rules["g-high"]["data"][1]["model"]["conditions"][0]["evaluator"]["params"] = [0.9]
    lab.org.rules["g-second"]["isPaused"] = True
    assert len(lab.plan(estate).drift) == 1
    lab.applied(estate)
    assert lab.plan(estate).changes == () and not lab.org.rules["g-second"]["isPaused"]


def test_an_edit_after_the_plan_is_not_overwritten(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.applied([FOLDER, SOURCE, group(rule())])

    def pause() -> None:
        lab.org.rules["g-high"]["isPaused"] = True

    result = lab.apply([FOLDER, SOURCE, group(rule(threshold={"above": 2}))], between=pause)
    assert [outcome.result for outcome in result.outcomes] == ["conflict"]
    assert lab.org.rules["g-high"]["isPaused"]


def test_a_folder_goes_after_its_group_and_not_over_rules_of_others(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.applied([FOLDER, OTHER, SOURCE, BOARD, group(rule(dashboard="shop", panel="Rate"))])
    plan = lab.plan([OTHER])
    assert not [item for item in plan.refusals if item.code in {"not-empty", "still-referred"}], plan.refusals
    ask(lab, "POST", RULES, {"uid": "t", "title": "Theirs", "folderUID": "ops", "ruleGroup": "theirs"})
    assert [item.code for item in lab.plan([OTHER]).refusals if item.code == "not-empty"] == ["not-empty"]
    ask(lab, "DELETE", f"{RULES}/t")
    lab.applied([OTHER])
    assert lab.org.rules == {} and set(lab.org.folders) == {"other"}


def test_whom_a_rule_notifies_by_name_is_made_before_it_and_goes_with_it(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    point = document(
        "ContactPoint", "zz", name="On call", integrations=[{"type": "email", "settings": {"addresses": "a@b.c"}}]
    )
    asked = group(rule(notification_settings={"receiver": "zz"}))
    lab.applied([FOLDER, SOURCE, point, asked])
    assert lab.org.rules["g-high"]["notification_settings"]["receiver"] == "On call"
    assert lab.plan([FOLDER, SOURCE, point, asked]).changes == ()
    by_title = group(rule(notification_settings={"receiver": "On call"}))
    assert lab.plan([FOLDER, SOURCE, point, by_title]).visible == (), "one that no document is called is a name there"
    (refusal,) = lab.plan([FOLDER, SOURCE, by_title]).refusals
    assert "alert rule 'High' (g-high): its own notification settings" in refusal.message
    lab.applied([FOLDER, SOURCE])
    assert lab.org.rules == {}


def test_a_panel_that_a_rule_of_ours_needs_is_not_deleted_under_it(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.applied([FOLDER, SOURCE, BOARD, group(rule(dashboard="shop", panel="Rate"))])
    assert lab.plan([FOLDER, SOURCE, group(rule())]).refusals == (), "the rule lets go in the same plan"
    raw = rule(annotations={"__dashboardUid__": "shop", "__panelId__": "1"})
    assert "still-referred" in [item.code for item in lab.plan([FOLDER, SOURCE, group(raw)]).refusals]


_names = st.text("abAB /%é-", min_size=1, max_size=12).map(str.strip).filter(bool)
_times = st.sampled_from(["0s", "30s", "90m", "7d", "36h"])
_numbers = st.one_of(st.integers(-5, 5), st.floats(-1, 1, allow_nan=False))
_rules = st.fixed_dictionaries(
    {"title": _names, "threshold": st.one_of(
        st.fixed_dictionaries({"above": _numbers}), st.fixed_dictionaries({"within": st.tuples(_numbers, _numbers)})
    )},
    optional={
        "for": _times,
        "keep_firing_for": _times,
        "reduce": st.sampled_from(["last", "max"]),
        "no_data_state": st.sampled_from(["NoData", "Alerting", "OK", "KeepLast"]),
        "exec_err_state": st.sampled_from(["Error", "Alerting", "OK", "KeepLast"]),
        "labels": st.dictionaries(st.sampled_from(["a", "b"]), _names),
        "annotations": st.dictionaries(st.sampled_from(["summary", "x"]), _names),
        "is_paused": st.booleans(),
        "missing_series_evals_to_resolve": st.integers(1, 3),
        "notification_settings": st.fixed_dictionaries(
            {"receiver": st.just("grafana-default-email")}, optional={"group_wait": _times, "group_by": st.just(["a"])}
        ),
    },
)  # fmt: skip
_groups = st.fixed_dictionaries(
    {"rules": st.lists(_rules, min_size=1, max_size=4, unique_by=lambda item: rule_uid("g", item["title"]))},
    optional={"title": _names, "interval": st.sampled_from(["10s", "1m", "90m", "1d"])},
)


def _whole(made: dict[str, Any]) -> dict[str, Any]:
    rules = []
    for item in made["rules"]:
        limit = {key: list(v) if isinstance(v, tuple) else v for key, v in item["threshold"].items()}
        rules.append(rule(**{**item, "threshold": limit}))
    return group(**{**made, "rules": rules})


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=_groups, second=_groups)
def test_any_group_is_unchanged_after_its_apply(
    first: dict[str, Any], second: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    lab = Lab(tmp_path_factory.mktemp("lab"))
    for made in (first, second):
        estate = [FOLDER, SOURCE, _whole(made)]
        lab.applied(estate)
        left = [format_edit_path(edit.path) for change in lab.plan(estate).changes for edit in change.edits]
        assert left == [] and lab.plan(estate).changes == ()
        assert len(lab.org.rules) == len(made["rules"]), "no rule of the group before stays behind"

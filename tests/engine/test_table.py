"""The design's table of desired × state × live, row by row, on the real engine and the sandbox."""

from pathlib import Path
from typing import Any

import pytest

from reconciler.core.plan import Action
from reconciler.engine.planner import Options
from reconciler.sandbox.dispatch import Dispatcher
from tests.lab import Lab, document, examples

OPS = document("Folder", "ops", title="Operations")
BOARD = document(
    "Dashboard", "orders", title="Orders", folder="ops", tags=["shop"], panels=[{"title": "P", "type": "stat"}]
)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def actions(plan: Any) -> dict[str, str]:
    return {str(change.address): str(change.action) for change in plan.visible}


def saved_by_hand(lab: Lab, uid: str, **changes: Any) -> None:
    """Somebody saves a dashboard in Grafana, in its folder."""
    board = lab.org.dashboards[uid]
    lab.dispatcher.answer(
        "POST", "/api/dashboards/db", {}, basic(),
        json_bytes({"dashboard": {**board["body"], **changes, "uid": uid}, "folderUid": board["folderUid"],
                    "overwrite": True, "message": "by hand"}),
    )  # fmt: skip


def basic(login: str = "admin") -> dict[str, str]:
    import base64

    return {"authorization": "Basic " + base64.b64encode(f"{login}:admin".encode()).decode()}


def json_bytes(value: Any) -> bytes:
    import json

    return json.dumps(value).encode()


def test_declared_only_is_created(lab: Lab) -> None:
    plan = lab.plan([OPS, BOARD])
    assert actions(plan) == {"folder.ops": "create", "dashboard.orders": "create"}
    assert [str(change.address) for change in plan.changes] == ["folder.ops", "dashboard.orders"]
    lab.applied([OPS, BOARD])
    assert lab.org.dashboards["orders"]["folderUid"] == "ops"


def test_after_an_apply_nothing_is_left(lab: Lab) -> None:
    lab.applied(examples())
    before = len(lab.dispatcher.requests)
    plan = lab.plan(examples())
    assert plan.changes == ()
    assert plan.drift == ()
    assert plan.unchanged == plan.compared == len(examples())
    assert lab.writes(before) == []


def test_exists_as_declared_is_adopted_without_a_write(lab: Lab) -> None:
    Lab(lab.folder / "other", world=lab.world).applied([OPS, BOARD])
    before = len(lab.dispatcher.requests)
    plan = lab.plan([OPS, BOARD])
    assert actions(plan) == {"folder.ops": "adopt", "dashboard.orders": "adopt"}
    lab.applied([OPS, BOARD])
    assert lab.writes(before) == []
    assert lab.plan([OPS, BOARD]).changes == ()


def test_exists_differently_needs_a_word(lab: Lab) -> None:
    Lab(lab.folder / "other", world=lab.world).applied([OPS])
    mine = document("Folder", "ops", title="Our operations")
    plan = lab.plan([mine])
    assert [refusal.code for refusal in plan.refusals] == ["exists-already"]
    lab.applied([mine], Options(adopt=True))
    assert lab.org.folders["ops"]["title"] == "Our operations"


def test_lifecycle_adopt_is_a_word(lab: Lab) -> None:
    Lab(lab.folder / "other", world=lab.world).applied([OPS])
    lab.applied([document("Folder", "ops", title="Mine", metadata={"lifecycle": {"adopt": True}})])
    assert lab.org.folders["ops"]["title"] == "Mine"


def test_deleted_outside_is_created_again(lab: Lab) -> None:
    lab.applied([OPS, BOARD])
    lab.dispatcher.answer("DELETE", "/api/dashboards/uid/orders", {}, basic(), b"")
    plan = lab.plan([OPS, BOARD])
    assert [(drift.outcome, drift.gone) for drift in plan.drift] == [("recreated", True)]
    assert actions(plan) == {"dashboard.orders": "create"}
    lab.applied([OPS, BOARD])
    assert lab.plan([OPS, BOARD]).changes == ()


def test_a_hand_edit_is_drift_and_put_back(lab: Lab) -> None:
    lab.applied([OPS, BOARD])
    saved_by_hand(lab, "orders", tags=["hand"])
    plan = lab.plan([OPS, BOARD])
    drift = plan.drift[0]
    assert (drift.outcome, drift.version_before, drift.version_after) == ("reverted", 1, 2)
    assert drift.attribution.who == "admin"
    assert drift.attribution.messages == ("by hand",)
    lab.applied([OPS, BOARD])
    assert lab.org.dashboards["orders"]["body"]["tags"] == ["shop"]


def test_both_changed_is_a_conflict_that_is_told(lab: Lab) -> None:
    lab.applied([OPS, BOARD])
    retitled = {**BOARD, "spec": {**BOARD["spec"], "title": "Mine"}}
    saved_by_hand(lab, "orders", title="Theirs")
    assert lab.plan([OPS, retitled]).drift[0].outcome == "conflict"


def test_the_same_edit_on_both_sides_writes_nothing(lab: Lab) -> None:
    lab.applied([OPS, BOARD])
    saved_by_hand(lab, "orders", title="Better")
    mine = {**BOARD, "spec": {**BOARD["spec"], "title": "Better"}}
    before = len(lab.dispatcher.requests)
    plan = lab.plan([OPS, mine])
    assert plan.drift[0].outcome == "settled"
    assert not plan.differs
    lab.applied([OPS, mine])
    assert lab.writes(before) == []
    assert lab.plan([OPS, mine]).changes == ()


@pytest.mark.parametrize("on_drift", ["revert", "fail", "merge"])
def test_the_same_edit_and_one_more_is_that_one(lab: Lab, on_drift: str) -> None:
    board = {**BOARD, "metadata": {"name": "orders", "lifecycle": {"on_drift": on_drift}}}
    lab.applied([OPS, board])
    saved_by_hand(lab, "orders", title="Better")
    mine = {**board, "spec": {**board["spec"], "title": "Better", "refresh": "5m"}}
    plan = lab.plan([OPS, mine])
    assert (plan.drift[0].outcome, plan.refusals, plan.held) == ("settled", (), {})
    assert [edit.path for change in plan.writes for edit in change.edits] == [("dashboard", "refresh")]
    lab.applied([OPS, mine])
    assert lab.plan([OPS, mine]).changes == ()


@pytest.mark.parametrize(("on_drift", "refused"), [("keep", False), ("fail", True)])
def test_on_drift(lab: Lab, on_drift: str, refused: bool) -> None:
    kept = {**BOARD, "metadata": {"name": "orders", "lifecycle": {"on_drift": on_drift}}}
    lab.applied([OPS, kept])
    saved_by_hand(lab, "orders", title="By hand")
    plan = lab.plan([OPS, kept])
    assert bool(plan.refusals) is refused
    assert plan.writes == () or refused
    assert plan.drift[0].outcome == ("conflict" if refused else "kept")


def test_an_unchanged_save_outside_is_no_drift(lab: Lab) -> None:
    lab.applied([OPS, BOARD])
    saved_by_hand(lab, "orders")
    plan = lab.plan([OPS, BOARD])
    assert plan.drift == ()
    assert plan.visible == ()
    assert [change.action for change in plan.changes] == [Action.NO_OP]


def test_no_longer_declared_is_deleted(lab: Lab) -> None:
    lab.applied([OPS, BOARD])
    plan = lab.plan([OPS])
    assert actions(plan) == {"dashboard.orders": "delete"}
    lab.applied([OPS])
    assert lab.org.dashboards == {}
    assert lab.plan([OPS]).changes == ()


def test_gone_on_both_sides_is_forgotten(lab: Lab) -> None:
    lab.applied([OPS, BOARD])
    lab.dispatcher.answer("DELETE", "/api/dashboards/uid/orders", {}, basic(), b"")
    plan = lab.plan([OPS])
    assert actions(plan) == {"dashboard.orders": "forget"}
    assert plan.drift[0].outcome == "forgotten"
    before = len(lab.dispatcher.requests)
    lab.applied([OPS])
    assert lab.writes(before) == []


def test_strangers_are_counted_and_left_alone(lab: Lab) -> None:
    Lab(lab.folder / "other", world=lab.world).applied([document("Folder", "theirs", title="Theirs")])
    plan = lab.plan([OPS])
    assert dict(plan.unmanaged) == {"folder": 1}
    assert actions(plan) == {"folder.ops": "create"}


def test_a_renamed_address_is_a_move(lab: Lab) -> None:
    lab.applied([OPS])
    renamed = {**OPS, "metadata": {"name": "operations", "uid": "ops"}}
    before = len(lab.dispatcher.requests)
    plan = lab.plan([renamed])
    assert [(str(c.moved_from), str(c.address)) for c in plan.visible] == [("folder.ops", "folder.operations")]
    lab.applied([renamed])
    assert lab.writes(before) == []
    assert [str(address) for address in lab.state.resources] == ["folder.operations"]


def test_a_changed_uid_is_a_replace(lab: Lab) -> None:
    lab.applied([OPS])
    other = {**OPS, "metadata": {"name": "ops", "uid": "ops-2"}}
    assert actions(lab.plan([other])) == {"folder.ops": "replace"}
    lab.applied([other])
    assert list(lab.org.folders) == ["ops-2"]
    assert lab.plan([other]).changes == ()


def test_prevent_destroy_outlives_its_file(lab: Lab) -> None:
    kept = {**OPS, "metadata": {"name": "ops", "lifecycle": {"prevent_destroy": True}}}
    other = document("Folder", "other", title="Other")
    lab.applied([kept, other])
    assert [refusal.code for refusal in lab.plan([other]).refusals] == ["prevent-destroy"]


def test_a_folder_with_a_stranger_inside_is_not_deleted(lab: Lab) -> None:
    inner = document("Folder", "inner", title="Inner", parent="ops")
    lab.applied([OPS, inner])
    world = Dispatcher(lab.world)
    body = {"dashboard": {"uid": "stranger", "title": "Stranger"}, "folderUid": "inner"}
    world.answer("POST", "/api/dashboards/db", {}, basic(), json_bytes(body))
    plan = lab.plan([document("Folder", "x", title="X")])
    assert {refusal.code for refusal in plan.refusals} == {"not-empty"}
    assert any("dashboard 'Stranger' (stranger)" in refusal.message for refusal in plan.refusals)


def test_a_stranger_that_comes_after_the_plan_stops_the_delete(lab: Lab) -> None:
    lab.applied([OPS])
    other = document("Folder", "x", title="X")

    def somebody() -> None:
        body = {"dashboard": {"uid": "late", "title": "Late"}, "folderUid": "ops"}
        lab.dispatcher.answer("POST", "/api/dashboards/db", {}, basic(), json_bytes(body))

    result = lab.apply([other], between=somebody)
    outcomes = {str(outcome.address): outcome.result for outcome in result.outcomes}
    assert outcomes == {"folder.x": "done", "folder.ops": "conflict"}
    assert "late" in lab.org.dashboards


def test_an_edit_between_plan_and_apply_is_not_overwritten(lab: Lab) -> None:
    lab.applied([OPS, BOARD])
    mine = {**BOARD, "spec": {**BOARD["spec"], "title": "Mine"}}
    lab.world.add_user("bob", "bob@example.org", password="admin", role="Editor")

    def bob() -> None:
        board = lab.org.dashboards["orders"]
        body = {"dashboard": {**board["body"], "title": "Bob's", "uid": "orders", "version": 1}, "folderUid": "ops"}
        lab.dispatcher.answer("POST", "/api/dashboards/db", {}, basic("bob"), json_bytes(body))

    result = lab.apply([OPS, mine], between=bob)
    assert [outcome.result for outcome in result.outcomes] == ["conflict"]
    assert lab.org.dashboards["orders"]["title"] == "Bob's"
    assert "by bob" in result.outcomes[0].error
    assert "version 1 → 2" in result.outcomes[0].error


def test_what_depends_on_a_failure_is_skipped(lab: Lab) -> None:
    lab.dispatcher.faults.add("status", 400, method="POST", path="/api/folders", count=None)
    result = lab.apply([OPS, BOARD, document("Team", "t", name="T")])
    outcomes = {str(outcome.address): outcome.result for outcome in result.outcomes}
    assert outcomes == {"folder.ops": "failed", "dashboard.orders": "skipped", "team.t": "done"}


def test_a_kind_that_may_not_be_read_makes_the_plan_incomplete(lab: Lab) -> None:
    lab.world.add_user("eve", "eve@example.org", password="admin", role="Editor")
    lab.login = "eve"
    plan = lab.plan([OPS, document("Team", "t", name="T")])
    assert [item.subject for item in plan.unreadable] == ["all teams"]
    assert "teams:read" in plan.unreadable[0].message


def test_a_taken_name_is_said_before_the_409(lab: Lab) -> None:
    Lab(lab.folder / "other", world=lab.world).applied(
        [document("Datasource", "theirs", name="Metrics", type="prometheus")]
    )
    plan = lab.plan([document("Datasource", "mine", name="Metrics", type="prometheus")])
    assert [refusal.code for refusal in plan.refusals] == ["name-taken"]
    assert "uid theirs" in plan.refusals[0].message


def test_too_many_deletes_are_refused_with_the_flag(lab: Lab) -> None:
    many = [document("Folder", f"f{n}", title=f"F{n}") for n in range(5)]
    lab.applied(many)
    plan = lab.plan(many[:1])
    assert [refusal.code for refusal in plan.refusals] == ["too-many-deletes"]
    assert "4 of 5 folders (80%)" in plan.refusals[0].message
    assert "--confirm-deletes 4" in plan.refusals[0].hint
    assert lab.plan(many[:1], Options(confirm_deletes=3)).refusals
    assert not lab.plan(many[:1], Options(confirm_deletes=4)).refusals


def test_targets_bring_what_they_need_and_nothing_else(lab: Lab) -> None:
    other = document("Folder", "other", title="Other")
    plan = lab.plan([OPS, BOARD, other], Options(targets=("dashboard.*",)))
    assert actions(plan) == {"folder.ops": "create", "dashboard.orders": "create"}


def test_a_renamed_panel_keeps_its_id(lab: Lab) -> None:
    lab.applied([OPS, BOARD])
    number = lab.org.dashboards["orders"]["body"]["panels"][0]["id"]
    renamed = {**BOARD, "spec": {**BOARD["spec"], "panels": [{"title": "Renamed", "type": "stat"}]}}
    lab.applied([OPS, renamed])
    panel = lab.org.dashboards["orders"]["body"]["panels"][0]
    assert (panel["title"], panel["id"]) == ("Renamed", number)
    assert lab.plan([OPS, renamed]).changes == ()


def test_what_a_target_leaves_out_is_not_called_unmanaged(lab: Lab) -> None:
    other = document("Folder", "other", title="Other")
    lab.applied([OPS, other])
    assert lab.plan([OPS, other], Options(targets=("folder.ops",))).unmanaged == {}

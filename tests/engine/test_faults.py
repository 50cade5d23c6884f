"""What servers do that lists, answers and versions do not tell: no spurious change, no lost edit, nothing called done
that is not.
"""

from pathlib import Path

import pytest

from tests.engine.test_table import BOARD, OPS, basic, json_bytes, saved_by_hand
from tests.lab import Lab, document


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def test_what_a_list_leaves_out_is_asked_for(lab: Lab) -> None:
    lab.applied([OPS, BOARD])
    lab.dispatcher.faults.add("hidden", frozenset({"orders", "ops"}), count=None)
    plan = lab.plan([OPS, BOARD])
    assert plan.changes == ()
    assert plan.drift == ()


def test_a_server_that_rewrites_what_is_saved_is_no_drift(lab: Lab) -> None:
    lab.dispatcher.faults.add("rewrite_on_save", {"editable": True, "weekStart": "", "links": []}, count=None)
    result = lab.applied([OPS, BOARD])
    assert all(outcome.not_converged == () for outcome in result.outcomes)
    assert lab.plan([OPS, BOARD]).changes == ()


def test_a_server_that_keeps_another_value_is_named_once(lab: Lab) -> None:
    lab.dispatcher.faults.add("rewrite_on_save", {"tags": ["theirs"]}, count=None)
    result = lab.applied([OPS, BOARD])
    paths = [path for outcome in result.outcomes for path in outcome.not_converged]
    assert paths == ["dashboard.tags[0]", "dashboard.tags[0]"]
    assert lab.plan([OPS, BOARD]).changes == ()


def test_where_versions_are_not_enforced_we_compare_ourselves(lab: Lab) -> None:
    lab.applied([OPS, BOARD])
    lab.dispatcher.faults.add("version_not_enforced", count=None)
    mine = {**BOARD, "spec": {**BOARD["spec"], "title": "Mine"}}
    result = lab.apply([OPS, mine], between=lambda: saved_by_hand(lab, "orders", title="Theirs"))
    assert [outcome.result for outcome in result.outcomes] == ["conflict"]
    assert lab.org.dashboards["orders"]["title"] == "Theirs"


def test_a_folder_created_at_the_root_is_told(lab: Lab) -> None:
    lab.dispatcher.faults.add("ignore_parent", method="POST", path="/api/folders", count=None)
    result = lab.applied([OPS, document("Folder", "inner", title="Inner", parent="ops")])
    assert [path for outcome in result.outcomes for path in outcome.not_converged] == ["parentUid"]


def test_a_secret_that_does_not_land_fails_and_is_sent_again(lab: Lab) -> None:
    lab.environment["TOKEN"] = "canary"
    source = document("Datasource", "p", type="prometheus", secureJsonData={"httpHeaderValue1": "${env:TOKEN}"})
    fault = lab.dispatcher.faults.add("drop_secure_json", count=None)
    result = lab.apply([source])
    assert [outcome.result for outcome in result.outcomes] == ["failed"]
    assert "httpHeaderValue1" in result.outcomes[0].error
    assert "canary" not in result.outcomes[0].error
    lab.dispatcher.faults.switches.remove(fault)
    lab.applied([source])
    assert lab.org.datasources["p"]["secrets"] == {"httpHeaderValue1": "canary"}
    assert lab.plan([source]).changes == ()


def test_a_rotated_secret_is_one_write_and_an_unchanged_one_none(lab: Lab) -> None:
    lab.environment["TOKEN"] = "one"
    source = document("Datasource", "p", type="prometheus", secureJsonData={"httpHeaderValue1": "${env:TOKEN}"})
    lab.applied([source])
    assert lab.plan([source]).changes == ()
    lab.environment["TOKEN"] = "two"
    plan = lab.plan([source])
    assert [(str(c.action), c.secrets) for c in plan.changes] == [("update", ("secureJsonData.httpHeaderValue1",))]
    before = len(lab.dispatcher.requests)
    lab.applied([source])
    assert lab.writes(before) == ["PUT /api/datasources/uid/p"]
    assert lab.org.datasources["p"]["secrets"] == {"httpHeaderValue1": "two"}


def test_a_lost_answer_makes_no_second_annotation(lab: Lab) -> None:
    event = document("Annotation", "sale", text="Sale", time="2026-03-01T09:00:00Z")
    lab.dispatcher.faults.add("drop_response", method="POST", path="/api/annotations")
    lab.applied([event])
    assert len(lab.org.annotations) == 1


def test_a_500_that_did_it_is_success(lab: Lab) -> None:
    lab.dispatcher.faults.add("status_after", 500, method="POST", path="/api/folders")
    lab.applied([OPS])
    assert lab.plan([OPS]).changes == ()


def test_credentials_that_expire_in_the_middle_end_the_run(lab: Lab) -> None:
    many = [document("Folder", f"f{n}", title=f"F{n}") for n in range(4)]
    lab.dispatcher.faults.add("expire", method="POST", path="/api/folders", skip=2, count=None)
    result = lab.apply(many)
    assert [outcome.result for outcome in result.outcomes] == ["done", "done", "failed", "not-attempted"]
    lab.dispatcher.faults.clear()
    lab.converge(many)


def test_an_owner_elsewhere_is_named_and_left_alone(lab: Lab) -> None:
    lab.dispatcher.answer(
        "POST", "/api/datasources", {}, basic(), json_bytes({"name": "p", "uid": "p", "type": "x", "access": "proxy"})
    )
    lab.org.datasources["p"]["readOnly"] = True
    plan = lab.plan([document("Datasource", "p", type="prometheus")])
    assert [refusal.code for refusal in plan.refusals] == ["managed-elsewhere"]
    assert "file provisioning" in plan.refusals[0].message

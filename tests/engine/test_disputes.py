"""Somebody changes an object between the plan and its apply: it stops, says what they did, or is settled as was asked;
what is written over is never lost.
"""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.core.conflicts import OnConflict
from reconciler.core.diff import format_edit_path
from reconciler.core.guard import Guard
from reconciler.core.plan import Plan
from reconciler.core.state import Outcome
from reconciler.engine.planner import Options
from reconciler.render.lines import plain
from reconciler.render.rows import row_lines
from reconciler.render.run_view import outcome_lines
from tests.engine.estates import ask
from tests.engine.test_table import saved_by_hand
from tests.lab import Lab, document

FOLDER = document("Folder", "ops", title="Operations")
LENIENT = Guard(max_deletes=1000, max_delete_share=1.0)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    made = Lab(tmp_path)
    made.world.add_user("alice", "alice@example.org", role="Admin")
    return made


def board(lab: Lab) -> None:
    found = copy.deepcopy(lab.org.dashboards["orders"]["body"])
    saved_by_hand(lab, "orders", **{**found, "description": "theirs"})


def folder(lab: Lab) -> None:
    ask(lab, "PUT", "/api/folders/ops", {"title": "Theirs", "overwrite": True})


def source(lab: Lab) -> None:
    lab.org.datasources["metrics"]["url"] = "http://theirs:9090"


def team(lab: Lab) -> None:
    next(iter(lab.org.teams.values()))["email"] = "theirs@example.org"


def note(lab: Lab) -> None:
    found = next(iter(lab.org.annotations.values()))
    found["text"] = "theirs"
    found["updated"] += 1000


CASES: dict[str, tuple[dict[str, Any], dict[str, Any], Callable[[Lab], None], str]] = {
    "dashboard.orders": (
        document("Dashboard", "orders", title="Orders", panels=[], description="old"),
        document("Dashboard", "orders", title="Orders", panels=[], description="old", tags=["new"]),
        board,
        "dashboard.description",
    ),
    "folder.ops": (FOLDER, document("Folder", "ops", title="New"), folder, "title"),
    "datasource.metrics": (
        document("Datasource", "metrics", type="prometheus", url="http://a:9090"),
        document("Datasource", "metrics", type="prometheus", url="http://a:9090", isDefault=True),
        source,
        "url",
    ),
    "team.crew": (
        document("Team", "crew", name="Crew", email="old@example.org"),
        document("Team", "crew", name="Crew 2", email="old@example.org"),
        team,
        "email",
    ),
    "annotation.sale": (
        document("Annotation", "sale", text="old", time=1_700_000_000_000, tags=[]),
        document("Annotation", "sale", text="old", time=1_700_000_000_000, tags=["new"]),
        note,
        "text",
    ),
}


def disputed(lab: Lab, address: str, way: OnConflict) -> Outcome:
    """Apply with an edit after the plan; what came of the object."""
    before, now, edit, _ = CASES[address]
    lab.applied([before])
    lab.policy = lambda _: way
    result = lab.apply([now], between=lambda: edit(lab))
    return next(item for item in result.outcomes if str(item.address) == address)


def live(lab: Lab, address: str) -> str:
    """All that Grafana holds of its kind, as text."""
    return str({"dashboard": lab.org.dashboards, "folder": lab.org.folders, "datasource": lab.org.datasources,
                "team": lab.org.teams, "annotation": lab.org.annotations}[address.partition(".")[0]])  # fmt: skip


@pytest.mark.parametrize("address", CASES)
def test_it_stops_and_says_what_they_did(lab: Lab, address: str) -> None:
    found = disputed(lab, address, OnConflict.STOP)
    assert found.result == "conflict"
    assert found.meanwhile is not None
    assert [format_edit_path(edit.path) for edit in found.meanwhile.edits] == [CASES[address][3]]
    assert f"--on-conflict {address}=ours" in found.error
    assert "heirs" in live(lab, address)
    said = plain(outcome_lines(found))
    assert plain(row_lines(found.meanwhile.rows)).strip() in said and "heirs" in said, "as a plan says it"


def test_what_they_did_to_a_panel_is_said_as_a_plan_says_it(lab: Lab) -> None:
    def board_with(red: int) -> dict[str, Any]:
        panel = {"title": "Rate", "type": "stat", "thresholds": {"green": None, "red": red}}
        return document("Dashboard", "orders", title="Orders", panels=[panel])

    def by_hand() -> None:
        body = copy.deepcopy(lab.org.dashboards["orders"]["body"])
        body["panels"][0]["fieldConfig"]["defaults"]["thresholds"]["steps"][1]["value"] = 9
        saved_by_hand(lab, "orders", **body)

    lab.applied([board_with(1)])
    (found,) = lab.apply([board_with(2)], between=by_hand).outcomes
    assert found.result == "conflict"
    assert "threshold red from 1 to 9" in plain(outcome_lines(found))


def test_it_names_who_when_and_which_version(lab: Lab) -> None:
    found = disputed(lab, "dashboard.orders", OnConflict.STOP)
    assert found.meanwhile is not None
    assert (found.meanwhile.version_before, found.meanwhile.version_after) == (1, 2)
    assert (found.meanwhile.by.who, found.meanwhile.by.messages) == ("admin", ("by hand",))
    assert "was changed by admin at 2026-11-23T" in found.error
    assert '(version 1 → 2), "by hand"' in found.error


@pytest.mark.parametrize("address", CASES)
def test_ours_is_written_and_theirs_is_never_lost(lab: Lab, address: str) -> None:
    found = disputed(lab, address, OnConflict.OURS)
    assert found.result == "done", found.error
    assert "heirs" not in str(lab.plan([CASES[address][1]]).changes)
    assert lab.plan([CASES[address][1]]).changes == ()
    (kept,) = [text for text in found.notes if text.startswith("what it replaced")]
    if address == "dashboard.orders":
        assert "version 2" in kept
    else:
        assert "heirs" in str(lab.store.get(kept.removesuffix("`").rpartition(" ")[2]))


@pytest.mark.parametrize("address", CASES)
def test_theirs_is_left_and_the_next_plan_shows_it(lab: Lab, address: str) -> None:
    found = disputed(lab, address, OnConflict.THEIRS)
    assert found.result == "done"
    assert "heirs" in live(lab, address)
    plan = lab.plan([CASES[address][1]])
    assert [str(drift.address) for drift in plan.drift] == [address]


@pytest.mark.parametrize("address", [address for address in CASES if address != "folder.ops"])
def test_merged_both_are_there(lab: Lab, address: str) -> None:
    found = disputed(lab, address, OnConflict.MERGE)
    assert found.result == "done", found.error
    assert "heirs" in live(lab, address)
    plan = lab.plan([CASES[address][1]])
    assert (plan.changes, plan.drift) == ((), ())
    assert [item.path for items in plan.held.values() for item in items] == [CASES[address][3]]


def test_a_merge_of_the_same_leaf_stops_and_lists_both(lab: Lab) -> None:
    found = disputed(lab, "folder.ops", OnConflict.MERGE)
    assert found.result == "conflict"
    assert 'both changed title: was "Operations", declared "New", Grafana has "Theirs"' in found.error


def test_a_third_edit_is_caught_again(lab: Lab) -> None:
    """Settled as ours, and edited once more before the write: the server's version check tells."""
    before, now, edit, _ = CASES["dashboard.orders"]
    lab.applied([before])
    lab.policy = lambda _: OnConflict.OURS

    def between() -> None:
        edit(lab)
        lab.dispatcher.faults.add("edit", lambda world: board(lab), method="POST", path="/api/dashboards/db")

    result = lab.apply([now], between=between)
    assert [item.result for item in result.outcomes] == ["done"]
    assert [text for item in result.outcomes for text in item.notes if text.startswith("written over")] == [
        "written over admin's edit"
    ] * 2


@pytest.mark.parametrize(("way", "result"), [("stop", "conflict"), ("ours", "done"), ("theirs", "done")])
def test_deleted_meanwhile(lab: Lab, way: str, result: str) -> None:
    lab.applied([FOLDER])
    lab.policy = lambda _: OnConflict(way)
    ended = lab.apply([document("Folder", "ops", title="New")], between=lambda: ask(lab, "DELETE", "/api/folders/ops"))
    assert [item.result for item in ended.outcomes] == [result]
    assert ("ops" in lab.org.folders) == (way == "ours")


def test_what_a_plan_puts_back_is_never_lost_either(lab: Lab) -> None:
    before, _, edit, _ = CASES["datasource.metrics"]
    lab.applied([before])
    edit(lab)
    (outcome,) = lab.applied([before]).outcomes
    (kept,) = outcome.notes
    assert lab.store.get(kept.removesuffix("`").rpartition(" ")[2])["url"] == "http://theirs:9090"


def test_only_what_depends_on_it_stops_too(lab: Lab) -> None:
    inside = document("Dashboard", "inside", title="Inside", folder="ops", panels=[])
    beside = document("Dashboard", "beside", title="Beside", panels=[])
    lab.applied([FOLDER])
    documents = [document("Folder", "ops", title="New"), inside, beside]
    ended = lab.apply(documents, between=lambda: folder(lab))
    assert {str(item.address): item.result for item in ended.outcomes} == {
        "folder.ops": "conflict", "dashboard.inside": "skipped", "dashboard.beside": "done",
    }  # fmt: skip


def drifted(lab: Lab, address: str, way: OnConflict) -> Plan:
    """The plan where the edit was there before it, and the way is asked for."""
    before, now, edit, _ = CASES[address]
    lab.applied([before])
    edit(lab)
    return lab.plan([now], Options(policy=lambda _: way))


@pytest.mark.parametrize("address", list(CASES))
def test_asked_when_planning_theirs_leaves_the_object(lab: Lab, address: str) -> None:
    plan = drifted(lab, address, OnConflict.THEIRS)
    assert [item.outcome for item in plan.drift] == ["left"]
    assert plan.changes == ()


@pytest.mark.parametrize("address", [address for address in CASES if address != "folder.ops"])
def test_asked_when_planning_the_merge_is_in_the_plan(lab: Lab, address: str) -> None:
    plan = drifted(lab, address, OnConflict.MERGE)
    # The first datasource of an organisation is its default anyway: there it is the edit alone that stays.
    assert [item.outcome for item in plan.drift] == ["kept" if address == "datasource.metrics" else "merged"]
    assert [item.why for items in plan.held.values() for item in items] == ["--on-conflict merge"]
    lab.apply_plan(plan)
    assert "heirs" in live(lab, address)


def test_a_merge_of_the_same_leaf_is_refused_when_planning(lab: Lab) -> None:
    plan = drifted(lab, "folder.ops", OnConflict.MERGE)
    assert [item.code for item in plan.refusals] == ["merge-conflict"]
    assert "--on-conflict folder.ops=ours" in plan.refusals[0].hint


def test_what_was_deleted_outside_stays_so_with_theirs(lab: Lab) -> None:
    lab.applied([FOLDER])
    ask(lab, "DELETE", "/api/folders/ops")
    plan = lab.plan([FOLDER], Options(policy=lambda _: OnConflict.THEIRS))
    assert ([item.outcome for item in plan.drift], plan.changes) == (["left"], ())


def test_what_is_not_declared_any_more_and_was_edited_stays_with_theirs(lab: Lab) -> None:
    lab.applied([FOLDER])
    folder(lab)
    plan = lab.plan([], Options(policy=lambda _: OnConflict.THEIRS, guard=LENIENT))
    assert ([item.outcome for item in plan.drift], plan.changes) == (["left"], ())


def test_ours_wins_over_a_lifecycle_that_fails(lab: Lab) -> None:
    strict = document("Folder", "ops", metadata={"lifecycle": {"on_drift": "fail"}}, title="Operations")
    lab.applied([strict])
    folder(lab)
    assert [item.code for item in lab.plan([strict]).refusals] == ["drift-refused"]
    plan = lab.plan([strict], Options(policy=lambda _: OnConflict.OURS))
    assert (plan.refusals, [str(change.action) for change in plan.changes]) == ((), ["update"])


def test_a_write_that_may_have_been_done_is_not_repeated_over_an_edit(lab: Lab) -> None:
    """The answer is a 500 for a PUT that was not done, and somebody saved the same field meanwhile."""
    before, _, edit, _ = CASES["datasource.metrics"]
    lab.applied([before])

    def between() -> None:
        lab.dispatcher.faults.add("edit", lambda world: edit(lab), method="PUT", path="/api/datasources/*")
        lab.dispatcher.faults.add("status", 500, method="PUT", path="/api/datasources/*")

    wanted = document("Datasource", "metrics", type="prometheus", url="http://mine:9090")
    (outcome,) = lab.apply([wanted], between=between).outcomes
    assert (outcome.result, live(lab, "datasource.metrics").count("theirs")) == ("conflict", 1)

"""Links that name the version that was declared: an old one is no reason to write, and hides nothing."""

import copy
from pathlib import Path
from typing import Any

import pytest

from reconciler.core.acknowledgement import Acknowledgement
from reconciler.core.address import Address
from reconciler.core.diff import Edit, Op
from reconciler.core.plan import Plan
from reconciler.engine.planner import Options
from reconciler.engine.stamped import but_for_stamps, worth
from tests.engine.test_living_with_edits import panel
from tests.engine.test_table import saved_by_hand
from tests.lab import Lab, document

LINKS = [
    {"title": "Docs", "type": "link", "url": "https://docs"},
    {
        "title": "Feedback",
        "type": "link",
        "url": "https://forms?v=${dashboard.version}",
        "tooltip": "${dashboard.version}",
    },
]
HERS = "rate(a[10m])"


def board(expr: str = "rate(a[5m])", *, lifecycle: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    """A dashboard whose link is stamped."""
    panels = [
        {"title": "Rate", "type": "stat", "targets": [{"refId": "A", "expr": expr}]},
        {"title": "Errors", "type": "stat"},
    ]
    whole = {"title": "Orders", "links": LINKS, "panels": panels, **spec}
    return document("Dashboard", "orders", metadata={"lifecycle": lifecycle} if lifecycle else {}, **whole)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def model(lab: Lab) -> dict[str, Any]:
    return copy.deepcopy(lab.org.dashboards["orders"]["body"])  # type: ignore[no-any-return]


def link(lab: Lab) -> str:
    """What the live link says."""
    return str(model(lab)["links"][1]["url"])


def declared(lab: Lab, board: dict[str, Any]) -> str:
    """What it says where what is declared was just written."""
    (resource,) = lab.resources([board])
    found = resource.attributes["dashboard"]["links"][1]["url"]  # type: ignore[index,call-overload,union-attr]
    assert resource.stamp and str(found) == f"https://forms?v={resource.stamp}"
    return str(found)


def by_hand(lab: Lab, expr: str = HERS) -> None:
    found = model(lab)
    panel(found, "Rate")["targets"][0]["expr"] = expr
    saved_by_hand(lab, "orders", **found)


def sends(plan: Plan) -> list[str]:
    return [str(change.address) for change in plan.changes if change.sends]


def taken_in(lab: Lab) -> dict[str, Any]:
    """Her edit, then the files say it; what they come to was applied."""
    lab.applied([board()])
    by_hand(lab)
    before = len(lab.dispatcher.requests)
    lab.applied([board(HERS)])
    assert lab.writes(before) == []
    return board(HERS)


def test_what_the_files_say_now_as_well_is_not_written_for_the_stamp(lab: Lab) -> None:
    lab.applied([board()])
    was = link(lab)
    by_hand(lab)
    plan = lab.plan([board(HERS)])
    assert sends(plan) == [] and [drift.outcome for drift in plan.drift] == ["settled"]
    lab.applied([board(HERS)])
    again = lab.plan([board(HERS)])
    assert (again.changes, again.drift) == ((), ())
    assert link(lab) == was != declared(lab, board(HERS))
    lab.applied([board(HERS)])
    assert lab.plan([board(HERS)]).changes == ()


def test_the_state_remembers_the_stamp_that_was_written(lab: Lab) -> None:
    taken_in(lab)
    entry = lab.state.resources[Address("dashboard", "orders")]
    assert entry.applied is not None
    applied: Any = lab.store.get(entry.applied)
    assert applied["dashboard"]["links"][1]["url"] == link(lab)
    assert applied["dashboard"]["panels"][0]["targets"][0]["expr"] == HERS


@pytest.mark.parametrize("why", ["declared", "drift"])
def test_the_next_write_brings_the_present_stamp(lab: Lab, why: str) -> None:
    mine = taken_in(lab)
    if why == "declared":
        mine = board(HERS, tags=["new"])
    else:
        by_hand(lab, "rate(a[1h])")
    lab.applied([mine])
    assert link(lab) == declared(lab, mine)
    assert panel(model(lab), "Rate")["targets"][0]["expr"] == HERS
    assert (lab.plan([mine]).changes, lab.plan([mine]).drift) == ((), ())


@pytest.mark.parametrize("old", [False, True], ids=["present stamp", "old stamp"])
@pytest.mark.parametrize("text", ["https://forms?v=0badcafe", "https://other?v={}", "https://forms"])
def test_a_link_that_somebody_edited_is_drift(lab: Lab, text: str, old: bool) -> None:
    mine = taken_in(lab) if old else board()
    lab.applied([mine])
    found = model(lab)
    found["links"][1]["url"] = text.format(link(lab)[-8:])
    saved_by_hand(lab, "orders", **found)
    plan = lab.plan([mine])
    assert sends(plan) == ["dashboard.orders"] and [drift.outcome for drift in plan.drift] == ["reverted"]
    lab.applied([mine])
    assert link(lab) == declared(lab, mine)


def test_a_stamp_edited_beside_what_the_files_say_now_is_put_back(lab: Lab) -> None:
    lab.applied([board()])
    found = model(lab)
    found["links"][1]["url"] = "https://forms?v=0badcafe"
    panel(found, "Rate")["targets"][0]["expr"] = HERS
    saved_by_hand(lab, "orders", **found)
    assert sends(lab.plan([board(HERS)])) == ["dashboard.orders"]
    lab.applied([board(HERS)])
    assert link(lab) == declared(lab, board(HERS))


def test_a_link_that_the_author_changes_is_a_change(lab: Lab) -> None:
    taken_in(lab)
    links = [LINKS[0], {**LINKS[1], "url": "https://forms?v=${dashboard.version}&x"}]
    assert sends(lab.plan([board(HERS, links=links)])) == ["dashboard.orders"]
    assert sends(lab.plan([board(HERS, links=LINKS[:1])])) == ["dashboard.orders"]


def test_what_is_ignored_changes_nothing_but_the_stamp_and_is_not_written(lab: Lab) -> None:
    life = {"ignore_changes": ["description"]}
    lab.applied([board(lifecycle=life, description="one")])
    plan = lab.plan([board(lifecycle=life, description="two")])
    assert sends(plan) == [] and [item.code for item in plan.warnings] == ["ignored"]


@pytest.mark.parametrize("on_drift", ["merge", "keep"])
def test_what_is_held_and_the_files_say_then_is_held_no_longer(lab: Lab, on_drift: str) -> None:
    life = {"on_drift": on_drift}
    lab.applied([board(lifecycle=life)])
    by_hand(lab)
    lab.applied([board(lifecycle=life)])
    assert lab.state.resources[Address("dashboard", "orders")].held
    before = len(lab.dispatcher.requests)
    lab.applied([board(HERS, lifecycle=life)])
    assert lab.writes(before) == [] and not lab.state.resources[Address("dashboard", "orders")].held
    assert lab.plan([board(HERS, lifecycle=life)]).changes == ()


def test_a_merge_writes_the_present_stamp_and_the_plan_after_it_is_empty(lab: Lab) -> None:
    life = {"on_drift": "merge"}
    lab.applied([board(lifecycle=life)])
    by_hand(lab)
    mine = board(lifecycle=life, tags=["mine"])
    lab.applied([mine])
    assert link(lab) == declared(lab, mine)
    assert panel(model(lab), "Rate")["targets"][0]["expr"] == HERS
    assert lab.plan([mine]).changes == ()


def test_what_was_acknowledged_and_the_files_say_now_is_no_drift_after_its_day(lab: Lab) -> None:
    lab.applied([board()])
    by_hand(lab)
    ack = Acknowledgement(Address("dashboard", "orders"), "why", "2026-12-01")
    lab.applied([board(tags=["mine"])], Options(acknowledged=(ack,), today="2026-11-30"))
    mine = board(HERS, tags=["mine"])
    plan = lab.plan([mine], Options(acknowledged=(ack,), today="2026-12-02"))
    assert (sends(plan), plan.drift) == ([], ())


def test_a_rollback_brings_the_stamp_of_then(lab: Lab) -> None:
    lab.applied([board()])
    was = link(lab)
    lab.applied([board(tags=["new"])])
    assert link(lab) != was
    newest = lab.store.runs()[-1].id
    plan, applied = lab.back(newest, [board(tags=["new"])])
    assert not plan.refusals and all(outcome.result == "done" for outcome in applied.outcomes)
    assert link(lab) == was == declared(lab, board())
    assert lab.plan([board()]).changes == ()


def test_a_state_that_is_made_anew_finds_no_difference_in_it(lab: Lab) -> None:
    mine = taken_in(lab)
    for file in (lab.folder / "state").rglob("*"):
        if file.is_file():
            file.unlink()
    (found,) = lab.rebuild([mine]).found
    assert found.edits == ()
    assert sends(lab.plan([mine])) == []


def _edit(before: Any, after: Any) -> Edit:
    return Edit(("dashboard", "links", 0, "url"), Op.CHANGE, before, after)


@pytest.mark.parametrize(
    ("before", "after", "stale"),
    [
        ("u?v=00000000", "u?v=12345678", True),
        ("00000000/aaaaaaaa", "12345678/12345678", True),
        ("u?v=0000000g", "u?v=12345678", False),
        ("u?v=000000000", "u?v=12345678", False),
        ("x?v=00000000", "u?v=12345678", False),
        ("u?v=00000000", "u?v=87654321", False),
        ("", "12345678", False),
        (None, "12345678", False),
        ("u?v=00000000", None, False),
    ],
)
def test_only_a_stamp_in_the_place_of_a_stamp_is_none(before: Any, after: Any, stale: bool) -> None:
    edit, other = _edit(before, after), Edit(("dashboard", "title"), Op.CHANGE, "a", "b")
    assert worth([edit], "12345678") == (() if stale else (edit,))
    assert worth([edit, other], "12345678") == (edit, other)
    assert worth([edit], "12345678", [edit]) == (edit,)
    assert worth([edit], "") == (edit,)
    assert but_for_stamps([edit, other], "12345678") == ((other,) if stale else (edit, other))
    assert but_for_stamps([_edit(after, before)], "12345678") == (() if stale else (_edit(after, before),))

"""Objects that are parts of others, and those whose uid only the server knows: through the whole engine, against the
sandbox.
"""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.core.diff import format_edit_path
from reconciler.core.guard import Guard
from reconciler.core.plan import Plan
from reconciler.core.state import Intent
from reconciler.engine.planner import Options
from tests.lab import Lab, document

FOLDER = document("Folder", "fin", title="Finance")
TEAM = document("Team", "crew", name="Crew")
HOME = document("Dashboard", "home", title="Home", folder="fin", panels=[])
ADOPT = Options(adopt=True, guard=Guard(max_deletes=100, max_delete_share=1.0))


def access(*entries: str, name: str = "fin", mode: str = "additive", **metadata: Any) -> dict[str, Any]:
    """Permissions of the folder fin, from `team crew View`."""
    listed = []
    for sort, who, permission in (entry.split() for entry in entries):
        listed.append({sort: who, "permission": permission})
    return document("FolderPermissions", name, metadata=metadata, folder="fin", mode=mode, entries=listed)


def likes(name: str = "crew", **spec: Any) -> dict[str, Any]:
    """Preferences of the team crew."""
    return document("Preferences", name, team="crew", **spec)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """A Grafana with ann in it."""
    made = Lab(tmp_path)
    made.world.add_user("ann", "ann@example.org")
    return made


def entries(lab: Lab) -> set[tuple[str, Any, int]]:
    """What the sandbox holds for the folder fin."""
    return {(sort, who, level) for sort, who, level in lab.org.permissions["folder:fin"]}


def rows(plan: Plan) -> list[str]:
    """`action address`."""
    return [f"{change.action} {change.address}" for change in plan.changes]


def paths(plan: Plan) -> list[str]:
    """Of the only change."""
    (change,) = plan.changes
    return [format_edit_path(edit.path) for edit in change.edits]


GIVEN = {("user", 1, 4), ("role", "Editor", 2), ("role", "Viewer", 1)}


@pytest.mark.parametrize(
    "declared",
    [
        access("team crew View"),
        access("role Editor Edit"),
        access("role Viewer Edit", "user admin Edit"),
        access("team crew View", "role Editor Edit", mode="exact"),
        access(mode="exact"),
    ],
    ids=["additive", "already given", "given otherwise", "exact", "exact, nobody"],
)
def test_a_new_folder_needs_no_adopting(lab: Lab, declared: dict[str, Any]) -> None:
    documents = [FOLDER, TEAM, declared]
    lab.applied(documents)
    assert lab.plan(documents).changes == ()
    lab.applied([FOLDER])
    assert lab.plan([FOLDER]).changes == ()


def test_additive_takes_away_what_it_brought_and_no_more(lab: Lab) -> None:
    lab.applied([FOLDER, TEAM, access("team crew View", "user ann Edit")])
    assert entries(lab) == GIVEN | {("team", 1, 1), ("user", 2, 2)}
    plan = lab.plan([FOLDER, TEAM, access("team crew View")])
    assert paths(plan) == ["entries[who=user:ann].permission"]
    lab.applied([FOLDER, TEAM, access("team crew View")])
    assert entries(lab) == GIVEN | {("team", 1, 1)}
    lab.org.permissions["folder:fin"].append(["user", 2, 1])
    assert lab.plan([FOLDER, TEAM, access("team crew View")]).drift == (), "who was ours once is others' to let in now"
    lab.applied([FOLDER, TEAM])
    assert entries(lab) == GIVEN | {("user", 2, 1)}


def test_removal_survives_an_edit_of_the_rest(lab: Lab) -> None:
    """The same edit on both sides, and an entry that goes: the plan must still take it away."""
    lab.applied([FOLDER, TEAM, access("team crew View", "user ann Edit")])
    lab.org.permissions["folder:fin"] = [
        e if e[0] != "team" else ["team", 1, 2] for e in lab.org.permissions["folder:fin"]
    ]
    lab.applied([FOLDER, TEAM, access("team crew Edit")])
    assert entries(lab) == GIVEN | {("team", 1, 2)}


def test_exact_shows_whom_it_takes_out(lab: Lab) -> None:
    lab.applied([FOLDER, TEAM, access("team crew View")])
    lab.org.permissions["folder:fin"].append(["user", 2, 1])
    documents = [FOLDER, TEAM, access("team crew View", mode="exact")]
    (change,) = lab.plan(documents).changes
    assert change.notes == ("takes away: role Editor Edit, role Viewer View, user admin Admin, user ann View",)
    lab.applied(documents)
    assert entries(lab) == {("team", 1, 1)}
    lab.org.permissions["folder:fin"].append(["user", 2, 1])
    plan = lab.plan(documents)
    assert [format_edit_path(edit.path) for drift in plan.drift for edit in drift.edits] == ["entries[who=user:ann]"]
    lab.applied(documents)
    assert entries(lab) == {("team", 1, 1)}


def test_exact_over_somebodys_entries_needs_adopting(lab: Lab) -> None:
    lab.applied([FOLDER])
    lab.org.permissions["folder:fin"].append(["user", 2, 1])
    documents = [FOLDER, TEAM, access("team crew View", mode="exact")]
    plan = lab.plan(documents)
    assert [refusal.code for refusal in plan.refusals] == ["exists-already"]
    assert "entries[who=user:ann]" in [format_edit_path(e.path) for c in plan.changes for e in c.edits]
    lab.applied(documents, ADOPT)
    assert entries(lab) == {("team", 1, 1)}


def test_who_gets_an_account_is_let_in_by_the_next_apply(lab: Lab) -> None:
    documents = [FOLDER, access("user later@example.org Edit")]
    applied = lab.applied(documents)
    assert applied.outcomes[-1].not_converged == ()
    plan = lab.plan(documents)
    assert plan.changes == ()
    later = lab.world.add_user("later", "Later@example.org")
    assert paths(lab.plan(documents)) == ["entries[who=user:later@example.org]"]
    lab.applied(documents)
    assert ("user", later.id, 2) in entries(lab)
    assert lab.plan(documents).changes == ()


def test_a_team_that_is_gone_comes_back_with_its_entries_and_preferences(lab: Lab) -> None:
    documents = [FOLDER, TEAM, access("team crew View", mode="exact"), likes(theme="dark")]
    lab.applied(documents)
    lab.dispatcher.answer("DELETE", "/api/teams/1", {}, {"authorization": "Basic YWRtaW46YWRtaW4="}, b"")
    assert entries(lab) == set()
    lab.converge(documents)
    assert entries(lab) == {("team", 2, 1)}
    assert lab.org.preferences["team:2"] == {"theme": "dark"}


def test_a_renamed_team_keeps_its_entries(lab: Lab) -> None:
    before = [FOLDER, TEAM, access("team crew View", mode="exact"), likes(theme="dark")]
    lab.applied(before)
    after = [FOLDER, document("Team", "crew", name="Night crew"), *before[2:]]
    lab.applied(after)
    assert lab.plan(after).changes == ()
    assert (list(lab.org.teams), entries(lab)) == ([1], {("team", 1, 1)})


def test_what_the_server_numbers_is_moved_when_its_address_changes(lab: Lab) -> None:
    """Adopting it under the new address and then deleting it as the old one would lose it."""
    lab.applied([FOLDER, TEAM, access("team crew View", mode="exact"), likes(theme="dark")])
    team = document("Team", "night", name="Crew")
    moved = document(
        "FolderPermissions", "night", folder="fin", mode="exact", entries=[{"team": "night", "permission": "View"}]
    )
    wishes = document("Preferences", "night", team="night", theme="dark")
    documents = [FOLDER, team, moved, wishes]
    plan = lab.plan(documents)
    assert {str(change.moved_from) for change in plan.changes} == {"team.crew", "permissions.fin", "preferences.crew"}
    before = len(lab.dispatcher.requests)
    lab.applied(documents)
    assert lab.writes(before) == []
    assert lab.plan(documents).changes == ()
    assert (list(lab.org.teams), entries(lab)) == ([1], {("team", 1, 1)})
    assert lab.org.preferences["team:1"] == {"theme": "dark"}


def test_a_role_goes_with_its_dashboard_home_first(lab: Lab) -> None:
    lab.applied([FOLDER, TEAM, HOME, access("team crew View"), likes(home="home", theme="dark")])
    lab.org.preferences["team:1"]["weekStart"] = "monday"
    before = len(lab.dispatcher.requests)
    lab.applied([FOLDER])
    assert all(seen.status < 400 for seen in lab.dispatcher.requests[before:] if seen.method != "GET")
    order = [line.split("/")[-1] for line in lab.writes(before)]
    assert order.index("preferences") < order.index("home")
    assert lab.org.preferences["team:1"] == {"weekStart": "monday"}
    assert entries(lab) == GIVEN
    assert lab.org.dashboards == {}


def test_a_home_that_is_no_longer_declared_is_unset_before_its_dashboard_goes(lab: Lab) -> None:
    lab.applied([FOLDER, TEAM, HOME, likes(home="home", theme="dark")])
    documents = [FOLDER, TEAM, likes(theme="dark")]
    lab.applied(documents)
    assert lab.org.preferences["team:1"] == {"theme": "dark"}
    assert lab.plan(documents).changes == ()


def test_a_dead_home_of_somebody_is_no_obstacle(lab: Lab) -> None:
    """Grafana keeps the uid of a home dashboard that is gone, and refuses a write that repeats it."""
    documents = [TEAM, likes(theme="dark")]
    lab.applied(documents)
    lab.org.preferences["team:1"] = {"homeDashboardUID": "gone", "theme": "light"}
    lab.applied(documents)
    assert lab.org.preferences["team:1"] == {"homeDashboardUID": "gone", "theme": "dark"}


def test_another_home_is_adopted_and_unset_values_are_not(lab: Lab) -> None:
    lab.applied([FOLDER, TEAM, HOME])
    lab.org.preferences["team:1"] = {"timezone": "utc"}
    documents = [FOLDER, TEAM, HOME, likes(home="home")]
    assert rows(lab.plan(documents)) == ["create preferences.crew"]
    lab.org.preferences["team:1"]["homeDashboardUID"] = "other"
    assert [refusal.code for refusal in lab.plan(documents).refusals] == ["exists-already"]
    lab.applied(documents, ADOPT)
    assert lab.org.preferences["team:1"] == {"timezone": "utc", "homeDashboardUID": "home"}


def test_a_lost_answer_is_looked_at_and_not_repeated_blindly(lab: Lab) -> None:
    documents = [FOLDER, TEAM, access("team crew View", mode="exact"), likes(theme="dark")]
    lab.applied([FOLDER, TEAM])
    lab.dispatcher.faults.add("status_after", 503, method="POST", path="/api/access-control/*")
    lab.dispatcher.faults.add("status_after", 503, method="PUT", path="*/preferences")
    lab.converge(documents)
    assert entries(lab) == {("team", 1, 1)}
    assert lab.org.preferences["team:1"] == {"theme": "dark"}
    assert lab.plan(documents).changes == ()


def test_what_may_not_be_read_is_said_and_not_called_absent(lab: Lab) -> None:
    documents = [FOLDER, TEAM, access("team crew View"), likes(theme="dark")]
    lab.applied(documents)
    lab.world.add_user("ed", "ed@example.org", password="admin", role="Editor")
    lab.login = "ed"
    plan = lab.plan(documents)
    assert [item.subject for item in plan.unreadable] == ["all permissions", "all preferences", "all teams"]
    assert "folders.permissions:read" in plan.unreadable[0].message
    assert plan.changes == ()


def test_deleting_many_is_refused_in_plain_words(lab: Lab) -> None:
    many = [document("Team", f"t{n}", name=f"T{n}") for n in range(6)]
    lab.applied([*many, *(document("Preferences", f"t{n}", team=f"t{n}", theme="dark") for n in range(6))])
    (refusal,) = lab.plan(many).refusals
    assert "deletes 6 of 6 preferences (100%)" in refusal.message


def test_a_create_that_never_came_is_not_the_former_self_of_another(lab: Lab) -> None:
    """Both have no uid yet: that makes them no move."""
    lab.applied([document("Team", "hands-b", name="Hands")])
    lab.dispatcher.faults.add("drop_request", method="POST", path="/api/teams", count=None)
    lab.apply([document("Team", "hands-b", name="Hands"), document("Team", "made", name="Made")])
    lab.dispatcher.faults.clear()
    plan = lab.plan([document("Team", "hands-a", name="Hands")])
    assert rows(plan) == ["no-op team.hands-a", "forget team.made"]
    assert [str(change.moved_from) for change in plan.changes] == ["team.hands-b", "None"]


def test_a_member_whom_an_interrupted_run_added_goes_when_it_is_taken_back(lab: Lab) -> None:
    lab.applied([document("Team", "crew", name="Crew", members=["admin"])])

    def between() -> None:
        lab.dispatcher.faults.add("drop_response", method="POST", path="/api/teams/*/members", count=None)
        lab.dispatcher.faults.add("status", 503, method="GET", path="/api/teams/*/members", skip=2, count=None)

    ended = lab.apply([document("Team", "crew", name="Crew", members=["admin", "ann"])], between=between)
    assert [item.result for item in ended.outcomes] == ["failed"]
    lab.dispatcher.faults.clear()
    (team,) = lab.org.teams.values()
    assert len(team["members"]) == 2
    lab.applied([document("Team", "crew", name="Crew", members=["admin"])])
    assert [member["user"] for member in team["members"]] == [1]


def test_a_double_that_an_interrupted_run_left_goes_when_it_is_taken_back(lab: Lab) -> None:
    """An annotation moves to another dashboard as a new one beside the old."""
    boards = [document("Dashboard", name, title=name, panels=[]) for name in ("a", "b")]

    def note(dashboard: str) -> dict[str, Any]:
        return document("Annotation", "sale", text="Sale", time=1_700_000_000_000, dashboard=dashboard)

    lab.applied([*boards, note("a")])
    lab.dispatcher.faults.add("status", 500, method="DELETE", path="/api/annotations/*", count=None)
    lab.apply([*boards, note("b")])
    lab.dispatcher.faults.clear()
    assert len(lab.org.annotations) > 1
    lab.applied([*boards, note("a")])
    assert [item["dashboardUID"] for item in lab.org.annotations.values()] == ["a"]
    assert lab.plan([*boards, note("a")]).changes == ()


def test_a_delete_that_was_cut_short_is_no_drift(lab: Lab) -> None:
    given = [FOLDER, access("user ann Edit", "role Viewer Edit")]
    lab.applied(given)

    def between() -> None:
        lab.dispatcher.faults.add("drop_response", method="POST", path="/api/access-control/*", count=None)
        lab.dispatcher.faults.add("status", 503, method="GET", path="/api/folders/fin/permissions", skip=1, count=None)

    ended = lab.apply([FOLDER], between=between)
    assert [item.result for item in ended.outcomes] == ["failed"]
    lab.dispatcher.faults.clear()
    plan = lab.plan([FOLDER])
    assert (rows(plan), plan.drift) == (["delete permissions.fin"], ())
    lab.applied([FOLDER])
    assert not {entry for entry in entries(lab) if entry[0] == "user" and entry[1] != 1}
    assert lab.plan([FOLDER]).changes == ()


@pytest.mark.parametrize("part", [access("team crew View"), likes(theme="dark")], ids=["permissions", "preferences"])
def test_a_part_whose_create_was_cut_off_goes_when_nobody_declares_it_any_more(lab: Lab, part: dict[str, Any]) -> None:
    """Else the team could never be deleted: its entry would be somebody's, and nobody's to take away."""
    lab.applied([FOLDER, TEAM, part])
    state = lab.state
    (address,) = (address for address in state.resources if address.kind in {"permissions", "preferences"})
    cut_off = Intent(address, None, state.resources[address].applied)  # killed after the write, before it was recorded
    others = {key: entry for key, entry in state.resources.items() if key != address}
    lab.store.restore(replace(state, resources=others, intents={address: cut_off}))
    lab.applied([FOLDER], ADOPT)
    assert entries(lab) == GIVEN
    assert not lab.state.intents
    assert not lab.org.teams

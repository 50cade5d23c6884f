"""Playlists that show what changes are named, for one list more; and where nothing changes that they show, none is
asked for.
"""

import re
from pathlib import Path
from typing import Any

import pytest

from reconciler.core.plan import Plan
from reconciler.engine.planner import Options
from reconciler.sandbox import people
from tests.engine.estates import ask
from tests.lab import Lab, document

PLAYLISTS = "/apis/playlist.grafana.app/v0alpha1/namespaces/default/playlists"
FOLDERS = [document("Folder", "ops", title="Operations"), document("Folder", "other", title="Other")]


def board(name: str = "b", /, **spec: Any) -> dict[str, Any]:
    return document("Dashboard", name, **{"title": "B", "folder": "ops", "tags": ["shop"], "refresh": "1m", **spec})


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    made = Lab(tmp_path)
    made.applied([*FOLDERS, board()])
    for name, items in (
        ("Wall", [{"type": "dashboard_by_uid", "value": "b"}]),
        ("Shop", [{"type": "dashboard_by_tag", "value": "shop"}]),
        ("Night", [{"type": "dashboard_by_tag", "value": "night"}]),
    ):
        assert ask(made, "POST", "/api/playlists", {"name": name, "interval": "5m", "items": items}).status == 200
    return made


def planned(lab: Lab, *declared: dict[str, Any]) -> tuple[Plan, int]:
    """The plan, and how often playlists were asked for."""
    before = len(lab.dispatcher.requests)
    plan = lab.plan([*FOLDERS, *declared], Options(audience=True))
    return plan, sum("playlist" in seen.path for seen in lab.dispatcher.requests[before:])


def touched(plan: Plan) -> list[str]:
    (change,) = [change for change in plan.changes if str(change.address) == "dashboard.b"]
    return [re.sub(r" \([^)]*\)", "", text) for text in change.touches]


def test_playlists_by_uid_and_by_tag(lab: Lab) -> None:
    plan, asked = planned(lab, board(title="New"))
    assert touched(plan) == ["playlist 'Shop' and playlist 'Wall', which play it"]
    assert asked == 1


def test_a_tag_that_comes_or_goes_says_which_will_play_it(lab: Lab) -> None:
    plan, _ = planned(lab, board(tags=["night"]))
    assert touched(plan) == [
        "playlist 'Wall', which plays it",
        "playlist 'Night', which will play it then",
        "playlist 'Shop', which will play it no more",
    ]


def test_a_move_to_another_folder_is_told_too(lab: Lab) -> None:
    plan, asked = planned(lab, board(folder="other"))
    assert asked == 1 and "playlist 'Shop' and playlist 'Wall', which play it" in touched(plan)


def test_one_list_however_many_change(lab: Lab) -> None:
    many = [board(f"n{number}") for number in range(6)]
    lab.applied([*FOLDERS, board(), *many])
    _, asked = planned(lab, board(title="New"), *(board(f"n{number}", title="New") for number in range(6)))
    assert asked == 1


def test_nothing_is_asked_where_nothing_changes_that_is_seen(lab: Lab) -> None:
    assert planned(lab, board())[1] == 0
    plan, asked = planned(lab, board(description="For the shop"))
    assert (touched(plan), asked) == ([], 0)
    _, asked = planned(lab, board(), board("fresh"))
    assert asked == 0
    assert planned(lab, board(), document("Folder", "third", title="Third"))[1] == 0


def test_who_may_not_see_playlists_is_told_nothing(lab: Lab) -> None:
    lab.dispatcher.faults.add("status", 403, method="GET", path=PLAYLISTS)
    plan, asked = planned(lab, board(title="New"))
    assert (touched(plan), asked) == ([], 1)


def test_where_no_one_list_tells_it_only_what_goes_is_asked_for_one_by_one(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older Grafana: its list of playlists leaves out what they play."""
    monkeypatch.delitem(people._GROUPS, "playlist.grafana.app")
    plan, asked = planned(lab, board(title="New"))
    assert (touched(plan), asked) == ([], 0)
    plan, asked = planned(lab)
    (refusal,) = plan.refusals
    assert "playlist 'Wall'" in refusal.message and "what it plays" in refusal.message
    assert asked == 4


def set_home(lab: Lab, path: str, uid: str) -> None:
    found = ask(lab, "GET", path).body
    assert ask(lab, "PUT", path, {**found, "homeDashboardUID": uid}).status == 200


def test_a_home_that_no_file_declares_is_told_where_its_preferences_are_read_anyway(lab: Lab) -> None:
    """By no request more: of preferences that declare something else."""
    crew = document("Team", "crew", name="Crew")
    ours = [document("Preferences", "all", organisation=True, theme="dark")]
    ours += [document("Preferences", "crew", team="crew", theme="light")]
    lab.applied([*FOLDERS, crew, *ours, board()])
    (team,) = lab.org.teams.values()

    def asked(*declared: dict[str, Any]) -> tuple[Plan, list[str]]:
        before = len(lab.dispatcher.requests)
        plan = lab.plan([*FOLDERS, crew, *declared], Options(audience=True))
        return plan, sorted(seen.path for seen in lab.dispatcher.requests[before:])

    changed = board(description="For the shop")
    plan, before = asked(*ours, changed)
    assert touched(plan) == []
    set_home(lab, "/api/org/preferences", "b")
    set_home(lab, f"/api/teams/{team['uid']}/preferences", "b")
    plan, after = asked(*ours, changed)
    assert touched(plan) == ["the home dashboard of preferences.all and preferences.crew, set in Grafana only"]
    assert after == before
    said = document("Preferences", "crew", team="crew", theme="light", home="b")
    plan, _ = asked(ours[0], said, changed)
    assert touched(plan) == ["the home dashboard of preferences.all, set in Grafana only"]
    plan, _ = asked(changed)
    assert "preferences" not in str(touched(plan))

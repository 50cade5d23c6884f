"""Random estates of all our kinds, hand edits and faults, for the properties."""

import base64
import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from tests.lab import Lab, document

_TITLES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=8).filter(
    lambda text: text.strip() not in {"", "General"}
)
_TAGS = st.lists(st.sampled_from(["a", "b", "c"]), unique=True, max_size=3)
_NUMBERS = st.integers(0, 50)


@st.composite
def _folders(draw: st.DrawFn) -> list[dict[str, Any]]:
    count = draw(st.integers(1, 3))
    found = []
    for index in range(count):
        spec: dict[str, Any] = {"title": draw(_TITLES)}
        if index and draw(st.booleans()):
            spec["parent"] = f"f{draw(st.integers(0, index - 1))}"
        if draw(st.booleans()):
            spec["description"] = draw(_TITLES)
        found.append(document("Folder", f"f{index}", **spec))
    return found


@st.composite
def _panel(draw: st.DrawFn, index: int) -> dict[str, Any]:
    panel: dict[str, Any] = {"title": f"P{index}", "type": draw(st.sampled_from(["stat", "timeseries", "text"]))}
    if draw(st.booleans()):
        panel["datasource"] = "metrics"
        panel["targets"] = [{"expr": f"up + {draw(_NUMBERS)}"}]
    if draw(st.booleans()):
        panel["thresholds"] = {"green": None, "red": draw(_NUMBERS)}
    panel["options"] = {"n": draw(_NUMBERS), "none": None, "f": 1.5}
    return panel


@st.composite
def _preferences(draw: st.DrawFn, team: int, boards: int) -> dict[str, Any]:
    spec = {"theme": draw(st.sampled_from(["dark", "light"]))}
    if boards and draw(st.booleans()):
        spec["home"] = f"d{draw(st.integers(0, boards - 1))}"
    return document("Preferences", f"t{team}", team=f"t{team}", **spec)


@st.composite
def _permissions(draw: st.DrawFn, folder: str, teams: int) -> dict[str, Any]:
    who = [("role", "Viewer"), ("role", "Editor"), ("user", "ann"), ("user", "nobody"), ("user", "admin")]
    who += [("team", f"t{index}") for index in range(teams)]
    chosen = draw(st.lists(st.sampled_from(who), unique=True, min_size=1, max_size=3))
    levels = st.sampled_from(["View", "Edit", "Admin"])
    entries = [{sort: name, "permission": draw(levels)} for sort, name in chosen]
    mode = draw(st.sampled_from(["additive", "exact"]))
    return document("FolderPermissions", folder, folder=folder, mode=mode, entries=entries)


@st.composite
def estate(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Desired documents that belong together: folders, datasources, dashboards in them, teams, annotations."""
    folders = draw(_folders())
    found = [*folders, document("Datasource", "metrics", type="prometheus", url=f"http://p:{draw(_NUMBERS) + 9000}")]
    if draw(st.booleans()):
        secret = {"httpHeaderValue1": "${env:SECRET}"}
        found.append(document("Datasource", "logs", type="loki", jsonData={"x": draw(_NUMBERS)}, secureJsonData=secret))
    boards = draw(st.integers(0, 3))
    for index in range(boards):
        panels = [draw(_panel(n)) for n in range(draw(st.integers(0, 3)))]
        spec = {"title": f"{draw(_TITLES)}{index}", "tags": draw(_TAGS), "panels": panels}
        if draw(st.booleans()):
            spec["folder"] = draw(st.sampled_from(folders))["metadata"]["name"]
        found.append(document("Dashboard", f"d{index}", **spec))
    teams = draw(st.integers(0, 2))
    for index in range(teams):
        members = draw(st.lists(st.sampled_from(["admin", "ann", "bob@example.org"]), unique=True, max_size=2))
        membership = draw(st.sampled_from(["additive", "exact"]))
        found.append(
            document("Team", f"t{index}", name=f"Team {index}", email="t@x.org", members=members, membership=membership)
        )
        if draw(st.booleans()):
            found.append(draw(_preferences(index, boards)))
    for folder in folders:
        if draw(st.booleans()):
            found.append(draw(_permissions(folder["metadata"]["name"], teams)))
    for index in range(draw(st.integers(0, 2))):
        spec = {"text": draw(_TITLES), "time": 1_700_000_000_000 + draw(_NUMBERS), "tags": draw(_TAGS)}
        if boards and draw(st.booleans()):
            spec["dashboard"] = "d0"
        found.append(document("Annotation", f"a{index}", **spec))
    return found


def people(lab: Lab) -> Lab:
    """A lab whose Grafana has the people and whose environment the secret that estates name."""
    lab.environment["SECRET"] = "canary-7f3a"
    lab.world.add_user("ann", "ann@example.org", password="admin", role="Editor")
    lab.world.add_user("bob", "bob@example.org", password="admin", role="Editor")
    return lab


def ask(lab: Lab, method: str, path: str, body: Any = None, login: str = "admin") -> Any:
    """A request of somebody else."""
    headers = {"authorization": "Basic " + base64.b64encode(f"{login}:admin".encode()).decode()}
    data = json.dumps(body).encode() if body is not None else b""
    return lab.dispatcher.answer(method, path, {}, headers, data)


def _edit_dashboard(lab: Lab, number: int) -> None:
    boards = sorted(lab.org.dashboards)
    if boards:
        board = lab.org.dashboards[boards[number % len(boards)]]
        body = {**board["body"], "uid": board["uid"], "description": f"by hand {number}"}
        ask(lab, "POST", "/api/dashboards/db", {"dashboard": body, "folderUid": board["folderUid"], "overwrite": True})


def _delete_dashboard(lab: Lab, number: int) -> None:
    boards = sorted(lab.org.dashboards)
    if boards:
        ask(lab, "DELETE", f"/api/dashboards/uid/{boards[number % len(boards)]}")


def _move_dashboard(lab: Lab, number: int) -> None:
    boards = sorted(lab.org.dashboards)
    if boards:
        board = lab.org.dashboards[boards[number % len(boards)]]
        ask(lab, "POST", "/api/dashboards/db", {"dashboard": {**board["body"], "uid": board["uid"]}, "overwrite": True})


def _rename_folder(lab: Lab, number: int) -> None:
    folders = sorted(lab.org.folders)
    if folders:
        ask(
            lab, "PUT", f"/api/folders/{folders[number % len(folders)]}", {"title": f"hand {number}", "overwrite": True}
        )


def _edit_datasource(lab: Lab, number: int) -> None:
    for uid, source in sorted(lab.org.datasources.items()):
        body = {"name": source["name"], "type": source["type"], "access": "proxy", "jsonData": {"hand": number}}
        ask(lab, "PUT", f"/api/datasources/uid/{uid}", {**body, "url": "http://hand:1"})


def _edit_team(lab: Lab, number: int) -> None:
    for team in lab.org.teams.values():
        ask(lab, "PUT", f"/api/teams/{team['id']}", {"name": team["name"], "email": f"hand{number}@x.org"})
        ask(lab, "PUT", f"/api/teams/{team['id']}/members", {"members": []})


def _owned(lab: Lab, kind: str) -> list[str]:
    """The uids that are managed: elsewhere an edit would have to be adopted."""
    return sorted(entry.uid for address, entry in lab.state.resources.items() if address.kind == kind)


def _edit_permissions(lab: Lab, number: int) -> None:
    for uid in _owned(lab, "permissions"):
        level = ("View", "Edit", "Admin", "")[number % 4]
        some = [{"userId": 3, "permission": level}, {"builtInRole": "Viewer", "permission": level}]
        ask(lab, "POST", f"/api/access-control/folders/{uid}", {"permissions": some})


def _edit_preferences(lab: Lab, number: int) -> None:
    for uid in _owned(lab, "preferences"):
        ask(lab, "PUT", f"/api/teams/{uid}/preferences", {"timezone": "utc", "homeDashboardUID": ""})


def _edit_annotation(lab: Lab, number: int) -> None:
    for item in list(lab.org.annotations.values()):
        ask(lab, "PATCH", f"/api/annotations/{item['id']}", {"text": f"hand {number}"})


def _delete_annotations(lab: Lab, number: int) -> None:
    for item in list(lab.org.annotations.values()):
        ask(lab, "DELETE", f"/api/annotations/{item['id']}")


HAND_EDITS: tuple[Callable[[Lab, int], None], ...] = (
    _edit_dashboard,
    _delete_dashboard,
    _move_dashboard,
    _rename_folder,
    _edit_datasource,
    _edit_team,
    _edit_permissions,
    _edit_preferences,
    _edit_annotation,
    _delete_annotations,
)
hand_edits = st.lists(st.tuples(st.sampled_from(HAND_EDITS), _NUMBERS), max_size=3)

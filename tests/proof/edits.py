"""Edits that alice makes in the UI while an apply runs: one of each kind, of an object that the apply changes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.engine.estates import ask
from tests.lab import Lab


@dataclass(frozen=True)
class HandEdit:
    """`make` saves it as the UI does: what is there, with one field changed. `stands`: whether it is there."""

    address: str
    make: Callable[[Lab], None]
    stands: Callable[[Lab], bool]


def _dashboard(lab: Lab) -> None:
    board = lab.org.dashboards["orders"]
    body = {**board["body"], "uid": "orders", "version": board["version"], "tags": ["alice"]}
    ask(lab, "POST", "/api/dashboards/db", {"dashboard": body, "folderUid": board["folderUid"]}, "alice")


def _folder(lab: Lab) -> None:
    folder = lab.org.folders["ops"]
    body = {"title": folder["title"], "description": "alice", "version": folder["version"]}
    ask(lab, "PUT", "/api/folders/ops", body, "alice")


def _datasource(lab: Lab) -> None:
    source = lab.org.datasources["metrics"]
    body = {key: value for key, value in source.items() if key not in {"id", "secrets", "readOnly", "uid"}}
    ask(lab, "PUT", "/api/datasources/uid/metrics", {**body, "url": "http://alice:1"}, "alice")


def _closed(lab: Lab) -> Any:
    return next(team for team in lab.org.teams.values() if team["name"] == "Closed")


def _team(lab: Lab) -> None:
    ask(lab, "PUT", f"/api/teams/{_closed(lab)['id']}", {"name": "Closed", "email": "alice@x.org"}, "alice")


def _note(lab: Lab) -> Any:
    return next(note for note in lab.org.annotations.values() if "ggrec:edited" in note["tags"])


def _annotation(lab: Lab) -> None:
    ask(lab, "PATCH", f"/api/annotations/{_note(lab)['id']}", {"text": "alice"}, "alice")


def _permissions(lab: Lab) -> None:
    ask(lab, "POST", "/api/access-control/folders/inner/builtInRoles/Viewer", {"permission": "Edit"}, "alice")


def _preferences(lab: Lab) -> None:
    ask(lab, "PUT", "/api/org/preferences", {**lab.org.preferences.get("org", {}), "timezone": "Europe/Rome"}, "alice")


EDITS = (
    HandEdit("dashboard.orders", _dashboard, lambda lab: lab.org.dashboards["orders"]["body"]["tags"] == ["alice"]),
    HandEdit("folder.ops", _folder, lambda lab: lab.org.folders["ops"]["description"] == "alice"),
    HandEdit("datasource.metrics", _datasource, lambda lab: "alice" in lab.org.datasources["metrics"]["url"]),
    HandEdit("team.closed", _team, lambda lab: "alice" in _closed(lab)["email"]),
    HandEdit("annotation.edited", _annotation, lambda lab: _note(lab)["text"] == "alice"),
    HandEdit(
        "permissions.inner", _permissions, lambda lab: ["role", "Viewer", 2] in lab.org.permissions["folder:inner"]
    ),
    HandEdit("preferences.all", _preferences, lambda lab: lab.org.preferences["org"].get("timezone") == "Europe/Rome"),
)

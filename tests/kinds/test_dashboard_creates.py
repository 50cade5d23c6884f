"""How a dashboard is created: over /apis by whoever may set all permissions, else by a save."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.core.address import Address
from reconciler.core.exchange import WriteContext
from reconciler.core.resource import Resource
from reconciler.kinds.dashboard import GROUP, Dashboard
from tests.engine.estates import ask
from tests.kinds.kind_driver import SERVER, ok, talk
from tests.lab import Lab, document

OPS = document("Folder", "ops", title="Operations")
RIGHT = frozenset({"dashboards.permissions:write"})
MODEL = {"title": "B", "panels": [], "id": 7, "version": 3}
APIS = "/apis/dashboard.grafana.app/v0alpha1/namespaces/default/dashboards"


def created(
    apis: frozenset[str], everywhere: frozenset[str], folder: str = "ops", version: str = "12.3.0"
) -> tuple[str, str, Any]:
    server = replace(SERVER, version=version, apis=apis, everywhere=everywhere)
    resource = Resource(Address("dashboard", "b"), "b", {"folderUid": folder, "dashboard": MODEL})
    done = talk(Dashboard().create(WriteContext(server, "m" * 600), resource), [ok({"uid": "b"}, 201)])
    assert done.result == "b"
    return done.writes[0]


def test_over_apis_with_the_folder_the_message_and_the_usual_permissions() -> None:
    method, path, body = created(frozenset({GROUP}), RIGHT)
    assert (method, path) == ("POST", APIS)
    annotations = {"folder": "ops", "message": "m" * 500, "grant-permissions": "default"}
    assert body == {
        "metadata": {"name": "b", "annotations": {f"grafana.app/{key}": text for key, text in annotations.items()}},
        "spec": {"title": "B", "panels": []},
    }
    assert "grafana.app/folder" not in created(frozenset({GROUP}), RIGHT, folder="")[2]["metadata"]["annotations"]


@pytest.mark.parametrize(("apis", "everywhere"), [(frozenset(), RIGHT), (frozenset({GROUP}), frozenset())])
def test_else_by_a_save_without_a_version(apis: frozenset[str], everywhere: frozenset[str]) -> None:
    method, path, body = created(apis, everywhere)
    assert (method, path) == ("POST", "/api/dashboards/db")
    assert body["dashboard"] == {"title": "B", "panels": [], "uid": "b", "id": None}
    assert (body["folderUid"], body["overwrite"]) == ("ops", False)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


@pytest.mark.parametrize(
    ("version", "path"),
    [("12.3.0", APIS), ("13.0.1-beta", APIS), ("12.2.9", "/api/dashboards/db"), ("", "/api/dashboards/db")],
)
def test_an_older_grafana_or_one_that_hides_its_version_gets_a_save(version: str, path: str) -> None:
    assert created(frozenset({GROUP}), RIGHT, version=version)[1] == path


def permissions(lab: Lab, uid: str) -> list[Any]:
    found = ask(lab, "GET", f"/api/dashboards/uid/{uid}/permissions").body
    return sorted((item.get("userLogin") or item.get("role"), item["permissionName"]) for item in found)


USUAL = [("Editor", "Edit"), ("Viewer", "View")]


@pytest.mark.parametrize(("folder", "inherited"), [("ops", []), ("", USUAL)])
def test_an_editor_stays_the_administrator_of_what_it_creates(lab: Lab, folder: str, inherited: list[Any]) -> None:
    lab.world.add_user("ed", "ed@example.org", password="admin", role="Editor")
    board = document("Dashboard", "b", title="B", **({"folder": folder} if folder else {}))
    lab.applied([OPS])
    lab.login = "ed"
    lab.applied([OPS, board])
    assert ("ed", "Admin") in permissions(lab, "b")
    assert all(entry in permissions(lab, "b") for entry in inherited)


def test_an_administrator_leaves_no_entry_of_its_own_inside_a_folder(lab: Lab) -> None:
    lab.applied([OPS, document("Dashboard", "in", title="In", folder="ops"), document("Dashboard", "at", title="At")])
    assert ("admin", "Admin") not in permissions(lab, "in")
    assert permissions(lab, "at") == sorted([("admin", "Admin"), *USUAL])

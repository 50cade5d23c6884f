"""The sandbox heeds who may see and change what, and answers beyond the recordings as a 12.3 was seen to."""

import base64
import json
from typing import Any

import pytest

from reconciler.sandbox.dispatch import Dispatcher, body_of
from reconciler.sandbox.world import World

_KUBE = "/apis/{}.grafana.app/{}/namespaces/default/{}"
BOARDS = _KUBE.format("dashboard", "v0alpha1", "dashboards")
FOLDERS = _KUBE.format("folder", "v1beta1", "folders")
ACCESS = "/api/access-control/folders/top"


class Grafana:
    """Two folders, one in the other, a dashboard in each and one at the root; ann views, bob edits; both are in no
    team.
    """

    def __init__(self) -> None:
        self.world = World()
        self.dispatcher = Dispatcher(self.world)
        self.world.add_user("ann", "ann@x", password="p")
        self.world.add_user("bob", "bob@x", password="p", role="Editor")
        self.team = self.body("POST", "/api/teams", {"name": "Crew"})["teamId"]
        self.ask("POST", "/api/folders", {"uid": "top", "title": "Top"})
        self.ask("POST", "/api/folders", {"uid": "kid", "title": "Kid", "parentUid": "top"})
        for uid, folder in (("in-top", "top"), ("in-kid", "kid"), ("at-root", "")):
            self.save(uid, folder)

    def ask(self, method: str, path: str, body: Any = None, who: str = "admin") -> tuple[int, Any]:
        """Status and body."""
        password = "admin" if who == "admin" else "p"
        headers = {"authorization": "Basic " + base64.b64encode(f"{who}:{password}".encode()).decode()}
        sent = json.dumps(body).encode() if body is not None else b""
        reply = self.dispatcher.answer(method, path, {}, headers, sent)
        return reply.status, json.loads(body_of(reply) or b"null")

    def body(self, method: str, path: str, body: Any = None, who: str = "admin") -> Any:
        """The body of a success."""
        status, found = self.ask(method, path, body, who)
        assert status == 200, found
        return found

    def save(self, uid: str, folder: str, who: str = "admin") -> int:
        """Save a dashboard: the status."""
        dashboard = {"uid": uid, "title": uid, "panels": []}
        return self.ask(
            "POST", "/api/dashboards/db", {"dashboard": dashboard, "folderUid": folder, "overwrite": True}, who
        )[0]

    def let(self, *permissions: dict[str, Any], path: str = ACCESS) -> None:
        """Change entries."""
        self.body("POST", path, {"permissions": list(permissions)})

    def seen(self, who: str) -> list[set[str]]:
        """What somebody finds by search, by LIST of dashboards, by LIST of folders."""
        search = {item["uid"] for item in self.body("GET", "/api/search", who=who)}
        return [
            search,
            *({i["metadata"]["name"] for i in self.body("GET", p, who=who)["items"]} for p in (BOARDS, FOLDERS)),
        ]


@pytest.fixture
def grafana() -> Grafana:
    return Grafana()


CLOSED = ({"builtInRole": "Viewer", "permission": ""}, {"builtInRole": "Editor", "permission": ""})
EVERYTHING = [{"top", "kid", "in-top", "in-kid", "at-root"}, {"in-top", "in-kid", "at-root"}, {"top", "kid"}]


def test_everybody_sees_what_is_new(grafana: Grafana) -> None:
    assert grafana.seen("ann") == grafana.seen("bob") == grafana.seen("admin") == EVERYTHING
    assert grafana.body("GET", "/api/folders/kid/permissions") == []


def test_a_closed_folder_is_seen_by_its_team_and_by_administrators(grafana: Grafana) -> None:
    grafana.let(*CLOSED, {"teamId": grafana.team, "permission": "View"})
    assert grafana.seen("ann") == grafana.seen("bob") == [{"at-root"}, {"at-root"}, set()]
    assert grafana.seen("admin") == EVERYTHING
    for path in (
        "/api/dashboards/uid/in-kid",
        f"{BOARDS}/in-top",
        "/api/folders/kid",
        f"{FOLDERS}/top",
        "/api/folders/top/counts",
    ):
        assert grafana.ask("GET", path, who="ann")[0] == 403
    assert [
        grafana.ask("GET", path, who="ann")[0] for path in (f"{FOLDERS}/no", f"{BOARDS}/no", "/api/dashboards/uid/no")
    ] == [404] * 3
    assert grafana.body("GET", "/api/folders", who="ann") == []
    grafana.ask("POST", f"/api/teams/{grafana.team}/members", {"userId": 2})
    assert grafana.seen("ann") == EVERYTHING


def test_a_subfolder_can_be_opened_alone(grafana: Grafana) -> None:
    grafana.let(*CLOSED)
    grafana.let({"userId": 2, "permission": "View"}, path="/api/access-control/folders/kid")
    assert grafana.seen("ann") == [{"kid", "in-kid", "at-root"}, {"in-kid", "at-root"}, {"kid"}]


def test_levels_decide_who_writes(grafana: Grafana) -> None:
    assert (grafana.save("in-top", "top", "ann"), grafana.save("new", "top", "ann")) == (403, 403)
    assert (grafana.save("in-top", "top", "bob"), grafana.save("in-kid", "kid", "bob")) == (200, 200)
    grafana.let({"builtInRole": "Editor", "permission": "View"}, {"userId": 2, "permission": "Edit"})
    assert (grafana.save("in-top", "top", "bob"), grafana.save("new", "top", "bob")) == (403, 403)
    assert (grafana.save("in-kid", "kid", "ann"), grafana.save("new", "top", "ann")) == (200, 200)
    assert grafana.save("root", "", "ann") == 403, "at the root editors may"
    assert grafana.body("GET", "/api/folders/top", who="ann")["canSave"] is True
    assert grafana.body("GET", "/api/folders/top", who="bob")["canSave"] is False
    rename = {"title": "T", "overwrite": True}
    assert [grafana.ask("PUT", "/api/folders/top", rename, who)[0] for who in ("bob", "ann")] == [403, 200]
    assert grafana.ask("DELETE", "/api/folders/kid", who="bob")[0] == 403
    assert grafana.ask("DELETE", "/api/dashboards/uid/in-kid", who="ann")[0] == 200


def test_only_who_administers_a_folder_sees_and_changes_entries(grafana: Grafana) -> None:
    for method, path, body in (
        ("GET", ACCESS, None),
        ("GET", "/api/folders/top/permissions", None),
        ("POST", ACCESS, {}),
    ):
        assert grafana.ask(method, path, body, "bob")[0] == 403
    grafana.body("POST", "/api/folders", {"uid": "bobs", "title": "Bob's"}, "bob")
    assert grafana.ask("GET", "/api/access-control/folders/bobs", who="bob")[0] == 200


def test_several_entries_at_once_are_all_or_nothing(grafana: Grafana) -> None:
    before = grafana.body("GET", ACCESS)
    change = {"permissions": [{"builtInRole": "Viewer", "permission": ""}, {"teamId": 99, "permission": "View"}]}
    status, answer = grafana.ask("POST", ACCESS, change)
    assert (status, answer["messageId"]) == (400, "accesscontrol.assignmentEntityNotFound")
    assert grafana.body("GET", ACCESS) == before
    grafana.let({"builtInRole": "Viewer", "permission": "Nonsense"})
    left = [item.get("builtInRole") or item["userLogin"] for item in grafana.body("GET", ACCESS)]
    assert left == ["admin", "Editor", "Admin"], "a level that does not exist removes"


def test_inherited_entries_are_marked(grafana: Grafana) -> None:
    found = grafana.body("GET", "/api/access-control/folders/kid")
    assert [(item["isInherited"], item["isManaged"]) for item in found] == [(True, False)] * 3 + [(False, False)]


def test_a_dashboard_made_over_apis_gets_no_entries(grafana: Grafana) -> None:
    made = {"metadata": {"name": "kube"}, "spec": {"title": "K"}}
    assert grafana.ask("POST", BOARDS, made)[0] == 201
    assert grafana.body("GET", "/api/dashboards/uid/kube/permissions") == []
    assert "kube" not in grafana.seen("bob")[0]


def test_a_deleted_team_leaves_no_entry(grafana: Grafana) -> None:
    grafana.let({"teamId": grafana.team, "permission": "View"})
    grafana.body("PUT", f"/api/teams/{grafana.team}/preferences", {"theme": "dark"})
    grafana.body("DELETE", f"/api/teams/{grafana.team}")
    assert all("team" not in item for item in grafana.body("GET", ACCESS))
    assert grafana.body("GET", f"/api/teams/{grafana.team}/preferences") == {"theme": "dark"}, "nobody gets its number"
    assert grafana.ask("GET", "/api/teams/nobody/preferences")[0] == 404


def test_the_newest_team_s_home_wins_and_a_dead_one_is_no_reason_to_look_further(grafana: Grafana) -> None:
    second = grafana.body("POST", "/api/teams", {"name": "A later one"})["teamId"]

    def wish(path: str, home: str) -> None:
        grafana.body("PUT", f"{path}/preferences", {"homeDashboardUID": home})

    def home() -> str:
        return str(grafana.body("GET", "/api/dashboards/home", who="ann").get("redirectUri", "")).split("/")[-1]

    for team in (second, grafana.team):
        grafana.ask("POST", f"/api/teams/{team}/members", {"userId": 2})
    assert home() == ""
    wish("/api/org", "at-root")
    assert home() == "at-root"
    wish(f"/api/teams/{second}", "in-top")
    wish(f"/api/teams/{grafana.team}", "in-kid")
    assert home() == "in-top"
    grafana.let(*CLOSED)
    assert home() == "in-top", "whether it may be seen is not asked"
    grafana.body("DELETE", "/api/dashboards/uid/in-top")
    assert home() == ""
    wish(f"/api/teams/{second}", "")
    assert home() == "in-kid"
    grafana.body("PUT", "/api/user/preferences", {"homeDashboardUID": "at-root"}, who="ann")
    assert home() == "at-root"


def test_entries_and_preferences_outlive_the_process(tmp_path: Any) -> None:
    kept = World(folder=tmp_path)
    kept.orgs[1].permissions["folder:x"] = [["team", 1, 2]]
    kept.orgs[1].preferences["team:1"] = {"theme": "dark"}
    kept.changed()
    again = World(folder=tmp_path).orgs[1]
    assert (again.permissions, again.preferences) == (kept.orgs[1].permissions, kept.orgs[1].preferences)

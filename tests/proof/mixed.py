"""One mixed apply of all kinds: desired files before and after it, and what in the same Grafana belongs to others.

Between the two: creates, updates, moves, a rename of addresses, a replace, deletes, an adoption with and one without
differences, a rotated secret, and a role with its team, folder, view, permissions and preferences.
"""

from typing import Any

from tests.engine.estates import ask
from tests.lab import Lab, document

Documents = list[dict[str, Any]]

SECRETS = {"SECRET": "canary-7f3a", "ROTATED": "canary-9b1c"}
"""Environment variables that the documents name."""


def _panel(title: str, number: int, *, audience: str = "") -> dict[str, Any]:
    panel = {"title": title, "type": "stat", "datasource": "metrics", "targets": [{"expr": f"up + {number}"}]}
    return {**panel, "audience": [audience]} if audience else panel


def _folders(new: bool) -> Documents:
    found = [
        document("Folder", "ops", title="Operations", description="after" if new else "before"),
        document("Folder", "inner", title="Inner", parent="ops"),
        document("Folder", "nested", title="Nested anew" if new else "Nested", parent="ops" if new else "inner"),
        document("Folder", "same", title="Same"),
    ]
    if not new:
        return [
            *found,
            document("Folder", "old", title="Old"),
            document("Folder", "older", title="Older", parent="old"),
        ]
    return [
        *found,
        document("Folder", "fresh", title="Fresh"),
        document("Folder", "deep", title="Deep", parent="fresh"),
    ]


def _datasources(new: bool) -> Documents:
    token = {"httpHeaderValue1": "${env:ROTATED}" if new else "${env:SECRET}"}
    json = {"httpHeaderName1": "X-Token", "timeInterval": "30s" if new else "15s"}
    replaced = {"uid": "replaced-2" if new else "replaced-1"}
    return [
        document("Datasource", "metrics", type="prometheus", url=f"http://p:{9091 if new else 9090}"),
        document("Datasource", "logs", type="loki", url="http://l:3100", jsonData=json, secureJsonData=token),
        document("Datasource", "replaced", metadata=replaced, type="tempo", url="http://t:1"),
        document("Datasource", "made" if new else "gone", type="loki", url="http://x:1", secureJsonData=token),
    ]


def _dashboards(new: bool) -> Documents:
    orders = [_panel("Rate", 2 if new else 1, audience="ceo"), _panel("Errors", 1)]
    found = [
        document("Dashboard", "orders", title="Orders", folder="ops", panels=orders, tags=["b" if new else "a"]),
        document("Dashboard", "moved", title="Moved", folder="inner" if new else "ops", panels=[_panel("M", 1)]),
        document("Dashboard", "still", title="Still", folder="same", panels=[_panel("S", 1)]),
        document(
            "Dashboard", "renamed-b" if new else "renamed-a", metadata={"uid": "renamed"}, title="Renamed", panels=[]
        ),
        document(
            "Dashboard", "exchanged", metadata={"uid": "ex-2" if new else "ex-1"}, title="Exchanged", folder="ops"
        ),
    ]
    if not new:
        return [*found, document("Dashboard", "gone", title="Gone", folder="older", panels=[])]
    return [
        *found,
        document("Dashboard", "made", title="Made", folder="deep", panels=[_panel("N", 1)]),
        document("Dashboard", "taken", metadata={"lifecycle": {"adopt": True}}, title="Taken", panels=[]),
        document("Folder", "equal", title="Equal"),
    ]


def _people(new: bool) -> Documents:
    crew = ["ann", "bob@example.org"] if new else ["admin", "ann"]
    ceo = {
        "title": "CEO",
        "team": {"name": "Executive", "email": "after@x.org" if new else "before@x.org"},
        "preferences": {"theme": "dark" if new else "light"},
        "dashboards": [{"dashboard": "orders", "default": True, "filter": True}],
    }
    level = "Edit" if new else "View"
    entries = [{"team": "closed", "permission": level}, {"role": "Viewer", "permission": "View"}]
    found = [
        document("Team", "crew", name="Crew B" if new else "Crew A", email="c@x.org", members=crew),
        document("Team", "closed", name="Closed", email=f"{new}@x.org", members=["bob"], membership="exact"),
        document("Team", "hands-b" if new else "hands-a", name="Hands", members=[]),
        document("Preferences", "crew", team="crew", theme="light" if new else "dark", home="moved"),
        document("Preferences", "all", organisation=True, timezone="utc" if new else "browser"),
        document("FolderPermissions", "inner", folder="inner", mode="exact", entries=entries),
        document("FolderPermissions", "same", folder="same", entries=[{"user": "ann", "permission": level}]),
        document("Role", "ceo", **ceo),
    ]
    if not new:
        return [*found, document("Team", "gone", name="Gone", email="g@x.org", members=["bob"])]
    closed = [{"team": "made", "permission": "Admin"}]
    return [
        *found,
        document("Team", "made", name="Made", email="m@x.org", members=["bob"], admins=["ann"]),
        document("Preferences", "made", team="made", theme="dark", home="made"),
        document("FolderPermissions", "deep", folder="deep", mode="exact", entries=closed),
    ]


def _annotations(new: bool) -> Documents:
    start = 1_700_000_000_000
    found = [
        document("Annotation", "edited", text="After" if new else "Before", time=start, tags=["sale"]),
        document("Annotation", "carried", text="Carried", time=start, dashboard="moved" if new else "orders"),
        document("Annotation", "same", text="Same", time=start, timeEnd=start + 5),
    ]
    name = "made" if new else "gone"
    return [*found, *(document("Annotation", f"{name}-{n}", text=name, time=start + n) for n in range(2))]


def before() -> Documents:
    """What is declared, and applied, at first."""
    return [*_folders(False), *_datasources(False), *_dashboards(False), *_people(False), *_annotations(False)]


def after() -> Documents:
    """What is declared then."""
    return [*_folders(True), *_datasources(True), *_dashboards(True), *_people(True), *_annotations(True)]


def people(lab: Lab) -> Lab:
    """A lab with the people and the secrets that the documents name."""
    lab.environment.update(SECRETS)
    for login in ("ann", "bob"):
        lab.world.add_user(login, f"{login}@example.org", password="admin", role="Editor")
    for login in ("alice", "carol"):
        lab.world.add_user(login, f"{login}@example.org", password="admin", role="Admin")
    return lab


def strangers(lab: Lab) -> None:
    """What is there before ggrec is: another tool's objects, and two that are to be adopted."""
    ask(lab, "POST", "/api/folders", {"uid": "theirs", "title": "Theirs"}, "alice")
    ask(lab, "POST", "/api/dashboards/db", {"dashboard": {"uid": "theirs-board", "title": "Theirs"}}, "alice")
    to_adopt(lab)
    source = {"uid": "theirs", "name": "theirs", "type": "loki", "access": "proxy", "jsonData": {"x": 1}}
    ask(lab, "POST", "/api/datasources", source, "alice")
    ask(lab, "POST", "/api/teams", {"name": "Theirs", "email": "t@x.org"}, "alice")
    for tags in (["sale"], ["ggrec-other"], []):
        ask(lab, "POST", "/api/annotations", {"text": "theirs", "time": 1_700_000_000_000, "tags": tags}, "alice")


def to_adopt(lab: Lab) -> None:
    """Two objects of alice's that the apply takes over (nothing happens where they are there)."""
    ask(lab, "POST", "/api/folders", {"uid": "equal", "title": "Equal"}, "alice")
    ask(lab, "POST", "/api/dashboards/db", {"dashboard": {"uid": "taken", "title": "As alice had it"}}, "alice")


def additions(lab: Lab) -> None:
    """What people put beside what is declared, where ggrec leaves room for it: it has to stay."""
    crew = next(team for team in lab.org.teams.values() if team["name"] == "Crew A")
    alice = lab.world.user_named("alice")
    assert alice is not None
    ask(lab, "POST", f"/api/teams/{crew['id']}/members", {"userId": alice.id}, "alice")
    ask(lab, "POST", f"/api/access-control/folders/same/users/{alice.id}", {"permission": "Edit"}, "alice")
    held = lab.org.preferences[f"team:{crew['id']}"]
    ask(lab, "PUT", f"/api/teams/{crew['id']}/preferences", {**held, "language": "de-DE"}, "alice")
    ask(lab, "POST", "/api/dashboards/db", {"dashboard": {"uid": "beside", "title": "B"}, "folderUid": "ops"}, "alice")


def untouched(org: Any, alice: int) -> dict[str, Any]:
    """What belongs to others, to be compared before and after."""
    crew = next((team for team in org.teams.values() if team["name"] in {"Crew A", "Crew B"}), None)
    number = crew["id"] if crew else 0
    return {
        "folder": org.folders.get("theirs"),
        "boards": [_board(org.dashboards.get(uid)) for uid in ("theirs-board", "beside")],
        "datasource": org.datasources.get("theirs"),
        "teams": [team for team in org.teams.values() if team["name"] == "Theirs"],
        "annotations": [item for item in org.annotations.values() if item["user"] == alice],
        "member": crew is not None and any(member["user"] == alice for member in crew["members"]),
        "entry": ["user", alice, 2] in org.permissions.get("folder:same", []),
        "language": org.preferences.get(f"team:{number}", {}).get("language"),
    }


def _board(found: dict[str, Any] | None) -> dict[str, Any] | None:
    """Without what the sandbox keeps to answer quicker."""
    return None if found is None else {key: value for key, value in found.items() if key != "json"}

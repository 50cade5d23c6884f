"""Who may do what in folders and with dashboards (grafana-api.md section 14): own entries, and what follows from them.

Entries are kept as `[sort, id, level]`, sort being role, team or user, level 1 (View), 2 (Edit) or 4 (Admin).
"""

from typing import Any

from reconciler.sandbox.call import Call, Reply, denied, message
from reconciler.sandbox.world import Org, User, slugify

_NAMES = {1: "View", 2: "Edit", 4: "Admin"}
_LEVELS = {name: level for level, name in _NAMES.items()}
_AVATAR = "/public/img/user_profile.png"
_ROLES = ("Viewer", "Editor", "Admin")
_ORDER = ("user", "team", "role")

Entry = list[Any]


def given(org: Org, key: str, creator: User, *, inside: str, folder: bool) -> None:
    """What the server adds when a folder (`folder:uid`) or dashboard (`dashboard:uid`) is created."""
    if folder and inside:
        return
    org.permissions[key] = [["user", creator.id, 4]]
    if not inside:
        org.permissions[key] += [["role", "Editor", 2], ["role", "Viewer", 1]]


def may_view(call: Call, key: str, folder: str) -> bool:
    """Whether the caller may see an object with these entries of its own, in this folder ("" at the root)."""
    if call.user.is_admin(call.org.id):
        return True
    mine = {("user", call.user.id), *(("role", role) for role in _ROLES[: _rank(call)])}
    mine |= {("team", t["id"]) for t in call.org.teams.values() if _is_member(t, call.user)}
    keys = [key, *(f"folder:{uid}" for uid in _line(call.org, folder))]
    return any((sort, who) in mine for name in keys for sort, who, _ in call.org.permissions.get(name, ()))


def _rank(call: Call) -> int:
    role = call.user.role(call.org.id)
    return _ROLES.index(role) + 1 if role in _ROLES else 0


def _is_member(team: dict[str, Any], user: User) -> bool:
    return any(member["user"] == user.id for member in team["members"])


def _line(org: Org, uid: str) -> list[str]:
    """A folder and those above it."""
    found = []
    while uid and uid in org.folders:
        found.append(uid)
        uid = org.folders[uid]["parentUid"]
    return found


def forget_team(org: Org, number: int) -> None:
    """A deleted team takes its entries and preferences with it."""
    org.preferences.pop(f"team:{number}", None)
    for key, entries in org.permissions.items():
        org.permissions[key] = [entry for entry in entries if entry[:2] != ["team", number]]


def _target(call: Call) -> tuple[str, dict[str, Any] | None]:
    """The key of the object in the path, and the object."""
    uid = call.parts["uid"]
    if "/folders/" in call.path:
        return f"folder:{uid}", call.org.folders.get(uid)
    return f"dashboard:{uid}", call.org.dashboards.get(uid)


def _sort(call: Call) -> str:
    return "folders" if "/folders/" in call.path else "dashboards"


def _absent(call: Call) -> Reply:
    if _sort(call) == "folders":
        return message(404, "folder not found", status="not-found")
    return message(404, "Dashboard not found", status="not-found")


def list_old(call: Call) -> Reply:
    """GET /api/folders/{uid}/permissions and the dashboards' one: own entries only."""
    if not call.user.is_admin(call.org.id):
        return denied(f"{_sort(call)}.permissions:read")
    key, found = _target(call)
    if found is None:
        return _absent(call)
    entries = sorted(call.org.permissions.get(key, ()), key=lambda entry: _ORDER.index(entry[0]))
    return Reply(200, [_old(call, entry, found) for entry in entries])


def _old(call: Call, entry: Entry, target: dict[str, Any]) -> dict[str, Any]:
    sort, who, level = entry
    user = call.world.users.get(who) if sort == "user" else None
    team = call.org.teams.get(who) if sort == "team" else None
    folder = "parentUid" in target
    shown = {
        "folderId" if folder else "dashboardId": target["id"],
        "created": target["created"],
        "updated": target["updated"],
        "userId": user.id if user else 0,
        "userUid": user.uid if user else "",
        "userLogin": user.login if user else "",
        "userEmail": user.email if user else "",
        "userAvatarUrl": _AVATAR,
        "teamId": team["id"] if team else 0,
        "teamUid": team["uid"] if team else "",
        "teamEmail": "",
        "teamAvatarUrl": _AVATAR if team else "",
        "team": team["name"] if team else "",
        "permission": level,
        "permissionName": _NAMES.get(level, "Unknown"),
        "uid": target["uid"],
        "title": target["title"],
        "slug": "" if folder else slugify(target["title"]),
        "isFolder": folder,
        "url": f"/dashboards/f/{target['uid']}/{slugify(target['title'])}" if folder else f"/d/{target['uid']}",
        "inherited": False,
    }
    return {**shown, "role": who} if sort == "role" else shown


def replace_all(call: Call) -> Reply:
    """POST the same path: these entries and no others."""
    if not call.user.is_admin(call.org.id):
        return denied(f"{_sort(call)}.permissions:write")
    key, found = _target(call)
    if found is None:
        return _absent(call)
    entries: dict[tuple[str, Any], int] = {}
    for item in call.fields.get("items") or ():
        entry = _parsed(call, item)
        if isinstance(entry, Reply):
            return entry
        sort, who = entry
        if item.get("permission") in _NAMES:
            entries[(sort, who)] = item["permission"]
    call.org.permissions[key] = [[sort, who, level] for (sort, who), level in entries.items()]
    what = "Folder" if _sort(call) == "folders" else "Dashboard"
    return message(200, f"{what} permissions updated")


def _parsed(call: Call, item: dict[str, Any]) -> tuple[str, Any] | Reply:
    role, team, user = item.get("role"), item.get("teamId"), item.get("userId")
    if (team and user) or (role and (team or user)):
        return message(400, "team and user permissions cannot have an associated role")
    if role:
        return ("role", role) if role in _ROLES else message(400, "bad request data")
    known = team in call.org.teams if team else user in call.world.users
    if not known:
        return message(500, "Failed to create permission")
    return ("team", team) if team else ("user", user)


def change_some(call: Call) -> Reply:
    """POST /api/access-control/{folders|dashboards}/{uid}: incremental; "" removes."""
    if not call.user.is_admin(call.org.id):
        return denied(f"{_sort(call)}.permissions:write")
    key, found = _target(call)
    if found is None:
        return message(500, "Failed to get permissions")
    changes: list[tuple[str, Any, str]] = []
    for item in call.fields.get("permissions") or ():
        sort, who = _new(item)
        if not _known(call, sort, who):
            return Reply(
                400, {"message": "Assignment not found", "messageId": "accesscontrol.assignmentEntityNotFound"}
            )
        changes.append((sort, who, item.get("permission") or ""))
    _apply(call.org, key, changes)
    return message(200, "Permissions updated")


def change_one(call: Call) -> Reply:
    """POST …/{teams|users|builtInRoles}/{id}: one entry."""
    if not call.user.is_admin(call.org.id):
        return denied(f"{_sort(call)}.permissions:write")
    key, found = _target(call)
    if found is None:
        return message(500, "Failed to get permissions")
    sort = {"teams": "team", "users": "user", "builtInRoles": "role"}[call.parts["sort"]]
    who: Any = call.parts["who"] if sort == "role" else int(call.parts["who"])
    if not _known(call, sort, who):
        return Reply(400, {"message": "Assignment not found", "messageId": "accesscontrol.assignmentEntityNotFound"})
    level = call.fields.get("permission") or ""
    _apply(call.org, key, [(sort, who, level)])
    return message(200, "Permission updated" if level else "Permission removed")


def _new(item: dict[str, Any]) -> tuple[str, Any]:
    if item.get("teamId"):
        return "team", item["teamId"]
    return ("user", item["userId"]) if item.get("userId") else ("role", item.get("builtInRole"))


def _known(call: Call, sort: str, who: Any) -> bool:
    if sort == "role":
        return who in _ROLES
    return who in (call.org.teams if sort == "team" else call.world.users)


def _apply(org: Org, key: str, changes: list[tuple[str, Any, str]]) -> None:
    entries = {(sort, who): level for sort, who, level in org.permissions.get(key, ())}
    for sort, who, name in changes:
        entries.pop((sort, who), None)
        if name in _LEVELS:
            entries[(sort, who)] = _LEVELS[name]
    org.permissions[key] = [[sort, who, level] for (sort, who), level in entries.items()]


def list_new(call: Call) -> Reply:
    """GET /api/access-control/{folders|dashboards}/{uid}: own and inherited entries, and the administrators'."""
    if not call.user.is_admin(call.org.id):
        return denied(f"{_sort(call)}.permissions:read")
    key, found = _target(call)
    if found is None:
        return message(500, "Failed to get permissions")
    above = found.get("parentUid", found.get("folderUid", ""))
    own = [(entry, False) for entry in call.org.permissions.get(key, ())]
    for uid in _line(call.org, above):
        own += [(entry, True) for entry in call.org.permissions.get(f"folder:{uid}", ())]
    shown = [_entry(call, number, entry, inherited) for number, (entry, inherited) in enumerate(own, 1)]
    admins = {"id": 0, "roleName": "", "isManaged": False, "isInherited": False, "isServiceAccount": False}
    return Reply(200, [*shown, {**admins, "userAvatarUrl": _AVATAR, "builtInRole": "Admin", "permission": "Admin"}])


def _entry(call: Call, number: int, entry: Entry, inherited: bool) -> dict[str, Any]:
    sort, who, level = entry
    user = call.world.users.get(who) if sort == "user" else None
    team = call.org.teams.get(who) if sort == "team" else None
    name = {"user": "users", "team": "teams", "role": "builtins"}[sort]
    shown: dict[str, Any] = {
        "id": number,
        "roleName": f"managed:{name}:{str(who).lower()}:permissions",
        "isManaged": True,
        "isInherited": inherited,
        "isServiceAccount": bool(user and user.service_account),
        "userAvatarUrl": _AVATAR,
        "permission": _NAMES[level],
    }
    if user:
        shown |= {"userId": user.id, "userUid": user.uid, "userLogin": user.login}
    if team:
        shown |= {"team": team["name"], "teamId": team["id"], "teamUid": team["uid"], "teamAvatarUrl": _AVATAR}
    return {**shown, "builtInRole": who} if sort == "role" else shown

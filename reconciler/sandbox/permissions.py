"""The entries of folders and dashboards over both endpoints, the one that replaces and the one that is incremental
(grafana-api.md section 14). What they mean is in `access`.
"""

from typing import Any

from reconciler.sandbox import access
from reconciler.sandbox.access import ADMIN, EDIT, ROLES, VIEW, Entry
from reconciler.sandbox.call import BAD, Call, Reply, denied, message
from reconciler.sandbox.world import slugify

_NAMES = {VIEW: "View", EDIT: "Edit", ADMIN: "Admin"}
_LEVELS = {name: number for number, name in _NAMES.items()}
_AVATAR = "/public/img/user_profile.png"
_BOARD_VIEW = ("dashboards:read", "annotations:read")
_BOARD_EDIT = (
    *_BOARD_VIEW,
    *("dashboards:write", "dashboards:delete", "annotations:write", "annotations:delete", "annotations:create"),
)
_BOARD_ADMIN = (*_BOARD_EDIT, "dashboards.permissions:read", "dashboards.permissions:write")
_VIEW = ("folders:read", "alert.rules:read", "library.panels:read", "alert.silences:read")
_CHANGE = (
    *("folders:write", "folders:delete", "dashboards:create"),
    *("alert.rules:create", "alert.rules:write", "alert.rules:delete", "alert.silences:create", "alert.silences:write"),
    *("library.panels:create", "library.panels:write", "library.panels:delete"),
)
_OWN = ("folders.permissions:read", "folders.permissions:write")
_ACTIONS = {
    ("dashboard", VIEW): _BOARD_VIEW,
    ("dashboard", EDIT): _BOARD_EDIT,
    ("dashboard", ADMIN): _BOARD_ADMIN,
    ("folder", VIEW): (*_BOARD_VIEW, *_VIEW),
    ("folder", EDIT): (*_BOARD_EDIT, *_VIEW, *_CHANGE, "folders:create"),
    ("folder", ADMIN): (*_BOARD_ADMIN, *_VIEW, *_CHANGE, *_OWN, "folders:create"),
}
"""What the server says stands behind an entry."""


def _sort(call: Call) -> str:
    return "folder" if "/folders/" in call.path else "dashboard"


def _target(call: Call) -> tuple[str, dict[str, Any] | None]:
    """The key of the object in the path, and the object."""
    uid, sort = call.parts["uid"], _sort(call)
    return f"{sort}:{uid}", (call.org.folders if sort == "folder" else call.org.dashboards).get(uid)


def _above(target: dict[str, Any]) -> str:
    uid: str = target.get("parentUid", target.get("folderUid", ""))
    return uid


def _refused(call: Call, verb: str) -> Reply | None:
    """Only who administers the object may know and change who else does."""
    key, target = _target(call)
    have = access.level(call, key, _above(target)) if target else call.user.is_admin(call.org.id) * ADMIN
    return None if have >= ADMIN else denied(f"{_sort(call)}s.permissions:{verb}")


def _absent(call: Call) -> Reply:
    if _sort(call) == "folder":
        return message(404, "folder not found", status="not-found")
    return message(404, "Dashboard not found")


def list_old(call: Call) -> Reply:
    """GET /api/folders/{uid}/permissions and the dashboards' one: own entries only."""
    key, found = _target(call)
    if refusal := _refused(call, "read"):
        return refusal
    if found is None:
        return _absent(call)
    return Reply(200, [_old(call, entry, found) for entry in _in_order(call.org.permissions.get(key, []))])


def _in_order(entries: list[Entry]) -> list[Entry]:
    order = ("user", "team", "role")
    return sorted(entries, key=lambda entry: (order.index(entry[0]), entry[1]))


def _old(call: Call, entry: Entry, target: dict[str, Any]) -> dict[str, Any]:
    sort, who, level = entry
    folder = _sort(call) == "folder"
    user = call.world.users[who] if sort == "user" else None
    team = call.org.teams[who] if sort == "team" else None
    slug = slugify(target["title"])
    shown = {
        "folderId" if folder else "dashboardId": target["id"],
        "created": target["created"],
        "updated": target["updated"],
        "userId": user.id if user else 0,
        "userUid": user.uid if user and folder else "",
        "userLogin": user.login if user else "",
        "userEmail": user.email if user else "",
        "userAvatarUrl": _AVATAR,
        "teamId": team["id"] if team else 0,
        "teamUid": team["uid"] if team and folder else "",
        "teamEmail": "",
        "teamAvatarUrl": _AVATAR if team else "",
        "team": team["name"] if team else "",
        "permission": level,
        "permissionName": _NAMES[level],
        "uid": target["uid"],
        "title": target["title"],
        "slug": "" if folder else slug,
        "isFolder": folder,
        "url": f"/dashboards/f/{target['uid']}/{slug}" if folder else f"/d/{target['uid']}/{slug}",
        "inherited": False,
    }
    return {**shown, "role": who} if sort == "role" else shown


def replace_all(call: Call) -> Reply:
    """POST the same path: these entries and no others; a level that does not exist is none."""
    key, found = _target(call)
    if refusal := _refused(call, "write"):
        return refusal
    if call.body is BAD:
        return message(400, "bad request data")
    if found is None:
        return _absent(call)
    entries: dict[tuple[str, Any], int] = {}
    for item in call.fields.get("items") or ():
        entry = _parsed(call, item)
        if isinstance(entry, Reply):
            return entry
        if item.get("permission") in _NAMES:
            entries[entry] = item["permission"]
    call.org.permissions[key] = [[sort, who, level] for (sort, who), level in entries.items()]
    return message(200, f"{_sort(call).capitalize()} permissions updated")


def _parsed(call: Call, item: dict[str, Any]) -> tuple[str, Any] | Reply:
    role, team, user = item.get("role"), item.get("teamId"), item.get("userId")
    if bool(role) + bool(team) + bool(user) > 1:
        return message(400, "team and user permissions cannot have an associated role")
    if role:
        return ("role", role) if role in ROLES else message(400, "bad request data")
    if not (team in call.org.teams if team else user in call.world.users):
        return message(500, "Failed to create permission")
    return ("team", team) if team else ("user", user)


def change_some(call: Call) -> Reply:
    """POST /api/access-control/{folders|dashboards}/{uid}: incremental and all or nothing; "" removes, and so does a
    level that does not exist.
    """
    items = [_new(item) for item in call.fields.get("permissions") or ()]
    return _changed(call, items) or message(200, "Permissions updated")


def change_one(call: Call) -> Reply:
    """POST …/{teams|users|builtInRoles}/{id}: one entry."""
    sort = {"teams": "team", "users": "user", "builtInRoles": "role"}[call.parts["sort"]]
    who: Any = call.parts["who"] if sort == "role" else int(call.parts["who"])
    level = call.fields.get("permission") or ""
    done = message(200, "Permission updated" if level else "Permission removed")
    return _changed(call, [(sort, who, level)]) or done


def _new(item: dict[str, Any]) -> tuple[str, Any, str]:
    level = item.get("permission") or ""
    if item.get("userId"):
        return "user", item["userId"], level
    return ("team", item["teamId"], level) if item.get("teamId") else ("role", item.get("builtInRole") or "", level)


def _changed(call: Call, items: list[tuple[str, Any, str]]) -> Reply | None:
    """Why the entries cannot be changed so; or they are."""
    key, found = _target(call)
    if refusal := _refused(call, "write"):
        return refusal
    if found is None:
        absent = {"statusCode": 404, "messageId": "folder.notFound", "message": "NotFound"}
        return Reply(404, absent) if _sort(call) == "folder" else message(500, "Internal Server Error")
    known: dict[str, Any] = {"team": call.org.teams, "user": call.world.users, "role": ROLES}
    for sort, who, _ in items:
        if who not in known[sort]:
            return _nobody(sort, who)
    entries = {(sort, who): level for sort, who, level in call.org.permissions.get(key, ())}
    for sort, who, name in items:
        entries.pop((sort, who), None)
        if name in _LEVELS:
            entries[(sort, who)] = _LEVELS[name]
    call.org.permissions[key] = [[sort, who, level] for (sort, who), level in entries.items()]
    return None


def _nobody(sort: str, who: Any) -> Reply:
    if sort == "role":
        code, text, extra = "invalidBuiltInRole", f"built-in role [{who}] is not valid", {"builtInRole": who}
    else:
        code, text, extra = "assignmentEntityNotFound", f"{sort} not found", {"assignment": sort}
    body = {"statusCode": 400, "messageId": f"accesscontrol.{code}", "message": text, "extra": extra}
    return Reply(400, body)


def list_new(call: Call) -> Reply:
    """GET /api/access-control/{folders|dashboards}/{uid}: own and inherited entries, and the administrators'."""
    key, found = _target(call)
    if refusal := _refused(call, "read"):
        return refusal
    if found is None:
        if _sort(call) == "folder":
            return Reply(500, {"statusCode": 500, "messageId": "accesscontrol.internal", "message": "InternalError"})
        return message(500, "Failed to get permissions")
    entries = [[*entry, False] for entry in call.org.permissions.get(key, ())]
    for name in access.line(call.org, _above(found)):
        entries += [[*entry, True] for entry in call.org.permissions.get(name, ())]
    shown = [_entry(call, number, entry) for number, entry in enumerate(_in_order(entries), 1)]
    admins = _shown(call, 0, ADMIN) | {"builtInRole": "Admin"}
    if _sort(call) == "folder":
        admins["actions"] = [action for action in admins["actions"] if action != "folders:create"]
    return Reply(200, [*shown, admins])


def _shown(call: Call, number: int, level: int) -> dict[str, Any]:
    return {
        "id": number,
        "roleName": "",
        "isManaged": False,
        "isInherited": False,
        "isServiceAccount": False,
        "userAvatarUrl": _AVATAR,
        "actions": [*_ACTIONS[_sort(call), level]],
        "permission": _NAMES[level],
    }


def _entry(call: Call, number: int, entry: Entry) -> dict[str, Any]:
    sort, who, level, inherited = entry
    name = {"user": "users", "team": "teams", "role": "builtins"}[sort]
    shown = _shown(call, number, level)
    shown |= {"roleName": f"managed:{name}:{str(who).lower()}:permissions"}
    shown |= {"isManaged": not inherited, "isInherited": inherited}
    if sort == "user":
        user = call.world.users[who]
        shown |= {"userId": user.id, "userUid": user.uid, "userLogin": user.login}
        return {**shown, "isServiceAccount": user.service_account}
    if sort == "team":
        team = call.org.teams[who]
        return {**shown, "team": team["name"], "teamId": who, "teamUid": team["uid"], "teamAvatarUrl": _AVATAR}
    return {**shown, "builtInRole": who}


def description(call: Call) -> Reply:
    """GET …/description: the levels."""
    everybody = {"users": True, "serviceAccounts": True, "teams": True, "builtInRoles": True}
    return Reply(200, {"assignments": everybody, "permissions": [*_LEVELS]})

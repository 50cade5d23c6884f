"""Folders over /api/folders (grafana-api.md section 7)."""

from typing import Any

from reconciler.sandbox import access
from reconciler.sandbox.call import BAD, Call, Reply, bad_uid, denied, message
from reconciler.sandbox.world import Org, User, short_uid, slugify

NOT_FOUND = "folder not found"
_DEPTH = 5


def rights(level: int) -> dict[str, bool]:
    """What a level allows, as answers tell it."""
    edit = level >= access.EDIT
    return {"canSave": edit, "canEdit": edit, "canAdmin": level >= access.ADMIN, "canDelete": edit}


def shown(call: Call, folder: dict[str, Any], *, fresh: bool = False) -> dict[str, Any]:
    """A folder as /api answers it, with its parents."""
    result = _bare(call, folder, fresh=fresh)
    chain = parents(call.org, folder)
    if chain:
        result["parentUid"] = folder["parentUid"]
        result["parents"] = [_with_parent(_bare(call, parent), parent) for parent in chain]
    return result


def _with_parent(shown: dict[str, Any], folder: dict[str, Any]) -> dict[str, Any]:
    return {**shown, "parentUid": folder["parentUid"]} if folder["parentUid"] else shown


def _bare(call: Call, folder: dict[str, Any], *, fresh: bool = False) -> dict[str, Any]:
    can = rights(access.of_folder(call, folder))
    if fresh and not call.user.is_admin(call.org.id):
        can = dict.fromkeys(can, False)  # permissions are cached for a moment after a create
    return {
        "id": folder["id"],
        "uid": folder["uid"],
        "orgId": call.org.id,
        "title": folder["title"],
        "url": url(folder),
        "hasAcl": False,
        **can,
        "createdBy": folder["createdBy"],
        "created": folder["created"],
        "updatedBy": folder["updatedBy"],
        "updated": folder["updated"],
        "version": folder["version"],
    }


def url(folder: dict[str, Any]) -> str:
    """The folder's page."""
    return f"/dashboards/f/{folder['uid']}/{slugify(folder['title'])}"


def parents(org: Org, folder: dict[str, Any]) -> list[dict[str, Any]]:
    """The folders above, from the top."""
    found: list[dict[str, Any]] = []
    here = org.folders.get(folder["parentUid"])
    while here is not None:
        found.insert(0, here)
        here = org.folders.get(here["parentUid"])
    return found


def below(org: Org, uid: str) -> list[str]:
    """The folder and all folders in it."""
    found = [uid]
    for here in found:
        found += [other["uid"] for other in org.folders.values() if other["parentUid"] == here]
    return found


def _login(user: User) -> str:
    return user.name if user.service_account else user.login


def touch(call: Call, folder: dict[str, Any], steps: int = 1) -> None:
    """A save: version, time, editor."""
    folder["version"] += steps
    folder["updated"] = call.now
    folder["updatedBy"] = _login(call.user)
    folder["updatedUser"] = call.user.id
    folder["stamp"] = max(int(call.world.now().timestamp() * 1000), folder["stamp"] + 1)


def list_(call: Call) -> Reply:
    """One level, by title."""
    parent = call.one("parentUid")
    if parent and parent not in call.org.folders:
        return message(404, NOT_FOUND, status="not-found")
    if parent and not visible(call, call.org.folders[parent]):
        return message(403, "Access denied")
    level = [f for f in call.org.folders.values() if f["parentUid"] == parent and visible(call, f)]
    level.sort(key=lambda f: f["title"].lower())
    limit, page = call.number("limit", 1000) or 1000, max(call.number("page", 1), 1)
    entries = []
    for folder in level[(page - 1) * limit : page * limit]:
        entry = {"id": folder["id"], "uid": folder["uid"], "title": folder["title"]}
        entries.append({**entry, "parentUid": parent} if parent else entry)
    return Reply(200, entries)


def find(call: Call) -> dict[str, Any] | None:
    return call.org.folders.get(call.parts["uid"])


def _absent(call: Call, permission: str) -> Reply:
    """403 for whoever may not see all folders: absent and forbidden look alike."""
    return message(404, NOT_FOUND, status="not-found") if call.user.is_admin(call.org.id) else denied(permission)


def read(call: Call) -> Reply:
    """One folder."""
    folder = find(call)
    if folder is None or not visible(call, folder):
        return _absent(call, "folders:read")
    return Reply(200, shown(call, folder))


def read_by_id(call: Call) -> Reply:
    """One folder by its number."""
    found = next((f for f in call.org.folders.values() if str(f["id"]) == call.parts["id"]), None)
    if found is None or not visible(call, found):
        return message(404, NOT_FOUND, status="not-found") if found is None else denied("folders:read")
    return Reply(200, shown(call, found))


def create(call: Call) -> Reply:
    """POST /api/folders."""
    fields = call.fields
    parent = "" if "ignore_parent" in call.options else fields.get("parentUid") or ""
    if access.inside(call, parent) < access.EDIT:
        return denied("folders:create")
    if call.body is BAD:
        return message(400, "bad request data")
    refusal, folder = make(call, fields.get("uid") or "", fields.get("title"), parent, fields.get("description") or "")
    return Reply(200, shown(call, folder, fresh=True)) if folder else message(*refusal)


def make(call: Call, uid: str, title: Any, parent: str, description: str) -> tuple[tuple[int, str], Any]:
    title = title.strip() if isinstance(title, str) else ""
    problem = bad_uid(uid)
    if not title:
        return (400, "folder title cannot be empty"), None
    if problem:
        return (400, problem), None
    if uid == "general":
        return (500, "Folder API error: invalid uid for folder provided"), None
    if title == "General":
        return (400, "A folder with that name already exists"), None
    if parent and parent not in call.org.folders:
        return (404, NOT_FOUND), None
    if parent and len(parents(call.org, call.org.folders[parent])) + 1 >= _DEPTH:
        return (400, "Maximum nested folder depth reached"), None
    if uid in call.org.dashboards:
        return (400, "Dashboard cannot be changed to a folder"), None
    if uid in call.org.folders:
        return (412, "the folder has been changed by someone else"), None
    uid = uid or short_uid()
    login = _login(call.user)
    folder = {
        "id": call.world.next("dashboard"),
        "uid": uid,
        "title": title,
        "description": description,
        "parentUid": parent,
        "version": 1,
        "created": call.now,
        "updated": call.now,
        "createdBy": login,
        "updatedBy": login,
        "createdUser": call.user.id,
        "updatedUser": call.user.id,
        "stamp": int(call.world.now().timestamp() * 1000),
    }
    call.org.folders[uid] = folder
    access.given(call.org, f"folder:{uid}", call.user, inside=parent)
    return (0, ""), folder


def visible(call: Call, folder: dict[str, Any]) -> bool:
    """Whether the caller may see a folder."""
    return access.of_folder(call, folder) >= access.VIEW


def editable(call: Call, folder: dict[str, Any]) -> bool:
    """Whether the caller may change a folder."""
    return access.of_folder(call, folder) >= access.EDIT


def update(call: Call) -> Reply:
    """PUT: the version must be right, or overwrite set; the parent is ignored."""
    folder = find(call)
    if not (editable(call, folder) if folder else call.user.may_edit(call.org.id)):
        return denied("folders:write")
    if folder is None:
        return message(404, NOT_FOUND, status="not-found")
    fields = call.fields
    enforced = "version_not_enforced" not in call.options
    if enforced and not fields.get("overwrite") and fields.get("version") != folder["version"]:
        return message(412, "The dashboard has been changed by someone else")
    if fields.get("title") == "":
        return message(400, "Dashboard title cannot be empty")
    folder["title"] = (fields.get("title") or folder["title"]).strip()
    if "description" in fields:
        folder["description"] = fields["description"] or ""
    touch(call, folder)
    return Reply(200, shown(call, folder))


def moved_in_a_circle(call: Call, folder: dict[str, Any], parent: str) -> bool:
    """Whether the move goes in a circle; else it is done."""
    if parent in below(call.org, folder["uid"]):
        return True
    touch(call, folder, 2 if parent != folder["parentUid"] else 1)
    folder["parentUid"] = parent
    return False


def move(call: Call) -> Reply:
    """POST …/move: two saves inside."""
    folder = find(call)
    parent = call.fields.get("parentUid") or ""
    if folder is None or (parent and parent not in call.org.folders):
        return message(500, "move folder failed")
    if not editable(call, folder) or access.inside(call, parent) < access.EDIT:
        return denied("folders:write")
    if moved_in_a_circle(call, folder, parent):
        error = {"statusCode": 400, "messageId": "folder.circular-reference", "message": "Circular reference detected"}
        return Reply(400, error)
    return Reply(200, shown(call, folder))


def delete(call: Call) -> Reply:
    """With everything in it; alert rules at any depth stop it, and library panels further down (verified on 12.3.0)."""
    folder = find(call)
    if not (editable(call, folder) if folder else call.user.may_edit(call.org.id)):
        return denied("folders:delete")
    if folder is None:
        return message(404, NOT_FOUND)
    inside = below(call.org, folder["uid"])
    ruled = any(rule["folderUID"] in inside for rule in call.org.rules.values())
    if (ruled and call.one("forceDeleteRules") != "true") or any(
        panel["folderUid"] in inside[1:] for panel in call.org.library.values()
    ):
        text = "Folder cannot be deleted: folder is not empty"
        return Reply(400, {"statusCode": 400, "messageId": "folder.not-empty", "message": text})
    remove(call.org, folder["uid"])
    return message(200, "Folder deleted")


def remove(org: Org, uid: str) -> None:
    """Take a folder away with its folders, dashboards and library panels."""
    for inner in below(org, uid):
        for board in [u for u, d in org.dashboards.items() if d["folderUid"] == inner]:
            remove_dashboard(org, board)
        for panel in [u for u, p in org.library.items() if p["folderUid"] == inner]:
            del org.library[panel]
        for rule in [u for u, r in org.rules.items() if r["folderUID"] == inner]:
            del org.rules[rule]
        del org.folders[inner]
        org.permissions.pop(f"folder:{inner}", None)


def remove_dashboard(org: Org, uid: str) -> None:
    """Take a dashboard away with its history and annotations."""
    del org.dashboards[uid]
    org.versions.pop(uid, None)
    org.permissions.pop(f"dashboard:{uid}", None)
    for number in [n for n, a in org.annotations.items() if a["dashboardUID"] == uid]:
        del org.annotations[number]


def counts(call: Call) -> Reply:
    """What is in it at any depth."""
    folder = find(call)
    if folder is None or not visible(call, folder):
        return message(404, NOT_FOUND, status="not-found") if folder is None else denied("folders:read")
    inside = below(call.org, call.parts["uid"])
    boards = sum(1 for d in call.org.dashboards.values() if d["folderUid"] in inside)
    panels = sum(1 for p in call.org.library.values() if p["folderUid"] in inside)
    rules = sum(1 for r in call.org.rules.values() if r["folderUID"] in inside)
    return Reply(200, {"alertrule": rules, "dashboard": boards, "folder": len(inside) - 1, "librarypanel": panels})

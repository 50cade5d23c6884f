"""Dashboards over /api: saves with versions, history, restore (grafana-api.md section 8)."""

import uuid
from typing import Any

from reconciler.sandbox import access, folders
from reconciler.sandbox.call import BAD, Call, Reply, bad_uid, denied, encoded, message
from reconciler.sandbox.world import User, slugify

_MISMATCH = "The dashboard has been changed by someone else"
_EXACT = 2**53


def login(user: User) -> str:
    """How Grafana calls the author of a save."""
    return user.name if user.service_account else user.login


def stored(value: Any) -> Any:
    """A body as Grafana keeps it: keys sorted, whole floats as integers, large integers rounded."""
    sort = type(value)
    if sort is str or value is None or sort is bool:
        return value
    if sort is dict:
        return {key: stored(item) for key, item in sorted(value.items())}
    if sort is list:
        return [stored(item) for item in value]
    if sort is float and value.is_integer() and abs(value) < 1e21:
        return int(value)
    if sort is int and abs(value) > _EXACT:
        return int(float(value))
    return value


def _with(body: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A stored body with keys of the server's, still sorted: what is inside it is so already, and is not copied."""
    return dict(sorted({**body, **more}.items()))


def _meta(call: Call, board: dict[str, Any]) -> dict[str, Any]:
    can = folders.rights(access.of_dashboard(call, board))
    annotate = {"canAdd": can["canEdit"], "canEdit": can["canEdit"], "canDelete": can["canEdit"]}
    folder = call.org.folders.get(board["folderUid"])
    return {
        "type": "db",
        **can,
        "canStar": True,
        "slug": slugify(board["title"]),
        "url": url(board),
        "expires": "0001-01-01T00:00:00Z",
        "created": board["created"],
        "updated": board["updated"],
        "updatedBy": board["updatedBy"],
        "createdBy": board["createdBy"],
        "version": board["version"],
        "hasAcl": False,
        "isFolder": False,
        "apiVersion": "v0alpha1",
        "folderId": folder["id"] if folder else 0,
        "folderUid": board["folderUid"],
        "folderTitle": folder["title"] if folder else "General",
        "folderUrl": folders.url(folder) if folder else "",
        "provisioned": bool(board.get("provisioned")),
        "provisionedExternalId": board.get("provisioned") or "",
        "annotationsPermissions": {"dashboard": annotate, "organization": annotate},
    }


def url(board: dict[str, Any]) -> str:
    return f"/d/{board['uid']}/{slugify(board['title'])}"


def read(call: Call) -> Reply:
    """The whole dashboard with its meta."""
    board = call.org.dashboards.get(call.parts["uid"])
    if board is None:
        return _absent(call)
    if not visible(call, board):
        return denied("dashboards:read")
    body = _with(board["body"], id=board["id"], uid=board["uid"], version=board["version"])
    return Reply(200, {"meta": _meta(call, board), "dashboard": body})


def visible(call: Call, board: dict[str, Any]) -> bool:
    """Whether the caller may see a dashboard."""
    return access.of_dashboard(call, board) >= access.VIEW


def editable(call: Call, board: dict[str, Any]) -> bool:
    """Whether the caller may change a dashboard."""
    return access.of_dashboard(call, board) >= access.EDIT


def _absent(call: Call) -> Reply:
    more = {} if call.user.is_admin(call.org.id) else {"title": "Not found"}
    return message(404, "Dashboard not found", **more)


def save(call: Call) -> Reply:
    """POST /api/dashboards/db."""
    fields = call.fields
    model = fields.get("dashboard")
    if not _may_save(call, model if isinstance(model, dict) else {}):
        return denied("any of dashboards:create, dashboards:write")
    if call.body is BAD or model is None:
        return message(400, "bad request data")
    model = model if isinstance(model, dict) else {}
    refusal = _refusal(call, fields, model)
    if refusal is not None:
        return refusal
    folder = _folder(call, fields)
    uid = (model.get("uid") or "").strip() or str(uuid.uuid4())
    board = call.org.dashboards.get(uid)
    if board is not None:
        problem = _conflict(call, fields, model, board)
        if problem is not None:
            return problem
    before = (board["version"], board["body"], board["folderUid"]) if board else None
    saved = store(call, uid, _clean(model), folder, text=fields.get("message") or "")
    same = before is not None and before[1] == saved["body"] and before[2] == folder
    return Reply(
        200,
        {
            "folderUid": folder,
            "id": saved["id"],
            "slug": slugify(saved["title"]),
            "status": "success",
            "uid": uid,
            "url": url(saved),
            "version": before[0] if before and same else saved["version"],
        },
    )


def _may_save(call: Call, model: dict[str, Any]) -> bool:
    """Whether the caller may change the dashboard, or put a new one there."""
    board = call.org.dashboards.get(str(model.get("uid") or ""))
    if board is not None:
        return editable(call, board)
    return access.inside(call, _folder(call, call.fields)) >= access.EDIT


def _clean(model: dict[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = stored({key: value for key, value in model.items() if key not in {"id", "uid", "version"}})
    return result


def _refusal(call: Call, fields: dict[str, Any], model: dict[str, Any]) -> Reply | None:
    uid = model.get("uid") or ""
    problem = bad_uid(uid.strip()) if isinstance(uid, str) else "bad request data"
    number = model.get("id")
    if number and not any(board["id"] == number for board in call.org.dashboards.values()):
        return message(404, "Dashboard not found", status="not-found")
    if not isinstance(model.get("title"), str) or not model["title"].strip():
        return message(400, "Dashboard title cannot be empty", status="empty-name")
    if problem:
        return message(400, problem)
    if len(fields.get("message") or "") > 500:
        return message(400, "message too long, max 500 characters")
    folder = fields.get("folderUid") or ""
    if folder not in {"", "general"} and folder not in call.org.folders:
        return message(400, "folder not found")
    if uid in call.org.folders:
        return message(409, f'dashboards.dashboard.grafana.app "{uid}" already exists')
    board = call.org.dashboards.get(uid)
    if board is not None and board.get("provisioned"):
        return message(400, "Cannot save provisioned dashboard")
    return None


def _folder(call: Call, fields: dict[str, Any]) -> str:
    folder = fields.get("folderUid") or ""
    number = fields.get("folderId")
    if not folder and number:
        return next((uid for uid, f in call.org.folders.items() if f["id"] == number), "")
    return str(folder)


def _conflict(call: Call, fields: dict[str, Any], model: dict[str, Any], board: dict[str, Any]) -> Reply | None:
    if fields.get("overwrite") or "version_not_enforced" in call.options:
        return None
    if model.get("version") != board["version"]:
        return message(412, _MISMATCH, status="version-mismatch")
    return None


def store(
    call: Call,
    uid: str,
    body: dict[str, Any],
    folder: str,
    *,
    text: str,
    restored_from: int = 0,
    granted: bool = False,
) -> dict[str, Any]:
    """Save a body as the next version, and its place. `granted`: a create over /apis that asked for permissions."""
    body = rewritten(call, body)
    title = body.get("title")
    board = call.org.dashboards.get(uid)
    if board is None:
        board = {
            "id": call.world.next("dashboard"),
            "uid": uid,
            "version": 0,
            "created": call.now,
            "createdBy": login(call.user),
            "createdUser": call.user.uid,
        }
        call.org.dashboards[uid] = board
        call.org.versions[uid] = []
        if call.path.startswith("/api/") or (granted and not folder):  # over /apis: what is asked for, at the root
            access.given(call.org, f"dashboard:{uid}", call.user, inside=folder)
    board |= {
        "title": title if isinstance(title, str) else "",
        "version": board["version"] + 1,
        "body": body,
        "folderUid": folder,
        "updated": call.now,
        "updatedBy": login(call.user),
        "updatedUser": call.user.uid,
        "json": None,
        "manager": None,
    }
    version = {"version": board["version"], "created": call.now, "message": text, "body": body, "by": login(call.user)}
    call.org.versions[uid].insert(0, {**version, "restoredFrom": restored_from})
    return board


def rewritten(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """The body as a server keeps it that adds and changes fields (a fault switch; 12.3 does not)."""
    additions = call.options.get("rewrite_on_save")
    return _with(body, **stored(additions)) if additions else body


def delete(call: Call) -> Reply:
    """With its history and annotations."""
    board = call.org.dashboards.get(call.parts["uid"])
    if board is None:
        return _absent(call)
    if not editable(call, board):
        return denied("dashboards:delete")
    if board.get("provisioned"):
        return message(400, "provisioned dashboard cannot be deleted")
    folders.remove_dashboard(call.org, board["uid"])
    return message(200, f"Dashboard {board['title']} deleted", title=board["title"], uid=board["uid"])


def _version(board: dict[str, Any], item: dict[str, Any], *, listed: bool) -> dict[str, Any]:
    number = item["version"]
    data = _with(item["body"], uid=board["uid"], version=number)
    return {
        "id": number,
        "dashboardId": board["id"],
        "uid": board["uid"],
        "parentVersion": number - 1,
        "restoredFrom": item["restoredFrom"],
        "version": number,
        "created": item["created"],
        "message": "Initial save" if listed and number == 1 else item["message"],
        "data": data,
        "createdBy": item["by"],
    }


def versions(call: Call) -> Reply:
    """Newest first, with whole bodies, by continue token."""
    uid = call.parts["uid"]
    board = call.org.dashboards.get(uid)
    if not (editable(call, board) if board else call.user.may_edit(call.org.id)):
        return denied("dashboards:write")
    if board is None:
        return message(404, "Dashboard not found")
    history = call.org.versions[uid]
    limit = call.number("limit", 0) or len(history) + 1
    token = call.one("continueToken")
    start = int(token.split("start:")[1].split("/")[0]) if "start:" in token else board["version"] + 1
    rest = [item for item in history if item["version"] < start]
    page = rest[:limit]
    follow = f"org:{call.org.id}/start:{page[-1]['version']}/folder:" if len(rest) > limit else ""
    return Reply(200, {"continueToken": follow, "versions": [_version(board, item, listed=True) for item in page]})


def one_version(call: Call) -> Reply:
    """One version; an unknown one is 500."""
    board = call.org.dashboards.get(call.parts["uid"])
    if not (editable(call, board) if board else call.user.may_edit(call.org.id)):
        return denied("dashboards:write")
    if board is None:
        return message(404, "Dashboard not found")
    number = call.parts["number"]
    for item in call.org.versions[board["uid"]]:
        if str(item["version"]) == number:
            return Reply(200, _version(board, item, listed=False))
    return message(500, f"Dashboard version {number} not found for dashboardId {board['id']}")


def restore(call: Call) -> Reply:
    """An old version as a new one, in the present folder."""
    uid = call.parts["uid"]
    board = call.org.dashboards.get(uid)
    if board is None:
        return message(404, f'dashboards.dashboard.grafana.app "{uid}" not found')
    number = call.fields.get("version")
    found = next((item for item in call.org.versions[uid] if item["version"] == number), None)
    if found is None:
        return message(404, "Dashboard not found")
    if found["body"] == board["body"]:
        return message(400, "Current dashboard is identical to the specified version")
    text = f"Restored from version {number}"
    saved = store(call, uid, found["body"], board["folderUid"], text=text, restored_from=found["version"])
    answer = {"folderUid": saved["folderUid"], "id": saved["id"], "slug": slugify(saved["title"]), "status": "success"}
    return Reply(200, {**answer, "uid": uid, "url": url(saved), "version": saved["version"]})


def tags(call: Call) -> Reply:
    """How often each tag is used."""
    found: dict[str, int] = {}
    for board in call.org.dashboards.values():
        for tag in set(tags_of(board)):
            found[tag] = found.get(tag, 0) + 1
    return Reply(200, [{"term": tag, "count": number} for tag, number in sorted(found.items())])


def tags_of(board: dict[str, Any]) -> list[str]:
    value = board["body"].get("tags")
    return [tag for tag in value if isinstance(tag, str)] if isinstance(value, list) else []


def body_bytes(board: dict[str, Any]) -> bytes:
    """The stored body as JSON, made once a version: a LIST of a thousand dashboards is a join."""
    if board.get("json") is None:
        board["json"] = encoded(board["body"]).decode()
    return str(board["json"]).encode()

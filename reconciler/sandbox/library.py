"""Library panels, and which dashboards show them: a connection lasts as long as a saved dashboard names the panel."""

from collections.abc import Iterator
from typing import Any

from reconciler.sandbox import access
from reconciler.sandbox.call import BAD, Call, Reply, bad_uid, denied, message
from reconciler.sandbox.world import short_uid

_ABSENT = "library element could not be found"


def listed(call: Call) -> Reply:
    """GET /api/library-elements: `perPage` counts, 100 without it. Tells the folder that counts, as folders do."""
    size, page = call.number("perPage", 100) or 100, max(call.number("page", 1), 1)
    found = list(call.org.library.values())
    elements = [_shown(call, item, item["folderUid"]) for item in found[(page - 1) * size : page * size]]
    return Reply(200, {"result": {"totalCount": len(found), "elements": elements, "page": page, "perPage": size}})


def named(call: Call) -> Reply:
    """GET /api/library-elements/name/{name}: names are not unique."""
    found = [_shown(call, item) for item in call.org.library.values() if item["name"] == call.parts["name"]]
    return Reply(200, {"result": found}) if found else message(404, _ABSENT)


def read(call: Call) -> Reply:
    """GET /api/library-elements/{uid}."""
    found = call.org.library.get(call.parts["uid"])
    return Reply(200, {"result": _shown(call, found)}) if found else message(404, _ABSENT)


def create(call: Call) -> Reply:
    """POST /api/library-elements."""
    fields = call.fields
    folder = fields.get("folderUid") or ""
    if access.inside(call, folder) < access.EDIT:
        return denied("library.panels:create")
    if call.body is BAD:
        return message(400, "bad request data")
    uid = fields.get("uid") or short_uid()
    if bad_uid(uid):
        return message(400, bad_uid(uid))
    if folder and folder not in call.org.folders:
        return message(400, "failed to get folder")
    if fields.get("kind") not in (1, 2):
        return message(500, "Failed to create library element")
    if uid in call.org.library:
        return message(400, "library element with that name or UID already exists")
    model = {"description": "", **(fields.get("model") or {})}
    moment = call.world.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    who = {"id": call.user.id, "name": call.user.login, "avatarUrl": "/public/img/user_profile.png"}
    call.org.library[uid] = {
        "id": call.world.next("library"),
        "uid": uid,
        "name": fields.get("name") or "",
        "kind": fields["kind"],
        "folderUid": folder,
        "moved": folder,
        "model": model,
        "version": 1,
        "created": moment,
        "updated": moment,
        "createdBy": who,
        "updatedBy": who,
    }
    return Reply(200, {"result": _shown(call, call.org.library[uid])})


def patch(call: Call) -> Reply:
    """PATCH: the model is replaced when sent, but keeps type and description where it lacks them. To another folder
    it moves only as a GET tells it; where none is named, the root is claimed (verified on 12.3.0).
    """
    found, fields = call.org.library.get(call.parts["uid"]), call.fields
    if found is None:
        return message(404, _ABSENT)
    folder = fields.get("folderUid") or ""
    if access.inside(call, found["folderUid"]) < access.EDIT or access.inside(call, folder) < access.EDIT:
        return denied("library.panels:write")
    if not isinstance(fields.get("version"), int) or not fields["version"]:
        return message(400, "bad request data")
    if fields["version"] != found["version"]:
        return message(412, "the library element has been changed by someone else")
    if folder and folder not in call.org.folders:
        return message(400, "failed to get folder")
    kept = {key: found["model"][key] for key in ("type", "description") if key in found["model"]}
    found |= {
        "name": fields.get("name") or found["name"],
        "moved": folder or found["moved"],
        "model": {**kept, **fields["model"]} if fields.get("model") else found["model"],
        "version": found["version"] + 1,
        "updated": call.world.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        "updatedBy": {"id": call.user.id, "name": call.user.login, "avatarUrl": "/public/img/user_profile.png"},
    }
    return Reply(200, {"result": _shown(call, found, folder)})


def delete(call: Call) -> Reply:
    """DELETE: 403 while a dashboard shows it."""
    found = call.org.library.get(call.parts["uid"])
    if found is None:
        return message(404, _ABSENT)
    if access.inside(call, found["folderUid"]) < access.EDIT:
        return denied("library.panels:delete")
    if next(_shown_on(call, found["uid"]), None) is not None:
        return message(403, "the library element has connections")
    del call.org.library[found["uid"]]
    return message(200, "Library element deleted", id=found["id"])


def connections(call: Call) -> Reply:
    """GET /api/library-elements/{uid}/connections; of an absent one 403 (verified on 12.3.0)."""
    found = call.org.library.get(call.parts["uid"])
    if found is None:
        return denied("library.panels:read")
    result = [
        {
            "id": number,
            "kind": 1,
            "elementId": found["id"],
            "connectionId": board["id"],
            "connectionUid": board["uid"],
            "created": board["created"],
            "createdBy": found["createdBy"],
        }
        for number, board in enumerate(_shown_on(call, found["uid"]), 1)
    ]
    return Reply(200, {"result": result})


def _shown_on(call: Call, uid: str) -> Iterator[dict[str, Any]]:
    """The dashboards that show it."""
    for board in call.org.dashboards.values():
        panels = [panel for panel in board["body"].get("panels") or () if isinstance(panel, dict)]
        panels += [inner for panel in panels for inner in panel.get("panels") or () if isinstance(inner, dict)]
        if any((panel.get("libraryPanel") or {}).get("uid") == uid for panel in panels):
            yield board


def _shown(call: Call, item: dict[str, Any], inside: str | None = None) -> dict[str, Any]:
    """As the API tells it, in this folder (None: in the one to which it was moved last)."""
    inside = item["moved"] if inside is None else inside
    folder = call.org.folders.get(inside)
    return {
        "id": item["id"],
        "orgId": call.org.id,
        "folderId": folder["id"] if folder else 0,
        "folderUid": inside,
        "uid": item["uid"],
        "name": item["name"],
        "kind": item["kind"],
        "type": item["model"].get("type", ""),
        "description": item["model"].get("description", ""),
        "model": item["model"],
        "version": item["version"],
        "meta": {
            "folderName": folder["title"] if folder else "",
            "folderUid": inside,
            "connectedDashboards": sum(1 for _ in _shown_on(call, item["uid"])),
            **{key: item[key] for key in ("created", "updated", "createdBy", "updatedBy")},
        },
    }

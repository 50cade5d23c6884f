"""Annotations (grafana-api.md section 13)."""

from typing import Any

from reconciler.sandbox.call import BAD, Call, Reply, denied, message


def _shown(call: Call, item: dict[str, Any]) -> dict[str, Any]:
    user = call.world.users[item["user"]]
    result: dict[str, Any] = {"id": item["id"], "dashboardUID": item["dashboardUID"]}
    board = call.org.dashboards.get(item["dashboardUID"])
    if board is not None:
        result["dashboardId"] = board["id"]
    if item["panelId"]:
        result["panelId"] = item["panelId"]
    result |= {key: item[key] for key in ("created", "updated", "time", "timeEnd")}
    if item["text"]:
        result["text"] = item["text"]
    if item["tags"]:
        result["tags"] = item["tags"]
    who = {"login": user.login, "email": user.email, "avatarUrl": "/public/img/user_profile.png"}
    return {**result, **who, "data": item["data"]}


def _stamp(call: Call) -> int:
    return int(call.world.now().timestamp() * 1000)


def list_(call: Call) -> Reply:
    """By end, newest first; a tag matches `key` and `key:value`."""
    items = list(call.org.annotations.values())
    tags = call.query.get("tags", ())
    if tags:
        match = any if call.one("matchAny") == "true" else all
        items = [i for i in items if match(_has(i, tag) for tag in tags)]
    for name, key in (("dashboardUID", "dashboardUID"), ("panelId", "panelId"), ("userId", "user")):
        if call.one(name):
            items = [i for i in items if str(i[key]) == call.one(name)]
    start, end = call.number("from", 0), call.number("to", 0)
    if start and end:
        items = [i for i in items if i["time"] <= end and i["timeEnd"] >= start]
    if call.one("type") == "alert":
        items = []
    items.sort(key=lambda i: (-i["timeEnd"], -i["time"], -i["id"]))
    return Reply(200, [_shown(call, item) for item in items[: call.number("limit", 100) or 100]])


def _has(item: dict[str, Any], wanted: str) -> bool:
    return any(tag == wanted or tag.partition(":")[0] == wanted for tag in item["tags"])


def _tags(value: Any) -> list[str]:
    return list(dict.fromkeys(tag.strip() for tag in value or ()))


def read(call: Call) -> Reply:
    """By number."""
    item = call.org.annotations.get(_number(call))
    if not call.parts["id"].isdigit():
        return message(400, "annotationId is invalid")
    return Reply(200, _shown(call, item)) if item else message(404, "Annotation not found")


def _number(call: Call) -> int:
    return int(call.parts["id"]) if call.parts["id"].isdigit() else -1


def create(call: Call) -> Reply:
    """POST: no time is now, an end before the beginning is swapped."""
    fields = call.fields
    if call.body is BAD or not _well_formed(fields):
        return message(400, "bad request data")
    board = fields.get("dashboardUID") or ""
    if board and board not in call.org.dashboards:
        return message(500, "Error while checking annotation permissions")
    if not call.user.may_edit(call.org.id):
        return message(403, "Access denied to save the annotation")
    if not fields.get("text"):
        return message(400, "Failed to save annotation")
    start = fields.get("time") or _stamp(call)
    end = fields.get("timeEnd") or start
    number = call.world.next("annotation")
    call.org.annotations[number] = {
        "id": number,
        "user": call.user.id,
        "dashboardUID": board,
        "panelId": fields.get("panelId") or 0,
        "created": _stamp(call),
        "updated": _stamp(call),
        "time": min(start, end),
        "timeEnd": max(start, end),
        "text": fields["text"],
        "tags": _tags(fields.get("tags")),
        "data": fields.get("data") or {},
    }
    return message(200, "Annotation added", id=number)


def _well_formed(fields: dict[str, Any]) -> bool:
    times = (fields.get(key) for key in ("time", "timeEnd"))
    tags = fields.get("tags")
    return all(value is None or isinstance(value, int) for value in times) and (tags is None or isinstance(tags, list))


def create_graphite(call: Call) -> Reply:
    """POST …/graphite: seconds, and `what` and `data` as the text."""
    fields = call.fields
    data = fields.get("data")
    text = str(fields.get("what")) + (f"\n{data}" if data else "")
    when = (fields.get("when") or 0) * 1000
    body = {"text": text, "time": when, "tags": fields.get("tags")}
    made = create(Call(call.world, call.user, call.org, "POST", call.path, {}, {}, body))
    return message(200, "Graphite annotation added", id=made.body["id"])


def update(call: Call) -> Reply:
    """PUT: text and tags replaced, missing times kept. PATCH: only what is sent."""
    item = call.org.annotations.get(_number(call))
    if item is None:
        return message(404, "Annotation not found")
    if not call.user.may_edit(call.org.id):
        return denied("annotations:write")
    fields = call.fields
    patch = call.method == "PATCH"
    if not patch or "text" in fields:
        item["text"] = fields.get("text") or ""
    if not patch or "tags" in fields:
        item["tags"] = _tags(fields.get("tags"))
    start, end = fields.get("time") or item["time"], fields.get("timeEnd") or item["timeEnd"]
    item["time"], item["timeEnd"] = min(start, end), max(start, end)
    if fields.get("data"):
        item["data"] = fields["data"]
    item["updated"] = max(_stamp(call), item["updated"] + 1)
    return message(200, "Annotation patched" if patch else "Annotation updated")


def delete(call: Call) -> Reply:
    """DELETE: also what is not there."""
    if not call.parts["id"].isdigit():
        return message(400, "annotationId is invalid")
    if not call.user.may_edit(call.org.id):
        return denied("annotations:delete")
    if _number(call) == 0:
        call.org.annotations.clear()  # seen on a real 12.3.0: an id of 0 stands for all of them
    call.org.annotations.pop(_number(call), None)
    return message(200, "Annotation deleted")


def tags(call: Call) -> Reply:
    """How often each tag is used."""
    found: dict[str, int] = {}
    for item in call.org.annotations.values():
        for tag in item["tags"]:
            found[tag] = found.get(tag, 0) + 1
    chosen = [(tag, number) for tag, number in sorted(found.items()) if call.one("tag").lower() in tag.lower()]
    limit = call.number("limit", 100) or 100
    return Reply(200, {"result": {"tags": [{"tag": tag, "count": number} for tag, number in chosen[:limit]]}})


def mass_delete(call: Call) -> Reply:
    """Needs a dashboard and a panel; by number it finds nothing."""
    return message(404, "Annotation not found")

"""GET /api/search: what exists, by title, folder, tag and uid (grafana-api.md section 8)."""

from typing import Any

from reconciler.sandbox import dashboards, folders
from reconciler.sandbox.call import Call, Reply, message
from reconciler.sandbox.world import slugify


def search(call: Call) -> Reply:
    """GET /api/search: what the caller may see, by title; pages are cut before folders are put first."""
    limit = call.number("limit", 1000) or 1000
    if limit > 5000:
        text = "Limit is above maximum allowed (5000), use page parameter to access hits beyond limit"
        return message(422, text)
    kind = call.one("type")
    if kind not in {"", "dash-db", "dash-folder"}:
        return message(500, "Search failed")
    hidden = call.options.get("hidden", frozenset())
    found = [(item, entry) for item, entry in _entries(call, kind) if entry["uid"] not in hidden]
    found.sort(key=lambda pair: (pair[1]["title"].lower(), pair[1]["id"]), reverse=call.one("sort") == "alpha-desc")
    page = max(call.number("page", 1), 1)
    cut = [entry for _, entry in found][(page - 1) * limit : page * limit]
    if not call.one("sort"):
        cut.sort(key=lambda entry: entry["type"] != "dash-folder")
    return Reply(200, cut)


def _entries(call: Call, kind: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    result = []
    if kind != "dash-db" and not call.query.get("tag") and not call.query.get("dashboardUIDs"):
        result += [
            (f, _entry(call, f, folders.url(f), "dash-folder", f["parentUid"], []))
            for f in call.org.folders.values()
            if folders.visible(call, f)
        ]
    if kind != "dash-folder":
        for board in filter(lambda board: dashboards.visible(call, board), call.org.dashboards.values()):
            tags = dashboards.tags_of(board) if call.one("sort") else sorted(set(dashboards.tags_of(board)))
            if len(tags) == 1 and board["folderUid"] and not call.query.get("tag"):
                tags = []  # so it is on a real 12.3.0: a single tag of a dashboard in a folder is not shown
            result.append((board, _entry(call, board, dashboards.url(board), "dash-db", board["folderUid"], tags)))
    return [(item, entry) for item, entry in result if _wanted(call, item, entry)]


def _wanted(call: Call, item: dict[str, Any], entry: dict[str, Any]) -> bool:
    inside = item.get("folderUid", item.get("parentUid")) or "general"
    places, uids = call.query.get("folderUIDs"), call.query.get("dashboardUIDs")
    return (
        (not places or inside in places)
        and (not uids or item["uid"] in uids)
        and all(tag in entry["tags"] for tag in call.query.get("tag", ()))
        and call.one("query").lower() in item["title"].lower()
    )


def _entry(call: Call, item: dict[str, Any], url: str, kind: str, inside: str, tags: list[str]) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "id": item["id"],
        "uid": item["uid"],
        "orgId": call.org.id,
        "title": item["title"].strip(),
        "uri": f"db/{slugify(item['title'])}",
        "url": url,
        "slug": "",
        "type": kind,
        "tags": tags,
        "isStarred": False,
        "sortMeta": 0,
        "isDeleted": False,
    }
    folder = call.org.folders.get(inside)
    if folder is not None:
        entry |= {
            "folderId": folder["id"],
            "folderUid": inside,
            "folderTitle": folder["title"],
            "folderUrl": folders.url(folder),
        }
    return entry

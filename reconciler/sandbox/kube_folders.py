"""Folders over /apis/folder.grafana.app/v1beta1, as legacy storage answers (grafana-api.md section 7)."""

import base64
from typing import Any

from reconciler.sandbox import folders
from reconciler.sandbox.call import Call, Reply, status
from reconciler.sandbox.world import kube_uid

GROUP = "folder.grafana.app/v1beta1"


def _kube(call: Call, folder: dict[str, Any], *, listed: bool = False, answer: bool = False) -> dict[str, Any]:
    annotations: dict[str, Any] = {"grafana.app/updatedTimestamp": folder["updated"]}
    if folder["parentUid"]:
        annotations["grafana.app/folder"] = folder["parentUid"]
    metadata: dict[str, Any] = {
        "name": folder["uid"],
        "namespace": call.org.namespace(),
        "uid": kube_uid(call.org.namespace(), folder["uid"]),
        "resourceVersion": str(folder["stamp"]),
        "creationTimestamp": folder["created"],
        "labels": {"grafana.app/deprecatedInternalID": str(folder["id"])},
        "annotations": annotations,
    }
    if listed and (call.one("limit") or folder["parentUid"]):
        chain = [*folders.parents(call.org, folder), folder]
        annotations["grafana.app/fullpath"] = "/".join(item["title"].replace("/", "\\/") for item in chain)
        annotations["grafana.app/fullpathUIDs"] = "/".join(item["uid"] for item in chain)
    if not listed:
        metadata["generation"] = folder["version"]
        annotations["grafana.app/createdBy"] = f"user:{folder['createdUser']}"
        annotations["grafana.app/updatedBy"] = f"user:{folder['updatedUser']}"
    description = "" if answer else folder["description"]
    return {
        "kind": "Folder",
        "apiVersion": GROUP,
        "metadata": metadata,
        "spec": {"title": folder["title"], "description": description},
        "status": {},
    }


def list_(call: Call) -> Reply:
    """Pages of 100 by default."""
    seen = [folder for folder in call.org.folders.values() if folders.visible(call, folder)]
    everything = sorted(seen, key=lambda f: f["title"].lower())
    limit = call.number("limit", 100) or 100
    page = 1
    token = call.one("continue")
    if token:
        page = int(base64.b64decode(token).decode().partition("|")[2] or 1)
    found = everything[(page - 1) * limit : page * limit]
    metadata = {}
    if len(everything) > page * limit:
        metadata["continue"] = base64.b64encode(f"{limit}|{page + 1}".encode()).decode()
    hidden = call.options.get("hidden", frozenset())
    items = [_kube(call, folder, listed=True) for folder in found if folder["uid"] not in hidden]
    return Reply(200, {"kind": "FolderList", "apiVersion": GROUP, "metadata": metadata, "items": items})


def read(call: Call) -> Reply:
    """404 for absent, for every role."""
    folder = folders.find(call)
    if folder is None:
        return status(404, folders.NOT_FOUND)
    return Reply(200, _kube(call, folder)) if folders.visible(call, folder) else status(403, "Access denied")


def create(call: Call) -> Reply:
    """POST: 201; taken is 412."""
    metadata, spec = call.fields.get("metadata") or {}, call.fields.get("spec") or {}
    parent = (metadata.get("annotations") or {}).get("grafana.app/folder") or ""
    refusal, folder = folders.make(
        call, metadata.get("name") or "", spec.get("title"), parent, spec.get("description") or ""
    )
    return Reply(201, _kube(call, folder, answer=True)) if folder else status(*refusal)


def update(call: Call) -> Reply:
    """PUT: no revision is enforced; the folder annotation moves, its absence moves to the root."""
    folder = folders.find(call)
    if folder is None:
        return status(404, folders.NOT_FOUND)
    metadata, spec = call.fields.get("metadata") or {}, call.fields.get("spec") or {}
    parent = (metadata.get("annotations") or {}).get("grafana.app/folder") or ""
    if parent != folder["parentUid"]:
        if parent == folder["uid"] or folders.moved_in_a_circle(call, folder, parent):
            return status(400, "Circular reference detected", "BadRequest", uid="folder.circular-reference")
    else:
        folders.touch(call, folder)
    folder["title"] = spec.get("title") or folder["title"]
    folder["description"] = spec.get("description", folder["description"])
    return Reply(200, _kube(call, folder))


def delete(call: Call) -> Reply:
    """DELETE: with everything in it, preconditions or not."""
    folder = folders.find(call)
    if folder is None:
        return status(404, folders.NOT_FOUND)
    if not folders.editable(call, folder):
        return status(403)
    last = _kube(call, folder)
    folders.remove(call.org, folder["uid"])
    return Reply(200, last)


def parents(call: Call) -> Reply:
    """The folders above and the folder itself."""
    folder = folders.find(call)
    if folder is None:
        return status(404, folders.NOT_FOUND)
    items = []
    for item in [*folders.parents(call.org, folder), folder]:
        entry = {"name": item["uid"], "title": item["title"]}
        items.append({**entry, "parent": item["parentUid"]} if item["parentUid"] else entry)
    return Reply(200, {"kind": "FolderInfoList", "apiVersion": GROUP, "metadata": {}, "items": items})


def children(call: Call) -> Reply:
    """Answers null even where there are children."""
    return Reply(200, {"kind": "FolderList", "apiVersion": GROUP, "metadata": {}, "items": None})


def counts(call: Call) -> Reply:
    """Direct children only."""
    uid = call.parts["uid"]
    number = {
        "alertrules": 0,
        "dashboards": sum(1 for d in call.org.dashboards.values() if d["folderUid"] == uid),
        "folders": sum(1 for f in call.org.folders.values() if f["parentUid"] == uid),
        "library_elements": sum(1 for p in call.org.library.values() if p["folderUid"] == uid),
    }
    found = [{"group": "sql-fallback", "resource": name, "count": count} for name, count in number.items()]
    return Reply(200, {"kind": "DescendantCounts", "apiVersion": GROUP, "counts": found})

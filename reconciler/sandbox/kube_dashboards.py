"""Dashboards over /apis/dashboard.grafana.app/v0alpha1: whole LISTs by pages, guarded writes (grafana-api.md sections
5 and 9).

v1beta1 and v2beta1 show migrated copies; that is not emulated.
"""

from operator import itemgetter
from typing import Any

from reconciler.sandbox import dashboards, folders
from reconciler.sandbox.call import Call, Reply, bad_uid, encoded, status
from reconciler.sandbox.world import kube_uid

GROUP = "dashboard.grafana.app"
VERSION = f"{GROUP}/v0alpha1"
_PAGE_BYTES = 2_000_000
_PARTIAL = "as=PartialObjectMetadataList"


def _metadata(call: Call, board: dict[str, Any]) -> dict[str, Any]:
    annotations = {"grafana.app/createdBy": _user(board["createdUser"])}
    if board["folderUid"]:
        annotations["grafana.app/folder"] = board["folderUid"]
    annotations |= {f"grafana.app/{key}": value for key, value in (board.get("manager") or {}).items()}
    annotations |= {
        "grafana.app/updatedBy": _user(board["updatedUser"]),
        "grafana.app/updatedTimestamp": board["updated"],
    }
    return {
        "name": board["uid"],
        "namespace": call.org.namespace(),
        "uid": kube_uid(call.org.namespace(), board["uid"]),
        "resourceVersion": str(board["version"]),
        "generation": board["version"],
        "creationTimestamp": board["created"],
        "labels": {"grafana.app/deprecatedInternalID": str(board["id"])},
        "annotations": annotations,
    }


def _user(uid: str) -> str:
    return f"user:{uid}" if uid else "provisioning:"


def _version(call: Call) -> str:
    return "/".join(call.path.split("/")[2:4])


def _object(call: Call, board: dict[str, Any]) -> bytes:
    head = {"kind": "Dashboard", "apiVersion": VERSION, "metadata": _metadata(call, board)}
    return encoded(head)[:-1] + b',"spec":' + dashboards.body_bytes(board) + b',"status":{}}'


def _absent(uid: str) -> Reply:
    text = f'dashboards.{GROUP} "{uid}" not found'
    return status(404, text, "NotFound", name=uid, group=GROUP, kind="dashboards")


def list_(call: Call) -> Reply:
    """Newest id first; a page ends at `limit` or near 2 MB, with a continue token."""
    if call.one("watch") == "true":
        text = f'watch is not supported on resources of kind "dashboards.{GROUP}"'
        return status(405, text, "MethodNotAllowed", group=GROUP, kind="dashboards")
    if call.one("labelSelector") == "grafana.app/get-trash=true":
        metadata = {"resourceVersion": _newest(call)}  # legacy storage has no trash
        return Reply(200, {"kind": "DashboardList", "apiVersion": _version(call), "metadata": metadata, "items": []})
    if _version(call) != VERSION:
        return status(404, "the sandbox serves v0alpha1 of this only", "NotFound")
    if call.one("fieldSelector") or call.one("labelSelector"):
        return status(500, "labels not yet supported")
    token = call.one("continue")
    if token and len(token.split("/")) < 3:
        return status(500, "invalid continue token (too few parts)")
    start = int(token.split("start:")[1].split("/")[0]) if token else 1 << 62
    hidden = call.options.get("hidden", frozenset())
    rest = [board for board in call.org.dashboards.values() if board["id"] < start and board["uid"] not in hidden]
    rest.sort(key=itemgetter("id"), reverse=True)
    limit = call.number("limit", 0) or len(rest) + 1
    partial = _PARTIAL in call.accept
    items: list[bytes] = []
    size = 0
    last = 0
    more = False
    for board in (board for board in rest if dashboards.visible(call, board)):
        if len(items) == limit or size > _PAGE_BYTES:
            more = True
            break
        item = _partial(call, board) if partial else _object(call, board)
        items.append(item)
        size += len(item)
        last = board["id"]
    metadata = {"resourceVersion": _newest(call)}
    if more:
        metadata["continue"] = f"org:{call.org.id}/start:{last}/folder:"
    kind, version = ("PartialObjectMetadataList", "meta.k8s.io/v1") if partial else ("DashboardList", VERSION)
    head = encoded({"kind": kind, "apiVersion": version, "metadata": metadata})[:-1]
    return Reply(200, raw=head + b',"items":[' + b",".join(items) + b"]}")


def _partial(call: Call, board: dict[str, Any]) -> bytes:
    head = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": _metadata(call, board)}
    return encoded(head)


def _newest(call: Call) -> str:
    """The newest save of all dashboards and folders, in whole seconds, written as microseconds."""
    from datetime import datetime

    stamps = [item["updated"] for item in (*call.org.dashboards.values(), *call.org.folders.values())]
    moment = datetime.fromisoformat(max(stamps).replace("Z", "+00:00")) if stamps else call.world.now()
    return str(int(moment.timestamp()) * 1_000_000)


def read(call: Call) -> Reply:
    """One dashboard, as stored."""
    board = call.org.dashboards.get(call.parts["uid"])
    if board is None:
        return _absent(call.parts["uid"])
    return Reply(200, raw=_object(call, board)) if dashboards.visible(call, board) else status(403)


def _annotations(call: Call) -> dict[str, Any]:
    return (call.fields.get("metadata") or {}).get("annotations") or {}


def _place(call: Call) -> tuple[str, str]:
    annotations = _annotations(call)
    return annotations.get("grafana.app/folder") or "", annotations.get("grafana.app/message") or ""


def create(call: Call) -> Reply:
    """POST: 201, or 409 where it exists."""
    uid = (call.fields.get("metadata") or {}).get("name") or ""
    folder, text = _place(call)
    if bad_uid(uid):
        return status(400, bad_uid(uid), "BadRequest")
    if uid in call.org.dashboards or uid in call.org.folders:
        text = f'dashboards.{GROUP} "{uid}" already exists'
        return status(409, text, "AlreadyExists", name=uid, group=GROUP, kind="dashboards")
    if folder and folder not in call.org.folders:
        return status(404, "folder not found", "NotFound")
    granted = _annotations(call).get("grafana.app/grant-permissions") == "default"
    body = dashboards.stored(call.fields.get("spec") or {})
    board = dashboards.store(call, uid, body, folder, text=text, granted=granted)
    return Reply(201, raw=_object(call, board))


def update(call: Call) -> Reply:
    """PUT: a resourceVersion that is sent must be right; the folder annotation decides the place."""
    uid = call.parts["uid"]
    board = call.org.dashboards.get(uid)
    if board is None:
        return create(call)
    if not dashboards.editable(call, board):
        return status(403, "not allowed to update resource in the source folder")
    sent = (call.fields.get("metadata") or {}).get("resourceVersion")
    if sent and sent != str(board["version"]):
        return _stale(uid)
    folder, text = _place(call)
    board = dashboards.store(call, uid, dashboards.stored(call.fields.get("spec") or {}), folder, text=text)
    return Reply(200, raw=_object(call, board))


def patch(call: Call) -> Reply:
    """A merge patch of metadata.annotations and spec."""
    board = call.org.dashboards.get(call.parts["uid"])
    if board is None:
        return _absent(call.parts["uid"])
    annotations = (call.fields.get("metadata") or {}).get("annotations") or {}
    folder = annotations.get("grafana.app/folder", board["folderUid"]) or ""
    body = dashboards.stored({**board["body"], **(call.fields.get("spec") or {})})
    board = dashboards.store(call, board["uid"], body, folder, text=annotations.get("grafana.app/message") or "")
    return Reply(200, raw=_object(call, board))


def _stale(uid: str) -> Reply:
    text = (
        f'Operation cannot be fulfilled on dashboards.{GROUP} "{uid}": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )
    return status(409, text, "Conflict", name=uid, group=GROUP, kind="dashboards")


def delete(call: Call) -> Reply:
    """DELETE, with a precondition if one is sent."""
    uid = call.parts["uid"]
    board = call.org.dashboards.get(uid)
    if board is None:
        return _absent(uid)
    if not dashboards.editable(call, board):
        return status(403)
    if board.get("provisioned"):
        return status(400, "provisioned dashboard cannot be deleted", "BadRequest")
    wanted = (call.fields.get("preconditions") or {}).get("resourceVersion")
    if wanted and wanted != str(board["version"]):
        return _stale(uid)
    folders.remove_dashboard(call.org, uid)
    details = {"name": uid, "group": GROUP, "kind": "dashboards", "uid": kube_uid(call.org.namespace(), uid)}
    return Reply(200, {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details})

"""The requests by which a dashboard is created and saved. `wanted` are normalised attributes."""

from reconciler.core.exchange import ApiRequest, Server, WriteContext
from reconciler.core.json import Json, JsonObject, as_object
from reconciler.kinds._dashboard_answers import GROUP, PREFIX
from reconciler.kinds._kube import kube_path

_SETS_PERMISSIONS = "dashboards.permissions:write"
_GRANTS_SINCE = (12, 3)
"""The Grafana with which it was seen that a create over /apis gives the usual permissions when it is asked to."""
_LONGEST_MESSAGE = 500


def created_over_apis(server: Server) -> bool:
    """Whether to create over /apis, where the server takes half the time (docs/speed.md).

    A save makes its user the administrator of the new dashboard, /apis does so at the root only. So whoever may not set
    all permissions anyway (and may need to set this one's) saves; and so does who talks to an older Grafana.
    """
    return server.serves(GROUP) and server.at_least(*_GRANTS_SINCE) and _SETS_PERMISSIONS in server.everywhere


def create_over_apis(context: WriteContext, uid: str | None, wanted: JsonObject) -> ApiRequest:
    """409 where the uid exists (grafana-api.md section 9)."""
    notes = {f"{PREFIX}folder": wanted["folderUid"]} if wanted["folderUid"] else {}
    notes |= {f"{PREFIX}message": context.message[:_LONGEST_MESSAGE], f"{PREFIX}grant-permissions": "default"}
    body = {"metadata": {"name": uid, "annotations": notes}, "spec": wanted["dashboard"]}
    return ApiRequest("POST", kube_path(context.server, GROUP, "dashboards"), body=body)


def save(context: WriteContext, uid: str | None, wanted: JsonObject, *, version: int | None) -> ApiRequest:
    """Over exactly this version; None: a create. 412 where it is another one, or exists (grafana-api.md section 8)."""
    model: dict[str, Json] = {**as_object(wanted["dashboard"]), "uid": uid, "id": None}
    if version is not None:
        model["version"] = version
    body: dict[str, Json] = {
        "dashboard": model,
        "folderUid": wanted["folderUid"],
        "message": context.message[:_LONGEST_MESSAGE],
        "overwrite": False,
    }
    return ApiRequest("POST", "/api/dashboards/db", body=body)

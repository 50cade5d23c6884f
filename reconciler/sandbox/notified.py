"""What the objects of alert notification have in common, and the tree of policies, read as others name it."""

import base64
import hashlib
import json
from typing import Any

from reconciler.sandbox.call import Call, Reply, status
from reconciler.sandbox.world import Org, kube_uid

GROUP = "notifications.alerting.grafana.app/v0alpha1"
Kept = list[dict[str, Any]]


def kept(org: Org, plural: str) -> Kept:
    """The objects of one sort, in their order."""
    found: Kept = org.notifications.setdefault(plural, [])
    return found


def uid_of(name: str) -> str:
    """By what an object of a name is called."""
    return base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")


def stamp(content: Any) -> str:
    """A revision: the same for the same content."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def managed(item: dict[str, Any]) -> dict[str, str]:
    """Who owns an object, as an annotation."""
    return {"grafana.com/provenance": item.get("provenance") or "none"}


def shown(
    call: Call, kind: str, name: str, version: str, spec: dict[str, Any], annotations: dict[str, Any]
) -> dict[str, Any]:
    """An object in the shape of /apis."""
    where = call.org.namespace()
    metadata = {"name": name, "namespace": where, "uid": kube_uid(where, f"{kind}/{name}"), "resourceVersion": version}
    return {
        "kind": kind,
        "apiVersion": GROUP,
        "metadata": {**metadata, "annotations": dict(sorted(annotations.items()))},
        "spec": spec,
    }


def causes(told: dict[str, Any]) -> list[dict[str, str]]:
    """The details of a refusal: each value as JSON."""
    return [{"message": json.dumps(value), "field": field} for field, value in told.items()]


def denied(verb: str) -> Reply:
    """403 for a role that may not."""
    return status(403, f"user is not authorized to {verb} this", "Forbidden")


def changed(item: dict[str, Any]) -> Reply | None:
    """403 where another API owns it."""
    by = item.get("provenance") or "none"
    if by == "none":
        return None
    text = (
        f"Resource with provenance status '{by}' cannot be managed via API that handles resources with provenance "
        "status 'none'. You must use appropriate API to manage this resource"
    )
    told = causes({"TargetProvenance": "none", "SourceProvenance": by})
    return status(403, text, "Forbidden", uid="alerting.notifications.invalidProvenance", causes=told)


def tree_of(call: Call) -> dict[str, Any]:
    """The organisation's tree of policies."""
    found = kept(call.org, "routingtrees")
    if not found:
        found.append(default_tree())
    return found[0]


def default_tree() -> dict[str, Any]:
    """The tree that every organisation begins with, and that a reset leads back to."""
    defaults = {"receiver": "grafana-default-email", "group_by": ["grafana_folder", "alertname"]}
    return {"defaults": defaults, "routes": [], "provenance": "none"}


def _shown_tree(call: Call) -> dict[str, Any]:
    tree = tree_of(call)
    spec = {"defaults": tree["defaults"], "routes": tree["routes"]}
    return shown(call, "RoutingTree", "user-defined", stamp(spec), spec, managed(tree))


def read_tree(call: Call) -> Reply:
    """The one tree there is."""
    return Reply(200, _shown_tree(call))


def update_tree(call: Call) -> Reply:
    """PUT: the whole tree, from the present revision, with contact points and time intervals that there are."""
    from reconciler.sandbox import notifications

    if not call.user.may_edit(call.org.id):
        return denied("update")
    tree = tree_of(call)
    sent = (call.fields.get("metadata") or {}).get("resourceVersion")
    if sent and sent != stamp({"defaults": tree["defaults"], "routes": tree["routes"]}):
        return status(409, "Conflict", "Conflict", uid="alerting.notifications.conflict")
    refusal = changed(tree)
    if refusal is not None:
        return refusal
    spec = call.fields.get("spec") or {}
    there = {item["name"] for item in notifications.receivers(call)}
    for route in routes_of(spec):
        if route.get("receiver") and route["receiver"] not in there:
            return _bad_route(f"receiver '{route['receiver']}' does not exist")
    known = {item["name"] for item in kept(call.org, "timeintervals")}
    for route in routes_of(spec):
        for name in [*(route.get("mute_time_intervals") or ()), *(route.get("active_time_intervals") or ())]:
            if name not in known:
                return _bad_route(f"mute time interval '{name}' does not exist")
    tree.update({"defaults": spec.get("defaults") or {}, "routes": spec.get("routes") or []})
    return Reply(200, _shown_tree(call))


def _bad_route(why: str) -> Reply:
    text = f"Invalid format of the submitted route: {why}. Correct the payload and try again."
    uid = "alerting.notifications.routes.invalidFormat"
    return status(400, text, "BadRequest", uid=uid, causes=causes({"Error": why}))


def routes_of(tree: dict[str, Any]) -> Kept:
    """The policies of a tree, the default one first."""
    found: Kept = [tree["defaults"]]
    queue: Kept = list(tree.get("routes") or [])
    while queue:
        route = queue.pop(0)
        found.append(route)
        queue += route.get("routes") or []
    return found


def reset_tree(call: Call) -> Reply:
    """DELETE: back to what every organisation begins with; the answer shows what was."""
    if not call.user.may_edit(call.org.id):
        return denied("delete")
    refusal = changed(tree_of(call))
    if refusal is not None:
        return refusal
    last = _shown_tree(call)
    kept(call.org, "routingtrees")[:] = [default_tree()]
    return Reply(200, last)

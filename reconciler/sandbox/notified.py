"""What the objects of alert notification have in common, and the tree of policies as those that it names see it."""

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


def listing(kind: str, items: Kept) -> Reply:
    """A list of objects, which say neither their kind nor their group again."""
    bare = [{key: value for key, value in item.items() if key not in {"kind", "apiVersion"}} for item in items]
    return Reply(200, {"kind": f"{kind}List", "apiVersion": GROUP, "metadata": {}, "items": bare})


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


def routes_of(tree: dict[str, Any]) -> Kept:
    """The policies of a tree, the default one first."""
    found: Kept = [tree["defaults"]]
    queue: Kept = list(tree.get("routes") or [])
    while queue:
        route = queue.pop(0)
        found.append(route)
        queue += route.get("routes") or []
    return found

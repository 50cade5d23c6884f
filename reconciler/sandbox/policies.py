"""The tree of notification policies over /apis/notifications.alerting.grafana.app/v0alpha1."""

import re
from typing import Any

from reconciler.sandbox.call import Call, Reply, status
from reconciler.sandbox.intervals import INTERVALS
from reconciler.sandbox.notifications import receivers
from reconciler.sandbox.notified import (
    causes,
    changed,
    default_tree,
    denied,
    kept,
    managed,
    routes_of,
    shown,
    stamp,
    tree_of,
)

_TIMES = {"group_wait": "groupWait", "group_interval": "groupInterval", "repeat_interval": "repeatInterval"}
_SIZES = {"w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
_LISTS = ("matchers", "mute_time_intervals", "active_time_intervals", "group_by")


def _shown(call: Call) -> dict[str, Any]:
    tree = tree_of(call)
    spec = {"defaults": tree["defaults"], "routes": tree["routes"]}
    return shown(call, "RoutingTree", "user-defined", stamp(spec), spec, managed(tree))


def read(call: Call) -> Reply:
    """The one tree there is."""
    return Reply(200, _shown(call))


def update(call: Call) -> Reply:
    """PUT: the whole tree; a revision, if one is sent, must be the present one."""
    if not call.user.may_edit(call.org.id):
        return denied("update")
    tree = tree_of(call)
    spec = call.fields.get("spec") or {}
    sent: dict[str, Any] = {"defaults": spec.get("defaults") or {}, "routes": spec.get("routes") or []}
    for index, route in enumerate(sent["routes"]):
        why = _unreadable(route)
        if why:
            return status(500, f"route '.[{index}]' has {why}")
    version = (call.fields.get("metadata") or {}).get("resourceVersion")
    if version and version != _shown(call)["metadata"]["resourceVersion"]:
        return status(409, "Conflict", "Conflict", uid="alerting.notifications.conflict")
    refusal = changed(tree) or _refusal(call, sent)
    if refusal is not None:
        return refusal
    tree.update({"defaults": _taken(sent["defaults"]), "routes": [_route(item) for item in sent["routes"]]})
    return Reply(200, _shown(call))


def reset(call: Call) -> Reply:
    """DELETE: back to what every organisation begins with, whatever the preconditions; the answer shows what was."""
    if not call.user.may_edit(call.org.id):
        return denied("delete")
    refusal = changed(tree_of(call))
    if refusal is not None:
        return refusal
    last = _shown(call)
    kept(call.org, "routingtrees")[:] = [default_tree()]
    return Reply(200, last)


def _unreadable(route: dict[str, Any]) -> str:
    for key, called in _TIMES.items():
        if route.get(key) and _milliseconds(route[key]) is None:
            return f"invalid format of '{called}': not a valid duration string: \"{route[key]}\""
    for matcher in route.get("matchers") or ():
        if matcher["type"] not in {"=", "!=", "=~", "!~"}:
            return f"unsupported matcher type: {matcher['type']}"
    return ""


def _refusal(call: Call, tree: dict[str, Any]) -> Reply | None:
    if not tree["defaults"].get("receiver"):
        return _bad("root route must specify a default receiver")
    routes = routes_of(tree)
    for route in routes:
        labels = route.get("group_by") or []
        double = next((label for label in labels if labels.count(label) > 1), None)
        if double is not None:
            called = route.get("receiver") or ""
            return _bad(f'duplicated label "{double}" in group_by, {called} [{" ".join(labels)}]')
        if "..." in labels and len(labels) > 1:
            return _bad("cannot have wildcard group_by (`...`) and other other labels at the same time")
        for key in ("group_interval", "repeat_interval"):
            if route.get(key) and _milliseconds(route[key]) == 0:
                return _bad(f"{key} cannot be zero")
    there = {item["name"] for item in receivers(call)}
    for route in routes:
        if route.get("receiver") and route["receiver"] not in there:
            return _bad(f"receiver '{route['receiver']}' does not exist")
    known = {item["name"] for item in INTERVALS.kept(call)}
    for route in routes:
        for name in [*(route.get("mute_time_intervals") or ()), *(route.get("active_time_intervals") or ())]:
            if name not in known:
                return _bad(f"mute time interval '{name}' does not exist")
    return None


def _bad(why: str) -> Reply:
    text = f"Invalid format of the submitted route: {why}. Correct the payload and try again."
    uid = "alerting.notifications.routes.invalidFormat"
    return status(400, text, "BadRequest", uid=uid, causes=causes({"Error": why}))


def _taken(route: dict[str, Any]) -> dict[str, Any]:
    """A policy as it is kept: durations in one form, nothing that is empty."""
    found = {key: route[key] for key in ("receiver", *_LISTS) if route.get(key)}
    if "matchers" in found:
        found["matchers"] = sorted(found["matchers"], key=lambda item: (item["label"], item["value"], item["type"]))
    return found | {key: _duration(route[key]) for key in _TIMES if route.get(key)}


def _route(route: dict[str, Any]) -> dict[str, Any]:
    inner = [_route(item) for item in route.get("routes") or ()]
    found = {**_taken(route), "continue": bool(route.get("continue"))}
    return {**found, "routes": inner} if inner else found


def _milliseconds(text: str) -> int | None:
    parts = re.findall(r"(\d+)(ms|[wdhms])", text)
    if "".join(number + unit for number, unit in parts) != text or not parts:
        return None
    return sum(int(number) * _SIZES[unit] for number, unit in parts)


def _duration(text: str) -> str:
    left = _milliseconds(text) or 0
    if left and left % _SIZES["w"] == 0:
        return f"{left // _SIZES['w']}w"
    found = ""
    for unit in ("d", "h", "m", "s", "ms"):
        number, left = divmod(left, _SIZES[unit])
        found += f"{number}{unit}" if number else ""
    return found or "0s"

"""Mute timings over /apis/notifications.alerting.grafana.app/v0alpha1 (there: time intervals)."""

import zoneinfo
from typing import Any

from reconciler.sandbox.call import Call, Reply, status
from reconciler.sandbox.notified import (
    GROUP,
    Kept,
    causes,
    changed,
    denied,
    kept,
    managed,
    routes_of,
    shown,
    stamp,
    tree_of,
    uid_of,
)

_WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_NAMING = ("mute_time_intervals", "active_time_intervals")
_CODE = "alerting.notifications.time-intervals"


def intervals(call: Call) -> Kept:
    """Those of the organisation."""
    return kept(call.org, "timeintervals")


def _shown(call: Call, item: dict[str, Any]) -> dict[str, Any]:
    spec = {"name": item["name"], "time_intervals": item["time_intervals"]}
    return shown(call, "TimeInterval", uid_of(item["name"]), stamp(spec), spec, managed(item))


def list_(call: Call) -> Reply:
    """All of them."""
    items = [_shown(call, item) for item in intervals(call)]
    for item in items:
        del item["kind"], item["apiVersion"]
    return Reply(200, {"kind": "TimeIntervalList", "apiVersion": GROUP, "metadata": {}, "items": items})


def _find(call: Call) -> dict[str, Any] | None:
    return next((item for item in intervals(call) if uid_of(item["name"]) == call.parts["uid"]), None)


def _absent(call: Call) -> Reply:
    group = GROUP.partition("/")[0]
    uid = call.parts["uid"]
    details = {"name": uid, "group": group, "kind": "timeintervals"}
    return status(404, f'timeintervals.{group} "{uid}" not found', "NotFound", **details)


def read(call: Call) -> Reply:
    """One, by the uid that follows from its name."""
    found = _find(call)
    return Reply(200, _shown(call, found)) if found else _absent(call)


def create(call: Call) -> Reply:
    """POST: the name must be free (400)."""
    if not call.user.may_edit(call.org.id):
        return denied("create")
    taken = _taken(call)
    if isinstance(taken, Reply):
        return taken
    if any(item["name"] == taken["name"] for item in intervals(call)):
        text = "Time interval with this name already exists. Use a different name or update existing one."
        return status(400, text, "BadRequest", uid=f"{_CODE}.nameExists")
    intervals(call).append(taken)
    return Reply(201, _shown(call, taken))


def update(call: Call) -> Reply:
    """PUT: a revision, if one is sent, must be the present one; another name goes into all that names it."""
    if not call.user.may_edit(call.org.id):
        return denied("update")
    found = _find(call)
    if found is None:
        return _absent(call)
    taken = _taken(call)
    if isinstance(taken, Reply):
        return taken
    refusal = _not_now(call, found, (call.fields.get("metadata") or {}).get("resourceVersion"))
    if refusal is not None:
        return refusal
    old, new = found["name"], taken["name"]
    for route in [*routes_of(tree_of(call)), *_own_settings(call)] if old != new else ():
        for key in _NAMING:
            if route.get(key):
                route[key] = [new if name == old else name for name in route[key]]
    found.update(taken)
    return Reply(200, _shown(call, found))


def delete(call: Call) -> Reply:
    """DELETE: refused while the tree or a rule names it, and with a revision that is not the present one."""
    if not call.user.may_edit(call.org.id):
        return denied("delete")
    found = _find(call)
    if found is None:
        return _absent(call)
    refusal = _not_now(call, found, (call.fields.get("preconditions") or {}).get("resourceVersion"))
    if refusal is not None:
        return refusal
    routes = _names(routes_of(tree_of(call)), found["name"])
    if routes or _names(_own_settings(call), found["name"]):
        told = {"UsedByRoutes": True} if routes else {"UsedByRules": True}
        return status(409, "Conflict", "Conflict", uid=f"{_CODE}.used", causes=causes(told))
    last = _shown(call, found)
    intervals(call).remove(found)
    return Reply(200, last)


def _own_settings(call: Call) -> Kept:
    return [rule["notification_settings"] for rule in call.org.rules.values() if rule.get("notification_settings")]


def _names(routes: Kept, name: str) -> bool:
    return any(name in (route.get(key) or ()) for route in routes for key in _NAMING)


def _not_now(call: Call, found: dict[str, Any], version: str | None) -> Reply | None:
    if version and version != _shown(call, found)["metadata"]["resourceVersion"]:
        return status(409, "Conflict", "Conflict", uid="alerting.notifications.conflict")
    return changed(found)


def _taken(call: Call) -> dict[str, Any] | Reply:
    """What is sent, in the form in which it is kept."""
    spec = call.fields.get("spec") or {}
    name = spec.get("name") or ""
    if not name:
        return _invalid("missing name in mute time interval")
    made = []
    for sent in spec.get("time_intervals") or []:
        one: dict[str, Any] = {}
        for key in ("times", "weekdays", "days_of_month", "months", "years", "location"):
            if key == "times" and sent.get(key):
                one[key] = sent[key]
            elif key == "location":
                if key in sent:
                    one[key] = sent[key] or "UTC"
            elif sent.get(key):
                one[key] = [_range(key, text) for text in sent[key]]
        for day in (part for text in one.get("weekdays", ()) for part in text.split(":")):
            if day not in _WEEKDAYS:
                return _invalid(f"{day} is not a valid weekday")
        if not _known_zone(one.get("location") or "UTC"):
            return _invalid(f"unknown time zone {one['location']}")
        made.append(one)
    return {"name": name, "provenance": "none", "time_intervals": made}


def _known_zone(name: str) -> bool:
    known = zoneinfo.available_timezones()
    return name in known or name == "Local" or not known


def _invalid(why: str) -> Reply:
    text = "Time interval is in invalid format. Correct the payload and try again."
    return status(400, text, "BadRequest", uid=f"{_CODE}.invalidFormat", causes=causes({"Error": why}))


def _range(key: str, text: str) -> str:
    ends = [_plain(key, part) for part in text.split(":")]
    return ends[0] if ends[0] == ends[-1] else ":".join(ends)


def _plain(key: str, text: str) -> str:
    small = text.lower()
    if key == "months" and small in _MONTHS:
        return str(_MONTHS.index(small) + 1)
    return str(int(small)) if key != "weekdays" else small

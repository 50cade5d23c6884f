"""Mute timings over /apis/notifications.alerting.grafana.app/v0alpha1 (there: time intervals)."""

import zoneinfo
from typing import Any

from reconciler.sandbox.by_name import ByName
from reconciler.sandbox.call import Call, Reply, status
from reconciler.sandbox.notified import GROUP, Kept, causes, managed, routes_of, shown, stamp, tree_of, uid_of

_WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_NAMING = ("mute_time_intervals", "active_time_intervals")
_CODE = "alerting.notifications.time-intervals"


def _shown(call: Call, item: dict[str, Any]) -> dict[str, Any]:
    spec = {"name": item["name"], "time_intervals": item["time_intervals"]}
    return shown(call, "TimeInterval", uid_of(item["name"]), stamp(spec), spec, managed(item))


def _absent(call: Call) -> Reply:
    group = GROUP.partition("/")[0]
    uid = call.parts["uid"]
    details = {"name": uid, "group": group, "kind": "timeintervals"}
    return status(404, f'timeintervals.{group} "{uid}" not found', "NotFound", **details)


def _renamed(call: Call, old: str, new: str) -> None:
    for route in [*routes_of(tree_of(call)), *_own_settings(call)]:
        for key in _NAMING:
            if route.get(key):
                route[key] = [new if name == old else name for name in route[key]]


def _used(call: Call, found: dict[str, Any]) -> Reply | None:
    """409 while the tree or a rule names it."""
    routes = _names(routes_of(tree_of(call)), found["name"])
    if not routes and not _names(_own_settings(call), found["name"]):
        return None
    told = {"UsedByRoutes": True} if routes else {"UsedByRules": True}
    return status(409, "Conflict", "Conflict", uid=f"{_CODE}.used", causes=causes(told))


def _own_settings(call: Call) -> Kept:
    return [rule["notification_settings"] for rule in call.org.rules.values() if rule.get("notification_settings")]


def _names(routes: Kept, name: str) -> bool:
    return any(name in (route.get(key) or ()) for route in routes for key in _NAMING)


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


INTERVALS = ByName(
    plural="timeintervals",
    kind="TimeInterval",
    code=_CODE,
    called="Time interval",
    shown=_shown,
    taken=_taken,
    absent=_absent,
    used=_used,
    renamed=_renamed,
)

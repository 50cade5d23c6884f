"""One alert rule as Grafana keeps it: the form in which two are compared, and durations as it writes them.

Verified on 12.3.0: Grafana fills `intervalMs` and `maxDataPoints` of a model, takes `queryType` from it, writes
durations anew (`90m` is `1h30m`), and empties what a recording rule does not have.
"""

import re
from collections.abc import Mapping

from reconciler.core.json import Json, JsonObject, as_list, as_object, text_of

_FORM = r"(?a)(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?\Z"
_UNITS = (("y", 31_536_000_000), ("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000),
          ("s", 1000), ("ms", 1))  # fmt: skip
_WHOLE = frozenset({"y", "w"})
"""Units that Grafana writes only where nothing is left over."""
_SERVERS = frozenset({"id", "orgID", "folderUID", "ruleGroup", "updated", "provenance"})
EXPRESSION = "__expr__"
DASHBOARD, PANEL = "__dashboardUid__", "__panelId__"
_DEFAULTS: dict[str, Json] = {
    "noDataState": "NoData",
    "execErrState": "Error",
    "for": "0s",
    "keep_firing_for": "0s",
    "isPaused": False,
}
_PLAIN = frozenset({"uid", "title", "condition", "data", "annotations", "labels", "notification_settings", "record"})
KNOWN = _PLAIN | _DEFAULTS.keys() | {"missingSeriesEvalsToResolve"}
"""The fields of a rule in 12.3."""
_TIMES = ("group_wait", "group_interval", "repeat_interval")


def milliseconds(text: str) -> int:
    """A duration's length. Raises ValueError where it is none."""
    found = re.match(_FORM, text)
    if not text or found is None:
        raise ValueError(f"'{text}' is no duration: write 30s, 5m, 1h30m or 1d")
    return sum(int(part or 0) * size for part, (_, size) in zip(found.groups(), _UNITS, strict=True))


def written(length: int) -> str:
    """A length as Grafana writes it."""
    text = ""
    for unit, size in _UNITS:
        if length >= size and not (unit in _WHOLE and length % size):
            text += f"{length // size}{unit}"
            length %= size
    return text or "0s"


def _duration(value: Json) -> Json:
    """As Grafana writes it, what is no duration as it is."""
    try:
        return written(milliseconds(value)) if isinstance(value, str) else value
    except ValueError:
        return value


def normal_rule(rule: JsonObject) -> dict[str, Json]:
    """A rule with defaults filled and without the server's own keys."""
    result: dict[str, Json] = {key: value for key, value in rule.items() if key not in _SERVERS}
    result |= {key: default for key, default in _DEFAULTS.items() if result.get(key) in (None, "")}
    for key in ("for", "keep_firing_for"):
        result[key] = _duration(result[key])
    for key in ("uid", "title", "condition"):
        result[key] = text_of(result.get(key))
    for key in ("annotations", "labels"):
        result[key] = {**as_object(result.get(key))}
    result["data"] = [_query(as_object(item)) for item in as_list(result.get("data"))]
    result["notification_settings"] = _notified(result.get("notification_settings"))
    record = result.get("record")
    result["record"] = {k: v for k, v in record.items() if v not in (None, "")} if isinstance(record, Mapping) else None
    if result["record"]:
        result |= dict.fromkeys(("condition", "noDataState", "execErrState"), "")
    if not result.get("missingSeriesEvalsToResolve"):
        result.pop("missingSeriesEvalsToResolve", None)
    return result


def _query(query: JsonObject) -> dict[str, Json]:
    model: dict[str, Json] = {**as_object(query.get("model"))}
    letter = text_of(query.get("refId"))
    for key, default in (("intervalMs", 1000), ("maxDataPoints", 43200)):
        if not model.get(key):
            model[key] = default
    model.setdefault("refId", letter)
    span = as_object(query.get("relativeTimeRange"))
    return {
        **query,
        "refId": letter,
        "queryType": text_of(model.get("queryType")) or text_of(query.get("queryType")),
        "relativeTimeRange": {"from": span.get("from") or 0, "to": span.get("to") or 0},
        "datasourceUid": text_of(query.get("datasourceUid")),
        "model": model,
    }


def _notified(value: Json) -> Json:
    """Empty lists and texts are left out by Grafana."""
    if not isinstance(value, Mapping):
        return None
    kept: dict[str, Json] = {key: item for key, item in value.items() if item not in (None, "", [])}
    return {key: _duration(item) if key in _TIMES else item for key, item in kept.items()}


def known_part(rule: JsonObject, like: JsonObject) -> dict[str, Json]:
    """Without what later Grafanas add and the author of `like` never wrote."""
    return {key: value for key, value in rule.items() if key in KNOWN or key in like}

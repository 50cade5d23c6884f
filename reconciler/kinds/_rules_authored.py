"""What to write in a file for a live group of alert rules. Pure."""

from reconciler.core.json import Json, JsonObject, as_list, as_object, text_of
from reconciler.core.kind import LiveNames
from reconciler.kinds._notified import authored_settings
from reconciler.kinds._rules import DASHBOARD, EXPRESSION, PANEL, written

_AS_WRITTEN = (
    ("for", "for", "0s"),
    ("keep_firing_for", "keep_firing_for", "0s"),
    ("noDataState", "no_data_state", "NoData"),
    ("execErrState", "exec_err_state", "Error"),
    ("isPaused", "is_paused", False),
    ("missingSeriesEvalsToResolve", "missing_series_evals_to_resolve", None),
)


def authored_group(group: JsonObject, names: LiveNames) -> dict[str, Json]:
    """The spec of a normalised group."""
    folder, interval = text_of(group["folderUid"]), group["interval"]
    assert isinstance(interval, int)
    return {
        "title": group["title"],
        "folder": names.name("folder", folder) or folder,
        "interval": written(interval * 1000),
        "rules": [_rule(as_object(rule), names) for rule in as_list(group["rules"])],
    }


def _rule(rule: JsonObject, names: LiveNames) -> dict[str, Json]:
    record = as_object(rule.get("record"))
    result: dict[str, Json] = {"title": rule["title"], "uid": rule["uid"]}
    result["data"] = [_query(as_object(item), names) for item in as_list(rule["data"])]
    if not record:
        result["condition"] = rule["condition"]
    for key, said, default in _AS_WRITTEN:
        if rule.get(key) not in (default, None, ""):
            result[said] = rule[key]
    annotations = {**as_object(rule["annotations"])}
    board = names.name("dashboard", text_of(annotations.get(DASHBOARD)))
    panel = text_of(annotations.get(PANEL))
    if board and panel.isdecimal():
        result |= {"dashboard": board, "panel": int(panel)}
        annotations = {key: value for key, value in annotations.items() if key not in (DASHBOARD, PANEL)}
    for key, value in (("labels", as_object(rule["labels"])), ("annotations", annotations)):
        if value:
            result[key] = {**value}
    if rule.get("notification_settings"):
        result["notification_settings"] = authored_settings(as_object(rule["notification_settings"]), names)
    if record:
        result["record"] = {"metric": record.get("metric"), "from": record.get("from")}
        target = text_of(record.get("target_datasource_uid"))
        if target:
            result["record"] = {**as_object(result["record"]), "datasource": names.name("datasource", target) or target}
    return result


def _query(query: JsonObject, names: LiveNames) -> dict[str, Json]:
    """A query with its datasource by name where that is declared, and without what Grafana fills."""
    uid = text_of(query["datasourceUid"])
    name = uid if uid == EXPRESSION else names.name("datasource", uid)
    model = dict(as_object(query["model"]))
    for key, default in (("intervalMs", 1000), ("maxDataPoints", 43200), ("refId", query["refId"])):
        if model.get(key) == default:
            del model[key]
    gone = {"datasourceUid", "model", *(() if query["queryType"] else ("queryType",))}
    kept = {key: value for key, value in query.items() if key not in gone}
    if kept["relativeTimeRange"] == {"from": 0, "to": 0}:
        del kept["relativeTimeRange"]
    return {**kept, **({"datasource": name} if name else {"datasourceUid": uid}), "model": model}

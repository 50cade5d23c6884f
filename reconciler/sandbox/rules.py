"""Alert rules over the provisioning API, one by one and by group, as 12.3.0 does: also what it does unasked (a group's
PUT moves rules from other groups, takes a folder that is not there, and takes provenance away).
"""

import re
import secrets
from typing import Any

from reconciler.sandbox.call import Call, Reply, denied, message
from reconciler.sandbox.notifications import receivers
from reconciler.sandbox.world import short_uid

_NOT_FOUND = {"statusCode": 404, "messageId": "alerting.alert-rule.notFound", "message": "NotFound"}
_STATES = (
    ("noDataState", "NoData state", frozenset({"NoData", "Alerting", "OK", "KeepLast"})),
    ("execErrState", "Error state", frozenset({"Error", "Alerting", "OK", "KeepLast"})),
)
_SIZES = {"y": 31_536_000_000, "w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
_WHOLE = ("y", "w")
_ZERO = "0001-01-01T00:00:00Z"
_PINNED = "X-Disable-Provenance".lower()


def list_(call: Call) -> Reply:
    """GET /api/v1/provisioning/alert-rules: all of them at once."""
    return Reply(200, [_shown(rule) for rule in _ordered(call)])


def read(call: Call) -> Reply:
    """One rule; 404 has no body."""
    found = call.org.rules.get(call.parts["uid"])
    return Reply(200, _shown(found)) if found else Reply(404, content_type="")


def create(call: Call) -> Reply:
    """POST: the folder must be there, and the uid free."""
    fields = call.fields
    if not call.user.may_edit(call.org.id):
        return denied("alert.provisioning:write")
    if fields.get("folderUID") not in call.org.folders:
        return message(400, "invalid alert rule: folder does not exist")
    uid = fields.get("uid") or short_uid()
    if not re.fullmatch(r"[A-Za-z0-9_-]+", uid):
        text = f"cannot create rule with UID '{uid}': invalid format of UID. Only letters, numbers, '-' and '_' are"
        return message(400, f"invalid alert rule\n{text} allowed")
    if not fields.get("title"):
        return message(400, "invalid alert rule: title is empty")
    if uid in call.org.rules:
        return _taken(call, uid)
    folder, group = fields["folderUID"], fields.get("ruleGroup") or "default"
    others = _of_group(call, folder, group)
    rule = _stored(call, {**fields, "uid": uid}, folder, group, len(others))
    rule["_interval"] = others[0]["_interval"] if others else 60
    rule["provenance"] = "" if _PINNED in call.headers else "api"
    call.org.rules[uid] = rule
    return Reply(201, _shown(rule))


def update(call: Call) -> Reply:
    """PUT of one: provenance can be added so, and not taken away."""
    found = call.org.rules.get(call.parts["uid"])
    if not call.user.may_edit(call.org.id):
        return denied("alert.provisioning:write")
    if found is None:
        return Reply(404, content_type="")
    if found["provenance"] and _PINNED in call.headers:
        return message(500, "Internal Server Error")
    fields = {**call.fields, "uid": found["uid"]}
    rule = _stored(call, fields, fields.get("folderUID"), fields.get("ruleGroup"), found["_index"], found)
    rule["_interval"] = found["_interval"]
    rule["provenance"] = "" if _PINNED in call.headers else "api"
    call.org.rules[found["uid"]] = rule
    return Reply(200, _shown(rule))


def delete(call: Call) -> Reply:
    """204, also for what never was."""
    call.org.rules.pop(call.parts["uid"], None)
    return Reply(204)


def read_group(call: Call) -> Reply:
    """A group with its interval; nobody's provenance is told."""
    folder, group = call.parts["folder"], call.parts["group"]
    found = _of_group(call, folder, group)
    if not found:
        return Reply(404, _NOT_FOUND)
    rules = [{key: value for key, value in _shown(rule).items() if key != "provenance"} for rule in found]
    return Reply(200, {"title": group, "folderUid": folder, "interval": found[0]["_interval"], "rules": rules})


def write_group(call: Call) -> Reply:
    """PUT: replaces the group's rules; whatever uid another group has moves here."""
    folder, group, fields = call.parts["folder"], call.parts["group"], call.fields
    if not call.user.may_edit(call.org.id):
        return denied("alert.provisioning:write")
    interval, rules = fields.get("interval") or 0, fields.get("rules") or []
    refusal = _refusal(call, interval, rules)
    if refusal is not None:
        return refusal
    answer = {"title": group, "folderUid": folder, "interval": interval, "rules": [_echo(rule) for rule in rules]}
    if not rules:
        return Reply(200, answer)
    before = {rule["uid"]: rule for rule in _of_group(call, folder, group)}
    given = [{**rule, "uid": rule.get("uid") or short_uid()} for rule in rules]
    for uid in before.keys() - {rule["uid"] for rule in given}:
        del call.org.rules[uid]
    for index, rule in enumerate(given):
        made = _stored(call, rule, folder, group, index, call.org.rules.get(rule["uid"]))
        made["_interval"] = interval
        made["provenance"] = "" if _PINNED in call.headers else "api"
        call.org.rules[rule["uid"]] = made
    return Reply(200, answer)


def delete_group(call: Call) -> Reply:
    """204, or 404 where there is none."""
    found = _of_group(call, call.parts["folder"], call.parts["group"])
    if not call.user.may_edit(call.org.id):
        return denied("alert.provisioning:write")
    for rule in found:
        del call.org.rules[rule["uid"]]
    return Reply(204) if found else Reply(404, _NOT_FOUND)


def ruler(call: Call) -> Reply:
    """GET /api/ruler/grafana/api/v1/rules: by the title of the folder."""
    found: dict[str, list[dict[str, Any]]] = {}
    for rule in _ordered(call):
        folder = call.org.folders.get(rule["folderUID"], {"title": rule["folderUID"]})["title"]
        groups = found.setdefault(folder, [])
        if not groups or groups[-1]["name"] != rule["ruleGroup"]:
            interval = _written(rule["_interval"] * 1000)
            groups.append({"name": rule["ruleGroup"], "interval": interval, "rules": []})
        groups[-1]["rules"].append(_ruled(rule))
    return Reply(202 if "folder" in call.parts else 200, found)


def _ruled(rule: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {
        key: rule[key] for key in ("for", "keep_firing_for", "labels", "annotations") if key in rule
    }
    inner = {key: rule[key] for key in ("title", "condition", "data", "updated", "uid")}
    inner |= {"updated_by": rule["_by"], "intervalSeconds": rule["_interval"], "version": rule["_version"]}
    inner |= {"namespace_uid": rule["folderUID"], "rule_group": rule["ruleGroup"], "guid": rule["_guid"]}
    inner |= {"no_data_state": rule["noDataState"], "exec_err_state": rule["execErrState"]}
    inner |= {"is_paused": rule["isPaused"], **({"provenance": rule["provenance"]} if rule["provenance"] else {})}
    flags = {"simplified_query_and_expressions_section": False, "simplified_notifications_section": False}
    return {"expr": "", **shown, "grafana_alert": {**inner, "metadata": {"editor_settings": flags}}}


def _ordered(call: Call) -> list[dict[str, Any]]:
    def place(rule: dict[str, Any]) -> tuple[str, str, int]:
        return rule.get("folderUID") or "", rule.get("ruleGroup") or "", rule.get("_index", 0)

    return sorted(call.org.rules.values(), key=place)


def _of_group(call: Call, folder: str, group: str) -> list[dict[str, Any]]:
    return [rule for rule in _ordered(call) if (rule.get("folderUID"), rule.get("ruleGroup")) == (folder, group)]


def _shown(rule: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in rule.items() if not k.startswith("_") and (k != "provenance" or v)}


def _taken(call: Call, uid: str) -> Reply:
    cause = "UNIQUE constraint failed: alert_rule.org_id, alert_rule.uid"
    text = f"Failed to save alert rule '{uid}' in organization {call.org.id} due to conflict: {cause}"
    more = {"Error": cause, "OrgID": call.org.id, "RuleUID": uid}
    body = {"statusCode": 409, "messageId": "alerting.alert-rule.conflict", "message": text, "extra": more}
    return Reply(409, body)


def _refusal(call: Call, interval: int, rules: list[dict[str, Any]]) -> Reply | None:
    if not interval or interval % 10:
        text = f"interval ({interval}s) should be non-zero and divided exactly by scheduler interval: 10"
        return message(400, f"invalid alert rule: {text}")
    uids = [rule.get("uid") for rule in rules if rule.get("uid")]
    for rule in rules:
        uid, notes = rule.get("uid") or "", rule.get("annotations") or {}
        if uids.count(uid) > 1:
            return _taken(call, uid)
        if len(uid) > 40:
            text = f'cannot create rule with UID "{uid}": UID is longer than 40 symbols'
            return message(400, f"invalid alert rule: {text}")
        if ("__dashboardUid__" in notes) != ("__panelId__" in notes):
            text = "both annotations __dashboardUid__ and __panelId__ must be specified"
            return message(400, f"invalid alert rule: {text}")
        if any(_length(rule.get(key) or "0s") is None for key in ("for", "keep_firing_for")):
            return message(400, "bad request data")
        for key, name, known in () if rule.get("record") else _STATES:
            if rule.get(key) not in known and (rule.get(key) or key == "execErrState"):
                text = f"unknown {name} option {rule.get(key) or ''}"
                return message(400, f"failed to insert alert rules: invalid alert rule: {text}")
        receiver = (rule.get("notification_settings") or {}).get("receiver")
        if receiver is not None and receiver not in {item["name"] for item in receivers(call)}:
            return message(400, f"invalid alert rule\nreceiver {receiver} does not exist")
    return None


def _echo(rule: dict[str, Any]) -> dict[str, Any]:
    """How a PUT of a group answers: what was sent, with what was left out as nothing."""
    result = {"id": 0, "orgID": 0, "folderUID": "", "ruleGroup": "", **rule, "updated": _ZERO}
    data = [{"queryType": "", "relativeTimeRange": {"from": 0, "to": 0}, **query} for query in rule.get("data") or []]
    return {**_filled(result), "data": data}


def _filled(rule: dict[str, Any]) -> dict[str, Any]:
    result = {"noDataState": "", "execErrState": "", "isPaused": False, "notification_settings": None, "record": None}
    result |= {key: value for key, value in rule.items() if value not in ({}, None)}
    if not result.get("missingSeriesEvalsToResolve"):
        result.pop("missingSeriesEvalsToResolve", None)
    for key in ("for", "keep_firing_for"):
        result[key] = _written(_length(rule.get(key) or "0s") or 0)
    return result


def _stored(
    call: Call, rule: dict[str, Any], folder: Any, group: Any, index: int, before: dict[str, Any] | None = None
) -> dict[str, Any]:
    result = _filled({"condition": "", **rule})
    result["data"] = [_query(query) for query in rule.get("data") or []]
    settings = result["notification_settings"]
    if settings:
        kept = {key: value for key, value in settings.items() if value not in (None, "", [])}
        times = ("group_wait", "group_interval", "repeat_interval")
        result["notification_settings"] = {k: _written(_length(v) or 0) if k in times else v for k, v in kept.items()}
    if result["record"]:
        result |= dict.fromkeys(("condition", "noDataState", "execErrState"), "")
    result |= {"orgID": call.org.id, "folderUID": folder, "ruleGroup": group, "updated": call.now}
    result["id"] = before["id"] if before else call.world.next("rule")
    result["_index"], result["_version"] = index, (before["_version"] + 1 if before else 1)
    result["_guid"] = before["_guid"] if before else secrets.token_hex(16)
    result["_by"] = {"uid": call.user.uid, "name": call.user.login}
    return result


def _query(query: dict[str, Any]) -> dict[str, Any]:
    """As it is stored: keys of the model in order, what is missing filled in, the type of the query from the model."""
    model = dict(query.get("model") or {})
    for key, default in (("intervalMs", 1000), ("maxDataPoints", 43200)):
        model[key] = model.get(key) or default
    span = {"from": 0, "to": 0, **(query.get("relativeTimeRange") or {})}
    kind = model["queryType"] if isinstance(model.get("queryType"), str) else query.get("queryType") or ""
    return {**query, "queryType": kind, "relativeTimeRange": span, "model": dict(sorted(model.items()))}


def _length(text: Any) -> int | None:
    """Milliseconds of a duration; None where it is none."""
    pattern = "".join(rf"(?:(?P<{unit}>\d+){unit})?" for unit in _SIZES)
    found = re.fullmatch(pattern, text, re.ASCII) if isinstance(text, str) and text else None
    if found is None:
        return None
    return sum(int(number or 0) * _SIZES[unit] for unit, number in found.groupdict().items())


def _written(length: int) -> str:
    text = ""
    for unit, size in _SIZES.items():
        if length >= size and not (unit in _WHOLE and length % size):
            text += f"{length // size}{unit}"
            length %= size
    return text or "0s"

"""Datasources (grafana-api.md section 12)."""

from typing import Any
from urllib.parse import urlsplit

from reconciler.sandbox.call import BAD, Call, Reply, bad_uid, denied, message
from reconciler.sandbox.world import short_uid

_NAMES = {
    "prometheus": "Prometheus",
    "loki": "Loki",
    "elasticsearch": "Elasticsearch",
    "grafana-postgresql-datasource": "PostgreSQL",
}
_KEPT_WHEN_EMPTY = ("basicAuthUser", "url")


def _shown(call: Call, source: dict[str, Any]) -> dict[str, Any]:
    logo = f"public/plugins/{source['type']}/img/{source['type']}_logo.svg"
    return {
        "id": source["id"],
        "uid": source["uid"],
        "orgId": call.org.id,
        "name": source["name"],
        "type": source["type"],
        "typeLogoUrl": logo if source["type"] in _NAMES else "public/img/icn-datasource.svg",
        "access": source["access"],
        "url": source["url"],
        "user": source["user"],
        "database": source["database"],
        "basicAuth": source["basicAuth"],
        "basicAuthUser": source["basicAuthUser"],
        "withCredentials": source["withCredentials"],
        "isDefault": source["isDefault"],
        "jsonData": source["jsonData"],
        "secureJsonFields": dict.fromkeys(sorted(source["secrets"]), True),
        "version": source["version"],
        "readOnly": source["readOnly"],
        "apiVersion": "",
    }


def list_(call: Call) -> Reply:
    """All, by name, without version and secrets."""
    left_out = {"basicAuthUser", "withCredentials", "secureJsonFields", "version", "apiVersion"}
    items = []
    for source in sorted(call.org.datasources.values(), key=lambda s: (s["name"].lower(), s["name"])):
        shown = {key: value for key, value in _shown(call, source).items() if key not in left_out}
        items.append({**shown, "typeName": _NAMES.get(source["type"], source["type"])})
    return Reply(200, items)


def read(call: Call) -> Reply:
    """One, by uid, name or number."""
    found = _find(call)
    return Reply(200, _shown(call, found)) if found else message(404, "Data source not found")


def _find(call: Call) -> dict[str, Any] | None:
    by = {"uid": "uid", "name": "name", "id": "id"}[call.parts.get("by", "uid")]
    return next((s for s in call.org.datasources.values() if str(s[by]) == call.parts["key"]), None)


def read_id(call: Call) -> Reply:
    """The number of a name."""
    found = next((s for s in call.org.datasources.values() if s["name"] == call.parts["key"]), None)
    return Reply(200, {"id": found["id"]}) if found else message(404, "Data source not found")


def create(call: Call) -> Reply:
    """POST: the first one becomes the default unasked."""
    if not call.user.is_admin(call.org.id):
        return denied("datasources:create")
    fields = call.fields
    refusal = _refusal(call, fields, None)
    if refusal is not None:
        return refusal
    uid = fields.get("uid") or short_uid()
    alike = sum(1 for other in call.org.datasources.values() if other["name"].startswith(f"{fields['type']}-"))
    name = fields.get("name") or f"{fields['type']}-{alike + 1}"
    source: dict[str, Any] = {
        "id": call.world.next("datasource"),
        "uid": uid,
        "name": name,
        "secrets": {},
        "readOnly": False,
    }
    first = not call.org.datasources
    _take(call, source, {**fields, "name": name})
    source["version"] = 1
    call.org.datasources[uid] = source
    if first:
        source["isDefault"] = True
    answer = {"datasource": _shown(call, source), "id": source["id"], "message": "Datasource added", "name": name}
    return Reply(200, answer)


def _refusal(call: Call, fields: dict[str, Any], own: dict[str, Any] | None) -> Reply | None:
    if call.body is BAD or not fields.get("type") or not fields.get("access") or (own and not fields.get("name")):
        return message(400, "bad request data")
    uid, name = fields.get("uid") or "", fields.get("name") or ""
    if bad_uid(uid):
        return Reply(
            400, {"statusCode": 400, "messageId": "datasource.uidInvalid", "message": "Invalid datasource UID."}
        )
    if len(name) > 190:
        return Reply(
            400, {"statusCode": 400, "messageId": "datasource.nameInvalid", "message": "Invalid datasource name."}
        )
    others = [s for s in call.org.datasources.values() if s is not own]
    if name and any(s["name"] == name for s in others):
        text = "data source with the same name already exists"
        return message(409, f"Failed to update datasource: {text}" if own else text)
    if own is None and any(s["uid"] == uid for s in others):
        return message(409, "data source with the same uid already exists")
    if fields["type"] == "prometheus" and not urlsplit(fields.get("url") or "http://x").scheme:
        return message(400, "Validation error, invalid URL")
    return None


def _take(call: Call, source: dict[str, Any], fields: dict[str, Any]) -> None:
    """A replace, with holes: some fields cannot be emptied, secrets stay unless named."""
    for key in ("name", "type", "access"):
        source[key] = fields[key]
    for key in ("user", "database"):
        source[key] = fields.get(key) or ""
    for key in _KEPT_WHEN_EMPTY:
        source[key] = fields.get(key) or source.get(key, "")
    for key in ("basicAuth", "withCredentials", "isDefault"):
        source[key] = bool(fields.get(key))
    source["jsonData"] = fields.get("jsonData") or {}
    if "drop_secure_json" not in call.options:
        for key, value in (fields.get("secureJsonData") or {}).items():
            if value == "":
                source["secrets"].pop(key, None)
            else:
                source["secrets"][key] = value
    if source["isDefault"]:
        for other in call.org.datasources.values():
            if other is not source:
                other["isDefault"] = False


def update(call: Call) -> Reply:
    """PUT: only a smaller version is refused; none sets it back to 1."""
    if not call.user.is_admin(call.org.id):
        return denied("datasources:write")
    source = _find(call)
    if source is None:
        return message(404, "Data source not found")
    if source["readOnly"]:
        return message(403, "Cannot update read-only data source")
    fields = call.fields
    refusal = _refusal(call, fields, source)
    if refusal is not None:
        return refusal
    if fields.get("uid") and fields["uid"] != source["uid"]:
        return message(500, "Failed to update datasource")
    sent = fields.get("version") or 0
    if sent and sent < source["version"]:
        return message(409, "Datasource has already been updated by someone else. Please reload and try again")
    _take(call, source, fields)
    source["version"] = sent + 1
    answer = {
        "datasource": _shown(call, source),
        "id": source["id"],
        "message": "Datasource updated",
        "name": source["name"],
    }
    return Reply(200, answer)


def delete(call: Call) -> Reply:
    """DELETE by uid."""
    if not call.user.is_admin(call.org.id):
        return denied("datasources:delete")
    source = _find(call)
    if source is None:
        return message(404, "Data source not found")
    if source["readOnly"]:
        return message(403, "Cannot delete read-only data source")
    del call.org.datasources[source["uid"]]
    return message(200, "Data source deleted", id=source["id"])

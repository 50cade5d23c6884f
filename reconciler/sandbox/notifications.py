"""Contact points and the tree of notification policies over /apis/notifications.alerting.grafana.app/v0alpha1.

Of the types of integrations it knows those of `_SECURE`; their settings are checked as far as `_NEEDED` says.
"""

import json
from collections.abc import Iterator
from typing import Any

from reconciler.sandbox.call import UID, Call, Reply, status
from reconciler.sandbox.notified import (
    Kept,
    causes,
    changed,
    denied,
    kept,
    listing,
    managed,
    routes_of,
    shown,
    stamp,
    tree_of,
    uid_of,
)
from reconciler.sandbox.world import short_uid

_SECURE: dict[str, tuple[str, ...]] = {
    "discord": ("url",),
    "email": (),
    "opsgenie": ("apiKey",),
    "pagerduty": ("integrationKey",),
    "slack": ("token", "url"),
    "teams": (),
    "telegram": ("bottoken",),
    "webhook": (
        "password",
        "authorization_credentials",
        "tlsConfig.caCertificate",
        "tlsConfig.clientCertificate",
        "tlsConfig.clientKey",
        "hmacConfig.secret",
    ),
}
_NEEDED = {"email": "addresses", "webhook": "url"}
_KIND = "receivers"


def receivers(call: Call) -> Kept:
    """Those of the organisation, in their order; every one begins with an e-mail one that has no uid."""
    found = kept(call.org, _KIND)
    if not found:
        integration = {"uid": "", "type": "email", "settings": {"addresses": "<example@email.com>"}, "secrets": {}}
        found.append({"name": "grafana-default-email", "provenance": "none", "integrations": [integration]})
    return found


def _shown(call: Call, item: dict[str, Any], *, full: bool) -> dict[str, Any]:
    notes: dict[str, Any] = {}
    if full:
        routes = sum(1 for name in _named(tree_of(call)) if name == item["name"])
        rules = [rule for rule in call.org.rules.values() if _own_receiver(rule) == item["name"]]
        may = "true" if call.user.may_edit(call.org.id) else ""
        allowed = ("canAdmin", "canDelete", "canReadSecrets", "canWrite") if may else ()
        notes = {f"grafana.com/access/{what}": may for what in allowed}
        notes |= {"grafana.com/canUse": "true", "grafana.com/inUse/routes": str(routes)}
        notes |= {"grafana.com/inUse/rules": str(len(rules))}
    integrations = []
    for one in item["integrations"]:
        settings = {"disableResolveMessage": bool(one.get("disableResolveMessage")), "settings": one["settings"]}
        entry = {"uid": one["uid"], "type": one["type"], "version": "v1", **settings}
        secure = dict.fromkeys(sorted(one["secrets"]), True)
        integrations.append({**entry, "secureFields": secure} if secure else entry)
    spec = {"title": item["name"], "integrations": integrations}
    return shown(call, "Receiver", uid_of(item["name"]), _stamp(item), spec, {**notes, **managed(item)})


def _stamp(item: dict[str, Any]) -> str:
    return stamp([item["name"], item["integrations"]])


def _own_receiver(rule: dict[str, Any]) -> str:
    return str((rule.get("notification_settings") or {}).get("receiver") or "")


def _named(tree: dict[str, Any]) -> Iterator[str]:
    return (route["receiver"] for route in routes_of(tree) if route.get("receiver"))


def list_(call: Call) -> Reply:
    """All of them, whatever `limit` says."""
    return listing("Receiver", [_shown(call, item, full=True) for item in receivers(call)])


def _find(call: Call) -> dict[str, Any] | None:
    return next((item for item in receivers(call) if uid_of(item["name"]) == call.parts["uid"]), None)


_ABSENT = status(404, "Receiver not found", "NotFound", uid="alerting.notifications.receivers.notFound")


def read(call: Call) -> Reply:
    """One, by the uid that follows from its name."""
    found = _find(call)
    return Reply(200, _shown(call, found, full=True)) if found else _ABSENT


def create(call: Call) -> Reply:
    """POST: a name must be free, a uid of an integration too."""
    if not call.user.may_edit(call.org.id):
        return denied("create")
    taken, refusal = _taken(call, None)
    if refusal is not None:
        return refusal
    if any(item["name"] == taken["name"] for item in receivers(call)):
        text = "Receiver with this name already exists. Use a different name or update an existing one."
        return status(409, text, "Conflict", uid="alerting.notifications.receivers.exists")
    refusal = _uids_used(call, taken, None)
    if refusal is not None:
        return refusal
    receivers(call).append(taken)
    return Reply(201, _shown(call, taken, full=False))


def update(call: Call) -> Reply:
    """PUT: the revision must be the present one; another name goes into all that names it."""
    if not call.user.may_edit(call.org.id):
        return denied("update")
    found = _find(call)
    if found is None:
        return _ABSENT
    refusal = _not_now(call, found, (call.fields.get("metadata") or {}).get("resourceVersion") or "")
    if refusal is not None:
        return refusal
    taken, refusal = _taken(call, found)
    refusal = refusal or _uids_used(call, taken, found)
    if refusal is not None:
        return refusal
    if taken["name"] != found["name"]:
        _rename(call, found["name"], taken["name"])
    found.update(taken)
    return Reply(200, _shown(call, found, full=False))


def delete(call: Call) -> Reply:
    """DELETE: refused while the tree or a rule names it, and with a revision that is not the present one."""
    if not call.user.may_edit(call.org.id):
        return denied("delete")
    found = _find(call)
    if found is None:
        return _ABSENT
    version = (call.fields.get("preconditions") or {}).get("resourceVersion")
    refusal = _not_now(call, found, _stamp(found) if version is None else version)
    if refusal is not None:
        return refusal
    routes = found["name"] in _named(tree_of(call))
    rules = [rule["uid"] for rule in call.org.rules.values() if _own_receiver(rule) == found["name"]]
    if routes or rules:
        by = [*(["one or more routes"] if routes else []), *([f"{len(rules)} rules"] if rules else [])]
        details = {"UsedByRoutes": routes} if routes else {"UsedByRules": rules}
        said = " and ".join(by)
        uid = "alerting.notifications.receivers.used"
        return status(
            409, f"Receiver is used by {said}", "Conflict", uid=uid, causes=causes({**details, "UsedBy": said})
        )
    last = _shown(call, found, full=True)
    receivers(call).remove(found)
    return Reply(200, last)


def _not_now(call: Call, found: dict[str, Any], version: str) -> Reply | None:
    now = _stamp(found)
    if version != now:
        text = f"Provided version '{version}' of receiver '{found['name']}' does not match current version '{now}'"
        told = causes({"Version": version, "CurrentVersion": now, "Name": found["name"]})
        return status(409, text, "Conflict", uid="alerting.notifications.receivers.conflict", causes=told)
    return changed(found)


def _invalid(why: str) -> Reply:
    told = causes({"Reason": why})
    uid = "alerting.notifications.receivers.invalid"
    return status(400, f"Invalid receiver: '{why}'", "BadRequest", uid=uid, causes=told)


def _taken(call: Call, old: dict[str, Any] | None) -> tuple[dict[str, Any], Reply | None]:
    """What is sent, as it is kept: secrets apart, and of the old ones those that are named."""
    spec = call.fields.get("spec") or {}
    name = spec.get("title") or ""
    integrations = []
    for sent in spec.get("integrations") or []:
        sort = next((known for known in _SECURE if known == str(sent.get("type")).lower()), None)
        if sort is None:
            return {}, status(500, f"unknown integration type: {sent.get('type')}")
        settings, secrets = json.loads(json.dumps(sent.get("settings") or {})), {}
        for path in _SECURE[sort]:
            value = _take_out(settings, path.split("."))
            if value:
                secrets[path] = {"value": value, "sealed": short_uid()}
        uid = sent.get("uid") or ""
        before = next((one for one in (old or {}).get("integrations", ()) if uid and one["uid"] == uid), None)
        for path, wanted in (sent.get("secureFields") or {}).items():
            secrets.pop(path, None)
            if wanted and before and path in before["secrets"]:
                secrets[path] = before["secrets"][path]
        need = _NEEDED.get(sort)
        if need and not settings.get(need):
            what = f'failed to validate integration "{name}" (UID {uid}) of type "{sort}"'
            return {}, _invalid(f"{what}: required field '{need}' is not specified")
        if not UID.match(uid):
            why = "invalid format of UID. Only letters, numbers, '-' and '_' are allowed"
            return {}, _invalid(f'integration UID "{uid}" is invalid: {why}')
        one = {"uid": uid or short_uid(), "type": sort, "settings": settings, "secrets": secrets}
        integrations.append({**one, "disableResolveMessage": bool(sent.get("disableResolveMessage"))})
    return {"name": name, "provenance": "none", "integrations": integrations}, None


def _take_out(settings: dict[str, Any], path: list[str]) -> str:
    for key in path[:-1]:
        settings = settings.get(key) or {}
    return str(settings.pop(path[-1], "") or "")


def _uids_used(call: Call, taken: dict[str, Any], own: dict[str, Any] | None) -> Reply | None:
    used = {one["uid"] for item in receivers(call) if item is not own for one in item["integrations"]}
    for one in taken["integrations"]:
        if one["uid"] in used:
            return _invalid(f'integration with UID "{one["uid"]}" already exists')
        used.add(one["uid"])
    return None


def _rename(call: Call, old: str, new: str) -> None:
    for route in routes_of(tree_of(call)):
        if route.get("receiver") == old:
            route["receiver"] = new
    for rule in call.org.rules.values():
        if _own_receiver(rule) == old:
            rule["notification_settings"]["receiver"] = new

"""Message templates over /apis/notifications.alerting.grafana.app/v0alpha1 (there: template groups).

Of Go's template language it knows no more than whether something is defined.
"""

import re
from typing import Any

from reconciler.sandbox.call import Call, Reply, status
from reconciler.sandbox.notified import GROUP, Kept, causes, changed, denied, kept, managed, shown, stamp, uid_of

_CODE = "alerting.notifications.templates"
_BUILT_IN = {"title": "Built-in Templates", "content": '{{ define "__subject" }}[{{.Status | toUpper}}]{{ end }}'}


def templates(call: Call) -> Kept:
    """Those of the organisation."""
    return kept(call.org, "templategroups")


def _shown(call: Call, item: dict[str, Any]) -> dict[str, Any]:
    spec = {"title": item["name"], "content": item["content"]}
    return shown(call, "TemplateGroup", uid_of(item["name"]), stamp(item["content"]), spec, managed(item))


def list_(call: Call) -> Reply:
    """All of them, and the built-in ones (here: a little of them), which have no revision."""
    built_in = shown(call, "TemplateGroup", "__default__", "", _BUILT_IN, {"grafana.com/provenance": "system"})
    del built_in["metadata"]["resourceVersion"]
    items = [built_in, *(_shown(call, item) for item in sorted(templates(call), key=lambda item: str(item["name"])))]
    for item in items:
        del item["kind"], item["apiVersion"]
    return Reply(200, {"kind": "TemplateGroupList", "apiVersion": GROUP, "metadata": {}, "items": items})


def _find(call: Call) -> dict[str, Any] | None:
    return next((item for item in templates(call) if uid_of(item["name"]) == call.parts["uid"]), None)


_ABSENT = status(404, "NotFound", "NotFound", uid=f"{_CODE}.notFound")


def read(call: Call) -> Reply:
    """One, by the uid that follows from its name."""
    found = _find(call)
    return Reply(200, _shown(call, found)) if found else _ABSENT


def create(call: Call) -> Reply:
    """POST: the name must be free (400)."""
    if not call.user.may_edit(call.org.id):
        return denied("create")
    taken = _taken(call)
    if isinstance(taken, Reply):
        return taken
    if any(item["name"] == taken["name"] for item in templates(call)):
        text = "Template file with this name already exists. Use a different name or update existing one."
        return status(400, text, "BadRequest", uid=f"{_CODE}.nameExists")
    templates(call).append(taken)
    return Reply(201, _shown(call, taken))


def update(call: Call) -> Reply:
    """PUT: a revision, if one is sent, must be the present one."""
    if not call.user.may_edit(call.org.id):
        return denied("update")
    found = _find(call)
    if found is None:
        return _ABSENT
    taken = _taken(call)
    if isinstance(taken, Reply):
        return taken
    refusal = _not_now(call, found, (call.fields.get("metadata") or {}).get("resourceVersion"))
    if refusal is not None:
        return refusal
    found.update(taken)
    return Reply(200, _shown(call, found))


def delete(call: Call) -> Reply:
    """DELETE: with a revision, that must be the present one; used or not."""
    if not call.user.may_edit(call.org.id):
        return denied("delete")
    found = _find(call)
    if found is None:
        return _ABSENT
    refusal = _not_now(call, found, (call.fields.get("preconditions") or {}).get("resourceVersion"))
    if refusal is not None:
        return refusal
    last = _shown(call, found)
    templates(call).remove(found)
    return Reply(200, last)


def _not_now(call: Call, found: dict[str, Any], version: str | None) -> Reply | None:
    if version and version != _shown(call, found)["metadata"]["resourceVersion"]:
        return status(409, "Conflict", "Conflict", uid="alerting.notifications.conflict")
    return changed(found)


def _taken(call: Call) -> dict[str, Any] | Reply:
    spec = call.fields.get("spec") or {}
    name, content = spec.get("title") or "", (spec.get("content") or "").strip()
    if not name or not content:
        why = "template must have content" if name else "template must have a name"
        text = "Template is in invalid format. Correct the payload and try again."
        return status(400, text, "BadRequest", uid=f"{_CODE}.invalidFormat", causes=causes({"Error": why}))
    if not re.search(r"\{\{\s*define", content):
        lines = "\n".join(f"  {line}" for line in content.split("\n"))
        content = f'{{{{ define "{name}" }}}}\n{lines}\n{{{{ end }}}}'
    return {"name": name, "provenance": "none", "content": content}

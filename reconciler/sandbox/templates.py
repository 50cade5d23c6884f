"""Message templates over /apis/notifications.alerting.grafana.app/v0alpha1 (there: template groups).

Of Go's template language it knows no more than whether something is defined.
"""

import re
from typing import Any

from reconciler.sandbox.by_name import ByName
from reconciler.sandbox.call import Call, Reply, status
from reconciler.sandbox.notified import Kept, causes, managed, shown, stamp, uid_of

_CODE = "alerting.notifications.templates"
_BUILT_IN = {"title": "Built-in Templates", "content": '{{ define "__subject" }}[{{.Status | toUpper}}]{{ end }}'}


def _shown(call: Call, item: dict[str, Any]) -> dict[str, Any]:
    spec = {"title": item["name"], "content": item["content"]}
    return shown(call, "TemplateGroup", uid_of(item["name"]), stamp(item["content"]), spec, managed(item))


def _built_in(call: Call) -> Kept:
    """A little of those that are built in, which have no revision."""
    found = shown(call, "TemplateGroup", "__default__", "", _BUILT_IN, {"grafana.com/provenance": "system"})
    del found["metadata"]["resourceVersion"]
    return [found]


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


TEMPLATES = ByName(
    plural="templategroups",
    kind="TemplateGroup",
    code=_CODE,
    called="Template file",
    shown=_shown,
    taken=_taken,
    absent=lambda call: status(404, "NotFound", "NotFound", uid=f"{_CODE}.notFound"),
    listed=_built_in,
    ordered=True,
)
"""Deleted whether they are used or not."""

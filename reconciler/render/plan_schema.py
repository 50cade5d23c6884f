"""The JSON Schema of `ggrec/plan/v1`: what `ggrec schema --plan` prints and docs/plan.schema.json holds."""

from typing import Any

from reconciler.core.diff import Op
from reconciler.core.plan import Action
from reconciler.core.semantic import CLASSES
from reconciler.render.json_view import PLAN
from reconciler.render.plan_view import OUTCOMES

_TEXT: dict[str, Any] = {"type": "string"}
_MAYBE: dict[str, Any] = {"type": ["string", "null"]}
_NUMBER: dict[str, Any] = {"type": "integer"}
_MAYBE_NUMBER: dict[str, Any] = {"type": ["integer", "null"]}
_YES: dict[str, Any] = {"type": "boolean"}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _object(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    """An object with these fields; a later version of the format may add others."""
    return {"type": "object", "required": list(required), "properties": {**required, **optional}}


def _refer(name: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{name}"}


def plan_schema() -> dict[str, Any]:
    """The schema."""
    top = _object(
        {
            "format": {"const": PLAN},
            "created": _TEXT,
            "commit": _TEXT,
            "target": _object({"url": _TEXT, "org": _NUMBER, "orgName": _TEXT, "version": _TEXT}),
            "state": _object({"lineage": _TEXT, "serial": _NUMBER}),
            "differs": _YES,
            "compared": _NUMBER,
            "unchanged": _NUMBER,
            "unmanaged": {"type": "object", "additionalProperties": _NUMBER},
            "classes": {"type": "object", "propertyNames": _refer("class"), "additionalProperties": _NUMBER},
            "changes": _list(_refer("change")),
            "drift": _list(_refer("drift")),
            "held": {"type": "object", "additionalProperties": _list(_refer("held"))},
            "refusals": _list(_refer("finding")),
            "unreadable": _list(_refer("finding")),
            "warnings": _list(_refer("finding")),
        },
        saved=_object({"who": _TEXT, "expires": _TEXT, "expired": _YES, "digest": _TEXT}),
        run=_object(
            {
                "id": _TEXT,
                "who": _TEXT,
                "started": _TEXT,
                "commit": _TEXT,
                "pipeline": _TEXT,
                "command": _TEXT,
                "status": _TEXT,
            }
        ),
    )
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": PLAN, **top, "$defs": _parts()}


def _parts() -> dict[str, Any]:
    place = {"anyOf": [_object({"file": _TEXT, "line": _NUMBER, "column": _NUMBER}), {"type": "null"}]}
    step = {"anyOf": [_TEXT, _NUMBER, {"type": "object", "maxProperties": 1}]}
    change = _object(
        {
            "address": _TEXT, "action": {"enum": [str(action) for action in Action]}, "uid": _MAYBE, "title": _TEXT,
            "reason": _TEXT, "movedFrom": _MAYBE, "edits": _list(_refer("edit")), "secrets": _list(_TEXT),
            "secretsResent": _list(_TEXT), "notes": _list(_TEXT), "rows": _list(_refer("row")),
            "touches": _list(_TEXT), "where": place,
        }
    )  # fmt: skip
    drift = _object(
        {
            "address": _TEXT, "uid": _TEXT, "outcome": {"enum": sorted(OUTCOMES)}, "gone": _YES, "note": _TEXT,
            "who": _MAYBE, "when": _MAYBE, "messages": _list(_TEXT),
            "versionBefore": _MAYBE_NUMBER, "versionAfter": _MAYBE_NUMBER,
            "edits": _list(_refer("edit")), "rows": _list(_refer("row")),
        }
    )  # fmt: skip
    finding = {"code": _TEXT, "severity": {"enum": ["error", "warning"]}, "message": _TEXT, "hint": _TEXT}
    return {
        "class": {"enum": [str(name) for name in CLASSES]},
        "row": _object(
            {"class": _refer("class"), "subject": _TEXT, "name": _TEXT, "text": _TEXT, "edits": _list(_NUMBER)}
        ),
        "edit": _object(
            {"path": _TEXT, "steps": _list(step), "op": {"enum": [str(op) for op in Op]}, "before": {}, "after": {}}
        ),
        "change": change,
        "drift": drift,
        "held": _object(
            {"path": _TEXT, "place": _TEXT, "who": _TEXT, "when": _TEXT, "why": _TEXT, "until": _TEXT, "behind": _TEXT}
        ),
        "finding": _object({**finding, "subject": _TEXT, "where": place}),
    }

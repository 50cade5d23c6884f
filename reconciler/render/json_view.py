"""Plans, outcomes and errors as versioned JSON documents for programs; described in docs/json.md."""

from collections.abc import Sequence
from typing import Any

from reconciler.core.address import Address
from reconciler.core.conflicts import Meanwhile
from reconciler.core.description import DescribedChange, DescribedDrift, Description, describe_plan
from reconciler.core.diff import Edit, Key, format_edit_path
from reconciler.core.errors import Diagnostic, GgrecError, Locked
from reconciler.core.past import Moment
from reconciler.core.plan import Plan
from reconciler.core.semantic import Row
from reconciler.core.state import Held, Outcome
from reconciler.render.rows import row_text

PLAN = "ggrec/plan/v1"
RUN = "ggrec/run/v1"
ERROR = "ggrec/error/v1"


def plan_json(found: Plan | Description, *, now: str, commit: str) -> dict[str, Any]:
    """The plan; described, with rows and classes. Secrets are named, never shown."""
    described = found if isinstance(found, Description) else describe_plan(found, {})
    plan = described.plan
    target = plan.target
    return {
        "format": PLAN,
        "created": now,
        "commit": commit,
        "target": {"url": target.url, "org": target.org_id, "orgName": target.org_name, "version": target.version},
        "state": {"lineage": plan.lineage, "serial": plan.serial},
        "differs": plan.differs,
        "compared": plan.compared,
        "unchanged": plan.unchanged,
        "unmanaged": dict(plan.unmanaged),
        "classes": {str(name): number for name, number in described.classes.items()},
        "changes": [_change(change) for change in described.changes],
        "drift": [_drift(drift) for drift in described.drift],
        "held": {
            str(address): [held_json(plan, address, item) for item in held] for address, held in plan.held.items()
        },
        "refusals": [diagnostic_json(item) for item in plan.refusals],
        "unreadable": [diagnostic_json(item) for item in plan.unreadable],
        "warnings": [diagnostic_json(item) for item in plan.warnings],
    }


def _change(described: DescribedChange) -> dict[str, Any]:
    change = described.change
    source = change.resource.source if change.resource is not None else None
    return {
        "address": str(change.address),
        "action": str(change.action),
        "uid": change.uid,
        "title": change.title,
        "reason": change.reason,
        "movedFrom": str(change.moved_from) if change.moved_from else None,
        "edits": [edit_json(edit) for edit in change.edits],
        "secrets": list(change.secrets),
        "secretsResent": list(change.resent),
        "notes": list(change.notes),
        "rows": rows_json(described.rows, change.edits),
        "touches": list(change.touches),
        "where": {"file": source.file, "line": source.line, "column": source.column} if source else None,
    }


def held_json(plan: Plan, address: Address, held: Held) -> dict[str, Any]:
    """One held edit."""
    place = plan.place(address, held)
    said = {"who": held.who, "when": held.when, "why": held.why, "until": held.until, "behind": held.behind}
    return {"path": held.path, "place": place, **said}


def rows_json(rows: Sequence[Row], edits: Sequence[Edit]) -> list[dict[str, Any]]:
    """Rows; `edits` are the places of theirs in the list of the object's edits."""
    places = {id(edit): place for place, edit in enumerate(edits)}
    return [
        {
            "class": str(row.change_class),
            "subject": row.subject,
            "name": row.name,
            "text": row_text(row),
            "edits": [places[id(edit)] for edit in row.edits if id(edit) in places],
        }
        for row in rows
    ]


def _drift(described: DescribedDrift) -> dict[str, Any]:
    drift = described.drift
    return {
        "address": str(drift.address),
        "uid": drift.uid,
        "outcome": drift.outcome,
        "gone": drift.gone,
        "note": drift.note,
        "who": drift.attribution.who,
        "when": drift.attribution.when,
        "messages": list(drift.attribution.messages),
        "versionBefore": drift.version_before,
        "versionAfter": drift.version_after,
        "edits": [edit_json(edit) for edit in drift.edits],
        "rows": rows_json(described.rows, drift.edits),
    }


def edit_json(edit: Edit) -> dict[str, Any]:
    """One edit: its path as text and as steps, what it does, and both values."""
    steps = [{step.field: step.value} if isinstance(step, Key) else step for step in edit.path]
    return {
        "path": format_edit_path(edit.path),
        "steps": steps,
        "op": str(edit.op),
        "before": edit.before,
        "after": edit.after,
    }


def diagnostic_json(item: Diagnostic) -> dict[str, Any]:
    """One finding."""
    where = {"file": item.where.file, "line": item.where.line, "column": item.where.column} if item.where else None
    return {
        "code": item.code,
        "severity": str(item.severity),
        "message": item.message,
        "hint": item.hint,
        "subject": item.subject,
        "where": where,
    }


def run_json(outcomes: Sequence[Outcome], *, run_id: str, serial: int, interrupted: bool) -> dict[str, Any]:
    """How an apply ended."""
    return {
        "format": RUN,
        "run": run_id,
        "serial": serial,
        "interrupted": interrupted,
        "outcomes": [
            {
                "address": str(outcome.address),
                "action": outcome.action,
                "result": outcome.result,
                "versionBefore": outcome.version_before,
                "versionAfter": outcome.version_after,
                "notConverged": list(outcome.not_converged),
                "error": outcome.error,
                "meanwhile": _meanwhile(outcome.meanwhile),
                "notes": list(outcome.notes),
            }
            for outcome in outcomes
        ],
    }


def moment_json(moment: Moment) -> dict[str, Any]:
    """One thing that happened to an object."""
    return {
        "version": moment.version,
        "kept": moment.kept,
        "when": moment.when,
        "who": moment.who,
        "run": moment.run or None,
        "commit": moment.commit,
        "message": moment.message,
        "action": moment.outcome.action if moment.outcome is not None else None,
        "result": moment.outcome.result if moment.outcome is not None else None,
    }


def _meanwhile(found: Meanwhile | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "happened": found.happened,
        "who": found.by.who,
        "when": found.by.when,
        "messages": list(found.by.messages),
        "versionBefore": found.version_before,
        "versionAfter": found.version_after,
        "edits": [edit_json(edit) for edit in found.edits],
    }


def error_json(error: GgrecError) -> dict[str, Any]:
    """Why a command failed."""
    found = [diagnostic_json(item) for item in error.diagnostics]
    holder = {"lock": dict(error.holder)} if isinstance(error, Locked) and error.holder else {}
    return {"format": ERROR, "exitCode": int(error.exit_code), "errors": found, **holder}

"""What changes in a group of alert rules, as people say it: `rule "High latency": threshold from 0.05 to 0.1`.

Must not lose an edit: each has its row.
"""

from collections.abc import Sequence

from reconciler.core.diff import Edit, EditPath, Key, Op
from reconciler.core.json import JsonObject, as_object, text_of
from reconciler.core.semantic import ChangeClass, Row, edit_row, path_name, value_at
from reconciler.kinds._rules import DASHBOARD, PANEL, written

_NAMES = {
    "isPaused": "paused",
    "noDataState": "state without data",
    "execErrState": "state on errors",
    "keep_firing_for": "keep firing for",
    "missingSeriesEvalsToResolve": "evaluations until a missing series is resolved",
    "notification_settings": "notification settings",
}
_LIMIT = ("model", "conditions", 0, "evaluator")


def rows(edits: Sequence[Edit], before: JsonObject | None, after: JsonObject | None) -> tuple[Row, ...]:
    """A row for each edit."""
    return tuple(_row(edit, before, after) for edit in edits)


def _row(edit: Edit, before: JsonObject | None, after: JsonObject | None) -> Row:
    path = edit.path
    if path == ("interval",):
        sides = [written(value * 1000) if isinstance(value, int) else value for value in (edit.before, edit.after)]
        return Row(ChangeClass.SETTINGS, "", "interval", "", edit.op, sides[0], sides[1], (edit,))
    if path == ("folderUid",):
        return edit_row(edit, ("folder",), ChangeClass.SETTINGS)
    if path == ("rules",) and edit.op is Op.MOVE:
        return Row(ChangeClass.LAYOUT, "", "rules", "are evaluated in another order", edit.op, edits=(edit,))
    if len(path) < 2 or path[0] != "rules":
        return edit_row(edit, path, ChangeClass.SETTINGS)
    subject, part = _called(path, edit, before, after), path[:2]
    if len(path) == 2:
        return _whole(edit, subject, part)
    sort, name = _named(path[2:])
    return Row(sort, subject, name, "", edit.op, edit.before, edit.after, (edit,), part)


def _whole(edit: Edit, subject: str, part: EditPath) -> Row:
    if edit.op is Op.ADD:
        return Row(ChangeClass.ADDITION, subject, "", "added", edit.op, None, edit.after, (edit,), part)
    if edit.op is Op.REMOVE:
        return Row(ChangeClass.DELETION, subject, "", "removed", edit.op, edit.before, None, (edit,), part)
    return Row(ChangeClass.SETTINGS, subject, "", "", edit.op, edit.before, edit.after, (edit,), part)


def _called(path: EditPath, edit: Edit, before: JsonObject | None, after: JsonObject | None) -> str:
    whole = (edit.after, edit.before) if len(path) == 2 else ()
    for side in (*whole, value_at(after, path[:2]), value_at(before, path[:2])):
        title = text_of(as_object(side).get("title"))
        if title:
            return f'rule "{title}"'
    return _rule(path)


def _rule(path: EditPath) -> str:
    step = path[1]
    if isinstance(step, Key):
        return f'rule "{step.label or step.value}"'
    return f"rule {step + 1}" if isinstance(step, int) else f"rule {step}"


def _named(path: EditPath) -> tuple[ChangeClass, str]:
    """What of a rule a path leads to."""
    first = path[0]
    if first == "data" and len(path) > 1:
        return _query(path[1:])
    if first == "labels" and len(path) > 1:
        return ChangeClass.SETTINGS, f"label {path[1]}"
    if first == "annotations" and len(path) > 1:
        if path[1] in (DASHBOARD, PANEL):
            return ChangeClass.SETTINGS, "dashboard it is shown on" if path[1] == DASHBOARD else "panel it is shown on"
        return ChangeClass.COSMETIC, f"annotation {path[1]}"
    if first == "notification_settings" and len(path) > 1:
        return ChangeClass.ACCESS, f"notification {path_name(path[1:])}"
    sort = ChangeClass.QUERY if first in ("condition", "data", "record") else ChangeClass.SETTINGS
    return sort, _NAMES.get(str(first), path_name(path)) if len(path) == 1 else path_name(path)


def _query(path: EditPath) -> tuple[ChangeClass, str]:
    letter = path[0].value if isinstance(path[0], Key) else path[0]
    rest = path[1:]
    if rest[: len(_LIMIT)] == _LIMIT:
        return ChangeClass.QUERY, "threshold" if rest[-1] != "type" else "kind of threshold"
    if rest == ("datasourceUid",):
        return ChangeClass.DATA_SOURCE, f"query {letter} datasource"
    if rest == ("model", "expr") or not rest:
        return ChangeClass.QUERY, f"query {letter}"
    shown = path_name(rest[1:] if rest[0] == "model" and len(rest) > 1 else rest)
    return ChangeClass.QUERY, f"query {letter} {shown}"


def place(path: EditPath) -> str:
    """Where a path leads, as people call it."""
    if len(path) < 2 or path[0] != "rules":
        return "folder" if path == ("folderUid",) else path_name(path) or "all of it"
    return f"{_rule(path)}: {_named(path[2:])[1]}" if len(path) > 2 else _rule(path)

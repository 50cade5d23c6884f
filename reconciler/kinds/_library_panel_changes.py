"""What changes in a library panel, in the words of a dashboard's panels."""

from collections.abc import Sequence

from msgspec.structs import replace

from reconciler.core.diff import Edit
from reconciler.core.json import JsonObject, as_object, text_of
from reconciler.core.semantic import ChangeClass, Row, completed, edit_row
from reconciler.kinds._panel_changes import Sides, panel_rows

_BODY = "model"


def library_panel_rows(edits: Sequence[Edit], before: JsonObject | None, after: JsonObject | None) -> tuple[Row, ...]:
    """Its own name and folder first, then what changes inside the panel. Both sides as far as they are known."""
    models = [as_object(side.get(_BODY)) if side is not None else None for side in (before, after)]
    inside = [(edit.path[1:], edit) for edit in edits if edit.path[:1] == (_BODY,) and len(edit.path) > 1]
    rows = [_own(edit) for edit in edits if edit.path[:1] != (_BODY,)]
    rows += [replace(row, part=()) for row in panel_rows(Sides("", (_BODY,), models[0], models[1]), inside)]
    return completed(rows, edits, _BODY)


def _own(edit: Edit) -> Row:
    if edit.path == ("folderUid",):
        where = [text_of(value) or "the root" for value in (edit.before, edit.after)]
        text = f"moved from folder {where[0]} to {where[1]}: who may edit it follows the folder"
        return Row(ChangeClass.ACCESS, "", "", text, edit.op, edit.before, edit.after, (edit,))
    return edit_row(edit, edit.path, ChangeClass.COSMETIC)

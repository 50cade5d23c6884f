"""What changes in an object, as a person would say it: rows, each with a class. Values and the generic case; a kind
says it better in `Kind.describe`.

Must not lose an edit: `completed` gives a row to whatever no other row stands for.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum

from msgspec import Struct

from reconciler.core.diff import Edit, EditPath, Key, Op, format_edit_path
from reconciler.core.json import Json, as_list, as_object


class ChangeClass(StrEnum):
    """What a change is about; in the order in which a reviewer should look."""

    DELETION = "deletion"
    ACCESS = "access"
    DATA_SOURCE = "data source"
    QUERY = "query"
    SETTINGS = "settings"
    ADDITION = "addition"
    LAYOUT = "layout"
    COSMETIC = "cosmetic"


CLASSES = tuple(ChangeClass)


class Row(Struct, frozen=True):
    """One thing that changes. `subject` is the part of the object ("" for the object itself), `name` what of it.
    `text` says it in words; without it, `before` and `after` do. `edits` are those of core.diff that it stands for.
    `part` leads to the panel (or such) in the body, by identity.
    """

    change_class: ChangeClass
    subject: str = ""
    name: str = ""
    text: str = ""
    op: Op = Op.CHANGE
    before: Json = None
    after: Json = None
    edits: tuple[Edit, ...] = ()
    part: EditPath = ()


def path_name(path: EditPath) -> str:
    """A path as people read it: queries by their letter, the constant prefix of a panel's field options left out."""
    text = ""
    for step in path:
        if isinstance(step, Key):
            text += f"[{step.value}]"
        else:
            text = format_edit_path((text, step)) if text else (step if isinstance(step, str) else f"[{step}]")
    return text.replace("fieldConfig.defaults.", "", 1)


def edit_row(edit: Edit, path: EditPath, change_class: ChangeClass, subject: str = "", part: EditPath = ()) -> Row:
    """The row of one edit, under the path that is to be shown. An item of a plain list goes by the list's name."""
    whole = edit.op in {Op.ADD, Op.REMOVE} and path and isinstance(path[-1], int)
    name = path_name(path[:-1] if whole else path) or "as a whole"
    return Row(change_class, subject, name, "", edit.op, edit.before, edit.after, (edit,), part)


def generic_rows(edits: Sequence[Edit], body_key: str | None, change_class: ChangeClass) -> tuple[Row, ...]:
    """A row for each edit, all of one class."""
    return tuple(edit_row(edit, inner(edit.path, body_key), change_class) for edit in edits)


def inner(path: EditPath, body_key: str | None) -> EditPath:
    """A path without the attribute that holds Grafana's own model."""
    return path[1:] if body_key and path[:1] == (body_key,) and len(path) > 1 else path


def completed(rows: Iterable[Row], edits: Sequence[Edit], body_key: str | None) -> tuple[Row, ...]:
    """The rows, and one for each edit that none of them stands for."""
    found = tuple(rows)
    stood_for = {id(edit) for row in found for edit in row.edits}
    missed = [edit for edit in edits if id(edit) not in stood_for]
    return (*found, *generic_rows(missed, body_key, ChangeClass.SETTINGS))


def counted(rows: Iterable[Row]) -> dict[ChangeClass, int]:
    """How many rows there are of each class, in the classes' order."""
    numbers = Counter(row.change_class for row in rows)
    return {name: numbers[name] for name in CLASSES if numbers[name]}


def value_at(value: Json, path: EditPath) -> Json:
    """What a path leads to; None where it leads nowhere."""
    for step in path:
        if isinstance(step, Key):
            found = (as_object(item) for item in as_list(value) if as_object(item).get(step.field) == step.value)
            value = next(found, None)
        elif isinstance(step, int):
            items = as_list(value)
            value = items[step] if step < len(items) else None
        else:
            value = as_object(value).get(step)
    return value

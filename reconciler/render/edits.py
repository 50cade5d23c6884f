"""The edits of one object as lines, as its kind describes them: for what is no plan (a conflict, a rebuilt state)."""

from collections.abc import Sequence

from reconciler.core.description import described
from reconciler.core.diff import Edit
from reconciler.core.kind import Kind
from reconciler.render.lines import Line
from reconciler.render.rows import MOST, row_lines


def edit_lines(edits: Sequence[Edit], kind: Kind | None, *, most: int = MOST) -> list[Line]:
    """All edits of an object as lines, without indentation."""
    return row_lines(described(kind, tuple(edits)), most=most)

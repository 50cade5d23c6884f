"""What the desired files say otherwise than an object shall be, as lines and as JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.core.description import described
from reconciler.core.file_edits import FileEdits, Must
from reconciler.core.kind import Kind
from reconciler.render.json_view import edit_json
from reconciler.render.lines import Line, indented, line, safe
from reconciler.render.rows import MOST, row_lines

_SO = "so that the next apply does not undo this"


def compared_lines(found: FileEdits, kinds: Mapping[str, Kind], *, verbose: bool) -> list[Line]:
    """How something differs from what the files say."""
    if not found.edits:
        return [line(f"The files say the same of {found.address}.")]
    head = f"The files say otherwise of {_named(found)}; it differs from them in:"
    return [line(head), *_rows(found, kinds, verbose=verbose)]


def must_lines(found: Sequence[FileEdits], kinds: Mapping[str, Kind], *, commit: str, verbose: bool) -> list[Line]:
    """What is to be done in the files; `commit` is that of what was undone ("": not known)."""
    lines: list[Line] = []
    for item in found:
        match item.must:
            case Must.NOTHING:
                lines.append(line(f"The files say the same of {item.address}."))
            case Must.CHANGE:
                lines.append(line(f"The files say otherwise of {_named(item)}; {_SO}, change in them:"))
                lines += _rows(item, kinds, verbose=verbose)
            case Must.DECLARE:
                lines.append(line(f"No file declares {item.address}; {_SO}, declare it again."))
            case Must.REMOVE:
                lines.append(line(f"The files declare {_named(item)}; {_SO}, take it out of them."))
    if any(item.must is not Must.NOTHING for item in found) and commit and not commit.endswith("+"):
        name = safe(commit)
        lines.append(line(f"It came from commit {name}: where that holds nothing else, `git revert {name}` does it."))
    return lines


def must_json(found: Sequence[FileEdits]) -> list[dict[str, Any]]:
    """The same for programs."""
    return [
        {
            "address": str(item.address),
            "must": str(item.must),
            "where": {"file": item.where.file, "line": item.where.line, "column": item.where.column}
            if item.where
            else None,
            "edits": [edit_json(edit) for edit in item.edits],
        }
        for item in found
    ]


def _named(found: FileEdits) -> str:
    return f"{found.address} ({found.where})" if found.where is not None else str(found.address)


def _rows(found: FileEdits, kinds: Mapping[str, Kind], *, verbose: bool) -> list[Line]:
    rows = described(kinds[found.address.kind], found.edits, found.before, found.after)
    return indented(2, row_lines(rows, most=10**9 if verbose else MOST))

"""What `ggrec diff` says: two sides, as lines and as JSON."""

from collections.abc import Mapping
from typing import Any

from reconciler.core.comparison import Comparison, Difference, Where
from reconciler.core.description import described
from reconciler.core.kind import Kind
from reconciler.core.semantic import counted
from reconciler.render.json_view import edit_json, rows_json
from reconciler.render.lines import Line, Span, count, indented, line, safe
from reconciler.render.rows import MOST, row_lines

FORMAT = "ggrec/diff/v1"


def comparison_lines(found: Comparison, kinds: Mapping[str, Kind], *, verbose: bool) -> list[Line]:
    """The whole comparison: removed is what only the left side has, added what only the right one has."""
    left, right = safe(found.left), safe(found.right)
    lines: list[Line] = [line(Span(f"{left} → {right}", "head")), ()]
    for item in found.differences:
        lines += _difference(item, found, kinds, verbose=verbose)
    if found.differences:
        lines.append(())
    lines.append(line(_summary(found)))
    classes = counted(row for item in found.differences for row in described(kinds.get(item.address.kind), item.edits))
    if classes:
        lines.append(line("By class: " + ", ".join(f"{name} {number}" for name, number in classes.items()) + "."))
    return lines


def _difference(item: Difference, found: Comparison, kinds: Mapping[str, Kind], *, verbose: bool) -> list[Line]:
    where = f"  {item.source}" if item.source is not None else ""
    match item.where:
        case Where.LEFT:
            return [line(Span(f"- {item.address}", "remove"), f"  only in {safe(found.left)}{where}")]
        case Where.RIGHT:
            return [line(Span(f"+ {item.address}", "add"), f"  only in {safe(found.right)}{where}")]
        case Where.BOTH:
            rows = described(kinds.get(item.address.kind), item.edits, item.before, item.after)
            body = row_lines(rows, most=10**9 if verbose else MOST)
            return [line(Span(f"~ {item.address}", "change"), where), *indented(4, body)]


def _summary(found: Comparison) -> str:
    if not found.compared:
        return "Nothing to compare: there is no object of which both sides tell."
    compared = f"{count(found.compared, 'object')} compared"
    if not found.differences:
        return f"No differences. {compared}."
    sides = {where: sum(1 for item in found.differences if item.where is where) for where in Where}
    parts = [f"{sides[Where.BOTH]} different"] if sides[Where.BOTH] else []
    parts += [f"{sides[Where.LEFT]} only in {safe(found.left)}"] if sides[Where.LEFT] else []
    parts += [f"{sides[Where.RIGHT]} only in {safe(found.right)}"] if sides[Where.RIGHT] else []
    return f"{compared}: {', '.join(parts)}."


def comparison_json(found: Comparison, kinds: Mapping[str, Kind]) -> dict[str, Any]:
    """The same for programs."""
    return {
        "format": FORMAT,
        "left": found.left,
        "right": found.right,
        "compared": found.compared,
        "differences": [
            {
                "address": str(item.address),
                "where": str(item.where),
                "source": str(item.source) if item.source is not None else None,
                "rows": rows_json(
                    described(kinds.get(item.address.kind), item.edits, item.before, item.after), item.edits
                ),
                "edits": [edit_json(edit) for edit in item.edits],
            }
            for item in found.differences
        ],
    }

"""Rows of an object as lines: grouped by what they are about; long texts line by line; very many folded."""

from collections.abc import Sequence

from reconciler.core.diff import Op
from reconciler.core.json import Json
from reconciler.core.semantic import ChangeClass, Row
from reconciler.core.wording import text_lines
from reconciler.render.lines import Line, Span, count, indented, is_long, line, safe, value

MOST = 40
"""Lines of one object's rows that are shown before the rest is folded."""
_SAME, _DIFFERENT = 24, 48
"""Two addresses are shown by their ends where they begin alike for so long, and differ in no more than that."""
_STYLES = {"-": "remove", "+": "add", " ": "dim"}


def row_lines(rows: Sequence[Row], *, most: int = MOST) -> list[Line]:
    """All rows of an object as lines, without indentation."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.subject, []).append(row)
    result: list[Line] = []
    for subject, members in groups.items():
        if not subject:
            result += [item for row in members for item in _row(row)]
            continue
        whole = [row for row in members if row.text and row.op in {Op.ADD, Op.REMOVE} and not row.name and row.part]
        if len(members) == 1 and whole and row_is_whole(members[0]):
            result.append(line(Span(f"{safe(subject)} {safe(members[0].text)}", str(members[0].op))))
        else:
            result += [line(safe(subject)), *indented(2, [item for row in members for item in _row(row)])]
    if len(result) > most:
        hidden = len(result) - most
        result = [*result[:most], line(Span(f"… and {count(hidden, 'line')} more (-v shows all)", "dim"))]
    return result


def row_is_whole(row: Row) -> bool:
    """Whether a row says that its subject comes or goes."""
    return row.text.startswith(("added", "removed")) and not row.name


def is_query(row: Row) -> bool:
    """Whether it is another query for one: shown one below the other, however short, for what differs to be seen."""
    both = isinstance(row.before, str) and isinstance(row.after, str)
    return both and row.change_class is ChangeClass.QUERY


def _row(row: Row) -> list[Line]:
    name = safe(row.name)
    if row.text:
        head = f"{name}: " if name else ""
        style = str(row.op) if row.op in {Op.ADD, Op.REMOVE} else "plain"
        return [line(head, Span(safe(row.text), style))]
    if row.op is Op.MOVE:
        return [line(f"{name}  order: ", value(row.before), " → ", value(row.after))]
    if is_long(row.before) or is_long(row.after) or is_query(row):
        short = addresses(row.before, row.after) if row.op is Op.CHANGE else None
        if short is not None:
            return [line(f"{name}  ", Span(safe(short[0]), "remove"), " → ", Span(safe(short[1]), "add"))]
        return [line(name), *indented(2, _texts(row.before, row.after))]
    if row.op is Op.ADD:
        return [line(f"{name}  ", Span(f"+ {value(row.after)}", "add"))]
    if row.op is Op.REMOVE:
        return [line(f"{name}  ", Span(f"- {value(row.before)}", "remove"))]
    return [line(f"{name}  ", Span(value(row.before), "remove"), " → ", Span(value(row.after), "add"))]


def addresses(before: Json, after: Json) -> tuple[str, str] | None:
    """The parts in which two addresses differ, where the rest is the same and long: `…version=19b85ef6`. None where
    they are no addresses (a text with blanks reads better whole), or differ in much.
    """
    if not isinstance(before, str) or not isinstance(after, str) or "/" not in before or " " in before + after:
        return None
    pairs = enumerate(zip(before, after, strict=False))
    same = next((index for index, (left, right) in pairs if left != right), min(len(before), len(after)))
    start = max((before.rfind(mark, 0, same) + 1 for mark in "/?&#"), default=0)
    parts = before[start:], after[start:]
    if start < _SAME or max(map(len, parts)) > _DIFFERENT:
        return None
    return f"…{parts[0]}", f"…{parts[1]}"


def as_text(found: Json) -> str | None:
    """A value for a comparison line by line."""
    return found if found is None or isinstance(found, str) else value(found)


def _texts(before: Json, after: Json) -> list[Line]:
    """Two texts line by line, the changed words in strong colour; unchanged lines between are folded."""
    result: list[Line] = []
    for item in text_lines(as_text(before), as_text(after)):
        style = _STYLES[item.sign]
        if all(marked for _, marked in item.words) or item.sign == " ":
            result.append(line(Span(f"{item.sign} {safe(item.text)}", style)))
        else:
            words = (Span(safe(word), f"{style}-word" if marked else style) for word, marked in item.words)
            result.append(line(Span(f"{item.sign} ", style), *words))
    return result


def row_text(row: Row) -> str:
    """A row on one line, without its subject."""
    name = f"{row.name}: " if row.name else ""
    if row.text:
        return name + row.text
    if row.op is Op.ADD:
        return f"{name}+ {value(row.after)}"
    if row.op is Op.REMOVE:
        return f"{name}- {value(row.before)}"
    return f"{name}{value(row.before)} → {value(row.after)}"

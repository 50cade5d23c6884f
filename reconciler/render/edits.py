"""The edits of one object, grouped as people think of it: by panel, variable, query; layout folded; long texts line
by line.
"""

from collections.abc import Sequence
from difflib import SequenceMatcher

from reconciler.core.diff import Edit, EditPath, Key, Op, format_edit_path
from reconciler.core.json import Json, as_list, as_object, text_of
from reconciler.render.lines import Line, Span, count, indented, is_long, line, safe, value

MOST = 40
"""Lines of one object's edits that are shown before the rest is folded."""

_SAME, _DIFFERENT = 24, 48
"""Two addresses are shown by their ends where they begin alike for so long, and differ in no more than that."""
_MATCHED = 250_000
"""Two texts are matched line by line where the product of their numbers of lines is no larger."""
_DERIVED = 1_000_000
"""Panel ids from here on follow from the title: they tell a reader nothing more."""


def edit_lines(edits: Sequence[Edit], body_key: str | None, *, most: int = MOST) -> list[Line]:
    """All edits of an object as lines, without indentation. `body_key` is left out of paths."""
    groups: dict[str, list[tuple[EditPath, Edit]]] = {}
    moved: set[str] = set()
    for edit in edits:
        path = edit.path[1:] if body_key and edit.path[:1] == (body_key,) and len(edit.path) > 1 else edit.path
        group, rest = _grouped(path)
        if rest[:1] == ("gridPos",):
            moved.add(group)
            continue
        groups.setdefault(group, []).append((rest, edit))
    result: list[Line] = []
    for group, members in groups.items():
        shown = [item for rest, edit in members for item in _edit(rest, edit)]
        if not group:
            result += shown
        elif len(members) == 1 and not members[0][0]:
            result.append(_whole(group, members[0][1]))
        else:
            result += [line(group), *indented(2, shown)]
    if moved:
        result.append(line(f"layout: {count(len(moved), 'panel')} moved or resized"))
    if len(result) > most:
        hidden = len(result) - most
        result = [*result[:most], line(Span(f"… and {count(hidden, 'line')} more (-v shows all)", "dim"))]
    return result


def _grouped(path: EditPath) -> tuple[str, EditPath]:
    """The panel, variable or such that a path is about, and the path inside it."""
    group = ""
    while len(path) >= 2 and path[0] == "panels" and isinstance(path[1], Key | int):
        group, path = _called("panel", path[1]), path[2:]
    if group:
        return group, path
    for prefix, noun in ((("templating", "list"), "variable"), (("annotations", "list"), "annotation query")):
        if path[:2] == prefix and len(path) > 2 and isinstance(path[2], Key):
            return _called(noun, path[2]), path[3:]
    if len(path) > 1 and path[0] == "links" and isinstance(path[1], Key):
        return _called("link", path[1]), path[2:]
    return "", path


def _called(noun: str, step: Key | int) -> str:
    if isinstance(step, int):
        return f"{noun} #{step + 1}"
    if noun == "panel":
        if not step.label:
            return f"{noun} {step.value}"
        derived = isinstance(step.value, int) and step.value >= _DERIVED
        return f'{noun} "{safe(step.label)}"' if derived else f'{noun} {step.value} "{safe(step.label)}"'
    return f'{noun} "{safe(str(step.value))}"'


def _whole(group: str, edit: Edit) -> Line:
    """A panel or variable that comes or goes as a whole."""
    found = as_object(edit.after if edit.op is Op.ADD else edit.before)
    noun = group.partition(" ")[0]
    about = [text_of(found.get("type"))] if found.get("type") else []
    queries = len(as_list(found.get("targets")))
    inner = len(as_list(found.get("panels")))
    about += [count(queries, "query")] if queries else []
    about += [count(inner, "panel")] if noun == "panel" and inner else []
    text = f"{group} {'added' if edit.op is Op.ADD else 'removed'}" + (f" ({safe(', '.join(about))})" if about else "")
    return line(Span(text, "add" if edit.op is Op.ADD else "remove"))


def path_text(path: EditPath) -> str:
    """A path as people read it: queries by their letter, the constant prefix of a panel's field options left out."""
    text = ""
    for step in path:
        if isinstance(step, Key):
            text += f"[{step.value}]"
        else:
            text = format_edit_path((text, step)) if text else (step if isinstance(step, str) else f"[{step}]")
    return safe(text.replace("fieldConfig.defaults.", "", 1))


def _edit(path: EditPath, edit: Edit) -> list[Line]:
    name = path_text(path)
    if edit.op is Op.MOVE:
        return [line(f"{name}  order: ", value(edit.before), " → ", value(edit.after))]
    if isinstance(path[-1:][0] if path else None, int) and edit.op is not Op.CHANGE:
        parent = path_text(path[:-1])
        return [_sign(parent, edit)]
    if edit.op is not Op.CHANGE:
        if is_long(edit.before) or is_long(edit.after):
            return [line(name), *indented(2, _texts(edit.before, edit.after))]
        return [_sign(name, edit)]
    if is_long(edit.before) or is_long(edit.after):
        short = _addresses(edit.before, edit.after)
        if short is not None:
            return [line(f"{name}  ", Span(short[0], "remove"), " → ", Span(short[1], "add"))]
        return [line(name), *indented(2, _texts(edit.before, edit.after))]
    return [line(f"{name}  ", Span(value(edit.before), "remove"), " → ", Span(value(edit.after), "add"))]


def _sign(name: str, edit: Edit) -> Line:
    if edit.op is Op.ADD:
        return line(f"{name}  ", Span(f"+ {value(edit.after)}", "add"))
    return line(f"{name}  ", Span(f"- {value(edit.before)}", "remove"))


def _addresses(before: Json, after: Json) -> tuple[str, str] | None:
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
    return safe(f"…{parts[0]}"), safe(f"…{parts[1]}")


def _texts(before: Json, after: Json) -> list[Line]:
    """Two texts line by line; unchanged lines between are folded."""
    old = before.split("\n") if isinstance(before, str) else [] if before is None else [value(before)]
    new = after.split("\n") if isinstance(after, str) else [] if after is None else [value(after)]
    result: list[Line] = []
    for tag, a, b, c, d in _matched(old, new):
        if tag == "equal":
            kept = old[a:b]
            if len(kept) > 3:
                kept = [kept[0], f"… {count(len(kept) - 2, 'line')} unchanged", kept[-1]]
            result += [line(Span(f"  {safe(text)}", "dim")) for text in kept]
            continue
        result += [line(Span(f"- {safe(text)}", "remove")) for text in old[a:b]]
        result += [line(Span(f"+ {safe(text)}", "add")) for text in new[c:d]]
    return result


def _matched(old: Sequence[str], new: Sequence[str]) -> Sequence[tuple[str, int, int, int, int]]:
    """How one text's lines became another's, in difflib's terms. Matching grows with the product of both lengths, so
    of long texts only the lines that are the same at both ends are told from the rest.
    """
    if len(old) * len(new) <= _MATCHED:
        return SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    shorter = min(len(old), len(new))
    start = next((n for n in range(shorter) if old[n] != new[n]), shorter)
    end = next((n for n in range(shorter - start) if old[-1 - n] != new[-1 - n]), shorter - start)
    a, b = len(old) - end, len(new) - end
    if (a - start) * (b - start) <= _MATCHED:
        inner = SequenceMatcher(None, old[start:a], new[start:b], autojunk=False).get_opcodes()
        found: list[tuple[str, int, int, int, int]] = [
            (tag, i + start, j + start, k + start, m + start) for tag, i, j, k, m in inner
        ]
    else:
        found = [("replace", start, a, start, b)]
    return [("equal", 0, start, 0, start), *found, ("equal", a, len(old), b, len(new))]

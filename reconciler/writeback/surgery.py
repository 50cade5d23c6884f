"""Changes single places of a YAML or JSON text and leaves every other byte as it is.

A change is never trusted: of several ways to write it, the first is taken whose text, parsed anew, says exactly what
was meant. Where there is none, the text is refused. Reads and writes no files and decides nothing about what to change.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from reconciler.core.json import Json
from reconciler.core.rewriting import Arrange, CannotRewrite, Drop, Insert, Put, Rename, Rewrite
from reconciler.core.source import Path, format_path
from reconciler.writeback.forms import as_json, block_text, in_block, in_flow, ways
from reconciler.writeback.nodes import Node, documents, shared, shared_inside
from reconciler.writeback.properties import value_start

Parse = Callable[[str], list[Json]]
"""The documents of a text, read as strictly as the loader reads them. Raises ValueError for a text that is none."""


def changed(text: str, edits: Sequence[Rewrite], *, document: int, parse: Parse) -> str:
    """The text with the edits made, in order, in its document of that number (from 0).

    Raises CannotRewrite for the first edit that cannot be made without changing anything else.
    """
    said = parse(text)
    for edit in edits:
        after = _unshared(said)
        _apply(after[document], edit)
        if not _same(said, after):
            text, said = _one(text, edit, document, parse, after)
    return text


def _one(text: str, edit: Rewrite, document: int, parse: Parse, after: list[Json]) -> tuple[str, list[Json]]:
    try:
        root = documents(text)[document]
        candidates = _candidates(text, edit, root)
    except (ValueError, IndexError, KeyError):
        raise CannotRewrite(edit.path, f"the place of {format_path(edit.path)} cannot be told in this text") from None
    for candidate in candidates:
        try:
            found = parse(candidate)
        except ValueError:
            continue
        if _same(found, after):
            return candidate, found
    there = edit.path if _is_there(root, edit.path) else edit.path[:-1]
    others = shared(root, there) or (shared_inside(root, there) if isinstance(edit, Drop | Put) else [])
    if others:
        listed = ", ".join(format_path(other) for other in others[:3]) + (", …" if len(others) > 3 else "")
        raise CannotRewrite(edit.path, f"an anchor in it or above it is shared with {listed}")
    raise CannotRewrite(edit.path, "the way it is written has no place for that")


def _is_there(root: Node, path: Path) -> bool:
    try:
        root.below(path)
    except KeyError:
        return False
    return True


def _apply(value: Any, edit: Rewrite) -> None:
    """Make a change in plain values. Raises CannotRewrite where there is no such place."""
    if not edit.path and not isinstance(edit, Arrange):
        raise CannotRewrite(edit.path, "a whole document is not replaced")
    try:
        if isinstance(edit, Arrange):
            for step in edit.path:
                value = value[step]
            value[:] = [value[index] for index in edit.order]
            return
        *above, last = edit.path
        for step in above:
            value = value[step]
        match edit:
            case Drop():
                del value[last]
            case Insert(_, new):
                value.insert(last, _unshared(new))
            case Rename(_, name):
                pairs = [(name if key == last else key, item) for key, item in value.items()]
                value.clear()
                value.update(pairs)
            case Put(_, new) if isinstance(value, list) and last == len(value):
                value.append(_unshared(new))
            case Put(_, new):
                value[last] = _unshared(new)
    except (KeyError, IndexError, TypeError, AttributeError):
        raise CannotRewrite(edit.path, f"{format_path(edit.path)} is not written here") from None


def _unshared(value: Any) -> Any:
    """A copy in which no two places are one object, as the places of an anchor are."""
    if isinstance(value, Mapping):
        return {key: _unshared(item) for key, item in value.items()}
    return [_unshared(item) for item in value] if isinstance(value, list | tuple) else value


def _same(left: Any, right: Any) -> bool:
    """Equal with the same types: 1, 1.0 and true are three values. The order of keys is compared as well."""
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return list(left) == list(right) and all(_same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    return type(left) is type(right) and bool(left == right)


def _candidates(text: str, edit: Rewrite, root: Node) -> Iterator[str]:
    if isinstance(edit, Arrange):
        return _arranged(text, root.below(edit.path), edit.order)
    parent, last = root.below(edit.path[:-1]), edit.path[-1]
    try:
        key, node = parent.child(last)
    except KeyError:
        return _added(text, parent, last, edit.value) if isinstance(edit, Put | Insert) else iter(())
    match edit:
        case Put(_, value):
            return _replaced(text, node, value)
        case Insert(_, value):
            return _inserted(text, parent, int(last), value)
        case Rename(_, name):
            return _renamed(text, key, name)
        case Drop():
            return _removed(text, parent, last)


def _replaced(text: str, node: Node, value: Json) -> Iterator[str]:
    start, end = value_start(text, node.start), node.end
    if node.style in ("|", ">") and isinstance(value, str):
        yield from (text[:start] + block + text[end:] for block in _block(text[start:end], value, _newline(text)))
    gap = " " if start and text[start - 1] == ":" else ""
    for written in ways(value, node.style):
        yield text[:start] + gap + written + text[end:]


def _block(old: str, value: str, newline: str) -> Iterator[str]:
    """A block scalar in the form of the old one: its header, its indentation."""
    head, _, body = old.partition("\n")
    indent = next((line[: len(line) - len(line.lstrip(" "))] for line in body.splitlines() if line.strip()), "")
    if not indent:
        return
    if head.startswith("|"):
        lines = value.removesuffix("\n").split("\n")
        yield newline.join([head.rstrip("\r"), *(indent + line if line else "" for line in lines)])
    elif "\n" not in value.removesuffix("\n"):
        yield newline.join([head.rstrip("\r"), *(indent + line for line in _folded(value, len(indent)))])
    if block := block_text(value):
        yield newline.join([block[0], *(indent + line if line else "" for line in block[1:])])


def _folded(value: str, indent: int, width: int = 120) -> list[str]:
    """A paragraph broken at its blanks, as `>` reads it back."""
    lines = [""]
    for word in value.removesuffix("\n").split(" "):
        if lines[-1] and len(lines[-1]) + len(word) + 1 + indent > width:
            lines.append(word)
        else:
            lines[-1] += f" {word}" if lines[-1] else word
    return lines


def _renamed(text: str, key: Node | None, name: str) -> Iterator[str]:
    if key is not None:
        for written in ways(name, key.style):
            yield text[: key.start] + written + text[key.end :]


def _added(text: str, parent: Node, step: str | int, value: Json) -> Iterator[str]:
    """A new last entry of a mapping or a list."""
    if parent.sort == "text":
        return
    is_list, entries = parent.sort == "list", parent.entries()
    if parent.flow:
        quoted = _is_quoted(text, parent)
        names = [""] if is_list else [as_json(str(step)) + ": ", f"{step}: "]
        names = names if quoted else names[::-1]
        forms = [as_json(value), in_flow(value)] if quoted else [in_flow(value), as_json(value)]
        between = ", "
        if len(entries) > 1:
            gap = text[entries[-2][1].end : entries[-1][0]]
            between = gap if not gap.strip(" \t\r\n,") else between
        at = entries[-1][1].end if entries else parent.end - 1
        for name in names:
            for form in (*_spread(text, parent, value), *forms):
                yield text[:at] + (between if entries else "") + name + form + text[at:]
        return
    newline, at = _newline(text), _line_end(text, parent.end)
    lines = in_block([value] if is_list else {str(step): value}, parent.column)
    yield text[:at] + newline + _indented(lines, parent.column, newline) + text[at:]
    one_line = f"- {as_json(value)}" if is_list else f"{as_json(str(step))}: {as_json(value)}"
    yield text[:at] + newline + " " * parent.column + one_line + text[at:]


def _is_quoted(text: str, node: Node) -> bool:
    """Whether the first text inside brackets is in double quotes, as in JSON."""
    while node.items:
        if node.sort == "map":
            return text[node.keys[0].start] == '"'
        node = node.items[0]
    return node.style == '"'


def _spread(text: str, parent: Node, value: Json) -> list[str]:
    """A value with parts, over several lines where the text is JSON that stands so."""
    if not parent.items or text.lstrip()[:1] not in ("{", "[") or not isinstance(value, Mapping | list | tuple):
        return []
    first = parent.entries()[0][0]
    begins = text.rfind("\n", 0, first) + 1
    margin = text[begins:first]
    if margin.strip():
        return []
    step = max(len(margin) - len(_margin(text, parent.start)), 1)
    import json  # only here, where a form of JSON's own is wanted

    unit = "\t" if "\t" in margin else step
    return [json.dumps(value, indent=unit, ensure_ascii=False).replace("\n", _newline(text) + margin)]


def _margin(text: str, at: int) -> str:
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip())]


def _inserted(text: str, parent: Node, index: int, value: Json) -> Iterator[str]:
    start = parent.items[index].start
    if parent.flow:
        between = ", "
        if len(parent.items) > 1:
            gap = text[parent.items[0].end : parent.items[1].start]
            between = gap if not gap.strip(" \t\r\n,") else between
        forms = [as_json(value), in_flow(value)] if _is_quoted(text, parent) else [in_flow(value), as_json(value)]
        for form in (*_spread(text, parent, value), *forms):
            yield text[:start] + form + between + text[start:]
        return
    newline = _newline(text)
    lines = _indented(in_block([value], parent.column), parent.column, newline) + newline
    if text[_line_start(text, start) : start].strip() == "-":
        at = _begins(text, parent, index)
        yield text[:at] + lines + text[at:]
    dash = text.rfind("-", 0, start)
    yield text[:dash] + lines.lstrip(" ") + " " * parent.column + text[dash:]


def _removed(text: str, parent: Node, last: str | int) -> Iterator[str]:
    entries = parent.entries()
    index = int(last) if parent.sort == "list" else [key.text for key in parent.keys].index(str(last))
    start, node = entries[index]
    end = node.end if node.start >= start else _line_end(text, start)  # an alias' node is its anchor's
    if parent.flow:
        if index + 1 < len(entries):
            yield text[:start] + text[entries[index + 1][0] :]
        elif index:
            yield text[: entries[index - 1][1].end] + text[end:]
        yield text[:start] + text[end:]
        return
    first, line_end = _line_start(text, start), text.find("\n", end)
    yield text[:first] + (text[line_end + 1 :] if line_end >= 0 else "")
    if index + 1 < len(entries):  # the first key of an item, behind its dash
        yield text[:start] + text[entries[index + 1][0] :]
    if len(entries) == 1:
        before = text[: parent.start].rstrip()
        yield before + (" []" if parent.sort == "list" else " {}") + text[end:]


def _arranged(text: str, parent: Node, order: Sequence[int]) -> Iterator[str]:
    if parent.sort != "list":
        return
    if parent.flow:
        spans = [(item.start, item.end) for item in parent.items]
    else:
        starts = [_begins(text, parent, index) for index in range(len(parent.items))]
        last = _line_end(text, parent.items[-1].end)
        spans = list(zip(starts, [*starts[1:], last + len(_newline(text))], strict=True))
    parts = [text[start:end] for start, end in spans]
    if not parent.flow and not parts[-1].endswith("\n"):
        parts[-1] += _newline(text)
    moved = [parts[index] for index in order]
    result, at = "", 0
    for (start, end), part in zip(spans, moved, strict=True):
        result += text[at:start] + part
        at = end
    yield result + text[at:]


def _begins(text: str, parent: Node, index: int) -> int:
    """Where the lines of an item begin, with the comment that stands right above it."""
    floor = parent.items[index - 1].end if index else 0
    at = _line_start(text, parent.items[index].start)
    while at > floor:
        start = _line_start(text, at - 1)
        if start < floor or not text[start : at - 1].lstrip().startswith("#"):
            break
        at = start
    return at


def _line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def _line_end(text: str, at: int) -> int:
    """The end of the line, before its line break."""
    end = text.find("\n", at)
    if end < 0:
        return len(text)
    return end - (1 if text[end - 1 : end] == "\r" and end > at else 0)


def _indented(lines: Sequence[str], indent: int, newline: str) -> str:
    return newline.join(" " * indent + line if line else "" for line in lines)


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"

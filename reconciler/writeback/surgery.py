"""Changes single values in a YAML or JSON text and leaves every other byte as it is.

A change is never trusted: of several ways to write it, the first is taken whose text, parsed anew, says exactly what
was meant. Where there is none, the text is refused. Reads and writes no files and decides nothing about what to change.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from reconciler.core.json import Json
from reconciler.core.source import Path, format_path

Parse = Callable[[str], list[Json]]
"""The documents of a text, read as strictly as the loader reads them. Raises ValueError for a text that is none."""

_PROPERTIES = re.compile(r"(?:[&!]\S*[ \t]+)+")
_LIST = 1 << 30


@dataclass(frozen=True, slots=True)
class Put:
    """Make a value true at a path. A key that is not there is added at the end of its mapping; an index one past the
    end of a list appends.
    """

    path: Path
    value: Json


@dataclass(frozen=True, slots=True)
class Drop:
    """Remove the key or the item at a path."""

    path: Path


class Refused(Exception):
    """A change which no way of writing makes true alone; its text says why, in an author's words."""


def changed(text: str, edits: Sequence[Put | Drop], *, document: int, parse: Parse) -> str:
    """The text with the edits made, in order, in its document of that number (from 0).

    Raises Refused for the first edit that cannot be made without changing anything else.
    """
    for edit in edits:
        text = _one(text, edit, document, parse)
    return text


def _one(text: str, edit: Put | Drop, document: int, parse: Parse) -> str:
    before = parse(text)
    after = _unshared(before)
    _apply(after[document], edit)
    if _same(before, after):
        return text
    for candidate in _candidates(text, edit, document):
        try:
            found = parse(candidate)
        except ValueError:
            continue
        if _same(found, after):
            return candidate
    raise Refused(
        f"{format_path(edit.path)} cannot be changed alone here: an anchor shares it, or its form has no such place"
    )


def _apply(value: Any, edit: Put | Drop) -> None:
    if not edit.path:
        raise Refused("a whole document is not replaced")
    *above, last = edit.path
    try:
        for step in above:
            value = value[step]
        if isinstance(edit, Drop):
            del value[last]
        elif isinstance(value, list) and last == len(value):
            value.append(_unshared(edit.value))
        else:
            value[last] = _unshared(edit.value)
    except (KeyError, IndexError, TypeError):
        raise Refused(f"{format_path(edit.path)} is not written here") from None


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


def _candidates(text: str, edit: Put | Drop, document: int) -> Iterator[str]:
    *above, last = edit.path
    try:
        root = list(yaml.compose_all(text, Loader=yaml.SafeLoader))[document]
        parent: Any = root
        for step in above:
            parent = _child(parent, step)[1]
    except (yaml.YAMLError, IndexError, KeyError):
        raise Refused(f"the place of {format_path(edit.path)} cannot be told in this text") from None
    try:
        key, node = _child(parent, last)
    except KeyError:
        if isinstance(edit, Put):
            yield from _added(text, parent, last, edit.value)
        return
    if isinstance(edit, Put):
        yield from _replaced(text, node, edit.value)
    else:
        yield from _removed(text, parent, key or node)


def _child(node: Any, step: str | int) -> tuple[Any, Any]:
    """The key's node (None in a list) and the value's node. Raises KeyError."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == step:
                return key, value
    elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return None, node.value[step]
    raise KeyError(step)


def _replaced(text: str, node: Any, value: Json) -> Iterator[str]:
    start, end = node.start_mark.index, _end(text, node)
    if found := _PROPERTIES.match(text, start):
        start = found.end()
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">") and isinstance(value, str):
        yield from (text[:start] + block + text[end:] for block in _block(text[start:end], value, _newline(text)))
    quotes = getattr(node, "style", None)
    gap = " " if start and text[start - 1] == ":" else ""
    for written in _written(value, quotes):
        yield text[:start] + gap + written + text[end:]


def _block(old: str, value: str, newline: str) -> Iterator[str]:
    """A block scalar in the form of the old one: its header, its indentation."""
    head, _, body = old.partition("\n")
    indent = next((line[: len(line) - len(line.lstrip(" "))] for line in body.splitlines() if line.strip()), "")
    if indent and head.startswith("|"):
        lines = value.removesuffix("\n").split("\n")
        yield newline.join([head.rstrip("\r"), *(indent + line if line else "" for line in lines)])


def _written(value: Json, quotes: str | None) -> Iterator[str]:
    """Ways to write a value on one line, the one most like the old first."""
    as_json = json.dumps(value, ensure_ascii=False)
    if isinstance(value, str):
        single = "'" + value.replace("'", "''") + "'"
        plain = [value] if value and not re.search(r"[\n\r\t]", value) else []
        ways = {'"': [as_json], "'": [single, as_json]}.get(quotes or "", [*plain, single, as_json])
        yield from ways
    yield as_json


def _added(text: str, parent: Any, step: str | int, value: Json) -> Iterator[str]:
    """A new last entry of a mapping or a list."""
    is_list = isinstance(parent, yaml.SequenceNode)
    if not is_list and not isinstance(parent, yaml.MappingNode):
        return
    entries = [(item, item) for item in parent.value] if is_list else list(parent.value)
    if parent.flow_style:
        names = [""] if is_list else [json.dumps(str(step)) + ": ", f"{step}: "]
        if not entries or text[entries[0][0].start_mark.index] not in "\"'{[":
            names.reverse()
        between = ", "
        if len(entries) > 1:
            gap = text[_end(text, entries[-2][1]) : entries[-1][0].start_mark.index]
            between = gap if re.fullmatch(r"\s*,\s*", gap) else between
        at = _end(text, entries[-1][1]) if entries else parent.end_mark.index - 1
        as_json = json.dumps(value, ensure_ascii=False)
        for name in names:
            yield text[:at] + (between if entries else "") + name + as_json + text[at:]
        return
    newline, at = _newline(text), _end(text, parent)
    line_end = text.find("\n", at)
    at = len(text) if line_end < 0 else line_end - (1 if text[line_end - 1] == "\r" else 0)
    indent = " " * parent.start_mark.column
    whole: Any = [value] if is_list else {step: value}
    dumped = yaml.safe_dump(whole, sort_keys=False, allow_unicode=True, width=_LIST, default_flow_style=False)
    lines = [indent + line if line else "" for line in dumped.rstrip("\n").split("\n")]
    yield text[:at] + newline + newline.join(lines) + text[at:]


def _removed(text: str, parent: Any, node: Any) -> Iterator[str]:
    is_list = isinstance(parent, yaml.SequenceNode)
    entries = [(item, item) for item in parent.value] if is_list else list(parent.value)
    index = next(number for number, entry in enumerate(entries) if entry[0] is node)
    start, end = node.start_mark.index, _end(text, entries[index][1])
    if parent.flow_style:
        if index + 1 < len(entries):
            yield text[:start] + text[entries[index + 1][0].start_mark.index :]
        elif index:
            yield text[: _end(text, entries[index - 1][1])] + text[end:]
        else:
            yield text[:start] + text[end:]
        return
    first = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", end)
    yield text[:first] + (text[line_end + 1 :] if line_end >= 0 else "")


def _end(text: str, node: Any) -> int:
    """Where a node's own text ends: before the comments and empty lines that PyYAML counts to a block."""
    if not isinstance(node, yaml.ScalarNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(text, last[1] if isinstance(last, tuple) else last)
    start, end = int(node.start_mark.index), int(node.end_mark.index)
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        return start + len(text[start:end].rstrip())
    return end


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"

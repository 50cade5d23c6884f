"""The YAML that people write most, read several times faster than by a parser of all of it: blocks of mappings and
lists, texts, numbers and collections that end on their line, literal and folded blocks. One document, without places.

Where a text goes beyond that, or is wrong, nothing is read: `yaml.py` reads all of YAML, with places, and tells what is
wrong. What is read here is exactly what is read there (tests/loader/test_plain_yaml.py).
"""

import re
from collections.abc import Iterable
from itertools import takewhile
from typing import Any

from reconciler.core.source import Mark, MarkedDict, MarkedList
from reconciler.loader.plain_lines import BLOCK, NESTED, NOTHING, Beyond, Line, read_line
from reconciler.loader.scalars import FORBIDDEN

_MOST = 500_000
"""Bytes: a file that is smaller has no more values, and no deeper ones, than are allowed."""
_DEEPEST = 40
_REMEMBERED = 20_000
"""Lines that are read once: most of a project's lines are in many of its files."""
_dict, _list = MarkedDict.__new__, MarkedList.__new__
"""Empty ones without places, in a third of the time: there are many."""
_METADATA = re.compile(r"metadata: +(\{) *name: +(?P<name>[\w-]+)(?:, +uid: +(?P<uid>[\w-]+))? *\} *\Z", re.ASCII)
_ENTRY = re.compile(r"( +)(\w+): *", re.ASCII)


class PlainYaml:
    """Reads files one after the other; lines are remembered from one to the next."""

    def __init__(self) -> None:
        self._lines: dict[str, Line] = {}

    def read(self, data: bytes, file: str) -> MarkedDict | None:
        """The mapping that a file holds; None where something is to be read by yaml.py. Only the envelope has places.
        What it gives is shared between files, and must not be changed in place.
        """
        if len(data) > _MOST or not data.endswith(b"\n"):
            return None
        if len(self._lines) > _REMEMBERED:
            self._lines.clear()
        try:
            lines = _decoded(data).split("\n")
            root = _Blocks(lines, self._lines).root()
        except (Beyond, UnicodeDecodeError):
            return None
        return _placed(root, lines, file)


def _decoded(data: bytes) -> str:
    """The text of a file of lines that end in a line feed. Raises Beyond, and UnicodeDecodeError."""
    if data.isascii():
        return data.decode("ascii")  # each line is looked at when it is read
    text = data.decode("utf-8")
    if "\t" in text or "\r" in text or FORBIDDEN.search(text):
        raise Beyond
    return text


class _Blocks:
    """Puts the lines of a file together by their indentation."""

    def __init__(self, lines: list[str], known: dict[str, Line]) -> None:
        self.lines = lines
        self.known = known

    def root(self) -> MarkedDict:
        """Raises Beyond."""
        lines, known, end = self.lines, self.known, len(self.lines)
        root = MarkedDict()
        here: Any = root  # the innermost collection, how far it is indented, whether it is a list, and those around it
        indent, listed = 0, False
        around: list[tuple[int, bool, Any]] = [(-1, False, None)]
        waiting: str | None = None  # a key of `here` whose value begins in the next line, if at all
        at = 0
        while at < end:
            text = lines[at]
            at += 1
            column, behind, key, sort, value = known.get(text) or self.line(text)
            if sort == NOTHING:
                continue
            if waiting is not None:
                if column > indent or (column == indent and behind):
                    around.append((indent, listed, here))
                    here[waiting] = here = _list(MarkedList) if behind else _dict(MarkedDict)
                    indent, listed = column, behind > 0
                waiting = None
            while column < indent or (listed and not behind and column == indent):
                indent, listed, here = around.pop()
            if column != indent or (behind > 0) != listed or len(around) > _DEEPEST:
                raise Beyond
            if sort == BLOCK:
                value, at = self.block(at, indent if key is None or not behind else behind, value)
            if behind:
                if key is None:
                    here.append(value)
                    continue
                around.append((indent, listed, here))
                item = _dict(MarkedDict)
                here.append(item)
                here, indent, listed = item, behind, False
            elif key in here:
                raise Beyond
            here[key] = value
            if sort == NESTED:
                waiting = key
        return root

    def line(self, text: str) -> Line:
        """A line that was not read before."""
        found = self.known[text] = read_line(text)
        return found

    def block(self, at: int, indent: int, style: str) -> tuple[str, int]:
        """A literal or folded block that begins at a line, and the line behind it. Raises Beyond."""
        lines = self.lines
        start, width = at, 0
        while at < len(lines) - 1:  # behind the last line break there is nothing
            text = lines[at]
            inner = text.lstrip(" ")
            if not text.isprintable():
                raise Beyond
            if inner:
                found = len(text) - len(inner)
                width = width or found
                if found < width or found <= indent:
                    break
            elif text or not width:
                raise Beyond
            at += 1
        if not width or width <= indent or at == start:
            raise Beyond
        body = [text[width:] for text in lines[start:at]]
        while not body[-1]:
            body.pop()
        whole = "\n".join(body) if style[0] == "|" else _folded(body)
        return whole if style.endswith("-") else whole + "\n", at


def _folded(body: list[str]) -> str:
    """Lines joined by blanks; an empty line is a line break, and so is what is before and behind a line that is further
    indented.
    """
    text = body[0]
    kept, empty = False, 0
    for line in body[1:]:
        if not line:
            empty += 1
            continue
        further = line[0] == " "
        if kept or further:
            text += "\n"
        elif not empty:
            text += " "
        text += "\n" * empty + line
        kept, empty = further, 0
    return text


def _placed(root: MarkedDict, lines: list[str], file: str) -> MarkedDict | None:
    """The same with the places that a document is known by: its own, its metadata's, its name's and its uid's. None
    where those are not written plainly.
    """
    metadata = root.get("metadata")
    if not isinstance(metadata, MarkedDict) or "apiVersion" not in root:
        return None
    for index, text in enumerate(lines):
        if not text or text[0] in " #":
            continue
        root.mark = root.mark or Mark(file, index + 1, 1)
        if text.startswith("apiVersion:"):
            root.keys_at = {"apiVersion": Mark(file, index + 1, 1)}
        elif text.startswith("metadata:"):
            own = takewhile(lambda line: not line or line[0] in " #", lines[index + 1 :])
            metadata = root["metadata"] = _placed_metadata(metadata, text, own, index + 1, file)
        if root.keys_at and metadata.mark is not None:
            return root
    return None


def _placed_metadata(metadata: MarkedDict, text: str, own: Iterable[str], line: int, file: str) -> MarkedDict:
    """`text` is the line of its key, `own` are those below; no mark where they have another form."""
    result = MarkedDict(metadata)
    match = _METADATA.match(text)
    if match is not None:
        result.mark = Mark(file, line, match.start(1) + 1)
        result.values_at = {key: Mark(file, line, match.start(key) + 1) for key in ("name", "uid") if match[key]}
        return result
    indent = 0
    for index, below in enumerate(own, start=line + 1):
        inner = below.lstrip(" ")
        if not inner or inner[0] == "#":
            continue
        found = _ENTRY.match(below)
        if found is None and indent < len(below) - len(inner) and result.mark is not None:
            continue
        if found is None:
            return metadata
        if result.mark is None:
            indent = len(found[1])
            result.mark = Mark(file, index, indent + 1)
        if len(found[1]) == indent and found[2] in ("name", "uid"):
            if not isinstance(metadata[found[2]], str):  # where nothing is, is told by whoever reads all of YAML
                return metadata
            result.put(found[2], metadata[found[2]], key_at=None, value_at=Mark(file, index, found.end() + 1))
    return result

"""The YAML that people write most, read several times faster than by a parser of all of it: blocks of mappings and lists,
texts, numbers and collections that end on their line, literal and folded blocks. One document, without places.

Where a text goes beyond that, or is wrong, nothing is read: `yaml.py` reads all of YAML, with places, and tells what is
wrong. What is read here is exactly what is read there (tests/loader/test_plain_yaml.py).
"""

import re
from collections.abc import Iterable
from itertools import takewhile
from typing import Any

from reconciler.core.source import Mark, MarkedDict, MarkedList
from reconciler.loader.text import FORBIDDEN, NUMBER, WORDS, InputProblem, number

_MOST = 500_000
"""Bytes: a file that is smaller has no more values, and no deeper ones, than are allowed."""
_DEEPEST = 40
_REMEMBERED = 20_000
"""Lines that are read once: most of a project's lines are in many of its files."""
_KEY = re.compile(
    r"(?:([A-Za-z_](?:[\w ./-]{0,98}[\w./-])?)|'([^'\n]{0,100})'|\"([^\"\\\n]{0,100})\"):(?: +|$)", re.ASCII
)
_SINGLE = re.compile(r"'((?:[^']|'')*)' *(?: #.*)?\Z")
_DOUBLE = re.compile(r'"([^"\\]*)" *(?: #.*)?\Z')
_REST = re.compile(r" *(?: #.*)?\Z")
_BLOCKS = {"|": "|", "|-": "|-", ">": ">", ">-": ">-"}
_NEVER_FIRST = frozenset("-?:,[]{}#&*!|>'\"%@`")
_FLOW = re.compile(
    r" *(?:([{}\[\],])|'((?:[^']|'')*)'|\"([^\"\\]*)\"|((?:[A-Za-z0-9_./$]|-[A-Za-z0-9])[^,\[\]{}:#?]*)) *"
)
_FLOW_KEY = re.compile(r"[A-Za-z_](?:.*[^ ])?\Z")
_COLON = re.compile(r": +")
_METADATA = re.compile(r"metadata: +(\{) *name: +(?P<name>[\w-]+)(?:, +uid: +(?P<uid>[\w-]+))? *\} *\Z", re.ASCII)
_ENTRY = re.compile(r"( +)(\w+): *", re.ASCII)

_SCALAR, _NESTED, _BLOCK, _NOTHING = range(4)
Line = tuple[int, int, str | None, int, Any]
"""How far it is indented, where the text behind a dash begins (0: no dash), its key, of what sort its value is, and that."""


class _Beyond(Exception):
    """This is not read here."""


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
        except (_Beyond, UnicodeDecodeError):
            return None
        return _placed(root, lines, file)


def _decoded(data: bytes) -> str:
    """The text of a file of lines that end in a line feed. Raises _Beyond, and UnicodeDecodeError."""
    if data.isascii():
        return data.decode("ascii")  # each line is looked at when it is read
    text = data.decode("utf-8")
    if "\t" in text or "\r" in text or FORBIDDEN.search(text):
        raise _Beyond
    return text


class _Blocks:
    """Puts the lines of a file together by their indentation."""

    def __init__(self, lines: list[str], known: dict[str, Line]) -> None:
        self.lines = lines
        self.known = known

    def root(self) -> MarkedDict:
        """Raises _Beyond."""
        lines, known, end = self.lines, self.known, len(self.lines)
        root = MarkedDict()
        here: Any = root  # the innermost collection, how far it is indented, whether it is a list, and those around it
        indent, listed = 0, False
        around: list[tuple[int, bool, Any]] = []
        waiting: str | None = None  # a key of `here` whose value begins in the next line, if at all
        at = 0
        while at < end:
            text = lines[at]
            at += 1
            line = known.get(text)
            if line is None:
                line = known[text] = _line(text)
            column, behind, key, sort, value = line
            if sort == _NOTHING:
                continue
            if waiting is not None:
                if column > indent or (column == indent and behind):
                    around.append((indent, listed, here))
                    here[waiting] = here = MarkedList() if behind else MarkedDict()
                    indent, listed = column, behind > 0
                waiting = None
            while column < indent or (listed and not behind and column == indent):
                if not around:
                    raise _Beyond
                indent, listed, here = around.pop()
            if column != indent or (behind > 0) != listed or len(around) > _DEEPEST:
                raise _Beyond
            if sort == _BLOCK:
                value, at = self.block(at, indent if key is None or not behind else behind, value)
            if behind:
                if key is None:
                    here.append(value)
                    continue
                around.append((indent, listed, here))
                item = MarkedDict()
                here.append(item)
                here, indent, listed = item, behind, False
            elif key in here:
                raise _Beyond
            here[key] = value
            if sort == _NESTED:
                waiting = key
        return root

    def block(self, at: int, indent: int, style: str) -> tuple[str, int]:
        """A literal or folded block that begins at a line, and the line behind it. Raises _Beyond."""
        lines = self.lines
        start, width = at, 0
        while at < len(lines) - 1:  # behind the last line break there is nothing
            text = lines[at]
            inner = text.lstrip(" ")
            if not text.isprintable():
                raise _Beyond
            if inner:
                found = len(text) - len(inner)
                width = width or found
                if found < width or found <= indent:
                    break
                if style[0] == ">" and found > width:
                    raise _Beyond
            elif text or not width:
                raise _Beyond
            at += 1
        if not width or width <= indent or at == start:
            raise _Beyond
        body = [text[width:] for text in lines[start:at]]
        while not body[-1]:
            body.pop()
        whole = "\n".join(body) if style[0] == "|" else _folded(body)
        return whole if style.endswith("-") else whole + "\n", at


def _folded(body: list[str]) -> str:
    """Lines joined by blanks; an empty line is a line break."""
    text = body[0]
    empty = 0
    for line in body[1:]:
        if line:
            text += "\n" * empty + line if empty else f" {line}"
            empty = 0
        else:
            empty += 1
    return text


def _line(text: str) -> Line:
    """What one line says by itself. Raises _Beyond."""
    if not text.isprintable():
        raise _Beyond
    rest = text.lstrip(" ")
    if not rest or rest[0] == "#":
        return 0, 0, None, _NOTHING, None
    indent, behind = len(text) - len(rest), 0
    if rest.startswith("- "):
        rest = rest[1:].lstrip(" ")
        behind = len(text) - len(rest)
    match = _KEY.match(rest)
    if match is None:
        if not behind:
            raise _Beyond
        return _valued(indent, behind, None, rest)
    key = match[1] or match[2] or match[3] or ""
    if match[1] in WORDS:
        raise _Beyond
    return _valued(indent, behind, key, rest[match.end() :])


def _valued(indent: int, behind: int, key: str | None, text: str) -> Line:
    text = text.rstrip(" ")
    if not text or text[0] == "#":
        if key is None:
            raise _Beyond
        return indent, behind, key, _NESTED, None
    if text in _BLOCKS:
        return indent, behind, key, _BLOCK, text
    return indent, behind, key, _SCALAR, _value(text)


def _value(text: str) -> Any:
    """A value that ends on its line."""
    first = text[0]
    if first == "'":
        return _quoted(_SINGLE.match(text)).replace("''", "'")
    if first == '"':
        return _quoted(_DOUBLE.match(text))
    if first in "{[":
        value, end = _flow(text, 0, 0)
        if not _REST.match(text, end):
            raise _Beyond
        return value
    if first in _NEVER_FIRST and (first != "-" or text[1:2] in ("", " ", "-")):
        raise _Beyond
    cut = text.find(" #")
    if cut >= 0:
        text = text[:cut].rstrip(" ")
    if ": " in text or text[-1] == ":":
        raise _Beyond
    return _scalar(text)


def _quoted(match: re.Match[str] | None) -> str:
    if match is None:
        raise _Beyond
    return match[1]


def _scalar(text: str) -> Any:
    if text in WORDS:
        return WORDS[text]
    if not NUMBER.match(text):
        return text
    try:
        return number(text, Mark("", 1, 1))
    except InputProblem:
        raise _Beyond from None


def _flow(text: str, at: int, depth: int) -> tuple[Any, int]:
    """A collection in brackets, or a scalar within one, and what follows it. Raises _Beyond."""
    match = _FLOW.match(text, at)
    if match is None or depth > _DEEPEST:
        raise _Beyond
    at = match.end()
    sign, single, double, plain = match.groups()
    if plain is not None:
        return _scalar(plain.rstrip(" ")), at
    if single is not None:
        return single.replace("''", "'"), at
    if double is not None:
        return double, at
    if sign not in ("[", "{"):
        raise _Beyond
    value, at = _flow_list(text, at, depth) if sign == "[" else _flow_mapping(text, at, depth)
    while depth and text[at : at + 1] == " ":
        at += 1
    return value, at


def _flow_list(text: str, at: int, depth: int) -> tuple[MarkedList, int]:
    items = MarkedList()
    if text[at : at + 1] == "]":
        return items, at + 1
    while True:
        value, at = _flow(text, at, depth + 1)
        items.add(value, None)
        sign = text[at : at + 1]
        at += 1
        if sign == "]":
            return items, at
        if sign != ",":
            raise _Beyond


def _flow_mapping(text: str, at: int, depth: int) -> tuple[MarkedDict, int]:
    mapping = MarkedDict()
    if text[at : at + 1] == "}":
        return mapping, at + 1
    while True:
        match = _FLOW.match(text, at)
        if match is None or match[1] is not None:
            raise _Beyond
        key = match[2] if match[2] is not None else match[3] if match[3] is not None else match[4]
        colon = _COLON.match(text, match.end())
        if colon is None or key in mapping or "''" in key or len(key) > 100:
            raise _Beyond
        if match[4] is not None and not (_FLOW_KEY.match(key) and key not in WORDS):
            raise _Beyond
        value, at = _flow(text, colon.end(), depth + 1)
        mapping[key] = value
        sign = text[at : at + 1]
        at += 1
        if sign == "}":
            return mapping, at
        if sign != ",":
            raise _Beyond


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
        found = _ENTRY.match(below)
        if found is None:
            continue
        if result.mark is None:
            indent = len(found[1])
            result.mark = Mark(file, index, indent + 1)
        if len(found[1]) == indent and found[2] in ("name", "uid"):
            result.put(found[2], metadata[found[2]], key_at=None, value_at=Mark(file, index, found.end() + 1))
    return result

"""What one line of plain YAML says by itself (`plain_yaml.py`). Knows nothing of the lines around it."""

import json
import re
from typing import Any

from reconciler.core.source import Mark, MarkedDict, MarkedList
from reconciler.loader.scalars import NUMBER, WORDS
from reconciler.loader.text import InputProblem, number

_DEEPEST = 40
_KEY = re.compile(
    r"(?:([A-Za-z_](?:[\w ./-]{0,98}[\w./-])?)|'([^'\n]{0,100})'|\"([^\"\\\n]{0,100})\"):(?: +|$)", re.ASCII
)
_SINGLE = re.compile(r"'((?:[^']|'')*)' *(?: #.*)?\Z")
_DOUBLE = re.compile(r'"((?:[^"\\]|\\["\\nrtbf])*)" *(?: #.*)?\Z')
"""Of the escapes those that JSON has too."""
_REST = re.compile(r" *(?: #.*)?\Z")
_BLOCKS = {"|": "|", "|-": "|-", ">": ">", ">-": ">-"}
_NEVER_FIRST = frozenset("-?:,[]{}#&*!|>'\"%@`")
_FLOW = re.compile(
    r" *(?:([{}\[\],])|'((?:[^']|'')*)'|\"((?:[^\"\\]|\\[\"\\nrtbf])*)\""
    r"|((?:[A-Za-z0-9_./$]|-[A-Za-z0-9])(?:[^,\[\]{}:#?]|:(?=[A-Za-z0-9_./]))*)) *"
)
_FLOW_KEY = re.compile(r"[A-Za-z_](?:.*[^ ])?\Z")
_COLON = re.compile(r": +")

SCALAR, NESTED, BLOCK, NOTHING = range(4)
Line = tuple[int, int, str | None, int, Any]
"""How far it is indented, where the text behind a dash begins (0: no dash), its key, of what sort its value is, and the
value.
"""


class Beyond(Exception):
    """This is not read here."""


def read_line(text: str) -> Line:
    """What one line says by itself. Raises Beyond."""
    if not text.isprintable():
        raise Beyond
    rest = text.lstrip(" ")
    if not rest or rest[0] == "#":
        return 0, 0, None, NOTHING, None
    indent, behind = len(text) - len(rest), 0
    if rest.startswith("- "):
        rest = rest[1:].lstrip(" ")
        behind = len(text) - len(rest)
    match = _KEY.match(rest)
    if match is None:
        if not behind:
            raise Beyond
        return _valued(indent, behind, None, rest)
    key = match[1] or match[2] or match[3] or ""
    if match[1] in WORDS:
        raise Beyond
    return _valued(indent, behind, key, rest[match.end() :])


def _valued(indent: int, behind: int, key: str | None, text: str) -> Line:
    text = text.rstrip(" ")
    if not text or text[0] == "#":
        if key is None:
            raise Beyond
        return indent, behind, key, NESTED, None
    if text in _BLOCKS:
        return indent, behind, key, BLOCK, text
    return indent, behind, key, SCALAR, _value(text)


def _value(text: str) -> Any:
    """A value that ends on its line."""
    first = text[0]
    if first == "'":
        return _quoted(_SINGLE.match(text)).replace("''", "'")
    if first == '"':
        return _unescaped(_quoted(_DOUBLE.match(text)))
    if first in "{[":
        value, end = _flow(text, 0, 0)
        if not _REST.match(text, end):
            raise Beyond
        return value
    if first in _NEVER_FIRST and (first != "-" or text[1:2] in ("", " ", "-")):
        raise Beyond
    cut = text.find(" #")
    if cut >= 0:
        text = text[:cut].rstrip(" ")
    if ": " in text or text[-1] == ":":
        raise Beyond
    return _scalar(text)


def _quoted(match: re.Match[str] | None) -> str:
    if match is None:
        raise Beyond
    return match[1]


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    whole: str = json.loads(f'"{text}"')
    return whole


def _scalar(text: str) -> Any:
    if text in WORDS:
        return WORDS[text]
    if not NUMBER.match(text):
        return text
    try:
        return number(text, Mark("", 1, 1))
    except InputProblem:
        raise Beyond from None


def _flow(text: str, at: int, depth: int) -> tuple[Any, int]:
    """A collection in brackets, or a scalar within one, and what follows it. Raises Beyond."""
    match = _FLOW.match(text, at)
    if match is None or depth > _DEEPEST:
        raise Beyond
    at = match.end()
    sign, single, double, plain = match.groups()
    if plain is not None:
        return _scalar(plain.rstrip(" ")), at
    if single is not None:
        return single.replace("''", "'"), at
    if double is not None:
        return _unescaped(double), at
    if sign not in ("[", "{"):
        raise Beyond
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
            raise Beyond


def _flow_mapping(text: str, at: int, depth: int) -> tuple[MarkedDict, int]:
    mapping = MarkedDict()
    if text[at : at + 1] == "}":
        return mapping, at + 1
    while True:
        match = _FLOW.match(text, at)
        if match is None or match[1] is not None:
            raise Beyond
        key = match[2] if match[2] is not None else match[3] if match[3] is not None else match[4]
        colon = _COLON.match(text, match.end())
        if colon is None or key in mapping or "''" in key or "\\" in key or len(key) > 100:
            raise Beyond
        if match[4] is not None and not (_FLOW_KEY.match(key) and key not in WORDS):
            raise Beyond
        value, at = _flow(text, colon.end(), depth + 1)
        mapping[key] = value
        sign = text[at : at + 1]
        at += 1
        if sign == "}":
            return mapping, at
        if sign != ",":
            raise Beyond

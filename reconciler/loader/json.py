"""Strict JSON: what Grafana exports. No duplicate keys, no NaN, nothing that is half a character; errors with their
place. Python's own parser reads what is right; the scanner here knows places, and tells what is wrong.
"""

import json
import re
from json import JSONDecodeError
from json import decoder as _decoder
from typing import Any

import orjson

from reconciler.core.errors import Diagnostic
from reconciler.core.json import is_canonical
from reconciler.core.shared import Canonical
from reconciler.core.source import Mark, MarkedDict, MarkedList
from reconciler.loader.text import MOST_DEPTH, InputProblem, Places, decode, number, too_deep

_scanstring = _decoder.scanstring  # type: ignore[attr-defined]  # public by name, absent from the stubs
_BLANK = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WORD = re.compile(r"[A-Za-z_$-][A-Za-z0-9_$]*")
_WORDS: dict[str, Any] = {"null": None, "true": True, "false": False}
_SURROGATE = re.compile("[\ud800-\udfff]")
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_DIGITS = bytes(0x30 if 0x30 <= code <= 0x39 else 0x20 for code in range(256))
"""Every digit becomes a 0, all else a blank."""
_LONG = b"0" * 16
_TOO_DEEP = b"\n" + b"  " * (MOST_DEPTH + 1)
"""What begins a line of a value that is nested deeper than allowed, two blanks a level: no text has a line break."""
_COMMAS = "check the commas and quotes around here"


def parse_json(data: bytes, file: str, *, positions: bool) -> tuple[Any, list[Diagnostic]]:
    """The value of a JSON file. With `positions`, values know their places (slower: for files that people write)."""
    try:
        text = decode(data, file)
        if not positions:
            found, value = _fast(text)
            if found:
                return (MarkedDict(value, mark=Mark(file, 1, 1)) if isinstance(value, dict) else value), []
        return _Scanner(text, file).run(), []
    except InputProblem as problem:
        return None, [problem.diagnostic]


def read_quickly(data: bytes) -> Any:
    """The value of a JSON file that is certainly right; None where `parse_json` is to be asked. Objects in the list
    `panels` are told as canonical where they are.
    """
    try:
        value = orjson.loads(data)
        lines = orjson.dumps(value, option=orjson.OPT_INDENT_2)
    except (ValueError, TypeError):
        return None
    # Each quote of the file is in what was read, unless a key that stands twice took one with it; escapes by number
    # may hide quotes, and halves of characters.
    if b"\\u" in data or data.count(b'"') != lines.count(b'"') or _TOO_DEEP in lines:
        return None
    if _LONG in lines.translate(_DIGITS) or _LONG in data.translate(_DIGITS):  # orjson knows no integers beyond 64 bits
        return None
    panels = value.get("panels") if isinstance(value, dict) else None
    if isinstance(panels, list) and is_canonical(panels):
        value["panels"] = [Canonical(panel) if type(panel) is dict else panel for panel in panels]
    return value


def _fast(text: str) -> tuple[bool, Any]:
    """Whether Python's parser finds nothing wrong, and the value."""
    if _SURROGATE_ESCAPE.search(text):
        return False, None
    nowhere = Mark("", 1, 1)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_refused,
            parse_int=lambda digits: number(digits, nowhere),
            parse_float=lambda digits: number(digits, nowhere),
        )
    except (ValueError, RecursionError, InputProblem):
        return False, None
    return not _deeper(value, MOST_DEPTH), value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("duplicate key")
    return result


def _refused(text: str) -> Any:
    raise ValueError(text)


def _deeper(value: Any, levels: int) -> bool:
    """Whether values are nested in more than so many levels."""
    level = [value]
    for _ in range(levels + 1):
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inner += item.values()
            elif isinstance(item, list):
                inner += item
        if not inner:
            return False
        level = inner
    return True


class _Scanner:
    """Reads JSON with the place of every key and value; ends at the first thing that is wrong."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.places = Places(text, file)
        self.at = 0

    def run(self) -> Any:
        """The one value of the text. Raises InputProblem."""
        if not self.peek():
            raise self.wrong("the file is empty", "a JSON file holds one object")
        value = self.value(0)
        if self.peek():
            raise self.wrong("something follows the end of the value", "a JSON file holds one value")
        return value

    def peek(self) -> str:
        """The next character that is no blank; "" at the end."""
        match = _BLANK.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.text[self.at : self.at + 1]

    def wrong(self, message: str, hint: str, at: int | None = None, code: str = "json-syntax") -> InputProblem:
        prefix = "not valid JSON: " if code == "json-syntax" else ""
        return InputProblem(code, prefix + message, hint, self.places.mark(self.at if at is None else at))

    def value(self, depth: int) -> Any:
        if depth > MOST_DEPTH:
            raise too_deep(self.places.mark(self.at))
        first = self.peek()
        if first == "{":
            return self.object(depth)
        if first == "[":
            return self.array(depth)
        if first == '"':
            return self.string()
        return self.scalar(first)

    def scalar(self, first: str) -> Any:
        match = _NUMBER.match(self.text, self.at)
        if match:
            start, self.at = self.at, match.end()
            if self.text[self.at : self.at + 1].isdigit():
                raise self.wrong("a number with leading zeros", "write it without them, or in quotes", start)
            return number(match.group(), self.places.mark(start))
        word = _WORD.match(self.text, self.at)
        if word and word.group() in _WORDS:
            self.at = word.end()
            return _WORDS[word.group()]
        if word and word.group().lstrip("-") in {"NaN", "Infinity"}:
            raise self.wrong(f"{word.group()} is not a number of JSON", "write null, or a number")
        if word and word.group() != "-":
            raise self.wrong(
                f"{word.group()[:40]} without quotes", "texts stand in double quotes; true, false, null do not"
            )
        raise self.unexpected(first, "a value")

    def unexpected(self, found: str, wanted: str) -> InputProblem:
        """What to say where another character should stand."""
        if not found:
            return self.wrong(f"the file ends where {wanted} should stand", "is the file complete?")
        if found == "'":
            return self.wrong("a text in single quotes", 'JSON has double quotes only: "text"')
        if self.text.startswith(("//", "/*", "#"), self.at):
            return self.wrong("a comment", "JSON has no comments: remove it")
        return self.wrong(f"{found!r} where {wanted} should stand", _COMMAS)

    def string(self) -> str:
        start = self.at
        try:
            text, self.at = _scanstring(self.text, start + 1, True)
        except JSONDecodeError as error:
            raise self._bad_string(error, start) from None
        if _SURROGATE.search(text):
            hint = "write the character itself, or both halves of its escape"
            raise self.wrong("this text has half a character in it (a lone surrogate escape)", hint, start)
        return str(text)

    def _bad_string(self, error: JSONDecodeError, start: int) -> InputProblem:
        if error.msg.startswith("Unterminated"):
            return self.wrong("the text that begins here has no end", "is the file complete?", start)
        if "control character" in error.msg:
            found = self.text[error.pos : error.pos + 1]
            what = {"\n": "a line break", "\t": "a tab"}.get(found, f"the control character U+{ord(found or ' '):04X}")
            return self.wrong(f"{what} inside a text", r"write it as an escape: \n, \t, \u0007", error.pos)
        return self.wrong("an escape that JSON does not have", r"double the backslash: \\", error.pos)

    def array(self, depth: int) -> MarkedList:
        result = MarkedList(mark=self.places.mark(self.at))
        self.at += 1
        if self.peek() == "]":
            self.at += 1
            return result
        while True:
            self.peek()
            place = self.places.mark(self.at)
            result.add(self.value(depth + 1), place)
            if self.closed("]", "an array"):
                return result

    def object(self, depth: int) -> MarkedDict:
        result = MarkedDict(mark=self.places.mark(self.at))
        self.at += 1
        if self.peek() == "}":
            self.at += 1
            return result
        while True:
            key, key_at = self.key(result)
            if (found := self.peek()) != ":":
                raise self.unexpected(found, "':'")
            self.at += 1
            self.peek()
            place = self.places.mark(self.at)
            result.put(key, self.value(depth + 1), key_at=key_at, value_at=place)
            if self.closed("}", "an object"):
                return result

    def key(self, into: MarkedDict) -> tuple[str, Mark]:
        found = self.peek()
        place = self.places.mark(self.at)
        if found != '"':
            word = _WORD.match(self.text, self.at)
            if word:
                raise self.wrong(f"the key {word.group()[:40]} without quotes", "keys stand in double quotes")
            raise self.unexpected(found, "a key")
        start = self.at
        key = self.string()
        if key in into:
            hint = f"the first is in line {into.keys_at[key].line}: keep one"
            raise self.wrong(f"'{key}' stands twice in this object", hint, start, "duplicate-key")
        return key, place

    def closed(self, end: str, inside: str) -> bool:
        """Whether the array or object ends here; else a comma is passed."""
        found = self.peek()
        if found == end:
            self.at += 1
            return True
        if found != ",":
            raise self.unexpected(found, f"',' or '{end}'")
        comma = self.at
        self.at += 1
        if self.peek() == end:
            raise self.wrong(f"a comma before the end of {inside}", "remove it", comma)
        return False

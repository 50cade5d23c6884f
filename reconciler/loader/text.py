"""Bytes of a file → text, and what YAML and JSON share: places, limits, numbers. Understands no document."""

import re
from bisect import bisect_right
from typing import Any

from reconciler.core.errors import Diagnostic
from reconciler.core.source import Mark

MOST_VALUES = 500_000
MOST_DEPTH = 100
_LARGEST = 1.7976931348623157e308
_MOST_DIGITS = 309
_LINE_END = "\r\n|\r|\n"


class InputProblem(Exception):
    """One thing wrong with a file, with its place; the rest of the file cannot be read."""

    def __init__(self, code: str, message: str, hint: str, where: Mark) -> None:
        super().__init__(message)
        self.diagnostic = Diagnostic(code, message, hint, where)


class Places:
    """Line and column (both from 1, columns in characters) of an index into a text, as editors count them."""

    def __init__(self, text: str, file: str) -> None:
        self._file = file
        self._starts = [0, *(match.end() for match in re.finditer(_LINE_END, text))]

    def mark(self, index: int) -> Mark:
        """The place of a character."""
        line = bisect_right(self._starts, index)
        return Mark(self._file, line, index - self._starts[line - 1] + 1)

    def index(self, line: int, column: int) -> int:
        """The index of a place; of the nearest one where the text has no such line."""
        return self._starts[min(line, len(self._starts)) - 1] + column - 1


def decode(data: bytes, file: str) -> str:
    """UTF-8 text of a file (a byte order mark is dropped). Raises InputProblem at the first byte that is none."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # `start` counts from behind the byte order mark where there is one
        body = data.removeprefix(b"\xef\xbb\xbf")
        before = body[: error.start].decode("utf-8")
        wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
        text = "the file is UTF-16" if wide else f"byte 0x{body[error.start]:02x} is not UTF-8"
        raise InputProblem("not-utf8", text, "save the file as UTF-8", Places(before, file).mark(len(before))) from None


def number(text: str, where: Mark) -> int | float:
    """The value of a number in JSON's grammar. Raises InputProblem for one that no double can come near to."""
    digits = text.removeprefix("-")
    whole = digits.isdigit()
    if whole and len(digits) <= _MOST_DIGITS:  # Python refuses to read integers of thousands of digits
        value: int | float = int(text)
        if abs(value) <= _LARGEST:
            return value
    elif not whole and abs(value := float(text)) <= _LARGEST:
        return value
    short = text if len(text) <= 40 else f"{text[:39]}…"
    raise InputProblem("number-too-large", f"{short} is beyond every number of JSON", "quote it if it is a text", where)


def too_deep(where: Mark) -> InputProblem:
    """The error for a value inside too many others."""
    hint = "no object of Grafana needs it: is the file what you think it is?"
    return InputProblem("too-deep", f"more than {MOST_DEPTH} levels of nesting", hint, where)


def shown(value: Any) -> str:
    """A wrong value as people wrote it, short. Not for anything that may be a secret."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = repr(value)
    if isinstance(value, str):
        text = f"'{value}'" if value.isprintable() else '"' + value.encode("unicode_escape").decode() + '"'
    return text if len(text) <= 40 else f"{text[:39]}…"

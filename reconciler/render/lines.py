"""Lines of styled spans: what all forms for people are made of, and how they become plain text or colour.

Must not let a title from a server reach a terminal as it is: control characters are shown as escapes.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct

from reconciler.core.json import Json

STYLES = {
    "plain": "",
    "head": "bold",
    "add": "green",
    "change": "yellow",
    "remove": "red",
    "drift": "magenta",
    "dim": "dim",
    "error": "bold red",
    "warn": "yellow",
    "good": "green",
    "add-word": "bold underline green",
    "remove-word": "bold underline red",
}
_LONG = 100
_BIDI = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u2028\u2029")


class Span(Struct, frozen=True):
    """Some text in one style."""

    text: str
    style: str = "plain"


Line = tuple[Span, ...]


def line(*parts: str | Span) -> Line:
    """A line of texts and spans; what came from files or servers is made safe."""
    return tuple(part if isinstance(part, Span) else Span(part) for part in parts)


def indented(by: int, lines: Iterable[Line]) -> list[Line]:
    """The lines further to the right; empty ones stay empty."""
    return [(Span(" " * by), *item) if item else item for item in lines]


def safe(text: str) -> str:
    """Text that can be shown anywhere: control characters and direction marks as escapes."""
    if text.isascii() and text.isprintable():
        return text
    from unicodedata import category  # mostly nothing is so far from plain

    return "".join(f"\\u{ord(char):04x}" if category(char) in {"Cc", "Cs"} or char in _BIDI else char for char in text)


def plain(lines: Sequence[Line]) -> str:
    """The lines as text without colour, each without blanks at its end."""
    return "".join("".join(span.text for span in item).rstrip() + "\n" for item in lines)


def rich_text(lines: Sequence[Line]) -> Any:
    """The lines as a rich Text (rich is imported here only: it takes a tenth of a second)."""
    from rich.text import Text

    result = Text()
    for item in lines:
        for span in item:
            result.append(span.text, STYLES[span.style] or None)
        result.append("\n")
    result.rstrip()
    return result


def value(found: Json) -> str:
    """A value on one line, as JSON; a long one is cut in the middle, with its length."""
    text = safe(json.dumps(found, ensure_ascii=False, sort_keys=True))
    if len(text) <= _LONG:
        return text
    return f"{text[: _LONG - 35]} … {text[-20:]} ({len(text):,} characters)"


def is_long(found: Json) -> bool:
    """Whether a value is shown on lines of its own."""
    return isinstance(found, str) and ("\n" in found or len(found) > 48)


def count(number: int, noun: str) -> str:
    """`1 panel`, `2 panels`, `1,003 objects`."""
    plural = noun if noun.endswith("s") else noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{number:,} {noun if number == 1 else plural}"

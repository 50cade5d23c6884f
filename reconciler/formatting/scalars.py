"""How a scalar is written: without quotes where it reads back the same, blocks of text as they are but indented anew.

"The same" is by the loader's rules: JSON's scalars, everything else is text. Quotes that an author gave stay on what
other readers of YAML take for something else (off, 12:30, dates), and on what begins as no word does (".*", "-- Mixed
--").
"""

import re

import yaml

from reconciler.formatting.nodes import Scalar
from reconciler.formatting.reading import events_of

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+([eE][+-]?[0-9]+)?|[eE][+-][0-9]+)?\Z")
_WORDS = {"null", "~", "", "true", "false", "<<"}
_FIRST = set("-?:,[]{}#&*!|>'\"%@`=")
_ELSEWHERE = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}
_FIGURES = re.compile(r"[-+]?[.\d][-+\d.,:_/eExXoa-fA-F TZ]*\Z|[-+]?\.(inf|nan)\Z", re.IGNORECASE)
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def plain_reads_back(text: str, *, flow: bool) -> bool:
    """Whether a text without quotes is read as this text; `flow`: inside brackets. Errs towards quotes."""
    if text in _WORDS or _NUMBER.match(text) or text != text.strip() or not text.replace(" ", "").isprintable():
        return False
    if ": " in text or " #" in text or text.endswith(":") or text[:3] in {"---", "..."}:
        return False
    if flow and re.search(r"[][{},?]|:[][{},]|:\Z", text):
        return False
    return text[0] not in _FIRST or (text[0] in "-:?" and not flow and text[1:2] not in {"", " "})


def _better_quoted(text: str) -> bool:
    """Whether other readers of YAML, or people, may take it for something else than text."""
    return text.lower() in _ELSEWHERE or bool(_FIGURES.match(text)) or not (text[:1].isalnum() or text[:1] in "$_")


def _quoted(text: str) -> str:
    """In double quotes; in single ones where that saves escapes and everything can be seen."""
    if re.search(r'["\\]', text) and "'" not in text and text.isprintable():
        return f"'{text}'"
    escaped = "".join(_ESCAPES.get(char, char) for char in text)
    return '"' + _UNSEEN.sub(lambda found: f"\\u{ord(found.group()):04x}", escaped) + '"'


def one_line(scalar: Scalar, *, flow: bool = False) -> str:
    """A scalar on one line, without its anchor; "" for the null that is not written."""
    value = scalar.value
    if not scalar.text:
        if value in {"", "~"}:
            return "null" if value or flow else ""
        if "\n" not in scalar.raw:
            return value
    wanted = scalar.text and _better_quoted(value)
    if not wanted and plain_reads_back(value, flow=flow):
        return value
    kept = scalar.style == '"' and "\n" not in scalar.raw
    if kept and ("\\" not in scalar.raw or not value.isascii() or not value.isprintable()):
        return scalar.raw
    return _quoted(value)


def several_lines(scalar: Scalar, indent: int, room: int) -> list[str]:
    """A scalar as the value of an entry: its first line, and further ones with their indentation.

    `indent` is that of the further lines, `room` the columns left in the first one.
    """
    single = one_line(scalar)
    if scalar.style in ("|", ">"):
        lines = _block(scalar)
    elif "\n" not in scalar.raw or ("\n" not in scalar.value and len(single) <= room):
        return [single]
    else:
        lines = _continued(scalar)
    if not _reads_back(lines, scalar.value):
        return [single]
    return [lines[0], *(" " * indent + line if line else "" for line in lines[1:])]


def _block(scalar: Scalar) -> list[str]:
    """A block of text: its header and its lines, not indented."""
    value = scalar.value
    core = value.rstrip("\n")
    more = len(value) - len(core)
    body = core.split("\n") if scalar.style == "|" else _dedented(scalar.raw.split("\n")[1:])
    first = next((line for line in body if line), "")
    indicator = "2" if first[:1] in {" ", "\t"} else ""
    chomping = "-" if not more else "" if more == 1 else "+"
    return [scalar.style + indicator + chomping, *body, *[""] * (more - 1)]


def _dedented(lines: list[str]) -> list[str]:
    by = next((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), 0)
    body = [line[by:] for line in lines]
    while body and not body[-1]:
        body.pop()
    return body


def _continued(scalar: Scalar) -> list[str]:
    """A quoted or plain scalar with the line breaks that it has, its lines not indented."""
    lines = [line.strip(" \t") for line in scalar.raw.split("\n")]
    if scalar.style == '"':  # a blank behind a backslash belongs to it
        lines = [line + " " if (len(line) - len(line.rstrip("\\"))) % 2 and old[-1:] == " " else line
                 for line, old in zip(lines, scalar.raw.split("\n"), strict=True)]  # fmt: skip
    return lines


def _reads_back(lines: list[str], value: str) -> bool:
    text = "\n  ".join([f"- {lines[0]}", *lines[1:]]) + "\n"
    text = re.sub(r"(?m)^  $", "", text)
    try:
        events = events_of(text)
    except yaml.YAMLError:
        return False
    scalars = [event for event in events if hasattr(event, "value")]
    return len(scalars) == 1 and scalars[0].value == value

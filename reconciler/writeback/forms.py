"""How a value is written where an author writes: as YAML in the style of `ggrec fmt`, or as JSON. Each way is a
candidate; who asks parses it again.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from reconciler.core.json import Json

_PLAIN = re.compile(r"[A-Za-z$/(][^\n\r\t]*\Z|[0-9]+[smhdwMy]\Z")
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")
_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n", "~"}
_NOT_PLAIN = re.compile(r": |:\Z| #|[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]")
_NOT_IN_FLOW = re.compile(r"[\[\]{},]")
_NOT_IN_BLOCKS = re.compile(r"[^\S\n]\n|[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]")
_WIDEST = 100
_SHORT = 4


def scalar(value: Json, *, flow: bool) -> str:
    """A text plain where nobody could take it for something else, else in double quotes; all else as JSON."""
    if isinstance(value, str):
        plain = _PLAIN.match(value) and value.strip() == value and value.lower() not in _WORDS
        if plain and not _NOT_PLAIN.search(value) and not (flow and _NOT_IN_FLOW.search(value)):
            return value
    return as_json(value)


def as_json(value: Json) -> str:
    """On one line."""
    text = json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


def in_flow(value: Json) -> str:
    """On one line, as in `{min: 0, tags: [a, b]}`."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)}: {in_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(map(in_flow, value)) + "]"
    return scalar(value, flow=True)


def in_block(value: Json, indent: int = 0) -> list[str]:
    """The lines of a mapping or a list in block style, without the indentation of the first level."""
    if isinstance(value, Mapping) and value:
        lines = []
        for key, item in value.items():
            lines += _entry(f"{_key(key)}:", item, indent)
        return lines
    if isinstance(value, Sequence) and not isinstance(value, str) and value:
        lines = []
        for item in value:
            inner = in_block(item, indent + 2) if _is_long(item, indent + 2) else [_one(item, indent + 2)]
            lines += [f"- {inner[0]}", *(f"  {text}" if text else "" for text in inner[1:])]
        return lines
    return [in_flow(value)]


def _entry(name: str, value: Json, indent: int) -> list[str]:
    if isinstance(value, str) and "\n" in value and (block := block_text(value)):
        return [f"{name} {block[0]}", *(f"  {text}" if text else "" for text in block[1:])]
    if _is_long(value, indent + len(name)):
        return [name, *(f"  {text}" if text else "" for text in in_block(value, indent + 2))]
    return [f"{name} {_one(value, indent)}"]


def _one(value: Json, indent: int) -> str:
    return in_flow(value) if isinstance(value, Mapping | list | tuple) else scalar(value, flow=False)


def _is_long(value: Json, indent: int) -> bool:
    """Whether a value is better read over several lines."""
    if not isinstance(value, Mapping | list | tuple) or not value:
        return False
    if isinstance(value, Mapping):
        flat = not any(isinstance(item, Mapping | list | tuple) and item for item in value.values())
        return len(value) > _SHORT or not flat or indent + len(in_flow(value)) > _WIDEST
    return any(isinstance(item, Mapping) for item in value) or indent + len(in_flow(value)) > _WIDEST


def block_text(value: str) -> list[str]:
    """A text of several lines as a block: the header and its lines; none where a block would not keep it."""
    if _NOT_IN_BLOCKS.search(value) or value[:1].isspace() or not value.strip() or value.endswith("\n\n"):
        return []
    return ["|" if value.endswith("\n") else "|-", *value.removesuffix("\n").split("\n")]


def ways(value: Json, style: str) -> Iterator[str]:
    """Ways to write a value on one line in the place of another, the one most like it first. `style`: the old one's
    quotes.
    """
    if isinstance(value, str):
        single = "'" + value.replace("'", "''") + "'"
        plain = scalar(value, flow=True)
        loose = [value] if value and not re.search(r"[\n\r\t]", value) else []
        yield from {'"': [as_json(value)], "'": [single]}.get(style, [plain, *loose, single])
    elif isinstance(value, Mapping | list | tuple):
        yield in_flow(value)
    yield as_json(value)
    yield json.dumps(value)


def _key(key: str) -> str:
    return key if _KEY.match(key) and key.lower() not in _WORDS else as_json(key)


__all__ = ["as_json", "block_text", "in_block", "in_flow", "scalar", "ways"]

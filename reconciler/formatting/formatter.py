"""What a file should hold: its formatted text, proved to mean the same. Must not read or write files."""

import json
from collections.abc import Callable
from typing import Any

import yaml
from msgspec import Struct

from reconciler.core.errors import Diagnostic
from reconciler.core.source import Mark
from reconciler.formatting.reading import comments_of, read
from reconciler.formatting.writing import write

Parse = Callable[[bytes, str], tuple[list[Any], list[Diagnostic]]]
"""The loader's parser: bytes and the file's name in, documents and everything wrong with them out."""


class Formatted(Struct, frozen=True):
    """What a file should hold; what it holds already where `problems` says why it is left alone."""

    data: bytes
    problems: tuple[Diagnostic, ...] = ()


def format_yaml(text: str) -> str:
    """The text in ggrec's style, line ends as \\n. The text must be valid YAML. Raises YAMLError where it is not."""
    return write(read(text.replace("\r\n", "\n").replace("\r", "\n")))


def format_file(data: bytes, file: str, parse: Parse) -> Formatted:
    """The formatted bytes of a file. A file that `parse` finds errors in is left alone, and so is JSON, which has a
    style of its own; one whose formatted text would not mean the same is left alone and reported as a bug.
    """
    before, problems = parse(data, file)
    if problems:
        return Formatted(data, tuple(problems))
    text = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    if _is_json(text):
        return Formatted(data)
    try:
        result = format_yaml(text)
        new = result.encode()
        after, wrong = parse(new, file)
        same = not wrong and _same(before, after) and _comments(text) == _comments(result)
    except (yaml.YAMLError, RecursionError):
        same = False
    if not same:
        hint = "this is a bug in ggrec: please report it with the file; it was left as it is"
        found = Diagnostic("fmt-bug", "its formatted text would not mean the same", hint, Mark(file, 1, 1))
        return Formatted(data, (found,))
    return Formatted(new)


def _is_json(text: str) -> bool:
    if text.lstrip()[:1] not in {"{", "["}:
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _same(before: list[Any], after: list[Any]) -> bool:
    """Whether values are the same, types included; the order of keys does not count."""
    return json.dumps(before, sort_keys=True) == json.dumps(after, sort_keys=True)


def _comments(text: str) -> list[str]:
    """The comments, whatever their order: they move with keys."""
    return sorted(comment.text for comment in comments_of(text))

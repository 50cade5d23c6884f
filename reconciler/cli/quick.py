"""Reading a command line that is plainly written, without the library that explains every other one.

Whatever is not certainly understood (a mistake, a call for help, an unusual spelling) is None: then typer reads it
again, and says what there is to say. What is understood must come to exactly what typer would make of it.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, get_args, get_origin

from reconciler.cli.options import Argument, Option

_WHOLE = r"[0-9]{1,9}\Z"


class _NotPlain(Exception):
    """It takes more to read this."""


def understood(function: Callable[..., int], words: Sequence[str]) -> dict[str, Any] | None:
    """The keyword arguments that these words give to a command; None where they are not plain."""
    try:
        return _Reading(function).read(words)
    except _NotPlain:
        return None


class _Reading:
    def __init__(self, function: Callable[..., int]) -> None:
        self.options: dict[str, tuple[str, Any, Option]] = {}
        self.places: list[tuple[str, Any]] = []
        annotations = {name: known for name, known in function.__annotations__.items() if name != "return"}
        for name, annotation in annotations.items():
            if get_origin(annotation) is not Annotated:
                raise _NotPlain
            kind, told = get_args(annotation)[:2]
            if isinstance(told, Argument):
                self.places.append((name, kind))
            elif isinstance(told, Option):
                self.options |= dict.fromkeys(told.spellings, (name, kind, told))
            else:
                raise _NotPlain
        with_default = len(function.__defaults__ or ())
        self.required = list(annotations)[: len(annotations) - with_default]

    def read(self, words: Sequence[str]) -> dict[str, Any]:
        given: dict[str, Any] = {}
        loose: list[str] = []
        left = list(reversed(words))
        while left:
            word = left.pop()
            if not word.startswith("-"):
                loose.append(word)
                continue
            spelling, equals, value = word.partition("=") if word.startswith("--") else (word, "", "")
            if spelling not in self.options:
                raise _NotPlain
            name, kind, option = self.options[spelling]
            if kind is bool:
                if equals:
                    raise _NotPlain
                given[name] = True
                continue
            if not equals:
                if not left or left[-1].startswith("-"):
                    raise _NotPlain
                value = left.pop()
            inner = _item(kind)
            read = _value(inner or kind, value, option)
            given[name] = [*given.get(name, ()), read] if inner is not None else read
        self._put(loose, given)
        if any(name not in given for name in self.required):
            raise _NotPlain
        return given

    def _put(self, loose: list[str], given: dict[str, Any]) -> None:
        """The words that belong to no option, by their places."""
        for name, kind in self.places:
            inner = _item(kind)
            if inner is not None and loose:
                given[name] = [_value(inner, word, None) for word in loose]
                loose.clear()
            elif loose:
                given[name] = _value(kind, loose.pop(0), None)
        if loose:
            raise _NotPlain


def _item(kind: Any) -> Any:
    """The type of a list's items; None for what is no list."""
    bare = _bare(kind)
    return get_args(bare)[0] if get_origin(bare) is list else None


def _bare(kind: Any) -> Any:
    """A type without None."""
    if isinstance(kind, UnionType):
        found = [part for part in get_args(kind) if part is not NoneType]
        if len(found) == 1:
            return found[0]
    return kind


def _value(kind: Any, text: str, option: Option | None) -> Any:
    bare = _bare(kind)
    if not text:
        raise _NotPlain
    if option is not None and option.parser is not None:
        try:
            return option.parser(text)
        except Exception:
            raise _NotPlain from None
    if bare is str:
        return text
    if bare is Path:
        return Path(text)
    if bare is int and re.match(_WHOLE, text):
        number = int(text)
        low, high = (option.min, option.max) if option is not None else (None, None)
        if (low is None or number >= low) and (high is None or number <= high):
            return number
    raise _NotPlain

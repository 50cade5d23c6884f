"""Lucene's query syntax: whether a text is a query, and which fields it names."""

import re
from collections.abc import Iterator
from typing import Any

from luqum.exceptions import ParseError
from luqum.parser import parser
from luqum.thread import parse
from luqum.tree import SearchField

_POSITION = re.compile(r"position (\d+)")
_ = parser  # made on import, so that no two threads make it


class NotLucene(Exception):
    """Why a text is no query, and the index in it where that shows, if it is known."""

    def __init__(self, why: str, at: int | None) -> None:
        super().__init__(why)
        self.at = at


def field_names(text: str) -> tuple[str, ...]:
    """The fields that a query names, in its order. Raises NotLucene."""
    try:
        tree = parse(text)
    except ParseError as error:
        at = _POSITION.search(str(error))
        raise NotLucene(_reason(str(error)), int(at[1]) if at else None) from None
    return tuple(_named(tree))


def _reason(error: str) -> str:
    text = error.split("\n")[0].removeprefix("Syntax error in input : ")
    return re.sub(r"\s+", " ", text).strip(" !.") or "does not parse"


def _named(node: Any) -> Iterator[str]:
    if isinstance(node, SearchField):
        yield node.name
    for child in node.children:
        yield from _named(child)

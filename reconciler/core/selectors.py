"""Paths into objects as people write them: `panels[title='Latency'].fieldConfig`, `templating.list[*].current`.

A step is a key (`['odd key']` where it is none of A-Z a-z 0-9 _ $ -), or picks items of a list: `[2]`, `[*]`,
`[title='Latency']`, `[id=3]`. Items of a list inside an item of the list of the same name (panels in a collapsed row)
are reached as if they were beside it.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from msgspec import Struct

from reconciler.core.diff import Identities
from reconciler.core.json import Json, JsonObject, canonical_value

_KEY = r"[A-Za-z_$][A-Za-z0-9_$-]*"
_INSIDE = (
    r"\[(?:(?P<all>\*)|(?P<index>\d+)|(?P<field>[A-Za-z_][A-Za-z0-9_]*)="
    r"(?:(?P<bare>[A-Za-z0-9_-]+)|'(?P<one>[^']*)'|\"(?P<two>[^\"]*)\")"
    r"|'(?P<key>[^']*)'|\"(?P<key2>[^\"]*)\")\]"
)
EXAMPLE = "as in panels[title='Latency'].fieldConfig, templating.list[*].current or refresh"


class Pick(Struct, frozen=True):
    """A step to items of a list: those at `index`, or whose `field` has this text; all where both are None."""

    index: int | None = None
    field: str | None = None
    text: str = ""

    def takes(self, number: int, item: Json) -> bool:
        """Whether the item with this number is meant."""
        if self.field is not None:
            return isinstance(item, Mapping) and self.field in item and str(item[self.field]) == self.text
        return self.index is None or self.index == number


Step: TypeAlias = str | Pick


class BadSelector(ValueError):
    """A text that is no selector; `column` counts from 1."""

    def __init__(self, column: int, expected: str) -> None:
        super().__init__(f"column {column}: {expected} expected")
        self.column = column


class Selector(Struct, frozen=True):
    """A path as it was written, and its steps. The first one is a key."""

    text: str
    steps: tuple[Step, ...]

    def below(self, key: str) -> "Selector":
        """The same path, beginning one level higher."""
        return Selector(self.text, (key, *self.steps))

    def paths(self, value: Json) -> Iterator[tuple[str | int, ...]]:
        """The places in a value that it leads to."""
        yield from _paths(value, self.steps, (), "")


def parse_selector(text: str) -> Selector:
    """The selector that a text says. Raises BadSelector."""
    steps: list[Step] = []
    at = 0
    while at < len(text) or not steps:
        if text[at : at + 1] == "[" and (steps or text[at + 1 : at + 2] in "'\""):
            found = re.compile(_INSIDE).match(text, at)
            if found is None:
                raise BadSelector(at + 1, "[2], [*], [title='…'] or ['odd key']")
            steps.append(_inside(found))
        else:
            if steps:
                if text[at] != ".":
                    raise BadSelector(at + 1, "'.' or '['")
                at += 1
            found = re.compile(_KEY).match(text, at)
            if found is None:
                raise BadSelector(at + 1, "a key")
            steps.append(found.group())
        at = found.end()
    return Selector(text, tuple(steps))


def _inside(found: re.Match[str]) -> Step:
    part = found.groupdict()
    if part["field"] is not None:
        return Pick(field=part["field"], text=part["bare"] or part["one"] or part["two"] or "")
    if part["index"] is not None:
        return Pick(index=int(part["index"]))
    return Pick() if part["all"] else part["key"] or part["key2"] or ""


def _paths(
    value: Json, steps: tuple[Step, ...], path: tuple[str | int, ...], name: str
) -> Iterator[tuple[str | int, ...]]:
    if not steps:
        yield path
    elif isinstance(steps[0], str):
        if isinstance(value, Mapping) and steps[0] in value:
            yield from _paths(value[steps[0]], steps[1:], (*path, steps[0]), steps[0])
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            if steps[0].takes(index, item):
                yield from _paths(item, steps[1:], (*path, index), "")
            if steps[0].index is None and isinstance(item, Mapping) and name in item:
                yield from _paths(item[name], steps, (*path, index, name), name)


def as_in(value: JsonObject, other: JsonObject, selectors: tuple[Selector, ...], identities: Identities) -> JsonObject:
    """`value` with what the selectors lead to as it is in `other` (absent where it is absent there). Items of lists are
    matched by identity, else by their number; what `other` has no item for stays.
    """
    if not selectors:
        return value
    result: Any = canonical_value(value)
    for selector in selectors:
        _lay(result, other, selector.steps, identities, "")
    laid: JsonObject = result
    return laid


def _lay(mine: Any, other: Json, steps: tuple[Step, ...], identities: Identities, name: str) -> None:
    step, rest = steps[0], steps[1:]
    if isinstance(step, str):
        if not isinstance(mine, dict) or not isinstance(other, Mapping):
            return
        if rest:
            _lay(mine.get(step), other.get(step), rest, identities, step)
        elif step in other:
            mine[step] = other[step]
        else:
            mine.pop(step, None)
        return
    pairs = _paired(mine, other, identities.get(name), name)
    for holder, index, number, partner in pairs:
        if step.takes(number, holder[index]) and partner is not None:
            if rest:
                _lay(holder[index], partner, rest, identities, "")
            else:
                holder[index] = partner


def _paired(mine: Any, other: Json, identity: str | None, name: str) -> list[tuple[list[Any], int, int, Json]]:
    """Each item of a list and of the lists in its items: the list and place it is at, its number, its counterpart."""
    theirs = list(_all_items(other, name))
    known = {item.get(identity): item for item in theirs if isinstance(item, Mapping) and identity} if identity else {}
    found: list[tuple[list[Any], int, int, Json]] = []

    def walk(items: Any, *, inner: bool) -> None:
        for index, item in enumerate(items if isinstance(items, list) else ()):
            key = item.get(identity) if isinstance(item, Mapping) and identity else None
            by_place = theirs[len(found)] if identity is None and len(found) < len(theirs) else None
            partner = known.get(key) if key is not None else by_place
            found.append((items, index, -1 if inner else index, partner))
            if isinstance(item, dict) and name in item:
                walk(item[name], inner=True)

    walk(mine, inner=False)
    return found


def _all_items(items: Json, name: str) -> Iterator[Json]:
    for item in items if isinstance(items, (list, tuple)) else ():
        yield item
        if isinstance(item, Mapping) and name in item:
            yield from _all_items(item[name], name)

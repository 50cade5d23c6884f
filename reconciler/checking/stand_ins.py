"""Grafana's variables and macros in a query, replaced by something that the query's language takes at that place: a
duration in `[…]`, a text inside quotes, a name where a name stands. What is checked is then the query around them;
names made of a variable are known as such.
"""

import re
from bisect import bisect_right
from collections.abc import Mapping

from msgspec import Struct

from reconciler.core.json import JsonObject, as_list, as_object, text_of

MARK = "ggrecvar"
"""Begins every stand-in that stands for a text or name: whatever holds it cannot be looked up."""
VARIABLE = re.compile(
    r"\$\{(?P<braced>[A-Za-z_][\w.]*)(?:\.[\w.\[\]\"']+)?(?::(?P<format>[\w:.-]+))?\}|\$(?P<plain>\w+)|\[\[(?P<old>\w+)(?::\w+)?\]\]"
)
_DURATION = re.compile(r"^(\d+(ms|[smhdwy]))+$")
_NUMBER = re.compile(r"^-?\d+(\.\d+)?$")
_DURATIONS = {"__interval": "1m", "__rate_interval": "4m", "__range": "1d", "__auto_interval": "1m"}
_NUMBERS = {
    "__interval_ms": "60000",
    "__range_s": "86400",
    "__range_ms": "86400000",
    "__from": "1700000000000",
    "__to": "1700086400000",
}


class Filled(Struct, frozen=True):
    """A query with stand-ins. `origin` finds where a place in it is in the author's text."""

    text: str
    names: tuple[str, ...]
    """The variables that it uses, in order."""
    _places: tuple["_Place", ...]

    def origin(self, offset: int) -> int:
        """The place in the author's text (of a stand-in: of the variable's beginning)."""
        index = bisect_right(self._places, offset, key=lambda place: place.begin) - 1
        if index < 0:
            return offset
        place = self._places[index]
        return place.source if offset < place.end else offset - place.shift


class _Place(Struct, frozen=True):
    """One stand-in: where it begins and ends, where its variable begins in the author's text, and by how much all
    behind it is shifted.
    """

    begin: int
    end: int
    source: int
    shift: int


def filled(text: str, variables: Mapping[str, JsonObject]) -> Filled:
    """A PromQL text with stand-ins."""
    parts: list[str] = []
    places: list[_Place] = []
    names: list[str] = []
    end = length = 0
    for found in VARIABLE.finditer(text):
        name = found["braced"] or found["plain"] or found["old"]
        if name.isdigit():  # $1 belongs to label_replace, not to Grafana
            continue
        before = text[end : found.start()]
        parts.append(before)
        length += len(before)
        stand_in = _stand_in(name.partition(".")[0], "".join(parts), text[found.end() :], variables)
        parts.append(stand_in)
        end = found.end()
        places.append(_Place(length, length + len(stand_in), found.start(), length + len(stand_in) - end))
        length += len(stand_in)
        names.append(name)
    parts.append(text[end:])
    return Filled("".join(parts), tuple(names), tuple(places))


def _stand_in(name: str, before: str, after: str, variables: Mapping[str, JsonObject]) -> str:
    if _in_quotes(before):
        return _DURATIONS.get(name) or _NUMBERS.get(name) or MARK
    if name in _NUMBERS:
        return _NUMBERS[name]
    if name in _DURATIONS:
        return _DURATIONS[name]
    samples = samples_of(variables.get(name, {}))
    sample = next((text for text in samples if text), "")
    if _wants_duration(before):
        return sample if _DURATION.match(sample) else "5m"
    if before[-1:].isalnum() or before[-1:] in {"_", ":"} or after[:1].isalnum() or after[:1] in {"_", "{", "["}:
        return MARK  # a part of a name
    if _NUMBER.match(sample):
        return sample
    if _DURATION.match(sample) and _wants_number(before):
        return "60"
    return MARK


def samples_of(variable: JsonObject) -> list[str]:
    """Values that a variable may have, as far as its declaration tells: its present one, and those of a list."""
    current = as_object(variable.get("current")).get("value")
    found = [text_of(item) for item in (current if isinstance(current, list | tuple) else [current])]
    if variable.get("type") in {"custom", "interval"}:
        for item in text_of(variable.get("query")).split(","):
            found.append(item.rpartition(" : ")[2].strip())
    if variable.get("type") in {"textbox", "constant"}:
        found.append(text_of(variable.get("query")))
    found += [text_of(as_object(option).get("value")) for option in as_list(variable.get("options"))]
    return [text for text in found if text and text not in {"$__all", "$__auto"}]


def _in_quotes(before: str) -> bool:
    quote = ""
    skip = False
    for letter in before:
        if skip:
            skip = False
        elif quote:
            skip = letter == "\\" and quote != "`"
            quote = "" if letter == quote else quote
        elif letter in "\"'`":
            quote = letter
    return bool(quote)


def _wants_duration(before: str) -> bool:
    opened = before.rfind("[")
    if opened > before.rfind("]"):
        return True
    return re.search(r"\boffset\s+-?$", before) is not None


def _wants_number(before: str) -> bool:
    return re.search(r"[-+*/%^<>=,]\s*$", before) is not None

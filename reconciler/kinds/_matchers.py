"""Matchers of labels and durations, as people write them and as Grafana has them. Pure."""

import re

from msgspec import Struct

from reconciler.core.json import Json, JsonObject, text_of

OPERATORS = ("=~", "!~", "!=", "=")
_PARTS = r'\s*("(?:[^"\\]|\\.)*"|[^"=!~]*?[^"=!~\s]|)\s*(=~|!~|!=|=)\s*(.*?)\s*'
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_UNITS = (
    ("y", 31_536_000_000, True),
    ("w", 604_800_000, True),
    ("d", 86_400_000, False),
    ("h", 3_600_000, False),
    ("m", 60_000, False),
    ("s", 1000, False),
    ("ms", 1, False),
)
"""How many milliseconds, and whether it is used only where nothing is left over."""


class Matcher(Struct, frozen=True):
    """What a label must be."""

    label: str
    operator: str
    value: str

    def __str__(self) -> str:
        return f"{_plain(self.label, '=!~')} {self.operator} {_plain(self.value, '')}"


def read_matcher(text: str) -> Matcher | None:
    """`severity = critical`; either side may stand in quotes. None: it is none."""
    found = re.fullmatch(_PARTS, text, re.DOTALL)
    if found is None:
        return None
    label, value = _bare(found[1]), _bare(found[3])
    return Matcher(label, found[2], value) if label and value is not None else None


def matcher_of(item: JsonObject) -> Matcher:
    """The same from Grafana's form."""
    return Matcher(text_of(item.get("label")), text_of(item.get("type")), text_of(item.get("value")))


def sent_matcher(text: str) -> JsonObject:
    """A text in Grafana's form."""
    found = read_matcher(text)
    return {} if found is None else {"label": found.label, "type": found.operator, "value": found.value}


def duration(text: Json) -> str:
    """A duration as Grafana writes it back (`90s` as `1m30s`); a text that is none stays."""
    given = text_of(text)
    parts = re.findall(r"([0-9]+)(ms|[ywdhms])", given)
    if not parts or "".join(number + unit for number, unit in parts) != given:
        return given
    size = {unit: milliseconds for unit, milliseconds, _ in _UNITS}
    left = sum(int(number) * size[unit] for number, unit in parts)
    if not left:
        return "0s"
    found = ""
    for unit, milliseconds, whole in _UNITS:
        number = left // milliseconds
        if number and not (whole and left % milliseconds):
            found += f"{number}{unit}"
            left -= number * milliseconds
    return found


def _plain(text: str, special: str) -> str:
    """A text as it is, or in quotes where it could be taken for something else."""
    bare = text and text == text.strip() and not any(char in text for char in f'{special}"\n\r')
    return text if bare else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _bare(text: str) -> str | None:
    """Without quotes; None where they do not fit."""
    if re.fullmatch(_QUOTED, text, re.DOTALL):
        return re.sub(r"(?s)\\(.)", r"\1", text[1:-1])
    return None if text.startswith('"') else text

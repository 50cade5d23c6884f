"""`kind: Palette`: colours and thresholds that are declared once and used by name, so that the same metric has the same
colour on every dashboard.

A name of the palette may stand wherever a colour may: as a panel's `color`, in `colors` and `thresholds`, in
mappings and overrides, as the `iconColor` of annotations. Any other text is a colour of Grafana's, or CSS's.
"""

import re
from collections.abc import Sequence
from typing import Any

from reconciler.authoring.problems import Problems, shown, suggestion, unknown_keys
from reconciler.core.closest import closest
from reconciler.core.errors import Diagnostic
from reconciler.core.resource import Document
from reconciler.core.source import Mark, MarkedDict, MarkedList, mark_at

KIND = "Palette"
MODES = frozenset(
    [
        "fixed",
        "shades",
        "thresholds",
        "palette-classic",
        "palette-classic-by-name",
        "continuous-GrYlRd",
        "continuous-RdYlGr",
        "continuous-BlYlRd",
        "continuous-YlRd",
        "continuous-BlPu",
        "continuous-YlBl",
        "continuous-blues",
        "continuous-reds",
        "continuous-greens",
        "continuous-purples",
    ]
)
"""Grafana's colour modes; any other text is a colour."""
_GRAFANAS = re.compile(r"((super-light|light|semi-dark|dark)-)?(red|orange|yellow|green|blue|purple)\Z")
_COLOR_KEYS = frozenset({"fixedColor", "color", "iconColor"})


class Palette:
    """The colours and thresholds of all Palette documents. What is wrong with them is in `found`."""

    def __init__(self, documents: Sequence[Document] = ()) -> None:
        self.found: list[Diagnostic] = []
        self.colors: dict[str, str] = {}
        self._thresholds: dict[str, MarkedDict] = {}
        self._places: dict[tuple[str, str], Mark | None] = {}
        for document in documents:
            problems = Problems(document)
            unknown_keys(document.metadata, ("name",), problems)
            unknown_keys(document.spec, ("colors", "thresholds"), problems)
            for name, value, where in self._part(document, "colors", problems):
                self._color(name, value, where, problems)
            for name, value, where in self._part(document, "thresholds", problems):
                if isinstance(value, MarkedDict):
                    self._thresholds[name] = value
                else:
                    text = f"thresholds of a palette are a mapping of colours to values, not {shown(value)}"
                    problems.at(where, "bad-thresholds", text, "as in `availability: {red: null, green: 0.999}`")
            self.found += problems.found

    def _part(self, document: Document, part: str, problems: Problems) -> list[tuple[str, Any, Mark | None]]:
        """The entries of one part; names that are there already are errors, and left out."""
        written = document.spec.get(part, MarkedDict())
        if not isinstance(written, MarkedDict):
            text = f"{part} must be a mapping, not {shown(written)}"
            problems.in_value(document.spec, (part,), "not-a-mapping", text, "as in `colors: {revenue: blue}`")
            return []
        found = []
        for name, value in written.items():
            first = self._places.setdefault((part, name), mark_at(written, (name,), key=True))
            where = mark_at(written, (name,), key=True)
            if first != where:
                text = f"'{name}' is in a palette already"
                problems.at(where, "declared-twice", text, f"the first is at {first}: keep one of them")
            else:
                found.append((name, value, mark_at(written, (name,))))
        return found

    def _color(self, name: str, value: Any, where: Mark | None, problems: Problems) -> None:
        if name in MODES:
            text = f"'{name}' is one of Grafana's colour modes and cannot be the name of a colour"
            problems.at(where, "bad-color", text, "choose another name")
        elif not isinstance(value, str) or not value:
            text = f"a colour is a text, not {shown(value)}"
            problems.at(where, "bad-color", text, 'as in `revenue: blue`, or `revenue: "#3274D9"`')
        else:
            self.colors[name] = value

    def thresholds(self, layer: MarkedDict, problems: Problems) -> Any:
        """The thresholds that a panel names: a text as its `thresholds` is the name of some in a palette."""
        name = layer["thresholds"]
        if name not in self._thresholds:
            text = f"no palette has thresholds called '{name}'"
            known = suggestion(name, self._thresholds)
            problems.in_value(layer, ("thresholds",), "unknown-thresholds", text, known)
        return self._thresholds.get(name)

    def painted(self, value: Any, problems: Problems) -> Any:
        """A marked value (a panel's fieldConfig, an annotation query) with the palette's names replaced by colours;
        parts in which there is none are shared.
        """
        if not self.colors:
            return value
        if isinstance(value, MarkedDict):
            made = {key: self._one(value, key, item, problems) for key, item in value.items()}
            if all(made[key] is item for key, item in value.items()):
                return value
            return value.replaced(made)
        if isinstance(value, MarkedList):
            items = [self.painted(item, problems) for item in value]
            if all(new is old for new, old in zip(items, value, strict=True)):
                return value
            result_list = MarkedList(mark=value.mark)
            for index, item in enumerate(items):
                result_list.add(item, value.items_at[index])
            return result_list
        return value

    def _one(self, mapping: MarkedDict, key: str, value: Any, problems: Problems) -> Any:
        if key not in _COLOR_KEYS or not isinstance(value, str):
            return self.painted(value, problems)
        if value in self.colors:
            return self.colors[value]
        close = closest(value, self.colors, 0.8)
        if close and not _GRAFANAS.match(value):
            text = f"'{value}' is no colour of the palette"
            problems.warn(mark_at(mapping, (key,)), "near-miss", text, f"did you mean '{close}'?")
        return value

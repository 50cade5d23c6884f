"""A role's filtered view: chosen panels of a base dashboard, laid out afresh, variables preset. It follows its base."""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from msgspec import Struct

from reconciler.authoring.layout import COLUMNS, Flow
from reconciler.authoring.problems import Problems, suggestion
from reconciler.authoring.roles import VIEW_TAG, Entry, Role
from reconciler.authoring.values import marked
from reconciler.core.json import as_list, as_object, text_of
from reconciler.core.source import MarkedDict, MarkedList, mark_at

_WIDEST = 2
"""A panel alone on its line grows to at most this many times its width."""
_HIDDEN = 2
"""Grafana's `hide` of a variable that is not shown at all."""
_ALL = "$__all"


class View(Struct, frozen=True):
    """A derived model, and how many of the base's panels it shows."""

    model: MarkedDict
    panels: int
    of: int


def derived(base: MarkedDict, audiences: Mapping[int, tuple[str, ...]], role: Role, entry: Entry) -> View | None:
    """The view of `base` (a model in full, as it would be sent) that an entry asks for; None, with errors noted at
    the role, where it names what is not there, or where no panel is left. `audiences`: panel id → its tags.
    """
    problems = Problems(role.document, role.address)
    if not all(isinstance(panel, MarkedDict) for panel in as_list(base.get("panels"))):
        base = marked(base, base.mark)  # from a JSON file: read without places
    sections = list(_sections(base))
    chosen = _Choice(sections, audiences, role, entry, problems).chosen()
    count = sum(len(panels) for _, panels in chosen)
    if not count and not problems.stop:
        text = f"no panel of {entry.base} is left in this view"
        hint = f"give panels `audience: [{role.name}]`, or choose by `rows` or `panels`"
        problems.in_value(entry.written, ("filter",), "empty-view", text, hint)
    model = MarkedDict(mark=base.mark)
    for key, value in base.items():
        model.take(key, base, value)
    model.take("panels", base, _laid_out(chosen))
    title = entry.spec.title or f"{text_of(base.get('title'))} ({role.spec.title})"
    model.put("title", title, key_at=None, value_at=mark_at(entry.written, ("dashboard",)))
    tags = [tag for tag in as_list(base.get("tags")) if not text_of(tag).startswith(VIEW_TAG)]
    model.put("tags", MarkedList([*tags, VIEW_TAG + role.name]), key_at=None, value_at=None)
    _set_variables(model, entry, problems)
    role.problems.found += problems.found
    return None if problems.stop else View(model, count, sum(len(panels) for _, panels in sections))


_Section = tuple[MarkedDict | None, list[MarkedDict]]
"""A row's panel (None: what stands before the first row), and the panels that belong to it."""


def _sections(model: MarkedDict) -> Iterator[_Section]:
    """The sections of a dashboard in reading order, folded rows opened."""
    panels = [item for item in as_list(model.get("panels")) if isinstance(item, MarkedDict)]
    row: MarkedDict | None = None
    inside: list[MarkedDict] = []
    for panel in sorted(panels, key=_place):
        if panel.get("type") != "row":
            inside.append(panel)
            continue
        if row is not None or inside:
            yield row, inside
        folded = [item for item in as_list(panel.get("panels")) if isinstance(item, MarkedDict)]
        row, inside = panel, sorted(folded, key=_place)
    if row is not None or inside:
        yield row, inside


def _place(panel: MarkedDict) -> tuple[float, float]:
    place = as_object(panel.get("gridPos"))
    y, x = place.get("y"), place.get("x")
    return (y if isinstance(y, int | float) else 0, x if isinstance(x, int | float) else 0)


class _Choice(Struct, frozen=True):
    sections: list[_Section]
    audiences: Mapping[int, tuple[str, ...]]
    role: Role
    entry: Entry
    problems: Problems

    def chosen(self) -> list[_Section]:
        """The sections with what the filter takes of them; those of which nothing is taken are left out."""
        wanted = self.entry.wanted(self.role.name)
        self.check()
        found: list[_Section] = []
        for row, panels in self.sections:
            whole = row is not None and (self.tagged(row) or row.get("title") in wanted.rows)
            taken = [p for p in panels if whole or self.tagged(p) or p.get("title") in wanted.panels]
            if taken:
                found.append((row, taken))
        return found

    def tagged(self, panel: MarkedDict) -> bool:
        tags = self.audiences.get(panel["id"], ()) if isinstance(panel.get("id"), int) else ()
        return bool(set(tags) & set(self.entry.wanted(self.role.name).audience))

    def check(self) -> None:
        """What the filter names must be there: a renamed panel would silently leave the view."""
        rows = {text_of(row.get("title")) for row, _ in self.sections if row is not None}
        titles = {text_of(panel.get("title")) for _, panels in self.sections for panel in panels}
        tags = {tag for its in self.audiences.values() for tag in its}
        for key, known, what in (("rows", rows, "row"), ("panels", titles, "panel"), ("audience", tags, "panel for")):
            for index, name in enumerate(getattr(self.entry.wanted(self.role.name), key)):
                if name in known:
                    continue
                written = self.entry.written["filter"]
                path = ("filter", key, index) if isinstance(written, dict) else ("filter",)
                text = f"{self.entry.base} has no {what} '{name}'"
                self.problems.in_value(self.entry.written, path, f"no-{key}", text, suggestion(name, known - {""}))


def _laid_out(sections: list[_Section]) -> MarkedList:
    """The panels in new places: the lines of each section filled, rows open."""
    result = MarkedList()
    flow = Flow()
    for row, panels in sections:
        flow.line()
        if row is not None:
            header = row.copied()
            header.put("collapsed", False, key_at=None, value_at=None)
            header.put("panels", MarkedList(), key_at=None, value_at=None)
            header.put("gridPos", flow.row(), key_at=None, value_at=None)
            result.add(header, row.mark)
        for line in _lines(panels):
            for panel, width in zip(line, _stretched([_size(panel)[0] for panel in line]), strict=True):
                placed = panel.copied()
                placed.put("gridPos", flow.place(width, _size(panel)[1]), key_at=None, value_at=None)
                result.add(placed, panel.mark)
            flow.line()
    return result


def _lines(panels: list[MarkedDict]) -> list[list[MarkedDict]]:
    """The panels in as few lines as they need, the lines about equally full: five tiles are three and two, not four and
    one.
    """
    fewest = len(_filled(panels, COLUMNS))
    for columns in range(1, COLUMNS):
        lines = _filled(panels, columns)
        if len(lines) == fewest:
            return lines
    return _filled(panels, COLUMNS)


def _filled(panels: list[MarkedDict], columns: int) -> list[list[MarkedDict]]:
    lines: list[list[MarkedDict]] = []
    free = 0
    for panel in panels:
        width = _size(panel)[0]
        if not lines or width > free:
            lines.append([])
            free = columns
        lines[-1].append(panel)
        free -= width
    return lines


def _stretched(widths: list[int]) -> list[int]:
    """The widths of one line, in proportion, so that they fill it; no panel grows beyond `_WIDEST` times its width."""
    total = sum(widths)
    goal = min(COLUMNS, total * _WIDEST)
    edges = [round(sum(widths[:index]) * goal / total) for index in range(len(widths) + 1)]
    return [right - left for left, right in pairwise(edges)]


def _size(panel: MarkedDict) -> tuple[int, int]:
    place = as_object(panel.get("gridPos"))
    width, height = place.get("w"), place.get("h")
    return (
        min(COLUMNS, max(1, width)) if isinstance(width, int) else 12,
        max(1, height) if isinstance(height, int) else 8,
    )


def _set_variables(model: MarkedDict, entry: Entry, problems: Problems) -> None:
    """Variables that nothing in the view uses are left out; those that the role presets are set, and hidden."""
    templating = model.get("templating")
    listed = templating.get("list") if isinstance(templating, MarkedDict) else None
    items = listed if isinstance(listed, MarkedList) else MarkedList()
    known = [text_of(as_object(item).get("name")) for item in items]
    for name in entry.spec.variables:
        if name not in known:
            text = f"{entry.base} has no variable '{name}'"
            problems.in_value(
                entry.written, ("variables", name), "no-variable", text, suggestion(name, known), key=True
            )
    kept = MarkedList(mark=items.mark)
    for index, item in enumerate(items):
        if known[index] in entry.spec.variables:
            kept.add(_preset(item, entry, known[index], problems), items.items_at[index])
        elif as_object(item).get("type") == "adhoc" or _used(known[index], index, items, model):
            kept.add(item, items.items_at[index])
    if isinstance(templating, MarkedDict):
        model.take("templating", model, templating.replaced({"list": kept}))


def _used(name: str, index: int, items: MarkedList, model: MarkedDict) -> bool:
    """Whether a panel, an annotation query, a link or another variable says `$name`, `${name}` or `[[name]]`."""
    parts = [model.get("panels"), model.get("annotations"), model.get("links"), items[:index], items[index + 1 :]]
    text = json.dumps(parts, default=str)
    repeated = f'"repeat": "{name}"' in text
    return repeated or re.search(rf"\$\{{?{re.escape(name)}\b|\[\[{re.escape(name)}\b", text) is not None


def _preset(item: MarkedDict, entry: Entry, name: str, problems: Problems) -> MarkedDict:
    written: Any = entry.spec.variables[name]
    at = mark_at(entry.written, ("variables", name))
    hide = False
    if isinstance(written, dict):
        unknown = [key for key in written if key not in ("value", "hide")]
        hide = written.get("hide") is True
        if unknown or "value" not in written or not isinstance(written.get("hide", False), bool):
            text = f"the preset of '{name}' is a value, or `{{value: …, hide: true}}`"
            problems.at(at, "bad-preset", text, "as in `region: canada`")
        written = written.get("value")
    multi = item.get("multi") is True
    values = written if isinstance(written, list) else [written]
    if not values or not all(isinstance(value, str) and value for value in values):
        problems.at(at, "bad-preset", f"the value of '{name}' is a text, or a list of texts", "as in `region: canada`")
        return item
    if len(values) > 1 and not multi:
        problems.at(at, "bad-preset", f"'{name}' takes one value: it is not `multi`", "name one")
    values = [_ALL if value == "All" else value for value in values]
    texts = ["All" if value == _ALL else value for value in values]
    result = item.copied()
    current = MarkedDict(mark=at)
    current.put("text", MarkedList(texts) if multi else texts[0], key_at=at, value_at=at)
    current.put("value", MarkedList(values) if multi else values[0], key_at=at, value_at=at)
    result.put("current", current, key_at=at, value_at=at)
    if hide:
        result.put("hide", _HIDDEN, key_at=at, value_at=at)
    return result

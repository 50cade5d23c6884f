"""Panels as authors write them → Grafana's panels: templates merged, rows opened, places and ids found."""

from typing import Any

from reconciler.authoring.datasources import Sources
from reconciler.authoring.ids import number
from reconciler.authoring.keys import near_miss_of_panel
from reconciler.authoring.layout import Flow, position
from reconciler.authoring.library import Library
from reconciler.authoring.merging import merged
from reconciler.authoring.problems import Problems, shown, suggestion
from reconciler.core.source import Mark, MarkedDict, MarkedList, mark_at

_OURS = frozenset({"width", "height", "audience"})
_ROWS_OWN = frozenset({"row", "title", "type", "panels", "collapsed", "gridPos"})
_ROW = {"row"}


class Panels:
    """Expands the panels of one dashboard."""

    def __init__(self, library: Library, sources: Sources, problems: Problems) -> None:
        self.library = library
        self.templates = library.templates
        self.palette = library.palette
        self.audiences = library.audiences
        self.sources = sources
        self.problems = problems
        self.flow = Flow()
        self.inner = Flow()
        self.result = MarkedList()
        self.audience: list[tuple[MarkedDict, tuple[str, ...]]] = []
        """The panels and rows that have audience tags, with them."""
        self.complete = True
        """Whether all templates of the panel at hand are known."""
        self.collapsed: MarkedDict | None = None
        """The row into which the panels that follow go."""

    def expand(self, written: MarkedList) -> MarkedList:
        """All panels in reading order, placed and numbered."""
        self.result = MarkedList(mark=written.mark)
        frames = self.library.frames
        for index, item in enumerate(written):
            if type(item) is MarkedDict and item.keys() == _ROW:  # nothing in it is to be filled in
                self.row(item, written.items_at[index])
                continue
            if frames is not None:
                flow = self.flow if self.collapsed is None else self.inner
                framed = frames.panel(item, self.sources, flow, self.by_itself)
                if framed is not None:
                    (self.result if self.collapsed is None else self.collapsed["panels"]).add(framed, None)
                    continue
            whole = self.whole(written, index, item)
            if whole is None:
                continue
            if _is_row(whole):
                self.row(whole, written.items_at[index])
            elif self.collapsed is not None:
                self.collapsed["panels"].add(self.panel(whole, self.inner), written.items_at[index])
            else:
                self.result.add(self.panel(whole, self.flow), written.items_at[index])
        number(self.result, self.problems)
        return self.result

    def by_itself(self, item: MarkedDict, sources: Sources, problems: Problems) -> MarkedDict | None:
        """A panel as if it was the only one of its dashboard; None for a row."""
        alone = Panels(self.library, sources, problems)
        whole = alone.whole(MarkedList([item]), 0, item)
        return None if whole is None or _is_row(whole) else alone.panel(whole, alone.flow)

    def whole(self, written: MarkedList, index: int, item: Any) -> MarkedDict | None:
        """An item with its templates merged under it and all shorthands spelled out."""
        if not isinstance(item, MarkedDict):
            text = f"a panel must be a mapping, not {shown(item)}"
            self.problems.in_value(written, (index,), "not-a-panel", text, "as in `- title: …`")
            return None
        near_miss_of_panel(item, self.problems)
        whole = MarkedDict(mark=item.mark)
        layers, self.complete = self.templates.layers(item, self.problems)
        for layer in layers:
            whole = merged(whole, layer)
        return whole

    def row(self, item: MarkedDict, at: Mark | None) -> None:
        """Open a row. One in Grafana's own form (`type: row` with `panels`) is complete: what follows is not its own.
        In ours, what follows belongs to it, and so do the panels written inside it.
        """
        row = self.row_panel(item)
        self.result.add(row, at)
        self.inner = Flow(y=self.flow.y)
        self.collapsed = row if row["collapsed"] is True else None
        nested = item.get("panels", MarkedList())
        if not isinstance(nested, MarkedList):
            self.problems.in_value(item, ("panels",), "panels-not-a-list", "the panels of a row must be a list")
            return
        own_form = "row" not in item and "panels" in item
        inside = own_form or self.collapsed is not None
        for index, written in enumerate(nested):
            whole = self.whole(nested, index, written)
            if whole is None:
                continue
            if _is_row(whole):
                self.problems.in_value(nested, (index,), "row-in-row", "a row cannot stand in a row", "move it out")
            elif inside:
                row["panels"].add(self.panel(whole, self.inner), nested.items_at[index])
            else:
                self.result.add(self.panel(whole, self.flow), nested.items_at[index])
        if own_form:
            self.collapsed = None

    def row_panel(self, item: MarkedDict) -> MarkedDict:
        """`{row: Title, …}` → Grafana's row panel, with no panels in it yet."""
        key = "row" if "row" in item else "title"
        self.check_row(item, key)
        result = MarkedDict(mark=item.mark)
        result.put("type", "row", key_at=None, value_at=None)
        if key in item:
            result.take(key, item, item[key], as_key="title")
        for name, value in item.items():
            if name not in _ROWS_OWN and name not in _OURS:
                result.take(name, item, value)
        collapsed = item.get("collapsed", False)
        result.put("collapsed", collapsed, key_at=None, value_at=item.values_at.get("collapsed"))
        place = position(item, self.flow, self.problems) if "gridPos" in item else self.flow.row()
        result.put("gridPos", place, key_at=None, value_at=item.values_at.get("gridPos"))
        result.put("panels", MarkedList(mark=item.mark), key_at=None, value_at=item.values_at.get("panels"))
        self.remember(item, result)
        return result

    def check_row(self, item: MarkedDict, key: str) -> None:
        """Note what is wrong with a row's own keys."""
        if "row" in item and "title" in item:
            text = "'row' and 'title' are the same field"
            self.problems.in_value(item, ("title",), "both-forms", text, "keep `row`", key=True)
        if not isinstance(item.get(key, ""), str):
            text = f"`{key}` is the row's title, a text, not {shown(item[key])}"
            self.problems.in_value(item, (key,), "row-title", text, "as in `- row: Orders`")
        if item.get("type", "row") != "row":
            text = f"a row cannot have the type {shown(item['type'])}"
            self.problems.in_value(item, ("type",), "row-type", text, "leave `type` out, or write `title:` for `row:`")
        if not isinstance(item.get("collapsed", False), bool):
            text = f"collapsed is {shown(item['collapsed'])}, not true or false"
            self.problems.in_value(item, ("collapsed",), "not-true-or-false", text)
        for name in ("width", "height"):
            if name in item:
                text = f"a row takes a whole line and has no {name}"
                self.problems.in_value(item, (name,), f"bad-{name}", text, "remove it", key=True)
        self.check_audience(item)

    def panel(self, whole: MarkedDict, flow: Flow) -> MarkedDict:
        """One panel: its queries completed, its place found, what is ours taken out."""
        self.check_panel(whole)
        result = MarkedDict(mark=whole.mark)
        for key, value in whole.items():
            if key not in _OURS:
                result.take(key, whole, value)
        result = self.templates.filled_list(result, "targets", "target", self.problems)
        result = self.with_links(result)
        if "fieldConfig" in result:
            result.take("fieldConfig", result, self.palette.painted(result["fieldConfig"], self.problems))
        result = self.sources.resolved(result)
        if isinstance(result.get("libraryPanel"), str):
            result.take("libraryPanel", result, self.sources.library_panel(result))
        if "targets" in result:
            result.take("targets", result, self.sources.targets(result))
        place = position(whole, flow, self.problems)
        result.put("gridPos", place, key_at=None, value_at=whole.values_at.get("gridPos"))
        self.remember(whole, result)
        return result

    def remember(self, written: MarkedDict, result: MarkedDict) -> None:
        """Keep a panel's audience, which is not sent, for the views of roles."""
        audience = written.get("audience")
        if isinstance(audience, list):
            self.audience.append((result, tuple(tag for tag in audience if isinstance(tag, str))))

    def with_links(self, panel: MarkedDict) -> MarkedDict:
        """Templates filled in among a panel's links and its data links."""
        panel = self.templates.filled_list(panel, "links", "link", self.problems)
        config = panel.get("fieldConfig")
        defaults = config.get("defaults") if isinstance(config, MarkedDict) else None
        if isinstance(defaults, MarkedDict) and isinstance(config, MarkedDict):
            filled = self.templates.filled_list(defaults, "links", "link", self.problems)
            if filled is not defaults:
                whole = MarkedDict(mark=config.mark)
                for key, value in config.items():
                    whole.take(key, config, filled if key == "defaults" else value)
                panel.take("fieldConfig", panel, whole)
        return panel

    def check_panel(self, whole: MarkedDict) -> None:
        """Note what is missing or wrong in a panel's own keys."""
        title, kind, library = whole.get("title"), whole.get("type"), whole.get("libraryPanel")
        if title is not None and not isinstance(title, str):
            hint = f'quote it: title: "{title}"' if isinstance(title, int | float) else ""
            self.problems.in_value(whole, ("title",), "bad-title", f"title must be a text, not {shown(title)}", hint)
        if library is not None:
            inside = isinstance(library, dict) and isinstance(library.get("uid"), str)
            if not inside and not isinstance(library, str):
                hint = "as in `libraryPanel: {uid: abc123, name: Orders}`, or the metadata.name of a LibraryPanel"
                text = "libraryPanel needs the uid of the library panel, or the name of a declared one"
                self.problems.in_value(whole, ("libraryPanel", "uid"), "no-library-uid", text, hint)
        elif not kind and self.complete:
            called = f"panel '{title}'" if title else "a panel"
            hint = "as in `type: timeseries`, or `use:` a Template that has one"
            self.problems.at(whole.mark, "no-type", f"{called} has no type", hint)
        elif kind and not isinstance(kind, str):
            text = f"type must be a text, not {shown(kind)}"
            self.problems.in_value(whole, ("type",), "bad-type", text, "as in `type: timeseries`")
        self.check_audience(whole)

    def check_audience(self, panel: MarkedDict) -> None:
        """`audience` is ours: which roles' views take the panel. It is checked here and not sent."""
        audience = panel.get("audience", [])
        if not isinstance(audience, list) or not all(isinstance(role, str) for role in audience):
            text = "audience must be a list of roles, which are texts"
            self.problems.in_value(panel, ("audience",), "bad-audience", text, "as in [ceo, operations]")
            return
        for index, tag in enumerate(audience):
            if self.audiences is not None and tag not in self.audiences:
                where = mark_at(panel, ("audience", index))
                text = f"no role asks for the audience '{tag}'"
                self.problems.at(where, "unknown-audience", text, suggestion(tag, self.audiences))


def _is_row(panel: MarkedDict) -> bool:
    return "row" in panel or panel.get("type") == "row"

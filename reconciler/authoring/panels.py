"""Panels as authors write them → Grafana's panels: templates, shorthands, rows, places, ids.

Each shorthand stands for exactly one of Grafana's own fields; writing both at once is an error.
"""

from hashlib import blake2b
from typing import Any

from reconciler.authoring.datasources import datasource, with_datasource
from reconciler.authoring.layout import COLUMNS, HEIGHT, WIDTH, Flow
from reconciler.authoring.names import Declared
from reconciler.authoring.problems import Problems
from reconciler.authoring.templates import Templates, merged
from reconciler.core.source import MarkedDict, MarkedList, mark_at

_DEFAULTS = ("unit", "decimals", "min", "max", "color", "thresholds")
"""Shorthands for fieldConfig.defaults.<the same name>."""
_OURS = ("width", "height", "audience")
DERIVED_IDS = 1_000_000
_REF_IDS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Panels:
    """Expands the panels of one dashboard."""

    def __init__(self, templates: Templates, names: Declared, problems: Problems) -> None:
        self.templates = templates
        self.names = names
        self.problems = problems

    def expand(self, written: MarkedList) -> MarkedList:
        """All panels in reading order, placed and numbered."""
        flow = Flow()
        result = MarkedList(mark=written.mark)
        row: MarkedDict | None = None
        inner = Flow()
        for index, item in enumerate(written):
            if not isinstance(item, MarkedDict):
                self.problems.in_value(
                    written, (index,), "not-a-panel", "a panel must be a mapping", "as in `- title: …`"
                )
                continue
            if "row" in item or item.get("type") == "row":
                row = self.row(item, flow)
                result.add(row, item.mark)
                inner = Flow(y=flow.y)
            elif row is not None and row.get("collapsed") is True:
                row["panels"].add(self.panel(item, inner), item.mark)
            else:
                result.add(self.panel(item, flow), item.mark)
        self.number(result)
        return result

    def row(self, item: MarkedDict, flow: Flow) -> MarkedDict:
        """`{row: Title, …}` → Grafana's row panel, its own `panels` expanded too."""
        result = MarkedDict(mark=item.mark)
        title = item.get("row", item.get("title"))
        if not isinstance(title, str):
            self.problems.in_value(
                item, ("row",), "row-title", "`row` is the row's title, a text", "as in `- row: Orders`"
            )
        result.put("type", "row", key_at=None, value_at=None)
        result.take("row" if "row" in item else "title", item, title, as_key="title")
        result.put("collapsed", False, key_at=None, value_at=None)
        for key, value in item.items():
            if key not in {"row", "title", "type", "panels", "use", *_OURS}:
                result.take(key, item, value)
        result.put("gridPos", item.get("gridPos") or flow.row(), key_at=None, value_at=None)
        flow.below(item.get("gridPos"))
        nested = item.get("panels")
        inner = Flow(y=flow.y)
        panels = MarkedList()
        for panel in nested if isinstance(nested, MarkedList) else ():
            if isinstance(panel, MarkedDict):
                panels.add(self.panel(panel, inner), panel.mark)
        result.put("panels", panels, key_at=None, value_at=None)
        return result

    def panel(self, item: MarkedDict, flow: Flow) -> MarkedDict:
        """One panel: its layers merged, its shorthands spelled out, its queries completed, its place found."""
        whole = MarkedDict(mark=item.mark)
        for layer in self.templates.layers(item, self.problems):
            whole = merged(whole, self.spelled_out(layer))
        if not whole.get("type") and "libraryPanel" not in whole:
            title = whole.get("title")
            called = f"panel '{title}'" if title else "a panel"
            self.problems.at(
                item.mark, "no-type", f"{called} has no type", "as in `type: timeseries`, or `use:` a Template"
            )
        result = MarkedDict(mark=item.mark)
        for key, value in whole.items():
            if key not in _OURS:
                result.take(key, whole, value)
        self.check_audience(whole)
        result = with_datasource(result, self.names)
        if isinstance(result.get("targets"), MarkedList):
            result.take("targets", result, self.targets(result))
        if "gridPos" in result:
            flow.below(result["gridPos"])
        else:
            size = self.size(whole)
            result.put("gridPos", flow.place(*size), key_at=None, value_at=None)
        return result

    def spelled_out(self, layer: MarkedDict) -> MarkedDict:
        """A layer with its shorthands as Grafana's own fields."""
        short = [key for key in _DEFAULTS if key in layer]
        if not short:
            return layer
        result = MarkedDict(mark=layer.mark)
        for key, value in layer.items():
            if key not in short:
                result.take(key, layer, value)
        defaults = MarkedDict(mark=layer.mark)
        written = layer.get("fieldConfig")
        inside = written.get("defaults") if isinstance(written, MarkedDict) else None
        for key in short:
            if isinstance(inside, MarkedDict) and key in inside:
                text = f"'{key}' and fieldConfig.defaults.{key} are the same field"
                self.problems.in_value(layer, (key,), "both-forms", text, "keep one of them", key=True)
            value = layer[key]
            if key == "thresholds":
                value = self.thresholds(layer)
            elif key == "color" and isinstance(value, str):
                value = {"mode": "fixed", "fixedColor": value}
            defaults.take(key, layer, value)
        config = MarkedDict(mark=layer.mark)
        config.put("defaults", defaults, key_at=None, value_at=None)
        whole = merged(config, written) if isinstance(written, MarkedDict) else config
        result.put("fieldConfig", whole, key_at=layer.keys_at.get("fieldConfig"), value_at=layer.mark)
        return result

    def thresholds(self, layer: MarkedDict) -> Any:
        """`{green: null, red: 30}` → Grafana's steps, in the order written."""
        written = layer["thresholds"]
        if not isinstance(written, MarkedDict) or "steps" in written or "mode" in written:
            return written
        values = list(written.values())
        problem = ""
        if not values or values[0] is not None:
            problem = "the first colour has no value: null, for all below the second"
        elif not all(isinstance(value, int | float) and not isinstance(value, bool) for value in values[1:]):
            problem = "the values after the first must be numbers"
        elif values[1:] != sorted(values[1:]):
            problem = "the values must rise"
        if problem:
            self.problems.in_value(
                layer, ("thresholds",), "bad-thresholds", f"thresholds: {problem}", "as in {green: null, red: 30}"
            )
        steps = [{"color": color, "value": value} for color, value in written.items()]
        return {"mode": "absolute", "steps": steps}

    def targets(self, panel: MarkedDict) -> MarkedList:
        """Queries: a letter where there is none, the panel's datasource where they name none."""
        result = MarkedList(mark=panel["targets"].mark)
        taken = {target.get("refId") for target in panel["targets"] if isinstance(target, dict)}
        letters = (letter for letter in _REF_IDS if letter not in taken)
        source = panel.get("datasource")
        mixed = isinstance(source, dict) and source.get("uid") == "-- Mixed --"
        for index, target in enumerate(panel["targets"]):
            if isinstance(target, MarkedDict):
                target = with_datasource(target, self.names)
                added = MarkedDict(mark=target.mark)
                if "refId" not in target:
                    added.put("refId", next(letters, f"Q{index}"), key_at=None, value_at=None)
                if "datasource" not in target and source is not None and not mixed:
                    added.put("datasource", source, key_at=None, value_at=None)
                target = merged(added, target)
            result.add(target, panel["targets"].items_at[index])
        return result

    def size(self, panel: MarkedDict) -> tuple[int, int]:
        """Width in columns and height in grid units."""
        sizes = []
        for key, default, most in (("width", WIDTH, COLUMNS), ("height", HEIGHT, 100)):
            value = panel.get(key, default)
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
                text = f"{key} is {value!r}, not a whole number from 1 to {most}"
                self.problems.in_value(panel, (key,), f"bad-{key}", text, f"the dashboard is {COLUMNS} columns wide")
                value = default
            sizes.append(value)
        return sizes[0], sizes[1]

    def check_audience(self, panel: MarkedDict) -> None:
        """`audience` is ours: which roles' views take the panel. It is checked here and not sent."""
        audience = panel.get("audience")
        if audience is not None and not (
            isinstance(audience, list) and all(isinstance(role, str) for role in audience)
        ):
            self.problems.in_value(
                panel, ("audience",), "bad-audience", "audience is a list of roles", "as in [ceo, operations]"
            )

    def number(self, panels: MarkedList) -> None:
        """Ids: those written, and for the others one that follows from the title, so that it survives reordering."""
        everything: list[MarkedDict] = []
        for panel in panels:
            everything += [panel, *(inner for inner in panel.get("panels") or () if isinstance(inner, MarkedDict))]
        taken: dict[int, MarkedDict] = {}
        for panel in everything:
            written = panel.get("id")
            if isinstance(written, int) and not isinstance(written, bool):
                if written in taken:
                    other = mark_at(taken[written], ("id",))
                    text = f"panel id {written} is taken already"
                    self.problems.in_value(
                        panel, ("id",), "panel-id-twice", text, f"the first is in line {other.line if other else '?'}"
                    )
                taken[written] = panel
        seen: dict[str, int] = {}
        for panel in everything:
            if panel.get("id") is None:
                title = (
                    f"{panel.get('type')}:{panel.get('title')}"
                    if panel.get("type") == "row"
                    else str(panel.get("title"))
                )
                seen[title] = seen.get(title, 0) + 1
                number = derived_id(title, seen[title])
                while number in taken:
                    number += 1
                taken[number] = panel
                panel.put("id", number, key_at=None, value_at=None)


def derived_id(title: str, occurrence: int) -> int:
    """A panel id that follows from a title: the same on every machine and in every version, from DERIVED_IDS up."""
    key = f"{title}\x00{occurrence}".encode("utf-8", "surrogatepass")
    return DERIVED_IDS + int.from_bytes(blake2b(key, digest_size=4).digest()) % 1_000_000_000


__all__ = ["DERIVED_IDS", "Panels", "datasource", "derived_id"]

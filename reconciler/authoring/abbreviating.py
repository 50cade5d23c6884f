"""The short forms of values, where an author has one: a datasource's name, a colour, thresholds. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from reconciler.core.json import Json, as_list, as_object, same, text_of

_BUILT_IN = {"-- Grafana --": "grafana", "-- Mixed --": "datasource", "-- Dashboard --": "datasource"}
_FIRST = ("title", "type", "id", "description", "width", "height", "datasource", "targets")


class Abbreviating(Struct, frozen=True):
    """`sources`: what declared datasources are called, by uid: name and plugin type. `palette`: names of colours."""

    sources: Mapping[str, tuple[str, str]]
    palette: frozenset[str] = frozenset()

    def shorthand(self, key: str, value: Json) -> Json:
        """What a panel says of fieldConfig.defaults under the same name; None where only Grafana's form says it."""
        if key in ("unit", "decimals", "min", "max"):
            return value
        steps = threshold_steps(value) if key == "thresholds" else None
        colors = [color for color, _ in steps or ()]
        short = bool(steps) and len(set(colors)) == len(colors) and not self.palette & set(colors)
        return dict(steps or ()) if short and (steps or [("", 0)])[0][1] is None else None

    def source(self, value: Json) -> str | None:
        """The name of a datasource; None where only the object says it."""
        reference = as_object(value)
        uid, sort = text_of(reference.get("uid")), reference.get("type")
        if not set(reference) <= {"uid", "type"}:
            return None
        if uid in _BUILT_IN:
            return uid if sort == _BUILT_IN[uid] else None
        name, known = self.sources.get(uid, ("", ""))
        return name if name and known == sort else None

    def added(self, path: tuple[str | int, ...], value: Json) -> Json:
        """What to write for a value that is new at a path."""
        name = next((step for step in reversed(path) if isinstance(step, str)), "")
        if name == "datasource":
            return self.source(value) or value
        return self.named(value)

    def panel(self, value: Json) -> Json:
        """What to write for a new panel: its size, since its place follows; datasources by name."""
        panel = dict(as_object(self.named(value)))
        place = as_object(panel.get("gridPos"))
        if panel.get("type") != "row" and {"w", "h"} <= set(place):
            del panel["gridPos"]
            panel |= {"width": place["w"], "height": place["h"]}
        for target in as_list(panel.get("targets")):
            if (
                isinstance(target, dict)
                and "datasource" in panel
                and same(target.get("datasource"), panel["datasource"])
            ):
                del target["datasource"]
        known = {key: panel[key] for key in _FIRST if key in panel}
        return known | {key: item for key, item in panel.items() if key not in known}

    def named(self, value: Json) -> Json:
        """A copy with datasources by name, as far as they are declared."""
        if isinstance(value, Mapping):
            made: dict[str, Json] = {}
            for key, item in value.items():
                made[key] = (self.source(item) or item) if key == "datasource" else self.named(item)
            return made
        return [self.named(item) for item in value] if isinstance(value, list | tuple) else value

    def top(self, key: str, value: Json) -> tuple[str, Any]:
        """How a new key of a dashboard is called and written: `variables` for templating.list."""
        if key in ("templating", "annotations") and set(as_object(value)) == {"list"}:
            return "variables" if key == "templating" else key, as_object(value)["list"]
        return key, value


def color_text(value: Json) -> str | None:
    """`green`, or a mode; None where only the mapping says it."""
    color = as_object(value)
    if set(color) == {"mode", "fixedColor"} and color["mode"] == "fixed":
        return text_of(color["fixedColor"]) or None
    return text_of(color["mode"]) or None if set(color) == {"mode"} else None


def threshold_steps(value: Json) -> Sequence[tuple[str, Json]] | None:
    """Colours and values in order; None where the short form cannot say it."""
    written = as_object(value)
    steps = [as_object(step) for step in as_list(written.get("steps"))]
    if set(written) != {"mode", "steps"} or written["mode"] != "absolute" or not steps:
        return None
    if any(set(step) != {"color", "value"} or not text_of(step["color"]) for step in steps):
        return None
    return [(text_of(step["color"]), step["value"]) for step in steps]

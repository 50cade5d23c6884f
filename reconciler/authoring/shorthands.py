"""A panel's shorthands spelled out: each stands for exactly one of Grafana's own fields, and writing both is an error.

Works on one layer (a panel, or a template's block) before layers are merged, so that a shorthand above and Grafana's
form below mean the same field.
"""

from collections.abc import Callable, Mapping
from typing import Any

from reconciler.authoring.merging import merged
from reconciler.authoring.palette import MODES, Palette
from reconciler.authoring.problems import Problems, shown, suggestion
from reconciler.core.source import Mark, MarkedDict, MarkedList, mark_at

_STEPS = "as in {green: null, red: 30}"


def spelled_out(layer: MarkedDict, palette: Palette, problems: Problems) -> MarkedDict:
    """A layer without shorthands; what is wrong with them is noted. The layer itself where it has none. Names of the
    palette's colours stay, for `Palette.painted`.
    """
    _places_twice(layer, problems)
    short = [key for key in _CHECKS if key in layer and not _is_old(key, layer[key])]
    series = "colors" in layer and not isinstance(layer["colors"], list)
    if not short and not series:
        return layer
    result = MarkedDict(mark=layer.mark)
    for key, value in layer.items():
        if key not in short and not (series and key == "colors"):
            result.take(key, layer, value)
    written = layer.get("fieldConfig")
    config = MarkedDict(mark=layer.mark)
    if short:
        config.put("defaults", _defaults(layer, short, palette, problems), key_at=layer.mark, value_at=layer.mark)
    if series:
        config.take("colors", layer, _colors(layer, problems), as_key="overrides")
    whole = merged(config, written) if isinstance(written, MarkedDict) else config
    result.put("fieldConfig", whole, key_at=layer.keys_at.get("fieldConfig"), value_at=layer.mark)
    return result


def _defaults(layer: MarkedDict, short: list[str], palette: Palette, problems: Problems) -> MarkedDict:
    """`fieldConfig.defaults` as far as shorthands say it."""
    written = layer.get("fieldConfig")
    inside = written.get("defaults") if isinstance(written, MarkedDict) else None
    defaults = MarkedDict(mark=layer.mark)
    for key in short:
        if isinstance(inside, MarkedDict) and key in inside:
            text = f"'{key}' and fieldConfig.defaults.{key} are the same field"
            problems.in_value(layer, (key,), "both-forms", text, "keep one of them", key=True)
        if key == "thresholds" and isinstance(layer[key], str):
            steps = palette.thresholds(layer, problems)
            if steps is not None:
                named = MarkedDict(mark=layer.mark)
                named.put(key, steps, key_at=layer.keys_at.get(key), value_at=layer.values_at.get(key))
                defaults.take(key, layer, _thresholds(named, key, problems))
        else:
            defaults.take(key, layer, _CHECKS[key](layer, key, problems))
    return defaults


def _colors(layer: MarkedDict, problems: Problems) -> MarkedList:
    """`{Revenue: blue, "/before$/": grey}` → overrides by the name of a series, or by a regular expression."""
    written = layer["colors"]
    overrides = MarkedList(mark=mark_at(layer, ("colors",)))
    if not isinstance(written, MarkedDict):
        _bad(layer, "colors", problems, "a mapping of series to colours", 'as in {Revenue: blue, "/before$/": grey}')
        return overrides
    for series, color in written.items():
        at = written.keys_at.get(series)
        if not isinstance(color, str) or not color:
            text = f"the colour of '{series}' must be a text, not {shown(color)}"
            problems.in_value(written, (series,), "bad-colors", text, "as in {Revenue: blue}")
            continue
        pattern = len(series) > 2 and series.startswith("/") and series.rstrip("gimsuy").endswith("/")
        fixed = _mapping(written.values_at.get(series), mode="fixed", fixedColor=color)
        properties = MarkedList(mark=at)
        properties.add(_mapping(at, id="color", value=fixed), at)
        matcher = _mapping(at, id="byRegexp" if pattern else "byName", options=series)
        overrides.add(_mapping(at, matcher=matcher, properties=properties), at)
    return overrides


def _mapping(at: Mark | None, **values: Any) -> MarkedDict:
    result = MarkedDict(mark=at)
    for key, value in values.items():
        result.put(key, value, key_at=at, value_at=at)
    return result


def _places_twice(layer: MarkedDict, problems: Problems) -> None:
    for key, field in (("width", "w"), ("height", "h")):
        if key in layer and "gridPos" in layer:
            text = f"'{key}' and gridPos.{field} are the same field"
            problems.in_value(layer, (key,), "both-forms", text, "keep one of them", key=True)


def _is_old(key: str, value: Any) -> bool:
    """Panels that were graphs once keep a list of mappings under `thresholds`, often empty: Grafana's own field."""
    return key == "thresholds" and isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _bad(layer: MarkedDict, key: str, problems: Problems, wanted: str, example: str) -> None:
    text = f"{key} must be {wanted}, not {shown(layer[key])}"
    problems.in_value(layer, (key,), f"bad-{key}", text, example)


def _unit(layer: MarkedDict, key: str, problems: Problems) -> Any:
    if not isinstance(layer[key], str | None):
        _bad(layer, key, problems, "a text", "as in `unit: percent`")
    return layer[key]


def _decimals(layer: MarkedDict, key: str, problems: Problems) -> Any:
    value = layer[key]
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        _bad(layer, key, problems, "a whole number from 0 on", "as in `decimals: 1`")
    return value


def _bound(layer: MarkedDict, key: str, problems: Problems) -> Any:
    if layer[key] is not None and not _is_number(layer[key]):
        _bad(layer, key, problems, "a number", f"as in `{key}: 100`")
    return layer[key]


def _color(layer: MarkedDict, key: str, problems: Problems) -> Any:
    """A mapping is Grafana's; a text is one of its modes, or else a fixed colour."""
    value = layer[key]
    if not isinstance(value, str):
        if not isinstance(value, MarkedDict | None):
            _bad(layer, key, problems, "a colour, a mode, or Grafana's mapping", "as in `color: green`")
        return value
    where = mark_at(layer, (key,))
    result = MarkedDict(mark=where)
    if value in MODES:
        result.put("mode", value, key_at=where, value_at=where)
    else:
        result.put("mode", "fixed", key_at=where, value_at=where)
        result.put("fixedColor", value, key_at=where, value_at=where)
    return result


def _thresholds(layer: MarkedDict, key: str, problems: Problems) -> Any:
    """`{green: null, red: 30}` → Grafana's steps, in the order written; Grafana's own mapping as it is."""
    written = layer[key]
    if not isinstance(written, MarkedDict):
        _bad(layer, key, problems, "a mapping of colours to values", _STEPS)
        return written
    if "steps" in written or "mode" in written:
        for name in written:
            if name not in ("mode", "steps"):
                hint = suggestion(name, ("mode", "steps"))
                text = f"thresholds: unknown key '{name}'"
                problems.in_value(written, (name,), "unknown-key", text, hint, key=True)
        return written
    _check_steps(layer, written, problems)
    steps = MarkedList(mark=written.mark)
    for color, value in written.items():
        at = written.keys_at.get(color)
        step = MarkedDict(mark=at)
        step.put("color", color, key_at=at, value_at=at)
        step.put("value", value, key_at=at, value_at=written.values_at.get(color))
        steps.add(step, at)
    result = MarkedDict(mark=written.mark)
    result.put("mode", "absolute", key_at=written.mark, value_at=written.mark)
    result.put("steps", steps, key_at=written.mark, value_at=written.mark)
    return result


def _check_steps(layer: MarkedDict, written: MarkedDict, problems: Problems) -> None:
    colors, values = list(written), list(written.values())
    if not values or values[0] is not None:
        text = "thresholds: the value of the first colour must be null: it is for all below the second"
        path = (colors[0],) if colors else ()
        problems.in_value(written if colors else layer, path or ("thresholds",), "bad-thresholds", text, _STEPS)
        return
    last: float | None = None
    for color, value in list(written.items())[1:]:
        if not _is_number(value):
            text = f"thresholds: {color} must be a number, not {shown(value)}"
        elif last is not None and value <= last:
            text = f"thresholds: {color} is {value}, but the values must rise (the one before is {last})"
        else:
            last = value
            continue
        problems.in_value(written, (color,), "bad-thresholds", text, _STEPS)
        return


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_CHECKS: Mapping[str, Callable[[MarkedDict, str, Problems], Any]] = {
    "unit": _unit,
    "decimals": _decimals,
    "min": _bound,
    "max": _bound,
    "color": _color,
    "thresholds": _thresholds,
}
"""Shorthands for fieldConfig.defaults.<the same name>, and how each is spelled out."""

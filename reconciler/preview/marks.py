"""A plausible mark for each type of panel. It shows what kind of picture will stand there, in the declared colours,
with the declared thresholds: never a value. Unknown types get a neutral mark.
"""

import math
import re
from collections.abc import Callable, Mapping
from html import escape

from reconciler.core.json import Json, JsonObject, as_list, as_object, text_of
from reconciler.preview.colors import CLASSIC, NAMED, TURBO, color_of, series_of, steps_of
from reconciler.preview.markdown import markdown

_GREENS = frozenset(color for name, color in NAMED.items() if name.endswith("green"))
_WIDE = 'viewBox="0 0 100 40" preserveAspectRatio="none"'
_SQUARE = 'viewBox="0 0 100 60"'


def mark(panel: JsonObject) -> str:
    """HTML for the inside of a panel."""
    kind = text_of(panel.get("type"))
    return _MARKS.get(kind, _neutral)(panel)


def series_names(panel: JsonObject) -> list[str]:
    """What the series will be called, as far as the queries tell: their legends, else their letters."""
    names: list[str] = []
    for target in map(as_object, as_list(panel.get("targets"))):
        name = text_of(target.get("legendFormat")) or text_of(target.get("alias")) or text_of(target.get("refId"))
        names += [f"{name}{index}" for index in range(3)] if "{{" in name else [name]  # a label: several series
    return names[:6] or ["A"]


def _custom(panel: JsonObject) -> JsonObject:
    return as_object(as_object(as_object(panel.get("fieldConfig")).get("defaults")).get("custom"))


def _options(panel: JsonObject) -> JsonObject:
    return as_object(panel.get("options"))


def _svg(kind: str, inside: str) -> str:
    return f'<svg class="mark" {kind} aria-hidden="true">{inside}</svg>'


def _wave(index: int, points: int = 25) -> list[tuple[float, float]]:
    """A course without meaning, another one for each series."""
    found = []
    for step in range(points):
        x = step / (points - 1)
        y = 0.5 + 0.26 * math.sin(7 * x + 1.7 * index) + 0.12 * math.sin(19 * x + index)
        found.append((100 * x, 36 - 30 * max(0.03, min(0.97, y * (1 - 0.13 * (index % 4))))))
    return found


def _limits(panel: JsonObject) -> str:
    """The thresholds as lines or areas, where the panel draws them: evenly spaced, as their scale is not known."""
    style = text_of(as_object(_custom(panel).get("thresholdsStyle")).get("mode"))
    steps = steps_of(panel)
    if style in ("", "off") or len(steps) < 2:
        return ""
    parts = []
    for number, (color, _) in enumerate(steps[1:], 1):
        y = 36 - 30 * number / len(steps)
        if "area" in style:
            top = 36 - 30 * (number + 1) / len(steps)
            parts.append(f'<rect x="0" y="{top:.1f}" width="100" height="{y - top:.1f}" fill="{color}" opacity=".12"/>')
        dashes = ' stroke-dasharray="3 2"' if "dash" in style else ""
        parts.append(f'<path d="M0 {y:.1f}H100" stroke="{color}"{dashes} class="line"/>')
    return "".join(parts)


def _time_series(panel: JsonObject) -> str:
    custom = _custom(panel)
    names = series_names(panel)
    colors = series_of(panel, names)
    stacked = text_of(as_object(custom.get("stacking")).get("mode")) in ("normal", "percent")
    parts = [_limits(panel)]
    if text_of(custom.get("drawStyle")) == "bars":
        parts.append(_bars(colors if len(colors) > 1 else [colors[0], CLASSIC[1], CLASSIC[2]], 24))
        return _svg(_WIDE, "".join(parts))
    if stacked and len(colors) == 1:
        colors = [colors[0], CLASSIC[1], CLASSIC[2]]
    opacity = custom.get("fillOpacity")
    filled = (opacity if isinstance(opacity, int | float) else 0) / 100
    for index, color in enumerate(colors):
        points = _wave(index)
        if stacked:
            points = [(x, 36 - (36 - y) * (len(colors) - index) / len(colors)) for x, y in _wave(0)]
        course = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        if filled:
            parts.append(f'<path d="M0 36L{course}L100 36Z" fill="{color}" opacity="{max(0.1, filled):.2f}"/>')
        dashes = ' stroke-dasharray="4 3"' if _is_past(names, index) else ""
        parts.append(f'<path d="M{course}" fill="none" stroke="{color}"{dashes} class="line"/>')
    return _svg(_WIDE, "".join(parts))


def _is_past(names: list[str], index: int) -> bool:
    words = ("before", "earlier", "yesterday", "forecast", "expected")
    return index < len(names) and any(word in names[index].lower() for word in words)


def _bars(colors: list[str], number: int) -> str:
    parts = []
    for index, (_, top) in enumerate(_wave(0, number)):
        x, height = 100 * index / number, 36 - top
        for layer, color in enumerate(colors):
            part = height / len(colors)
            y = 36 - part * (layer + 1)
            parts.append(
                f'<rect x="{x:.2f}" y="{y:.2f}" width="{80 / number:.2f}" height="{part:.2f}" fill="{color}"/>'
            )
    return "".join(parts)


def _stat(panel: JsonObject) -> str:
    steps = steps_of(panel)
    color = series_of(panel, series_names(panel))[0]
    good = next((found for found, _ in steps if found in _GREENS), "")
    color = good or (steps[0][0] if steps else color)
    spark = ""
    if text_of(_options(panel).get("graphMode")) == "area":
        course = "L".join(f"{x:.1f} {y:.1f}" for x, y in _wave(1))
        spark = _svg(_WIDE, f'<path d="M0 40L{course}L100 40Z" fill="{color}" opacity=".18"/>'
                            f'<path d="M{course}" fill="none" stroke="{color}" class="line"/>')  # fmt: skip
    names = series_names(panel) if "name" in text_of(_options(panel).get("textMode")) else [""]
    names = [re.sub(r"\{\{(.*?)\}\}\d?", r"\1", name) for name in names]
    values = "".join(f"<div>{f'<small>{escape(name)}</small> ' if name else ''}<b>•••</b></div>" for name in names[:4])
    tile = " tile" if text_of(_options(panel).get("colorMode")).startswith("background") else ""
    paint = f"background:{color}" if tile else f"color:{color}"
    return f'{spark}<div class="stat{tile}" style="{paint}">{values}</div>'


def _gauge(panel: JsonObject) -> str:
    steps = steps_of(panel) or [("#73BF69", None)]
    arcs = "".join(
        _arc(index / len(steps), (index + 1) / len(steps), 26, color, 2) for index, (color, _) in enumerate(steps)
    )
    body = _arc(0, 1, 21, "currentColor", 7, 0.12) + _arc(0, 0.7, 21, steps[-1][0], 7)
    return _svg(_SQUARE, f'{body}{arcs}<text x="50" y="46" class="big" fill="{steps[-1][0]}">•••</text>')


def _arc(start: float, end: float, radius: float, color: str, width: float, opacity: float = 1) -> str:
    def at(share: float) -> str:
        angle = math.radians(200 - 220 * share)
        return f"{50 + radius * math.cos(angle):.2f} {40 - radius * math.sin(angle):.2f}"

    large = 1 if (end - start) * 220 > 180 else 0
    return (f'<path d="M{at(start)}A{radius} {radius} 0 {large} 1 {at(end)}" fill="none" stroke="{color}" '
            f'stroke-width="{width}" opacity="{opacity}"/>')  # fmt: skip


def _bar_gauge(panel: JsonObject) -> str:
    steps = steps_of(panel)
    colors = [color for color, _ in steps] or [CLASSIC[0]]
    parts = []
    for index in range(5):
        color = colors[index % len(colors)]
        y, width = 2 + 7.4 * index, 96 - 15 * index
        parts.append(f'<rect x="0" y="{y:.1f}" width="100" height="5" fill="currentColor" opacity=".08"/>'
                     f'<rect x="0" y="{y:.1f}" width="{width}" height="5" fill="{color}" opacity=".75"/>')  # fmt: skip
    return _svg(_WIDE, "".join(parts))


def _bar_chart(panel: JsonObject) -> str:
    names = series_names(panel)
    reduced = any(as_object(item).get("id") == "reduce" for item in as_list(panel.get("transformations")))
    grouped = 1 if reduced else min(len(names), 3)
    colors = series_of(panel, names)[: max(1, grouped)]
    across = text_of(_options(panel).get("orientation")) == "horizontal"
    parts = []
    for index in range(6):
        for layer, color in enumerate(colors):
            size = (34 - 4.6 * index) * (1 - 0.35 * layer)
            if across:
                y, height = 2 + 6.4 * index + layer * 5.2 / len(colors), 5.2 / len(colors) - 0.3
                parts.append(f'<rect x="0" y="{y:.2f}" width="{size * 2.8:.1f}" height="{height:.2f}" fill="{color}"/>')
            else:
                x, width = 2 + 16.4 * index + layer * 13 / len(colors), 13 / len(colors) - 0.4
                parts.append(
                    f'<rect x="{x:.2f}" y="{37 - size:.1f}" width="{width:.2f}" height="{size:.1f}" fill="{color}"/>'
                )
    return _svg(_WIDE, "".join(parts))


def _pie(panel: JsonObject) -> str:
    shares, parts, at = (0.34, 0.24, 0.17, 0.13, 0.12), [], 0.0
    for share, color in zip(shares, CLASSIC, strict=False):
        ends = [(50 + 26 * math.sin(2 * math.pi * v), 30 - 26 * math.cos(2 * math.pi * v)) for v in (at, at + share)]
        (ax, ay), (bx, by) = ends
        parts.append(f'<path d="M50 30L{ax:.2f} {ay:.2f}A26 26 0 0 1 {bx:.2f} {by:.2f}Z" fill="{color}"/>')
        at += share
    if text_of(_options(panel).get("pieType")) == "donut":
        parts.append('<circle cx="50" cy="30" r="13" class="hole"/>')
    return _svg(_SQUARE, "".join(parts))


def _table(panel: JsonObject) -> str:
    names: list[str] = []
    for change in map(as_object, as_list(panel.get("transformations"))):
        if change.get("id") == "organize":
            renamed = as_object(as_object(change.get("options")).get("renameByName"))
            names += [text_of(name) for name in renamed.values() if text_of(name)]
        alias = text_of(as_object(change.get("options")).get("alias"))
        if change.get("id") == "calculateField" and alias:
            names.append(alias)
    names = list(dict.fromkeys(names))[:9] or ["…", "…", "…"]
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    row = "<tr>" + "".join("<td>–</td>" for _ in names) + "</tr>"
    return f'<div class="rows"><table><thead><tr>{head}</tr></thead><tbody>{row * 8}</tbody></table></div>'


def _heat_map(panel: JsonObject) -> str:
    parts = []
    for row in range(6):
        for column in range(24):
            heat = (math.sin(column / 3.1 + row) + math.sin(column / 7 - row / 2) + 2) / 4
            color = TURBO[min(9, int(heat * 10))]
            parts.append(f'<rect x="{column * 4.16:.2f}" y="{row * 6.4:.1f}" width="3.9" height="6" fill="{color}"/>')
    return _svg(_WIDE, "".join(parts))


def _histogram(panel: JsonObject) -> str:
    color = series_of(panel, series_names(panel))[0]
    parts = []
    for index in range(20):
        height = 33 * math.exp(-(((index - 6) / 5) ** 2)) + 1
        parts.append(
            f'<rect x="{index * 5:.1f}" y="{38 - height:.1f}" width="4.8" height="{height:.1f}" fill="{color}"/>'
        )
    return _svg(_WIDE, "".join(parts))


def _map(panel: JsonObject) -> str:
    lines = "".join(f'<ellipse cx="50" cy="30" rx="{rx}" ry="27" class="grid"/>' for rx in (10, 24, 38, 48))
    across = "".join(f'<path d="M3 {y}H97" class="grid"/>' for y in (12, 21, 30, 39, 48))
    dots = "".join(
        f'<circle cx="{x}" cy="{y}" r="{r}" fill="#5794F2" opacity=".6"/>'
        for x, y, r in ((24, 22, 6), (48, 18, 4), (53, 21, 3), (30, 38, 3), (78, 42, 3), (70, 22, 2))
    )
    return _svg(_SQUARE, lines + across + dots)


def _states(panel: JsonObject) -> str:
    colors = [color for color, _ in steps_of(panel)] or [CLASSIC[0], CLASSIC[4]]
    cells = text_of(panel.get("type")) == "status-history"
    parts = []
    for row in range(4):
        y = 2 + 9.4 * row
        if not cells:
            parts.append(f'<rect x="0" y="{y:.1f}" width="100" height="7" fill="{colors[-1]}" opacity=".75"/>')
            x = (23 * row + 31) % 84
            parts.append(f'<rect x="{x}" y="{y:.1f}" width="{3 + row % 3}" height="7" fill="{colors[0]}"/>')
            continue
        for column in range(24):
            color = colors[0] if (column * 7 + row * 5) % 23 == 0 else colors[-1]
            parts.append(
                f'<rect x="{column * 4.16:.2f}" y="{y:.1f}" width="3.8" height="7" fill="{color}" opacity=".8"/>'
            )
    return _svg(_WIDE, "".join(parts))


def _scatter(panel: JsonObject) -> str:
    color = series_of(panel, series_names(panel))[0]
    dots = "".join(
        f'<circle cx="{6 + (index * 37) % 88}" cy="{52 - (index * 37) % 88 * 0.45 + (index * 13) % 9 - 4:.1f}" r="2" '
        f'fill="{color}" opacity=".7"/>'
        for index in range(14)
    )
    return _svg(_SQUARE, dots)


def _logs(panel: JsonObject) -> str:
    colors = ("#5794F2", "#5794F2", "#FF9830", "#5794F2", "#F2495C", "#5794F2", "#5794F2")
    lines = "".join(
        f'<li style="border-color:{color}"><i style="width:{84 - (index * 23) % 47}%"></i></li>'
        for index, color in enumerate(colors)
    )
    return f'<ol class="log">{lines}</ol>'


def _text(panel: JsonObject) -> str:
    content = text_of(_options(panel).get("content")) or text_of(panel.get("content"))
    if text_of(_options(panel).get("mode")) == "html":
        return f'<div class="text"><pre>{escape(content)}</pre></div>'
    return f'<div class="text">{markdown(content)}</div>'


def _listing(panel: JsonObject) -> str:
    lines = "".join(f'<li><i style="width:{70 - (index * 17) % 40}%"></i></li>' for index in range(5))
    return f'<ol class="log">{lines}</ol>'


def _neutral(panel: JsonObject) -> str:
    kind = escape(text_of(panel.get("type")) or "library panel")
    return f'<div class="neutral">{kind}</div>'


_MARKS: Mapping[str, Callable[[JsonObject], str]] = {
    "timeseries": _time_series,
    "graph": _time_series,
    "trend": _time_series,
    "candlestick": _time_series,
    "stat": _stat,
    "singlestat": _stat,
    "gauge": _gauge,
    "bargauge": _bar_gauge,
    "barchart": _bar_chart,
    "piechart": _pie,
    "table": _table,
    "table-old": _table,
    "heatmap": _heat_map,
    "histogram": _histogram,
    "geomap": _map,
    "state-timeline": _states,
    "status-history": _states,
    "xychart": _scatter,
    "logs": _logs,
    "text": _text,
    "dashlist": _listing,
    "alertlist": _listing,
    "annolist": _listing,
    "news": _listing,
}


def limits_of(panel: JsonObject) -> list[tuple[str, Json]]:
    """The thresholds to be listed under a panel; a single base colour says nothing."""
    steps = steps_of(panel)
    return steps if len(steps) > 1 else []


__all__ = ["color_of", "limits_of", "mark", "series_names"]

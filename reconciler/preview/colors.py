"""Grafana's colour names, and the colours that a panel declares for its series."""

import re
from collections.abc import Mapping

from reconciler.core.json import Json, JsonObject, as_list, as_object, text_of

_SHADES = ("dark", "semi-dark", "", "light", "super-light")
_HUES = {
    "red": "#C4162A #E02F44 #F2495C #FF7383 #FFA6B0",
    "orange": "#FA6400 #FF780A #FF9830 #FFB357 #FFCB7D",
    "yellow": "#E0B400 #F2CC0C #FADE2A #FFEE52 #FFF899",
    "green": "#37872D #56A64B #73BF69 #96D98D #C8F2C2",
    "blue": "#1F60C4 #3274D9 #5794F2 #8AB8FF #C0D8FF",
    "purple": "#8F3BB8 #A352CC #B877D9 #CA95E5 #DEB6F2",
}
NAMED = {
    f"{shade}-{hue}".strip("-"): color
    for hue, colors in _HUES.items()
    for shade, color in zip(_SHADES, colors.split(), strict=True)
}
CLASSIC = ("#73BF69", "#F2CC0C", "#5794F2", "#FF9830", "#F2495C", "#B877D9", "#705DA0", "#37872D", "#FADE2A", "#447EBC")
"""The first colours of Grafana's classic palette, in the order in which series get them."""
TURBO = ("#30123b", "#4662d8", "#36a8f9", "#1ae4b6", "#72fe5e", "#c8ef34", "#faba39", "#f66b19", "#ca2a04", "#7a0403")
_SAFE = re.compile(r"#[0-9A-Fa-f]{3,8}\Z|[A-Za-z]{3,20}\Z|(?:rgb|hsl)a?\([0-9., %]+\)\Z")


def color_of(text: Json, fallback: str = "#8E8E8E") -> str:
    """A colour for CSS; anything that could be more than a colour gives `fallback`."""
    name = text_of(text)
    if name == "text":
        return "currentColor"
    return NAMED.get(name) or (name if _SAFE.match(name) else fallback)


def steps_of(panel: JsonObject) -> list[tuple[str, Json]]:
    """The thresholds of a panel: colour and value, the base first."""
    defaults = as_object(as_object(panel.get("fieldConfig")).get("defaults"))
    steps = as_list(as_object(defaults.get("thresholds")).get("steps"))
    return [(color_of(step.get("color")), step.get("value")) for step in map(as_object, steps)]


def series_of(panel: JsonObject, names: list[str]) -> list[str]:
    """A colour for each series, as far as the declaration tells: by name or pattern, else fixed, else the palette's."""
    config = as_object(panel.get("fieldConfig"))
    color = as_object(as_object(config.get("defaults")).get("color"))
    fixed = color_of(color.get("fixedColor")) if color.get("mode") == "fixed" else ""
    steps = steps_of(panel)
    if not fixed and color.get("mode") == "thresholds" and steps:
        fixed = steps[-1][0] if len(steps) == 1 else steps[0][0]
    overrides = _overrides(config)
    found = []
    for index, name in enumerate(names):
        own = next((value for key, value in overrides.items() if _matches(key, name)), "")
        found.append(own or fixed or CLASSIC[index % len(CLASSIC)])
    return found


def _overrides(config: JsonObject) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for override in map(as_object, as_list(config.get("overrides"))):
        matcher = as_object(override.get("matcher"))
        for item in map(as_object, as_list(override.get("properties"))):
            value = as_object(item.get("value"))
            if item.get("id") == "color" and value.get("fixedColor"):
                found[text_of(matcher.get("options"))] = color_of(value.get("fixedColor"))
    return dict(reversed(found.items()))


def _matches(key: str, name: str) -> bool:
    if len(key) > 2 and key.startswith("/") and key.endswith("/"):
        try:
            return re.search(key[1:-1], name) is not None
        except re.error:
            return False
    return key == name

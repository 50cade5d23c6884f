"""Layout: panels in reading order on Grafana's 24 columns. Pure arithmetic on widths and heights."""

from typing import Any

from msgspec import Struct

from reconciler.authoring.problems import Problems, shown
from reconciler.core.source import MarkedDict

COLUMNS = 24
WIDTH = 12
HEIGHT = 8
_MOST_HEIGHT = 200
_PLACE = ("h", "w", "x", "y")


class Flow(Struct):
    """Where the next panel goes: left to right; what does not fit begins a new line below the tallest of this one."""

    y: int = 0
    x: int = 0
    tallest: int = 0

    def place(self, width: int, height: int) -> dict[str, Any]:
        """The gridPos of the next panel."""
        if self.x + width > COLUMNS:
            self.line()
        position = {"h": height, "w": width, "x": self.x, "y": self.y}
        self.x += width
        self.tallest = max(self.tallest, height)
        return position

    def line(self) -> None:
        """Begin a new line."""
        self.y += self.tallest
        self.x = self.tallest = 0

    def row(self) -> dict[str, Any]:
        """The gridPos of a row: a line of its own, one unit high."""
        self.line()
        position = {"h": 1, "w": COLUMNS, "x": 0, "y": self.y}
        self.y += 1
        return position

    def below(self, bottom: int) -> None:
        """Go on below a panel with a place of its own that ends there."""
        if bottom > self.y:
            self.line()
            self.y = max(self.y, bottom)


def position(panel: MarkedDict, flow: Flow, problems: Problems) -> Any:
    """A panel's gridPos: its own (the flow goes on below it), or the next one for its width and height."""
    if "gridPos" not in panel:
        return flow.place(*_size(panel, problems))
    written = panel["gridPos"]
    for key in _PLACE:
        value = written.get(key) if isinstance(written, dict) else None
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            text = f"gridPos needs whole numbers for {', '.join(_PLACE)}"
            hint = "or leave gridPos out and write `width` and `height`"
            problems.in_value(panel, ("gridPos", key), "bad-grid-pos", text, hint)
            return written
    flow.below(written["y"] + written["h"])
    return written


def _size(panel: MarkedDict, problems: Problems) -> tuple[int, int]:
    """Width in columns and height in grid units."""
    hints = {"width": f"the dashboard is {COLUMNS} columns wide", "height": "one unit is 30 pixels: 8 is usual"}
    sizes = []
    for key, default, most in (("width", WIDTH, COLUMNS), ("height", HEIGHT, _MOST_HEIGHT)):
        value = panel.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
            text = f"{key} is {shown(value)}, not a whole number from 1 to {most}"
            problems.in_value(panel, (key,), f"bad-{key}", text, hints[key])
            value = default
        sizes.append(value)
    return sizes[0], sizes[1]

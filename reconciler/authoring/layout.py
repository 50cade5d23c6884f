"""Layout: panels in reading order on Grafana's 24 columns. Pure arithmetic on widths and heights."""

from dataclasses import dataclass
from typing import Any

COLUMNS = 24
WIDTH = 12
HEIGHT = 8


@dataclass(slots=True)
class Flow:
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
        if self.x or self.tallest:
            self.line()
        position = {"h": 1, "w": COLUMNS, "x": 0, "y": self.y}
        self.y += 1
        return position

    def below(self, position: object) -> None:
        """Go on below a panel that has a place of its own."""
        if isinstance(position, dict):
            y, height = position.get("y"), position.get("h")
            if isinstance(y, int) and isinstance(height, int) and y + height > self.y:
                self.line()
                self.y = max(self.y, y + height)

"""Ranges of time as Grafana writes them: how long they are, and how finely a query over one is asked."""

import re

_RELATIVE = re.compile(r"^now(?:([-+])(\d+)([smhdwMQy]))?(?:/(f?[smhdwMQy]))?$")
_SPAN = re.compile(r"^(\d+(?:\.\d+)?)(ms|[smhdwMy])$")
_SECONDS = {
    "ms": 0.001,
    "s": 1,
    "m": 60,
    "h": 3600,
    "d": 86_400,
    "w": 604_800,
    "M": 2_629_800,
    "Q": 7_889_400,
    "y": 31_557_600,
}
_ROUND = (
    1,
    2,
    5,
    10,
    15,
    20,
    30,
    60,
    120,
    300,
    600,
    900,
    1200,
    1800,
    3600,
    7200,
    10_800,
    21_600,
    43_200,
    86_400,
    604_800,
)
"""Seconds that Grafana rounds an interval to."""
POINTS = 500
"""Points of a series that a query asks for at most: about as many as a panel is wide."""


def ago(text: str) -> float | None:
    """How many seconds before now a relative time is, about (rounded down to a unit: up to one of it); None for an
    absolute one.
    """
    found = _RELATIVE.match(text.strip())
    if found is None:
        return None
    before = (int(found[2]) * _SECONDS[found[3]] if found[2] else 0.0) * (-1 if found[1] == "+" else 1)
    return before + (_SECONDS[found[4].lstrip("f")] if found[4] else 0.0)


def span(text: str) -> float | None:
    """A duration (`5m`, `>=1h`) in seconds; None for what is none."""
    found = _SPAN.match(text.strip().lstrip(">="))
    return float(found[1]) * _SECONDS[found[2]] if found else None


def interval(seconds: float, *, points: int = POINTS, least: float = 0.0) -> float:
    """The step, in seconds, of a query over so many seconds."""
    wanted = seconds / points
    rounded = next((step for step in _ROUND if step >= wanted * 0.75), wanted)
    return max(rounded, least, 1.0)

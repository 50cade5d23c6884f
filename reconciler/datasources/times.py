"""Times of queries as Grafana writes them, in seconds since 1970."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "M": 2_629_800, "y": 31_557_600}


class Span(Struct, frozen=True):
    """The range of a request: two moments in seconds since 1970."""

    begin: float
    end: float

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.end - self.begin


def span_of(body: Mapping[str, Any], now: float) -> Span:
    """The range of a request, as seen from `now`. Raises ValueError for what is no time."""
    return Span(moment_of(body.get("from", "now-1h"), now), moment_of(body.get("to", "now"), now))


def seconds_of(text: str) -> float:
    """A duration such as `2m` in seconds; 0 where it is none."""
    found = re.fullmatch(r"(\d+)(ms|[smhdwMy])", text.strip().lstrip(">="))
    return 0.0 if found is None else int(found[1]) * (0.001 if found[2] == "ms" else _UNITS[found[2]])


def moment_of(value: object, now: float) -> float:
    """A time of a query (`now-6h`, `now/d`, milliseconds, RFC 3339). Raises ValueError."""
    text = str(value)
    if re.match(r"\d{4}-\d\d-\d\dT", text):
        return datetime.fromisoformat(text).timestamp()
    if text.isdigit():
        return int(text) / 1000
    found = re.fullmatch(r"now(?:([-+])(\d+)([smhdwMy]))?(?:/f?([smhdwMQy]))?", text)
    if found is None:
        raise ValueError(f"cannot read the time {text!r}")
    moment = now + (int(found[1] + found[2]) * _UNITS[found[3]] if found[2] else 0)
    return _beginning(moment, found[4]) if found[4] else moment


def _beginning(moment: float, unit: str) -> float:
    """When the unit (a day, a quarter) began that a moment is in, UTC."""
    if unit in "smhd":
        return moment - moment % _UNITS[unit]
    day = datetime.fromtimestamp(moment, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if unit == "w":
        return (day - timedelta(days=day.weekday())).timestamp()
    month = {"M": day.month, "Q": (day.month - 1) // 3 * 3 + 1, "y": 1}[unit]
    return day.replace(month=month, day=1).timestamp()

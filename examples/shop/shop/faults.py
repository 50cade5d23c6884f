"""What can go wrong with what a shop exports, done to the end of its past: a metric renamed, a label dropped, the shop
stopped. So that it can be seen what a check finds, without waiting for it.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from shop.measures import Measure

Samples = list[tuple[str, float]]
"""Series with their values at one moment."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong, and for how long it has. `change` makes of a measure and its samples what is exported."""

    says: str
    lasts: timedelta
    change: Callable[[Measure, Samples], tuple[Measure, Samples]]


def _renamed(old: str, new: str) -> Callable[[Measure, Samples], tuple[Measure, Samples]]:
    def change(measure: Measure, samples: Samples) -> tuple[Measure, Samples]:
        if measure.name != old:
            return measure, samples
        return replace(measure, name=new), [(new + series.removeprefix(old), value) for series, value in samples]

    return change


def _without(name: str, label: str) -> Callable[[Measure, Samples], tuple[Measure, Samples]]:
    pattern = re.compile(rf'\b{label}="[^"]*",?')

    def change(measure: Measure, samples: Samples) -> tuple[Measure, Samples]:
        return measure, _added_up((pattern.sub("", s), v) for s, v in samples) if measure.name == name else samples

    return change


def _added_up(samples: Iterable[tuple[str, float]]) -> Samples:
    """Series that have become one count together."""
    found: dict[str, float] = {}
    for series, value in samples:
        found[series] = found.get(series, 0.0) + value
    return list(found.items())


FAULTS = {
    "renamed": Fault(
        "order_queue_depth is called order_queue_length for three hours",
        timedelta(hours=3),
        _renamed("order_queue_depth", "order_queue_length"),
    ),
    "dropped": Fault(
        "http_requests_total has had no label service for three hours",
        timedelta(hours=3),
        _without("http_requests_total", "service"),
    ),
    "stopped": Fault(
        "the shop has exported nothing for an hour",
        timedelta(hours=1),
        lambda measure, samples: (measure, []),
    ),
}
SOUND = "sound"
"""The past as it was, among those with a fault."""
LONGEST = max(fault.lasts for fault in FAULTS.values())

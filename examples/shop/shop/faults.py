"""What can go wrong with what a shop exports, done to its past: a metric renamed, a label dropped, the shop stopped; a
field of its documents renamed, no documents any more. So that it can be seen what a check finds, without waiting.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

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


@dataclass(frozen=True, slots=True)
class DocumentFault:
    """What goes wrong with documents. `change` makes of one, and of its age beside the newest, what is written: None
    where nothing is.
    """

    says: str
    change: Callable[[dict[str, Any], timedelta], dict[str, Any] | None]


def _field_renamed(old: str, new: str) -> Callable[[dict[str, Any], timedelta], dict[str, Any]]:
    return lambda document, age: {new if key == old else key: value for key, value in document.items()}


DOCUMENT_FAULTS = {
    "field-renamed": DocumentFault(
        "the index was made anew, and the field search_term is called term there",
        _field_renamed("search_term", "term"),
    ),
    "silent": DocumentFault(
        "no documents have been written for an hour",
        lambda document, age: None if age < timedelta(hours=1) else document,
    ),
}

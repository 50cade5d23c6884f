"""Where the business writes down what happens: counters, gauges and histograms by name. `Book` is what it needs;
`Ledger` keeps them in memory (for the backfill), `monitoring.Monitoring` exports them.
"""

from collections.abc import Iterator
from typing import Protocol

from shop.measures import BY_NAME, MEASURES, Measure

Labels = tuple[str, ...]
"""The values of a measure's labels, in its order."""


class Book(Protocol):
    """What the business writes into."""

    def add(self, name: str, amount: float = 1.0, *labels: str) -> None:
        """Count something."""

    def put(self, name: str, value: float, *labels: str) -> None:
        """Set a gauge."""

    def observe(self, name: str, value: float, *labels: str) -> None:
        """Enter one value into a histogram."""

    def get(self, name: str, *labels: str) -> float:
        """A counter's or gauge's present value; 0 where there is none yet."""

    def restart(self, name: str) -> None:
        """Let a counter or gauge begin again from 0 (a new quarter, a new day)."""


class Ledger:
    """A book in memory."""

    def __init__(self) -> None:
        self.numbers: dict[str, dict[Labels, float]] = {measure.name: {} for measure in MEASURES}
        self.histograms: dict[str, dict[Labels, list[float]]] = {m.name: {} for m in MEASURES if m.type == "histogram"}

    def add(self, name: str, amount: float = 1.0, *labels: str) -> None:
        """Count something."""
        found = self.numbers[name]
        found[labels] = found.get(labels, 0.0) + amount

    def put(self, name: str, value: float, *labels: str) -> None:
        """Set a gauge."""
        self.numbers[name][labels] = value

    def observe(self, name: str, value: float, *labels: str) -> None:
        """Enter one value: the counts of its buckets, then count and sum."""
        bounds = BY_NAME[name].buckets
        found = self.histograms[name].setdefault(labels, [0.0] * (len(bounds) + 2))
        for index, bound in enumerate(bounds):
            if value <= bound:
                found[index] += 1
        found[-2] += 1
        found[-1] += value

    def get(self, name: str, *labels: str) -> float:
        """The present value."""
        return self.numbers[name].get(labels, 0.0)

    def restart(self, name: str) -> None:
        """Begin again from 0."""
        self.numbers[name] = dict.fromkeys(self.numbers[name], 0.0)

    def samples(self, measure: Measure) -> Iterator[tuple[str, float]]:
        """Each series of a measure with its present value, as Prometheus writes series."""
        if measure.type != "histogram":
            for labels, value in self.numbers[measure.name].items():
                yield series(measure.name, measure, labels), value
            return
        for labels, found in self.histograms[measure.name].items():
            for bound, count in zip((*map(_bound, measure.buckets), "+Inf"), found[:-1], strict=True):
                yield series(f"{measure.name}_bucket", measure, labels, f'le="{bound}"'), count
            yield series(f"{measure.name}_count", measure, labels), found[-2]
            yield series(f"{measure.name}_sum", measure, labels), found[-1]


def series(name: str, measure: Measure, labels: Labels, *more: str) -> str:
    """A series' name with its labels: `orders_total{region="us-east"}`."""
    pairs = [f'{label}="{value}"' for label, value in zip(measure.labels, labels, strict=True)]
    inside = ",".join([*pairs, *more])
    return f"{name}{{{inside}}}" if inside else name


def _bound(value: float) -> str:
    """A bucket's bound as prometheus_client writes it, so that history and present are the same series."""
    return str(float(value))

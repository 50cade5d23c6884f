"""The guide's monitoring, made to last: business metrics for Prometheus, a decorator for the processing of orders,
and what browsers report. No label takes a value that is not on the list (see measures), whoever sends it.
"""

import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.openmetrics import exposition

from shop import assortment as a
from shop.measures import BY_NAME, MEASURES, OTHER, Measure, bounded

disable_created_metrics()  # they would double the series, and say only when this process began
P = ParamSpec("P")
T = TypeVar("T")
CONTENT_TYPE = exposition.CONTENT_TYPE_LATEST
LARGEST_BATCH = 50
"""Events of one report of a browser that are looked at; sendBeacon sends 64 KiB at most."""
_STEPS = {"visit": "visitors", "add_to_cart": "cart_additions", "checkout_start": "checkout_starts", "order": "orders"}
"""What pages call a step → what the funnel calls it."""


class Monitoring:
    """The shop's metrics (a `book.Book`). Counters begin at 0 for every series that may come, so that the first event
    is an increase.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        self._metrics = {measure.name: _metric(measure, self.registry) for measure in MEASURES}

    def add(self, name: str, amount: float = 1.0, *labels: str, exemplar: Mapping[str, str] | None = None) -> None:
        """Count something; `exemplar` leads from the number to one case of it."""
        metric = self._child(name, labels)
        if isinstance(metric, Counter):
            metric.inc(amount, dict(exemplar) if exemplar else None)
        else:
            metric.inc(amount)

    def put(self, name: str, value: float, *labels: str) -> None:
        """Set a gauge."""
        self._child(name, labels).set(value)

    def observe(self, name: str, value: float, *labels: str, exemplar: Mapping[str, str] | None = None) -> None:
        """Enter a value into a histogram."""
        self._child(name, labels).observe(value, dict(exemplar) if exemplar else None)

    def get(self, name: str, *labels: str) -> float:
        """A counter's or gauge's present value."""
        return float(self._child(name, labels)._value.get())

    def restart(self, name: str) -> None:
        """Begin again from 0: a new quarter, a new day."""
        for metric in self._metrics[name].collect():
            for sample in metric.samples:
                if not sample.name.endswith("_created"):
                    labels = [sample.labels[label] for label in BY_NAME[name].labels]
                    self._child(name, labels)._value.set(0.0)

    def exposition(self) -> bytes:
        """What Prometheus scrapes: OpenMetrics, with exemplars."""
        return exposition.generate_latest(self.registry)

    def resume(self, opening: Mapping[str, Any]) -> None:
        """Go on counting where the history ended (`opening.json` of the backfill)."""
        for name, found in opening["numbers"].items():
            for labels, value in found:
                self._child(name, labels)._value.set(value)
        for name, found in opening["histograms"].items():
            for labels, numbers in found:
                child = self._child(name, labels)
                before = 0.0
                for bucket, count in zip(child._buckets, numbers[:-1], strict=True):
                    bucket.set(count - before)
                    before = count
                child._sum.set(numbers[-1])

    def _child(self, name: str, labels: Any) -> Any:
        measure = BY_NAME[name]
        if not measure.labels:
            return self._metrics[name]
        allowed = [bounded(measure, label, value) for label, value in zip(measure.labels, labels, strict=True)]
        return self._metrics[name].labels(*allowed)

    @contextmanager
    def order_processing(self, order_type: str) -> Iterator[dict[str, str]]:
        """Time the processing of an order, also where it fails. The mapping handed out becomes the exemplar: put the
        order's number in.
        """
        began, exemplar = time.perf_counter(), {}  # type: float, dict[str, str]
        try:
            yield exemplar
        finally:
            self.observe(
                "order_processing_duration_seconds", time.perf_counter() - began, order_type, exemplar=exemplar
            )

    def track_order_processing(
        self, order_type: str
    ) -> Callable[[Callable[P, Awaitable[T]]], Callable[P, Awaitable[T]]]:
        """The guide's decorator: `@monitoring.track_order_processing("purchase")` over whatever processes an order."""

        def decorate(process: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
            @wraps(process)
            async def tracked(*args: P.args, **kwargs: P.kwargs) -> T:
                with self.order_processing(order_type):
                    return await process(*args, **kwargs)

            return tracked

        return decorate

    def heard(self, batch: object) -> int:
        """Count what a browser reports: a list of `{"action": "funnel_step", "step_name": …}` and such. Nothing in it
        is believed: unknown actions and steps are left out, unknown values count as `other`. The result is how many
        events counted.
        """
        events = batch if isinstance(batch, list) else []
        return sum(self._event(event) for event in events[:LARGEST_BATCH] if isinstance(event, Mapping))

    def _event(self, event: Mapping[str, Any]) -> bool:
        action = event.get("action")
        if action == "funnel_step":
            step = _STEPS.get(_text(event, "step_name"))
            if (
                step is None or step == "orders"
            ):  # an order is counted where it is processed, never because a page says so
                return False
            self.add("funnel_steps_total", 1, step, _text(event, "channel"))
            if step == "cart_additions":
                self.add("carts_created_total", 1, _text(event, "device"))
        elif action == "product_view":
            product = a.BY_NAME.get(_text(event, "product_name"))
            if product is None:
                return False
            self.add("product_page_views_total", 1, product.name, product.category)
        elif action == "feature_used":
            self.add("feature_usage_total", 1, _text(event, "feature"))
        elif action == "cart_abandoned":
            self.add("carts_abandoned_total", 1, _text(event, "device"))
        else:
            return False
        return True


def _text(event: Mapping[str, Any], key: str) -> str:
    value = event.get(key)
    return value if isinstance(value, str) else OTHER


def _metric(measure: Measure, registry: CollectorRegistry) -> Any:
    names = tuple(measure.labels)
    if measure.type == "histogram":
        return Histogram(measure.name, measure.help, names, registry=registry, buckets=measure.buckets)
    sort = Counter if measure.type == "counter" else Gauge
    return sort(measure.name, measure.help, names, registry=registry)

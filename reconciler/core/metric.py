"""The catalogue of business metrics, as values: what a datasource holds by promise, and what it means."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field

from reconciler.core.source import Mark


class MetricType(StrEnum):
    """Prometheus' metric types."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
    SUMMARY = "summary"


class Label(Struct, frozen=True):
    """One label: the `values` it may take (None: any), and an example for people."""

    name: str
    values: tuple[str, ...] | None = None
    example: str = ""


class Metric(Struct, frozen=True):
    """One metric of a Prometheus. `unit` is Grafana's name of a unit, or `cents`; `datasource` a declared
    datasource's uid.
    """

    name: str
    type: MetricType
    datasource: str
    unit: str = ""
    help: str = ""
    owner: str = ""
    monotonic: bool = False
    """Whether a gauge only ever rises and begins again from 0, so that `increase` of it is right."""
    labels: Mapping[str, Label] = field(default_factory=dict)
    where: Mark | None = None

    @property
    def series(self) -> Mapping[str, "MetricType"]:
        """The names under which it is queried, each with the type it has there: a histogram is three counters."""
        if self.type in {MetricType.HISTOGRAM, MetricType.SUMMARY}:
            parts = {f"{self.name}{suffix}": MetricType.COUNTER for suffix in ("_sum", "_count")}
            whole = f"{self.name}_bucket" if self.type is MetricType.HISTOGRAM else self.name
            return {whole: MetricType.COUNTER if self.type is MetricType.HISTOGRAM else MetricType.GAUGE, **parts}
        return {self.name: self.type}


class IndexField(Struct, frozen=True):
    """One field of an index of an Elasticsearch. `type` is Elasticsearch's; a text has a `.keyword` beside it."""

    name: str
    type: str
    datasource: str
    index: str
    unit: str = ""
    help: str = ""
    owner: str = ""
    values: tuple[str, ...] | None = None
    where: Mark | None = None


class Catalogue(Struct, frozen=True):
    """Everything that is declared of metrics, in order of names."""

    metrics: tuple[Metric, ...] = ()
    fields: tuple[IndexField, ...] = ()

    def of(self, datasource: str) -> Mapping[str, Metric]:
        """The metrics of one datasource by the names of their series."""
        return {name: metric for metric in self.metrics if metric.datasource == datasource for name in metric.series}

    def fields_of(self, datasource: str) -> Mapping[str, IndexField]:
        """The fields of one datasource by name."""
        return {found.name: found for found in self.fields if found.datasource == datasource}

"""Buckets whose innermost are no times → one table: a column for each bucket's value, one for each metric."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from reconciler.datasources.elasticsearch.model import SCRIPT, Bucket, Metric, Query
from reconciler.datasources.elasticsearch.names import metric_name
from reconciler.datasources.elasticsearch.values import number_at


class _Column(Struct):
    name: str
    sort: str
    filterable: bool = False
    values: list[Any] = field(default_factory=list)

    def schema(self) -> dict[str, Any]:
        told = {"frame": "string" if self.sort == "string" else "float64", "nullable": True}
        found: dict[str, Any] = {"name": self.name, "type": self.sort, "typeInfo": told}
        return {**found, "config": {"filterable": True}} if self.filterable else found


class Table:
    """Grows by the buckets that are added."""

    def __init__(self, query: Query) -> None:
        self._query = query
        self._columns: list[_Column] | None = None

    def add(self, bucket: Bucket, buckets: Sequence[Mapping[str, Any]], props: Mapping[str, str]) -> None:
        """A row for each of these buckets. `props` are the values of the buckets around them. Where there are none,
        the whole table is lost, as in Grafana.
        """
        if self._columns is None:
            self._columns = [_Column(name, "string") for name in sorted(props)]
        if not buckets:
            self._columns = []
        for item in buckets:
            key = item["key"]
            for around, text in props.items():
                self._append(around, text, only_there=True)
            self._append(bucket.field, key, "string" if isinstance(key, str) else "number", filterable=True)
            for metric in self._query.metrics:
                for name, value in self._of(metric, item):
                    self._append(name, value)

    def _append(
        self, name: str, value: Any, sort: str = "number", *, filterable: bool = False, only_there: bool = False
    ) -> None:
        columns = self._columns if self._columns is not None else []
        column = next((column for column in columns if column.name == name), None)
        if column is None:
            if only_there:
                return
            column = _Column(name, sort, filterable)
            columns.append(column)
        column.values.append(value)

    def _of(self, metric: Metric, item: Mapping[str, Any]) -> list[tuple[str, float | None]]:
        """The columns of a metric, and their values in one row."""
        match metric.type:
            case "count":
                return [(metric_name("count"), number_at(item, "doc_count"))]
            case "percentiles":
                values = (item.get(metric.id) or {}).get("values") or {}
                return [
                    (f"p{name} {metric.field}", number_at(item, metric.id, "values", name) or 0.0)
                    for name in sorted(values)
                ]
            case "extended_stats":
                for name in metric.statistics[:1]:  # Grafana shows the first, under the name of all
                    bound = name.removeprefix("std_deviation_bounds_")
                    path = (name,) if bound == name else ("std_deviation_bounds", bound)
                    return [(metric_name(metric.type), number_at(item, metric.id, *path))]
                return []
            case "top_metrics":
                return self._top(metric, item)
        return [(self._name(metric), number_at(item, metric.id, "value"))]

    def _top(self, metric: Metric, item: Mapping[str, Any]) -> list[tuple[str, float | None]]:
        names = metric.settings.get("metrics") or ()
        tops = (item.get(metric.id) or {}).get("top") or [{}]
        found = tops[0].get("metrics") or {}
        called = metric_name(metric.type)
        return [
            (f"{called} {name}" if len(names) > 1 else called, number_at(found, name))
            for name in names
            if found.get(name) is not None
        ]

    def _name(self, metric: Metric) -> str:
        """What a column is called: with its field where another one is of the same sort, with its id where that is of
        the same field too.
        """
        others = [other for other in self._query.metrics if other.id != metric.id and other.type == metric.type]
        name = metric_name(metric.type)
        if not others:
            return name
        if metric.type == SCRIPT:
            return str(metric.settings.get("script") or "")
        name += f" {metric.field}"
        return f"{name} {metric.id}" if any(other.field == metric.field for other in others) else name

    def frames(self) -> list[dict[str, Any]]:
        """The table as one frame; none where it has no rows."""
        if not self._columns:
            return []
        schema = {"refId": self._query.letter, "fields": [column.schema() for column in self._columns]}
        return [{"schema": schema, "data": {"values": [column.values for column in self._columns]}}]

"""The buckets of an answer → data frames: a series for each value of the buckets where the innermost are times, else
one table.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from reconciler.datasources.elasticsearch.model import Bucket, Metric, Query
from reconciler.datasources.elasticsearch.names import series_name
from reconciler.datasources.elasticsearch.tables import Table
from reconciler.datasources.elasticsearch.values import number_at

Props = Mapping[str, str]
"""By which buckets one came here: field → value."""


class _Series(Struct):
    """Numbers at times, with the labels that name them."""

    labels: dict[str, str]
    times: list[int] = field(default_factory=list)
    values: list[float | None] = field(default_factory=list)


def frames_of(query: Query, aggregations: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """The frames of an answer; None where no bucket was looked into at all."""
    walk = _Walk(query)
    walk.into(aggregations, {}, 0)
    if walk.table is not None:
        return walk.table.frames()
    if walk.series is None:
        return None
    count = len({series.labels["metric"] for series in walk.series})
    edge = _edge(query)
    return [_frame(query, series, series_name(query, series.labels, metrics=count), edge) for series in walk.series]


class _Walk:
    """Goes through the buckets, from the outermost to the innermost."""

    def __init__(self, query: Query) -> None:
        self._query = query
        self.series: list[_Series] | None = None
        self.table: Table | None = None

    def into(self, aggregations: Mapping[str, Any], props: Props, depth: int) -> None:
        for number in sorted(aggregations):
            bucket, found = self._query.bucket(number), aggregations[number]
            if bucket is None or not isinstance(found, dict):
                continue
            if bucket.type == "nested":
                self.into(found, props, depth + 1)
            elif depth < len(self._query.buckets) - 1:
                for inner, more in _inner(bucket, found.get("buckets") or ()):
                    self.into(inner, {**props, **more}, depth + 1)
            elif bucket.type == "date_histogram":
                self.series = self.series or []
                for metric in self._query.metrics:
                    if not metric.hidden:
                        self.series += _of_metric(metric, _listed(found), props)
            else:
                self.table = self.table or Table(self._query)
                self.table.add(bucket, _listed(found), props)


def _listed(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    buckets = found.get("buckets")
    return buckets if isinstance(buckets, list) else []


def _inner(bucket: Bucket, buckets: Any) -> Iterator[tuple[dict[str, Any], Props]]:
    """Each bucket with its value: filters by their name, others by their key."""
    if isinstance(buckets, dict):
        for name in sorted(buckets):
            yield buckets[name], {"filter": name}
        return
    for item in buckets:
        key = item.get("key_as_string", item.get("key"))
        yield item, {bucket.field: key if isinstance(key, str) else str(int(key))}


def _of_metric(metric: Metric, buckets: Sequence[Mapping[str, Any]], props: Props) -> Iterator[_Series]:
    """The series of one metric over the times of these buckets: percentiles and statistics are several."""
    if metric.type == "count":
        yield _over(buckets, {**props, "metric": "count"}, "doc_count")
    elif metric.type == "percentiles":
        for name in sorted((buckets[0].get(metric.id) or {}).get("values") or ()) if buckets else ():
            yield _over(buckets, {**props, "metric": f"p{name}", "field": metric.field}, metric.id, "values", name)
    elif metric.type == "extended_stats":
        for name in metric.statistics:
            bound = name.removeprefix("std_deviation_bounds_")
            path = (name,) if bound == name else ("std_deviation_bounds", bound)
            yield _over(buckets, {**props, "metric": name, "field": metric.field}, metric.id, *path)
    elif metric.type == "top_metrics":
        for name in metric.settings.get("metrics") or ():
            found = _Series({**props, "metric": "top_metrics", "field": name})
            for bucket in buckets:
                found.times.append(int(bucket["key"]))
                tops = (bucket.get(metric.id) or {}).get("top") or ()
                found.values += [float(top["metrics"][name]) for top in tops if top["metrics"].get(name) is not None]
            yield found
    else:
        there = [bucket for bucket in buckets if isinstance(bucket.get(metric.id), dict)]
        labels = {**props, "metric": metric.type, "field": metric.field, "metricId": metric.id}
        found = _over(there, labels, metric.id, "value")
        for index, bucket in enumerate(there):
            if "normalized_value" in bucket[metric.id]:
                found.values[index] = number_at(bucket, metric.id, "normalized_value")
        yield found


def _over(buckets: Sequence[Mapping[str, Any]], labels: dict[str, str], *path: str) -> _Series:
    times = [int(bucket["key"]) for bucket in buckets]
    return _Series(labels, times, [number_at(bucket, *path) for bucket in buckets])


def _edge(query: Query) -> int:
    """How many points are cut off at both ends."""
    dates = next((bucket for bucket in query.buckets if bucket.type == "date_histogram"), None)
    text = str(dates.settings.get("trimEdges", "")) if dates is not None else ""
    return int(text) if text.isdigit() else 0


def _frame(query: Query, series: _Series, name: str, edge: int) -> dict[str, Any]:
    moment = {"name": "Time", "type": "time", "typeInfo": {"frame": "time.Time"}}
    number = {"name": "Value", "type": "number", "typeInfo": {"frame": "float64", "nullable": True}}
    meta = {"type": "timeseries-multi", "typeVersion": [0, 0]}
    columns: list[list[Any]] = [series.times, series.values]
    if edge:
        columns = [column[edge:-edge] if len(column) > 2 * edge else column for column in columns]
    called = {"name": name} if name else {}
    schema = {**called, "refId": query.letter, "meta": meta, "fields": [moment, number]}
    return {"schema": schema, "data": {"values": columns}}

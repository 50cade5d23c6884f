"""What series are called: by the panel's alias, else by their labels and metrics."""

import re
from collections.abc import Mapping

from reconciler.datasources.elasticsearch.model import PIPELINES, SCRIPT, Query

_METRICS = {
    "count": "Count",
    "avg": "Average",
    "sum": "Sum",
    "max": "Max",
    "min": "Min",
    "extended_stats": "Extended Stats",
    "percentiles": "Percentiles",
    "top_metrics": "Top Metrics",
    "cardinality": "Unique Count",
    "moving_avg": "Moving Average",
    "moving_fn": "Moving Function",
    "cumulative_sum": "Cumulative Sum",
    "derivative": "Derivative",
    "serial_diff": "Serial Difference",
    "bucket_script": "Bucket Script",
    "raw_document": "Raw Document",
    "raw_data": "Raw Data",
    "rate": "Rate",
    "logs": "Logs",
}
_STATISTICS = {
    "avg": "Avg",
    "std_deviation": "Std Dev",
    "std_deviation_bounds_upper": "Std Dev Upper",
    "std_deviation_bounds_lower": "Std Dev Lower",
}
_PART = re.compile(r"\{\{([\s\S]+?)\}\}")


def metric_name(sort: str) -> str:
    """What a metric or a statistic is called; itself, where it has no other name."""
    return _METRICS.get(sort) or _STATISTICS.get(sort) or sort


def series_name(query: Query, labels: Mapping[str, str], *, metrics: int) -> str:
    """The name of one series. `labels` are the values of its buckets, with `metric`, `field` and `metricId` of what it
    shows; `metrics` is how many sorts of metric all series of the query show.
    """
    left = dict(labels)
    sort = left.pop("metric", "")
    field = left.pop("field", "")
    name = metric_name(sort)
    if query.alias:
        return _by_alias(query.alias, left, name, field)
    number = left.pop("metricId", "")
    if sort == SCRIPT:
        name = _script(query, number, name)
    elif sort in PIPELINES:
        other = query.metric(field)
        if field:
            name = f"{name} {_described(other.type, other.field)}" if other else "Unset"
    elif field:
        name += f" {field}"
    if not left:
        return name
    own = " ".join(left[key] for key in sorted(left)).strip()
    return own if metrics == 1 else f"{own} {name}"


def _by_alias(alias: str, labels: Mapping[str, str], name: str, field: str) -> str:
    for found in _PART.finditer(alias):
        part = found[1]
        if part.startswith("term "):
            alias = alias.replace(found[0], labels.get(part[5:], ""), 1)
        for key, value in ((part, labels.get(part)), ("metric", name), ("field", field)):
            if part == key and value is not None:
                alias = alias.replace(found[0], value, 1)
    return alias


def _script(query: Query, number: str, name: str) -> str:
    """A script, with its parameters by what they stand for."""
    metric = query.metric(number)
    if metric is None:
        return name
    text = metric.settings.get("script")
    name = text if isinstance(text, str) else ""
    for variable, other in metric.variables.items():
        meant = query.metric(other)
        if meant is not None:
            name = name.replace(f"params.{variable}", _described(meant.type, meant.field))
    return name


def _described(sort: str, field: str) -> str:
    return metric_name(sort) if sort == "count" else f"{metric_name(sort)} {field}"

"""A query → the search that asks for it."""

import re
from collections.abc import Mapping
from typing import Any

from reconciler.datasources.elasticsearch.model import PIPELINES, SCRIPT, Bucket, Metric, Query, whole
from reconciler.datasources.times import Span

_CALENDAR = frozenset({"1w", "1M", "1q", "1y"})
_FORMAT = "epoch_millis"
_AUTOMATIC = "$__interval_msms"
"""Becomes `60000ms`."""
_PRECISION = 3
_WIDTH = 1000.0
_MARK = "HIGHLIGHT@"
BEFORE, BEHIND = f"@{_MARK}", f"@/{_MARK}"
"""What stands around a word that was searched for."""


def search_of(query: Query, span: Span, time_field: str) -> dict[str, Any]:
    """The body of the search; the interval's variables stand in it still."""
    begin, end = int(span.begin * 1000), int(span.end * 1000)
    within: dict[str, Any] = {"range": {time_field: {"gte": begin, "lte": end, "format": _FORMAT}}}
    filters: Any = within
    if query.text.strip():
        filters = [within, {"query_string": {"query": query.text, "analyze_wildcard": True}}]
    body: dict[str, Any] = {"size": 0, "query": {"bool": {"filter": filters}}}
    if query.shows_documents:
        return {**body, **_documents(query, time_field, (begin, end))}
    aggregations = _aggregations(query, time_field, (begin, end))
    return {**body, "aggs": aggregations} if aggregations else body


def _documents(query: Query, time_field: str, span: tuple[int, int]) -> dict[str, Any]:
    """The newest documents; log lines with their marks and how many there were when."""
    settings, logs = query.metrics[0].settings, query.metrics[0].type == "logs"
    order = "asc" if logs and settings.get("sortDirection") == "asc" else "desc"
    found: dict[str, Any] = {
        "size": whole(settings.get("limit" if logs else "size")),
        "sort": {time_field: {"order": order, "unmapped_type": "boolean"}, "_doc": {"order": order}},
        "docvalue_fields": [time_field],
        "script_fields": {},
    }
    if query.metrics[0].type != "raw_document":
        found["fields"] = [{"field": time_field, "format": "strict_date_optional_time_nanos"}]
    if not logs:
        return found
    found["highlight"] = {
        "fields": {"*": {}}, "pre_tags": [BEFORE], "post_tags": [BEHIND], "fragment_size": 2**31 - 1,
    }  # fmt: skip
    if settings.get("searchAfter"):
        found["search_after"] = list(settings["searchAfter"])
    bucket = [*query.buckets, Bucket("1", "date_histogram", time_field, {"interval": "auto"})][0]
    found["aggs"] = {bucket.id: {"date_histogram": _dates(bucket, time_field, span)}}
    return found


def _aggregations(query: Query, time_field: str, span: tuple[int, int]) -> dict[str, Any]:
    """Buckets inside each other, in their order; the metrics are in the innermost one."""
    whole_thing: dict[str, Any] = {}
    inside = whole_thing
    for bucket in query.buckets:
        ordered_by: dict[str, Any] = {}
        match bucket.type:
            case "date_histogram":
                made = _dates(bucket, time_field, span)
            case "terms":
                made, ordered_by = _terms(bucket, query)
            case "histogram":
                made = _histogram(bucket)
            case "geohash_grid":
                precision = whole(bucket.settings.get("precision"), _PRECISION)
                made = {"field": bucket.field, "precision": precision}
            case "nested":
                made = {"path": bucket.field}
            case "filters" if bucket.settings.get("filters"):
                made = {"filters": dict(map(_filter, bucket.settings["filters"]))}
            case _:
                continue
        inside[bucket.id] = {bucket.type: made, "aggs": ordered_by}
        inside = ordered_by
    for metric in query.metrics:
        made_of = _metric(metric, query)
        if made_of is not None:
            inside[metric.id] = {metric.type: made_of}
    return _without_empty(whole_thing)


def _without_empty(aggregations: dict[str, Any]) -> dict[str, Any]:
    for found in aggregations.values():
        if not found.get("aggs", True):
            del found["aggs"]
        elif "aggs" in found:
            _without_empty(found["aggs"])
    return aggregations


def _dates(bucket: Bucket, time_field: str, span: tuple[int, int]) -> dict[str, Any]:
    settings = bucket.settings
    interval = settings.get("interval")
    interval = interval if isinstance(interval, str) else "auto"
    how = "calendar_interval" if interval in _CALENDAR else "fixed_interval"
    found: dict[str, Any] = {
        "field": bucket.field or time_field,
        how: _AUTOMATIC if interval == "auto" else interval,
        "min_doc_count": _count(settings) or 0,
        "extended_bounds": {"min": span[0], "max": span[1]},
        "format": settings["format"] if isinstance(settings.get("format"), str) else _FORMAT,
    }
    if settings.get("offset") and isinstance(settings["offset"], str):
        found["offset"] = settings["offset"]
    if isinstance(settings.get("missing"), str):
        found["missing"] = settings["missing"]
    zone = settings.get("timeZone")
    if isinstance(zone, str) and zone not in {"utc", ""}:
        found["time_zone"] = zone
    return found


def _histogram(bucket: Bucket) -> dict[str, Any]:
    settings, width = bucket.settings, 0.0
    if isinstance(settings.get("interval"), str) and re.fullmatch(r"\d+(\.\d+)?", settings["interval"]):
        width = float(settings["interval"])
    found = {"field": bucket.field, "interval": width or _WIDTH, "min_doc_count": _count(settings) or 0}
    return {**found, "missing": settings["missing"]} if isinstance(settings.get("missing"), int) else found


def _terms(bucket: Bucket, query: Query) -> tuple[dict[str, Any], dict[str, Any]]:
    """The values of a field; and the metric that they are ordered by, which then is there too."""
    settings = bucket.settings
    size = settings.get("size")
    found: dict[str, Any] = {"field": bucket.field, "size": size if isinstance(size, int) else whole(size), "order": {}}
    if _count(settings) is not None:
        found["min_doc_count"] = _count(settings)
    if isinstance(settings.get("missing"), str):
        found["missing"] = settings["missing"]
    by = settings.get("orderBy")
    if not isinstance(by, str):
        return found, {}
    order = settings["order"] if isinstance(settings.get("order"), str) else "desc"
    number = re.match(r"\d+", by)
    if number is None:
        found["order"] = {"_key" if by == "_term" else by: order}
        return found, {}
    metric = query.metric(number[0])
    if metric is None:
        return found, {}
    if metric.type == "count":
        found["order"] = {"_count": order}
        return found, {}
    found["order"] = {by: order}
    return found, {metric.id: {metric.type: {"field": metric.field} if metric.field else {}}}


def _filter(item: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    text = str(item.get("query") or "")
    return str(item.get("label") or text), {"query_string": {"query": text, "analyze_wildcard": True}}


def _count(settings: Mapping[str, Any]) -> int | None:
    found = settings.get("min_doc_count")
    return found if isinstance(found, int) else None


def _metric(metric: Metric, query: Query) -> dict[str, Any] | None:
    """What computes a metric; None where there is nothing to compute, or what it is made from is missing."""
    settings = {key: value for key, value in metric.settings.items() if key and value is not None}
    if metric.type == "count":
        return None
    if metric.type == SCRIPT:
        if not metric.variables:
            return None
        paths = {name: _path(number, query) for name, number in metric.variables.items()}
        return {"buckets_path": {name: path for name, path in paths.items() if path}, **settings}
    if metric.type in PIPELINES:
        path = _path(metric.field, query)
        return {"buckets_path": path, **settings} if path else None
    if metric.type == "top_metrics":
        found: dict[str, Any] = {"size": "1"}
        if isinstance(settings.get("metrics"), list):
            found["metrics"] = [{"field": field} for field in settings["metrics"]]
        if "orderBy" in settings and "order" in settings:
            found["sort"] = [{settings["orderBy"]: settings["order"]}]
        return found
    return {**({"field": metric.field} if metric.field else {}), **settings}


def _path(number: str, query: Query) -> str:
    """Where a pipeline finds another metric; "" where there is none."""
    other = query.metric(number) if number.isdigit() else None
    return "" if other is None else "_count" if other.type == "count" else number

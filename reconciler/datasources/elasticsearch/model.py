"""A query as a panel sends it, read: its buckets and metrics, with the oddities of old editors taken out."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

PIPELINES = frozenset({"moving_avg", "moving_fn", "cumulative_sum", "derivative", "serial_diff", "bucket_script"})
"""Metrics that are made from other metrics."""
SCRIPT = "bucket_script"
"""The pipeline over several metrics."""
_DOCUMENTS = frozenset({"raw_data", "raw_document", "logs"})
_SCRIPTABLE = frozenset({"avg", "sum", "max", "min", "extended_stats", "percentiles", SCRIPT})
_FLOATS = {"moving_avg": ("window", "predict"), "serial_diff": ("lag",)}
_SMOOTHING = ("alpha", "beta", "gamma", "period")
_PLENTY = 500


class Refused(Exception):
    """What cannot be asked: why, with which status, and of which query (none: the first)."""

    def __init__(self, why: str, *, status: int = 500, letter: str = "") -> None:
        super().__init__(why)
        self.status, self.letter = status, letter


class Bucket(Struct, frozen=True):
    """How documents are divided: into days, into the values of a field …"""

    id: str
    type: str
    field: str
    settings: Mapping[str, Any]


class Metric(Struct, frozen=True):
    """What is counted or computed of the documents of a bucket."""

    id: str
    type: str
    field: str
    hidden: bool
    settings: Mapping[str, Any]
    statistics: Sequence[str]
    """Of extended statistics, the wanted ones, in order."""
    variables: Mapping[str, str]
    """Of a script, its names for other metrics."""


class Query(Struct, frozen=True):
    """One query. `letter` is its refId."""

    letter: str
    text: str
    buckets: Sequence[Bucket]
    metrics: Sequence[Metric]
    alias: str
    interval_ms: int

    @property
    def shows_documents(self) -> bool:
        """Whether documents themselves are wanted, not numbers about them."""
        return bool(self.metrics) and self.metrics[0].type in _DOCUMENTS

    @property
    def interval(self) -> str:
        """The interval as Grafana writes it for the server: `1h0m0s`, `5m0s`, `30s`, `500ms`."""
        seconds, rest = divmod(self.interval_ms, 1000)
        if not seconds:
            return f"{rest}ms"
        minutes, shown = divmod(seconds, 60)
        hours, minutes = divmod(minutes, 60)
        last = f"{shown}.{rest:03d}".rstrip("0") if rest else str(shown)
        return (f"{hours}h" if hours else "") + (f"{minutes}m" if hours or minutes else "") + f"{last}s"

    def metric(self, number: str) -> Metric | None:
        """The metric of an id."""
        return next((metric for metric in self.metrics if metric.id == number), None)

    def bucket(self, number: str) -> Bucket | None:
        """The bucket aggregation of an id."""
        return next((bucket for bucket in self.buckets if bucket.id == number), None)


def query_of(model: Mapping[str, Any]) -> Query:
    """A query's model, read. Raises Refused where a part of it says no type or id."""
    return Query(
        str(model.get("refId") or "A"),
        _text(model.get("query")),
        [_bucket(item) for item in model.get("bucketAggs") or ()],
        [_metric(item) for item in model.get("metrics") or ()],
        _text(model.get("alias")),
        int(model.get("intervalMs") or 1000),
    )


def _bucket(item: Mapping[str, Any]) -> Bucket:
    for key in ("type", "id"):
        if not isinstance(item.get(key), str):
            raise Refused(f"failed to parse bucket aggs {key}: type assertion to string failed")
    settings = dict(item.get("settings") or {})
    if isinstance(settings.get("min_doc_count"), str) and settings["min_doc_count"].isdigit():
        settings["min_doc_count"] = int(settings["min_doc_count"])
    return Bucket(item["id"], item["type"], _text(item.get("field")), settings)


def _metric(item: Mapping[str, Any]) -> Metric:
    if not isinstance(item.get("type"), str):
        raise Refused("type assertion to string failed")
    sort = item["type"]
    settings = {key: value for key, value in (item.get("settings") or {}).items() if value != "null"}
    for key in _FLOATS.get(sort, ()):
        _number(settings, key)
    if sort == "moving_avg" and isinstance(settings.get("settings"), dict):
        settings["settings"] = dict(settings["settings"])
        for key in _SMOOTHING:
            _number(settings["settings"], key)
    if sort in _SCRIPTABLE and isinstance(settings.get("script"), dict):  # as it was once stored
        settings["script"] = settings["script"].get("inline")
    return Metric(
        _text(item.get("id")),
        sort,
        _text(item.get("field")) or (_text(item.get("pipelineAgg")) if sort in PIPELINES else ""),
        item.get("hide") is True,
        settings,
        sorted(name for name, wanted in (item.get("meta") or {}).items() if wanted is True),
        {each["name"]: each["pipelineAgg"] for each in item.get("pipelineVariables") or ()} if sort == SCRIPT else {},
    )


def _number(settings: dict[str, Any], key: str) -> None:
    if isinstance(settings.get(key), str):
        try:
            value = float(settings[key])
        except ValueError:
            return
        settings[key] = int(value) if value == int(value) else value


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def whole(value: object, otherwise: int = _PLENTY) -> int:
    """A number that was written as a text; `otherwise` for 0 and for what is none."""
    found = int(value) if isinstance(value, str) and value.lstrip("-").isdigit() else 0
    return found or otherwise

"""What Grafana's Prometheus data source does: takes its queries as panels send them, asks a real Prometheus, answers
in data frames.

Only what panels need: range and instant queries, Grafana's own macros, label values. Verified against a 12.3.0 beside
it.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from reconciler.datasources import wire
from reconciler.datasources.times import Span, seconds_of

_LEAST = 15.0
"""Seconds: the scrape interval that Grafana assumes where the data source says none."""


def asked(source: Mapping[str, Any], queries: Sequence[Mapping[str, Any]], span: Span) -> dict[str, dict[str, Any]]:
    """The queries' results, by their letters: `{status, frames}` or `{status, error}`."""
    return {str(query.get("refId") or "A"): _one(source, query, span) for query in queries}


def _one(source: Mapping[str, Any], query: Mapping[str, Any], span: Span) -> dict[str, Any]:
    expression, asks = questions(source, query, span)
    frames: list[dict[str, Any]] = []
    for path, data in asks:
        status, found = wire.asked(source, path, data)
        if status != 200:
            return {"status": status, "error": str(found.get("error") or f"Prometheus answered {status}")}
        frames += frames_of(found, str(query.get("refId")), expression)
    return {"status": 200, "frames": frames}


def questions(source: Mapping[str, Any], query: Mapping[str, Any], span: Span) -> tuple[str, list[tuple[str, bytes]]]:
    """What Prometheus is asked for a query: the expression without macros, and each request's path and form."""
    least = str((source.get("jsonData") or {}).get("timeInterval") or "")
    scraped = seconds_of(str(query.get("interval") or "")) or seconds_of(least) or _LEAST
    step = max(float(query.get("intervalMs") or 0) / 1000, scraped, span.seconds / 11_000, 1.0)
    expression = _without_macros(str(query.get("expr") or ""), span.seconds, step, scraped)
    asks: list[tuple[str, dict[str, Any]]] = []
    if query.get("range") or not query.get("instant"):
        times = {"start": span.begin - span.begin % step, "end": span.end, "step": step}
        asks.append(("query_range", {"query": expression, **times}))
    if query.get("instant"):
        asks.append(("query", {"query": expression, "time": span.end}))
    return expression, [(f"api/v1/{path}", urlencode(fields).encode()) for path, fields in asks]


def label_values(
    source: Mapping[str, Any], label: str, fields: Iterable[tuple[str, str]]
) -> tuple[int, dict[str, Any]]:
    """The values of a label, as Prometheus gives them."""
    return wire.asked(source, f"{label_path(label)}?{urlencode(list(fields))}")


def label_path(label: str) -> str:
    """Where a label's values are asked for."""
    return f"api/v1/label/{quote(label, safe='')}/values"


def _without_macros(text: str, span: float, step: float, scraped: float) -> str:
    rate = max(step + scraped, 4 * scraped)
    values = {
        "__rate_interval_ms": f"{rate * 1000:.0f}",
        "__rate_interval": f"{rate:.0f}s",
        "__interval_ms": f"{step * 1000:.0f}",
        "__interval": f"{step:.0f}s",
        "__range_ms": f"{span * 1000:.0f}",
        "__range_s": f"{span:.0f}",
        "__range": f"{span:.0f}s",
    }
    for name, value in values.items():
        text = re.sub(rf"\$\{{{name}(?::\w+)?\}}|\${name}\b", value, text)
    return text


def frames_of(answer: dict[str, Any], reference: str, expression: str) -> list[dict[str, Any]]:
    """An answer of Prometheus as data frames."""
    data = answer.get("data") or {}
    kind = data.get("resultType")
    if kind == "scalar":
        series = [{"metric": {}, "values": [data["result"]]}]
    else:
        found = data.get("result", ())
        series = [{"metric": item["metric"], "values": item.get("values") or [item["value"]]} for item in found]
    times = _Times()
    return [_frame(item, times, reference, expression, str(kind)) for item in series]


class _Times:
    """Moments in milliseconds. The series of one answer mostly have the same ones: those are worked out once."""

    def __init__(self) -> None:
        self._known: tuple[float, ...] = ()
        self._shown: list[int] = []

    def of(self, moments: tuple[float, ...]) -> list[int]:
        if moments != self._known:
            self._known, self._shown = moments, [int(moment * 1000) for moment in moments]
        return self._shown


def _frame(item: dict[str, Any], times: _Times, reference: str, expression: str, kind: str) -> dict[str, Any]:
    number = {"name": "Value", "type": "number", "typeInfo": {"frame": "float64"}, "labels": item["metric"]}
    moment = {"name": "Time", "type": "time", "typeInfo": {"frame": "time.Time"}}
    meta = {"type": "timeseries-multi", "custom": {"resultType": kind}, "executedQueryString": f"Expr: {expression}"}
    moments, texts = zip(*item["values"], strict=True)
    values = [times.of(moments), _numbers(texts)]
    return {"schema": {"refId": reference, "meta": meta, "fields": [moment, number]}, "data": {"values": values}}


def _numbers(texts: Sequence[str]) -> Sequence[float | None]:
    """The values of a series; None for those that JSON cannot say."""
    numbers = list(map(float, texts))
    if math.isfinite(sum(numbers)):  # one that is not makes the sum one that is not
        return numbers
    return [number if math.isfinite(number) else None for number in numbers]

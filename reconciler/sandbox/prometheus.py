"""What Grafana's Prometheus data source does: takes its queries as panels send them, asks a real Prometheus, answers
in data frames.

Only what panels need: range and instant queries, Grafana's own macros, label values. Verified against a 12.3.0 beside
it.
"""

import json
import math
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "M": 2_629_800, "y": 31_557_600}
_TIMEOUT = 30
_LEAST = 15.0
"""Seconds: the scrape interval that Grafana assumes where the data source says none."""


def seconds_of(text: str) -> float:
    """A duration such as `2m` in seconds; 0 where it is none."""
    found = re.fullmatch(r"(\d+)(ms|[smhdwMy])", text.strip().lstrip(">="))
    return 0.0 if found is None else int(found[1]) * (0.001 if found[2] == "ms" else _UNITS[found[2]])


def moment_of(value: object, now: float) -> float:
    """A time of a query (`now-6h`, `now/d`, milliseconds) in seconds since 1970."""
    text = str(value)
    if text.isdigit():
        return int(text) / 1000
    found = re.fullmatch(r"now(?:([-+])(\d+)([smhdwMy]))?(?:/f?([smhdwMQy]))?", text)
    if found is None:
        raise ValueError(f"cannot read the time {text!r}")
    moment = now + (int(found[1] + found[2]) * _UNITS[found[3]] if found[2] else 0)
    return _beginning(moment, found[4]) if found[4] else moment


def _beginning(moment: float, unit: str) -> float:
    """When the unit (a day, a quarter) began that a moment is in, UTC."""
    if unit in "smhd":
        return moment - moment % _UNITS[unit]
    day = datetime.fromtimestamp(moment, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if unit == "w":
        return (day - timedelta(days=day.weekday())).timestamp()
    month = {"M": day.month, "Q": (day.month - 1) // 3 * 3 + 1, "y": 1}[unit]
    return day.replace(month=month, day=1).timestamp()


def asked(query: dict[str, Any], body: dict[str, Any], url: str, *, least: str = "") -> dict[str, Any]:
    """One query's result: `{status, frames}` or `{status, error}`. `least` is the data source's scrape interval."""
    now = time.time()
    try:
        begin, end = moment_of(body.get("from", "now-1h"), now), moment_of(body.get("to", "now"), now)
    except ValueError as error:
        return {"status": 400, "error": str(error)}
    scraped = seconds_of(str(query.get("interval") or "")) or seconds_of(least) or _LEAST
    step = max(float(query.get("intervalMs") or 0) / 1000, scraped, (end - begin) / 11_000, 1.0)
    expression = _without_macros(str(query.get("expr") or ""), end - begin, step, scraped)
    frames: list[dict[str, Any]] = []
    asks: list[tuple[str, dict[str, Any]]] = []
    if query.get("range") or not query.get("instant"):
        asks.append(("query_range", {"query": expression, "start": begin - begin % step, "end": end, "step": step}))
    if query.get("instant"):
        asks.append(("query", {"query": expression, "time": end}))
    for path, fields in asks:
        status, found = fetched(f"{url.rstrip('/')}/api/v1/{path}", fields)
        if status != 200:
            return {"status": status, "error": str(found.get("error") or f"Prometheus answered {status}")}
        frames += _frames(found.get("data") or {}, str(query.get("refId")), expression)
    return {"status": 200, "frames": frames}


def fetched(url: str, fields: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """A Prometheus' answer; one that cannot be reached answers 502."""
    data = urllib.parse.urlencode(fields, doseq=True).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data=data), timeout=_TIMEOUT) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        try:
            return error.code, json.load(error)
        except ValueError:
            return error.code, {}
    except (OSError, ValueError) as error:
        return 502, {"error": f"cannot reach {url}: {getattr(error, 'reason', error)}"}


def label_values(url: str, label: str, query: dict[str, list[str]]) -> tuple[int, dict[str, Any]]:
    """The values of a label, as Prometheus gives them."""
    pairs = [(key, value) for key, values in query.items() for value in values]
    target = f"{url.rstrip('/')}/api/v1/label/{urllib.parse.quote(label)}/values"
    try:
        with urllib.request.urlopen(f"{target}?{urllib.parse.urlencode(pairs)}", timeout=_TIMEOUT) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, {"status": "error", "error": error.reason}
    except (OSError, ValueError) as error:
        return 502, {"status": "error", "error": str(error)}


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


def _frames(data: dict[str, Any], reference: str, expression: str) -> list[dict[str, Any]]:
    kind = data.get("resultType")
    if kind == "scalar":
        series = [{"metric": {}, "values": [data["result"]]}]
    else:
        found = data.get("result", ())
        series = [{"metric": item["metric"], "values": item.get("values") or [item["value"]]} for item in found]
    return [_frame(item, reference, expression, str(kind)) for item in series]


def _frame(item: dict[str, Any], reference: str, expression: str, kind: str) -> dict[str, Any]:
    number = {"name": "Value", "type": "number", "typeInfo": {"frame": "float64"}, "labels": item["metric"]}
    moment = {"name": "Time", "type": "time", "typeInfo": {"frame": "time.Time"}}
    meta = {"type": "timeseries-multi", "custom": {"resultType": kind}, "executedQueryString": f"Expr: {expression}"}
    values = [
        [int(float(stamp) * 1000) for stamp, _ in item["values"]],
        [_number(value) for _, value in item["values"]],
    ]
    return {"schema": {"refId": reference, "meta": meta, "fields": [moment, number]}, "data": {"values": values}}


def _number(text: str) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None

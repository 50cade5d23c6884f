"""What Grafana's data sources do: a panel's queries go to a real server and come back as data frames.

For whoever stands in Grafana's place: the sandbox (which gets it handed in), and checks that ask without a Grafana.
A source is Grafana's own object of a data source (`type`, `url`, `jsonData`, `basicAuth` …) with `secrets` beside.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any

from reconciler.datasources import prometheus
from reconciler.datasources.times import Span, span_of

Source = Mapping[str, Any]
Result = dict[str, Any]
"""`{status, frames}` or `{status, error}`."""

_ASKED = ("elasticsearch", "prometheus")
"""The types that are asked: each by the module of its name, which is imported when it is."""


def query(
    source: Source, queries: Sequence[Mapping[str, Any]], body: Mapping[str, Any], *, now: float
) -> dict[str, Result]:
    """The results of the queries that one request has for one source, by their letters. `body` says the range, as seen
    from `now` (seconds since 1970).
    """
    if source["type"] not in _ASKED:
        error = f"only {' and '.join(_ASKED)} are asked here, and no {source['type']}"
        return {letter_of(item): {"status": 501, "error": error} for item in queries}
    try:
        span = span_of(body, now)
    except ValueError as error:
        return {letter_of(item): {"status": 400, "error": str(error)} for item in queries}
    asked: Callable[[Source, Sequence[Mapping[str, Any]], Span], dict[str, Result]]
    asked = import_module(f"{__name__}.{source['type']}").asked
    return asked(source, queries, span)


def label_values(source: Source, label: str, fields: Iterable[tuple[str, str]]) -> tuple[int, dict[str, Any]]:
    """The values of a label of a Prometheus: a status and its answer."""
    if source["type"] != "prometheus":
        return 404, {"status": "error", "error": f"a {source['type']} has no labels"}
    return prometheus.label_values(source, label, fields)


def letter_of(item: Mapping[str, Any]) -> str:
    """What a query is called by."""
    return str(item.get("refId") or "A")

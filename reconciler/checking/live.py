"""Asking the datasources what a dashboard would show, through Grafana and as Grafana asks them. Yields requests, and
sends none.

Only questions: `POST /api/ds/query` changes nothing, whatever its method says.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.checking.answers import Answer, answers_of
from reconciler.checking.legends import LEGEND
from reconciler.checking.queries import (
    ELASTICSEARCH,
    LABEL_VALUES,
    PROMETHEUS,
    QUERY_RESULT,
    Query,
    Source,
    queries_of,
)
from reconciler.checking.times import POINTS, ago, interval, span
from reconciler.checking.variables import Value, chosen, declared_options, filled_in, in_order
from reconciler.core.address import Address
from reconciler.core.exchange import ApiRequest, Exchange
from reconciler.core.json import JsonObject, as_list, as_object, text_of
from reconciler.core.resource import Resource

QUERY = "/api/ds/query"
_ANSWERED = frozenset({207, 400, 404, 500, 502, 504})
"""Statuses whose body tells of each query what is wrong with it."""
_EXPRESSION = "__expr__"


class Panel(Struct, frozen=True):
    """The queries of one panel or annotation, which are asked together, and the range they are asked over."""

    address: Address
    place: str
    queries: tuple[Query, ...]
    begin: str
    end: str

    @property
    def seconds(self) -> float:
        """How long the range is."""
        begin, end = ago(self.begin), ago(self.end)
        return max(60.0, begin - end) if begin is not None and end is not None else 86_400.0

    @property
    def step(self) -> float:
        """The longest step of its queries, in seconds."""
        return max(_step(query, self.seconds)[0] for query in self.queries)


class Asked(Struct, frozen=True):
    """What was asked of one panel, and what came back, by the letters of its queries."""

    panel: Panel
    answers: Mapping[str, Answer]
    values: Mapping[str, Value] = field(default_factory=dict)
    took: float = 0.0
    """Seconds."""

    @property
    def error(self) -> str:
        """The first error of its queries."""
        return next((f"{name}: {answer.error}" for name, answer in self.answers.items() if answer.error), "")

    @property
    def has_data(self) -> bool:
        """Whether any of its queries gave something to show."""
        return any(answer.has_data for answer in self.answers.values())

    @property
    def series(self) -> int:
        """How many series all of its queries gave."""
        return sum(answer.series for answer in self.answers.values())

    @property
    def points(self) -> int:
        """How many values all of its queries gave."""
        return sum(answer.points for answer in self.answers.values())

    @property
    def lost_labels(self) -> list[str]:
        """The labels that a query's legend names, and that none of its present series has."""
        lost: dict[str, None] = {}
        for letter, query in _lettered(self.panel.queries):
            answer = self.answers.get(letter)
            if query.source.type in PROMETHEUS and answer is not None and answer.has_data:
                named = LEGEND.findall(text_of(query.target.get("legendFormat")))
                lost |= dict.fromkeys(label for label in named if label not in answer.labels)
        return list(lost)

    @property
    def newest(self) -> int | None:
        """The time of its newest value, in milliseconds since 1970."""
        return max((answer.newest for answer in self.answers.values() if answer.newest is not None), default=None)


def panels_of(resource: Resource, sources: Mapping[str, Source]) -> list[Panel]:
    """Everything of a dashboard that asks a declared datasource, but for variables; hidden queries are left out."""
    model = as_object(resource.attributes.get("dashboard"))
    time = as_object(model.get("time"))
    begin, end = text_of(time.get("from")) or "now-6h", text_of(time.get("to")) or "now"
    grouped: dict[tuple[Any, ...], list[Query]] = {}
    for query in queries_of(resource, sources):
        if query.kind != "variable" and not query.target.get("hide"):
            here = query.path[:-2] if query.kind == "panel" else query.path
            grouped.setdefault((*here, query.source.uid), []).append(query)
    found = []
    for queries in grouped.values():
        own = text_of(queries[0].owner.get("timeFrom"))
        place = f'panel "{queries[0].title}"' if queries[0].kind == "panel" else queries[0].place
        found.append(Panel(resource.address, place, tuple(queries), *_range(own, begin, end)))
    return found


def _range(own: str, begin: str, end: str) -> tuple[str, str]:
    """The range of a panel: its own (`24h`, `now/d`, or ahead: `+28d`), else the dashboard's."""
    if not own:
        return begin, end
    if own.startswith("+"):
        return "now", f"now{own}"
    return (own if own.startswith("now") else f"now-{own}"), "now"


def variables(resource: Resource, sources: Mapping[str, Source]) -> Exchange[tuple[dict[str, Value], dict[str, str]]]:
    """What the variables of a dashboard are when it is opened, and why one could not be told, by name."""
    model = as_object(resource.attributes.get("dashboard"))
    listed = [as_object(item) for item in as_list(as_object(model.get("templating")).get("list"))]
    values: dict[str, Value] = {}
    wrong: dict[str, str] = {}
    for variable in in_order(listed):
        name = text_of(variable.get("name"))
        options = declared_options(variable)
        if options is None:
            asked = yield from _options(variable, sources, values)
            options = asked if isinstance(asked, list) else []
            if isinstance(asked, str):
                wrong[name] = asked
        found = chosen(variable, options)
        if not found.values and found.whole is None:
            wrong.setdefault(name, "has no value")
        values[name] = found
    return values, wrong


def _options(
    variable: JsonObject, sources: Mapping[str, Source], values: Mapping[str, Value]
) -> Exchange[list[str] | str]:
    """The values that a datasource gives for a variable; a text says why there are none."""
    uid = text_of(as_object(variable.get("datasource")).get("uid"))
    source = sources.get(uid)
    if source is None or source.type not in PROMETHEUS:
        return f"is not asked for: its datasource ({uid or 'none'}) is no declared Prometheus"
    query = variable.get("query")
    text = text_of(as_object(query).get("query")) if isinstance(query, Mapping) else text_of(query)
    text = str(filled_in(text, values, "prometheus"))
    found = LABEL_VALUES.match(text)
    if found is None:
        if (inner := QUERY_RESULT.match(text)) is None:
            return "is not asked for: only label_values(…) and query_result(…) are"
        return (yield from _query_result(inner["expr"], source))
    selector = (found["selector"] or "").strip()
    path = f"/api/datasources/uid/{quote(uid, safe='')}/resources/api/v1/label/{quote(found['label'], safe='')}/values"
    matched = (("match[]", selector),) if selector else ()
    answer = yield ApiRequest("GET", path, matched, handles=_ANSWERED)
    if answer.status != 200:
        return f"cannot be asked for: {answer.message or answer.status}"
    listed = [text_of(item) for item in as_list(answer.object.get("data"))]
    return _kept(listed, text_of(variable.get("regex")))


def _query_result(expression: str, source: Source) -> Exchange[list[str] | str]:
    query = {"refId": "A", "datasource": _reference(source), "expr": expression, "instant": True, "range": False}
    body: Any = {"from": "now-5m", "to": "now", "queries": [query]}
    answer = yield ApiRequest("POST", QUERY, body=body, handles=_ANSWERED)
    frames = as_list(as_object(as_object(answer.object.get("results")).get("A")).get("frames"))
    fields = [
        as_object(item)
        for frame in map(as_object, frames)
        for item in as_list(as_object(frame.get("schema")).get("fields"))
    ]
    labels = [as_object(item.get("labels")) for item in fields if item.get("labels")]
    return ["{" + ",".join(f'{key}="{value}"' for key, value in found.items()) + "}" for found in labels]


def _kept(options: list[str], regex: str) -> list[str]:
    """The options that a variable's regex keeps; its first group, where it has one."""
    if not regex:
        return options
    try:
        pattern = re.compile(regex.strip("/") if regex.startswith("/") else regex)
    except re.error:
        return options
    found = (pattern.search(option) for option in options)
    return list(dict.fromkeys(match[1] if match.groups() else match[0] for match in found if match))


def ask(panel: Panel, values: Mapping[str, Value], request: ApiRequest | None = None) -> Exchange[Asked]:
    """Ask a panel's queries, as Grafana does when it is opened; `request` is what `request_of` gives."""
    answer = yield request or request_of(panel, values)
    references = [reference for reference, _ in _lettered(panel.queries)]
    return Asked(panel, answers_of(answer.object, references), values)


def request_of(panel: Panel, values: Mapping[str, Value]) -> ApiRequest:
    """The one request that asks all queries of a panel."""
    seconds = panel.seconds
    queries = []
    for reference, query in _lettered(panel.queries):
        language = (
            "elasticsearch"
            if query.source.type in ELASTICSEARCH
            else "prometheus"
            if query.source.type in PROMETHEUS
            else ""
        )
        target: Any = filled_in(query.target, {**values, **_scoped(query)}, language)
        step, points = _step(query, seconds)
        asked = {
            **target,
            "refId": reference,
            "datasource": _reference(query.source),
            "intervalMs": int(step * 1000),
            "maxDataPoints": points,
        }
        if query.source.type in PROMETHEUS and not target.get("instant"):
            asked.setdefault("range", True)
        queries.append(asked)
    body: Any = {"from": panel.begin, "to": panel.end, "queries": queries}
    return ApiRequest("POST", QUERY, body=body, handles=_ANSWERED)


def _step(query: Query, seconds: float) -> tuple[float, int]:
    """The step of a query over a range, in seconds, and how many points it may give."""
    least = span(text_of(query.target.get("interval")) or text_of(query.owner.get("interval"))) or 0.0
    points = query.owner.get("maxDataPoints")
    points = points if isinstance(points, int) and points > 0 else POINTS
    buckets = [as_object(item) for item in as_list(query.target.get("bucketAggs"))]
    widths = [span(text_of(as_object(item.get("settings")).get("interval"))) or 0.0 for item in buckets]
    return interval(seconds, points=points, least=max([least, *widths])), points


def _scoped(query: Query) -> dict[str, Value]:
    """What a repeated panel's variable is, where the panel says so."""
    scoped = as_object(query.owner.get("scopedVars"))
    return {name: Value((text_of(as_object(item).get("value")),)) for name, item in scoped.items()}


def _lettered(queries: Sequence[Query]) -> Iterator[tuple[str, Query]]:
    """Each query with its letter, or another one where two have the same."""
    taken: set[str] = set()
    for number, query in enumerate(queries):
        reference = text_of(query.target.get("refId")) or chr(ord("A") + number % 26)
        while reference in taken:
            reference += "'"
        taken.add(reference)
        yield reference, query


def _reference(source: Source) -> dict[str, str]:
    return {"type": source.type, "uid": source.uid}


def with_cost(asked: Asked, *, took: float) -> Asked:
    """What it took, as whoever sent the request measured it."""
    return replace(asked, took=took)

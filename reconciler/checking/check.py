"""Checking all declared dashboards against their datasources' languages and the catalogue."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from reconciler.checking.elasticsearch import check_aggregations, check_text
from reconciler.checking.finding import Finding
from reconciler.checking.promql_rules import Found, check_expression, check_shown
from reconciler.checking.queries import (
    ELASTICSEARCH,
    LABEL_VALUES,
    PROMETHEUS,
    QUERY_RESULT,
    Query,
    panels_of,
    queries_of,
    source_of,
    sources_in,
    variables_of,
)
from reconciler.checking.stand_ins import Filled, filled, samples_of
from reconciler.core.json import Json, JsonObject, as_list, as_object, text_of
from reconciler.core.metric import Catalogue, IndexField, Metric
from reconciler.core.resource import Resource
from reconciler.core.shared import Shared
from reconciler.core.shared import written as as_json
from reconciler.core.source import Path

Samples = tuple[tuple[str, ...], ...]
_REMEMBERED = 4096
_OTHER = re.compile(r"^\s*(label_names|metrics)\s*\(.*\)\s*$", re.DOTALL)


def check_queries(resources: Sequence[Resource], catalogue: Catalogue) -> tuple[Finding, ...]:
    """All findings in the queries of all dashboards, in order of addresses and of reading."""
    checking = Checking(resources, catalogue)
    return tuple(
        found
        for resource in resources
        if resource.address.kind == "dashboard"
        for found in checking.dashboard(resource)
    )


class Checking:
    """`resources` are those that have all datasources among them."""

    def __init__(self, resources: Iterable[Resource], catalogue: Catalogue) -> None:
        self.sources = sources_in(resources)
        self.metrics: dict[str, Mapping[str, Metric]] = {uid: catalogue.of(uid) for uid in self.sources}
        self.fields: dict[str, Mapping[str, IndexField]] = {uid: catalogue.fields_of(uid) for uid in self.sources}
        self._fine: set[bytes] = set()
        self._known: dict[bytes, dict[int, Json]] = {}
        self._queries: dict[Samples, dict[int, Json]] = {}
        self._variables: Mapping[str, JsonObject] = {}
        self._samples: Samples = ()
        self._texts: dict[tuple[str, Samples], Filled] = {}

    def dashboard(self, resource: Resource) -> Iterator[Finding]:
        """The findings in one dashboard, in order of reading."""
        yield from self._found(queries_of(resource, self.sources))

    def _found(self, queries: Iterable[Query]) -> Iterator[Finding]:
        for query in queries:
            if query.source.type in PROMETHEUS:
                found = self._variable(query) if query.kind == "variable" else self._prometheus(query)
            elif query.source.type in ELASTICSEARCH and query.kind == "panel":
                found = self._elasticsearch(query)
            else:
                continue
            for path, one in found:
                yield Finding(
                    address=query.address,
                    path=(*query.path, *path),
                    offset=one.offset,
                    code=one.code,
                    message=one.message,
                    hint=one.hint,
                    place=query.place,
                    title=query.title,
                )

    def quiet(self, resource: Resource, accepted: Callable[[Finding], bool]) -> bool:
        """Whether nothing is found in a dashboard but what is accepted. Of queries that many dashboards share
        (core.shared) it is remembered.
        """
        around, known = self._around(resource)
        targets = [target for panel in panels_of(resource) for target in as_list(panel.get("targets"))]
        new = [target for target in targets if id(target) not in known]
        if not new and around in self._fine:
            return True
        found = list(self._found(queries_of(resource, self.sources, known)))
        if not found:
            self._fine.add(around)
            known.update((id(target), target) for target in new if self._stands_alone(target))
        return all(map(accepted, found))

    def _around(self, resource: Resource) -> tuple[bytes, dict[int, Json]]:
        """The variables and annotations of a dashboard, and the queries that are known to be fine among them."""
        model = as_object(resource.attributes.get("dashboard"))
        try:
            around = as_json([model.get("templating"), model.get("annotations")])
        except TypeError:
            return b"", {}
        if around not in self._known:
            self._known[around] = self._queries.setdefault(_samples(variables_of(resource)), {})
        return around, self._known[around]

    def _stands_alone(self, target: Json) -> bool:
        """Whether the check of a shared query depends on nothing but itself and the variables."""
        source = source_of(target, {}, self.sources) if type(target) is Shared else None
        return source is not None and source.type in PROMETHEUS and not self.metrics[source.uid]

    def _filled(self, text: str, variables: Mapping[str, JsonObject]) -> Filled:
        """A query with stand-ins; many dashboards have the same."""
        if variables is not self._variables:
            self._variables, self._samples = variables, _samples(variables)
        key = (text, self._samples if "$" in text or "[[" in text else ())
        if key not in self._texts:
            if len(self._texts) > _REMEMBERED:
                self._texts.clear()
            self._texts[key] = filled(text, variables)
        return self._texts[key]

    def _prometheus(self, query: Query) -> Iterator[tuple[Path, Found]]:
        written = text_of(query.target.get("expr"))
        metrics = self.metrics[query.source.uid]
        text = self._filled(written, query.variables)
        for found in check_expression(text, written, metrics):
            yield ("expr",), found
        if query.kind == "panel" and metrics and written:
            for found in check_shown(text, query.target, query.owner, metrics):
                yield (("legendFormat",) if found.code == "legend-label-lost" else ("expr",)), found

    def _variable(self, query: Query) -> Iterator[tuple[Path, Found]]:
        """`label_values(metric, label)` and its sisters: the selector as PromQL, the label as one of the metric's."""
        written = text_of(query.target.get("query"))
        metrics = self.metrics[query.source.uid]
        if _OTHER.match(written) or not written.strip():
            return
        values, result = LABEL_VALUES.match(written), QUERY_RESULT.match(written)
        group = values or result
        inner = (values["selector"] if values else result["expr"] if result else written) or ""
        start = max(0, group.start("selector" if values else "expr")) if group else 0
        if inner.strip():
            for found in check_expression(self._filled(inner, query.variables), inner, metrics):
                yield ("query",), _shifted(found, start)
        if values and metrics:
            yield from (
                (("query",), found) for found in _label_of(inner, values["label"], metrics, values.start("label"))
            )

    def _elasticsearch(self, query: Query) -> Iterator[tuple[Path, Found]]:
        fields = self.fields[query.source.uid]
        for found in check_text(text_of(query.target.get("query")), query.variables, fields):
            yield ("query",), found
        yield from check_aggregations(query.target, fields)


def expression_of(query: Query) -> str:
    """The PromQL of a query; of a variable what is inside its `label_values(…)`."""
    if query.kind != "variable":
        return text_of(query.target.get("expr"))
    written = text_of(query.target.get("query"))
    if _OTHER.match(written):
        return ""
    values, result = LABEL_VALUES.match(written), QUERY_RESULT.match(written)
    return (values["selector"] or "" if values else result["expr"] if result else written).strip()


def _label_of(selector: str, label: str, metrics: Mapping[str, Metric], offset: int) -> Iterator[Found]:
    name = selector.partition("{")[0].strip()
    metric = metrics.get(name)
    if metric is None or "$" in label or label in {*metric.labels, "job", "instance", "le"}:
        return
    yield Found(
        "unknown-label", offset, f"{name} has no label {label}", f"it has {', '.join(sorted(metric.labels)) or 'none'}"
    )


def _shifted(found: Found, by: int) -> Found:
    return Found(found.code, found.offset + by, found.message, found.hint)


def _samples(variables: Mapping[str, JsonObject]) -> Samples:
    """All that a query with stand-ins depends on beside its text."""
    samples = {name: samples_of(variable) for name, variable in variables.items()}
    return tuple((name, *texts) for name, texts in samples.items() if texts)

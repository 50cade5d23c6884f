"""All queries of a dashboard: of its panels (also in folded rows), variables and annotations, each with what
surrounds it.
"""

import re
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, field

from reconciler.core.address import Address
from reconciler.core.json import Json, JsonObject, as_list, as_object, text_of
from reconciler.core.resource import Resource
from reconciler.core.source import Path

PROMETHEUS = frozenset({"prometheus", "grafana-amazonprometheus-datasource", "grafana-azureprometheus-datasource"})
ELASTICSEARCH = frozenset({"elasticsearch", "grafana-opensearch-datasource"})
LABEL_VALUES = re.compile(
    r"^\s*label_values\s*\((?:(?P<selector>.*),)?\s*(?P<label>[A-Za-z_$][\w$]*)\s*\)\s*$", re.DOTALL
)
QUERY_RESULT = re.compile(r"^\s*query_result\s*\((?P<expr>.*)\)\s*$", re.DOTALL)


class Source(Struct, frozen=True):
    """A declared datasource: its uid, type and name, and the index of an Elasticsearch."""

    uid: str
    type: str
    name: str = ""
    index: str = ""


class Query(Struct, frozen=True):
    """One query. `target` is Grafana's model of it, `path` leads to it inside the dashboard's model. `owner` is the
    panel, variable or annotation it belongs to, `kind` says which of them.
    """

    address: Address
    path: Path
    place: str
    kind: str
    owner: JsonObject
    target: JsonObject
    source: Source
    variables: Mapping[str, JsonObject] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """How its panel, variable or annotation query is called."""
        return text_of(self.owner.get("title")) or text_of(self.owner.get("name"))


def sources_in(resources: Iterable[Resource]) -> dict[str, Source]:
    """The declared datasources, by uid."""
    found: dict[str, Source] = {}
    for resource in resources:
        if resource.address.kind == "datasource" and resource.uid:
            written = resource.attributes
            index = text_of(as_object(written.get("jsonData")).get("index"))
            found[resource.uid] = Source(
                resource.uid, text_of(written.get("type")), text_of(written.get("name")), index
            )
    return found


def queries_of(resource: Resource, sources: Mapping[str, Source], passed_over: Container[int] = ()) -> Iterator[Query]:
    """The queries of one dashboard whose datasource is declared, in reading order. Hidden ones count: others may use
    them. Those of panels whose identity (`id`) is among the ones that are `passed_over` are left out.
    """
    model = as_object(resource.attributes.get("dashboard"))
    listed = as_list(as_object(model.get("templating")).get("list"))
    collected = _Collecting(resource.address, sources, variables_of(resource), passed_over)
    yield from collected.variables(listed)
    yield from collected.annotations(as_list(as_object(model.get("annotations")).get("list")))
    yield from collected.panels(as_list(model.get("panels")), ("panels",))


def count_queries(resources: Sequence[Resource], addresses: Collection[str]) -> int:
    """How many queries of declared datasources the dashboards of these addresses have."""
    sources = sources_in(resources)
    return sum(1 for resource in resources if str(resource.address) in addresses for _ in queries_of(resource, sources))


def variables_of(resource: Resource) -> dict[str, JsonObject]:
    """A dashboard's variables, by name."""
    listed = as_list(as_object(as_object(resource.attributes.get("dashboard")).get("templating")).get("list"))
    return {text_of(item.get("name")): item for item in map(as_object, listed)}


def panels_of(resource: Resource) -> Iterator[JsonObject]:
    """A dashboard's panels, those in rows too."""
    waiting = list(as_list(as_object(resource.attributes.get("dashboard")).get("panels")))
    while waiting:
        panel = as_object(waiting.pop())
        yield panel
        if inner := panel.get("panels"):
            waiting += as_list(inner)


def source_of(target: JsonObject, owner: JsonObject, sources: Mapping[str, Source]) -> Source | None:
    """The declared datasource that a query goes to; None where it is none of ours, or depends on a variable."""
    for holder in (target, owner):
        reference = holder.get("datasource")
        uid = text_of(as_object(reference).get("uid")) if isinstance(reference, Mapping) else text_of(reference)
        if uid:
            return sources.get(uid) or next((source for source in sources.values() if source.name == uid), None)
    return None


class _Collecting:
    def __init__(
        self,
        address: Address,
        sources: Mapping[str, Source],
        variables: Mapping[str, JsonObject],
        passed_over: Container[int],
    ) -> None:
        self.passed_over = passed_over
        self.address = address
        self.sources = sources
        self.known = variables

    def variables(self, listed: Sequence[Json]) -> Iterator[Query]:
        for index, item in enumerate(map(as_object, listed)):
            if item.get("type") == "query":
                name = text_of(item.get("name"))
                target = item.get("query")
                whole = as_object(target) if isinstance(target, Mapping) else {"query": target}
                step: Path = ("query",) if isinstance(target, Mapping) else ()
                path = ("templating", "list", index, *step)
                yield from self._query(path, f'variable "{name}"', "variable", item, target=whole)

    def annotations(self, listed: Sequence[Json]) -> Iterator[Query]:
        for index, item in enumerate(map(as_object, listed)):
            if "expr" in item or "target" in item:
                inner = as_object(item.get("target")) if "expr" not in item else item
                step: Path = () if "expr" in item else ("target",)
                place = f'annotation query "{text_of(item.get("name"))}"'
                yield from self._query(("annotations", "list", index, *step), place, "annotation", item, target=inner)

    def panels(self, panels: Sequence[Json], path: Path) -> Iterator[Query]:
        for index, panel in enumerate(map(as_object, panels)):
            here = (*path, index)
            title = text_of(panel.get("title")) or f"{panel.get('id', index)}"
            for number, target in enumerate(map(as_object, as_list(panel.get("targets")))):
                if id(target) in self.passed_over:
                    continue
                reference = text_of(target.get("refId")) or str(number + 1)
                place = f'panel "{title}", query {reference}'
                yield from self._query((*here, "targets", number), place, "panel", panel, target=target)
            yield from self.panels(as_list(panel.get("panels")), (*here, "panels"))

    def _query(self, path: Path, place: str, kind: str, owner: JsonObject, *, target: JsonObject) -> Iterator[Query]:
        source = source_of(target, owner, self.sources)
        if source is not None:
            yield Query(self.address, path, place, kind, owner, target, source, self.known)

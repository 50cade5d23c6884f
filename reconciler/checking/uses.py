"""Who asks for which metric or field: for the catalogue's page, and for whoever wants to rename one."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from msgspec import Struct, field

from reconciler.checking.check import expression_of
from reconciler.checking.promql import NotPromql, parse, selections
from reconciler.checking.queries import ELASTICSEARCH, PROMETHEUS, Query, queries_of, sources_in
from reconciler.checking.stand_ins import filled
from reconciler.core.address import Address
from reconciler.core.json import as_list, as_object, text_of
from reconciler.core.metric import Catalogue
from reconciler.core.resource import Resource


class Use(Struct, frozen=True, order=True):
    """One query that asks for it."""

    address: Address
    place: str


class Uses(Struct, frozen=True):
    """By datasource (uid) and name: who asks for what is declared, and for what the catalogue does not have."""

    declared: Mapping[tuple[str, str], tuple[Use, ...]] = field(default_factory=dict)
    undeclared: Mapping[tuple[str, str], tuple[Use, ...]] = field(default_factory=dict)


def uses_in(resources: Sequence[Resource], catalogue: Catalogue) -> Uses:
    """Who asks for what, in order of addresses; only of datasources that the catalogue knows."""
    sources = sources_in(resources)
    metrics = {uid: catalogue.of(uid) for uid in sources}
    fields = {uid: catalogue.fields_of(uid) for uid in sources}
    declared: dict[tuple[str, str], list[Use]] = {}
    undeclared: dict[tuple[str, str], list[Use]] = {}
    for resource in resources:
        if resource.address.kind != "dashboard":
            continue
        for query in queries_of(resource, sources):
            uid = query.source.uid
            use = Use(query.address, query.place)
            for name in dict.fromkeys(_asked(query)):
                metric = metrics[uid].get(name)
                known = metric.name if metric is not None else name.removesuffix(".keyword")
                if metric is not None or known in fields[uid] or name in fields[uid]:
                    declared.setdefault((uid, name if name in fields[uid] else known), []).append(use)
                elif metrics[uid] or fields[uid]:
                    undeclared.setdefault((uid, name), []).append(use)
    return Uses(_ordered(declared), _ordered(undeclared))


def _ordered(found: Mapping[tuple[str, str], list[Use]]) -> dict[tuple[str, str], tuple[Use, ...]]:
    return {key: tuple(dict.fromkeys(found[key])) for key in sorted(found)}


def _asked(query: Query) -> Iterator[str]:
    """The names that a query asks for."""
    if query.source.type in PROMETHEUS:
        text = expression_of(query)
        try:
            yield from (found.name for found in selections(parse(filled(text, query.variables).text)) if found.is_known)
        except NotPromql:
            return
    elif query.source.type in ELASTICSEARCH and query.kind == "panel":
        from reconciler.checking.lucene import NotLucene, field_names

        with suppress(NotLucene):
            yield from field_names(filled(text_of(query.target.get("query")) or "*", query.variables).text)
        for part in ("metrics", "bucketAggs"):
            for item in map(as_object, as_list(query.target.get(part))):
                name = text_of(item.get("field"))
                if name and name != "select field":
                    yield name

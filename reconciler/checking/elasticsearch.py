"""The rules for Elasticsearch as Grafana asks it: Lucene's syntax, fields that exist, aggregations that suit them."""

from collections.abc import Iterator, Mapping

from reconciler.checking.promql_rules import Found
from reconciler.checking.stand_ins import MARK, filled
from reconciler.core.closest import closest
from reconciler.core.json import JsonObject, as_list, as_object, text_of
from reconciler.core.metric import IndexField
from reconciler.core.source import Path

_NUMBERS = frozenset({"byte", "short", "integer", "long", "float", "double"})
_OVER_NUMBERS = frozenset({"sum", "avg", "min", "max", "extended_stats", "percentiles", "histogram", "moving_avg"})
_PIPELINES = frozenset({"derivative", "cumulative_sum", "moving_fn", "serial_diff", "bucket_script", "moving_avg"})
_RAW = frozenset({"raw_data", "raw_document", "logs"})
_OF_THE_SERVER = frozenset({"_id", "_index", "_source", "_score", "_exists_"})


def check_text(text: str, variables: Mapping[str, JsonObject], fields: Mapping[str, IndexField]) -> Iterator[Found]:
    """The findings in a query's text."""
    found = filled(text, variables)
    if not found.text.strip():
        return
    from reconciler.checking.lucene import NotLucene, field_names  # the parser is found only where it is needed

    try:
        names = field_names(found.text)
    except NotLucene as error:
        offset = found.origin(max(0, len(found.text) - 1) if error.at is None else error.at)
        yield Found(
            "lucene-syntax",
            min(offset, max(0, len(text) - 1)),
            f"is not Lucene's query syntax: {error}",
            'quote special letters, as in path:"/cart"',
        )
        return
    if not fields:
        return
    for name in names:
        if MARK not in name and not _known(name, fields):
            offset = max(0, text.find(f"{name}:"))
            yield Found("unknown-field", offset, f"no field {name} is declared", _suggestion(name, fields))


def _known(name: str, fields: Mapping[str, IndexField]) -> bool:
    base = name.removesuffix(".keyword")
    return name in fields or name in _OF_THE_SERVER or (base != name and base in fields and fields[base].type == "text")


def _suggestion(name: str, fields: Mapping[str, IndexField]) -> str:
    close = closest(name, fields)
    return f"did you mean {close}?" if close else "declare it (kind: Metric, fields), or correct the name"


def check_aggregations(target: JsonObject, fields: Mapping[str, IndexField]) -> Iterator[tuple[Path, Found]]:
    """The findings in a target's metrics and buckets, each with the path inside the target."""
    metrics, buckets = as_list(target.get("metrics")), as_list(target.get("bucketAggs"))
    raw = any(as_object(metric).get("type") in _RAW for metric in metrics)
    if not metrics or not (buckets or raw):
        message = "says no metrics and buckets, which Grafana's back end refuses (400)"
        yield (
            (),
            Found("no-aggregation", 0, message, "as in metrics: [{id: '1', type: count}] and a date_histogram"),
        )
    seen: dict[str, str] = {}
    for part, items in (("metrics", metrics), ("bucketAggs", buckets)):
        for index, item in enumerate(map(as_object, items)):
            path: Path = (part, index)
            yield from ((path, found) for found in _twice(item, seen))
            yield from ((path, found) for found in _aggregation(item, fields))


def _twice(item: JsonObject, seen: dict[str, str]) -> Iterator[Found]:
    number, sort = str(item.get("id")), text_of(item.get("type"))
    if number in seen:
        message = f"the id {number!r} of {sort} is {seen[number]}'s already: Grafana mixes their frames up"
        yield Found("aggregation-id-twice", 0, message, "give each an id of its own")
    seen.setdefault(number, sort)


def _aggregation(item: JsonObject, fields: Mapping[str, IndexField]) -> Iterator[Found]:
    sort, name = text_of(item.get("type")), text_of(item.get("field"))
    if sort in _PIPELINES or not name or not fields or "$" in name:
        return
    if not _known(name, fields):
        yield Found("unknown-field", 0, f"{sort} over {name}, a field that is not declared", _suggestion(name, fields))
        return
    base = fields.get(name) or fields[name.removesuffix(".keyword")]
    stored = "keyword" if name != base.name else base.type
    if sort in _OVER_NUMBERS and stored not in _NUMBERS:
        yield _wrong(sort, name, stored, "it takes numbers")
    elif sort == "date_histogram" and stored != "date":
        yield _wrong(sort, name, stored, "it takes a date")
    elif sort in {"terms", "cardinality", "significant_terms"} and stored == "text":
        yield _wrong(sort, name, stored, f"use {name}.keyword")
    elif sort == "geohash_grid" and stored != "geo_point":
        yield _wrong(sort, name, stored, "it takes a geo_point")


def _wrong(sort: str, name: str, stored: str, hint: str) -> Found:
    return Found("aggregation-of-wrong-type", 0, f"{sort} over {name}, which is {stored}", hint)

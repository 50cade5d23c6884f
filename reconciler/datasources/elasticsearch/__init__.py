"""What Grafana's Elasticsearch data source does: a panel's Lucene query, buckets and metrics become a search, and the
answer becomes data frames. Verified against a 12.3.0 beside it (tests/datasources/elasticsearch.json).

All queries of a request go to the server together (`_msearch`). So, as in Grafana, a query that cannot be sent, or a
server that refuses the whole, leaves one error and no answer for the others.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.datasources import wire
from reconciler.datasources.elasticsearch.documents import Columns, documents, log_lines, raw_data
from reconciler.datasources.elasticsearch.frames import frames_of
from reconciler.datasources.elasticsearch.model import Query, Refused, query_of
from reconciler.datasources.elasticsearch.search import search_of
from reconciler.datasources.times import Span

_FAILED = 500
_SHARDS = 5


def asked(source: Mapping[str, Any], queries: Sequence[Mapping[str, Any]], span: Span) -> dict[str, dict[str, Any]]:
    """The queries' results, by their letters: `{status, frames}` or `{status, error}`."""
    settings = source.get("jsonData") or {}
    try:
        if settings.get("interval"):
            raise Refused("an index for each hour, day, week, month or year is not asked here", status=501)
        read = _read(queries)
        text = request_of(read, span, settings, str(source.get("database") or ""))
        answer = _answer(source, settings, text)
    except Refused as refused:
        letter = refused.letter or str(queries[0].get("refId") or "A")
        return {letter: {"status": refused.status, "error": str(refused)}}
    return results_of(read, answer, settings)


def _read(queries: Sequence[Mapping[str, Any]]) -> list[Query]:
    """The queries, all of them understood before any is sent. Raises Refused."""
    read = [query_of(query) for query in queries]
    for query in read:
        if not query.buckets and not query.shows_documents:
            why = "received invalid query. invalid query, missing metrics and aggregations"
            raise Refused(why, letter=query.letter)
        if not query.metrics:  # Grafana 12.3 panics over it, and answers 500
            raise Refused("Internal Server Error - please inspect Grafana server log for details")
    return read


def request_of(queries: Sequence[Query], span: Span, settings: Mapping[str, Any], database: str = "") -> str:
    """The body of the one `_msearch` for these queries. Raises Refused where the source names no field for the time."""
    time_field = str(settings.get("timeField") or "")
    if not time_field:
        raise Refused("elasticsearch time field name is required")
    index = str(settings.get("index") or database)
    head = json.dumps({"search_type": "query_then_fetch", "ignore_unavailable": True, "index": index})
    lines = []
    for query in queries:
        body = json.dumps(search_of(query, span, time_field), ensure_ascii=False)
        body = body.replace("$__interval_ms", str(query.interval_ms)).replace("$__interval", query.interval)
        lines += [head, body]
    return "\n".join(lines) + "\n"


def _answer(source: Mapping[str, Any], settings: Mapping[str, Any], text: str) -> list[dict[str, Any]]:
    shards = str(settings.get("maxConcurrentShardRequests") or "")
    path = f"_msearch?max_concurrent_shard_requests={shards if shards.isdigit() and shards != '0' else _SHARDS}"
    if settings.get("includeFrozen"):
        path += "&ignore_throttled=false"
    status, found = wire.asked(source, path, text.encode(), form="application/x-ndjson")
    if status == wire.UNREACHABLE:
        raise Refused(str(found["error"]), status=status)
    if status >= 400:
        raise Refused(f"unexpected status code: {status}")
    return list(found.get("responses") or ())


def results_of(
    queries: Sequence[Query], answers: Sequence[Mapping[str, Any]], settings: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """What the server's answers come to, each for its query."""
    columns = Columns(*(str(settings.get(key) or "") for key in ("timeField", "logMessageField", "logLevelField")))
    results: dict[str, dict[str, Any]] = {}
    for query, answer in zip(queries, answers, strict=False):
        if answer.get("error") is not None:
            results[query.letter] = {"status": _FAILED, "error": _reason(answer["error"])}
            continue
        hits = answer.get("hits") or {}
        sort = query.metrics[0].type
        if sort == "raw_data":
            frames: list[dict[str, Any]] | None = raw_data(query, hits, columns)
        elif sort == "raw_document":
            frames = documents(query, hits)
        elif sort == "logs":
            frames = log_lines(query, hits, columns)
        else:
            frames = frames_of(query, answer.get("aggregations") or {})
        results[query.letter] = {"status": 200, **({} if frames is None else {"frames": frames})}
    return results


def _reason(error: Any) -> str:
    """Why the server refuses one query."""
    if not isinstance(error, dict):
        return "Unknown elasticsearch error response"
    root = next((item.get("reason") for item in error.get("root_cause") or ()), "")
    caused = (error.get("caused_by") or {}).get("reason")
    return str(root or error.get("reason") or caused or "Unknown elasticsearch error response")

"""Queries of data sources. The sandbox itself asks nobody: who starts it hands in somebody who does (`World.asks`)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from reconciler.sandbox.call import BAD, Call, Later, Reply, message

_NOBODY = "this sandbox was started with nobody who asks data sources"


class Asks(Protocol):
    """Asks the servers behind data sources. A source is the sandbox's own object of one, with its secrets."""

    def query(
        self, source: Mapping[str, Any], queries: Sequence[Mapping[str, Any]], body: Mapping[str, Any]
    ) -> dict[str, dict[str, Any]]:
        """The results of queries of one source, by their letters."""

    def label_values(
        self, source: Mapping[str, Any], label: str, fields: Iterable[tuple[str, str]]
    ) -> tuple[int, dict[str, Any]]:
        """The values of a label."""


def query(call: Call) -> Reply | Later:
    """POST /api/ds/query: each query's result under its letter; 207 or 400 where some or all failed. What goes to one
    data source goes there together.
    """
    if call.body is BAD or not call.fields.get("queries"):
        return message(400, "bad request data")
    sources: dict[str, list[dict[str, Any]]] = {}
    for item in call.fields["queries"]:
        sources.setdefault(str((item.get("datasource") or {}).get("uid")), []).append(item)
    known = {uid: dict(call.org.datasources[uid]) for uid in sources if uid in call.org.datasources}

    def ask() -> Reply:
        results: dict[str, Any] = {}
        for uid, items in sources.items():
            if uid not in known:
                results |= _each(items, 404, "data source not found")
            elif call.world.asks is None:
                results |= _each(items, 501, _NOBODY)
            else:
                results |= call.world.asks.query(known[uid], items, call.fields)
        failed = [result for result in results.values() if result["status"] != 200]
        status = 200 if not failed else 400 if len(failed) == len(results) else 207
        return Reply(status, {"results": results})

    return Later(ask)


def _each(items: Iterable[dict[str, Any]], status: int, error: str) -> dict[str, Any]:
    return {str(item.get("refId") or "A"): {"status": status, "error": error} for item in items}


def label_values(call: Call) -> Reply | Later:
    """GET /api/datasources/uid/…/resources/api/v1/label/…/values: what the Prometheus says."""
    source, asks = call.org.datasources.get(call.parts["uid"]), call.world.asks
    if source is None:
        return message(404, "Data source not found")
    if asks is None:
        return message(501, _NOBODY)
    known, label = dict(source), call.parts["label"]
    fields = [(key, value) for key, values in call.query.items() for value in values]
    return Later(lambda: Reply(*asks.label_values(known, label, fields)))

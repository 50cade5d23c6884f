"""Queries of data sources. The sandbox itself asks nobody: who starts it hands in somebody who does (`World.asks`)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from reconciler.sandbox.call import BAD, Call, Later, Reply, message

_NOBODY = "this sandbox was started with nobody who asks data sources"


class Asks(Protocol):
    """Asks the servers behind data sources. A source is the sandbox's own object of one, with its secrets."""

    def query(
        self, source: Mapping[str, Any], queries: Sequence[Mapping[str, Any]], body: Mapping[str, Any], *, now: float
    ) -> dict[str, dict[str, Any]]:
        """The results of queries of one source, by their letters. `now` in seconds since 1970."""

    def label_values(
        self, source: Mapping[str, Any], label: str, fields: Iterable[tuple[str, str]]
    ) -> tuple[int, dict[str, Any]]:
        """The values of a label."""


def query(call: Call) -> Reply | Later:
    """POST /api/ds/query: each query's result under its letter; 400 where one failed, 404 where a data source is
    unknown. What goes to one data source goes there together.
    """
    if call.body is BAD or not call.fields.get("queries"):
        return message(400, "bad request data")
    sources: dict[str, list[dict[str, Any]]] = {}
    for item in call.fields["queries"]:
        sources.setdefault(str((item.get("datasource") or {}).get("uid")), []).append(item)
    if any(uid not in call.org.datasources for uid in sources):
        return message(404, "Data source not found")
    known, now = {uid: dict(call.org.datasources[uid]) for uid in sources}, call.world.now().timestamp()

    def ask() -> Reply:
        results: dict[str, Any] = {}
        for uid, items in sources.items():
            if call.world.asks is None:
                results |= {str(item.get("refId") or "A"): {"status": 501, "error": _NOBODY} for item in items}
            else:
                results |= call.world.asks.query(known[uid], items, call.fields, now=now)
        failed = any(result["status"] != 200 for result in results.values())
        return Reply(400 if failed else 200, {"results": results})

    return Later(ask)


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

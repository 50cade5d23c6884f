"""Queries of data sources: the sandbox asks a real Prometheus; of other types it says that it does not."""

from typing import Any

from reconciler.sandbox import prometheus
from reconciler.sandbox.call import BAD, Call, Reply, message


def query(call: Call) -> Reply:
    """POST /api/ds/query: each query's result under its letter; 207 or 400 where some or all failed."""
    if call.body is BAD or not call.fields.get("queries"):
        return message(400, "bad request data")
    results: dict[str, Any] = {}
    for item in call.fields["queries"]:
        results[str(item.get("refId") or "A")] = _one(call, item)
    failed = [result for result in results.values() if result["status"] != 200]
    status = 200 if not failed else 400 if len(failed) == len(results) else 207
    return Reply(status, {"results": results})


def _one(call: Call, item: dict[str, Any]) -> dict[str, Any]:
    source = call.org.datasources.get(str((item.get("datasource") or {}).get("uid")))
    if source is None:
        return {"status": 404, "error": "data source not found"}
    if source["type"] != "prometheus":
        return {"status": 501, "error": f"the sandbox asks a real Prometheus, and no {source['type']}"}
    return prometheus.asked(item, call.fields, source["url"], least=str(source["jsonData"].get("timeInterval") or ""))


def label_values(call: Call) -> Reply:
    """GET /api/datasources/uid/…/resources/api/v1/label/…/values: what the Prometheus says."""
    source = call.org.datasources.get(call.parts["uid"])
    if source is None or source["type"] != "prometheus":
        return message(404, "Data source not found")
    status, found = prometheus.label_values(
        source["url"], call.parts["label"], {k: list(v) for k, v in call.query.items()}
    )
    return Reply(status, found)

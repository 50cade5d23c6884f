"""Queries of data sources: the sandbox asks whom it was handed, and nobody waits for a slow one."""

import threading
from collections.abc import Mapping
from typing import Any

import httpx

from reconciler.sandbox import World, start

SOURCE = {
    "uid": "p", "name": "P", "type": "prometheus", "access": "proxy", "url": "http://prometheus",
    "basicAuth": True, "basicAuthUser": "u", "secureJsonData": {"basicAuthPassword": "s"},
}  # fmt: skip


def body(*uids: str) -> dict[str, Any]:
    queries = [{"refId": chr(65 + number), "datasource": {"uid": uid}} for number, uid in enumerate(uids)]
    return {"from": "now-1h", "to": "now", "queries": queries}


class Asks:
    """Writes down what it is asked; a query waits until somebody lets it go."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, list[str]]] = []
        self.began, self.go = threading.Event(), threading.Event()

    def query(self, source: Mapping[str, Any], queries: Any, body: Mapping[str, Any], *, now: float) -> Any:
        self.asked.append((source, [item["refId"] for item in queries]))
        self.began.set()
        assert self.go.wait(20)
        status = 500 if source["uid"] == "q" else 200
        return {item["refId"]: {"status": status} for item in queries}

    def label_values(self, source: Mapping[str, Any], label: str, fields: Any) -> tuple[int, dict[str, Any]]:
        return 200, {"data": [label, *(f"{key}={value}" for key, value in fields)]}


def test_what_goes_to_one_source_goes_together_and_others_do_not_wait() -> None:
    asks = Asks()
    handle = start(World(asks=asks))
    try:
        with httpx.Client(base_url=handle.url, auth=("admin", "admin"), trust_env=False, timeout=20) as http:
            assert http.post("/api/datasources", json=SOURCE).status_code == 200
            assert http.post("/api/datasources", json={**SOURCE, "uid": "q", "name": "Q"}).status_code == 200
            assert http.post("/api/ds/query", json=body("p", "nobody")).status_code == 404
            found: list[httpx.Response] = []
            asking = threading.Thread(target=lambda: found.append(http.post("/api/ds/query", json=body("p", "q", "p"))))
            asking.start()
            assert asks.began.wait(20)
            assert http.get("/api/datasources").status_code == 200  # while the query is on its way
            asks.go.set()
            asking.join(20)
            values = http.get("/api/datasources/uid/p/resources/api/v1/label/region/values", params={"match[]": "x"})
    finally:
        asks.go.set()
        handle.stop()
    assert found[0].status_code == 400
    assert {name: found["status"] for name, found in found[0].json()["results"].items()} == {
        "A": 200,
        "B": 500,
        "C": 200,
    }
    assert [(source["uid"], letters) for source, letters in asks.asked] == [("p", ["A", "C"]), ("q", ["B"])]
    assert (asks.asked[0][0]["url"], asks.asked[0][0]["secrets"]) == (SOURCE["url"], SOURCE["secureJsonData"])
    assert values.json() == {"data": ["region", "match[]=x"]}


def test_a_sandbox_with_nobody_who_asks_says_so() -> None:
    handle = start(World())
    try:
        with httpx.Client(base_url=handle.url, auth=("admin", "admin"), trust_env=False) as http:
            http.post("/api/datasources", json=SOURCE)
            answer = http.post("/api/ds/query", json=body("p"))
            assert (answer.status_code, answer.json()["results"]["A"]["status"]) == (400, 501)
            assert http.get("/api/datasources/uid/p/resources/api/v1/label/a/values").status_code == 501
    finally:
        handle.stop()

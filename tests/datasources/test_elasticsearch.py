"""Elasticsearch queries as Grafana 12.3.0 asks them, and its frames: elasticsearch.json holds what a real one sent to a
search server (OpenSearch 2.19.3, twelve documents), what that answered, and what the real one made of it.
"""

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from reconciler import datasources
from reconciler.datasources import wire
from reconciler.datasources.elasticsearch.model import query_of

CASES = json.loads(Path(__file__).with_name("elasticsearch.json").read_text("utf-8"))
BEGIN, END = 1_767_571_200_000, 1_767_743_999_999
SOURCE = {
    "type": "elasticsearch",
    "url": "http://search/",
    "jsonData": {
        "index": "fixed", "timeField": "@timestamp", "maxConcurrentShardRequests": 5,
        "logMessageField": "message", "logLevelField": "level",
    },
}  # fmt: skip
BODY = {"from": str(BEGIN), "to": str(END)}
COUNT = {"refId": "A", "metrics": [{"id": "1", "type": "count"}], "bucketAggs": [{"id": "2", "type": "date_histogram"}]}


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_it_asks_and_shows_what_grafana_does(case: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[str, Any]] = []

    def asked(source: Any, path: str, data: bytes, *, form: str) -> tuple[int, dict[str, Any]]:
        sent.append((f"/{path}", [json.loads(line) for line in data.decode().splitlines()]))
        return case["answered"], case.get("answer") or {}

    monkeypatch.setattr(wire, "asked", asked)
    results = datasources.query(SOURCE, case["queries"], BODY, now=0)
    assert sent == ([(case["path"], case["request"])] if "request" in case else [])
    if "error" in case["results"]:  # a 12.3.0 panics, and answers the whole request
        assert [result["error"] for result in results.values()] == [case["results"]["message"]]
    else:
        assert results == case["results"]


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(500, "500ms"), (30_000, "30s"), (1500, "1.5s"), (300_000, "5m0s"), (3_600_000, "1h0m0s"), (0, "1s")],
)
def test_the_interval_is_written_as_grafana_does(milliseconds: int, text: str) -> None:
    assert query_of({"intervalMs": milliseconds}).interval == text


@pytest.mark.parametrize(
    ("settings", "status", "error"),
    [
        ({"index": "a"}, 500, "time field name is required"),
        ({"index": "[a-]YYYY", "interval": "Yearly", "timeField": "t"}, 501, "an index for each"),
    ],
)
def test_a_source_that_cannot_be_asked_says_why(settings: dict[str, str], status: int, error: str) -> None:
    (result,) = datasources.query({**SOURCE, "jsonData": settings}, [COUNT], BODY, now=0).values()
    assert result["status"] == status and error in result["error"]


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"maxConcurrentShardRequests": 9}, "max_concurrent_shard_requests=9"),
        ({"maxConcurrentShardRequests": "x"}, "max_concurrent_shard_requests=5"),
        ({"includeFrozen": True}, "max_concurrent_shard_requests=5&ignore_throttled=false"),
    ],
)
def test_how_a_source_is_asked(settings: dict[str, Any], path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    paths: list[str] = []
    monkeypatch.setattr(wire, "asked", lambda source, path, data, form: paths.append(path) or (200, {}))
    source = {**SOURCE, "database": "old", "jsonData": {"timeField": "t", **settings}}
    assert datasources.query(source, [COUNT], BODY, now=0) == {}
    assert paths == [f"_msearch?{path}"]


@pytest.fixture
def server() -> Iterator[tuple[str, list[Any]]]:
    """Answers everything with an empty answer, or with a page of nonsense at /bad; writes down what it was asked."""
    seen: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.append((self.path, self.headers.get("Authorization"), self.headers["Content-Type"], body))
            self.send_response(503 if self.path.startswith("/bad") else 200)
            self.end_headers()
            self.wfile.write(b"<html>" if self.path.startswith("/bad") else b'{"responses": [{}]}')

        def log_message(self, *_: object) -> None:
            """Nothing."""

    found = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{found.server_port}", seen
    found.shutdown()
    found.server_close()


def test_it_signs_in_and_says_what_it_sends(server: tuple[str, list[Any]]) -> None:
    url, seen = server
    signed = {"basicAuth": True, "basicAuthUser": "u", "secrets": {"basicAuthPassword": "p"}}
    source = {**SOURCE, "url": f"{url}/", **signed}
    assert datasources.query(source, [COUNT], BODY, now=0) == {"A": {"status": 200}}
    ((path, authorization, form, body),) = seen
    assert path.startswith("/_msearch?") and authorization == "Basic dTpw" and form == "application/x-ndjson"
    assert body.endswith(b"\n") and body.count(b"\n") == 2


def test_a_server_that_fails_or_is_away_gives_an_error_and_no_password(server: tuple[str, list[Any]]) -> None:
    url, _ = server
    signed = {"basicAuth": True, "basicAuthUser": "u", "secrets": {"basicAuthPassword": "secret"}}
    found = datasources.query({**SOURCE, "url": f"{url}/bad", **signed}, [COUNT], BODY, now=0)
    assert found == {"A": {"status": 500, "error": "unexpected status code: 503"}}
    found = datasources.query({**SOURCE, "url": "http://127.0.0.1:1", **signed}, [COUNT], BODY, now=0)
    assert found["A"]["status"] == 502 and re.match(
        r"cannot reach http://127.0.0.1:1/_msearch.*refused", found["A"]["error"]
    )
    assert "secret" not in found["A"]["error"]

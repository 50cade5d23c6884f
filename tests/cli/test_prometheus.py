"""A Prometheus asked without a Grafana: what it is asked, and what its answers, or none, come to."""

import asyncio
from typing import Any

import pytest

from reconciler.checking.answers import Answer
from reconciler.checking.live import ask, panels_of, variables
from reconciler.checking.queries import Source
from reconciler.checking.variables import Value
from reconciler.cli.prometheus import Prometheus
from reconciler.core.address import Address
from reconciler.core.errors import InvalidInput
from reconciler.core.resource import Resource
from tests.grafana.support import Script, Seen, answer, raw_server

SOURCES = {"p": Source("p", "prometheus", "P"), "e": Source("e", "elasticsearch", "E")}
SERIES = [{"metric": {"a": "b"}, "values": [[60, "1"], [120, "2"]]}]
MATRIX = answer(200, {"status": "success", "data": {"resultType": "matrix", "result": SERIES}})
VECTOR = answer(
    200, {"data": {"resultType": "vector", "result": [{"metric": {"a": "b", "c": "d"}, "value": [9, "1"]}]}}
)


def board(*targets: Any, query: str = "", uid: str = "p") -> Resource:
    panel = {"title": "T", "datasource": {"uid": uid}, "targets": [{"refId": "A", **target} for target in targets]}
    listed = [{"name": "v", "type": "query", "datasource": {"uid": "p"}, "query": query}] if query else []
    time = {"from": "now-1h", "to": "now"}
    return Resource(
        Address("dashboard", "b"), "b", {"dashboard": {"time": time, "panels": [panel], "templating": {"list": listed}}}
    )


def asked(script: Script | bytes, resource: Resource, path: str = "") -> tuple[Answer, list[Seen]]:
    """The answer to the first query of a dashboard, and what the server was asked."""

    async def work() -> tuple[Answer, list[Seen]]:
        async with raw_server(script) as server, Prometheus(f"{server.url}{path}") as asker:
            (panel,) = panels_of(resource, SOURCES)
            found = await asker.ask(ask(panel, {}))
            return found.answers["A"], server.seen

    return asyncio.run(work())


def test_a_range_is_asked_as_grafana_asks_it() -> None:
    found, seen = asked(MATRIX, board({"expr": "rate(x[$__rate_interval])"}), "/sub/")
    assert found == Answer("", 1, 2, 120_000, frozenset({"a"}))
    ((method, target),) = [(item.method, item.target) for item in seen]
    assert (method, target) == ("POST", "/sub/api/v1/query_range")
    assert b"query=rate%28x%5B60s%5D%29" in seen[0].body and b"step=15.0" in seen[0].body


def test_a_moment_and_a_range_are_asked_both() -> None:
    def script(seen: Seen) -> bytes:
        return MATRIX if seen.path.endswith("query_range") else VECTOR

    found, seen = asked(script, board({"expr": "x", "instant": True, "range": True}))
    assert (found.series, found.points, len(seen)) == (2, 3, 2)
    found, seen = asked(script, board({"expr": "x", "instant": True}))
    assert (found.series, found.points, found.labels, len(seen)) == (1, 1, frozenset({"a", "c"}), 1)


@pytest.mark.parametrize("target", [{"expr": "x"}, {"expr": "x", "instant": True}])
@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (answer(400, {"status": "error", "error": "parse error: no"}), "parse error: no"),
        (answer(302, b"", Location="/elsewhere"), "leads elsewhere (302)"),
        (b"Hello\r\n\r\n", "cannot reach http://127.0.0.1:"),
        (answer(200, b"<html>"), "nothing that is understood"),
    ],
)
def test_what_is_no_answer_is_an_error_of_the_query(target: Any, said: bytes, wanted: str) -> None:
    found, _ = asked(said, board(target))
    assert wanted in found.error and not found.unasked


def test_another_datasource_is_not_asked() -> None:
    found, seen = asked(MATRIX, board({"query": "x"}, uid="e"))
    assert found.unasked and "asked through Grafana only" in found.error and not seen


def test_nobody_there() -> None:
    async def work() -> Answer:
        async with raw_server(MATRIX) as server:
            url = server.url
        async with Prometheus(url) as asker:
            (panel,) = panels_of(board({"expr": "x"}), SOURCES)
            return (await asker.ask(ask(panel, {}))).answers["A"]

    assert "cannot reach http://127.0.0.1:" in asyncio.run(work()).error


@pytest.mark.parametrize(
    ("query", "said", "path", "wanted"),
    [
        ('label_values(x{a="b"}, c)', answer(200, {"data": ["d", "e"]}), "/api/v1/label/c/values", "d"),
        ("query_result(x)", VECTOR, "/api/v1/query", '{a="b",c="d"}'),
    ],
)
def test_variables_are_asked_for(query: str, said: bytes, path: str, wanted: str) -> None:
    async def work() -> tuple[Any, list[Seen]]:
        async with raw_server(said) as server, Prometheus(server.url) as asker:
            return await asker.ask(variables(board({"expr": "x"}, query=query), SOURCES)), server.seen

    (values, wrong), seen = asyncio.run(work())
    assert (values, wrong, [item.path for item in seen]) == ({"v": Value((wanted,))}, {}, [path])


def test_an_address_that_is_none_is_told() -> None:
    with pytest.raises(InvalidInput, match="not a usable"):
        Prometheus("prometheus:9090")


def test_connections_are_kept() -> None:
    places: list[int] = []

    async def work() -> None:
        async with raw_server(MATRIX) as server, Prometheus(server.url) as asker:
            (panel,) = panels_of(board({"expr": "x"}), SOURCES)
            for _ in range(3):
                await asker.ask(ask(panel, {}))
            places.append(len(server.serving))

    asyncio.run(work())
    assert places == [1]

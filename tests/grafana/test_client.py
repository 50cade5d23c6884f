"""What goes over the wire: headers, bodies, queries, counts and traces; and how many reads at once."""

import asyncio
import base64
import json
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from reconciler import __version__
from reconciler.core.errors import GgrecError, ServerError
from reconciler.core.exchange import ApiRequest, ApiResponse
from reconciler.core.resource import SecretRef
from tests.grafana.support import GET, PASSWORD, POST, Seen, answer, client_of, grafana_like, mock, raw_server


def seen_of(request: ApiRequest, **settings: Any) -> Seen:
    """The request as it arrives at a server."""

    async def work() -> Seen:
        async with raw_server(answer(200, {})) as server, client_of(server.url, **settings) as client:
            await client.send(request)
            (seen,) = server.seen
            return seen

    return asyncio.run(work())


def test_a_token_is_sent_without_an_organisation() -> None:
    headers = seen_of(GET, org=3).headers
    assert headers["authorization"] == "Bearer glsa_token"
    assert headers["accept"] == "application/json"
    assert headers["user-agent"] == f"ggrec/{__version__}"
    assert "x-grafana-org-id" not in headers


def test_basic_auth_names_the_organisation() -> None:
    headers = seen_of(GET, user="ädmin", password=PASSWORD, org=3).headers
    assert base64.b64decode(headers["authorization"].removeprefix("Basic ")).decode() == "ädmin:pass-word"
    assert headers["x-grafana-org-id"] == "3"
    assert "x-grafana-org-id" not in seen_of(GET, user="admin", password=PASSWORD).headers


def test_the_token_wins_over_a_password() -> None:
    headers = seen_of(GET, token=SecretRef("${env:TOKEN}"), user="admin", password=PASSWORD, org=3).headers
    assert headers["authorization"] == "Bearer glsa_token"
    assert "x-grafana-org-id" not in headers


def test_without_credentials_none_are_sent() -> None:
    assert "authorization" not in seen_of(GET, token=None, org=3).headers


def test_a_missing_credential_is_told_before_anything_is_sent() -> None:
    with pytest.raises(GgrecError, match="the environment variable TOKEN is not set"):
        client_of("http://h", environment={})


def test_a_kind_chooses_what_it_accepts_and_nothing_of_who_asks() -> None:
    accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
    headers = (("accept", accept), ("authorization", "Bearer other"), ("User-Agent", "kind"))
    seen = seen_of(ApiRequest("GET", "/apis/x", headers=headers))
    assert seen.headers["accept"] == accept
    assert seen.headers["authorization"] == "Bearer glsa_token"


def test_secrets_in_a_body_are_filled_in_wherever_they_stand() -> None:
    body: Any = {
        "a": SecretRef("${env:PASSWORD}"),
        "b": [{"c": (SecretRef("${env:TOKEN}"), None)}],
        "d": "${env:TOKEN}",
    }
    request = ApiRequest("POST", "/api/x", body=body)
    seen = seen_of(request)
    assert json.loads(seen.body) == {"a": "pass-word", "b": [{"c": ["glsa_token", None]}], "d": "${env:TOKEN}"}
    assert seen.headers["content-type"] == "application/json"
    assert request.body == body
    assert "pass-word" not in repr(request)


def test_a_missing_secret_in_a_body_is_named_and_nothing_is_sent() -> None:
    async def work() -> int:
        async with raw_server(answer(200, {})) as server, client_of(server.url) as client:
            with pytest.raises(GgrecError, match="environment variable NOPE is not set"):
                await client.send(ApiRequest("POST", "/api/x", body={"a": SecretRef("${env:NOPE}")}))
            assert not client.sent
            return len(server.seen)

    assert asyncio.run(work()) == 0


@pytest.mark.parametrize("body", [{}, [], "text", 0, False, {"ü": "\u2028 \U0001f600", "n": 1.5, "big": 2**53}])
def test_a_body_arrives_as_it_is(body: Any) -> None:
    seen = seen_of(ApiRequest("PUT", "/api/x", body=body))
    assert json.loads(seen.body) == body
    assert seen.method == "PUT"


def test_no_body_is_none() -> None:
    seen = seen_of(ApiRequest("DELETE", "/api/x"))
    assert seen.body == b""
    assert "content-type" not in seen.headers


def test_a_query_keeps_order_and_repeated_names() -> None:
    query = (("tags", "a b&c"), ("limit", "5"), ("tags", "ü"))
    target = seen_of(ApiRequest("GET", "/api/annotations", query)).target
    assert target == "/api/annotations?tags=a%20b%26c&limit=5&tags=%C3%BC"


def test_a_query_is_sent_as_it_is_meant() -> None:
    query = (("continue", "b3JnOjE+/=="), ("query", "100% #1?"), ("empty", ""))
    target = seen_of(ApiRequest("GET", "/api/x", query)).target
    assert parse_qsl(target.partition("?")[2], keep_blank_values=True) == list(query)


def test_a_quoted_path_stays_quoted() -> None:
    assert seen_of(ApiRequest("GET", "/api/teams/a%2Fb%20c")).target == "/api/teams/a%2Fb%20c"


@pytest.mark.parametrize("path", ["@evil.example/api", "/login", "", "/apix"])
def test_a_path_outside_the_api_is_a_fault_of_the_program(path: str) -> None:
    async def work() -> None:
        async with client_of("http://h", transport=mock(lambda request: httpx.Response(200, json={}))) as client:
            await client.send(ApiRequest("GET", path))

    with pytest.raises(AssertionError, match="no path of Grafana's API"):
        asyncio.run(work())


def test_one_connection_serves_many_requests() -> None:
    async def work() -> tuple[int, int]:
        async with raw_server(grafana_like) as server, client_of(server.url) as client:
            for _ in range(5):
                await client.send(ApiRequest("GET", "/api/org"))
            return len(server.seen), len(server.serving)

    assert asyncio.run(work()) == (5, 1)


class Recorder:
    def __init__(self) -> None:
        self.told: list[tuple[str, int | None, float]] = []

    def request(self, request: ApiRequest, status: int | None, seconds: float) -> None:
        self.told.append((f"{request.method} {request.path}", status, seconds))


def test_every_try_is_counted_and_traced() -> None:
    replies: list[Any] = [httpx.Response(503), httpx.ReadError("x"), httpx.Response(200, json={}), httpx.Response(500)]

    def handler(request: httpx.Request) -> httpx.Response:
        reply = replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        assert isinstance(reply, httpx.Response)
        return reply

    trace = Recorder()

    async def work() -> dict[str, int]:
        async with client_of("http://h", transport=mock(handler), trace=trace) as client:
            await client.send(GET)
            with pytest.raises(ServerError):
                await client.send(POST)
            return dict(client.sent)

    assert asyncio.run(work()) == {"GET": 3, "POST": 1}
    get, post = "GET /api/folders/f", "POST /api/folders"
    assert [told[:2] for told in trace.told] == [(get, 503), (get, None), (get, 200), (post, 500)]
    assert all(seconds == 0.0 for _, _, seconds in trace.told)


@pytest.mark.parametrize("parallelism", [1, 4])
def test_no_more_reads_at_once_than_allowed(parallelism: int) -> None:
    under_way, most = 0, 0

    async def handler(request: httpx.Request) -> httpx.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        for _ in range(20):
            await asyncio.sleep(0)
        under_way -= 1
        return httpx.Response(200, json={})

    async def work() -> list[ApiResponse]:
        async with client_of("http://h", transport=mock(handler), parallelism=parallelism) as client:
            return await asyncio.gather(*(client.send(GET) for _ in range(20)))

    assert len(asyncio.run(work())) == 20
    assert most == parallelism


def test_writes_do_not_wait_for_reads() -> None:
    released = asyncio.Event()

    async def handler(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            await released.wait()
        return httpx.Response(200, json={})

    async def work() -> None:
        async with client_of("http://h", transport=mock(handler), parallelism=1) as client:
            read = asyncio.create_task(client.send(GET))
            await asyncio.sleep(0)
            await client.send(POST)
            assert not read.done()
            released.set()
            await read

    asyncio.run(work())


def test_closing_twice_does_no_harm() -> None:
    async def work() -> None:
        client = client_of("http://h", transport=mock(lambda request: httpx.Response(200, json={})))
        async with client:
            await client.send(GET)
        await client.aclose()

    asyncio.run(work())

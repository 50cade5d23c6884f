"""A canary secret is looked for in everything that the Grafana room lets out: errors with their tracebacks, reprs,
traces, logs, also where a server repeats what it was sent.
"""

import asyncio
import base64
import contextlib
import json
import logging
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from reconciler.core.errors import GgrecError, ServerError
from reconciler.core.exchange import ApiRequest, Exchange, Server
from reconciler.core.resource import SecretRef
from reconciler.grafana.client import Client
from reconciler.grafana.connection import Connection
from reconciler.grafana.driver import GrafanaWriter
from reconciler.grafana.probe import probe
from reconciler.grafana.secrets import SecretResolver
from tests.grafana.support import CUT, HANG, Seen, answer, client_of, raw_server

CANARY = 'zebra7Q/x"+&\\é'
TOKEN_CANARY = "glsa_zebra7Q"
ENVIRONMENT = {"BODY": CANARY, "TOKEN": TOKEN_CANARY, "PASSWORD": CANARY, "PROXY_PASSWORD": CANARY}
BODY = SecretRef("${env:BODY}")
CREDENTIALS: dict[str, dict[str, Any]] = {
    "token": {"token": SecretRef("${env:TOKEN}")},
    "basic": {"user": "admin", "password": SecretRef("${env:PASSWORD}")},
}
BASIC = base64.b64encode(f"admin:{CANARY}".encode()).decode()
FORMS = (
    CANARY,
    TOKEN_CANARY,
    BASIC,
    json.dumps(CANARY)[1:-1],
    json.dumps(CANARY, ensure_ascii=False)[1:-1],
    quote(CANARY),
    quote(CANARY, safe=""),
    "zebra7Q",
)
WRITE = ApiRequest("POST", "/api/datasources", body={"name": "p", "secureJsonData": {"password": [BODY, {"x": BODY}]}})
READ = ApiRequest("GET", "/api/datasources/uid/p")


def _everything_sent(seen: Seen) -> str:
    """What an unfriendly server could repeat: headers and body, read and unread."""
    words = [*seen.headers.values(), seen.body.decode()]
    with contextlib.suppress(ValueError):
        body = json.loads(seen.body)
        words += [body["secureJsonData"]["password"][0], quote(body["secureJsonData"]["password"][0])]
    return " ".join(words)


def _echo(status: int, form: str) -> Callable[[Seen], bytes]:
    def script(seen: Seen) -> bytes:
        words = _everything_sent(seen)
        if form == "html":
            return answer(status, f"<html>{words}</html>".encode(), media_type="text/html")
        if form == "text":
            return answer(status, words.encode(), media_type="text/plain")
        if form == "broken":
            return answer(status, ('{"message": ' + words).encode())
        if form == "location":
            return answer(302, Location="/login?" + quote(words), Content_Language="en")
        body = {"message": words, "messageId": words, "reason": words, "kind": words, "details": {"uid": words}}
        return answer(status, body, Retry_After="99999 " + words.encode("ascii", "ignore").decode())

    return script


HOSTILE: dict[str, Callable[[Seen], bytes]] = {
    "cut": lambda seen: CUT,
    "hang": lambda seen: HANG,
    "nonsense": lambda seen: b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    "short": lambda seen: answer(200, b"{", Content_Length="99"),
    **{f"json-{status}": _echo(status, "json") for status in (400, 401, 403, 404, 409, 412, 429, 500, 503)},
    **{f"{form}-{status}": _echo(status, form) for form in ("html", "text", "broken") for status in (200, 404, 502)},
    "location": _echo(302, "location"),
}


class Recorder:
    """A trace that keeps all it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[ApiRequest, int | None, float]] = []

    def request(self, request: ApiRequest, status: int | None, seconds: float) -> None:
        self.told.append((request, status, seconds))


def _spoken(error: BaseException) -> Iterator[str]:
    """All that an exception says, and all that hangs on it."""
    waiting: list[BaseException | None] = [error]
    while waiting:
        here = waiting.pop()
        if here is not None:
            yield from (str(here), repr(here), repr(here.args), repr(vars(here)))
            waiting += [here.__cause__, here.__context__]
    yield from traceback.format_exception(error)
    yield from traceback.TracebackException.from_exception(error, compact=False).format()


def _assert_clean(texts: Iterator[str]) -> None:
    for text in texts:
        for form in FORMS:
            assert form not in text


def _exchange(*requests: ApiRequest) -> Exchange[None]:
    yield from requests


@pytest.mark.parametrize("credentials", CREDENTIALS)
@pytest.mark.parametrize("script", HOSTILE)
@pytest.mark.parametrize("request_", [READ, WRITE], ids=["read", "write"])
def test_no_failure_tells_a_secret(
    script: str, credentials: str, request_: ApiRequest, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    trace = Recorder()
    arrived = False

    async def work() -> tuple[BaseException | None, Client]:
        nonlocal arrived
        patience = (
            0.3 if script == "hang" else 20.0
        )  # only what never answers is waited for: a busy machine is no failure
        settings = {"timeout": patience, "environment": ENVIRONMENT, "trace": trace, **CREDENTIALS[credentials]}
        async with raw_server(HOSTILE[script]) as server, client_of(server.url, **settings) as client:
            writer = GrafanaWriter(client, Server(client.url, "12.3.0", 1, "Main Org."))
            try:
                await writer.write(_exchange(request_))
            except ServerError as error:
                return error, client
            finally:
                sent = " ".join(_everything_sent(seen) for seen in server.seen)
                arrived = (TOKEN_CANARY in sent or BASIC in sent) and (request_ is READ or CANARY in sent)
        return None, client

    error, client = asyncio.run(work())
    assert arrived, "the secret must have been sent, or nothing is tested here"
    assert isinstance(error, ServerError)
    assert trace.told
    shown = [repr(client), repr(client.connection), repr(client._secrets), repr(trace.told), caplog.text]
    _assert_clean(iter([*_spoken(error), *shown, repr(caplog.records), *(str(vars(r)) for r in caplog.records)]))


@pytest.mark.parametrize("credentials", CREDENTIALS)
def test_the_probe_tells_no_secret(credentials: str) -> None:
    async def work(script: Callable[[Seen], bytes]) -> BaseException | None:
        patience = 0.1 if script is HOSTILE["hang"] else 20.0
        settings = {"timeout": patience, "environment": ENVIRONMENT, "org": 9, **CREDENTIALS[credentials]}
        async with raw_server(script) as server, client_of(server.url, **settings) as client:
            try:
                await probe(client)
            except ServerError as error:
                return error
        return None

    def wrong_org(seen: Seen) -> bytes:
        return answer(200, {"database": "ok", "id": 2, "name": _everything_sent(seen)})

    def no_org(seen: Seen) -> bytes:
        refused = {"accessErrorId": "x", "message": _everything_sent(seen)}
        return answer(403, refused) if seen.path == "/api/org" else answer(200, {"database": "ok"})

    def unhealthy(seen: Seen) -> bytes:
        return answer(503, {"database": _everything_sent(seen)})

    for script in (*HOSTILE.values(), wrong_org, no_org, unhealthy):
        error = asyncio.run(work(script))
        assert isinstance(error, ServerError)
        _assert_clean(_spoken(error))


@pytest.mark.parametrize("token", ["zebra7Q\nx", "zebra7Q x", "zebra7Qé", "zebra7Q\x00", "zebra7Q\udcff", " zebra7Q"])
def test_a_token_that_cannot_be_sent_is_not_quoted(token: str) -> None:
    with pytest.raises(GgrecError) as caught:
        client_of("http://h", environment={"TOKEN": token})
    assert "${env:TOKEN}" in str(caught.value)
    _assert_clean(_spoken(caught.value))


@pytest.mark.parametrize(
    "proxy", [f"nonsense://u:{quote(CANARY, safe='')}@h", f"http://u:{quote(CANARY, safe='')}@h:port"]
)
def test_an_unusable_proxy_is_not_quoted(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy)
    with pytest.raises(GgrecError) as caught:
        client_of("http://grafana.example", environment=ENVIRONMENT, token=SecretRef("${env:TOKEN}"))
    assert caught.value.diagnostics[0].code == "bad-proxy"
    _assert_clean(_spoken(caught.value))


def test_a_body_that_cannot_be_written_does_not_tell_its_secrets() -> None:
    body: Any = {"secret": BODY, "number": float("nan")}

    async def work() -> None:
        transport = httpx.MockTransport(lambda request: httpx.Response(200))
        async with client_of("http://h", transport=transport, environment=ENVIRONMENT) as client:
            await client.send(ApiRequest("POST", "/api/x", body=body))

    with pytest.raises(ValueError, match="JSON") as caught:
        asyncio.run(work())
    _assert_clean(_spoken(caught.value))


def test_the_secrets_room_tells_none(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(CANARY, encoding="utf-8")
    (tmp_path / "bytes").write_bytes(b"zebra7Q\xff")
    resolver = SecretResolver({**ENVIRONMENT, "RAW": "zebra7Q\udcff"}, tmp_path)
    texts: list[str] = []
    for reference in map(SecretRef, ("${env:BODY}", "${file:secret}", "${file:bytes}", "${env:RAW}", CANARY)):
        texts.append(str(resolver.missing(reference)))
        try:
            texts += [resolver.digest(reference), str(resolver.matches(reference, resolver.digest(reference)))]
        except GgrecError as error:
            texts += _spoken(error)
    assert len(texts) > 10
    _assert_clean(iter([*texts, repr(resolver)]))


def test_a_connection_shows_references_only() -> None:
    shown = repr(Connection("http://h", token=SecretRef("${env:TOKEN}"), password=SecretRef("${file:p}"), user="a"))
    assert "${env:TOKEN}" in shown
    _assert_clean(iter([shown]))

"""The ten hostile servers, over real sockets: each ends in an error that says what, where and what to do, after no more
requests than are safe.
"""

import asyncio
from typing import Any

import httpx
import pytest

from reconciler.core.errors import Forbidden, GgrecError, ServerError, Unauthorized, Unreachable
from reconciler.core.exchange import ApiRequest, ApiResponse, Method
from reconciler.grafana.probe import probe
from tests.grafana.support import (
    CUT,
    GET,
    PASSWORD,
    POST,
    RawServer,
    Script,
    Seen,
    VirtualTime,
    answer,
    client_of,
    grafana_like,
    mock,
    raw_server,
)
from tests.grafana.test_connection import SPELLINGS

HTML = b"<html><body><h1>Not Found</h1><p>nginx/1.25</p></body></html>"
WRITES: tuple[Method, ...] = ("POST", "PUT", "PATCH", "DELETE")


def sent(
    script: Script | bytes, request: ApiRequest, time: VirtualTime | None = None, **settings: Any
) -> tuple[ApiResponse | GgrecError, RawServer]:
    """What sending one request to such a server comes to, and what the server saw."""

    async def work() -> tuple[ApiResponse | GgrecError, RawServer]:
        async with raw_server(script) as server, client_of(server.url, time=time, **settings) as client:
            try:
                return await client.send(request), server
            except GgrecError as error:
                return error, server

    return asyncio.run(work())


def probed(script: Script | bytes, **settings: Any) -> tuple[Any, RawServer]:
    """What probing such a server comes to."""

    async def work() -> tuple[Any, RawServer]:
        async with raw_server(script) as server, client_of(server.url, **settings) as client:
            try:
                return await probe(client), server
            except GgrecError as error:
                return error, server

    return asyncio.run(work())


def error_of(outcome: Any, kind: type[ServerError]) -> ServerError:
    assert type(outcome) is kind, repr(outcome)
    assert outcome.diagnostics[0].hint
    assert outcome.__cause__ is None
    assert outcome.__context__ is None
    return outcome


# 1: not Grafana at all


@pytest.mark.parametrize(
    "script",
    [
        answer(200, b"Prometheus Server is Healthy.\n", media_type="text/plain"),
        answer(200, HTML, media_type="text/html"),
        answer(200, {"status": "green"}),
        answer(200, ["ok"]),
        answer(404, {"message": "Not found"}),
    ],
)
def test_something_else_is_told_from_grafana(script: bytes) -> None:
    outcome, server = probed(script)
    assert "this is not Grafana's API" in str(error_of(outcome, Unreachable))
    assert set(server.asked) <= {"GET /api/health", "GET /api/org"}


def test_a_server_that_answers_nothing_is_told() -> None:
    outcome, _ = probed(answer(204))
    assert "HTTP 204: the answer is empty" in str(error_of(outcome, ServerError))


# 2: HTML 404 and 3: HTML 502


def test_an_html_404_is_not_an_absent_object() -> None:
    request = ApiRequest("GET", "/api/folders/f", handles=frozenset({404}))
    outcome, server = sent(answer(404, HTML, media_type="text/html"), request)
    assert "this is not Grafana's API" in str(error_of(outcome, Unreachable))
    assert len(server.seen) == 1


def test_an_html_502_is_asked_five_times_and_then_told() -> None:
    time = VirtualTime()
    outcome, server = sent(answer(502, HTML, media_type="text/html"), GET, time)
    assert "GET /api/folders/f: HTTP 502: this is not Grafana's API" in str(error_of(outcome, Unreachable))
    assert (len(server.seen), time.slept) == (5, [0.25, 0.5, 1.0, 2.0])


def test_a_502_that_passes_is_not_noticed() -> None:
    replies = [answer(502, HTML, media_type="text/html"), answer(503), answer(200, {"uid": "f"})]
    outcome, server = sent(lambda seen: replies.pop(0), GET)
    assert isinstance(outcome, ApiResponse)
    assert (outcome.body, len(server.seen)) == ({"uid": "f"}, 3)


@pytest.mark.parametrize("method", WRITES)
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_write_that_failed_inside_is_sent_once_and_ambiguous(method: Method, status: int) -> None:
    request = ApiRequest(method, "/api/x", body={})
    outcome, server = sent(answer(status, HTML, media_type="text/html", Retry_After="1"), request)
    assert error_of(outcome, Unreachable).ambiguous
    assert len(server.seen) == 1


# 4: redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", *WRITES])
def test_a_redirect_is_never_followed(method: Method, status: int) -> None:
    def script(seen: Seen) -> bytes:
        return answer(status, Location="/elsewhere") if seen.path == "/api/x" else answer(200, {})

    outcome, server = sent(script, ApiRequest(method, "/api/x", body=None if method == "GET" else {}))
    text = str(error_of(outcome, Unreachable))
    assert f'{method} /api/x: HTTP {status}: redirected to "/elsewhere"' in text
    assert "change the url" in text
    assert server.asked == [f"{method} /api/x"]


# 5: an expired token, and other 401s


@pytest.mark.parametrize(
    ("code", "words", "says"),
    [
        ("api-key.expired", "Expired API key", "the token has expired"),
        ("api-key.invalid", "Invalid API key", "does not know this token"),
        ("password-auth.failed", "Invalid username or password", "locks the user"),
    ],
)
@pytest.mark.parametrize("request_", [GET, POST], ids=["GET", "POST"])
def test_401_is_asked_once(request_: ApiRequest, code: str, words: str, says: str) -> None:
    body = {"message": words, "messageId": code, "statusCode": 401}
    outcome, server = sent(answer(401, body, Retry_After="1"), request_)
    text = str(error_of(outcome, Unauthorized))
    assert f"{request_.method} {request_.path}: HTTP 401: " in text
    assert says in text
    assert words in text
    assert len(server.seen) == 1


def test_a_wrong_password_is_tried_once_by_the_probe() -> None:
    def script(seen: Seen) -> bytes:
        if seen.path == "/api/health":
            return grafana_like(seen)
        return answer(401, {"message": "Invalid username or password", "messageId": "password-auth.failed"})

    outcome, server = probed(script, user="admin", password=PASSWORD)
    error_of(outcome, Unauthorized)
    assert sorted(server.asked) == ["GET /api/health", "GET /api/org"]


# 6: a viewer's token


@pytest.mark.parametrize("request_", [GET, POST], ids=["GET", "POST"])
def test_a_viewer_is_told_which_permission_is_missing(request_: ApiRequest) -> None:
    words = "You'll need additional permissions to perform this action. Permissions needed: folders:create"
    body = {"accessErrorId": "ACE3603773292", "message": words, "title": "Access denied"}
    outcome, server = sent(answer(403, body), request_)
    error = error_of(outcome, Forbidden)
    assert f"HTTP 403: {words}" in str(error)
    assert "the permission folders:create;" in error.diagnostics[0].hint
    assert len(server.seen) == 1


# 7: the wrong organisation


def _in_org(number: int) -> Script:
    def script(seen: Seen) -> bytes:
        return answer(200, {"id": number, "name": "Second"}) if seen.path == "/api/org" else grafana_like(seen)

    return script


@pytest.mark.parametrize("credentials", [{}, {"user": "admin", "password": PASSWORD}])
def test_the_wrong_organisation_is_refused_before_anything_is_read(credentials: dict[str, Any]) -> None:
    outcome, server = probed(_in_org(2), org=1, **credentials)
    text = str(error_of(outcome, Unauthorized))
    assert "organisation 1" in text
    assert 'organisation 2 "Second"' in text
    assert sorted(server.asked) == ["GET /api/health", "GET /api/org"]


def test_an_organisation_that_is_not_there_is_named() -> None:
    def script(seen: Seen) -> bytes:
        refused = {"accessErrorId": "ACE1", "message": "Permissions needed: orgs:read"}
        return answer(403, refused) if seen.path == "/api/org" else grafana_like(seen)

    outcome, server = probed(script, org=7, user="admin", password=PASSWORD)
    text = str(error_of(outcome, Unauthorized))
    assert "organisation 7" in text
    assert "the user admin" in text
    assert sorted(server.asked) == ["GET /api/health", "GET /api/org"]


# 8: a sub-path in eight spellings


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_eight_spellings_lead_to_the_same_requests(spelling: str) -> None:
    asked: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        seen = Seen(request.method, request.url.path, {}, b"")
        head, _, body = grafana_like(seen).partition(b"\r\n\r\n")
        return httpx.Response(int(head.split()[1]), content=body)

    async def work() -> None:
        async with client_of(spelling, transport=mock(handler)) as client:
            await probe(client)

    asyncio.run(work())
    names = ("api/frontend/settings", "api/health", "api/org", "api/user", "apis")
    assert sorted(asked) == [f"http://h/grafana/{name}" for name in names]


# 9: truncated JSON


def test_json_that_ends_early_is_told() -> None:
    outcome, server = sent(answer(200, b'{"uid": "f", "title": "Fol'), GET)
    assert "GET /api/folders/f: HTTP 200: the answer is not complete JSON" in str(error_of(outcome, ServerError))
    assert len(server.seen) == 1
    outcome, server = sent(answer(200, b'{"uid": "f"'), POST)
    assert error_of(outcome, ServerError).ambiguous


@pytest.mark.parametrize("script", [answer(200, b'{"uid": ', Content_Length="500"), CUT, b"HTP/nonsense\r\n\r\n"])
def test_a_connection_that_ends_early_is_tried_again_for_reads_only(script: bytes) -> None:
    time = VirtualTime()
    outcome, server = sent(script, GET, time)
    text = str(error_of(outcome, Unreachable))
    assert f"GET {server.url}/api/folders/f: the connection broke before the answer was complete" in text
    assert (len(server.seen), len(time.slept)) == (5, 4)
    outcome, server = sent(script, POST)
    error = error_of(outcome, Unreachable)
    assert error.ambiguous
    assert "it is not known whether Grafana did it" in str(error)
    assert len(server.seen) == 1


# 10: too many requests, both forms of Retry-After

BOTH_FORMS = [
    {"Retry_After": "7"},
    {"Retry_After": "Mon, 23 Nov 2026 12:00:07 GMT"},
    {"Retry_After": "Sun, 01 Nov 2026 00:00:12 GMT", "Date": "Sun, 01 Nov 2026 00:00:05 GMT"},
]

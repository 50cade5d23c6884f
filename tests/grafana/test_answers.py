"""What answers mean that no healthy Grafana gives, and what is said of them."""

import json
from typing import Any

import pytest

from reconciler.core.errors import Forbidden, ServerError, Unauthorized, Unreachable
from reconciler.core.exchange import ApiRequest, Method
from reconciler.grafana.answers import classify, clean, understood
from reconciler.grafana.replies import Reply
from tests.grafana.support import GET, POST

HTML = b"<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head></html>"
WRITES: tuple[Method, ...] = ("POST", "PUT", "PATCH", "DELETE")


def reply(status: int, body: Any = b"", media_type: str = "application/json", **headers: str) -> Reply:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, content, {"content-type": media_type} | {k.replace("_", "-"): v for k, v in headers.items()})


def error_of(request: ApiRequest, given: Reply) -> ServerError:
    found = classify(request, given)
    assert found is not None
    return found


@pytest.mark.parametrize("status", [200, 201, 400, 401, 403, 404, 500, 502])
@pytest.mark.parametrize("media_type", ["text/html", "text/html; charset=utf-8", "application/json", ""])
def test_html_is_never_grafana(status: int, media_type: str) -> None:
    handles = ApiRequest("GET", "/api/folders/f", handles=frozenset({404, 500, 502}))
    error = error_of(handles, reply(status, HTML, media_type))
    assert type(error) is Unreachable
    assert error.status == status
    assert f"GET /api/folders/f: HTTP {status}: this is not Grafana's API: " in str(error)
    assert "<!DOCTYPE html> <html><head><title>502" in str(error)


@pytest.mark.parametrize(
    ("body", "media_type"),
    [(b"up 1\n", "text/plain"), (b"\x89PNG\x00", "image/png"), (b"404 page not found", "text/plain")],
)
def test_text_is_not_grafana(body: bytes, media_type: str) -> None:
    error = error_of(GET, reply(200, body, media_type))
    assert type(error) is Unreachable
    assert f"the answer is {media_type} instead of JSON" in str(error)


def test_an_unknown_group_is_not_an_absent_object() -> None:
    path = "/apis/folder.grafana.app/v9/namespaces/default/folders/f"
    request = ApiRequest("GET", path, handles=frozenset({404}))
    error = error_of(request, reply(404, b"404 page not found\n", "text/plain; charset=utf-8"))
    assert (type(error), error.status, error.diagnostics[0].code) == (ServerError, 404, "absent-api")


@pytest.mark.parametrize("body", [b'{"uid": "f", "ti', b"[1, 2", b'{"a": NaN}', b"[" * 100_000, b"\xff\xfe\xfa{"])
def test_broken_json_is_a_server_error(body: bytes) -> None:
    error = error_of(GET, reply(200, body))
    assert (type(error), error.status) == (ServerError, 200)
    assert "not complete JSON" in str(error)


def test_an_empty_answer_to_a_read_is_no_empty_list() -> None:
    error = error_of(GET, reply(200, b" \n"))
    assert (type(error), error.diagnostics[0].code) == (ServerError, "broken-answer")
    assert understood(POST, reply(200)).body is None
    assert understood(GET, reply(200, b"null")).body is None
    assert understood(ApiRequest("GET", "/api/x", handles=frozenset({404})), reply(404)).status == 404


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", *WRITES])
def test_a_redirect_says_where_it_points(status: int, method: Method) -> None:
    request = ApiRequest(method, "/api/x", handles=frozenset({status}))
    error = error_of(request, reply(status, HTML, "text/html", location="https://h/grafana/api/x"))
    assert (type(error), error.status, error.ambiguous) == (Unreachable, status, False)
    assert f'{method} /api/x: HTTP {status}: redirected to "https://h/grafana/api/x"' in str(error)
    assert "change the url" in error.diagnostics[0].hint


def test_what_a_redirect_carries_along_is_not_shown() -> None:
    given = reply(302, location="https://admin:pass-word@h/login?redirect=pass-word#pass-word")
    assert 'redirected to "https://h/login"' in str(error_of(GET, given))
    assert "redirected without saying where" in str(error_of(GET, reply(302)))


def test_304_is_no_redirect() -> None:
    assert type(error_of(GET, reply(304))) is ServerError


@pytest.mark.parametrize("method", WRITES)
@pytest.mark.parametrize(
    ("given", "ambiguous"),
    [
        (reply(500, {"message": "database is locked"}), True),
        (reply(503, {"message": "busy"}), True),
        (reply(408, {"message": "too slow"}), True),
        (reply(502, HTML, "text/html"), True),
        (reply(200, HTML, "text/html"), True),
        (reply(200, b'{"uid": '), True),
        (reply(400, {"message": "no"}), False),
        (reply(404, HTML, "text/html"), False),
        (reply(403, HTML, "text/html"), False),
        (reply(400, b'{"mess'), False),
        (reply(412, {"message": "version mismatch"}), False),
        (reply(429, {"message": "slow down"}), False),
    ],
)
def test_what_may_have_been_done_is_ambiguous_for_writes_alone(method: Method, given: Reply, ambiguous: bool) -> None:
    assert error_of(ApiRequest(method, "/api/x"), given).ambiguous is ambiguous
    assert error_of(ApiRequest("GET", "/api/x"), given).ambiguous is False


@pytest.mark.parametrize(
    ("code", "says", "hint"),
    [
        ("api-key.expired", "the token has expired", "make a new one"),
        ("api-key.invalid", "does not know this token", "GRAFANA_TOKEN"),
        ("password-auth.failed", "wrong user or password", "locks the user"),
        ("api-key.organization-mismatch", "another organisation", "leave `org` out"),
        ("auth.unauthorized", "wants credentials", "GRAFANA_TOKEN"),
        ("something.new", "not signed in", "check the credentials"),
    ],
)
def test_401_says_what_is_wrong_with_the_credentials(code: str, says: str, hint: str) -> None:
    request = ApiRequest("GET", "/api/org", handles=frozenset({401}))
    error = error_of(request, reply(401, {"message": "Words of the server", "messageId": code}))
    assert (type(error), error.status, error.message_id) == (Unauthorized, 401, code)
    assert str(error).startswith("GET /api/org: HTTP 401: ")
    assert f"{says} (Words of the server)" in str(error)
    assert hint in error.diagnostics[0].hint


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"message": "Permissions needed: folders:write"}, Forbidden),
        ({"message": "no", "accessErrorId": "ACE1"}, Forbidden),
        ({"message": "Access denied to save dashboard"}, Forbidden),
        ({"kind": "Status", "code": 403, "message": "not allowed"}, Forbidden),
        ({"kind": "Status", "code": 403}, Forbidden),
        ({}, Forbidden),
        (b"", Forbidden),
        ({"message": "Quota reached"}, ServerError),
        ({"message": "the library element has connections"}, ServerError),
        ({"kind": "Status", "message": "provenance", "details": {"uid": "x.invalidProvenance"}}, ServerError),
    ],
)
def test_403_for_lack_of_a_permission(body: Any, kind: type[ServerError]) -> None:
    error = error_of(POST, reply(403, body))
    assert type(error) is kind
    assert "POST /api/folders: HTTP 403: " in str(error)


def test_a_status_of_the_other_api_speaks_by_its_reason() -> None:
    error = error_of(GET, reply(409, {"kind": "Status", "reason": "Conflict", "code": 409}))
    assert str(error).startswith("GET /api/folders/f: HTTP 409: Conflict\n")


def test_a_message_id_is_shown_and_kept() -> None:
    error = error_of(POST, reply(400, {"message": "no circles", "messageId": "folder.circular-reference"}))
    assert "HTTP 400: no circles (folder.circular-reference)" in str(error)
    assert (error.message, error.message_id) == ("no circles", "folder.circular-reference")


def test_too_many_requests_says_when_to_come_back() -> None:
    assert "run again in 3600 s" in str(error_of(POST, reply(429, {"message": "slow"}, retry_after="3600")))
    dated = reply(429, {"message": "slow"}, retry_after="Mon, 23 Nov 2026 13:00:09 +0100")
    assert "run again at 2026-11-23 12:00:09 UTC" in str(error_of(POST, dated))
    assert "run again later" in str(error_of(POST, reply(429, {"message": "slow"}, retry_after="soon")))
    assert "run again later" in str(error_of(POST, reply(429, {"message": "slow"})))


@pytest.mark.parametrize("body", [[], "text", 7, None, {"message": ["list"]}, {"message": None, "messageId": 4}])
def test_strange_error_bodies_are_survived(body: Any) -> None:
    error = error_of(GET, reply(400, body))
    assert "HTTP 400: no message" in str(error)
    assert error.message == ""


def test_a_servers_words_cannot_reach_the_terminal() -> None:
    words = "red \x1b[31m\r\nline\u2028two\x07 \x9b1m" + "x" * 1000
    error = error_of(POST, reply(400, {"message": words}))
    assert error.message.isprintable()
    assert error.message.startswith("red [31m line two 1mxxx")
    assert len(error.message) == 500


def test_secrets_are_taken_out_before_words_are_cut() -> None:
    assert clean("abc s3cret def", lambda text: text.replace("s3cret", "[secret]"), longest=7) == "abc [s…"


def test_only_the_date_is_handed_on() -> None:
    answered = understood(GET, reply(200, {}, date="Mon, 23 Nov 2026 12:00:00 GMT", set_cookie="session"))
    assert answered.headers == {"date": "Mon, 23 Nov 2026 12:00:00 GMT"}
    assert understood(GET, reply(200, {})).headers == {}

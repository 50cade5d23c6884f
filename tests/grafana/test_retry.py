"""When a request is sent again, and when at the earliest."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.core.exchange import ApiRequest
from reconciler.grafana.replies import Loss, Outcome, Reply
from reconciler.grafana.retry import Patience, Tried, retry_after
from tests.grafana.support import GET, POST

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BROKEN = Loss("the connection broke", "", sent=True)
LASTING = Loss("no such host", "", sent=False, lasting=True)
WRITES = [ApiRequest(method, "/api/x", body={}) for method in ("POST", "PUT", "PATCH", "DELETE")]


def wait(request: ApiRequest, outcome: Outcome, *, attempts: int = 1, seconds: float = 0.0) -> float | None:
    return Patience(first_wait=1.0).wait(request, outcome, Tried(attempts, seconds), now=NOW)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_read_is_repeated_after_what_passes(status: int) -> None:
    assert wait(GET, Reply(status)) == 1.0


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 406, 409, 412, 413, 422, 500, 501])
def test_a_read_is_not_repeated_after_anything_else(status: int) -> None:
    assert wait(GET, Reply(status, headers={"retry-after": "1"})) is None


def test_a_read_is_repeated_after_a_lost_answer_unless_it_would_end_alike() -> None:
    assert wait(GET, BROKEN) == 1.0
    assert wait(GET, LASTING) is None


@pytest.mark.parametrize("request_", WRITES, ids=lambda r: r.method)
@pytest.mark.parametrize(
    "outcome", [BROKEN, LASTING, *(Reply(s, headers={"retry-after": "1"}) for s in (409, 500, 502, 503))]
)
def test_a_write_is_never_repeated_on_a_guess(request_: ApiRequest, outcome: Outcome) -> None:
    assert wait(request_, outcome) is None


@pytest.mark.parametrize("request_", WRITES, ids=lambda r: r.method)
def test_a_write_is_repeated_where_the_server_did_nothing_and_says_when(request_: ApiRequest) -> None:
    assert wait(request_, Reply(429, headers={"retry-after": "3"})) == 3.0
    assert wait(request_, Reply(429)) == 1.0


@pytest.mark.parametrize("request_", WRITES, ids=lambda r: r.method)
def test_a_write_without_a_connection_was_not_sent_and_is_repeated(request_: ApiRequest) -> None:
    refused = Loss("connection refused", "", sent=False)
    assert wait(request_, refused) == 1.0
    assert wait(request_, replace(refused, lasting=True)) is None


def test_a_known_server_is_awaited_until_the_time_is_up() -> None:
    patience = Patience(first_wait=1.0)
    for outcome in (Loss("connection refused", "", sent=False), Reply(503), Reply(429)):
        assert patience.wait(GET, outcome, Tried(9, 20.0, known=True), now=NOW) == 30.0
        assert patience.wait(GET, outcome, Tried(9, 31.0, known=True), now=NOW) is None
        assert patience.wait(GET, outcome, Tried(9, 20.0), now=NOW) is None
    assert patience.wait(GET, BROKEN, Tried(9, 20.0, known=True), now=NOW) is None


def test_come_back_at_once_is_no_reason_to_hurry() -> None:
    waits = [wait(POST, Reply(429, headers={"retry-after": "0"}), attempts=n) for n in range(1, 5)]
    assert waits == [1.0, 2.0, 4.0, 8.0]


def test_five_tries_and_no_more() -> None:
    assert [wait(GET, BROKEN, attempts=n) for n in range(1, 6)] == [1.0, 2.0, 4.0, 8.0, None]
    assert wait(POST, Reply(429, headers={"retry-after": "1"}), attempts=5) is None


def test_the_budget_ends_it() -> None:
    assert wait(GET, BROKEN, seconds=59.0) == 1.0
    assert wait(GET, BROKEN, seconds=59.1) is None


def test_a_server_that_wants_too_long_a_wait_is_not_asked_earlier() -> None:
    assert wait(GET, Reply(429, headers={"retry-after": "30"})) == 30.0
    assert wait(GET, Reply(429, headers={"retry-after": "31"})) is None
    assert wait(GET, Reply(429, headers={"retry-after": "9" * 400})) is None


def test_jitter_shortens_only_our_own_waits() -> None:
    patience = Patience(first_wait=1.0)
    own = patience.wait(GET, Reply(503), Tried(1, 0.0), now=NOW, roll=0.25)
    told = patience.wait(GET, Reply(503, headers={"retry-after": "2"}), Tried(1, 0.0), now=NOW, roll=0.25)
    assert (own, told) == (0.25, 2.0)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": " 7 "}, 7.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "Mon, 23 Nov 2026 12:00:09 GMT"}, 9.0),
        ({"retry-after": "Mon, 23 Nov 2026 12:00:09 GMT", "date": "Mon, 23 Nov 2026 12:00:04 GMT"}, 5.0),
        ({"retry-after": "Mon, 23 Nov 2026 18:00:09 GMT", "date": "Mon, 23 Nov 2026 18:00:04 GMT"}, 5.0),
        ({"retry-after": "Mon, 23 Nov 2026 12:00:09 GMT", "date": "yesterday"}, 9.0),
        ({"retry-after": "Monday, 23-Nov-26 12:00:09 GMT"}, 9.0),
        ({"retry-after": "Mon Nov 23 12:00:09 2026"}, 9.0),
        ({"retry-after": "Mon, 23 Nov 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "²"}, None),
        ({"retry-after": ""}, None),
        ({}, None),
    ],
)
def test_retry_after_in_both_forms(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, NOW) == seconds


@given(st.text(max_size=40))
def test_no_header_breaks_it(text: str) -> None:
    found = retry_after({"retry-after": text, "date": text}, NOW)
    assert found is None or found >= 0

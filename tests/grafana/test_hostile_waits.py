"""Servers that ask for patience, or never end: how long the client waits, and when it gives up."""

import asyncio
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from reconciler.core.errors import GgrecError, ServerError, Unreachable
from reconciler.core.exchange import ApiRequest, ApiResponse
from tests.grafana.support import (
    CUT,
    GET,
    HANG,
    POST,
    Seen,
    VirtualTime,
    answer,
    client_of,
    mock,
    raw_server,
)
from tests.grafana.test_hostile import BOTH_FORMS, error_of, sent


def _busy(times: int, **headers: str) -> Callable[[Seen], bytes]:
    replies = [answer(429, {"message": "slow down"}, **headers)] * times

    def script(seen: Seen) -> bytes:
        return replies.pop() if replies else answer(200, {"uid": "f"})

    return script


@pytest.mark.parametrize("headers", BOTH_FORMS)
@pytest.mark.parametrize("request_", [GET, POST], ids=["GET", "POST"])
def test_retry_after_is_obeyed_in_both_forms(request_: ApiRequest, headers: dict[str, str]) -> None:
    time = VirtualTime()
    outcome, server = sent(_busy(1, **headers), request_, time)
    assert isinstance(outcome, ApiResponse), outcome
    assert (len(server.seen), time.elapsed) == (2, 7.0)


@pytest.mark.parametrize("request_", [GET, POST], ids=["GET", "POST"])
def test_a_server_that_stays_busy_is_given_up(request_: ApiRequest) -> None:
    time = VirtualTime()
    outcome, server = sent(_busy(99, Retry_After="2"), request_, time)
    assert "HTTP 429: slow down" in str(error_of(outcome, ServerError))
    assert (len(server.seen), time.slept) == (8, [2.0, 2.0, 2.0, 2.0, 4.0, 8.0, 16.0])


def test_a_wait_beyond_all_patience_is_told_at_once() -> None:
    time = VirtualTime()
    outcome, server = sent(_busy(1, Retry_After="3600"), GET, time)
    assert "run again in 3600 s" in str(error_of(outcome, ServerError))
    assert (len(server.seen), time.slept) == (1, [])


def test_a_busy_server_that_says_nothing_of_when_did_nothing_all_the_same() -> None:
    time = VirtualTime()
    outcome, server = sent(_busy(1), POST, time)
    assert isinstance(outcome, ApiResponse), outcome
    assert (len(server.seen), time.slept) == (2, [0.25])


# and a server that hangs


def test_a_server_that_hangs_is_given_up() -> None:
    time = VirtualTime()
    outcome, server = sent(HANG, GET, time, timeout=0.4)
    assert "no answer within 0.4 s" in str(error_of(outcome, Unreachable))
    assert (len(server.seen), len(time.slept)) == (5, 4)
    outcome, server = sent(HANG, POST, timeout=0.4)
    assert error_of(outcome, Unreachable).ambiguous
    assert len(server.seen) == 1


def test_an_answer_that_drips_for_ever_is_given_up() -> None:
    """Each byte comes in time, and the answer never ends."""

    async def drip() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0)

    async def work() -> GgrecError | None:
        transport = mock(lambda request: httpx.Response(200, content=drip()))
        async with client_of("http://h", transport=transport, timeout=0.01) as client:
            try:
                await client.send(POST)
            except GgrecError as error:
                return error
        return None

    error = error_of(asyncio.run(work()), Unreachable)
    assert "no answer within 0.1 s" in str(error)
    assert error.ambiguous


def test_nobody_listening_is_told() -> None:
    async def work() -> tuple[str, GgrecError | None]:
        async with raw_server(CUT) as server:
            url = server.url
        async with client_of(url) as client:
            try:
                await client.send(POST)
            except GgrecError as error:
                return url, error
        return url, None

    url, outcome = asyncio.run(work())
    error = error_of(outcome, Unreachable)
    assert str(error).startswith(f"POST {url}/api/folders: connection refused\n")
    assert not error.ambiguous

"""One limiter per host: nothing earlier than allowed, less at once under strain, more again after it."""

import asyncio
import math
import random
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.core.budget import Budget
from reconciler.core.errors import ServerError, Unreachable
from reconciler.core.exchange import ApiRequest
from reconciler.grafana.client import Client, Timing
from reconciler.grafana.connection import Connection
from reconciler.grafana.limiter import Limiter
from reconciler.grafana.replies import Loss, Reply
from reconciler.grafana.retry import Patience
from reconciler.grafana.secrets import SecretResolver
from tests.grafana.support import ENVIRONMENT, TOKEN
from tests.virtual import BEGIN, date, elapsed, run_virtual

BUSY, FINE = Reply(429), Reply(200)


def limiter(reads: int = 8, writes: int = 4) -> Limiter:
    return Limiter(reads, writes, monotonic=elapsed)


async def one_turn(found: Limiter, outcome: Any, *, reading: bool = True, asked: float | None = None) -> None:
    async with found.turn(reading=reading, longest=30) as round_:
        found.answered(outcome, reading=reading, round_=round_, asked=asked)


def test_strain_halves_and_clean_answers_add_one() -> None:
    async def work() -> list[int]:
        found = limiter()
        seen = []
        for outcome in [BUSY, BUSY, BUSY, BUSY, *[FINE] * 16]:
            await one_turn(found, outcome)
            seen.append(found.allowed(reading=True))
        assert found.allowed(reading=False) == 4  # counted apart
        assert found.strain == 4
        return seen

    assert run_virtual(work()) == [4, 2, 1, 1, *[1] * 7, 2, *[2] * 7, 3]


def test_requests_that_met_the_same_moment_halve_once() -> None:
    async def work() -> int:
        found = limiter()
        begun = asyncio.Barrier(8)

        async def one() -> None:
            async with found.turn(reading=True, longest=30) as round_:
                await begun.wait()
                found.answered(BUSY, reading=True, round_=round_, asked=None)

        await asyncio.gather(*(one() for _ in range(8)))
        return found.allowed(reading=True)

    assert run_virtual(work()) == 4


def test_a_lost_answer_is_strain_and_a_refusal_is_none() -> None:
    async def work() -> int:
        found = limiter()
        await one_turn(found, Loss("cut", "", sent=True))
        await one_turn(found, Reply(412))
        await one_turn(found, Reply(404), asked=9)  # Retry-After counts only where the server is strained
        assert found.quiet == 0
        return found.strain

    assert run_virtual(work()) == 1


def test_quiet_is_for_reads_and_writes_and_may_be_prolonged_while_one_waits() -> None:
    async def work() -> float:
        found = limiter()
        await one_turn(found, BUSY, asked=5)
        waiting = asyncio.create_task(one_turn(found, FINE, reading=False))
        await asyncio.sleep(3)
        found.answered(BUSY, reading=True, round_=0, asked=9)
        await waiting
        return elapsed()

    assert run_virtual(work()) == pytest.approx(12)


class Storm:
    """A server that says 429 and 503 at random, until it calms down; notes who came although he was told."""

    def __init__(self, seed: int, form: str, calm: float) -> None:
        self.chance = random.Random(seed)
        self.form = form
        self.calm = calm
        self.allowed_at = 0.0
        self.early: list[tuple[float, float]] = []
        self.came = 0

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.came += 1
        if elapsed() < self.allowed_at - 1e-6:
            self.early.append((elapsed(), self.allowed_at))
        await asyncio.sleep(self.chance.uniform(0.01, 0.05))
        if elapsed() > self.calm or self.chance.random() < 0.3:
            return httpx.Response(200, json={})
        seconds = self.chance.randrange(0, 9)
        status = 429 if request.method != "GET" else self.chance.choice([429, 503])
        if self.form == "seconds":
            self.allowed_at = max(self.allowed_at, elapsed() + seconds)
            return httpx.Response(status, headers={"Retry-After": str(seconds)})
        until = math.ceil(elapsed()) + seconds  # a date has whole seconds
        self.allowed_at = max(self.allowed_at, until)
        when = format_datetime(BEGIN + timedelta(seconds=until), usegmt=True)
        return httpx.Response(status, headers={"Retry-After": when})


def client_in(storm: Any, budget: Budget | None = None, limiter: Limiter | None = None) -> Client:
    timing = Timing(asyncio.sleep, elapsed, date, random.Random(0).random, Patience(), budget or Budget())
    connection = Connection("http://h", token=TOKEN, parallelism=8, writes=8)
    secrets = SecretResolver(ENVIRONMENT, Path.cwd())
    return Client(connection, secrets, transport=httpx.MockTransport(storm), timing=timing, limiter=limiter)


@pytest.mark.parametrize("form", ["seconds", "date"])
@pytest.mark.parametrize("seed", range(5))
def test_in_a_storm_nobody_comes_earlier_than_allowed_and_all_get_through(seed: int, form: str) -> None:
    async def work() -> None:
        storm = Storm(seed, form, calm=40)
        async with client_in(storm) as client:
            requests = [ApiRequest("GET", f"/api/r{n}") for n in range(40)]
            requests += [ApiRequest("POST", f"/api/w{n}", body={}) for n in range(40)]
            answers = await asyncio.gather(*(client.send(request) for request in requests))
        assert {answer.status for answer in answers} == {200}
        assert storm.early == []
        assert storm.came < 300  # 80 requests: without a limiter each round would be 80 more

    run_virtual(work())


def test_clients_of_one_host_share_its_limiter() -> None:
    async def work() -> float:
        replies = [httpx.Response(429, headers={"Retry-After": "20"}), httpx.Response(200, json={})]
        shared = limiter()

        def handler(request: httpx.Request) -> httpx.Response:
            return replies.pop(0) if len(replies) > 1 else replies[0]

        async with client_in(handler, limiter=shared) as one, client_in(handler, limiter=shared) as two:
            first = asyncio.create_task(one.send(ApiRequest("GET", "/api/a")))
            await asyncio.sleep(1)
            await two.send(ApiRequest("POST", "/api/b", body={}))
            here = elapsed()
            await first
            return here

    assert run_virtual(work()) == pytest.approx(20)


def test_a_quiet_beyond_all_patience_holds_for_the_others_too_and_they_say_so() -> None:
    async def work() -> int:
        came = 0

        def handler(request: httpx.Request) -> httpx.Response:
            nonlocal came
            came += 1
            return httpx.Response(429, headers={"Retry-After": "3600"})

        async with client_in(handler) as client:
            with pytest.raises(ServerError, match="429"):
                await client.send(ApiRequest("GET", "/api/a"))
            with pytest.raises(Unreachable, match="not sent: the server wants no request for another 3600 s"):
                await client.send(ApiRequest("POST", "/api/b", body={}))
        return came

    assert run_virtual(work()) == 1


def test_no_wait_is_longer_than_what_is_left_of_the_run() -> None:
    async def work() -> float:
        def handler(request: httpx.Request) -> httpx.Response:
            return httpx.Response(503)

        async with client_in(handler, Budget(10, elapsed)) as client:
            with pytest.raises(ServerError, match="503"):
                await client.send(ApiRequest("GET", "/api/a"))
        return elapsed()

    assert run_virtual(work()) <= 10


def _refusing(until: float) -> Any:
    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path != "/api/first" and elapsed() < until:
            raise httpx.ConnectError("refused", request=request) from ConnectionRefusedError()
        return httpx.Response(200, json={})

    return handler


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_server_that_was_there_is_awaited_also_by_writes(method: Any) -> None:
    async def work() -> float:
        async with client_in(_refusing(25.0)) as client:
            await client.send(ApiRequest("GET", "/api/first"))
            await client.send(ApiRequest(method, "/api/x", body={} if method == "POST" else None))
        return elapsed()

    assert 25 <= run_virtual(work()) <= 60


def test_a_server_that_was_never_there_is_given_up_soon() -> None:
    async def work() -> float:
        async with client_in(_refusing(25.0)) as client:
            with pytest.raises(Unreachable, match="connection refused"):
                await client.send(ApiRequest("GET", "/api/x"))
        return elapsed()

    assert run_virtual(work()) < 10

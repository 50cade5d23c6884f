"""The driver: what a reader refuses, and that every conversation is ended properly."""

import asyncio
from typing import Any

import httpx
import pytest

from reconciler.core.errors import Forbidden, ServerError, Unreachable
from reconciler.core.exchange import ApiRequest, Exchange, Listing, Method
from reconciler.core.ports import Reader, Writer
from reconciler.grafana.driver import Grafana, ReadOnlyViolation
from tests.grafana.drivers import SERVER, Log, get, reader_of, statuses, writer_of


def test_they_are_what_the_engine_asks_for() -> None:
    writer = writer_of(Log().handler())
    as_writer: Writer = writer
    as_reader: Reader = reader_of(Log().handler())
    assert as_writer.server is SERVER
    assert as_reader.server is SERVER


def test_a_reader_has_nothing_that_writes() -> None:
    public = {name for name in dir(Grafana) if not name.startswith("_")}
    assert public == {"aclose", "ask", "sent", "server", "strain", "stream"}


def test_an_exchange_is_answered_to_its_end() -> None:
    log = Log()

    async def work() -> list[Any]:
        async with reader_of(log.handler()) as reader:
            found = await reader.ask(log.exchange(get("/api/a"), get("/api/b")))
            assert dict(reader.sent) == {"GET": 2}
            return found

    assert asyncio.run(work()) == [{"n": 1}, {"n": 2}]
    assert log.asked == ["GET /api/a", "GET /api/b"]
    assert log.closed == ["exchange"]


def test_an_exchange_without_requests_has_a_result() -> None:
    def nothing() -> Exchange[int]:
        yield from ()
        return 7

    assert asyncio.run(reader_of(Log().handler()).ask(nothing())) == 7


METHODS: tuple[Method, ...] = ("POST", "PUT", "PATCH", "DELETE")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("way", ["ask", "ask of a writer", "stream", "stream of a writer"])
def test_reading_never_writes(method: Method, way: str) -> None:
    log = Log()

    def listing() -> Listing:
        yield from log.exchange(get("/api/a"), ApiRequest(method, "/api/b"))

    async def work() -> None:
        make = writer_of if "writer" in way else reader_of
        async with make(log.handler()) as reader:
            if way.startswith("ask"):
                await reader.ask(log.exchange(get("/api/a"), ApiRequest(method, "/api/b")))
            else:
                async for _ in reader.stream(listing()):
                    pass

    with pytest.raises(ReadOnlyViolation, match=f"{method} /api/b while reading"):
        asyncio.run(work())
    assert log.asked == ["GET /api/a"]
    assert log.closed == ["exchange"]


def test_a_failure_closes_the_exchange_and_reaches_the_caller() -> None:
    log = Log()
    with pytest.raises(Forbidden):
        asyncio.run(reader_of(log.handler(403, {"accessErrorId": "A"})).ask(log.exchange(get("/api/a"))))
    assert log.closed == ["exchange"]


def test_a_failure_is_not_thrown_into_the_exchange() -> None:
    caught: list[str] = []

    def exchange() -> Exchange[None]:
        try:
            yield get("/api/a")
        except Exception as error:
            caught.append(repr(error))

    with pytest.raises(Forbidden):
        asyncio.run(reader_of(Log().handler(403, {"accessErrorId": "A"})).ask(exchange()))
    assert caught == []


def test_a_fault_of_the_kind_is_not_hidden() -> None:
    log = Log()

    def exchange() -> Exchange[None]:
        try:
            yield get("/api/a")
            raise KeyError("title")
        finally:
            log.closed.append("exchange")

    with pytest.raises(KeyError):
        asyncio.run(reader_of(log.handler()).ask(exchange()))
    assert log.closed == ["exchange"]


CONFLICT = frozenset({409})


@pytest.mark.parametrize(
    ("codes", "began"),
    [
        ((500,), False),
        ((200, 500), True),
        ((201, 400), True),
        ((409, 500), False),
        ((409, 200, 400), True),
    ],
)
def test_an_error_tells_whether_something_was_written_before(codes: tuple[int, ...], began: bool) -> None:
    log = Log()
    requests = [ApiRequest("POST", f"/api/{n}", body={}, handles=CONFLICT) for n in range(len(codes))]
    with pytest.raises(ServerError) as caught:
        asyncio.run(writer_of(statuses(*codes)).write(log.exchange(*requests)))
    assert caught.value.began is began
    assert log.closed == ["exchange"]


def test_a_read_before_is_no_write() -> None:
    requests = [get("/api/a"), ApiRequest("PUT", "/api/b", body={})]
    with pytest.raises(ServerError) as caught:
        asyncio.run(writer_of(statuses(200, 500)).write(Log().exchange(*requests)))
    assert caught.value.began is False


def test_a_lost_answer_after_a_write_says_so_too() -> None:
    left = [httpx.Response(200, json={})]

    def handler(request: httpx.Request) -> httpx.Response:
        if not left:
            raise httpx.ReadError("cut")
        return left.pop()

    requests = [ApiRequest("POST", "/api/a", body={}), ApiRequest("POST", "/api/b", body={})]
    with pytest.raises(Unreachable) as caught:
        asyncio.run(writer_of(handler).write(Log().exchange(*requests)))
    assert (caught.value.began, caught.value.ambiguous) == (True, True)

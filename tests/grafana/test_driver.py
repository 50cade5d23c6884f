"""The driver: what a reader refuses, how listings are streamed, and that every conversation is ended properly."""

import asyncio
import gc
import weakref
from collections.abc import Callable, Generator
from typing import Any

import httpx
import pytest

from reconciler.core.errors import Forbidden, ServerError, Unreachable
from reconciler.core.exchange import ApiRequest, ApiResponse, Exchange, Listing, Method, Page, Server
from reconciler.core.ports import Reader, Writer
from reconciler.core.resource import LiveObject
from reconciler.grafana.driver import Grafana, GrafanaWriter, ReadOnlyViolation
from tests.grafana.support import client_of, mock

SERVER = Server("http://h", "12.3.0", 1, "Main Org.")
Handler = Callable[[httpx.Request], Any]


class Log:
    """Which requests a handler saw, and which exchanges were closed."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.closed: list[str] = []

    def handler(self, status: int = 200, body: Any = None) -> Handler:
        def handle(request: httpx.Request) -> httpx.Response:
            self.asked.append(f"{request.method} {request.url.path}")
            return httpx.Response(status, json={"n": len(self.asked)} if body is None else body)

        return handle

    def exchange(self, *requests: ApiRequest) -> Exchange[list[Any]]:
        found: list[Any] = []
        try:
            for request in requests:
                answer = yield request
                found.append(answer.body)
            return found
        finally:
            self.closed.append("exchange")


def get(path: str) -> ApiRequest:
    return ApiRequest("GET", path)


def reader_of(handler: Handler) -> Grafana:
    return Grafana(client_of("http://h", transport=mock(handler)), SERVER)


def writer_of(handler: Handler) -> GrafanaWriter:
    return GrafanaWriter(client_of("http://h", transport=mock(handler)), SERVER)


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


def statuses(*codes: int) -> Handler:
    left = list(codes)
    return lambda request: httpx.Response(left.pop(0), json={"message": "words"})


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


class Attributes(dict[str, Any]):
    """A mapping that can be watched being let go."""


def pages(log: Log, count: int, watched: list[weakref.ref[Attributes]]) -> Listing:
    """A listing of two objects a page that keeps nothing itself."""
    try:
        for page in range(count):
            answer: ApiResponse | None = yield get(f"/api/{page}")
            assert answer is not None
            del answer
            yield _page(page, watched)
    finally:
        log.closed.append("listing")


def _page(page: int, watched: list[weakref.ref[Attributes]]) -> tuple[LiveObject, ...]:
    found = [Attributes(title=f"{page}.{n}") for n in range(2)]
    watched.extend(map(weakref.ref, found))
    return tuple(LiveObject("folder", item["title"], item) for item in found)


def test_a_listing_is_handed_out_in_order() -> None:
    log = Log()

    async def work() -> list[str]:
        async with reader_of(log.handler()) as reader:
            return [live.uid async for live in reader.stream(pages(log, 3, []))]

    assert asyncio.run(work()) == ["0.0", "0.1", "1.0", "1.1", "2.0", "2.1"]
    assert log.closed == ["listing"]


def test_a_page_is_asked_for_only_when_it_is_needed() -> None:
    log = Log()

    async def work() -> list[tuple[str, int]]:
        async with reader_of(log.handler()) as reader:
            return [(live.uid, len(log.asked)) async for live in reader.stream(pages(log, 3, []))]

    assert asyncio.run(work()) == [("0.0", 1), ("0.1", 1), ("1.0", 2), ("1.1", 2), ("2.0", 3), ("2.1", 3)]


def test_a_page_is_let_go_before_the_next_is_asked_for() -> None:
    log = Log()
    watched: list[weakref.ref[Attributes]] = []
    alive: list[int] = []

    def handler(request: httpx.Request) -> httpx.Response:
        gc.collect()
        alive.append(sum(found() is not None for found in watched))
        return httpx.Response(200, json={})

    async def work() -> None:
        async with reader_of(handler) as reader:
            async for live in reader.stream(pages(log, 4, watched)):
                del live

    asyncio.run(work())
    assert len(watched) == 8
    assert alive == [0, 0, 0, 0]


def test_a_listing_that_is_left_early_is_closed_and_asks_no_more() -> None:
    log = Log()

    async def work() -> None:
        async with reader_of(log.handler()) as reader:
            stream = reader.stream(pages(log, 3, []))
            async for _ in stream:
                break
            await stream.aclose()  # type: ignore[attr-defined]  # an async generator behind the port's iterator

    asyncio.run(work())
    assert log.asked == ["GET /api/0"]
    assert log.closed == ["listing"]


def test_a_listing_that_fails_midway_hands_out_what_came_and_raises() -> None:
    log = Log()
    found: list[str] = []

    async def work() -> None:
        async with reader_of(statuses(200, 500)) as reader:
            async for live in reader.stream(pages(log, 3, [])):
                found.append(live.uid)

    with pytest.raises(ServerError):
        asyncio.run(work())
    assert found == ["0.0", "0.1"]
    assert log.closed == ["listing"]


def test_pages_may_follow_each_other_without_a_request() -> None:
    def listing() -> Generator[ApiRequest | tuple[LiveObject, ...], ApiResponse, None]:
        yield get("/api/a")
        yield (LiveObject("folder", "a", {}),)
        yield ()
        yield (LiveObject("folder", "b", {}),)

    async def work() -> list[str]:
        async with reader_of(Log().handler()) as reader:
            return [live.uid async for live in reader.stream(listing())]

    assert asyncio.run(work()) == ["a", "b"]


def announced(log: Log, count: int, size: int, *, method: Method = "GET") -> Listing:
    """A listing whose pages announce the next one's request."""
    asked: ApiRequest | None = get("/api/0")
    try:
        for page in range(count):
            assert asked is not None
            yield asked
            following = ApiRequest(method, f"/api/{page + 1}")
            asked = following if page + 1 < count else None
            yield Page((LiveObject("folder", f"{page}.{n}", {}) for n in range(size)), asked)
    finally:
        log.closed.append("listing")


def test_an_announced_page_is_asked_for_while_the_one_before_is_looked_at() -> None:
    log = Log()
    seen: dict[str, int] = {}

    async def work() -> None:
        async with reader_of(log.handler()) as reader:
            async for live in reader.stream(announced(log, 3, 50)):
                seen[live.uid] = len(log.asked)

    asyncio.run(work())
    assert list(seen) == [f"{page}.{n}" for page in range(3) for n in range(50)]
    assert log.asked == ["GET /api/0", "GET /api/1", "GET /api/2"]
    assert (seen["0.0"], seen["0.49"], seen["1.0"], seen["1.49"]) == (2, 2, 3, 3), (
        "one page ahead from the first object on, and no more"
    )


def test_a_page_that_fails_ahead_takes_nothing_from_the_one_before() -> None:
    log = Log()
    found: list[str] = []

    async def work() -> None:
        async with reader_of(statuses(200, 403)) as reader:
            async for live in reader.stream(announced(log, 3, 50)):
                found.append(live.uid)

    with pytest.raises(ServerError, match="GET /api/1"):
        asyncio.run(work())
    assert found == [f"0.{n}" for n in range(50)]
    assert log.closed == ["listing"]


@pytest.mark.parametrize("looked_at", [1, 50])
def test_what_was_sent_ahead_is_taken_back_when_nobody_wants_it(looked_at: int) -> None:
    log = Log()
    left: list[str] = []

    async def work() -> None:
        async with reader_of(statuses(200, 500)) as reader:
            stream = reader.stream(announced(log, 3, 50))
            for _ in range(looked_at):
                await anext(stream)
            await stream.aclose()  # type: ignore[attr-defined]  # an async generator behind the port's iterator
            left.extend(str(task) for task in asyncio.all_tasks() - {asyncio.current_task()})

    asyncio.run(work())
    assert left == []
    assert log.closed == ["listing"]


def test_a_reader_that_is_cancelled_while_it_waits_for_a_page_leaves_nothing_behind() -> None:
    log = Log()
    left: list[str] = []

    async def work() -> None:
        reached, never = asyncio.Event(), asyncio.Event()

        async def handler(request: httpx.Request) -> httpx.Response:
            if request.url.path != "/api/0":
                reached.set()
                await never.wait()
            return httpx.Response(200, json={})

        async def read() -> None:
            async with reader_of(handler) as reader:
                async for _ in reader.stream(announced(log, 3, 2)):
                    pass

        reading = asyncio.create_task(read())
        await reached.wait()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        left.extend(str(task) for task in asyncio.all_tasks() - {asyncio.current_task()})

    asyncio.run(work())
    assert left == []
    assert log.closed == ["listing"]


def test_an_announced_write_is_never_sent() -> None:
    log = Log()

    async def work() -> None:
        async with reader_of(log.handler()) as reader:
            async for _ in reader.stream(announced(log, 2, 50, method="POST")):
                pass

    with pytest.raises(ReadOnlyViolation):
        asyncio.run(work())
    assert log.asked == ["GET /api/0"]


def test_an_answer_goes_to_the_request_it_was_sent_for() -> None:
    def listing() -> Listing:
        yield get("/api/first")
        yield Page((LiveObject("folder", str(n), {}) for n in range(50)), get("/api/announced"))
        answer = yield get("/api/another")
        yield (LiveObject("folder", str(answer.body), {}),)

    async def work() -> list[str]:
        def handler(request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, json=request.url.path)

        async with reader_of(handler) as reader:
            return [live.uid async for live in reader.stream(listing())]

    assert asyncio.run(work())[-1] == "/api/another"

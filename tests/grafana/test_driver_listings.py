"""How the driver streams listings: page by page, at most one ahead, nothing kept and nothing left behind."""

import asyncio
import gc
import weakref
from collections.abc import Generator
from typing import Any

import httpx
import pytest

from reconciler.core.errors import ServerError
from reconciler.core.exchange import ApiRequest, ApiResponse, Listing, Method, Page
from reconciler.core.resource import LiveObject
from reconciler.grafana.driver import ReadOnlyViolation
from tests.grafana.drivers import Log, get, reader_of, statuses


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

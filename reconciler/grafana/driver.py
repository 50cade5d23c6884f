"""Drives the kinds' exchanges: sends what they yield, sends back what was answered. A reader has no method that
writes.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self, TypeVar

from reconciler.core.errors import ServerError
from reconciler.core.exchange import ApiRequest, ApiResponse, Exchange, Listing, Page, Server
from reconciler.core.resource import LiveObject
from reconciler.grafana.client import Client

T = TypeVar("T")


class ReadOnlyViolation(AssertionError):
    """A kind tried to write while it was asked to read: a fault of the program, never of the input."""


class Grafana:
    """Implements core.ports.Reader. How many reads run at once is the client's to limit."""

    def __init__(self, client: Client, server: Server) -> None:
        self._client = client
        self._server = server

    @property
    def server(self) -> Server:
        """What the probe found out."""
        return self._server

    @property
    def sent(self) -> Counter[str]:
        """How many requests were sent so far, by method; each try counts."""
        return self._client.sent

    @property
    def strain(self) -> int:
        """How often so far the server asked for less, or left a request without an answer."""
        return self._client.strain

    async def aclose(self) -> None:
        """Close the connections. May be called twice."""
        await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        await self.aclose()

    async def ask(self, exchange: Exchange[T]) -> T:
        """Carry out an exchange that only reads. Raises ServerError, and ReadOnlyViolation before a write is sent."""
        return await _drive(self._client, exchange, reading=True)

    async def stream(self, listing: Listing) -> AsyncIterator[LiveObject]:
        """Hand out what a listing finds. The request that a page announces is sent at once, and its answer waits until
        the page is used up, so at most one page is ahead; what is not announced is asked for only then. Raises as
        `ask` does, what concerns a page after everything before it was handed out.
        """
        ahead = _Ahead(self._client)
        try:
            step: ApiRequest | tuple[LiveObject, ...] = next(listing)
            while True:
                if isinstance(step, tuple):
                    if isinstance(step, Page):
                        await ahead.begin(step.following)
                    for live in step:
                        yield live
                        del live
                        await ahead.turn()
                    step = ()
                    step = next(listing)
                else:
                    _only_get(step)
                    step = listing.send(await ahead.answer(step))
        except StopIteration:
            return
        finally:
            await ahead.drop()
            listing.close()


_TURNS = 16
"""Turns of the loop in which a request gets from `send` to the network; with one turn for each object looked at, the
server would wait for it as long.
"""


class _Ahead:
    """At most one request that is under way before it is asked for."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._request: ApiRequest | None = None
        self._task: asyncio.Task[ApiResponse] | None = None

    async def begin(self, request: ApiRequest | None) -> None:
        """Send it, if there is one; it is under way before anybody looks at the page that announced it."""
        if request is not None and self._task is None:
            _only_get(request)
            self._request, self._task = request, asyncio.create_task(self._client.send(request))
            for _ in range(_TURNS):
                await asyncio.sleep(0)

    async def turn(self) -> None:
        """Let it get on: whoever looks at a page does not wait for anything, and so would let nothing be sent."""
        if self._task is not None and not self._task.done():
            await asyncio.sleep(0)

    async def answer(self, request: ApiRequest) -> ApiResponse:
        """The answer to what is asked now, which may be the one that was sent already."""
        if self._task is None or request != self._request:
            await self.drop()
            return await self._client.send(request)
        answer = await self._task
        self._task = None
        return answer

    async def drop(self) -> None:
        """Take back what nobody asked for; how it ends concerns nobody."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
            if not task.cancelled():
                task.exception()


GrafanaReader = Grafana


class GrafanaWriter(Grafana):
    """Implements core.ports.Writer. How many writes run at once is the engine's to decide."""

    async def write(self, exchange: Exchange[T]) -> T:
        """Carry out an exchange that may write. A ServerError tells by `began` whether something was written before."""
        return await _drive(self._client, exchange, reading=False)


def _only_get(request: ApiRequest) -> None:
    if not request.reads:
        raise ReadOnlyViolation(f"{request.method} {request.path} while reading")


async def _drive(client: Client, exchange: Exchange[T], *, reading: bool) -> T:
    began = False
    try:
        request = next(exchange)
        while True:
            if reading:
                _only_get(request)
            try:
                answer = await client.send(request)
            except ServerError as error:
                error.began = began
                raise
            # A 4xx that the kind looks at wrote nothing; a 5xx may have.
            began = began or (not request.reads and not 400 <= answer.status < 500)
            request = exchange.send(answer)
    except StopIteration as stop:
        result: T = stop.value
        return result
    finally:
        exchange.close()

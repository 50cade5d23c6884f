"""Drives the kinds' exchanges: sends what they yield, sends back what was answered. The reader has no method that
writes.
"""

from collections.abc import AsyncIterator
from typing import TypeVar

from reconciler.core.exchange import ApiRequest, Exchange, Listing, Server
from reconciler.core.resource import LiveObject
from reconciler.grafana.client import Client

T = TypeVar("T")


class ReadOnlyViolation(AssertionError):
    """A kind tried to write while it was asked to read: a fault of the program, never of the input."""


class GrafanaReader:
    """Implements core.ports.Reader."""

    def __init__(self, client: Client, server: Server) -> None:
        self._client = client
        self._server = server

    @property
    def server(self) -> Server:
        """What the probe found out."""
        return self._server

    async def ask(self, exchange: Exchange[T]) -> T:
        """Carry out an exchange that only reads."""
        return await _drive(self._client, exchange, reading=True)

    async def stream(self, listing: Listing) -> AsyncIterator[LiveObject]:
        """Hand out what a listing finds, page by page; the next page is asked for when this one is used up."""
        try:
            step = next(listing)
            while True:
                if isinstance(step, tuple):
                    for live in step:
                        yield live
                    step = next(listing)
                else:
                    _only_get(step)
                    step = listing.send(await self._client.send(step))
        except StopIteration:
            return
        finally:
            listing.close()


class GrafanaWriter(GrafanaReader):
    """Implements core.ports.Writer."""

    async def write(self, exchange: Exchange[T]) -> T:
        """Carry out an exchange that may write."""
        return await _drive(self._client, exchange, reading=False)


def _only_get(request: ApiRequest) -> None:
    if request.method != "GET":
        raise ReadOnlyViolation(f"{request.method} {request.path} while reading")


async def _drive(client: Client, exchange: Exchange[T], *, reading: bool) -> T:
    began = False
    try:
        request = next(exchange)
        while True:
            if reading:
                _only_get(request)
            answer = await client.send(request, began=began)
            began = began or request.method != "GET"
            request = exchange.send(answer)
    except StopIteration as stop:
        result: T = stop.value
        return result
    finally:
        exchange.close()

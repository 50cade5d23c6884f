"""A reader that stops when the time of the run is up: what it was not asked in time is not known, and that is said."""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

from reconciler.core.budget import Budget
from reconciler.core.errors import OutOfTime
from reconciler.core.exchange import Exchange, Listing, Server
from reconciler.core.ports import Reader
from reconciler.core.resource import LiveObject

T = TypeVar("T")


class TimedReader:
    """Implements core.ports.Reader over another one. Raises OutOfTime where the budget is spent before or meanwhile."""

    def __init__(self, reader: Reader, budget: Budget) -> None:
        self._reader = reader
        self._budget = budget

    @property
    def server(self) -> Server:
        """The server's facts."""
        return self._reader.server

    async def ask(self, exchange: Exchange[T]) -> T:
        """Read."""
        async with within(self._budget):
            return await self._reader.ask(exchange)

    async def stream(self, listing: Listing) -> AsyncIterator[LiveObject]:
        """List."""
        found = aiter(self._reader.stream(listing))
        while True:
            try:
                async with within(self._budget):
                    live = await anext(found)
            except StopAsyncIteration:
                return
            yield live


@asynccontextmanager
async def within(budget: Budget) -> AsyncIterator[None]:
    """Do it in the time that is left. Raises OutOfTime."""
    if budget.spent:
        raise _out_of_time(budget)
    left = budget.left
    try:
        async with asyncio.timeout(None if math.isinf(left) else left):
            yield
    except TimeoutError:
        raise _out_of_time(budget) from None


def _out_of_time(budget: Budget) -> OutOfTime:
    text = f"the time limit of {budget.seconds:g} s came before it was read"
    return OutOfTime.one("out-of-time", text, hint="give more with --timeout")

"""How many writes run at once: what the server bears, as far as it shows.

The default SQLite loses permissions behind a 200, and answers 500 for what it did, when it is written to by many at
once (grafana-api.md section 6). So at the first sign of trouble one write at a time is left, and after a run of clean
ones more are tried again. Must not decide what is repeated.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from reconciler.core.errors import Busy, ServerError
from reconciler.core.exchange import Exchange, Listing, Server
from reconciler.core.ports import Writer
from reconciler.core.resource import LiveObject

T = TypeVar("T")

STRUGGLING = "Grafana is struggling: one write at a time from here on."
_CLEAN = 20
"""Writes without trouble after which one more at once is tried."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 8.0
"""Seconds to wait before a write that follows trouble."""


class Pace:
    """At most `most` writes at once; `said` is told, once, when it falls to one. `sleep` is the clock."""

    def __init__(
        self,
        most: int,
        *,
        said: Callable[[str], None] = lambda text: None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.most = max(1, most)
        self.allowed = self.most
        self._said: Callable[[str], None] | None = said
        self._sleep = sleep
        self._waiting: deque[tuple[bool, asyncio.Future[None]]] = deque()
        self._running = 0
        self._alone = False
        self._clean = 0
        self._troubles = 0

    @asynccontextmanager
    async def turn(self, *, alone: bool) -> AsyncIterator[None]:
        """Wait for a place and hold it, in the order of asking; `alone`: while nothing else is written."""
        place = asyncio.get_running_loop().create_future()
        self._waiting.append((alone, place))
        self._admit()
        try:
            await place
        except asyncio.CancelledError:
            if place.cancelled():
                if (alone, place) in self._waiting:
                    self._waiting.remove((alone, place))
                self._admit()
            else:  # it was given in the same moment
                self._leave()
            raise
        try:
            yield
        finally:
            self._leave()

    def _admit(self) -> None:
        """Give places to those who wait longest, as long as they fit: each is woken once, however many wait. Who was
        cancelled waits no more, also where it has not heard of it yet.
        """
        while self._waiting and self._fits(self._waiting[0][0]):
            alone, place = self._waiting.popleft()
            if place.cancelled():
                continue
            self._alone = alone
            self._running += 1
            place.set_result(None)

    def _leave(self) -> None:
        self._running -= 1
        self._alone = False
        self._admit()

    def _fits(self, alone: bool) -> bool:
        return self._running == 0 if alone else not self._alone and self._running < self.allowed

    def trouble(self) -> None:
        """A write met trouble."""
        self._clean = 0
        self._troubles += 1
        self.allowed = 1
        if self._said is not None:
            self._said(STRUGGLING)
            self._said = None

    def went_well(self) -> None:
        """A write was clean."""
        self._troubles = 0
        self._clean += 1
        if self._clean >= _CLEAN and self.allowed < self.most:
            self._clean = 0
            self.allowed += 1

    async def breathe(self) -> None:
        """After trouble, give the server time before the next write."""
        if self._troubles:
            await self._sleep(min(_FIRST_PAUSE * 2 ** min(self._troubles - 1, 10), _LONGEST_PAUSE))


class PacedWriter:
    """A Writer whose writes tell the pace how they went."""

    def __init__(self, writer: Writer, pace: Pace) -> None:
        self._writer = writer
        self._pace = pace

    @property
    def server(self) -> Server:
        """The server's facts."""
        return self._writer.server

    @property
    def strain(self) -> int:
        """As the writer counts it."""
        return self._writer.strain

    async def ask(self, exchange: Exchange[T]) -> T:
        """Read."""
        return await self._writer.ask(exchange)

    def stream(self, listing: Listing) -> AsyncIterator[LiveObject]:
        """List."""
        return self._writer.stream(listing)

    async def write(self, exchange: Exchange[T]) -> T:
        """Write. Trouble is a 5xx, a 429 (also one that was waited for and passed), a lost or ambiguous answer, a
        busy server.
        """
        await self._pace.breathe()
        before = self._writer.strain
        try:
            done = await self._writer.write(exchange)
        except ServerError as error:
            if error.ambiguous or isinstance(error, Busy) or error.status == 429 or (error.status or 0) >= 500:
                self._pace.trouble()
            raise
        if self._writer.strain > before:
            self._pace.trouble()
        else:
            self._pace.went_well()
        return done

"""How many requests one host is asked to bear at once, and from when on: shared by all that talk to it in a run.

Reads and writes are counted apart. Must not send, or decide what is sent again.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from reconciler.grafana.replies import Loss, Outcome

STRAIN = frozenset({429, 502, 503, 504})
"""The statuses by which a server, or a proxy before it, says that it is too much just now."""
_CLEAN = 8
"""Answers without strain after which one request more is tried."""


class Quiet(Exception):
    """The server wants no request for longer than the asker can wait."""


class _Lane:
    """Requests of one sort: `most` at once, halved under strain, one more after a run of clean answers."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.allowed = most
        self.running = 0
        self.clean = 0
        self.round = 0
        self.freed = asyncio.Condition()

    def strained(self, begun_in: int) -> None:
        """Halve, once for all requests that were under way together: they all met the same moment."""
        self.clean = 0
        if begun_in == self.round:
            self.allowed = max(1, self.allowed // 2)
            self.round += 1

    def eased(self) -> None:
        """Count a clean answer, and try one more at once after enough of them."""
        self.clean += 1
        if self.clean >= _CLEAN and self.allowed < self.most:
            self.clean = 0
            self.allowed += 1


class Limiter:
    """The limits of one host: at most `reads` requests that change nothing and `writes` others at once, none before it
    is quiet no more. `sleep` and `monotonic` are the clock.

    `strain` counts the answers that asked for less, and the answers that were lost.
    """

    def __init__(
        self,
        reads: int,
        writes: int,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        monotonic: Callable[[], float],
    ) -> None:
        self.strain = 0
        self._lanes = {True: _Lane(reads), False: _Lane(writes)}
        self._sleep = sleep
        self._monotonic = monotonic
        self._quiet_until = float("-inf")

    @property
    def quiet(self) -> float:
        """Seconds for which the server wants no request; 0: none."""
        return max(self._quiet_until - self._monotonic(), 0.0)

    def allowed(self, *, reading: bool) -> int:
        """How many requests of this sort may be under way now."""
        return self._lanes[reading].allowed

    @asynccontextmanager
    async def turn(self, *, reading: bool, longest: float) -> AsyncIterator[int]:
        """Wait for a place and for the end of the quiet, then hold the place; what is given is for `answered`.

        Raises Quiet where the quiet would last longer than `longest` seconds: then nothing may be sent.
        """
        lane = self._lanes[reading]
        async with lane.freed:
            await lane.freed.wait_for(lambda: lane.running < lane.allowed)
            lane.running += 1
        try:
            while (quiet := self.quiet) > 0:  # it may be prolonged by others while this one waits
                if quiet > longest:
                    raise Quiet
                await self._sleep(quiet)
            yield lane.round
        finally:
            async with lane.freed:
                lane.running -= 1
                lane.freed.notify_all()

    def answered(self, outcome: Outcome, *, reading: bool, round_: int, asked: float | None) -> None:
        """Learn from what came of a request: `round_` is what its turn gave, `asked` the seconds of its Retry-After.

        A server that says when to come back says it to all requests, whatever becomes of this one.
        """
        lane = self._lanes[reading]
        strained = isinstance(outcome, Loss) or outcome.status in STRAIN
        if asked is not None and strained:
            self._quiet_until = max(self._quiet_until, self._monotonic() + asked)
        if strained:
            self.strain += 1
            lane.strained(round_)
        else:
            lane.eased()

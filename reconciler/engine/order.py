"""In which order kinds are read: one whose list is long goes first, so that nobody waits for it at the end."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager


class Order:
    """The turns of the kinds of one refresh (`number` of them). Those that lead begin alone; while they list, the
    others are read one after the other, for a server shares its processors among all that ask; then side by side.
    """

    def __init__(self, leading: Collection[str], number: int) -> None:
        self._leading = set(leading)
        self._listing = set(leading)
        self._number = number
        self._begun = asyncio.Event()
        self._beside = asyncio.Semaphore(1)
        self._look()

    def answered(self, kind: str) -> None:
        """A kind has its first answer."""
        self._leading.discard(kind)
        self._look()

    @asynccontextmanager
    async def turn(self, kind: str) -> AsyncIterator[None]:
        """For the time in which a kind is read."""
        if kind not in self._listing:
            await self._begun.wait()
            async with self._beside:
                yield
            return
        try:
            yield
        finally:
            self._listing.discard(kind)
            self.answered(kind)

    def _look(self) -> None:
        if not self._leading:
            self._begun.set()
        if not self._listing:
            for _ in range(self._number):
                self._beside.release()

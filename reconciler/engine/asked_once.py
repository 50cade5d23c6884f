"""A reader for one plan: a question that several ask (`ApiRequest.shared`) is sent once.

Who does not look at a refusal itself asks anew, so that a refusal means to each what it always did. Must not outlive
the plan: what is checked before a write is asked again.
"""

import asyncio
from collections.abc import AsyncIterator, Generator
from typing import Generic, TypeAlias, TypeVar

from reconciler.core.exchange import ApiRequest, ApiResponse, Exchange, Listing, Server
from reconciler.core.ports import Reader
from reconciler.core.resource import LiveObject

T = TypeVar("T")
Y = TypeVar("Y")
_Question: TypeAlias = tuple[str, tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]


class AskedOnce:
    """Implements core.ports.Reader over another one."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._known: dict[_Question, ApiResponse] = {}
        self._asking: dict[_Question, asyncio.Lock] = {}

    @property
    def server(self) -> Server:
        """The server's facts."""
        return self._reader.server

    async def ask(self, exchange: Exchange[T]) -> T:
        """Read."""
        talk = _Talk(exchange)
        try:
            while True:
                result = await self._reader.ask(talk.until_shared())
                if talk.question is None:
                    return result  # type: ignore[return-value]  # None only where a shared question came
                talk.answer = await self._answer(talk.question)
        finally:
            exchange.close()

    async def stream(self, listing: Listing) -> AsyncIterator[LiveObject]:
        """List."""
        talk = _Talk(listing)
        try:
            while True:
                async for live in self._reader.stream(talk.until_shared()):
                    yield live
                if talk.question is None:
                    return
                talk.answer = await self._answer(talk.question)
        finally:
            listing.close()

    def forget(self) -> None:
        """Let go of all answers: nobody will ask again."""
        self._known.clear()

    async def _answer(self, request: ApiRequest) -> ApiResponse:
        """Asked by one at a time, so that who asks meanwhile waits; where that one fails, the next asks itself."""
        question = (request.path, request.query, request.headers)
        async with self._asking.setdefault(question, asyncio.Lock()):
            known = self._known.get(question)
            if known is None or not (known.status < 300 or known.status in request.handles):
                known = self._known[question] = await self._reader.ask(_only(request))
            return known


class _Talk(Generic[Y, T]):
    """An exchange or a listing in parts, each of which ends where a shared question comes."""

    def __init__(self, whole: Generator[Y, ApiResponse, T]) -> None:
        self._whole = whole
        self.question: ApiRequest | None = None
        self.answer: ApiResponse | None = None

    def until_shared(self) -> Generator[Y, ApiResponse, T | None]:
        """The next part; its result is the whole's where `question` is None then."""
        try:
            step = next(self._whole) if self.answer is None else self._whole.send(self.answer)
            self.answer = None
            while not (isinstance(step, ApiRequest) and step.shared):
                step = self._whole.send((yield step))
            self.question = step
        except StopIteration as stop:
            self.question = None
            result: T = stop.value
            return result
        return None


def _only(request: ApiRequest) -> Exchange[ApiResponse]:
    answer = yield request
    return answer

"""What a ggrec in one process stands on: a transport without sockets, quick digests, clocks that only tests move."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import blake2b
from typing import Any

import httpx

from reconciler.core.ports import Progress
from reconciler.grafana.secrets import SecretResolver
from reconciler.grafana.secrets.digests import Digests
from reconciler.sandbox.dispatch import Dispatcher, Down, Dropped, body_of


class SandboxTransport(httpx.AsyncBaseTransport):
    """Asks a dispatcher as if it were a server; a dropped connection is the error that httpx would raise."""

    def __init__(self, dispatcher: Dispatcher, moment: Callable[[], datetime] | None = None) -> None:
        self.dispatcher = dispatcher
        self.moment = moment
        """What the server's clock shows, for the Date of its answers."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        query: dict[str, list[str]] = {}
        for key, value in request.url.params.multi_items():
            query.setdefault(key, []).append(value)
        headers = {key.lower(): value for key, value in request.headers.items()}
        await request.aread()
        try:
            reply = self.dispatcher.answer(request.method, request.url.path, query, headers, request.content)
        except Down:
            raise httpx.ConnectError("All connection attempts failed", request=request) from ConnectionRefusedError()
        except Dropped:
            raise httpx.RemoteProtocolError("Server disconnected", request=request) from None
        fields = {"content-type": reply.content_type, **reply.headers}
        if self.moment is not None:
            fields["date"] = format_datetime(self.moment(), usegmt=True)
        return httpx.Response(reply.status, headers=fields, content=body_of(reply), request=request)


class QuickDigests(Digests):
    """Quick ones: that they are slow is the point of them, but not of these tests."""

    def derive(self, text: str, salt: bytes) -> bytes:
        return blake2b(text.encode(), key=salt, digest_size=32).digest()


class QuickSecrets(SecretResolver):
    """With quick digests."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.digests = QuickDigests()


class Ticking:
    """A clock that goes on by a second whenever somebody looks."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

    def now(self) -> str:
        return self.tick().strftime("%Y-%m-%dT%H:%M:%SZ")

    def tick(self) -> datetime:
        self.moment += timedelta(seconds=1)
        return self.moment


class Silent:
    """An audience that does not listen."""

    def progress(self, step: Progress) -> None:
        return None

    def remark(self, text: str) -> None:
        return None


class Waiting:
    """Seconds that pass only because somebody sleeps."""

    def __init__(self) -> None:
        self.passed = 0.0

    async def sleep(self, seconds: float) -> None:
        self.passed += seconds
        await asyncio.sleep(0)

    def monotonic(self) -> float:
        return self.passed

"""What the tests of the Grafana room share: a loopback server that does as it is told, a clock that only tests move,
and clients over both.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from msgspec.structs import replace

from reconciler.core.exchange import ApiRequest
from reconciler.core.resource import SecretRef
from reconciler.grafana.client import Client, Timing
from reconciler.grafana.connection import Connection
from reconciler.grafana.retry import Patience
from reconciler.grafana.secrets import SecretResolver

TOKEN = SecretRef("${env:TOKEN}")
PASSWORD = SecretRef("${env:PASSWORD}")
ENVIRONMENT = {"TOKEN": "glsa_token", "PASSWORD": "pass-word"}
GET = ApiRequest("GET", "/api/folders/f")
POST = ApiRequest("POST", "/api/folders", body={"title": "F"})


class VirtualTime:
    """Time that passes only by sleeping; `slept` holds every wait. Chance always draws the most."""

    def __init__(self) -> None:
        self.elapsed = 0.0
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.elapsed += seconds
        await asyncio.sleep(0)

    def now(self) -> datetime:
        return datetime(2026, 11, 23, 12, 0, tzinfo=UTC) + timedelta(seconds=self.elapsed)

    def timing(self) -> Timing:
        return Timing(self.sleep, lambda: self.elapsed, self.now, lambda: 1.0)


@dataclass(frozen=True)
class Seen:
    """One request as it arrived."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


HANG = b"hang"
CUT = b"cut"
Script = Callable[[Seen], bytes]


def answer(status: int, body: Any = None, *, media_type: str = "application/json", **headers: str) -> bytes:
    """An answer's bytes; a body that is not bytes is sent as JSON, header names have _ for -."""
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    fields = {"Content-Type": media_type, "Content-Length": str(len(content))}
    fields |= {key.replace("_", "-"): value for key, value in headers.items()}
    head = "".join(f"{key}: {value}\r\n" for key, value in fields.items())
    return f"HTTP/1.1 {status} Status\r\n{head}\r\n".encode() + content


@dataclass
class RawServer:
    """Listens on loopback and answers each request with the bytes that `script` gives: HANG never answers, CUT closes
    the connection, and so does an answer that is shorter than it says. A `blunt` one answers whatever comes, also what
    is no HTTP.
    """

    script: Script
    blunt: bool = False
    seen: list[Seen] = field(default_factory=list)
    port: int = 0
    serving: dict[asyncio.Task[None], asyncio.StreamWriter] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def asked(self) -> list[str]:
        return [f"{seen.method} {seen.target}" for seen in self.seen]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.serving[task] = writer
        try:
            while True:
                if self.blunt:
                    await reader.read(1)
                    writer.write(self.script(Seen("", "", {}, b"")))
                    await writer.drain()
                    await reader.read()
                    return
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                method, target, _ = head[0].split(" ", 2)
                headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in head[1:] if line)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                self.seen.append(Seen(method, target, headers, body))
                reply = self.script(self.seen[-1])
                if reply == CUT:
                    return
                if reply == HANG:
                    await reader.read()  # until the client gives up
                    return
                writer.write(reply)
                await writer.drain()
                length, content = _announced(reply)
                if content < length:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def rest(self) -> None:
        """Wait until all connections are closed; those that still hang are cut."""
        for writer in self.serving.values():
            writer.transport.abort()
        await asyncio.gather(*self.serving)


def _announced(reply: bytes) -> tuple[int, int]:
    head, _, content = reply.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value), len(content)
    return 0, len(content)


@asynccontextmanager
async def raw_server(script: Script | bytes, *, ssl: Any = None, blunt: bool = False) -> AsyncIterator[RawServer]:
    """A RawServer under way."""
    server = RawServer((lambda seen: script) if isinstance(script, bytes) else script, blunt)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=ssl)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        await server.rest()


def client_of(
    url: str,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    time: VirtualTime | None = None,
    patience: Patience | None = None,
    environment: Mapping[str, str] | None = None,
    trace: Any = None,
    **settings: Any,
) -> Client:
    """A client in virtual time, with a token unless `settings` of the connection say otherwise."""
    if "user" not in settings:
        settings.setdefault("token", TOKEN)
    return Client(
        Connection(url, **settings),
        SecretResolver(ENVIRONMENT if environment is None else environment, Path.cwd()),
        trace=trace,
        transport=transport,
        timing=replace((time or VirtualTime()).timing(), patience=patience or Patience()),
    )


def mock(handler: Callable[[httpx.Request], Any]) -> httpx.MockTransport:
    """A transport without sockets."""
    return httpx.MockTransport(handler)


def grafana_like(seen: Seen) -> bytes:
    """Enough of a Grafana for the probe."""
    bodies: dict[str, Any] = {
        "/api/health": {"database": "ok", "version": "9.2.0", "commit": "NA"},
        "/api/org": {"id": 1, "name": "Main Org."},
        "/api/user": {"id": 1, "login": "admin"},
        "/api/frontend/settings": {"buildInfo": {"version": "12.3.0"}, "namespace": "default"},
        "/apis": {
            "kind": "APIGroupList",
            "groups": [
                {"name": "folder.grafana.app", "versions": [{"groupVersion": "folder.grafana.app/v1beta1"}]},
                {"name": "dashboard.grafana.app", "versions": [{"groupVersion": "dashboard.grafana.app/v0alpha1"}]},
            ],
        },
    }
    path = seen.path.removeprefix("/grafana")
    return answer(200, bodies[path]) if path in bodies else answer(404, {"message": "Not found"})

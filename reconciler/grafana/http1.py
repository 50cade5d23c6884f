"""HTTP/1.1 over asyncio's own streams: bytes go out, come in, and are told apart. No redirects, no proxies, nothing is
sent twice.

A connection is kept only after a whole answer, and used again only where nothing else came over it. Raises
TimeoutError, OSError, and Malformed for what is no HTTP or ends early.
"""

import asyncio
import errno
import re
import select
import ssl
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from typing import Any

from msgspec import Struct

_LONGEST_HEAD = 100_000
_CHUNK = 65_536
_IDLE = 5.0
"""Seconds after which a kept connection is not used again: servers end them at some time."""
_EYEBALLS = 0.25
_VERSIONS = {b"HTTP/1.0": 0, b"HTTP/1.1": 1}
_IN_NAMES = b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_NOT_IN_VALUES = b"\0\r\n"
_CUT = "the server ended the connection before the answer was complete"
Fields = Sequence[tuple[bytes, bytes]]


class Malformed(Exception):
    """What came, or should be sent, is not as HTTP has it."""


class Origin(Struct, frozen=True):
    """Where a connection leads."""

    host: str
    port: int
    secure: bool = False


class Head(Struct, frozen=True):
    """An answer before its body. `length` of the body: None until the connection ends, -1 in chunks."""

    status: int
    fields: Fields
    length: int | None
    again: bool
    """Whether the connection may be used for another request after the body."""


class _Reader(asyncio.StreamReader):
    """Knows how many bytes have come, for whoever knows how many were taken."""

    came = 0

    def feed_data(self, data: Any) -> None:
        """Bytes have come."""
        self.came += len(data)
        super().feed_data(data)


class Line:
    """A connection. Every wait is given up after the seconds of `patience` (None: never)."""

    def __init__(self, origin: Origin, reader: _Reader, writer: asyncio.StreamWriter) -> None:
        self.origin = origin
        self.patience: float | None = None
        self.again = False
        self._reader = reader
        self._writer = writer
        self._since = 0.0
        self._taken = 0

    async def send(self, data: bytes) -> None:
        """Send a request. A connection that breaks meanwhile may have brought an answer all the same."""
        self.again = False
        try:
            async with asyncio.timeout(self.patience):
                self._writer.write(data)
                await self._writer.drain()
        except TimeoutError:
            raise
        except OSError:
            pass

    async def head(self, method: str) -> Head:
        """What the final answer begins with."""
        while True:
            found = await self._until(b"\r\n\r\n", "the server ended the connection without an answer")
            version, status, fields = _parsed(found)
            if status >= 200 or status == 101:
                return Head(status, fields, *_framing(method, version, status, fields))

    async def body(self, head: Head) -> AsyncIterator[bytes]:
        """The parts of the answer's body, as they come."""
        if head.length is None:
            while part := await self._read(self._reader.read(_CHUNK)):
                yield part
        elif head.length >= 0:
            async for part in self._exactly(head.length):
                yield part
        else:
            while size := _size(await self._until(b"\r\n", _CUT)):
                async for part in self._exactly(size):
                    yield part
                if await self._until(b"\r\n", _CUT) != b"\r\n":
                    raise Malformed("a chunk of the answer is longer than it says")
            while await self._until(b"\r\n", _CUT) != b"\r\n":
                pass  # trailers
        self.again = head.again

    async def whole(self, head: Head) -> bytes:
        """The answer's body."""
        return b"".join([part async for part in self.body(head)])

    def kept(self) -> None:
        """It is used no more, for now."""
        self._since = time.monotonic()

    def fresh(self) -> bool:
        """Whether the server has, as far as can be seen, neither ended it nor said anything that nobody asked for."""
        idle = time.monotonic() - self._since
        if idle > _IDLE or self._writer.is_closing() or self._reader.came != self._taken:
            return False
        poll = select.poll()
        poll.register(self._writer.get_extra_info("socket"), select.POLLIN)
        return not poll.poll(0)

    def drop(self) -> None:
        """End it at once."""
        self._writer.transport.abort()

    async def _exactly(self, length: int) -> AsyncIterator[bytes]:
        while length:
            part = await self._read(self._reader.read(min(length, _CHUNK)))
            if not part:
                raise Malformed(_CUT)
            length -= len(part)
            yield part

    async def _until(self, mark: bytes, cut: str) -> bytes:
        try:
            return await self._read(self._reader.readuntil(mark))
        except asyncio.IncompleteReadError as error:
            raise Malformed(_CUT if error.partial else cut) from None
        except asyncio.LimitOverrunError:
            raise Malformed("what should be a head does not end") from None

    async def _read(self, read: Coroutine[None, None, bytes]) -> bytes:
        async with asyncio.timeout(self.patience):
            part = await read
        self._taken += len(part)
        return part


class Lines:
    """Connections that are kept. `context` says whom to trust over TLS."""

    def __init__(self, context: ssl.SSLContext, *, most: int = 20) -> None:
        context.set_alpn_protocols(["http/1.1"])
        self._context = context
        self._most = most
        self._idle: list[Line] = []
        self._closed = False

    async def line(self, origin: Origin, patience: float | None) -> Line:
        """A kept connection, or a new one within so many seconds."""
        for line in [known for known in reversed(self._idle) if known.origin == origin]:
            self._idle.remove(line)
            if line.fresh():
                return line
            line.drop()
        loop = asyncio.get_running_loop()
        reader = _Reader(limit=_LONGEST_HEAD, loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        context = self._context if origin.secure else None
        # A race between addresses leaves a socket open where it is cancelled as it is won: only names have several.
        literal = ":" in origin.host or origin.host.replace(".", "").isdigit()
        delay = None if literal else _EYEBALLS
        try:
            async with asyncio.timeout(patience):
                transport, _ = await loop.create_connection(
                    lambda: protocol, origin.host, origin.port, ssl=context, happy_eyeballs_delay=delay
                )
        except OSError as error:  # of several addresses asyncio tells in words only
            if error.errno is None and f"[Errno {errno.ECONNREFUSED}]" in str(error):
                raise ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused") from None
            raise
        return Line(origin, reader, asyncio.StreamWriter(transport, protocol, reader, loop))

    def done(self, line: Line) -> None:
        """An answer was read to its end, or is not wanted any more."""
        if line.again and len(self._idle) < self._most and not self._closed:
            line.kept()
            self._idle.append(line)
        else:
            line.drop()

    async def aclose(self) -> None:
        """End all that is kept. What is under way ends when it is done."""
        idle, self._idle, self._closed = self._idle, [], True
        for line in idle:
            line.drop()
        await asyncio.sleep(0)  # the loop hears of it


def written(method: str, target: bytes, fields: Fields) -> bytes:
    """What a request begins with. Raises Malformed, which quotes nothing."""
    if not all(_is_field(name, value) for name, value in fields):
        raise Malformed("a header cannot be sent")
    first = b"%b %b HTTP/1.1" % (method.encode("ascii"), target)
    return b"\r\n".join([first, *(b"%b: %b" % field for field in fields), b"", b""])


def _parsed(head: bytes) -> tuple[int, int, Fields]:
    """The minor version, the status and the headers."""
    first, *rows = head[:-4].split(b"\r\n")
    named, _, rest = first.partition(b" ")
    status, _, reason = rest.partition(b" ")
    version = _VERSIONS.get(named)
    if version is None or len(status) != 3 or not status.isdigit() or b"\r" in reason or b"\n" in reason:
        raise Malformed("the answer is not HTTP")
    fields = []
    for row in rows:
        name, colon, value = row.partition(b":")
        if not colon or not _is_field(name, value):
            raise Malformed("a header of the answer is malformed")
        fields.append((name, value.strip(b" \t")))
    return version, int(status), fields


def _is_field(name: bytes, value: bytes) -> bool:
    """Whether a header is one as HTTP has it."""
    return bool(name) and not name.translate(None, _IN_NAMES) and value == value.translate(None, _NOT_IN_VALUES)


def _framing(method: str, version: int, status: int, fields: Fields) -> tuple[int | None, bool]:
    """How long the body is, and whether the connection may be used again after it (RFC 9112, 6.3)."""
    named: dict[bytes, list[bytes]] = {}
    for name, value in fields:
        named.setdefault(name.lower(), []).extend(part.strip().lower() for part in value.split(b","))
    said = named.get(b"connection", [])
    again = b"close" not in said and (version == 1 or b"keep-alive" in said) and status != 101
    if method == "HEAD" or status in {101, 204, 304}:
        return 0, again
    lengths = set(named.get(b"content-length", []))
    if coding := named.get(b"transfer-encoding"):
        if coding != [b"chunked"]:
            raise Malformed("the answer's transfer encoding is not known")
        return -1, again and not lengths
    if not lengths:
        return None, False
    if len(lengths) > 1 or not (length := lengths.pop()).isdigit():
        raise Malformed("the answer's length is not clear")
    return int(length), again


def _size(row: bytes) -> int:
    """How long a chunk is."""
    text = row.partition(b";")[0].strip()
    if re.fullmatch(rb"[0-9A-Fa-f]{1,15}", text) is None:
        raise Malformed("a chunk of the answer has no length")
    return int(text, 16)

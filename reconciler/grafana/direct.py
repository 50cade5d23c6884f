"""Requests to a host before which no proxy stands: by http1, without the HTTP library, which takes as long to import as
all of planning, and seven times as long for a request.
"""

import ssl
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

from reconciler.grafana.broken import Broken, NoAnswerInTime, NoConnection, NoConnectionInTime, Unsendable
from reconciler.grafana.http1 import Head, Line, Lines, Malformed, Origin, written
from reconciler.grafana.replies import Reply

_GZIP = 16 + zlib.MAX_WBITS
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class Direct:
    """Implements transport.Http for one server. `context` says whom to trust over TLS, `compressed` whether answers
    may be. The waits are in seconds.
    """

    def __init__(
        self, url: str, context: ssl.SSLContext, *, compressed: bool, to_connect: float, to_answer: float
    ) -> None:
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        self._origin = Origin(str(parts.hostname), parts.port or (443 if secure else 80), secure)
        self._before = len(f"{parts.scheme}://{parts.netloc}")
        self.fields = (
            (b"Host", parts.netloc.encode("ascii")),
            (b"Accept-Encoding", b"gzip" if compressed else b"identity"),
            (b"Connection", b"keep-alive"),
        )
        self._lines = Lines(context)
        self._to_connect = to_connect
        self._to_answer = to_answer

    async def exchange(self, method: str, url: str, headers: Mapping[str, str], content: bytes | None) -> Reply:
        """Send it, and give the whole answer. Raises what broken.py lists, and UnicodeError for an impossible host."""
        own = [(name.encode("ascii"), text.encode("utf-8")) for name, text in headers.items()]
        if content is not None or method in _WITH_BODY:
            own.append((b"Content-Length", b"%d" % len(content or b"")))
        try:
            target = url[self._before :].encode("ascii")
            data = written(method, target, (*self.fields, *own)) + (content or b"")
        except (Malformed, UnicodeError) as error:
            raise Unsendable(str(error)) from None
        line = await self._line()
        try:
            with _breaking():
                await line.send(data)
                head = await line.head(method)
                body = _plain(head, await line.whole(head))
        finally:
            self._lines.done(line)
        names = ((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in head.fields)
        return Reply(head.status, body, _merged(names))

    async def aclose(self) -> None:
        """End all connections. May be called twice."""
        await self._lines.aclose()

    async def _line(self) -> Line:
        try:
            line = await self._lines.line(self._origin, self._to_connect)
        except TimeoutError as error:
            raise NoConnectionInTime from error
        except OSError as error:
            raise NoConnection(str(error)) from error
        line.patience = self._to_answer
        return line


@contextmanager
def _breaking() -> Iterator[None]:
    """What goes wrong from the first byte on."""
    try:
        yield
    except TimeoutError as error:
        raise NoAnswerInTime from error
    except (OSError, Malformed) as error:
        raise Broken(str(error)) from error


def _plain(head: Head, body: bytes) -> bytes:
    """The body as it was before the server compressed it. Raises Malformed."""
    codings = {value.strip().lower() for name, value in head.fields if name.lower() == b"content-encoding"}
    codings -= {b"identity", b""}
    if not codings or not body:
        return body
    if codings != {b"gzip"}:
        raise Malformed("the answer is compressed in a way that was not asked for")
    parts: list[bytes] = []
    while body:
        unpacking = zlib.decompressobj(_GZIP)
        try:
            parts.append(unpacking.decompress(body) + unpacking.flush())
        except zlib.error:
            raise Malformed("the answer is damaged where it is compressed") from None
        if not unpacking.eof:
            raise Malformed("the answer ends where it is compressed")
        body = unpacking.unused_data
    return b"".join(parts)


def _merged(fields: Iterator[tuple[str, str]]) -> dict[str, str]:
    """Headers by name; one that came twice has both values."""
    found: dict[str, str] = {}
    for name, value in fields:
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found

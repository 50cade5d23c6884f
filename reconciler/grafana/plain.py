"""The HTTP library's transport over http1, in the place of its own, which takes seven times as long for a request."""

import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from reconciler.grafana.http1 import Head, Line, Lines, Malformed, Origin, written
from reconciler.grafana.http_library import httpx


class Plain(httpx.AsyncBaseTransport):
    """For one client. `context` says whom to trust over TLS. Raises httpx' own exceptions."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._lines = Lines(context)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it, and give the answer as soon as its head is there; the rest is its stream."""
        waits, url = request.extensions.get("timeout", {}), request.url
        secure = url.scheme == "https"
        origin = Origin(url.raw_host.decode("ascii"), url.port or (443 if secure else 80), secure)
        try:
            data = written(request.method, url.raw_path, request.headers.raw) + await request.aread()
        except Malformed as error:
            raise httpx.LocalProtocolError(str(error)) from None
        try:
            line = await self._lines.line(origin, waits.get("connect"))
        except TimeoutError as error:
            raise httpx.ConnectTimeout("") from error
        except OSError as error:
            raise httpx.ConnectError(str(error)) from error
        try:
            line.patience = waits.get("write")
            try:
                await line.send(data)
            except TimeoutError as error:
                raise httpx.WriteTimeout("") from error
            line.patience = waits.get("read")
            with _reading():
                head = await line.head(request.method)
        except BaseException:
            line.drop()
            raise
        stream = _Body(self._lines, line, head)
        return httpx.Response(head.status, headers=list(head.fields), stream=stream, request=request)

    async def aclose(self) -> None:
        """End all that is kept."""
        await self._lines.aclose()


class _Body(httpx.AsyncByteStream):
    """The body of an answer. Closing it gives the connection back, or ends it where not all of the body was read."""

    def __init__(self, lines: Lines, line: Line, head: Head) -> None:
        self._lines = lines
        self._line: Line | None = line
        self._head = head

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Its parts, as they come."""
        assert self._line is not None
        with _reading():
            async for part in self._line.body(self._head):
                yield part

    async def aclose(self) -> None:
        """It is not wanted any more."""
        line, self._line = self._line, None
        if line is not None:
            self._lines.done(line)


@contextmanager
def _reading() -> Iterator[None]:
    """What goes wrong while an answer is read, as httpx says it."""
    try:
        yield
    except TimeoutError as error:
        raise httpx.ReadTimeout("") from error
    except OSError as error:
        raise httpx.ReadError(str(error)) from error
    except Malformed as error:
        raise httpx.RemoteProtocolError(str(error)) from None

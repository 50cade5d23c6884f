"""Requests by the HTTP library: to hosts before which the environment puts a proxy, and in tests."""

import logging
import ssl
from collections.abc import Mapping

from reconciler.core.errors import InvalidInput
from reconciler.grafana.broken import (
    Broken,
    NoAnswerInTime,
    NoConnection,
    NoConnectionInTime,
    NoPlace,
    ProxyRefused,
    Unsendable,
)
from reconciler.grafana.http_library import httpx
from reconciler.grafana.replies import Reply

PROXY_HINT = (
    "correct the environment's proxy variables (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY), or name the host in NO_PROXY"
)
# At DEBUG it logs the headers of answers, in which a server may repeat the credentials that it was sent.
logging.getLogger("httpcore").setLevel(logging.INFO)

_MEANT: tuple[tuple[type[Exception], type[Broken]], ...] = (
    (httpx.ConnectTimeout, NoConnectionInTime),
    (httpx.PoolTimeout, NoPlace),
    (httpx.TimeoutException, NoAnswerInTime),
    (httpx.ProxyError, ProxyRefused),
    (httpx.ConnectError, NoConnection),
    (httpx.UnsupportedProtocol, Unsendable),
    (httpx.LocalProtocolError, Unsendable),
    (httpx.HTTPError, Broken),
    (httpx.StreamError, Broken),
)
"""The first that fits counts."""


class ByLibrary:
    """Implements transport.Http. `transport` stands in for the network in tests. Raises InvalidInput for unusable
    settings.
    """

    def __init__(
        self,
        url: str,
        context: ssl.SSLContext,
        *,
        proxied: bool,
        to_connect: float,
        to_answer: float,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        problem = ""
        try:
            httpx.URL(url)
        except httpx.InvalidURL:
            raise InvalidInput.one("bad-url", f"{url}: not a usable Grafana URL: its host is malformed") from None
        try:
            self._http = httpx.AsyncClient(
                timeout=httpx.Timeout(to_answer, connect=to_connect, pool=None),
                limits=httpx.Limits(max_connections=None, max_keepalive_connections=20),
                follow_redirects=False,
                verify=context,
                transport=transport,
                trust_env=proxied,
            )
            return
        except (ValueError, httpx.InvalidURL):
            problem = "a proxy in the environment is not of the form http://host:port"
        except ImportError:
            problem = "a SOCKS proxy in the environment needs the package socksio"
        # Outside the handler, so that no traceback shows the proxy's address, which may hold a password.
        raise InvalidInput.one("bad-proxy", problem, hint=PROXY_HINT)

    async def exchange(self, method: str, url: str, headers: Mapping[str, str], content: bytes | None) -> Reply:
        """Send it, and give the whole answer. Raises what broken.py lists, and UnicodeError for an impossible host."""
        try:
            built = self._http.build_request(method, url, content=content, headers=dict(headers))
            # As a stream: the library's own bytes of an answer lie in a cycle, and stay until garbage is collected.
            answer = await self._http.send(built, stream=True)
            try:
                body = b"".join([part async for part in answer.aiter_bytes()])
            finally:
                await answer.aclose()
                answer.stream = httpx.ByteStream(b"")  # it and the answer hold each other, and the request's body
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise meant(error) from error
        return Reply(answer.status_code, body, {key.lower(): text for key, text in answer.headers.items()})

    async def aclose(self) -> None:
        """End all connections. May be called twice."""
        await self._http.aclose()


def meant(error: Exception) -> Broken:
    """What an exception of the library says."""
    kind = next(kind for sort, kind in _MEANT if isinstance(error, sort))
    return kind(str(error))

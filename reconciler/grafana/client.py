"""One HTTP client for one Grafana: builds requests, resolves secrets at the last moment, tells failures apart.

Must not follow redirects, repeat a write that may have happened, or let a secret into any text.
"""

import asyncio
import base64
import json
import ssl
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from reconciler import __version__
from reconciler.core.errors import InvalidInput
from reconciler.core.exchange import ApiRequest, ApiResponse, Body
from reconciler.core.ports import Trace
from reconciler.core.resource import SecretRef
from reconciler.grafana.connection import Connection, base_url
from reconciler.grafana.failures import failure, not_grafana, redirected, truncated, unreachable
from reconciler.grafana.retry import Patience, may_repeat, wait_before
from reconciler.grafana.secrets import SecretResolver

Sleep = Callable[[float], Awaitable[None]]


class Client:
    """Sends ApiRequests. `transport`, `sleep` and `patience` are for tests; `sent` counts requests by method."""

    def __init__(
        self,
        connection: Connection,
        secrets: SecretResolver,
        *,
        trace: Trace | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Sleep = asyncio.sleep,
        patience: Patience | None = None,
    ) -> None:
        self.url = base_url(connection.url)
        self.connection = connection
        self.sent: Counter[str] = Counter()
        self._secrets = secrets
        self._trace = trace
        self._sleep = sleep
        self._patience = patience or Patience()
        self._reads = asyncio.Semaphore(connection.reads_at_once)
        self._headers = self._identity()
        loopback = urlsplit(self.url).hostname in {"localhost", "127.0.0.1", "::1"}
        self._http = httpx.AsyncClient(
            base_url=self.url,
            timeout=connection.timeout,
            follow_redirects=False,
            verify=_trust(connection),
            transport=transport,
            trust_env=not loopback,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        await self._http.aclose()

    def _identity(self) -> dict[str, str]:
        """Headers of every request. The organisation is chosen by header only with basic auth: a token has its own."""
        headers = {"User-Agent": f"ggrec/{__version__}", "Accept": "application/json"}
        auth = self.connection
        if auth.token is not None:
            headers["Authorization"] = f"Bearer {self._secrets.resolve(auth.token)}"
        elif auth.user is not None and auth.password is not None:
            pair = f"{auth.user}:{self._secrets.resolve(auth.password)}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
            if auth.org is not None:
                headers["X-Grafana-Org-Id"] = str(auth.org)
        return headers

    async def send(self, request: ApiRequest, *, began: bool = False) -> ApiResponse:
        """Send it (again, where that is safe) and give the answer.

        `began`: a write of the same exchange was done before. Raises core.errors.ServerError and its sub-types for
        every status that is neither 2xx nor in `request.handles`.
        """
        attempt = 0
        while True:
            attempt += 1
            try:
                answer = await self._once(request)
            except httpx.HTTPError as error:
                if may_repeat(request, None) and attempt < self._patience.tries and _passing(error):
                    await self._sleep(wait_before(attempt, {}, self._patience, datetime.now(UTC)))
                    continue
                raise unreachable(request, self.url, _reason(error), sent=_may_have_arrived(error)) from None
            if may_repeat(request, answer.status_code) and attempt < self._patience.tries:
                headers = {key.lower(): value for key, value in answer.headers.items()}
                await self._sleep(wait_before(attempt, headers, self._patience, datetime.now(UTC)))
                continue
            return _understood(request, answer, began=began)

    async def _once(self, request: ApiRequest) -> httpx.Response:
        content: bytes | None = None
        headers = dict(self._headers, **dict(request.headers))
        if request.body is not None:
            content = json.dumps(self._filled(request.body), ensure_ascii=False).encode("utf-8", "surrogatepass")
            headers["Content-Type"] = "application/json"
        built = self._http.build_request(
            request.method,
            self.url + request.path,
            params=list(request.query) or None,
            content=content,
            headers=headers,
        )
        self.sent[request.method] += 1
        began = time.monotonic()
        status: int | None = None
        try:
            if request.method == "GET":
                async with self._reads:
                    answer = await self._http.send(built)
            else:
                answer = await self._http.send(built)
            status = answer.status_code
            return answer
        finally:
            if self._trace is not None:
                self._trace.request(request, status, time.monotonic() - began)

    def _filled(self, body: Body) -> Any:
        """The body with references replaced by secrets: exists only while the request is built."""
        if isinstance(body, SecretRef):
            return self._secrets.resolve(body)
        if isinstance(body, Mapping):
            return {key: self._filled(value) for key, value in body.items()}
        if isinstance(body, (list, tuple)):
            return [self._filled(item) for item in body]
        return body


def _understood(request: ApiRequest, answer: httpx.Response, *, began: bool) -> ApiResponse:
    status = answer.status_code
    if 300 <= status < 400:
        raise redirected(request, status, answer.headers.get("location", ""))
    content_type = answer.headers.get("content-type", "")
    text = answer.content
    body: Any = None
    if text.strip():
        try:
            body = json.loads(text)
        except ValueError:
            if "json" in content_type:
                raise truncated(request, status) from None
            raise not_grafana(request, status, content_type, answer.text[:200]) from None
    if not (200 <= status < 300 or status in request.handles):
        raise failure(request, status, body, began=began)
    headers = {key.lower(): value for key, value in answer.headers.items() if key.lower() in {"date"}}
    return ApiResponse(status, body, headers)


def _trust(connection: Connection) -> ssl.SSLContext | bool:
    tls = connection.tls
    if tls.insecure_skip_verify:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif tls.ca is None and tls.certificate is None:
        return True
    else:
        try:
            context = ssl.create_default_context(cafile=str(tls.ca) if tls.ca else None)
        except (OSError, ssl.SSLError) as error:
            raise InvalidInput.one("tls-ca", f"tls.ca: {tls.ca} cannot be used: {error.strerror or error}") from None
    if tls.certificate is not None:
        try:
            context.load_cert_chain(tls.certificate, tls.key)
        except (OSError, ssl.SSLError) as error:
            text = f"tls.certificate: {tls.certificate} cannot be used: {error.strerror or error}"
            raise InvalidInput.one("tls-certificate", text) from None
    return context


def _reason(error: httpx.HTTPError) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    text = str(error) or type(error).__name__
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return "its TLS certificate is not trusted here: name its authority with tls.ca in ggrec.yaml"
    if isinstance(error, httpx.ConnectError):
        return f"cannot connect: {text}"
    return f"the connection broke: {text}"


def _passing(error: httpx.HTTPError) -> bool:
    """Whether trying again may help: a name that does not resolve or a refused certificate stays so."""
    return not isinstance(error, (httpx.ConnectError, httpx.UnsupportedProtocol, httpx.TimeoutException))


def _may_have_arrived(error: httpx.HTTPError) -> bool:
    return not isinstance(
        error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
    )

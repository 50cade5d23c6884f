"""One HTTP client for one Grafana: builds requests, resolves secrets at the last moment, sends again where it is safe.

Must not follow redirects, repeat a write that may have happened, or let a secret into any text.
"""

import asyncio
import base64
import json
import os
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, urlencode

from msgspec import Struct, field

from reconciler import __version__
from reconciler.core.budget import Budget
from reconciler.core.errors import InvalidInput
from reconciler.core.exchange import ApiRequest, ApiResponse
from reconciler.core.ports import Trace
from reconciler.core.resource import SecretRef
from reconciler.grafana.answers import clean, understood
from reconciler.grafana.broken import Broken
from reconciler.grafana.connection import Connection
from reconciler.grafana.limiter import Limiter, Quiet
from reconciler.grafana.replies import Loss, Outcome, Reply
from reconciler.grafana.retry import Patience, Tried, retry_after
from reconciler.grafana.secrets import SecretResolver
from reconciler.grafana.transport import open_http

if TYPE_CHECKING:
    from reconciler.grafana.http_library import httpx

_WHOLE_ANSWER = 10
"""A server that lets one byte drip per second never times out by itself: an answer may take ten time-outs in all."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _roll() -> float:
    """From 0 to 1, as the library for chance would give it."""
    return int.from_bytes(os.urandom(6)) / 2**48


class Timing(Struct, frozen=True):
    """What the client takes from its surroundings: waiting, seconds that pass, the date, chance (0 to 1); and how long
    it may go on: for a request (`patience`), and in the whole run (`budget`).
    """

    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    monotonic: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = _utc_now
    random: Callable[[], float] = _roll
    patience: Patience = field(default_factory=Patience)
    budget: Budget = field(default_factory=Budget)


class Client:
    """Sends ApiRequests to one Grafana. `transport` is for tests. Clients of one host share its `limiter`.

    `sent` counts what was sent by method, each try. Raises InvalidInput for settings that cannot be used, and
    GgrecError where a credential is missing.
    """

    def __init__(
        self,
        connection: Connection,
        secrets: SecretResolver,
        *,
        trace: Trace | None = None,
        transport: "httpx.AsyncBaseTransport | None" = None,
        timing: Timing | None = None,
        limiter: Limiter | None = None,
    ) -> None:
        self.connection = connection
        self.sent: Counter[str] = Counter()
        self._secrets = secrets
        self._trace = trace
        self._timing = timing or Timing()
        self._limiter = limiter or Limiter(
            connection.parallelism, connection.writes, sleep=self._timing.sleep, monotonic=self._timing.monotonic
        )
        self._org = connection.org
        self._known = False
        self._authorization()  # a missing credential is told before anything is sent
        self._http = open_http(connection, transport)

    def __repr__(self) -> str:
        return f"Client({self.url})"

    @property
    def url(self) -> str:
        """Grafana's address, in its one spelling."""
        return self.connection.url

    @property
    def strain(self) -> int:
        """How often the server asked for less, or left a request without an answer."""
        return self._limiter.strain

    def shown(self, text: str) -> str:
        """A text of the server as a message may quote it."""
        return clean(text, self._hide)

    async def aclose(self) -> None:
        """Close the connections. May be called twice."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        await self.aclose()

    def stay_in(self, org_id: int) -> None:
        """Name this organisation in every request from now on (basic auth): otherwise the user who changes the
        organisation in the browser would move the rest of the run there (pains.md 29).
        """
        self._org = org_id

    async def send(self, request: ApiRequest) -> ApiResponse:
        """Send it (again, where that is safe) and give the answer.

        Raises core.errors.ServerError and its sub-types where no answer came, where it is not Grafana's, and for every
        status that is neither 2xx nor in `request.handles`.
        """
        timing = self._timing
        began = timing.monotonic()
        attempts = 0
        while True:
            attempts += 1
            outcome = await self._attempt(request)
            tried = Tried(attempts, timing.monotonic() - began, self._known)
            wait = timing.patience.wait(request, outcome, tried, now=timing.now(), roll=timing.random())
            if wait is None or wait > timing.budget.left:
                break
            await timing.sleep(wait)
        if isinstance(outcome, Loss):
            from reconciler.grafana.failures import lost

            raise lost(request, self.url, outcome)
        return understood(request, outcome, self._hide)

    async def _attempt(self, request: ApiRequest) -> Outcome:
        """Send it once, when the host is to be asked again. Raises Unreachable where that is too far off."""
        reading = request.reads
        longest = min(self._timing.patience.longest_wait, self._timing.budget.left)
        try:
            async with self._limiter.turn(reading=reading, longest=longest) as round_:
                outcome = await self._once(request)
                asked = retry_after(outcome.headers, self._timing.now()) if isinstance(outcome, Reply) else None
                self._limiter.answered(outcome, reading=reading, round_=round_, asked=asked)
        except Quiet:
            from reconciler.grafana.failures import unwelcome

            out_of_time = self._timing.budget.left < self._timing.patience.longest_wait
            raise unwelcome(request, self.url, self._limiter.quiet, out_of_time=out_of_time) from None
        self._known = self._known or (isinstance(outcome, Reply) and outcome.status < 500)
        return outcome

    async def _once(self, request: ApiRequest) -> Outcome:
        url, headers, content = self._built(request)
        self.sent[request.method] += 1
        began = self._timing.monotonic()
        outcome: Outcome | None = None
        try:
            outcome = await self._exchanged(request.method, url, headers, content)
            return outcome
        finally:
            if self._trace is not None:
                status = outcome.status if isinstance(outcome, Reply) else None
                self._trace.request(request, status, self._timing.monotonic() - began)

    async def _exchanged(self, method: str, url: str, headers: Mapping[str, str], content: bytes | None) -> Outcome:
        timeout = self.connection.timeout
        try:
            async with asyncio.timeout(timeout * _WHOLE_ANSWER):
                return await self._http.exchange(method, url, headers, content)
        except (Broken, OSError, UnicodeError) as error:
            from reconciler.grafana.losses import loss_of

            return loss_of(error, timeout * _WHOLE_ANSWER if isinstance(error, TimeoutError) else timeout)

    def _built(self, request: ApiRequest) -> tuple[str, dict[str, str], bytes | None]:
        """The whole URL, the headers, and the body."""
        if not request.path.startswith(("/api/", "/apis/")) and request.path != "/apis":
            raise AssertionError(f"{request.path} is no path of Grafana's API")
        headers = {"User-Agent": f"ggrec/{__version__}", "Accept": "application/json", **dict(request.headers)}
        content: bytes | None = None
        if request.body is not None:
            text = json.dumps(request.body, ensure_ascii=False, allow_nan=False, default=self._filled)
            content = text.encode("utf-8", "surrogatepass")
            headers["Content-Type"] = "application/json"
        authorization = self._authorization()
        if authorization is not None:
            headers["Authorization"] = authorization
            if authorization.startswith("Basic ") and self._org is not None:
                headers["X-Grafana-Org-Id"] = str(self._org)
        url = self.url + request.path
        if request.query:  # written out here, for a library would put repeated names side by side
            url += "?" + urlencode(request.query, quote_via=quote)
        return url, headers, content

    def _authorization(self) -> str | None:
        """The header's value. The organisation is chosen by header only with basic auth: a token has its own."""
        given = self.connection
        if given.token is not None:
            token = self._secrets.resolve(given.token)
            if not token or not token.isascii() or not token.isprintable() or " " in token:
                # An HTTP library would quote it in its own error.
                text = f"{given.token}: not a token: it is empty, or has blanks, line breaks or non-ASCII characters"
                raise InvalidInput.one("bad-token", text, hint="a token is one word, as in glsa_…")
            return f"Bearer {token}"
        if given.user is not None and given.password is not None:
            pair = f"{given.user}:{self._secrets.resolve(given.password)}".encode()
            return f"Basic {base64.b64encode(pair).decode()}"
        return None

    def _filled(self, part: object) -> Any:
        """What stands in a body for a part that is no plain JSON: a reference's secret exists only while the request is
        built.
        """
        if isinstance(part, SecretRef):
            return self._secrets.resolve(part)
        if isinstance(part, Mapping):
            return dict(part)
        raise TypeError(f"not a JSON value: {type(part).__name__}")

    def _hide(self, text: str) -> str:
        """The text without any secret of this run, also where a server repeats the header it was sent."""
        _, _, credential = (self._authorization() or "").partition(" ")
        return self._secrets.redacted(text.replace(credential, "[secret]") if credential else text)

"""A Prometheus in the place of Grafana: `check --live --prometheus URL` asks it, with Grafana's macros replaced."""

import asyncio
import time
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import unquote, urlencode

import orjson

from reconciler.checking.live import QUERY
from reconciler.core.exchange import ApiRequest, ApiResponse, Exchange, Server
from reconciler.core.json import as_list, as_object, text_of
from reconciler.datasources.prometheus import frames_of, label_path, questions
from reconciler.datasources.sums import error_of, summed
from reconciler.datasources.times import span_of
from reconciler.grafana.broken import Broken
from reconciler.grafana.connection import Connection
from reconciler.grafana.losses import loss_of
from reconciler.grafana.transport import open_http

T = TypeVar("T")
_Answer = tuple[int, bytes]
_UNREACHABLE = 502
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Prometheus:
    """Answers the questions of a live check; every other request is a fault of the program. Raises InvalidInput for an
    address that is none.
    """

    def __init__(self, url: str) -> None:
        self._connection = Connection(url)
        self._http = open_http(self._connection)
        self.server = Server(self._connection.url, "", 1, "")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def ask(self, exchange: Exchange[T]) -> T:
        """Carry out an exchange."""
        try:
            request = next(exchange)
            while True:
                request = exchange.send(await self._answer(request))
        except StopIteration as stop:
            result: T = stop.value
            return result

    async def _answer(self, request: ApiRequest) -> ApiResponse:
        if request.path == QUERY:
            body: Any = request.body
            results = {text_of(query.get("refId")): await self._result(query, body) for query in body["queries"]}
            return ApiResponse(200, {"results": results})
        label = unquote(request.path.rsplit("/", 2)[-2])
        status, content = await self._sent("GET", f"{label_path(label)}?{urlencode(request.query)}")
        found = orjson.loads(content) if status == 200 else {}
        return ApiResponse(status, {"data": as_list(found.get("data")), "message": error_of(content)})

    async def _result(self, query: Any, body: Any) -> dict[str, Any]:
        source = as_object(query.get("datasource"))
        sort = text_of(source.get("type"))
        if sort != "prometheus":
            return {"status": 501, "error": f"is asked through Grafana only: it goes to {sort}"}
        try:
            span = span_of(body, time.time())
        except ValueError as error:
            return {"status": 400, "error": str(error)}
        expression, asks = questions({}, query, span)
        answers = [await self._sent("POST", path, data) for path, data in asks]
        found = summed(answers)
        if query.get("range") or not query.get("instant") or found["status"] != 200:
            return found
        # Few values; and a variable wants to know all labels.
        frames = [frame for _, content in answers for frame in frames_of(orjson.loads(content), "A", expression)]
        return {"status": 200, "frames": frames}

    async def _sent(self, method: str, path: str, data: bytes | None = None) -> _Answer:
        """A status and the body; an answer in Prometheus' form where none came."""
        url, patience = self._connection.url, self._connection.timeout
        try:
            async with asyncio.timeout(patience):
                found = await self._http.exchange(method, f"{url}/{path}", _FORM if data is not None else {}, data)
        except (Broken, OSError, UnicodeError) as error:
            return _UNREACHABLE, _said(f"cannot reach {url}: {loss_of(error, patience).reason}")
        if 300 <= found.status < 400:
            return _UNREACHABLE, _said(f"{url} leads elsewhere ({found.status}): give the address that it leads to")
        return found.status, found.content


def _said(text: str) -> bytes:
    return orjson.dumps({"status": "error", "error": text})

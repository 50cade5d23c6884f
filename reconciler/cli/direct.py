"""A Prometheus in the place of Grafana: `check --live --prometheus URL` asks it, with Grafana's macros replaced."""

import time
from typing import Any, TypeVar
from urllib.parse import unquote

from reconciler import datasources
from reconciler.checking.live import QUERY
from reconciler.core.exchange import ApiRequest, ApiResponse, Exchange, Server
from reconciler.core.json import as_list, as_object, text_of

T = TypeVar("T")


class Direct:
    """Answers the questions of a live check; every other request is a fault of the program."""

    def __init__(self, url: str) -> None:
        self._source = {"type": "prometheus", "url": url}
        self.server = Server(url, "", 1, "")

    async def ask(self, exchange: Exchange[T]) -> T:
        """Carry out an exchange."""
        import asyncio

        try:
            request = next(exchange)
            while True:
                request = exchange.send(await asyncio.to_thread(self._answer, request))
        except StopIteration as stop:
            result: T = stop.value
            return result

    def _answer(self, request: ApiRequest) -> ApiResponse:
        if request.path == QUERY:
            body: Any = request.body
            results: dict[str, Any] = {}
            for query in body["queries"]:
                sort = text_of(as_object(query.get("datasource")).get("type"))
                if sort == "prometheus":
                    results |= datasources.query(self._source, [query], body, now=time.time())
                else:
                    error = f"is asked through Grafana only: it goes to {sort}"
                    results[text_of(query.get("refId"))] = {"status": 501, "error": error}
            return ApiResponse(200, {"results": results})
        label = unquote(request.path.rsplit("/", 2)[-2])
        status, found = datasources.label_values(self._source, label, request.query)
        return ApiResponse(status, {"data": as_list(found.get("data")), "message": str(found.get("error") or "")})

"""Readers and writers over a handler that answers, and a log of what they asked and closed."""

from collections.abc import Callable
from typing import Any

import httpx

from reconciler.core.exchange import ApiRequest, Exchange, Server
from reconciler.grafana.driver import Grafana, GrafanaWriter
from tests.grafana.support import client_of, mock

SERVER = Server("http://h", "12.3.0", 1, "Main Org.")
Handler = Callable[[httpx.Request], Any]


class Log:
    """Which requests a handler saw, and which exchanges were closed."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.closed: list[str] = []

    def handler(self, status: int = 200, body: Any = None) -> Handler:
        def handle(request: httpx.Request) -> httpx.Response:
            self.asked.append(f"{request.method} {request.url.path}")
            return httpx.Response(status, json={"n": len(self.asked)} if body is None else body)

        return handle

    def exchange(self, *requests: ApiRequest) -> Exchange[list[Any]]:
        found: list[Any] = []
        try:
            for request in requests:
                answer = yield request
                found.append(answer.body)
            return found
        finally:
            self.closed.append("exchange")


def get(path: str) -> ApiRequest:
    return ApiRequest("GET", path)


def reader_of(handler: Handler) -> Grafana:
    return Grafana(client_of("http://h", transport=mock(handler)), SERVER)


def writer_of(handler: Handler) -> GrafanaWriter:
    return GrafanaWriter(client_of("http://h", transport=mock(handler)), SERVER)


def statuses(*codes: int) -> Handler:
    left = list(codes)
    return lambda request: httpx.Response(left.pop(0), json={"message": "words"})

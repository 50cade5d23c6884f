"""Asking over connections that are kept: reused, opened anew where the server ended them, and never in the way."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from reconciler.datasources.wire import UNREACHABLE, asked


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, *, ends: bool) -> None:
        self.connections: set[Any] = set()
        self.seen: list[tuple[str, str, bytes]] = []
        self.ends = ends
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self.server.connections.add(self.client_address)
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append((self.command, self.path, data))
        status, where = (302, "/there") if self.path == "/here" else (200, "")
        content = b'{"ok": true}'
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        if where:
            self.send_header("Location", where)
        self.end_headers()
        self.wfile.write(content)
        if self.server.ends:  # without having said so
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True

    do_POST = do_GET

    def log_message(self, *_: Any) -> None:
        """Nothing is logged."""


@contextmanager
def serving(*, ends: bool = False) -> Iterator[Server]:
    with Server(ends=ends) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def ask(server: Server, path: str, data: bytes | None = None) -> tuple[int, Any]:
    return asked({"url": f"http://127.0.0.1:{server.server_port}/"}, path, data)


def test_one_connection_serves_many_questions() -> None:
    with serving() as server:
        assert [ask(server, "a"), ask(server, "b?c=d", b"e")] == [(200, {"ok": True})] * 2
        assert server.seen == [("GET", "/a", b""), ("POST", "/b?c=d", b"e")]
        assert len(server.connections) == 1


def test_one_that_was_ended_is_opened_again() -> None:
    with serving(ends=True) as server:
        assert [ask(server, "a"), ask(server, "b"), ask(server, "c")] == [(200, {"ok": True})] * 3
        assert len(server.connections) == 3


def test_what_leads_elsewhere_is_followed() -> None:
    with serving() as server:
        assert ask(server, "here") == (200, {"ok": True})
        assert server.seen[-1][1] == "/there"


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "nothing://x", "http://[", "http://127.0.0.1:99999999"])
def test_what_cannot_be_reached_is_said(url: str) -> None:
    status, found = asked({"url": url}, "a")
    assert status == UNREACHABLE
    assert found["error"].startswith("cannot reach ")

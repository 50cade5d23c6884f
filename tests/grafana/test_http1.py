"""Bytes of answers told apart: what is one, where it ends, and when its connection may be used again."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from reconciler.grafana.http1 import Lines, Malformed, Origin, written

OK = b"HTTP/1.1 200 OK\r\n"
JSON = OK + b"Content-Length: 2\r\n\r\n{}"


class Server:
    """Answers every request on a connection with the next bytes; ends the connection after `last` of them."""

    def __init__(self, *answers: bytes, last: int = 99) -> None:
        self.answers = list(answers)
        self.last = last
        self.requests = 0
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            for _ in range(self.last):
                await reader.readuntil(b"\r\n\r\n")
                self.requests += 1
                writer.write(self.answers[(self.requests - 1) % len(self.answers)])
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def over(server: Server, work: Callable[[Lines, Origin], Awaitable[Any]]) -> Any:
    """What some work with connections to a server comes to."""

    async def run() -> Any:
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        origin = Origin("127.0.0.1", listening.sockets[0].getsockname()[1])
        lines = Lines(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        try:
            return await work(lines, origin)
        finally:
            await lines.aclose()
            listening.close()

    return asyncio.run(run())


async def asked(lines: Lines, origin: Origin, method: str = "GET") -> tuple[int, bytes]:
    line = await lines.line(origin, 5)
    line.patience = 5
    try:
        await line.send(written(method, b"/", [(b"Host", b"x")]))
        head = await line.head(method)
        return head.status, await line.whole(head)
    finally:
        lines.done(line)


CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "status", "body", "kept"),
    [
        (JSON, 200, b"{}", True),
        (OK + CHUNKED + b"2\r\n{}\r\n0\r\n\r\n", 200, b"{}", True),
        (OK + CHUNKED + b"1;a=b\r\n{\r\n01\r\n}\r\n0\r\nTrailer: x\r\n\r\n", 200, b"{}", True),
        (OK + b"Content-Length: 2\r\nconnection: Close\r\n\r\n{}", 200, b"{}", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", 200, b"{}", False),
        (b"HTTP/1.1 204\r\n\r\n", 204, b"", True),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + JSON, 200, b"{}", True),
        (OK + b"Content-Length: 2, 2\r\nContent-Length: 2\r\n\r\n{}", 200, b"{}", True),
        (OK + b"Content-Length: 9\r\n" + CHUNKED + b"2\r\n{}\r\n0\r\n\r\n", 200, b"{}", False),  # two lengths
        (JSON + b"more", 200, b"{}", False),  # what nobody asked for would be taken for the next answer
    ],
)
def test_where_an_answer_ends_and_whether_its_connection_is_kept(
    answer: bytes, status: int, body: bytes, kept: bool
) -> None:
    server = Server(answer)

    async def twice(lines: Lines, origin: Origin) -> list[tuple[int, bytes]]:
        return [await asked(lines, origin), await asked(lines, origin)]

    assert over(server, twice) == [(status, body)] * 2
    assert server.connections == (1 if kept else 2)


def test_a_body_without_a_length_ends_with_the_connection() -> None:
    server = Server(OK + b"\r\n{}", last=1)
    assert over(server, asked) == (200, b"{}")


def test_a_connection_that_the_server_has_ended_is_not_used_again() -> None:
    server = Server(JSON, last=1)

    async def twice(lines: Lines, origin: Origin) -> None:
        for _ in range(2):
            assert await asked(lines, origin) == (200, b"{}")

    over(server, twice)
    assert (server.connections, server.requests) == (2, 2)


def test_a_connection_whose_answer_was_not_read_to_its_end_is_not_used_again() -> None:
    server = Server(JSON)

    async def work(lines: Lines, origin: Origin) -> None:
        await asked(lines, origin)
        line = await lines.line(origin, 5)  # the same one, which may be kept after what came first
        await line.send(written("GET", b"/", []))
        await line.head("GET")
        lines.done(line)
        assert await asked(lines, origin) == (200, b"{}")

    over(server, work)
    assert server.connections == 2


def test_what_is_done_after_the_end_is_not_kept() -> None:
    async def work(lines: Lines, origin: Origin) -> bool:
        line = await lines.line(origin, 5)
        await line.send(written("GET", b"/", []))
        await line.whole(await line.head("GET"))
        await lines.aclose()
        lines.done(line)
        return line.fresh()

    assert not over(Server(JSON), work)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"Hello\r\n\r\n", "not HTTP"),
        (b"HTTP/2.0 200 OK\r\n\r\n", "not HTTP"),
        (OK + b"no colon\r\n\r\n", "header of the answer"),
        (OK + b"a: b\r\n folded\r\n\r\n", "header of the answer"),
        (OK + b"a : b\r\n\r\n", "header of the answer"),
        (OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "length is not clear"),
        (OK + b"Content-Length: -2\r\n\r\n{}", "length is not clear"),
        (OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n", "transfer encoding"),
        (OK + CHUNKED + b"+2\r\n{}\r\n0\r\n\r\n", "has no length"),
        (OK + CHUNKED + b"2\r\n{}}\r\n0\r\n\r\n", "longer than it says"),
        (OK + CHUNKED + b"2\r\n{", "before the answer was complete"),
        (OK + b"Content-Length: 9\r\n\r\n{}", "before the answer was complete"),
        (OK, "before the answer was complete"),
        (b"", "without an answer"),
        (OK + b"a: " + b"b" * 300_000, "does not end"),
    ],
)
def test_what_is_no_answer_is_told(answer: bytes, why: str) -> None:
    with pytest.raises(Malformed, match=why):
        over(Server(answer, last=1), asked)


@pytest.mark.parametrize("field", [(b"A b", b"x"), (b"A", b"x\r\nB: y"), (b"A", b"x\0"), (b"", b"x")])
def test_no_header_smuggles_another_one(field: tuple[bytes, bytes]) -> None:
    with pytest.raises(Malformed, match="cannot be sent") as caught:
        written("GET", b"/", [field])
    assert "x" not in str(caught.value)


def test_a_server_that_says_nothing_is_given_up() -> None:
    async def work(lines: Lines, origin: Origin) -> None:
        line = await lines.line(origin, 5)
        line.patience = 0.01
        try:
            await line.head("GET")
        finally:
            lines.done(line)

    with pytest.raises(TimeoutError):
        over(Server(JSON), work)


def test_a_refused_connection_is_told_of_a_name_with_several_addresses_too() -> None:
    async def work(lines: Lines, origin: Origin) -> None:
        listening = await asyncio.start_server(Server().serve, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        listening.close()
        await listening.wait_closed()
        await lines.line(Origin("localhost", port), 5)

    with pytest.raises(ConnectionRefusedError):
        over(Server(), work)

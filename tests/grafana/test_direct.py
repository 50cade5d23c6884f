"""Requests without the HTTP library come to the very same as with it: what is sent, what comes back, how it fails."""

import asyncio
import gzip
import ssl
from typing import Any

import pytest

from reconciler.grafana.broken import Broken, NeverSent, NoAnswerInTime, NoConnection, Unsendable
from reconciler.grafana.by_library import ByLibrary
from reconciler.grafana.direct import Direct
from reconciler.grafana.replies import Reply
from tests.grafana.support import CUT, HANG, RawServer, Seen, answer, raw_server

TRUST = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
WAITS = {"to_connect": 5.0, "to_answer": 5.0}
BODY = b'{"some": "body"}' * 500
PACKED = gzip.compress(BODY)


def chunked(content: bytes, *more: bytes) -> bytes:
    head = b"\r\n".join([b"HTTP/1.1 200 OK", b"Transfer-Encoding: chunked", *more, b"", b""])
    parts = [content[at : at + 100] for at in range(0, len(content), 100)]
    return head + b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


ANSWERS = {
    "whole": answer(200, BODY),
    "empty": answer(204),
    "not found": answer(404, {"message": "no"}, X_Trace="a"),
    "in chunks": chunked(BODY),
    "compressed": answer(200, PACKED, Content_Encoding="gzip"),
    "compressed in chunks": chunked(PACKED, b"Content-Encoding: gzip"),
    "nothing compressed": answer(200, b"", Content_Encoding="gzip"),
    "identity": answer(200, BODY, Content_Encoding="identity"),
    "a header twice": b"HTTP/1.1 200 OK\r\nVary: a\r\nVary: b\r\nContent-Length: 0\r\n\r\n",
    "continued": b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" + answer(200, BODY),
}
LOST = {
    "cut": CUT,
    "short": b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{}",
    "no HTTP": b"SSH-2.0-OpenSSH\r\n\r\n",
    "damaged": answer(200, PACKED[:20] + b"\0\0\0\0" + PACKED[24:], Content_Encoding="gzip"),
    "bad chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n",
}


async def _both(server: RawServer, *request: Any) -> list[Reply | Broken]:
    made = [
        Direct(server.url, TRUST, compressed=True, **WAITS),
        ByLibrary(server.url, TRUST, proxied=False, **WAITS),
    ]
    found: list[Reply | Broken] = []
    for http in made:
        try:
            found.append(await http.exchange(*request))
        except Broken as error:
            found.append(error)
        finally:
            await http.aclose()
    return found


def both(raw: bytes, method: str = "GET", path: str = "/api/x?a=1&a=%20", content: bytes | None = None) -> Any:
    """What both ways come to, and the two requests that arrived."""

    async def work() -> Any:
        async with raw_server(raw) as server:
            headers = {"User-Agent": "ggrec", "Accept": "application/json", "Authorization": "Bearer x"}
            return await _both(server, method, server.url + path, headers, content), server.seen

    return asyncio.run(work())


@pytest.mark.parametrize("raw", ANSWERS.values(), ids=ANSWERS)
def test_an_answer_is_the_same_by_either_way(raw: bytes) -> None:
    (direct, library), _ = both(raw)
    assert isinstance(direct, Reply) and direct == library


@pytest.mark.parametrize("raw", LOST.values(), ids=LOST)
def test_what_is_no_answer_is_lost_by_either_way(raw: bytes) -> None:
    (direct, library), _ = both(raw)
    assert type(direct) is type(library) is Broken and not isinstance(direct, NeverSent)


@pytest.mark.parametrize(
    ("method", "content"), [("GET", None), ("DELETE", None), ("POST", None), ("PUT", b"{}"), ("POST", b"\xc3\xa9")]
)
def test_a_request_arrives_the_same_by_either_way(method: str, content: bytes | None) -> None:
    def told(seen: Seen) -> Any:
        fields = {name: value for name, value in seen.headers.items() if name not in {"host", "accept-encoding"}}
        return seen.method, seen.target, fields, seen.body

    _, (direct, library) = both(ANSWERS["empty"], method, "/api/x?a=1&a=%20", content)
    assert told(direct) == told(library)
    assert direct.headers["accept-encoding"] == "gzip"


def test_what_is_compressed_in_several_pieces_is_whole() -> None:
    """The library gives the first of them only."""
    (direct, _), _ = both(answer(200, gzip.compress(b"one, ") + gzip.compress(b"two"), Content_Encoding="gzip"))
    assert isinstance(direct, Reply) and direct.content == b"one, two"


def test_compressed_in_a_way_that_was_not_asked_for_is_no_answer() -> None:
    (direct, _), _ = both(answer(200, b"\x0b\x00\x80x\x03", Content_Encoding="br"))
    assert type(direct) is Broken


def test_an_answer_that_does_not_come_is_given_up() -> None:
    async def work() -> Any:
        async with raw_server(HANG) as server:
            http = Direct(server.url, TRUST, compressed=False, to_connect=5.0, to_answer=0.05)
            try:
                with pytest.raises(NoAnswerInTime):
                    await http.exchange("GET", server.url + "/api/x", {}, None)
            finally:
                await http.aclose()

    asyncio.run(work())


def test_where_nobody_listens_nothing_was_sent() -> None:
    async def work() -> None:
        async with raw_server(CUT) as server:
            url = server.url
        http = Direct(url, TRUST, compressed=False, **WAITS)
        with pytest.raises(NoConnection):
            await http.exchange("GET", url + "/api/x", {}, None)

    asyncio.run(work())


@pytest.mark.parametrize("headers", [{"X": "a\r\nY: b"}, {"X Y": "a"}, {"X": "a\0"}])
def test_a_header_that_cannot_be_is_not_sent(headers: dict[str, str]) -> None:
    async def work() -> list[Seen]:
        async with raw_server(ANSWERS["empty"]) as server:
            http = Direct(server.url, TRUST, compressed=False, **WAITS)
            with pytest.raises(Unsendable):
                await http.exchange("GET", server.url + "/api/x", headers, None)
            await http.aclose()
            return server.seen

    assert asyncio.run(work()) == []


def test_a_connection_serves_many_and_one_that_ended_is_made_anew() -> None:
    async def work() -> tuple[list[str], int]:
        answers = iter([answer(200, BODY), answer(200, BODY, Connection="close"), answer(200, BODY)])
        async with raw_server(lambda seen: next(answers)) as server:
            http = Direct(server.url, TRUST, compressed=False, **WAITS)
            for number in range(3):
                assert (await http.exchange("GET", f"{server.url}/api/{number}", {}, None)).content == BODY
            await http.aclose()
            return server.asked, len(server.serving)

    assert asyncio.run(work()) == (["GET /api/0", "GET /api/1", "GET /api/2"], 2)

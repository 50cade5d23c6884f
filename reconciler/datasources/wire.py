"""Asking a server over HTTP: a status and the JSON of its answer, whatever happens. Connections are kept: a check asks
a thousand small questions.
"""

import base64
import http.client
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

import orjson

_TIMEOUT = 30
UNREACHABLE = 502
"""The status of a server that did not answer."""
_Answer = tuple[int, bytes]


def asked(
    source: Mapping[str, Any], path: str, data: bytes | None = None, *, form: str = "application/x-www-form-urlencoded"
) -> tuple[int, dict[str, Any]]:
    """GET, or POST where there is something to send, at a path of a source, signed in as the source says. A server
    that cannot be reached answers UNREACHABLE, and `error` says why.
    """
    url = f"{str(source['url']).rstrip('/')}/{path}"
    headers = {"Content-Type": form} if data is not None else {}
    if source.get("basicAuth"):
        password = (source.get("secrets") or {}).get("basicAuthPassword", "")
        pair = f"{source.get('basicAuthUser') or ''}:{password}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    try:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https"} and (_is_kept(parts) or not _by_proxy(parts)):
            status, content = _kept(parts, data, headers)
            if not 300 <= status < 400:
                return status, _object(content)
        return _opened(url, data, headers)  # also what leads elsewhere
    except (OSError, ValueError, http.client.HTTPException) as error:
        return UNREACHABLE, {"error": f"cannot reach {url}: {getattr(error, 'reason', error)}"}


def _by_proxy(parts: SplitResult) -> bool:
    return parts.scheme in urllib.request.getproxies() and not urllib.request.proxy_bypass(parts.hostname or "")


class _Connections(dict[tuple[str, str], http.client.HTTPConnection]):
    """Of one thread, by scheme and host; they end with it."""

    def __del__(self) -> None:
        for connection in self.values():
            connection.close()


_own = threading.local()


def _is_kept(parts: SplitResult) -> bool:
    """Whether the thread has a connection to that server: then it was found out that no proxy stands before it."""
    return (parts.scheme, parts.netloc) in getattr(_own, "connections", ())


def _kept(parts: SplitResult, data: bytes | None, headers: Mapping[str, str]) -> _Answer:
    """By the thread's connection to that server, once more by a new one where the server had ended it meanwhile."""
    connections: _Connections | None = getattr(_own, "connections", None)
    if connections is None:
        connections = _own.connections = _Connections()
    key = (parts.scheme, parts.netloc)
    known = connections.pop(key, None)
    if known is not None:
        try:
            return _sent(connections, key, known, parts, data, headers)
        except (http.client.HTTPException, ConnectionError):
            known.close()
    sort = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return _sent(connections, key, sort(parts.hostname or "", parts.port, timeout=_TIMEOUT), parts, data, headers)


def _sent(
    connections: _Connections,
    key: tuple[str, str],
    connection: http.client.HTTPConnection,
    parts: SplitResult,
    data: bytes | None,
    headers: Mapping[str, str],
) -> _Answer:
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("GET" if data is None else "POST", target, data, dict(headers))
        answer = connection.getresponse()
        content = answer.read()
    except BaseException:
        connection.close()
        raise
    if not answer.will_close:
        connections[key] = connection
    return answer.status, content


def _opened(url: str, data: bytes | None, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=_TIMEOUT) as answer:
            return answer.status, _object(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, _object(error.read())


def _object(content: bytes) -> dict[str, Any]:
    """The JSON of an answer; empty where it is no object."""
    try:
        found = orjson.loads(content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}

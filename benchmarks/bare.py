"""The bare client: what any client must at least do, and nothing else. Standard library only, one keep-alive
connection for each sequence of requests, bodies read and let go (pages are looked into for their `continue`).

`bare.py TASK` reads its task as JSON from standard input and prints {"wall": seconds, "cpu": seconds, "requests": n}
of the work itself, without the start of the interpreter.
"""

import base64
import http.client
import json
import re
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

_CONTINUE = re.compile(rb'"continue"\s*:\s*"([^"]*)"')
_IDLE = 2.0
PARTIAL = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
DASHBOARDS = "/apis/dashboard.grafana.app/v0alpha1/namespaces/default/dashboards"


class Client:
    """One connection to one Grafana. `requests` counts."""

    def __init__(self, url: str, user: str, password: str) -> None:
        parts = urlsplit(url)
        sort = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self.connection = sort(parts.hostname or "", parts.port, timeout=300)
        self.prefix = parts.path.rstrip("/")
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        self.headers = {"Authorization": f"Basic {pair}", "Accept": "application/json"}
        self.requests = 0
        self._last = 0.0

    def send(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> bytes:
        """The answer's body. Raises OSError for a status that is neither 2xx nor 404."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        given = {key.title(): value for key, value in (headers or {}).items()}
        sent = {**self.headers, **({"Content-Type": "application/json"} if data is not None else {}), **given}
        if time.monotonic() - self._last > _IDLE:
            self.connection.close()  # the next request opens it again: by now the server may have closed it too
        self.connection.request(method, self.prefix + path, data, sent)
        answer = self.connection.getresponse()
        content = answer.read()
        self._last = time.monotonic()
        self.requests += 1
        if not (answer.status < 300 or answer.status == 404):
            raise OSError(f"{method} {path}: {answer.status} {content[:300]!r}")
        return content

    def close(self) -> None:
        """End the connection."""
        self.connection.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def json(self, method: str, path: str, body: Any = None) -> Any:
        """The answer, parsed."""
        return json.loads(self.send(method, path, body) or b"null")


def pages(client: Client, accept: str = "application/json", limit: int = 500) -> int:
    """Every page of the list of dashboards; the result is how many there were."""
    token, count = "", 0
    while True:
        more = f"&continue={quote(token, safe='')}" if token else ""
        body = client.send("GET", f"{DASHBOARDS}?limit={limit}{more}", headers={"Accept": accept})
        count += 1
        # A list's own metadata stands before its items, or after them: no dashboard's body is looked into.
        found = _CONTINUE.search(body[:2000]) or _CONTINUE.search(body[-2000:])
        token = found.group(1).decode() if found else ""
        if not token:
            return count


def replay(make: Callable[[], Client], requests: Sequence[Mapping[str, Any]]) -> int:
    """The recorded requests, each connection's in its order, connections side by side."""
    lines: dict[Any, list[Mapping[str, Any]]] = {}
    for request in requests:
        lines.setdefault(request["connection"], []).append(request)
    return _side_by_side(make, list(lines.values()))


def is_board(path: str) -> bool:
    """Whether a write to this path is one of a dashboard."""
    return path.endswith(("/api/dashboards/db", "/dashboards"))


def save(make: Callable[[], Client], saves: Sequence[Mapping[str, Any]], at_once: int, *, read_back: bool) -> int:
    """The recorded writes: what is no save of a dashboard first and one by one, dashboards `at_once` side by side, each
    read back where that is asked.
    """
    boards = [item for item in saves if is_board(item["path"])]
    others = [item for item in saves if item not in boards]
    count = _side_by_side(make, [others]) if others else 0
    steps: list[list[Mapping[str, Any]]] = [[] for _ in range(at_once)]
    for number, item in enumerate(boards):
        steps[number % at_once].append(item)
        if read_back:
            uid = json.loads(item["body"])["dashboard"]["uid"]
            path = f"/api/dashboards/uid/{uid}"
            steps[number % at_once].append({"method": "GET", "path": path, "headers": {}, "body": ""})
    return count + _side_by_side(make, steps)


def _side_by_side(make: Callable[[], Client], lines: Iterable[Sequence[Mapping[str, Any]]]) -> int:
    failures: list[Exception] = []
    clients = []

    def work(client: Client, line: Sequence[Mapping[str, Any]]) -> None:
        try:
            for item in line:
                body = item["body"].encode() if item["body"] else None
                client.send(item["method"], item["path"].removeprefix(client.prefix), body, item["headers"])
        except Exception as error:
            failures.append(error)
        finally:
            client.close()

    threads = []
    for line in lines:
        clients.append(make())
        threads.append(threading.Thread(target=work, args=(clients[-1], line)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return sum(client.requests for client in clients)


def main() -> None:
    """Carry out one task."""
    task = json.load(sys.stdin)
    recorded = []
    if "file" in task:
        with open(task["file"], encoding="utf-8") as file:  # noqa: PTH123 (the smallest client)
            recorded = [json.loads(line) for line in file]

    def make() -> Client:
        return Client(task["url"], task["user"], task["password"])

    began, cpu = time.perf_counter(), time.process_time()
    match sys.argv[1]:
        case "list":
            count = pages(make())
        case "metadata":
            count = pages(make(), PARTIAL, 5000)
        case "replay":
            count = replay(make, recorded)
        case "save":
            count = save(make, recorded, task.get("at_once", 2), read_back=task.get("read_back", False))
        case other:
            raise SystemExit(f"no task {other}")
    cost = {"wall": time.perf_counter() - began, "cpu": time.process_time() - cpu, "requests": count}
    print(json.dumps(cost))


if __name__ == "__main__":
    main()

"""What the server takes for one request of each sort by itself: whether elsewhere it is the server that is measured."""

import time
from collections.abc import Callable, Iterator

from benchmarks import estate
from benchmarks.bare import DASHBOARDS, PARTIAL, pages
from benchmarks.server import Server
from benchmarks.table import Row, plain

_TIMES = 50


def server_alone(server: Server, boards: int) -> Iterator[Row]:
    """Milliseconds a request, seen from the bare client; with the sandbox, its own CPU too."""
    client = server.client()
    one = {"Accept": PARTIAL}

    def get(path: str) -> Callable[[int], int]:
        return lambda n: len(client.send("GET", path.format(uid=estate.name_of(n % boards)))) and 1

    tasks: tuple[tuple[str, int, Callable[[int], int]], ...] = (
        ("GET of one dashboard (/api)", _TIMES, get("/api/dashboards/uid/{uid}")),
        ("GET of one dashboard (/apis)", _TIMES, get(DASHBOARDS + "/{uid}")),
        ("versions, limit 1", _TIMES, get("/api/dashboards/uid/{uid}/versions?limit=1")),
        ("search of all", 5, get("/api/search?type=dash-db&limit=5000")),
        (
            "beacon (metadata LIST, limit 1)",
            10,
            lambda _: bool(client.send("GET", f"{DASHBOARDS}?limit=1", headers=one)),
        ),
        (f"metadata LIST of {boards:,}, a page", 3, lambda _: pages(client, PARTIAL, 5000)),
        (f"full LIST of {boards:,}, a page", 2, lambda _: pages(client)),
        ("health", _TIMES, get("/api/health")),
    )
    for name, times, task in tasks:
        began, cpu = time.perf_counter(), server.cpu()
        count = sum(task(number) for number in range(times))
        wall, used = (time.perf_counter() - began) * 1000 / count, (server.cpu() - cpu) * 1000 / count
        yield plain(f"the server alone: {name}", [wall], " ms", f"{used:.1f} ms of its CPU" if server.process else "")

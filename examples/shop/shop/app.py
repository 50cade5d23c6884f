"""The shop: a page, orders, searches, what browsers report, and `/metrics`. `python -m shop.app --port 8080`."""

import argparse
import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from shop import assortment as a
from shop.documents import Documents
from shop.monitoring import CONTENT_TYPE, Monitoring
from shop.office import Office
from shop.orders import NotAnOrder, Order, choose, order_from, outcome_of, processing_seconds, settle
from shop.search_server import Bulk
from shop.seasons import Calendar

STATIC = Path(__file__).parent / "static"
LARGEST_BODY = 64 * 1024
_TICK = 15.0
"""Seconds between two steps of the back office."""


class Shop:
    """One running shop: its books, its customers' orders, its back office."""

    def __init__(self, monitoring: Monitoring, documents: Documents, *, seed: int = 3, pace: float = 1.0) -> None:
        self.monitoring = monitoring
        self.documents = documents
        self.calendar = Calendar(datetime.now(UTC))
        self.random = Random(seed)
        self.office = Office(self.calendar, self.random)
        self.pace = pace
        self._processes = {
            kind: monitoring.track_order_processing(kind)(self._process) for kind in a.ORDER_TYPES
        }  # one decorated function for each sort of order, as the guide has it

    async def process(self, order: Order) -> dict[str, Any]:
        """Process an order: charge it, and write it down. Takes as long as the payment processor takes (times
        `pace`).
        """
        return await self._processes[order.order_type](order)

    async def _process(self, order: Order) -> dict[str, Any]:
        number, now = uuid.uuid4().hex[:12], datetime.now(UTC)
        takes = processing_seconds(self.random, order, load=self.calendar.busyness(now), out=False)
        await asyncio.sleep(takes * self.pace)
        status = outcome_of(self.random, out=False)
        settle(self.monitoring, order, status, reason=choose(self.random, a.FAILURES))
        if status == "completed":
            self.monitoring.add("funnel_steps_total", 1, "orders", order.channel, exemplar={"order": number})
            self.monitoring.observe("order_value_dollars", order.dollars, exemplar={"order": number})
            self.documents.order(order, now)
        return {"order": number, "status": status, "paid": order.dollars if status == "completed" else 0}

    async def keep_office(self) -> None:
        """Let time pass in the back office until cancelled."""
        while True:
            await asyncio.sleep(_TICK)
            now = datetime.now(UTC)
            self.office.step(self.monitoring, now, _TICK)
            self.documents.of_step(now, _TICK, load=self.calendar.busyness(now), out=False, orders=0)


async def _body(request: Request) -> Any:
    """A request's JSON; None where it is none, or too long."""
    data = b""
    async for chunk in request.stream():
        data += chunk
        if len(data) > LARGEST_BODY:
            return None
    try:
        return json.loads(data)
    except ValueError:
        return None


def create_app(shop: Shop, bulk: Bulk | None = None) -> Starlette:
    """The web application around a shop."""

    async def page(_: Request) -> Response:
        return FileResponse(STATIC / "index.html")

    async def products(_: Request) -> Response:
        books = shop.monitoring
        return JSONResponse(
            [
                {
                    "name": p.name,
                    "category": p.category,
                    "price": p.price,
                    "stock": books.get("inventory_level", p.name, p.category),
                }
                for p in a.PRODUCTS
            ]
        )

    async def order(request: Request) -> Response:
        try:
            placed = order_from(await _body(request))
        except NotAnOrder as error:
            return JSONResponse({"error": str(error)}, 400)
        done = await shop.process(placed)
        return JSONResponse(done, 201 if done["status"] == "completed" else 402)

    async def search(request: Request) -> Response:
        asked = request.query_params.get("q", "").strip().lower()
        found = [p.name for p in a.PRODUCTS if asked and asked in f"{p.name} {p.category}".lower()]
        result = "found" if found or (asked in a.TERMS and asked not in a.NOT_SOLD) else "empty"
        shop.monitoring.add("search_queries_total", 1, asked, result)
        shop.documents.write(
            "search", datetime.now(UTC), search_term=asked if asked in a.TERMS else "other", results=len(found)
        )
        return JSONResponse({"found": found})

    async def heard(request: Request) -> Response:
        shop.monitoring.heard(await _body(request))
        return Response(status_code=204)  # a beacon waits for no answer

    async def metrics(_: Request) -> Response:
        return Response(shop.monitoring.exposition(), headers={"Content-Type": CONTENT_TYPE})

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(shop.keep_office())]
        if bulk is not None:
            tasks.append(asyncio.create_task(bulk.keep_sending()))
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if bulk is not None:
            await bulk.close()

    return Starlette(
        lifespan=lifespan,
        routes=[
            Route("/", page),
            Route("/api/products", products),
            Route("/api/orders", order, methods=["POST"]),
            Route("/api/search", search),
            Route("/monitoring/events", heard, methods=["POST"]),
            Route("/metrics", metrics),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
    )


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="shop.app", description=__doc__)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--opening", type=Path, help="opening.json of the backfill: go on counting from there")
    parser.add_argument("--search-url", help="the search server that documents are written to")
    parser.add_argument("--pace", type=float, default=1.0, help="how long an order takes, times this")
    given = parser.parse_args()
    monitoring = Monitoring()
    bulk = Bulk(given.search_url) if given.search_url else None
    shop = Shop(monitoring, Documents(bulk.take if bulk else lambda _: None), pace=given.pace)
    if given.opening:
        monitoring.resume(json.loads(given.opening.read_text("utf-8")))
    else:
        shop.office.open(monitoring, datetime.now(UTC))
    shop.office.step(monitoring, datetime.now(UTC), _TICK)
    uvicorn.run(create_app(shop, bulk), host="127.0.0.1", port=given.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()

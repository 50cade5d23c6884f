"""`python -m shop.load URL`: plays customers against a running shop: visits that report what they do as the page's
script does, searches, and orders. `--speed 60` lets an hour's customers come in a minute.
"""

import argparse
import asyncio
import signal
from collections import Counter
from datetime import UTC, datetime
from random import Random

import httpx

from shop import assortment as a
from shop.orders import choose, draw
from shop.seasons import VISITS_PER_HOUR, Calendar
from shop.visits import CART, CHECKOUT, ORDER

_AT_ONCE = 20


class Customers:
    """Visitors of one shop."""

    def __init__(self, http: httpx.AsyncClient, *, seed: int = 4) -> None:
        self._http = http
        self._random = Random(seed)
        self._calendar = Calendar(datetime.now(UTC))
        self._places = asyncio.Semaphore(_AT_ONCE)
        self.counts: Counter[str] = Counter()

    async def come(self, speed: float, stop: asyncio.Event) -> None:
        """Let visitors come until `stop` is set; then wait for those who are there."""
        async with asyncio.TaskGroup() as group:
            while not stop.is_set():
                per_second = VISITS_PER_HOUR / 3600 * self._calendar.busyness(datetime.now(UTC)) * speed
                try:
                    await asyncio.wait_for(stop.wait(), self._random.expovariate(per_second))
                except TimeoutError:
                    await self._places.acquire()
                    group.create_task(self._let_in())

    async def _let_in(self) -> None:
        try:
            await self.visit()
        except httpx.HTTPError:
            self.counts["unanswered"] += 1
        finally:
            self._places.release()

    async def visit(self) -> None:
        """One visitor, from the first page to the order or away."""
        random = self._random
        channel = choose(random, a.CHANNELS)
        campaign = choose(random, a.CAMPAIGNS[channel])
        device = choose(random, a.DEVICES)
        product = random.choices(a.PRODUCTS, weights=[item.share for item in a.PRODUCTS])[0]
        known = {"channel": channel, "campaign_id": campaign, "device": device}
        events = [
            {"action": "funnel_step", "step_name": "visit", **known},
            {"action": "product_view", "product_name": product.name, **known},
        ]
        self.counts["visits"] += 1
        if random.random() < 0.3:
            await self._http.get("/api/search", params={"q": random.choice(a.TERMS)})
        if random.random() < 0.25:
            events.append({"action": "feature_used", "feature": random.choice(a.FEATURES), **known})
        ordering = False
        if random.random() < CART:
            events.append({"action": "funnel_step", "step_name": "add_to_cart", **known})
            if random.random() < CHECKOUT:
                events.append({"action": "funnel_step", "step_name": "checkout_start", **known})
                ordering = random.random() < ORDER
            if not ordering:
                events.append({"action": "cart_abandoned", **known})
        await self._http.post("/monitoring/events", json=events)
        if ordering:
            answer = await self._http.post("/api/orders", json=draw(random, channel, campaign).as_json())
            self.counts[f"orders {answer.status_code}"] += 1


async def _run(url: str, speed: float, seconds: float | None) -> Counter[str]:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if seconds is not None:
        loop.call_later(seconds, stop.set)
    async with httpx.AsyncClient(base_url=url, timeout=300, trust_env=False) as http:
        customers = Customers(http)
        await customers.come(speed, stop)
        return customers.counts


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="shop.load", description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--speed", type=float, default=1.0)
    parser.add_argument("--seconds", type=float, help="end after so long; default: with Ctrl-C")
    given = parser.parse_args()
    counts = asyncio.run(_run(given.url, given.speed, given.seconds))
    print(", ".join(f"{count} {what}" for what, count in sorted(counts.items())))


if __name__ == "__main__":
    main()

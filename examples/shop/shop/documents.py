"""The documents that the shop writes to its search server: index `shop-events`, one document an event. The field
`type` tells what it is.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from shop import assortment as a
from shop.orders import Order, choose
from shop.seasons import VISITS_PER_HOUR
from shop.visits import CART, CHECKOUT, ORDER

INDEX = "shop-events"
MAPPING = {
    "mappings": {
        "dynamic_templates": [
            {
                "text": {
                    "match_mapping_type": "string",
                    "mapping": {"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 256}}},
                }
            }
        ],
        "properties": {"@timestamp": {"type": "date"}, "location": {"type": "geo_point"}},
    }
}
"""Texts with a `.keyword` beside them, as dynamic mapping makes them too; times and places said outright."""
ONE_IN = 100
"""Visits are sampled: one in so many becomes documents."""
Sink = Callable[[dict[str, Any]], None]

_COMMENTS = {
    "positive": ("Arrived early, as described", "Great rental terms", "Support solved it at once"),
    "neutral": ("As expected", "Delivery took a while", "Fine for the price"),
    "negative": ("The box was damaged", "Payment failed twice", "Not what the picture shows"),
}
_MESSAGES = {
    "info": ("order accepted", "stock refreshed", "contract renewed"),
    "warning": ("slow answer from partner", "retrying payment", "cache miss storm"),
    "error": ("payment processor did not answer", "order could not be stored", "partner refused the label"),
}


class Documents:
    """Writes documents to a sink. Random, but the same for the same seed."""

    def __init__(self, sink: Sink, *, seed: int = 2) -> None:
        self._sink = sink
        self._random = Random(seed)
        self._hour: dict[str, Any] = {"moment": None}

    def write(self, kind: str, moment: datetime, **fields: Any) -> None:
        """One document."""
        when = moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._sink({"@timestamp": when, "type": kind, **fields})

    def order(self, order: Order, moment: datetime) -> None:
        """A completed order."""
        self.write(
            "order", moment, amount=order.dollars, country=order.country, location=a.LOCATIONS[order.country],
            payment_method=order.payment_method, order_type=order.order_type, product=order.product,
            category=order.category, campaign_id=order.campaign_id,
        )  # fmt: skip

    def of_step(self, moment: datetime, seconds: float, *, load: float, out: bool, orders: int) -> None:
        """Everything else that happened in the `seconds` that end at `moment`."""
        visits = VISITS_PER_HOUR * load * seconds / 3600
        for _ in range(self._number(visits / ONE_IN)):
            self._visit(self._moment(moment, seconds))
        for _ in range(self._number(seconds / 600)):
            self._opinion(self._moment(moment, seconds), out=out)
        for _ in range(self._number(seconds / 300 * (3 if out else 1))):
            self._log(self._moment(moment, seconds), out=out)
        self._hourly(moment, visits, orders)

    def _number(self, mean: float) -> int:
        whole = int(mean)
        return whole + (self._random.random() < mean - whole)

    def _moment(self, end: datetime, seconds: float) -> datetime:
        return end - timedelta(seconds=self._random.random() * seconds)

    def _visit(self, moment: datetime) -> None:
        channel, device = choose(self._random, a.CHANNELS), choose(self._random, a.DEVICES)
        visitor = f"v{self._random.randrange(40_000):05d}"
        for step, onward in zip(a.STEPS, (CART * 3, CHECKOUT, ORDER, 0), strict=True):
            self.write("funnel", moment, step=step, channel=channel, device=device, visitor=visitor)
            if self._random.random() > onward:
                break
            moment += timedelta(seconds=self._random.randrange(20, 240))
        if self._random.random() < 0.5:
            rank = min(int(self._random.expovariate(0.5)), len(a.TERMS) - 1)
            term = a.TERMS[rank]
            self.write(
                "search", moment, search_term=term, results=0 if term in a.NOT_SOLD else self._random.randrange(1, 30)
            )
        if self._random.random() < 0.4:
            self.write("feature", moment, feature=self._random.choice(a.FEATURES))

    def _opinion(self, moment: datetime, *, out: bool) -> None:
        shares = (
            {"positive": 0.2, "neutral": 0.2, "negative": 0.6}
            if out
            else {"positive": 0.66, "neutral": 0.22, "negative": 0.12}
        )
        sentiment = choose(self._random, shares)
        rating = {"positive": (4, 5), "neutral": (3, 3), "negative": (1, 2)}[sentiment]
        product = self._random.choice(a.PRODUCTS)
        comment = self._random.choice(_COMMENTS[sentiment])
        self.write(
            "feedback",
            moment,
            rating=self._random.randint(*rating),
            sentiment=sentiment,
            comment=comment,
            product=product.name,
        )

    def _log(self, moment: datetime, *, out: bool) -> None:
        level = choose(
            self._random,
            {"info": 0.3, "warning": 0.3, "error": 0.4} if out else {"info": 0.9, "warning": 0.08, "error": 0.02},
        )
        service = "payments" if out and level == "error" else self._random.choice(tuple(a.ENDPOINTS))
        took = round(60 * self._random.lognormvariate(0, 0.7) * (8 if level == "error" else 1), 1)
        self.write(
            "log", moment, service=service, level=level, message=self._random.choice(_MESSAGES[level]), duration_ms=took
        )

    def _hourly(self, moment: datetime, visits: float, orders: int) -> None:
        """The summary of an hour, written when the hour is over."""
        hour = moment.replace(minute=0, second=0, microsecond=0)
        if self._hour["moment"] not in (None, hour):
            self.summary(self._hour["moment"], self._hour["visits"], self._hour["orders"])
            self._hour = {"moment": None}
        if self._hour["moment"] is None:
            self._hour = {"moment": hour, "visits": 0.0, "orders": 0}
        self._hour["visits"] += visits
        self._hour["orders"] += orders

    def summary(self, hour: datetime, visits: float, orders: int) -> None:
        """The documents of one hour: the four numbers of the funnel, and how each product did."""
        carts = visits * CART
        numbers = {
            "visitors": round(visits),
            "cart_additions": round(carts),
            "checkout_starts": round(carts * CHECKOUT),
            "orders": orders,
        }
        self.write("metrics", hour, metrics={name: {"value": number} for name, number in numbers.items()})
        for product in a.PRODUCTS:
            views = self._number(visits * product.share * 1.6)
            sold = self._number(views * 0.03)
            self.write(
                "product_performance",
                hour,
                category=product.category,
                product=product.name,
                views=views,
                conversions=sold,
            )


def bulk_lines(document: dict[str, Any]) -> str:
    """A document as the two lines of a bulk request."""
    return (
        '{"index":{"_index":"'
        + INDEX
        + '"}}\n'
        + json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        + "\n"
    )

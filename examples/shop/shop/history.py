"""The past: as many days of business as wanted, step by step, as samples for Prometheus and documents for the search
server. The same seed and the same end give the same history.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from shop.assortment import FAILURES
from shop.book import Ledger
from shop.documents import Documents
from shop.office import Office
from shop.orders import choose, draw, outcome_of, processing_seconds, settle
from shop.seasons import Calendar
from shop.visits import in_bulk


@dataclass(frozen=True, slots=True)
class Span:
    """How much history, and how fine: `coarse` seconds between samples, `fine` for the last `fine_days`."""

    end: datetime
    days: float = 92.0
    fine_days: float = 3.0
    coarse: int = 1800
    fine: int = 120

    def moments(self) -> Iterator[tuple[datetime, int]]:
        """The end of each step, and its length in seconds; the last is `end`."""
        begin, turn = self.end - timedelta(days=self.days), self.end - timedelta(days=min(self.fine_days, self.days))
        coarse = int((turn - begin).total_seconds() // self.coarse)
        for number in range(coarse):
            yield turn - timedelta(seconds=self.coarse * (coarse - number - 1)), self.coarse
        fine = int((self.end - turn).total_seconds() // self.fine)
        for number in range(1, fine + 1):
            yield turn + timedelta(seconds=self.fine * number), self.fine


def live_through(
    span: Span, ledger: Ledger, documents: Documents | None = None, *, seed: int = 1
) -> Iterator[datetime]:
    """Live through a span; after each step `ledger` holds the numbers of that moment, which is handed out."""
    random, calendar = Random(seed), Calendar(span.end)
    office = Office(calendar, random)
    office.open(ledger, span.end - timedelta(days=span.days))
    for moment, seconds in span.moments():
        office.step(ledger, moment, seconds)
        out, load = calendar.is_out(moment), calendar.busyness(moment)
        ordering = in_bulk(ledger, office, calendar, moment, seconds=seconds, random=random)
        for channel, campaign in ordering:
            order = draw(random, channel, campaign)
            status = outcome_of(random, out=out)
            settle(ledger, order, status, reason="processor_error" if out else choose(random, FAILURES))
            ledger.observe(
                "order_processing_duration_seconds",
                processing_seconds(random, order, load=load, out=out),
                order.order_type,
            )
            if status == "completed":
                ledger.observe("order_value_dollars", order.dollars)
                if documents is not None:
                    documents.order(order, moment - timedelta(seconds=random.random() * seconds))
        if documents is not None:
            documents.of_step(moment, seconds, load=load, out=out, orders=len(ordering))
        yield moment

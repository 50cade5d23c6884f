"""What happens besides orders: stock, shipping, rentals, support, marketing, books and servers. One `step` is some
seconds of all of it; the live shop and the history both call it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random

from shop import assortment as a
from shop.book import Book
from shop.seasons import VISITS_PER_HOUR, Calendar, midnight_of, quarter_of

_DAY = 86_400.0
_QUARTER_DAYS = 91.0
REVENUE_PER_DAY = {
    "laptops": 88_000.0,
    "phones": 62_000.0,
    "gaming": 36_000.0,
    "monitors": 29_000.0,
    "audio": 29_500.0,
    "accessories": 9_400.0,
}
"""The plan, US dollars."""


class Office:
    """The back office of one shop."""

    def __init__(self, calendar: Calendar, random: Random) -> None:
        self._calendar = calendar
        self._random = random
        self._last: datetime | None = None

    def open(self, book: Book, moment: datetime) -> None:
        """Everything that is there before the first order, and every counter at 0, so that its first increase is
        seen.
        """
        for product in a.PRODUCTS:
            key = (product.name, product.category)
            book.put("inventory_level", product.stock, *key)
            book.put("inventory_reorder_point", round(product.stock * 0.25), *key)
            book.put("product_rating", product.rating, *key)
        for tier, (_, share) in a.TIERS.items():
            book.put("active_rental_contracts", round(9_000 * share), tier)
        for account, amount in a.ACCOUNTS.items():
            book.put("cash_balance_dollars", amount, account)
        for priority, share in a.PRIORITIES.items():
            book.put("support_tickets_open", round(40 * share), priority)
        book.put("disputes_open", 14)
        begun = (moment - quarter_of(moment)).total_seconds() / _DAY
        for category, daily in REVENUE_PER_DAY.items():
            for region, share in a.REGIONS.items():
                book.add("revenue_total", daily * share * begun * 0.97, category, region)

    def step(self, book: Book, moment: datetime, seconds: float) -> None:
        """The `seconds` that end at `moment`."""
        self._new_periods(book, moment)
        load = self._calendar.busyness(moment)
        out = self._calendar.is_out(moment)
        self._plans(book, moment)
        self._marketing(book, moment, seconds)
        self._goods(book, seconds, load, out)
        self._rentals(book, seconds)
        self._support(book, seconds, load, out)
        self._money(book, seconds)
        self._servers(book, seconds, load, out)
        self._last = moment

    def _new_periods(self, book: Book, moment: datetime) -> None:
        last = self._last or moment
        if midnight_of(last) != midnight_of(moment):
            book.restart("revenue_daily_total")
        if quarter_of(last) != quarter_of(moment):
            book.restart("revenue_total")

    def some(self, mean: float) -> int:
        """A number of events, where `mean` are expected."""
        if mean > 50:
            return max(0, round(self._random.gauss(mean, mean**0.5)))
        limit, product, count = 2.718281828459045**-mean, self._random.random(), 0
        while product > limit:
            product *= self._random.random()
            count += 1
        return count

    def _spread(self, book: Book, name: str, mean: float, shares: Mapping[str, float], *more: str) -> None:
        for value, share in shares.items():
            book.add(name, self.some(mean * share), value, *more)

    def _plans(self, book: Book, moment: datetime) -> None:
        begun = (moment - quarter_of(moment)).total_seconds() / _DAY
        for category, daily in REVENUE_PER_DAY.items():
            book.put("revenue_target", daily * max(begun, 0.01), category)
            wave = self._calendar.busyness(midnight_of(moment) + timedelta(hours=12)) / 1.3
            book.put("revenue_forecast_daily", daily * wave, category)
        for rank, who in enumerate(a.SALES_REPS):
            book.put("sales_rep_quota", 120_000 + 15_000 * rank, who)

    def _marketing(self, book: Book, moment: datetime, seconds: float) -> None:
        visits = VISITS_PER_HOUR * seconds / 3600
        for channel, share in a.CHANNELS.items():
            for campaign, part in a.CAMPAIGNS[channel].items():
                spent = visits * share * part * a.CLICK_PRICE[channel] * self._calendar.boost(campaign, moment)
                book.add("marketing_spend_total", spent, channel, campaign)
            cost = a.CLICK_PRICE[channel] * 55 + 2
            book.put("customer_acquisition_cost_dollars", cost * self._random.uniform(0.97, 1.03), channel)
            book.put("customer_lifetime_value_dollars", 90 + cost * 2.4 + 40 * share, channel)

    def _goods(self, book: Book, seconds: float, load: float, out: bool) -> None:
        for product in a.PRODUCTS:
            key = (product.name, product.category)
            level = book.get("inventory_level", *key)
            if level <= product.stock * 0.25 and self._random.random() < seconds / 14_400:
                book.put("inventory_level", level + product.stock, *key)
            book.add("product_reviews_total", self.some(seconds / _DAY * 60 * product.share), *key)
            drift = self._random.gauss(0, 0.002) + (product.rating - book.get("product_rating", *key)) * 0.02
            book.put("product_rating", min(5.0, max(1.0, book.get("product_rating", *key) + drift)), *key)
        for rank, (partner, share) in enumerate(a.PARTNERS.items()):
            down = out and partner == "DHL"
            book.put("shipping_partner_up", 0.0 if down else 1.0, partner)
            book.put(
                "shipping_partner_latency_seconds",
                (8.0 if down else 0.25 + 0.08 * rank) * self._random.uniform(0.8, 1.3),
                partner,
            )
            for status, part in (("delivered", 0.93), ("late", 0.06), ("lost", 0.01)):
                book.add("shipments_total", self.some(350 * seconds / _DAY * share * part), partner, status)
        for rank, queue in enumerate(a.QUEUES):
            book.put(
                "order_queue_depth",
                round((6 + 4 * rank) * load * self._random.uniform(0.6, 1.4) + (80 if out and not rank else 0)),
                queue,
            )

    def _rentals(self, book: Book, seconds: float) -> None:
        for tier, (monthly, _) in a.TIERS.items():
            running = book.get("active_rental_contracts", tier)
            ended = self.some(running / 400 * seconds / _DAY)
            book.put("active_rental_contracts", max(0.0, running - ended), tier)
            book.put("rental_contract_value_dollars", running * monthly * 9.5, tier)
            due = self.some(running / 30 * seconds / _DAY)
            late = sum(1 for _ in range(due) if self._random.random() < (0.045 if tier == "basic" else 0.025))
            book.add("rental_payments_due_total", due, tier)
            book.add("rental_payments_late_total", late, tier)
            book.add("revenue_recognized_total", (due - late) * monthly, "rental")

    def _support(self, book: Book, seconds: float, load: float, out: bool) -> None:
        opened = 95 * seconds / _DAY * load * (4 if out else 1)
        self._spread(book, "support_tickets_total", opened, a.TICKETS)
        for priority, share in a.PRIORITIES.items():
            present = book.get("support_tickets_open", priority)
            aim = 40 * share * load * (3 if out else 1)
            book.put(
                "support_tickets_open",
                max(0.0, round(present + (aim - present) * 0.2 + self._random.gauss(0, 0.6))),
                priority,
            )

    def _money(self, book: Book, seconds: float) -> None:
        days = seconds / _DAY
        for reason in a.CHARGEBACKS:
            book.add("chargebacks_total", self.some(0.9 * days), reason)
        book.put("disputes_open", max(0.0, round(book.get("disputes_open") + self._random.gauss(0, 0.3))))
        book.add("refunds_total", self.some(6 * days) * self._random.uniform(40, 300))
        for account, base in a.ACCOUNTS.items():
            present = book.get("cash_balance_dollars", account)
            book.put(
                "cash_balance_dollars",
                present + (base * 0.0016 * days) + self._random.gauss(0, base * 0.002 * days**0.5),
                account,
            )
        for age, share in a.AGES.items():
            book.put("accounts_receivable_dollars", 240_000 * share * self._random.uniform(0.98, 1.02), age)
            book.put("accounts_payable_dollars", 180_000 * share * self._random.uniform(0.98, 1.02), age)

    def _servers(self, book: Book, seconds: float, load: float, out: bool) -> None:
        for service, endpoints in a.ENDPOINTS.items():
            for endpoint in endpoints:
                number = 7_000 * load * seconds / 3600 / len(endpoints)
                failing = 0.35 if out and service == "payments" else 0.0015
                for code, share in (("200", 1 - failing - 0.006), ("404", 0.006), ("500", failing)):
                    book.add("http_requests_total", self.some(number * share), service, endpoint, code)
            for _ in range(min(40, max(4, int(seconds / 30)))):
                slow = 6.0 if out and service == "payments" else 1.0
                book.observe(
                    "http_request_duration_seconds",
                    0.06 * slow * (0.7 + 0.3 * load) * self._random.lognormvariate(0, 0.6),
                    service,
                )
        for rank, instance in enumerate(a.INSTANCES):
            book.put(
                "system_cpu_usage_ratio",
                min(0.99, 0.16 + 0.24 * load * self._random.uniform(0.8, 1.2) + 0.02 * rank),
                instance,
            )
            book.put("system_memory_total_bytes", 16 * 2**30, instance)
            book.put("system_memory_used_bytes", 16 * 2**30 * min(0.95, 0.45 + 0.1 * load + 0.02 * rank), instance)
        book.put("db_connections", round(12 + 18 * load), "active")
        book.put("db_connections", round(max(4, 60 - 18 * load)), "idle")
        looked = 40_000 * load * seconds / 3600
        self._spread(book, "cache_requests_total", looked, {"hit": 0.91, "miss": 0.09})

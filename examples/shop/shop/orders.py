"""What an order is, and what it does to the books. The one way money comes in: the live shop and the history both go
through `settle`.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from random import Random
from typing import Any, TypeVar

from shop import assortment as a
from shop.book import Book

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Order:
    """One order as a customer places it."""

    product: str
    quantity: int
    order_type: str
    tier: str
    region: str
    country: str
    payment_method: str
    channel: str
    campaign_id: str
    device: str
    is_new_customer: bool
    sales_rep: str = ""

    @property
    def category(self) -> str:
        """The product's category."""
        return a.BY_NAME[self.product].category

    @property
    def dollars(self) -> float:
        """What is paid now: the price, or the first month of a rental."""
        each = a.BY_NAME[self.product].price if self.order_type == "purchase" else a.TIERS[self.tier][0]
        return round(each * self.quantity, 2)

    def as_json(self) -> dict[str, Any]:
        """For a request."""
        return asdict(self)


class NotAnOrder(ValueError):
    """What a client sent is no order: says which field is wrong."""


def order_from(data: object) -> Order:
    """An order from a client's JSON. Raises NotAnOrder: nothing of a client is believed unseen, for it ends up in
    labels.
    """
    if not isinstance(data, Mapping):
        raise NotAnOrder("an order is an object")
    allowed: dict[str, tuple[str, ...]] = {
        "product": tuple(a.BY_NAME),
        "order_type": a.ORDER_TYPES,
        "tier": tuple(a.TIERS),
        "region": tuple(a.REGIONS),
        "payment_method": tuple(a.PAYMENT_METHODS),
        "channel": tuple(a.CHANNELS),
        "device": tuple(a.DEVICES),
        "country": tuple(a.LOCATIONS),
        "sales_rep": ("", *a.SALES_REPS),
    }
    given: dict[str, Any] = {"sales_rep": "", "campaign_id": "none", "tier": "basic", **data}
    for name, values in allowed.items():
        if given.get(name) not in values:
            raise NotAnOrder(f"{name} must be one of {', '.join(filter(None, values))}")
    quantity = given.get("quantity")
    if not isinstance(quantity, int) or isinstance(quantity, bool) or not 1 <= quantity <= 20:
        raise NotAnOrder("quantity must be a whole number from 1 to 20")
    known = {campaign for found in a.CAMPAIGNS.values() for campaign in found}
    campaign = given["campaign_id"] if given["campaign_id"] in known else "other"
    return Order(
        **{name: given[name] for name in allowed},
        quantity=quantity,
        campaign_id=campaign,
        is_new_customer=given.get("is_new_customer") is True,
    )


def choose(random: Random, shares: Mapping[T, float]) -> T:
    """One of them, by their shares."""
    return random.choices(list(shares), weights=list(shares.values()))[0]


def draw(random: Random, channel: str, campaign: str) -> Order:
    """An order as customers of a channel place them."""
    product = random.choices(a.PRODUCTS, weights=[item.share for item in a.PRODUCTS])[0]
    region = choose(random, a.REGIONS)
    rental = random.random() < (0.09 if product.category in {"laptops", "phones", "gaming"} else 0.02)
    return Order(
        product=product.name,
        quantity=1 if rental or random.random() < 0.93 else 2,
        order_type="rental" if rental else "purchase",
        tier=choose(random, {tier: share for tier, (_, share) in a.TIERS.items()}),
        region=region,
        country=choose(random, a.COUNTRIES[region]),
        payment_method=choose(random, a.PAYMENT_METHODS),
        channel=channel,
        campaign_id=campaign,
        device=choose(random, a.DEVICES),
        is_new_customer=random.random() < 0.42,
        sales_rep=random.choice(a.SALES_REPS) if random.random() < 0.18 else "",
    )


def outcome_of(random: Random, *, out: bool) -> str:
    """How an order ends: while the processor is out, nearly none succeeds."""
    shares = (
        {"failed": 0.93, "completed": 0.05, "cancelled": 0.02}
        if out
        else {"completed": 0.945, "failed": 0.035, "cancelled": 0.02}
    )
    return choose(random, shares)


def processing_seconds(random: Random, order: Order, *, load: float, out: bool) -> float:
    """From placed to accepted: longer for rentals (a credit check), when busy, and while retries pile up."""
    usual = 4.5 if order.order_type == "purchase" else 9.0
    return usual * (0.8 + 0.25 * load) * random.lognormvariate(0, 0.45) * (5.0 if out else 1.0)


def settle(book: Book, order: Order, status: str, *, reason: str = "card_declined") -> None:
    """Write an order down: its outcome, and where it was completed the money and the goods."""
    book.add("orders_total", 1, order.order_type, order.region, status)
    if status == "cancelled":
        return
    book.add("payment_transactions_total", 1, order.payment_method, "success" if status == "completed" else "failed")
    if status == "failed":
        book.add("payment_failures_total", 1, reason)
        return
    paid, product = order.dollars, (order.product, order.category)
    book.add("revenue_total", paid, order.category, order.region)
    book.add("revenue_daily_total", paid * 100, order.payment_method, order.category)
    book.add("revenue_by_country_total", paid, order.country)
    book.add("payment_volume_total", paid, order.payment_method)
    book.add("tax_collected_total", round(paid * a.TAX[order.region], 2), order.region)
    book.add("revenue_recognized_total", paid * (1.0 if order.order_type == "purchase" else 0.9), order.order_type)
    book.add("product_units_sold_total", order.quantity, *product)
    book.add("product_revenue_total", paid, *product)
    book.add("product_conversions_total", 1, *product)
    book.put("inventory_level", max(0.0, book.get("inventory_level", *product) - order.quantity), *product)
    if order.sales_rep:
        book.add("sales_rep_revenue_total", paid, order.sales_rep)
    if order.is_new_customer:
        book.add("customer_acquisition_total", 1, order.channel, order.campaign_id)
    if order.order_type == "rental":
        book.put("active_rental_contracts", book.get("active_rental_contracts", order.tier) + 1, order.tier)

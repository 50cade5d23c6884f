"""What visitors do before they order: the funnel, pages, searches, features. In bulk for the history; the live shop
hears of it from the browser, one by one.
"""

from datetime import datetime
from random import Random

from shop import assortment as a
from shop.book import Book
from shop.office import Office
from shop.seasons import VISITS_PER_HOUR, Calendar

CART, CHECKOUT, ORDER = 0.11, 0.62, 0.40
"""Of the visitors, carts and checkouts, the part that goes a step further."""


def in_bulk(
    book: Book, office: Office, calendar: Calendar, moment: datetime, *, seconds: float, random: Random
) -> list[tuple[str, str]]:
    """All visits of some seconds; the result is the channel and campaign of each order that comes of them."""
    ordering: list[tuple[str, str]] = []
    visits = VISITS_PER_HOUR * calendar.busyness(moment) * seconds / 3600
    total = 0
    for channel, share in a.CHANNELS.items():
        for campaign, part in a.CAMPAIGNS[channel].items():
            came = office.some(visits * share * part * calendar.boost(campaign, moment))
            carts = office.some(came * CART)
            checkouts = office.some(carts * CHECKOUT)
            orders = office.some(checkouts * ORDER)
            for step, number in zip(a.STEPS, (came, carts, checkouts, orders), strict=True):
                book.add("funnel_steps_total", number, step, channel)
            for device, of_them in a.DEVICES.items():
                book.add("carts_created_total", carts * of_them, device)
                book.add("carts_abandoned_total", max(0, carts - orders) * of_them, device)
            ordering += [(channel, campaign)] * orders
            total += came
    for product in a.PRODUCTS:
        book.add("product_page_views_total", office.some(total * 1.6 * product.share), product.name, product.category)
    for rank, term in enumerate(a.TERMS):
        found = "empty" if term in a.NOT_SOLD or random.random() < 0.03 else "found"
        book.add("search_queries_total", office.some(total * 0.3 / (rank + 2)), term, found)
    for rank, feature in enumerate(a.FEATURES):
        book.add("feature_usage_total", office.some(total * 0.12 / (rank + 1)), feature)
    return ordering

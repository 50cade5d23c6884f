"""What the shop sells, to whom, and where from: the values that labels may take. Constants only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Product:
    """One article. `price` is in US dollars; `share` its part of all units sold."""

    name: str
    category: str
    price: float
    share: float
    stock: int
    rating: float


PRODUCTS = (
    Product("MacBook Air M2", "laptops", 1099.0, 0.09, 120, 4.7),
    Product("ThinkPad T14 Gen 4", "laptops", 1249.0, 0.07, 90, 4.5),
    Product("Galaxy S23", "phones", 699.0, 0.10, 160, 4.4),
    Product("Pixel 8", "phones", 599.0, 0.09, 140, 4.3),
    Product("PlayStation 5", "gaming", 499.0, 0.10, 70, 4.8),
    Product("Steam Deck", "gaming", 419.0, 0.07, 80, 4.6),
    Product("UltraSharp U2723", "monitors", 549.0, 0.06, 60, 4.6),
    Product("Odyssey G5", "monitors", 329.0, 0.07, 75, 4.1),
    Product("AirPods Pro", "audio", 229.0, 0.12, 260, 4.6),
    Product("WH-1000XM5", "audio", 349.0, 0.08, 150, 4.7),
    Product("MX Master 3S", "accessories", 99.0, 0.09, 320, 4.7),
    Product("USB-C Dock", "accessories", 179.0, 0.06, 180, 4.0),
)
BY_NAME = {product.name: product for product in PRODUCTS}
CATEGORIES = tuple(sorted({product.category for product in PRODUCTS}))

REGIONS = {"us-east": 0.34, "us-west": 0.27, "us-central": 0.17, "eu-west": 0.15, "canada": 0.07}
COUNTRIES = {
    "us-east": {"US": 1.0},
    "us-west": {"US": 0.94, "MX": 0.06},
    "us-central": {"US": 1.0},
    "eu-west": {
        "DE": 0.3,
        "GB": 0.25,
        "FR": 0.15,
        "NL": 0.08,
        "ES": 0.08,
        "IE": 0.05,
        "PL": 0.04,
        "SE": 0.03,
        "AU": 0.02,
    },
    "canada": {"CA": 1.0},
}
LOCATIONS = {
    "US": "39.8,-98.6", "MX": "23.6,-102.5", "DE": "51.2,10.4", "GB": "54.0,-2.0", "FR": "46.6,2.2", "NL": "52.2,5.3",
    "ES": "40.2,-3.7", "IE": "53.2,-8.2", "PL": "52.1,19.4", "SE": "62.2,15.0", "AU": "-25.3,133.8",
    "CA": "56.1,-106.3",
}  # fmt: skip
TAX = {"us-east": 0.07, "us-west": 0.085, "us-central": 0.06, "eu-west": 0.19, "canada": 0.13}

PAYMENT_METHODS = {"credit_card": 0.46, "paypal": 0.22, "debit_card": 0.16, "financing": 0.10, "bank_transfer": 0.06}
FAILURES = {
    "card_declined": 0.4,
    "insufficient_funds": 0.25,
    "3ds_abandoned": 0.15,
    "expired_card": 0.1,
    "fraud_suspected": 0.06,
    "processor_error": 0.04,
}
CHARGEBACKS = ("duplicate", "fraud", "not_as_described", "not_received")

CAMPAIGNS = {
    "organic_search": {"none": 1.0},
    "paid_search": {"brand": 0.5, "generic": 0.3, "autumn_sale": 0.2},
    "social": {"reels": 0.7, "autumn_sale": 0.3},
    "email": {"newsletter": 0.8, "autumn_sale": 0.2},
    "affiliate": {"partners": 1.0},
    "referral": {"friends": 1.0},
}
"""channel → the campaigns that run on it, with their shares"""
CHANNELS = {
    "organic_search": 0.36,
    "paid_search": 0.22,
    "social": 0.16,
    "email": 0.13,
    "affiliate": 0.08,
    "referral": 0.05,
}
CLICK_PRICE = {
    "organic_search": 0.0,
    "paid_search": 0.62,
    "social": 0.38,
    "email": 0.05,
    "affiliate": 0.45,
    "referral": 0.12,
}

DEVICES = {"mobile": 0.55, "desktop": 0.37, "tablet": 0.08}
ORDER_TYPES = ("purchase", "rental")
TIERS = {"basic": (19.0, 0.5), "plus": (42.0, 0.35), "premium": (79.0, 0.15)}
"""tier → monthly payment in US dollars, and its share of contracts"""
STEPS = ("visitors", "cart_additions", "checkout_starts", "orders")
SALES_REPS = ("A. Moreno", "B. Okafor", "C. Lindqvist", "D. Tanaka", "E. Dubois", "F. Novak")
PARTNERS = {"UPS": 0.34, "FedEx": 0.28, "DHL": 0.2, "USPS": 0.18}
QUEUES = ("payment", "picking", "packing", "shipping")
TICKETS = {"account": 0.15, "delivery": 0.35, "payment": 0.2, "product": 0.2, "rental_contract": 0.1}
PRIORITIES = {"low": 0.3, "normal": 0.5, "high": 0.15, "urgent": 0.05}
FEATURES = ("ar_preview", "compare", "live_chat", "rent_calculator", "reviews", "saved_search", "trade_in", "wishlist")
TERMS = (
    "macbook", "iphone", "airpods", "ps5", "steam deck", "laptop", "4k monitor", "dock", "rent laptop", "refurbished",
)  # fmt: skip
NOT_SOLD = ("iphone", "refurbished")
"""Searches that find nothing: what customers want and the shop does not have."""
ENDPOINTS = {
    "storefront": ("/", "/product", "/search", "/cart"),
    "checkout": ("/checkout",),
    "payments": ("/charge", "/refund"),
    "rentals": ("/contracts", "/renew"),
    "inventory": ("/stock",),
}
INSTANCES = ("app-1", "app-2", "app-3", "app-4")
ACCOUNTS = {"operating": 2_400_000.0, "payroll": 600_000.0, "reserve": 1_500_000.0}
AGES = {"current": 0.72, "1-30": 0.17, "31-60": 0.07, "over-60": 0.04}

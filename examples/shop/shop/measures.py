"""The metrics that the shop exports, and the values that each label may take. The one list that the live exporter,
the backfill and the tests go by; GigGatek's catalogue (`desired/metrics.yaml`) declares the same.

Three of the names and units are the guide's, kept because the dashboards and reports of several teams use them,
though they are not what one would
choose today:

* `revenue_daily_total` is a gauge, and a gauge should not end in `_total`, which marks counters. Renaming it would
  break every panel and report on it at once; instead its type and unit are in the catalogue. The guide also only ever
  adds to it: such a number is not daily. Here it is since midnight UTC, and begins again from 0.
* The same metric counts in cents, everything else in US dollars. Its panels divide by 100, and its unit in the
  catalogue says cents.
* `customer_acquisition_total` takes its campaign from the visitor's link in the guide's code: anybody could make new
  series by making up links. Labels take only values from this list; anything else counts as `other`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shop import assortment as a

OTHER = "other"
"""Stands for every value that is not on the list."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One metric. `type` is counter, gauge or histogram; `name` as it is queried (histograms without a suffix)."""

    name: str
    type: str
    help: str
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    buckets: tuple[float, ...] = ()


_CHANNEL = tuple(sorted(a.CHANNELS))
_CAMPAIGN = tuple(sorted({campaign for found in a.CAMPAIGNS.values() for campaign in found}))
_PRODUCT = {"product": tuple(product.name for product in a.PRODUCTS), "category": a.CATEGORIES}
_METHOD = tuple(sorted(a.PAYMENT_METHODS))
_REGION = tuple(sorted(a.REGIONS))
_TIER = tuple(a.TIERS)

MEASURES = (
    Measure(
        "revenue_total",
        "counter",
        "Revenue since the start of the fiscal quarter, US dollars",
        {"product_category": a.CATEGORIES, "region": _REGION},
    ),
    Measure(
        "revenue_target",
        "gauge",
        "Revenue planned from the start of the quarter until now, US dollars",
        {"product_category": a.CATEGORIES},
    ),
    Measure(
        "revenue_forecast_daily",
        "gauge",
        "Revenue forecast for the day, US dollars",
        {"product_category": a.CATEGORIES},
    ),
    Measure(
        "revenue_daily_total",
        "gauge",
        "Total daily revenue in cents",
        {"payment_method": _METHOD, "product_category": a.CATEGORIES},
    ),
    Measure(
        "revenue_by_country_total",
        "counter",
        "Revenue by shipping country (ISO 3166), US dollars",
        {"country": tuple(sorted(a.LOCATIONS))},
    ),
    Measure(
        "sales_rep_revenue_total",
        "counter",
        "Revenue credited to a sales representative, US dollars",
        {"sales_rep": a.SALES_REPS},
    ),
    Measure(
        "sales_rep_quota", "gauge", "Monthly quota of a sales representative, US dollars", {"sales_rep": a.SALES_REPS}
    ),
    Measure(
        "orders_total",
        "counter",
        "Orders by kind, region and outcome",
        {"order_type": a.ORDER_TYPES, "region": _REGION, "status": ("cancelled", "completed", "failed")},
    ),
    Measure(
        "order_value_dollars",
        "histogram",
        "Value of completed orders, US dollars",
        {},
        (25, 50, 100, 200, 350, 500, 750, 1000, 1500, 2500),
    ),
    Measure(
        "customer_acquisition_total",
        "counter",
        "New customer count",
        {"acquisition_channel": _CHANNEL, "campaign_id": _CAMPAIGN},
    ),
    Measure(
        "marketing_spend_total",
        "counter",
        "Marketing spend, US dollars",
        {"channel": _CHANNEL, "campaign_id": _CAMPAIGN},
    ),
    Measure(
        "customer_acquisition_cost_dollars",
        "gauge",
        "Cost of one new customer, trailing 30 days",
        {"channel": _CHANNEL},
    ),
    Measure(
        "customer_lifetime_value_dollars", "gauge", "Expected lifetime value of a new customer", {"channel": _CHANNEL}
    ),
    Measure(
        "funnel_steps_total",
        "counter",
        "Visits that reached a step of the conversion funnel",
        {"step": a.STEPS, "channel": _CHANNEL},
    ),
    Measure("carts_created_total", "counter", "Carts with at least one article", {"device": tuple(sorted(a.DEVICES))}),
    Measure("carts_abandoned_total", "counter", "Carts left without an order", {"device": tuple(sorted(a.DEVICES))}),
    Measure("payment_volume_total", "counter", "Money paid, US dollars", {"payment_method": _METHOD}),
    Measure(
        "payment_transactions_total",
        "counter",
        "Payment transactions by method and outcome",
        {"payment_method": _METHOD, "status": ("failed", "success")},
    ),
    Measure("payment_failures_total", "counter", "Failed payments by reason", {"reason": tuple(sorted(a.FAILURES))}),
    Measure("chargebacks_total", "counter", "Chargebacks by reason", {"reason": a.CHARGEBACKS}),
    Measure("disputes_open", "gauge", "Disputes not settled"),
    Measure("refunds_total", "counter", "Money paid back, US dollars"),
    Measure("tax_collected_total", "counter", "Sales tax and VAT collected, US dollars", {"jurisdiction": _REGION}),
    Measure("active_rental_contracts", "gauge", "Rent-to-own contracts running", {"tier": _TIER}),
    Measure(
        "rental_contract_value_dollars",
        "gauge",
        "Payments still to come from running contracts, US dollars",
        {"tier": _TIER},
    ),
    Measure("rental_payments_due_total", "counter", "Rental payments that fell due", {"tier": _TIER}),
    Measure("rental_payments_late_total", "counter", "Rental payments not made when due", {"tier": _TIER}),
    Measure("accounts_receivable_dollars", "gauge", "Owed to us, by age in days", {"age": tuple(a.AGES)}),
    Measure("accounts_payable_dollars", "gauge", "Owed by us, by age in days", {"age": tuple(a.AGES)}),
    Measure("cash_balance_dollars", "gauge", "Cash by account", {"account": tuple(a.ACCOUNTS)}),
    Measure("revenue_recognized_total", "counter", "Revenue recognised, US dollars", {"stream": a.ORDER_TYPES}),
    Measure(
        "order_processing_duration_seconds",
        "histogram",
        "Time from order placed to order accepted",
        {"order_type": a.ORDER_TYPES},
        (1, 2, 5, 10, 15, 20, 30, 45, 60, 120),
    ),
    Measure("order_queue_depth", "gauge", "Orders waiting", {"queue": a.QUEUES}),
    Measure("product_units_sold_total", "counter", "Units sold or rented out", _PRODUCT),
    Measure("product_revenue_total", "counter", "Revenue by product, US dollars", _PRODUCT),
    Measure("product_page_views_total", "counter", "Views of a product's page", _PRODUCT),
    Measure("product_conversions_total", "counter", "Orders that began on a product's page", _PRODUCT),
    Measure("product_rating", "gauge", "Mean rating by customers, 1 to 5", _PRODUCT),
    Measure("product_reviews_total", "counter", "Reviews written", _PRODUCT),
    Measure("inventory_level", "gauge", "Units in stock", _PRODUCT),
    Measure("inventory_reorder_point", "gauge", "Reorder below this", _PRODUCT),
    Measure("shipping_partner_up", "gauge", "1 when a partner's interface answers", {"partner": tuple(a.PARTNERS)}),
    Measure(
        "shipping_partner_latency_seconds",
        "gauge",
        "Response time of a partner's interface",
        {"partner": tuple(a.PARTNERS)},
    ),
    Measure(
        "shipments_total",
        "counter",
        "Shipments by partner and outcome",
        {"partner": tuple(a.PARTNERS), "status": ("delivered", "late", "lost")},
    ),
    Measure("support_tickets_total", "counter", "Support tickets opened", {"category": tuple(a.TICKETS)}),
    Measure("support_tickets_open", "gauge", "Support tickets not answered", {"priority": tuple(a.PRIORITIES)}),
    Measure("feature_usage_total", "counter", "Uses of a feature", {"feature": a.FEATURES}),
    Measure(
        "search_queries_total",
        "counter",
        "Searches by term and whether anything was found",
        {"term": a.TERMS, "result": ("empty", "found")},
    ),
    Measure(
        "http_requests_total",
        "counter",
        "Requests answered",
        {
            "service": tuple(a.ENDPOINTS),
            "endpoint": tuple(e for found in a.ENDPOINTS.values() for e in found),
            "code": ("200", "404", "500"),
        },
    ),
    Measure(
        "http_request_duration_seconds",
        "histogram",
        "Time to answer",
        {"service": tuple(a.ENDPOINTS)},
        (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
    ),
    Measure("system_cpu_usage_ratio", "gauge", "CPU in use, 0 to 1", {"instance": a.INSTANCES}),
    Measure("system_memory_used_bytes", "gauge", "Memory in use", {"instance": a.INSTANCES}),
    Measure("system_memory_total_bytes", "gauge", "Memory there is", {"instance": a.INSTANCES}),
    Measure("db_connections", "gauge", "Connections to the database", {"state": ("active", "idle")}),
    Measure("cache_requests_total", "counter", "Cache look-ups", {"result": ("hit", "miss")}),
)
BY_NAME = {measure.name: measure for measure in MEASURES}


def bounded(measure: Measure, label: str, value: str) -> str:
    """The value, where the label may take it; else `other`."""
    return value if value in measure.labels[label] else OTHER

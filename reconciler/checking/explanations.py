"""What each finding means, in a page of its own: why it matters, what it looks like, what to do."""

from msgspec import Struct


class Explanation(Struct, frozen=True):
    """One code's page: `wrong` and `right` are examples."""

    title: str
    why: str
    wrong: str = ""
    right: str = ""


EXPLANATIONS: dict[str, Explanation] = {
    "promql-syntax": Explanation(
        "The expression is not PromQL",
        "Prometheus refuses it, and the panel shows an error. Grafana's variables and macros are replaced "
        "before the check: a duration inside `[…]` and after `offset`, a text inside quotes, else a number or"
        " a name. An error is told at the word it is about, else at the bracket or quote that is never "
        "closed, else at the beginning.",
        "sum(rate(orders_total[5m])",
        "sum(rate(orders_total[5m]))",
    ),
    "unknown-metric": Explanation(
        "No such metric is declared",
        "A query for a metric that does not exist is no error in Prometheus: it gives nothing, and the panel "
        'says "No data". The catalogue (documents of `kind: Metric`) says what there is; metrics of '
        "Prometheus itself (`up`, `scrape_…`) and recorded series (with a colon) need no declaration. A "
        "histogram is queried as `…_bucket`, `…_sum` and `…_count`. Nothing is checked for a datasource of "
        "which the catalogue has no metric.",
        "sum(rate(order_total[5m]))",
        "sum(rate(orders_total[5m]))",
    ),
    "unknown-label": Explanation(
        "The metric has no such label",
        'A matcher for a label that is not there matches only its absence, so `{regoin="eu-west"}` gives '
        "nothing; aggregating by it gives one series without the label. `job` and `instance` are always "
        "allowed: scraping adds them.",
        "sum by (regoin) (rate(orders_total[5m]))",
        "sum by (region) (rate(orders_total[5m]))",
    ),
    "unknown-label-value": Explanation(
        "The label never has that value",
        "The catalogue lists the values that the label may take, and this is none of them: the query gives "
        "nothing. Only `=`, and `=~` with plain alternatives, are checked.",
        'orders_total{status="done"}',
        'orders_total{status="completed"}',
    ),
    "rate-on-gauge": Explanation(
        "rate, increase or irate of a gauge",
        "They take every decrease for a restart and add it up, so a gauge that goes down seems to rise. For "
        "how much a gauge changed there is `delta`, for how fast `deriv`.",
        "rate(order_queue_depth[5m])",
        "deriv(order_queue_depth[5m])",
    ),
    "delta-on-counter": Explanation(
        "delta, idelta or deriv of a counter",
        "They do not know that a counter begins again from 0 when its process restarts, and show a large "
        "negative number then.",
        "delta(orders_total[1h])",
        "increase(orders_total[1h])",
    ),
    "quantile-without-le": Explanation(
        "histogram_quantile without le",
        "A quantile is computed from the buckets, which are told apart by the label `le`. An aggregation that"
        " drops it leaves nothing to compute from: the result is empty.",
        "histogram_quantile(0.9, sum by (code) (rate(request_seconds_bucket[5m])))",
        "histogram_quantile(0.9, sum by (le, code) (rate(request_seconds_bucket[5m])))",
    ),
    "legend-label-lost": Explanation(
        "The legend names a label that the result does not have",
        "`{{label}}` in a legend is replaced by the label's value; where an aggregation dropped it, nothing "
        "is left, and several series get one name.",
        'expr: sum(rate(orders_total[5m]))\nlegendFormat: "{{region}}"',
        'expr: sum by (region) (rate(orders_total[5m]))\nlegendFormat: "{{region}}"',
    ),
    "unit-mismatch": Explanation(
        "The panel's unit is not the number's",
        "The catalogue says what a metric counts, and the expression what becomes of it: a rate is a second's"
        " worth, a quotient of two amounts of money a share, cents divided by 100 are dollars. The panel "
        "shows it as something else. Nothing is said where it is not certain, or where overrides or "
        "transformations may change the unit.",
        "expr: sum(revenue_daily_total)       # in cents\nunit: currencyUSD",
        "expr: sum(revenue_daily_total) / 100\nunit: currencyUSD",
    ),
    "lucene-syntax": Explanation(
        "The query is not Lucene's query syntax",
        'Elasticsearch refuses it, and the panel shows an error. Letters with a meaning (`/ : ( ) [ ] { } " ~'
        " * ?`) are quoted, or written behind a backslash.",
        "type:log AND path:(/cart",
        'type:log AND path:"/cart"',
    ),
    "unknown-field": Explanation(
        "No such field is declared",
        "A field that the index does not have matches no document, and an aggregation over it is empty. The "
        "catalogue lists the fields of an index (`kind: Metric` with `index` and `fields`). A text field has "
        "a `.keyword` beside it.",
        "typ:order",
        "type:order",
    ),
    "aggregation-of-wrong-type": Explanation(
        "The aggregation does not take fields of that type",
        "Sums and averages take numbers, a date histogram takes a date, and terms of a text want its "
        "`.keyword`: Elasticsearch refuses the rest, and with it every query that is sent together with it.",
        "terms of category",
        "terms of category.keyword",
    ),
    "no-aggregation": Explanation(
        "The query has no metrics or no buckets",
        "Grafana's back end answers 400 to a query with only a text, whatever server stands behind it. In the"
        " browser the query editor fills in what is missing once it is opened; the panel itself shows an "
        "error.",
        "query: type:order",
        'query: type:order\nmetrics: [{id: "1", type: count}]\n'
        'bucketAggs: [{id: "2", type: date_histogram, field: "@timestamp"}]',
    ),
    "aggregation-id-twice": Explanation(
        "Two aggregations of a query have one id",
        "Grafana finds the parts of an answer by the ids of metrics and buckets. With two of one id it gives "
        "wrong numbers, silently.",
        'metrics: [{id: "1", type: count}]\nbucketAggs: [{id: "1", type: date_histogram}]',
        'metrics: [{id: "1", type: count}]\nbucketAggs: [{id: "2", type: date_histogram}]',
    ),
}


def page(code: str) -> str:
    """A code's page, as markdown."""
    found = EXPLANATIONS[code]
    parts = [f"## {code}", f"**{found.title}.** {found.why}"]
    if found.wrong:
        parts += [f"```\n{found.wrong}\n```", "Instead:", f"```\n{found.right}\n```"]
    return "\n\n".join(parts) + "\n"


def pages() -> str:
    """All of them, as docs/checks.md has them."""
    head = (
        "# What `ggrec check` finds\n\n<!-- written by `make docs` from reconciler/checking/explanations.py -->\n\n"
        "`ggrec check` (and `ggrec validate`) reads every query of every declared dashboard, without a Grafana. "
        "`ggrec check --explain CODE` prints one of these pages.\n\n"
    )
    return head + "\n".join(page(code) for code in sorted(EXPLANATIONS))

"""What the numbers of an expression are (dollars, seconds, a share, a count), as far as that follows from the
catalogue, and whether a panel's unit says the same. Says nothing where it is not certain: a wrong finding costs more
than a missing one.
"""

import math
import re
from collections.abc import Mapping

import promql_parser as parser
from msgspec import Struct
from msgspec.structs import replace

from reconciler.checking.labels import is_scalar
from reconciler.checking.promql import selected
from reconciler.core.metric import Metric, MetricType


class Unit(Struct, frozen=True):
    """What one means: `factor` of the dimension's base (currency: one of it, time: seconds, ratio: 1 for a share,
    0.01 for percent), `per` second how often. `buckets`: counts of a histogram of this unit.
    """

    dimension: str
    factor: float = 1.0
    per: int = 0
    buckets: bool = False

    def __str__(self) -> str:
        words = {"currency": "money", "ratio": "a share of 1", "time": "seconds"}
        text = words.get(self.dimension, self.dimension)
        if math.isclose(self.factor, 0.01):
            text = {"currency": "cents", "ratio": "percent"}.get(self.dimension, f"{text} / 100")
        elif not math.isclose(self.factor, 1.0):
            thousandth = self.dimension == "time" and math.isclose(self.factor, 0.001)
            text = "milliseconds" if thousandth else f"{self.factor:g} × {text}"
        return f"{text} a second" if self.per else text


COUNT = Unit("a count")
_TIMES = {"ns": 1e-9, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "dtdurations": 1.0,
"dtdurationms": 1e-3,
          "clocks": 1.0, "clockms": 1e-3, "dthms": 1.0}  # fmt: skip
_RATES = frozenset({"reqps", "ops", "rps", "wps", "iops", "cps", "eps", "mps", "recps", "rowsps"})
_UNNAMED = frozenset(
    {"", "none", "short", "sishort", "locale", "string", "bool", "bool_yes_no", "bool_on_off", "number"}
)
_BYTES = {"bytes": 1.0, "decbytes": 1.0, "kbytes": 1024.0, "deckbytes": 1e3, "mbytes": 1024.0**2, "decmbytes": 1e6,
          "gbytes": 1024.0**3, "decgbytes": 1e9}  # fmt: skip
_SAME = frozenset({
    "increase", "delta", "idelta", "avg_over_time", "min_over_time", "max_over_time", "sum_over_time", "scalar",
    "last_over_time", "quantile_over_time", "stddev_over_time", "predict_linear", "double_exponential_smoothing",
    "abs", "ceil", "floor", "round", "clamp", "clamp_min", "clamp_max", "sort", "sort_desc", "sort_by_label",
    "sort_by_label_desc", "label_replace", "label_join", "vector",
})  # fmt: skip
_SAME_AGGREGATIONS = frozenset({"sum", "avg", "min", "max", "topk", "bottomk", "quantile", "stddev", "limitk"})
_CONVERSIONS = frozenset({60.0, 3600.0, 86400.0, 1024.0, 1024.0**2, 1024.0**3, 8.0})


def unit_named(name: str) -> Unit | None:
    """The unit that Grafana calls by a name; None: it says nothing that could be compared."""
    if name == "cents":
        return Unit("currency", 0.01)
    if name.startswith("currency"):
        return Unit("currency")
    if name in _TIMES:
        return Unit("time", _TIMES[name])
    if name in _BYTES:
        return Unit("bytes", _BYTES[name])
    if name in {"percent", "percentunit"}:
        return Unit("ratio", 0.01 if name == "percent" else 1.0)
    if name in _RATES:
        return Unit("a count", per=1)
    return Unit("bytes", per=1) if name in {"Bps", "binBps"} else None


def unit_of(node: parser.Expr, metrics: Mapping[str, Metric]) -> Unit | None:
    """What an expression's numbers are; None: not certain."""
    match node:
        case parser.VectorSelector():
            return _series(node, metrics)
        case parser.MatrixSelector():
            return _series(node.vector_selector, metrics)
        case parser.ParenExpr() | parser.UnaryExpr() | parser.SubqueryExpr():
            return unit_of(node.expr, metrics)
        case parser.AggregateExpr():
            operation = str(node.op)
            if operation in {"count", "group"}:
                return COUNT
            return unit_of(node.expr, metrics) if operation in _SAME_AGGREGATIONS else None
        case parser.Call():
            return _called(node, metrics)
        case parser.BinaryExpr():
            return _combined(node, metrics)
    return None


def _series(node: parser.VectorSelector, metrics: Mapping[str, Metric]) -> Unit | None:
    name = selected(node).name
    metric = metrics.get(name)
    if metric is None:
        return None
    own = unit_named(metric.unit) or (COUNT if metric.unit in {"short", "none"} else None)
    if metric.type is MetricType.HISTOGRAM and not name.endswith("_sum"):
        return replace(own, buckets=True) if own is not None and name.endswith("_bucket") else COUNT
    return COUNT if metric.type is MetricType.SUMMARY and name.endswith("_count") else own


def _called(node: parser.Call, metrics: Mapping[str, Metric]) -> Unit | None:
    name = node.func.name
    if name in {"count_over_time", "changes", "resets", "absent", "absent_over_time"}:
        return COUNT
    vectors = [unit_of(a, metrics) for a in node.args if not isinstance(a, parser.NumberLiteral | parser.StringLiteral)]
    inner = vectors[0] if vectors else None
    if inner is None:
        return None
    if name in {"rate", "irate", "deriv"}:
        return inner if inner.buckets else replace(inner, per=inner.per + 1)
    if name == "histogram_quantile":
        return replace(inner, buckets=False) if inner.buckets else None
    return inner if name in _SAME else None


def _combined(node: parser.BinaryExpr, metrics: Mapping[str, Metric]) -> Unit | None:
    operation = str(node.op)
    left, right = unit_of(node.lhs, metrics), unit_of(node.rhs, metrics)
    if operation in {"and", "unless", "or", "==", "!=", ">", "<", ">=", "<="}:
        return COUNT if node.modifier is not None and node.modifier.return_bool else left
    if operation in {"+", "-"}:
        return right if is_scalar(node.lhs) and left is None else left if is_scalar(node.rhs) or left == right else None
    if operation not in {"*", "/"}:
        return None
    if isinstance(node.rhs, parser.NumberLiteral):
        return _scaled(left, node.rhs.val if operation == "*" else 1 / node.rhs.val if node.rhs.val else 0.0)
    if isinstance(node.lhs, parser.NumberLiteral):
        return _scaled(right, node.lhs.val) if operation == "*" else None
    if left is None or right is None or left.buckets or right.buckets:
        return None
    return _quotient(left, right) if operation == "/" else _product(left, right)


def _scaled(unit: Unit | None, by: float) -> Unit | None:
    """A number of a unit, times a number: another unit where it is a usual conversion, else more of the same."""
    if unit is None or by <= 0:
        return None
    larger = by if by >= 1 else 1 / by
    if not (math.isclose(math.log10(larger), round(math.log10(larger)), abs_tol=1e-9) or larger in _CONVERSIONS):
        return unit
    if unit.per:
        return None  # a minute's or an hour's worth: what it is then, its title says
    return unit if unit.dimension == COUNT.dimension else replace(unit, factor=unit.factor / by)


def _quotient(left: Unit, right: Unit) -> Unit | None:
    if left.dimension == right.dimension and left.per == right.per:
        return Unit("ratio", left.factor / right.factor)
    if right.dimension == COUNT.dimension and left.per == right.per:
        return replace(left, per=0)
    return None


def _product(left: Unit, right: Unit) -> Unit | None:
    for one, other in ((left, right), (right, left)):
        if one in {COUNT, Unit("ratio")}:
            return other
    return None


def disagreement(found: Unit, shown: str) -> str:
    """Why a panel's unit does not suit what an expression gives; "" where it does, or that cannot be said."""
    panel = unit_named(shown)
    if panel is None or found.buckets:
        return ""
    if found == COUNT and panel.dimension == "ratio":
        return ""  # counts of 0 and 1 are shown as shares, with good reason
    if found.dimension != panel.dimension or found.per != panel.per:
        return f"is {found}, and shown as {shown}"
    if not math.isclose(found.factor, panel.factor, rel_tol=1e-6):
        return f"is {found}, and shown as {shown}: {_times(found.factor / panel.factor)}"
    return ""


def _times(ratio: float) -> str:
    return f"multiply it by {ratio:g}" if ratio >= 1 else f"divide it by {1 / ratio:g}"


def shown_unit(panel: Mapping[str, object], target: Mapping[str, object]) -> str | None:
    """The unit in which a panel shows a query's numbers; None where overrides or transformations may change it."""
    config = panel.get("fieldConfig")
    config = config if isinstance(config, Mapping) else {}
    defaults = config.get("defaults")
    unit = defaults.get("unit") if isinstance(defaults, Mapping) else None
    found = unit if isinstance(unit, str) else ""
    legend = str(target.get("legendFormat") or "")
    for override in config.get("overrides") or ():
        properties = override.get("properties") if isinstance(override, Mapping) else None
        units = [p.get("value") for p in properties or () if isinstance(p, Mapping) and p.get("id") == "unit"]
        if not units:
            continue
        hit = _hits(override.get("matcher") or {}, str(target.get("refId") or ""), legend)
        if hit is None:
            return None
        found = str(units[-1]) if hit else found
    return None if panel.get("transformations") and found in _UNNAMED else found


def _hits(matcher: Mapping[str, object], reference: str, legend: str) -> bool | None:
    """Whether an override's matcher means a query; None: that is not certain."""
    sort, wanted = matcher.get("id"), str(matcher.get("options") or "")
    if sort == "byFrameRefID":
        return wanted == reference
    if "{{" in legend or not legend:
        return None
    if sort == "byName":
        return wanted == legend
    if sort == "byRegexp":
        try:
            return re.search(wanted.strip("/"), legend) is not None
        except re.error:
            return None
    return None

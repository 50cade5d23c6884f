"""Which labels the result of an expression has: what an aggregation drops, nobody can name in a legend."""

from collections.abc import Mapping

import promql_parser as parser

from reconciler.checking.promql import selected
from reconciler.core.metric import Metric, MetricType

SCRAPED = frozenset({"job", "instance"})
"""Labels that every scraped series may have besides its own."""
_KEEPING = frozenset({"topk", "bottomk", "limitk", "limit_ratio"})
_WITHOUT = frozenset({"vector", "scalar", "time", "pi"})


def labels_of(node: parser.Expr, metrics: Mapping[str, Metric]) -> frozenset[str] | None:
    """The labels that a result may have; None: that cannot be told."""
    match node:
        case parser.VectorSelector():
            return _series(node, metrics)
        case parser.MatrixSelector():
            return _series(node.vector_selector, metrics)
        case parser.NumberLiteral() | parser.StringLiteral():
            return frozenset()
        case parser.ParenExpr() | parser.UnaryExpr() | parser.SubqueryExpr():
            return labels_of(node.expr, metrics)
        case parser.AggregateExpr():
            return _aggregated(node, metrics)
        case parser.Call():
            return _called(node, metrics)
        case parser.BinaryExpr():
            return _combined(node, metrics)
    return None


def _series(node: parser.VectorSelector, metrics: Mapping[str, Metric]) -> frozenset[str] | None:
    name = selected(node).name
    metric = metrics.get(name)
    if metric is None:
        return None
    own = {"le"} if metric.type is MetricType.HISTOGRAM and name.endswith("_bucket") else set()
    own |= {"quantile"} if metric.type is MetricType.SUMMARY and name == metric.name else set()
    return frozenset({*metric.labels, *own, *SCRAPED, "__name__"})


def _aggregated(node: parser.AggregateExpr, metrics: Mapping[str, Metric]) -> frozenset[str] | None:
    inner = labels_of(node.expr, metrics)
    operation = str(node.op)
    if operation in _KEEPING:
        return inner
    counted = (
        frozenset({node.param.val})
        if operation == "count_values" and isinstance(node.param, parser.StringLiteral)
        else frozenset[str]()
    )
    modifier = node.modifier
    if modifier is None:
        return counted
    named = frozenset(modifier.labels)
    if modifier.type == parser.AggModifierType.By:
        return (named if inner is None else named & inner) | counted
    return None if inner is None else (inner - named - {"__name__"}) | counted


def _called(node: parser.Call, metrics: Mapping[str, Metric]) -> frozenset[str] | None:
    name = node.func.name
    if name in _WITHOUT:
        return frozenset()
    vectors = [
        argument for argument in node.args if not isinstance(argument, parser.NumberLiteral | parser.StringLiteral)
    ]
    inner = labels_of(vectors[0], metrics) if vectors else frozenset()
    if inner is None or name.startswith("absent"):
        return None
    if name in {"label_replace", "label_join"} and isinstance(node.args[1], parser.StringLiteral):
        return inner | {node.args[1].val}
    return inner - {"le"} if name == "histogram_quantile" else inner


def _combined(node: parser.BinaryExpr, metrics: Mapping[str, Metric]) -> frozenset[str] | None:
    left, right = labels_of(node.lhs, metrics), labels_of(node.rhs, metrics)
    if is_scalar(node.lhs):
        return right
    if is_scalar(node.rhs):
        return left
    operation, modifier = str(node.op), node.modifier
    if operation in {"and", "unless"}:
        return left
    if left is None or right is None:
        return None
    if operation == "or":
        return left | right
    card = modifier.card if modifier is not None else None
    added = frozenset(modifier.group_labels or ()) if modifier is not None else frozenset[str]()
    if card == parser.VectorMatchCardinality.ManyToOne:
        return left | added
    if card == parser.VectorMatchCardinality.OneToMany:
        return right | added
    matching = modifier.matching if modifier is not None else None
    if matching is None:
        return left & right
    named = frozenset(matching.labels)
    return named if matching.type == parser.LabelModifierType.Include else left - named


def is_scalar(node: parser.Expr) -> bool:
    """Whether an expression is a number, and no vector."""
    match node:
        case parser.NumberLiteral():
            return True
        case parser.ParenExpr() | parser.UnaryExpr():
            return is_scalar(node.expr)
        case parser.BinaryExpr():
            return is_scalar(node.lhs) and is_scalar(node.rhs)
        case parser.Call():
            return node.func.name in {"scalar", "time", "pi"}
    return False

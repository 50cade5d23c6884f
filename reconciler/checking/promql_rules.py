"""The rules for PromQL: what is selected exists, functions suit the type, labels survive where they are named, units
agree.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

import promql_parser as parser
from msgspec import Struct

from reconciler.checking.labels import SCRAPED, labels_of
from reconciler.checking.legends import LEGEND
from reconciler.checking.promql import NotPromql, Selected, all_nodes, parse, selections
from reconciler.checking.stand_ins import MARK, Filled
from reconciler.checking.units import disagreement, shown_unit, unit_of
from reconciler.core.closest import closest
from reconciler.core.json import JsonObject, text_of
from reconciler.core.metric import Metric, MetricType

_FOR_COUNTERS = frozenset({"rate", "irate", "increase", "resets"})
_FOR_GAUGES = frozenset({"delta", "idelta", "deriv"})
_OF_THE_SERVER = re.compile(r"^(up|scrape_.*|ALERTS|ALERTS_FOR_STATE|prometheus_.*|.+:.+)$")
"""What every Prometheus has of itself, and recorded series (their names have colons): no application exports them."""
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^()]*)\)")
_ALTERNATIVES = re.compile(r"^\w[\w &-]*(\|\w[\w &-]*)*$")


class Found(Struct, frozen=True):
    """A finding in one text; `offset` in the author's text."""

    code: str
    offset: int
    message: str
    hint: str = ""


def check_expression(text: Filled, written: str, metrics: Mapping[str, Metric]) -> Iterator[Found]:
    """The findings in an expression. Without a catalogue (`metrics` empty) only whether it parses."""
    if not text.text.strip():
        return
    try:
        tree = parse(text.text)
    except NotPromql as error:
        yield Found("promql-syntax", text.origin(error.offset), f"is not PromQL: {error}", _SYNTAX)
        return
    if not metrics:
        return
    for selected in selections(tree):
        if selected.is_known:
            yield from _selection(selected, written, metrics)
    yield from _groupings(tree, written, metrics)
    yield from _quantiles(tree, written, metrics)


_SYNTAX = "`$variables` are replaced before this check; what is around them does not parse"


def check_shown(text: Filled, target: JsonObject, panel: JsonObject, metrics: Mapping[str, Metric]) -> Iterator[Found]:
    """The findings between an expression and the panel that shows it: its legend and its unit."""
    try:
        tree = parse(text.text)
    except NotPromql:
        return
    labels = labels_of(tree, metrics)
    for named in LEGEND.finditer(text_of(target.get("legendFormat"))):
        if labels is not None and named[1] not in labels:
            there = ", ".join(sorted(labels - {"__name__"} - SCRAPED)) or "none"
            message = f"the legend names {{{{{named[1]}}}}}, which the result does not have (its labels: {there})"
            yield Found(
                "legend-label-lost", named.start(), message, f"aggregate by ({named[1]}), or take it out of the legend"
            )
    unit, shown = unit_of(tree, metrics), shown_unit(panel, target)
    if unit is not None and shown:
        why = disagreement(unit, shown)
        if why:
            yield Found(
                "unit-mismatch",
                0,
                why,
                "correct the panel's unit, the expression, or the metric's unit in the catalogue",
            )


def _selection(selected: Selected, written: str, metrics: Mapping[str, Metric]) -> Iterator[Found]:
    name = selected.name
    offset = _place(written, name)
    metric = metrics.get(name)
    if metric is None:
        if not _OF_THE_SERVER.match(name):
            yield _unknown(name, offset, metrics)
        return
    for label, operator, value in selected.matchers:
        yield from _matcher(metric, name, label, operator, value, written=written)
    sort = metric.series[name]
    directly = selected.around[0] if selected.around else ""
    if directly in _FOR_COUNTERS and sort is MetricType.GAUGE and not metric.monotonic:
        hint = "a gauge goes up and down: use delta or deriv, or show it as it is"
        yield Found("rate-on-gauge", _place(written, directly), f"{directly} of {name}, which is a gauge", hint)
    if directly in _FOR_GAUGES and sort is MetricType.COUNTER and name == metric.name:
        hint = "a counter begins again from 0 at every restart: use increase or rate"
        yield Found("delta-on-counter", _place(written, directly), f"{directly} of {name}, which is a counter", hint)


def _unknown(name: str, offset: int, metrics: Mapping[str, Metric]) -> Found:
    parts = next((metrics[part] for part in (f"{name}_bucket", f"{name}_count") if part in metrics), None)
    if parts is not None:
        series = ", ".join(parts.series)
        return Found(
            "unknown-metric", offset, f"{name} is a {parts.type}: no series has that name", f"it is queried as {series}"
        )
    close = closest(name, metrics)
    hint = f"did you mean {close}?" if close else "declare it (kind: Metric), or correct the name"
    return Found("unknown-metric", offset, f"no metric {name} is declared", hint)


def _matcher(metric: Metric, name: str, label: str, operator: str, value: str, *, written: str) -> Iterator[Found]:
    labels = _labels(metric, name)
    if label not in labels:
        if label in SCRAPED or MARK in label:
            return
        close = closest(label, labels, 0.5)
        hint = f"did you mean {close}?" if close else f"it has {', '.join(sorted(metric.labels)) or 'none'}"
        yield Found("unknown-label", _place(written, label, after=name), f"{name} has no label {label}", hint)
        return
    allowed = metric.labels[label].values if label in metric.labels else None
    if allowed is None or MARK in value or operator in {"!=", "!~"}:
        return
    if operator == "=~" and not _ALTERNATIVES.match(value):
        if not _matches_any(value, allowed):
            hint = f"it may be {', '.join(allowed[:12])}"
            place = _place(written, label, after=name)
            yield Found("unknown-label-value", place, f"no value of {label} of {name} matches {value!r}", hint)
        return
    asked = value.split("|") if operator == "=~" else [value]
    for one in asked:
        if one and one not in allowed:
            close = closest(one, allowed, 0.5)
            hint = f"did you mean {close}?" if close else f"it may be {', '.join(allowed[:12])}"
            yield Found(
                "unknown-label-value", _place(written, one, after=label), f"{label} of {name} is never {one!r}", hint
            )


def _matches_any(pattern: str, values: Sequence[str]) -> bool:
    """Whether a pattern matches one of these values whole; one that Python cannot read is taken to."""
    try:
        return any(re.fullmatch(pattern, value) for value in values)
    except re.error:
        return True


def _labels(metric: Metric, name: str) -> frozenset[str]:
    more = {"le"} if name.endswith("_bucket") else {"quantile"} if metric.type is MetricType.SUMMARY else set[str]()
    return frozenset({*metric.labels, *more})


def _groupings(tree: parser.Expr, written: str, metrics: Mapping[str, Metric]) -> Iterator[Found]:
    """Labels that an aggregation is by, and that nothing below it has."""
    for node in all_nodes(tree):
        if not isinstance(node, parser.AggregateExpr) or node.modifier is None:
            continue
        inner = labels_of(node.expr, metrics)
        if inner is None or node.modifier.type != parser.AggModifierType.By:
            continue
        for label in node.modifier.labels:
            if label not in inner and MARK not in label:
                close = closest(label, inner, 0.5)
                there = ", ".join(sorted(inner - SCRAPED - {"__name__"})) or "none"
                hint = f"did you mean {close}?" if close else f"there is {there}"
                text = f"aggregates by {label}, which nothing below has"
                yield Found("unknown-label", _in_grouping(written, label), text, hint)


def _quantiles(tree: parser.Expr, written: str, metrics: Mapping[str, Metric]) -> Iterator[Found]:
    for node in all_nodes(tree):
        if isinstance(node, parser.Call) and node.func.name == "histogram_quantile":
            place = _place(written, "histogram_quantile")
            inner = labels_of(node.args[1], metrics)
            if inner is not None and "le" not in inner:
                text = "histogram_quantile needs the label le, which is lost below it"
                yield Found("quantile-without-le", place, text, "aggregate by (le, …) over the _bucket series")


def _place(written: str, word: str, *, after: str = "") -> int:
    """Where a word stands in a text (behind another one, where that is asked for); 0 where it does not."""
    start = 0
    if after and (found := re.search(rf"(?<![\w:]){re.escape(after)}(?![\w:])", written)):
        start = found.end()
    found = re.compile(rf"(?<![\w:]){re.escape(word)}(?![\w:])").search(written, start)
    return found.start() if found else start if start < len(written) else 0


def _in_grouping(written: str, label: str) -> int:
    for group in _GROUPING.finditer(written):
        if found := re.search(rf"(?<!\w){re.escape(label)}(?!\w)", group[1]):
            return group.start(1) + found.start()
    return 0

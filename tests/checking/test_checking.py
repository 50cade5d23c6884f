"""What is found in queries, and where: cases, and real dashboards, in which nothing may be found that is not wrong."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.checking.check import check_queries
from reconciler.checking.explanations import EXPLANATIONS, pages
from reconciler.checking.stand_ins import filled
from reconciler.core.address import Address
from reconciler.core.metric import Catalogue, IndexField, Label, Metric, MetricType
from reconciler.core.resource import Resource
from reconciler.core.source import Mark
from reconciler.loader.inside import mark_inside
from tests.conftest import shared

HERE = Path(__file__).parent
CASES = yaml.safe_load((HERE / "cases.yaml").read_text("utf-8"))
C, G, H = MetricType.COUNTER, MetricType.GAUGE, MetricType.HISTOGRAM
REGION, STATUS = Label("region", ("eu", "us")), Label("status")


def metric(name: str, sort: MetricType, unit: str, *labels: Label, **rest: Any) -> Metric:
    return Metric(name, sort, "prom", unit=unit, labels={label.name: label for label in labels}, **rest)


CATALOGUE = Catalogue(
    (
        metric("orders_total", C, "short", REGION, STATUS),
        metric("paid_dollars_total", C, "currencyUSD", REGION),
        metric("planned_dollars", G, "currencyUSD", REGION, Label("tier"), monotonic=True),
        metric("paid_cents", G, "cents", REGION),
        metric("queue_depth", G, "short"),
        metric("took_seconds", H, "s", Label("code")),
    ),
    tuple(
        IndexField(name, sort, "search", "events")
        for name, sort in {"@timestamp": "date", "type": "text", "amount": "double", "level": "keyword"}.items()
    ),
)
SOURCES = (
    Resource(Address("datasource", "prom"), "prom", {"name": "Prom", "type": "prometheus"}),
    Resource(Address("datasource", "search"), "search", {"name": "Search", "type": "elasticsearch"}),
)
VARIABLES = [
    {"name": "compare", "type": "custom", "query": "day : 1d, week : 7d"},
    {"name": "region", "type": "query", "query": "label_values(orders_total, region)"},
]


def board(target: dict[str, Any], panel: dict[str, Any] | None = None, *, uid: str = "prom", **model: Any) -> Resource:
    given_panel = {"unit": "", "overrides": [], **(panel or {})}
    config = {"defaults": {"unit": given_panel.pop("unit")}, "overrides": given_panel.pop("overrides")}
    whole = {"title": "P", "type": "timeseries", "datasource": {"uid": uid}, "fieldConfig": config, "targets": [target]}
    templating = {"list": [{"datasource": {"uid": "prom"}, **item} for item in model.pop("variables", VARIABLES)]}
    shown = {"title": "B", "panels": [{**whole, **given_panel}], "templating": templating, **model}
    return Resource(Address("dashboard", "b"), "b", {"folderUid": "", "dashboard": shown})


def found_in(resource: Resource) -> list[Any]:
    return list(check_queries((*SOURCES, resource), CATALOGUE))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_query(case: dict[str, Any]) -> None:
    target = {"refId": "A", "expr": case["expr"], **case.get("target", {})}
    found = found_in(board(target, case.get("panel")))
    assert [item.code for item in found] == [code for code, _ in case.get("found", [])], found
    for item, (_, word) in zip(found, case.get("found", []), strict=True):
        text = target[str(item.path[-1])]
        assert text[item.offset :].startswith(word), f"found at {text[item.offset :]!r}"
        assert item.code in EXPLANATIONS
    if "hint" in case:
        assert found[0].hint == case["hint"]
    if "message" in case:
        assert case["message"] in found[0].message


def test_without_a_catalogue_only_the_syntax_is_checked() -> None:
    wrong = board({"refId": "A", "expr": 'rate(nothing{of="it"}[5m])'})
    assert check_queries((*SOURCES, wrong), Catalogue()) == ()
    broken = board({"refId": "A", "expr": "rate(nothing"})
    assert [item.code for item in check_queries((*SOURCES, broken), Catalogue())] == ["promql-syntax"]


def test_queries_of_variables_annotations_and_folded_rows_are_checked() -> None:
    inner = {"title": "In", "targets": [{"expr": "gone_a"}], "datasource": {"uid": "prom"}}
    resource = board(
        {"expr": "orders_total"},
        panels=[{"type": "row", "panels": [inner]}],
        variables=[
            {"name": "v", "type": "query", "query": 'label_values(gone_b{x="$v"}, y)'},
            {"name": "w", "type": "query", "query": {"query": "label_values(orders_total, regoin)"}},
            {"name": "x", "type": "query", "query": "query_result(gone_c)"},
            {"name": "y", "type": "query", "query": "metrics(.*)"},
        ],
        annotations={"list": [{"name": "N", "expr": "gone_d", "datasource": {"uid": "prom"}}]},
    )
    found = [
        (item.place, item.message.split()[-3] if "metric" in item.message else item.code) for item in found_in(resource)
    ]
    assert [place for place, _ in found] == [
        'variable "v"', 'variable "w"', 'variable "x"', 'annotation query "N"', 'panel "In", query 1',
    ]  # fmt: skip


SEARCHES = [
    (case["target"], case.get("found", [])) for case in yaml.safe_load((HERE / "searches.yaml").read_text("utf-8"))
]


@pytest.mark.parametrize(("target", "codes"), SEARCHES)
def test_a_search(target: dict[str, Any], codes: list[str]) -> None:
    assert [item.code for item in found_in(board({"refId": "A", **target}, uid="search"))] == codes


def test_in_real_dashboards_nothing_is_wrong_that_is_not() -> None:
    """No catalogue knows them: only syntax is checked, of every query on a Prometheus."""
    wrong = []
    for file in sorted(shared("corpus").glob("*.json")):
        model = json.loads(file.read_text("utf-8"))
        text = json.dumps(model.get("dashboard", model))
        resource = Resource(Address("dashboard", "b"), "b", {"dashboard": json.loads(text)})
        uids = {uid for uid in _uids(json.loads(text))}
        sources = [
            Resource(Address("datasource", f"d{n}"), uid, {"name": uid, "type": "prometheus"})
            for n, uid in enumerate(uids)
        ]
        wrong += [
            f"{file.name}: {item.place}: {item.message}" for item in check_queries((*sources, resource), Catalogue())
        ]
    assert {line.partition(":")[0] for line in wrong} == MORE_THAN_PROMQL, wrong


MORE_THAN_PROMQL = {"percona--victoriametrics-agents-overview.json"}
"""For another server, whose language has more than PromQL."""


def _uids(value: Any) -> set[str]:
    """The datasources that are said to be a Prometheus."""
    if isinstance(value, dict):
        here = value.get("datasource")
        own = (
            {here["uid"]} if isinstance(here, dict) and here.get("type") == "prometheus" and here.get("uid") else set()
        )
        return own.union(*(_uids(item) for item in value.values()))
    return set().union(*(_uids(item) for item in value)) if isinstance(value, list) else set()


def test_the_pages_are_up_to_date() -> None:
    assert (HERE.parents[1] / "docs" / "checks.md").read_text("utf-8") == pages(), "run `make docs`"


@given(
    st.lists(
        st.sampled_from(["$a", "${b:regex}", "[[c]]", "$__interval", "x", "{", '"', "[5m]", " ", "$1"]), max_size=12
    )
)
def test_places_behind_variables_are_the_authors(parts: list[str]) -> None:
    text = "".join(parts)
    found = filled(text, {})
    assert found.origin(0) <= len(text)
    for offset in range(len(found.text) + 1):
        assert 0 <= found.origin(offset) <= len(text)
    assert found.origin(len(found.text)) == len(text)


STYLES = {
    "plain": "k: {}\n",
    "double": 'k: "{}"\n',
    "single": "k: '{}'\n",
    "folded": "k: >-\n  {}\n",
    "literal": "k: |-\n  {}\n",
}


@pytest.mark.parametrize("style", STYLES)
def test_a_letter_of_a_query_is_found_in_its_file(style: str) -> None:
    words = ["sum", "by", "(a)", "(rate(x[5m]))"]
    separator = "\n  " if style in {"folded", "literal"} else " "
    text = STYLES[style].format(separator.join(words))
    value = yaml.safe_load(text)["k"]
    for word in words:
        mark = mark_inside(text, Mark("f", 1, 4), value, value.index(word))
        assert text.split("\n")[mark.line - 1][mark.column - 1 :].startswith(word)


def test_where_a_value_is_written_otherwise_its_own_place_is_told() -> None:
    assert mark_inside("k: ${values.x} + b\n", Mark("f", 1, 4), "1 + b", 4) == Mark("f", 1, 4)
    assert mark_inside('k: "a \\"b\\" c"\n', Mark("f", 1, 4), 'a "b" c', 6) == Mark("f", 1, 13)

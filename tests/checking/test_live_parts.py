"""The parts of a live check that need no server: values of variables, ranges and steps, and what data frames say."""

from typing import Any

import pytest

from reconciler.checking.answers import answers_of
from reconciler.checking.live import QUERY, ask, panels_of, request_of, variables
from reconciler.checking.queries import Source
from reconciler.checking.times import ago, interval, span
from reconciler.checking.variables import Value, chosen, declared_options, filled_in, in_order, used_in
from reconciler.checking.verdicts import Bounds, Verdict, verdict_of
from reconciler.core.address import Address
from reconciler.core.exchange import ApiRequest, ApiResponse
from reconciler.core.resource import Resource

MANY, ONE, ALL = Value(("a.b", "c"), True), Value(("a.b",)), Value(("a", "b"), True, ".*")


@pytest.mark.parametrize(
    ("text", "value", "language", "wanted"),
    [
        ('x{l=~"$v"}', MANY, "prometheus", 'x{l=~"(a\\\\.b|c)"}'),
        ('x{l=~"$v"}', ONE, "prometheus", 'x{l=~"a.b"}'),
        ('x{l=~"${v}"}', Value(("a.b",), True), "prometheus", 'x{l=~"a\\\\.b"}'),
        ('x{l=~"[[v]]"}', ALL, "prometheus", 'x{l=~".*"}'),
        ("${v:csv}", MANY, "prometheus", "a.b,c"),
        ("${v:pipe}", MANY, "", "a.b|c"),
        ("${v:raw}", ALL, "", ".*"),
        ("${v:doublequote}", MANY, "", '"a.b","c"'),
        ("l:$v", MANY, "elasticsearch", 'l:("a.b" OR "c")'),
        ("l:$v", ONE, "elasticsearch", 'l:"a.b"'),
        ("l:($v)", ALL, "elasticsearch", "l:(.*)"),
        ("[$v]", MANY, "other", "[{a.b,c}]"),
        ("rate(x[$__rate_interval]) $unknown $1", ONE, "prometheus", "rate(x[$__rate_interval]) $unknown $1"),
    ],
)
def test_a_variable_is_written_as_its_datasource_wants_it(text: str, value: Value, language: str, wanted: str) -> None:
    assert filled_in(text, {"v": value}, language) == wanted
    assert filled_in({"a": [text, 1, None]}, {"v": value}, language) == {"a": [wanted, 1, None]}


def test_variables_come_after_those_that_they_use() -> None:
    listed = [{"name": "c", "query": 'l(x{a="$b"}, c)'}, {"name": "b", "query": {"query": "$a"}}, {"name": "a"}]
    assert [item["name"] for item in in_order(listed)] == ["a", "b", "c"]
    circle = [{"name": "a", "query": "$b"}, {"name": "b", "query": "$a"}]
    assert sorted(str(item["name"]) for item in in_order(circle)) == ["a", "b"]
    assert used_in("$a ${b:regex} [[c]] $1") == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("variable", "options", "wanted"),
    [
        ({"includeAll": True, "current": {"value": ["$__all"]}}, ["a", "b"], Value(("a", "b"), True)),
        ({"includeAll": True, "allValue": ".*"}, ["a"], Value(("a",), True, ".*")),
        ({"multi": True, "current": {"value": ["b", "c"]}}, ["a", "b"], Value(("b", "c"), True)),
        ({"current": {"value": "b"}}, ["a", "b"], Value(("b",))),
        ({}, ["a", "b"], Value(("a",))),
        ({}, [], Value(())),
    ],
)
def test_what_a_variable_is_when_the_dashboard_is_opened(variable: Any, options: list[str], wanted: Value) -> None:
    assert chosen(variable, options) == wanted


def test_options_that_the_declaration_tells() -> None:
    assert declared_options({"type": "custom", "query": "day : 1d, week : 7d"}) == ["1d", "7d"]
    assert declared_options({"type": "textbox", "query": "x"}) == ["x"]
    assert declared_options({"type": "query", "query": "label_values(a)"}) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("now", 0),
        ("now-6h", 21_600),
        ("now-1w", 604_800),
        ("now/d", 86_400),
        ("now/fQ", 7_889_400),
        ("now+28d", -2_419_200),
        ("2026-01-01", None),
    ],
)
def test_relative_times(text: str, seconds: float | None) -> None:
    assert ago(text) == seconds


def test_steps_are_round_and_not_finer_than_asked() -> None:
    assert interval(3600, points=500) == 10
    assert interval(86_400 * 7, points=500, least=span("6h") or 0) == 21_600
    assert span(">=1m") == 60 and span("1x") is None


SOURCES = {"p": Source("p", "prometheus", "P"), "e": Source("e", "elasticsearch", "E")}


def board(**panel: Any) -> Resource:
    whole = {"title": "T", "datasource": {"uid": "p"}, "targets": [{"refId": "A", "expr": 'x{r=~"$r"}'}], **panel}
    listed = [
        {
            "name": "r",
            "type": "query",
            "datasource": {"uid": "p"},
            "query": "label_values(x, r)",
            "multi": True,
            "includeAll": True,
            "current": {"value": ["$__all"]},
        }
    ]
    model = {"title": "B", "time": {"from": "now-24h", "to": "now"}, "panels": [whole], "templating": {"list": listed}}
    return Resource(Address("dashboard", "b"), "b", {"dashboard": model})


def lived(exchange: Any, *answers: ApiResponse) -> tuple[list[ApiRequest], Any]:
    """The requests of an exchange that gets these answers, and its result."""
    asked = [next(exchange)]
    for answer in answers:
        try:
            asked.append(exchange.send(answer))
        except StopIteration as stop:
            return asked, stop.value
    raise AssertionError("it asks on")


def test_a_variable_is_asked_for_and_a_panel_then_asks_with_its_values() -> None:
    resource = board(interval="1m")
    asked, (values, wrong) = lived(variables(resource, SOURCES), ApiResponse(200, {"data": ["eu", "us"]}))
    assert asked[0].path == "/api/datasources/uid/p/resources/api/v1/label/r/values" and asked[0].query == (
        ("match[]", "x"),
    )
    assert (values["r"], wrong) == (Value(("eu", "us"), True), {})
    (panel,) = panels_of(resource, SOURCES)
    request = request_of(panel, values)
    body: Any = request.body
    assert (request.method, request.path, body["from"], body["to"]) == ("POST", QUERY, "now-24h", "now")
    (query,) = body["queries"]
    assert query == {
        "refId": "A",
        "expr": 'x{r=~"(eu|us)"}',
        "datasource": {"type": "prometheus", "uid": "p"},
        "intervalMs": 300_000,
        "maxDataPoints": 500,
        "range": True,
    }
    assert panel.step == 300


@pytest.mark.parametrize(
    ("own", "begin", "end"),
    [("", "now-24h", "now"), ("6h", "now-6h", "now"), ("now/fQ", "now/fQ", "now"), ("+28d", "now", "now+28d")],
)
def test_a_panel_s_own_range(own: str, begin: str, end: str) -> None:
    (panel,) = panels_of(board(**({"timeFrom": own} if own else {})), SOURCES)
    assert (panel.begin, panel.end) == (begin, end)


def test_hidden_queries_are_not_asked_and_two_of_one_letter_are_told_apart() -> None:
    targets = [{"refId": "A", "expr": "x"}, {"refId": "B", "expr": "y", "hide": True}, {"refId": "A", "expr": "z"}]
    (panel,) = panels_of(board(targets=targets), SOURCES)
    body: Any = request_of(panel, {}).body
    assert [(query["refId"], query["expr"]) for query in body["queries"]] == [("A", "x"), ("A'", "z")]


def frame(times: list[int], *columns: list[float | None]) -> dict[str, Any]:
    fields = [{"name": "Time", "type": "time"}, *({"name": "V", "type": "number"} for _ in columns)]
    return {"schema": {"fields": fields}, "data": {"values": [times, *columns]}}


def test_what_frames_say() -> None:
    body = {
        "results": {
            "A": {"status": 200, "frames": [frame([1, 2, 3], [1, 2, None]), frame([1], [None])]},
            "B": {"status": 400, "error": "bad\n  query"},
            "C": {"status": 200, "frames": []},
            "D": {"status": 501, "error": "not here"},
        }
    }
    found = answers_of(body, ["A", "B", "C", "D", "E"])
    assert (found["A"].series, found["A"].points, found["A"].newest, found["A"].has_data) == (2, 2, 2, True)
    assert (found["B"].error, found["B"].has_data) == ("bad query", False)
    assert not found["C"].has_data and not found["C"].error
    assert (
        answers_of({"results": {"A": {"frames": [frame([3, 2, 1], [1, 2, 3])]}}}, ["A"])["A"].newest == 3
    )  # documents
    assert found["D"].unasked and found["E"].error == "Grafana gave no answer to this query"
    assert answers_of({"message": "Unauthorized"}, ["A"])["A"].error == "Unauthorized"


@pytest.mark.parametrize(
    ("result", "verdict"),
    [
        ({"status": 200, "frames": [frame([1_000_000_000], [1.0])]}, Verdict.OK),
        ({"status": 200, "frames": [frame([1_000_000_000], [None])]}, Verdict.NO_DATA),
        ({"status": 400, "error": "parse error"}, Verdict.ERROR),
        ({"status": 501, "error": "no such thing here"}, Verdict.NOT_ASKED),
        ({"status": 200, "frames": [frame([1_000], [1.0])]}, Verdict.STALE),
        ({"status": 200, "frames": [frame([1_000_000_000], *([[1.0]] * 9))]}, Verdict.MANY_SERIES),
    ],
)
def test_how_a_panel_did(result: dict[str, Any], verdict: Verdict) -> None:
    (panel,) = panels_of(board(), SOURCES)
    _, asked = lived(ask(panel, {}), ApiResponse(200, {"results": {"A": result}}))
    assert verdict_of(asked, Bounds(series=8), now=1_000_010.0)[0] is verdict

"""A dashboard's change in words: no edit is lost, and nothing is said of what is the same."""

import copy
import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.diff import Edit, Op, diff
from reconciler.core.json import same
from reconciler.core.semantic import ChangeClass, Row, completed
from reconciler.core.undo import after_of, before_of
from reconciler.kinds import discover
from reconciler.kinds.dashboard import Dashboard

KIND = Dashboard()
CORPUS = sorted((Path(__file__).parents[2] / ".." / "shared" / "corpus").glob("*.json"))


def edits(before: Any, after: Any) -> tuple[Edit, ...]:
    return diff({"dashboard": before}, {"dashboard": after}, identities=KIND.identities)


def rows(before: Any, after: Any) -> tuple[Row, ...]:
    return KIND.describe(edits(before, after), {"dashboard": before}, {"dashboard": after})


def said(before: Any, after: Any) -> list[str]:
    return [f"{row.change_class}: {row.subject} {row.name}{row.text}" for row in rows(before, after)]


def panel(number: int, title: str, y: int = 0, **more: Any) -> dict[str, Any]:
    return {"id": number, "type": "stat", "title": title, "gridPos": {"x": 0, "y": y, "w": 12, "h": 8}, **more}


def limits(unit: str, *steps: tuple[str, Any]) -> dict[str, Any]:
    found = [{"color": colour, "value": value} for colour, value in steps]
    return {"fieldConfig": {"defaults": {"unit": unit, "thresholds": {"mode": "absolute", "steps": found}}}}


def query(expr: str, source: str = "prometheus") -> dict[str, Any]:
    return {"targets": [{"refId": "A", "expr": expr, "datasource": {"type": "prometheus", "uid": source}}]}


def board(*panels: Any, **more: Any) -> dict[str, Any]:
    return {"title": "Board", "panels": list(panels), **more}


def test_a_panel_on_top_is_one_addition_and_one_layout_sentence() -> None:
    old = [panel(n, f"P{n}", y=n) for n in range(1, 60)]
    new = [panel(99, "New"), *(panel(n, f"P{n}", y=n + 8) for n in range(1, 60))]
    assert said(board(*old), board(*new)) == [
        'addition: panel 99 "New" added (stat)',
        "layout:  layout59 panels moved down",
    ]


def test_thresholds_are_said_by_colour_with_the_unit() -> None:
    old = panel(1, "Latency", **limits("ms", ("green", None), ("red", 500)))
    new = panel(1, "Latency", **limits("ms", ("green", None), ("orange", 200), ("red", 300)))
    assert said(board(old), board(new)) == [
        'settings: panel 1 "Latency" threshold red from 500 ms to 300 ms',
        'settings: panel 1 "Latency" threshold orange from 200 ms on, new',
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            'sum by (le, job) (rate(x{b="1",a="2"}[$__rate_interval]))',
            'sum by(job,le)(rate(x{a="2", b="1"}[$__rate_interval]))',
        ),
        ("rate(x_$job[5m])", " rate( x_$job[5m] )"),
    ],
)
def test_blanks_and_label_order_are_no_change_of_a_query(before: str, after: str) -> None:
    found = rows(board(panel(1, "A", **query(before))), board(panel(1, "A", **query(after))))
    assert [(row.change_class, row.text) for row in found] == [
        (ChangeClass.COSMETIC, "query A: the same query, written differently")
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("rate(x[5m])", "rate(x[1m])"),
        ('x{a="1"}', 'x{a="1 "}'),
        ("rate(x[$__interval])", "rate(x[$__rate_interval])"),
        ("x{$filter}", "x{ $filter }"),
        ("a - b", "b - a"),
    ],
)
def test_another_query_is_a_query_change(before: str, after: str) -> None:
    found = rows(board(panel(1, "A", **query(before))), board(panel(1, "A", **query(after))))
    assert [row.change_class for row in found] == [ChangeClass.QUERY]


def test_a_datasource_is_named() -> None:
    old, new = board(panel(1, "A", **query("up"))), board(panel(1, "A", **query("up", "mimir")))
    assert said(old, new) == ['data source: panel 1 "A" query A: data source from prometheus to mimir']


def test_a_panel_that_moved_into_a_row_is_neither_removed_nor_added() -> None:
    row = {"id": 9, "type": "row", "title": "Row", "gridPos": {"x": 0, "y": 0, "w": 24, "h": 1}, "panels": []}
    old = board(row, panel(1, "A", y=1))
    new = board({**row, "panels": [panel(1, "A", y=1, description="why")]})
    found = said(old, new)
    assert 'layout: panel 1 "A" moved into a row' in found and 'cosmetic: panel 1 "A" description' in found
    assert not any(text.startswith(("deletion", "addition")) for text in found)


def test_another_id_is_said_because_links_point_at_it() -> None:
    assert "has another id (1 → 7)" in said(board(panel(1, "A")), board(panel(7, "A")))[0]


def test_panels_without_ids_are_matched_by_title() -> None:
    def bare(title: str, y: int) -> dict[str, Any]:
        return {key: value for key, value in panel(0, title, y).items() if key != "id"}

    found = said(board(bare("A", 0), bare("B", 8)), board(bare("New", 0), bare("A", 8), bare("B", 16)))
    assert [text.split(":")[0] for text in found] == ["addition", "layout"]
    assert found[1].endswith("2 panels moved down")


def test_variables_annotations_links_and_folder() -> None:
    old = board(templating={"list": [{"name": "job", "query": "a"}, {"name": "x"}]}, annotations={"list": []})
    new = board(templating={"list": [{"name": "job", "query": "b"}]}, annotations={"list": [{"name": "Deploys"}]})
    assert said(old, new) == [
        'addition: annotation query "Deploys" added',
        'deletion: variable "x" removed',
        'query: variable "job" query',
    ]
    moved = diff({"folderUid": "a"}, {"folderUid": "b"})
    assert [row.change_class for row in KIND.describe(moved)] == [ChangeClass.ACCESS]


def test_a_v2_dashboard_is_described_alike() -> None:
    def element(number: int, title: str, expr: str) -> dict[str, Any]:
        target = {"kind": "PanelQuery", "spec": {"refId": "A", "query": {"kind": "DataQuery", "spec": {"expr": expr}}}}
        data = {"kind": "QueryGroup", "spec": {"queries": [target], "transformations": []}}
        shape = {"kind": "VizConfig", "group": "stat", "spec": {"fieldConfig": {"defaults": {"unit": "s"}}}}
        return {"kind": "Panel", "spec": {"id": number, "title": title, "data": data, "vizConfig": shape}}

    def grid(**ys: int) -> dict[str, Any]:
        items = [
            {"kind": "GridLayoutItem", "spec": {"x": 0, "y": y, "width": 12, "height": 8,
             "element": {"kind": "ElementReference", "name": name}}}
            for name, y in ys.items()
        ]  # fmt: skip
        return {"kind": "GridLayout", "spec": {"items": items}}

    old = {"elements": {"p1": element(1, "A", "rate(x[5m])")}, "layout": grid(p1=0)}
    new = {"elements": {"p1": element(1, "A", "rate(x[1m])"), "p2": element(2, "B", "up")}, "layout": grid(p2=0, p1=8)}
    assert said(old, new) == [
        'query: panel 1 "A" targets[A].expr',
        'addition: panel 2 "B" added (stat, 1 query)',
        "layout:  layout1 panel moved down",
    ]
    assert said({"panels": []}, new) == [
        "settings:  saved in Grafana's v2 model",
        'addition: panel 1 "A" added (stat, 1 query)',
        'addition: panel 2 "B" added (stat, 1 query)',
    ]
    assert "settings:  no longer saved in Grafana's v2 model" in said(new, {"panels": []})


def test_other_kinds_have_their_class() -> None:
    kinds = discover()
    found = {name: kinds[name].describe(diff({"a": 1}, {"a": 2}))[0].change_class for name in kinds}
    assert found["datasource"] == ChangeClass.DATA_SOURCE
    assert found["permissions"] == found["team"] == ChangeClass.ACCESS


def mutated(model: Any, random: Random, times: int) -> Any:
    """A copy with values changed, removed, added, moved and doubled at random places."""
    result = copy.deepcopy(model)
    for _ in range(times):
        place = result
        for _ in range(random.randint(0, 6)):
            inner = [
                v for v in (place.values() if isinstance(place, dict) else place) if isinstance(v, (dict, list)) and v
            ]
            if not inner:
                break
            place = random.choice(inner)
        if isinstance(place, dict):
            key = random.choice([*place, "extra"])
            value = random.choice(["text", 5, None, "gone", {"a": 1}])
            if value == "gone":
                place.pop(key, None)
            else:
                place[key] = value
        else:
            at = random.randrange(len(place))
            done = random.choice(["drop", "double", "shuffle", "move"])
            if done == "drop":
                place.pop(at)
            elif done == "double":
                place.insert(random.randrange(len(place)), copy.deepcopy(place[at]))
            else:
                random.shuffle(place)
    return result


def check(before: Any, after: Any) -> None:
    found = edits(before, after)
    made = KIND.describe(found, {"dashboard": before}, {"dashboard": after})
    covered = {id(edit) for row in made for edit in row.edits}
    assert [edit for edit in found if id(edit) not in covered] == []
    assert bool(made) == bool(found)
    assert all(row.text or row.name for row in made)
    blind = KIND.describe(found)
    assert {id(edit) for row in blind for edit in row.edits} == {id(edit) for edit in found}
    assert made == KIND.describe(edits(before, after), {"dashboard": before}, {"dashboard": after})


@pytest.mark.skipif(not CORPUS, reason="the corpus is not beside this checkout")
def test_no_edit_of_a_real_dashboard_is_lost() -> None:
    random = Random(7)
    for file in CORPUS:
        model = json.loads(file.read_text("utf-8"))
        model = model.get("spec", model.get("dashboard", model))
        assert rows(model, model) == ()
        check(model, mutated(model, random, 6))


JSON = st.recursive(
    st.none() | st.integers(0, 3) | st.sampled_from(["a", "b", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=5,
)
PANELS = st.fixed_dictionaries(
    {"title": st.sampled_from(["A", "B", ""])},
    optional={
        "id": st.integers(1, 3), "type": st.sampled_from(["row", "stat"]), "gridPos": JSON, "targets": JSON,
        "fieldConfig": st.fixed_dictionaries({}, optional={"defaults": JSON, "overrides": JSON}),
        "datasource": JSON, "libraryPanel": JSON, "transformations": JSON,
    },
)  # fmt: skip
NESTED = st.tuples(PANELS, st.none() | st.lists(PANELS, max_size=2)).map(
    lambda pair: pair[0] if pair[1] is None else {**pair[0], "panels": pair[1]}
)
BOARDS = st.fixed_dictionaries(
    {"panels": st.lists(NESTED, max_size=3)},
    optional={"templating": JSON, "links": JSON, "annotations": JSON, "elements": JSON, "layout": JSON, "title": JSON},
)


@settings(max_examples=150, deadline=None)
@given(BOARDS, BOARDS)
def test_no_edit_is_ever_lost(before: Any, after: Any) -> None:
    check(before, after)


@settings(max_examples=150, deadline=None)
@given(BOARDS, BOARDS)
def test_undoing_never_fails_and_is_exact_where_items_have_names(before: Any, after: Any) -> None:
    found = diff(before, after, identities=KIND.identities)
    undone = before_of(after, found)
    if not any(isinstance(step, int) for edit in found for step in edit.path) and not any(
        edit.op in {Op.MOVE, Op.REMOVE} for edit in found
    ):
        assert same(undone, before)
    done = after_of(before, found)
    if not any(isinstance(step, int) for edit in found for step in edit.path) and not any(
        edit.op in {Op.MOVE, Op.ADD} for edit in found
    ):
        assert same(done, after)


def test_what_no_row_stands_for_gets_one() -> None:
    one, two = diff({"a": 1, "b": 1}, {"a": 2, "b": 2})
    known = Row(ChangeClass.QUERY, text="a is asked anew", edits=(one,))
    assert [row.edits for row in completed([known], [one, two], None)] == [(one,), (two,)]

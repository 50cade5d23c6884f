"""What must hold for any dashboard: places do not overlap, ids stay, expanding twice changes nothing, inputs are not
changed, and nothing raises.
"""

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reconciler.authoring.ids import DERIVED_IDS, derived_id
from reconciler.authoring.layout import COLUMNS
from reconciler.authoring.resolve import Resolved, resolve
from reconciler.authoring.values import marked
from reconciler.core.json import same
from reconciler.core.resource import Document
from tests.authoring.authoring_cases import MARK, REGISTRY, calm, document, model
from tests.conftest import shared

titles = st.sampled_from(["Orders", "Revenue", "Queue", "", "Ünïcode 🙂", "row:Orders"])
sizes = st.fixed_dictionaries({}, optional={"width": st.integers(1, 24), "height": st.integers(1, 30)})
graphs = st.builds(lambda title, size: {"title": title, "type": "timeseries", **size}, titles, sizes)
rows = st.builds(
    lambda title, collapsed, panels: {"row": title, "collapsed": collapsed, **({"panels": panels} if panels else {})},
    titles,
    st.booleans(),
    st.lists(graphs, max_size=3),
)
fixed = st.builds(
    lambda x, y, w, h: {"type": "text", "gridPos": {"x": x, "y": y, "w": min(w, COLUMNS - x), "h": h}},
    st.integers(0, 23),
    st.integers(0, 20),
    st.integers(1, 24),
    st.integers(1, 9),
)
flowing = st.lists(st.one_of(graphs, graphs, rows), max_size=25)


def all_panels(panels: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for panel in panels:
        yield panel
        yield from all_panels(panel.get("panels", []))


def overlap(left: dict[str, int], right: dict[str, int]) -> bool:
    across = left["x"] < right["x"] + right["w"] and right["x"] < left["x"] + left["w"]
    return across and left["y"] < right["y"] + right["h"] and right["y"] < left["y"] + left["h"]


@calm
@given(flowing)
def test_the_flow_never_overlaps_stays_inside_and_keeps_the_reading_order(panels: list[dict[str, Any]]) -> None:
    found = model({"title": "T", "panels": panels})["panels"]
    for group in (found, *(panel["panels"] for panel in found if panel["type"] == "row")):
        places = [panel["gridPos"] for panel in group]
        assert all(min(at["x"], at["y"]) >= 0 and at["x"] + at["w"] <= COLUMNS for at in places)
        reading = [(at["y"], at["x"]) for at in places]
        assert reading == sorted(set(reading))
        assert not any(overlap(a, b) for index, a in enumerate(places) for b in places[:index])
    for row in found:
        if row["type"] == "row":
            assert row["collapsed"] or not row["panels"]
            assert all(panel["gridPos"]["y"] > row["gridPos"]["y"] for panel in row["panels"])
    written = [item.get("row", item.get("title")) for item in _in_order(panels)]
    assert [panel["title"] for panel in all_panels(found)] == written


def _in_order(panels: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for panel in panels:
        yield panel
        yield from panel.get("panels", [])


@calm
@given(st.lists(st.one_of(graphs, fixed), max_size=15))
def test_what_flows_never_lands_on_a_panel_with_a_place_of_its_own_before_it(panels: list[dict[str, Any]]) -> None:
    found = model({"title": "T", "panels": panels})["panels"]
    for index, (panel, written) in enumerate(zip(found, panels, strict=True)):
        if "gridPos" in written:
            assert panel["gridPos"] == written["gridPos"]
        else:
            assert not any(overlap(panel["gridPos"], other["gridPos"]) for other in found[:index])


@calm
@given(flowing, st.integers(0, 25), st.booleans())
def test_an_inserted_panel_leaves_all_other_ids_alone(panels: list[dict[str, Any]], at: int, is_row: bool) -> None:
    before = [panel["id"] for panel in all_panels(model({"title": "T", "panels": panels})["panels"])]
    new = {"row": "brand new"} if is_row else {"title": "brand new", "type": "stat"}
    changed = model({"title": "T", "panels": [*panels[:at], new, *panels[at:]]})["panels"]
    after = [panel["id"] for panel in all_panels(changed) if panel["title"] != "brand new"]
    assert after == before
    assert len(set(before)) == len(before)
    assert all(DERIVED_IDS <= number < 2_000_000_000 for number in before)


@calm
@given(st.lists(st.text(max_size=5), unique=True, min_size=2, max_size=8).flatmap(lambda t: st.permutations(t)))
def test_reordering_keeps_ids(names: list[str]) -> None:
    def ids(order: list[str]) -> dict[str, int]:
        panels = [{"title": title, "type": "stat"} for title in order]
        return {panel["title"]: panel["id"] for panel in model({"title": "T", "panels": panels})["panels"]}

    assert ids(names) == ids(sorted(names))


def test_derived_ids_are_the_same_for_ever() -> None:
    """They stand in links and in the states of users: this test must never need a change."""
    assert (derived_id("Orders", 1), derived_id("Orders", 2), derived_id("row:Orders", 1)) == PINNED
    assert [p["id"] for p in model({"title": "T", "panels": [{"row": "Orders"}, TEXT, TEXT]})["panels"]] == [
        PINNED[2],
        PINNED[0],
        PINNED[1],
    ]


TEXT = {"title": "Orders", "type": "text"}
PINNED = (119_403_704, 124_892_141, 169_810_854)


def test_a_written_id_where_a_derived_one_would_be_moves_the_derived_one_to_the_next() -> None:
    taken = PINNED[0]
    found = model({"title": "T", "panels": [TEXT, {"type": "text", "id": taken}, {"type": "text", "id": taken + 1}]})
    assert [panel["id"] for panel in found["panels"]] == [taken + 2, taken, taken + 1]


prometheus = document("Datasource", "prometheus", {"type": "prometheus"})
template = document("Template", "t", {"panel": {"type": "stat", "unit": "s", "width": 6, "targets": [{"refId": "B"}]}})
targets = st.lists(
    st.fixed_dictionaries(
        {"expr": st.sampled_from(["a", "b"])},
        optional={"datasource": st.sampled_from(["prometheus", "-- Grafana --", "$ds"]), "hide": st.booleans()},
    ),
    max_size=4,
)
rich = st.fixed_dictionaries(
    {"title": titles, "type": st.sampled_from(["stat", "timeseries"])},
    optional={
        "targets": targets,
        "use": st.sampled_from(["t", ["t"]]),
        "unit": st.sampled_from(["s", "percent"]),
        "color": st.sampled_from(["red", "thresholds", None]),
        "thresholds": st.just({"green": None, "red": 3}),
        "datasource": st.sampled_from(["prometheus", "-- Mixed --", "${ds}", None]),
        "audience": st.just(["ceo"]),
        "width": st.integers(1, 24),
        "fieldConfig": st.just({"defaults": {"custom": {"x": 1}}, "overrides": []}),
        "options": st.dictionaries(st.sampled_from("abc"), st.integers(), max_size=2),
    },
)
dashboards = st.fixed_dictionaries(
    {"title": st.just("T"), "panels": st.lists(st.one_of(rich, rich, rows, fixed), max_size=8)},
    optional={
        "variables": st.just(
            [{"name": "ds", "type": "datasource", "query": "prometheus"}, {"name": "q", "query": "x"}]
        ),
        "annotations": st.just([{"name": "A", "tags": ["a"]}, {"name": "B", "datasource": "prometheus"}]),
        "tags": st.just(["a"]),
        "schemaVersion": st.just(39),
    },
)


@calm
@given(dashboards)
def test_expanding_what_is_expanded_changes_nothing(spec: dict[str, Any]) -> None:
    once = model(spec, prometheus, template)
    assert model(once, prometheus, template) == once


@calm
@given(dashboards)
def test_inputs_are_not_changed(spec: dict[str, Any]) -> None:
    documents = [document("Dashboard", "d", spec), prometheus, template]
    before = copy.deepcopy(documents)
    first = resolve(documents, REGISTRY, values={})
    assert documents == before
    again = resolve(list(reversed(documents)), REGISTRY, values={})
    assert again == first, "the order of documents does not matter"


def test_the_corpus_expands_to_itself() -> None:
    """Real models, written inline: what is expanded once stays as it is; ids and places are kept from the start."""
    count = 0
    for path in sorted(shared("corpus").glob("*.json")):
        body = json.loads(path.read_text("utf-8"))
        result = resolve([document("Dashboard", "d", body)], REGISTRY, values={})
        if result.failed:
            continue  # datasources by a name that is not declared, and a few fields of panels long gone
        once: Any = result.resources[0].attributes["dashboard"]
        assert model(once) == once, path.name
        pairs = zip(all_panels(body.get("panels", [])), all_panels(once.get("panels", [])), strict=True)
        for before, after in pairs:
            for key in ("id", "gridPos", "type", "title"):
                assert before.get(key) in (after.get(key), None), (path.name, key)
        count += 1
    assert count > 60


def test_the_corpus_taken_from_files_is_taken_verbatim() -> None:
    sources = [prometheus, document("Datasource", "ch", {"type": "grafana-clickhouse-datasource"})]
    for path in sorted(shared("corpus").glob("*.json")):
        body = json.loads(path.read_text("utf-8"))
        spec = marked({"from": path.name}, MARK)
        one = Document("Dashboard", "d", marked({"name": "d"}, MARK), spec, MARK, marked(body, MARK))
        result = resolve([one, *sources], REGISTRY, values={})
        assert result.diagnostics == (), path.name
        found: Any = next(item for item in result.resources if item.address.name == "d").attributes["dashboard"]
        dropped = {"__inputs", "__requires", "__elements", "id", "uid", "version", "iteration"}
        assert set(found) == set(body) - dropped, path.name
        if not body.get("__inputs"):
            assert same(found, {key: value for key, value in body.items() if key not in dropped}), path.name


KEYS = re.findall(
    r"\w+",
    "title folder from inputs variables annotations panels templating list name type query tags datasource targets row "
    "width height gridPos collapsed use id color thresholds unit decimals audience libraryPanel fieldConfig defaults "
    "options panel parent url jsonData secureJsonData text time members uid lifecycle x y w h refId",
)
TEXTS = ["", "a", "t", "$x", "${values.a}", "${values.", "${env:A}", "-- Mixed --", "prometheus", "row", "text"]
wild = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False))
    | st.sampled_from(TEXTS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=25,
)
mappings = st.dictionaries(st.sampled_from(KEYS), wild, max_size=8)


@calm
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Dashboard", "Template", "Folder", "Datasource", "Team", "Annotation", "Nothing"]),
            st.sampled_from(["a", "t", "prometheus"]),
            mappings,
            mappings,
            st.none() | mappings,
            st.booleans(),
        ),
        max_size=4,
    ),
    st.dictionaries(st.sampled_from(["a", "b"]), wild, max_size=2),
)
def test_nothing_raises(items: list[Any], values: dict[str, Any]) -> None:
    documents = [
        Document(
            kind,
            name,
            marked({**metadata, "name": name}, MARK),
            marked(spec, MARK),
            MARK,
            None if body is None else marked(body, MARK),
            manifest and kind == "Dashboard",
        )
        for kind, name, metadata, spec, body, manifest in items
    ]
    result = resolve(documents, REGISTRY, values=values)
    assert isinstance(result, Resolved)
    assert all(item.where is not None for item in result.diagnostics)
    declared = {(kind, name) for kind, name, *_ in items if kind not in {"Template", "Nothing"}}
    assert result.failed or len(result.resources) == len(declared), "a document never vanishes without an error"

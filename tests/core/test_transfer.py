"""A model on its way to another Grafana: what stands for its datasources there."""

from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.json import JsonObject
from reconciler.core.transfer import Source, matched, named_in, transferred

HERE = {
    "a": Source("a", "Metrics", "prometheus", "datasource.metrics"),
    "l": Source("l", "Logs", "loki"),
}
MODEL: JsonObject = {
    "panels": [
        {
            "title": "P",
            "datasource": {"type": "prometheus", "uid": "a"},
            "targets": [{"refId": "A", "datasource": "Logs"}],
        },
        {"type": "row", "title": "R", "panels": [{"title": "Q", "datasource": {"uid": "${ds}"}}]},
        {"title": "M", "datasource": {"uid": "-- Mixed --"}},
        {"title": "E", "targets": [{"refId": "B", "datasource": {"type": "__expr__", "uid": "__expr__"}}]},
    ],
    "templating": {"list": [{"name": "ds", "type": "datasource", "current": {"text": "Metrics", "value": "a"}}]},
    "annotations": {"list": [{"name": "N", "datasource": {"type": "grafana", "uid": "-- Grafana --"}}]},
}


def test_each_place_is_named() -> None:
    assert named_in(MODEL) == {"a": ["panel 'P'", "variable 'ds'"], "Logs": ["panel 'P', query A"]}


def test_the_address_counts_before_the_name_and_both_before_the_uid() -> None:
    there = {
        "x": Source("x", "Other", "prometheus", "datasource.metrics"),
        "a": Source("a", "Metrics", "prometheus"),
        "y": Source("y", "Logs", "loki"),
        "l": Source("l", "Something", "loki"),
    }
    found, missing = matched(MODEL, HERE, there, {})
    assert {text: source.uid for text, source in found.items()} == {"a": "x", "Logs": "y"}
    assert missing == ()
    del there["y"]
    assert matched(MODEL, HERE, there, {})[0]["Logs"].uid == "l"
    assert matched(MODEL, HERE, there, {"Metrics": "Something"})[0]["a"].uid == "l"


def test_another_type_is_another_datasource() -> None:
    _, missing = matched(MODEL, HERE, {"a": Source("a", "Metrics", "mimir")}, {})
    assert [(item.text, item.places) for item in missing] == [
        ("a", ("panel 'P'", "variable 'ds'")),
        ("Logs", ("panel 'P', query A",)),
    ]


def test_everything_that_names_one_is_changed_and_nothing_else() -> None:
    there = {"a": Source("x", "Prom", "prometheus"), "Logs": Source("y", "Logs", "loki")}
    moved = transferred(MODEL, there)
    assert named_in(moved) == {"x": ["panel 'P'", "variable 'ds'"], "y": ["panel 'P', query A"]}
    assert moved["templating"]["list"][0]["current"] == {"text": "Prom", "value": "x"}  # type: ignore[call-overload,index]
    back = {"x": Source("a", "Metrics", "prometheus"), "y": Source("Logs", "Logs", "loki")}
    assert transferred(moved, back) == MODEL


@given(st.dictionaries(st.text(), st.one_of(st.none(), st.integers(), st.text(), st.lists(st.text()))))
def test_without_a_datasource_nothing_changes(model: JsonObject) -> None:
    assert transferred(model, {"a": Source("x", "n", "t")}) == model or "datasource" in model

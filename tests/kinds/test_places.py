"""A place in an object in words: never a raw path where there is a better word, and the path where there is none."""

import pytest

from reconciler.core.diff import EditPath, Key
from reconciler.core.path_words import place_of
from reconciler.kinds import discover

KINDS = discover()
MODEL = {
    "dashboard": {
        "title": "All",
        "panels": [
            {"id": 3, "title": "Orders", "targets": [{"refId": "A", "expr": "up"}]},
            {"id": 1_000_007, "title": "Rate", "fieldConfig": {"defaults": {"unit": "s"}}},
        ],
        "templating": {"list": [{"name": "region"}]},
    }
}


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("dashboard.panels[id=3].targets[refId=A].expr", 'panel 3 "Orders": query A'),
        ("dashboard.panels[id=3].targets[refId=A].legendFormat", 'panel 3 "Orders": query A, legendFormat'),
        ("dashboard.panels[id=1000007].fieldConfig.defaults.unit", 'panel "Rate": unit'),
        ("dashboard.panels[id=3].gridPos", 'panel 3 "Orders": place and size'),
        ("dashboard.panels[id=3]", 'panel 3 "Orders"'),
        ("panels[title='Orders'].description", 'panel "Orders": description'),
        ("dashboard.panels[0].targets[0].expr", "panel #1: query #1"),
        ("dashboard.templating.list[name=region].query", 'variable "region": query'),
        ("dashboard.tags[1]", "tags[1]"),
        ("folderUid", "its folder"),
        ("dashboard.panels[id=9].title", "panel 9: title"),
        ("panels[*].title", "panels[*].title"),
        ("no selector at all [", "no selector at all ["),
    ],
)
def test_a_dashboards_places(path: str, words: str) -> None:
    assert place_of(KINDS["dashboard"], path, MODEL) == words  # type: ignore[arg-type]


def test_other_kinds_and_no_kind() -> None:
    assert place_of(KINDS["datasource"], "jsonData.timeout", {}) == "jsonData.timeout"
    assert place_of(None, "a.b", {}) == "a.b"
    path: EditPath = ("dashboard", "elements", "panel-1", "spec", "title")
    assert KINDS["dashboard"].place(path) == "panel panel-1: spec.title"
    assert KINDS["dashboard"].place(("dashboard", "panels", Key("id", 4, "X"), "panels", Key("id", 5, "Y"))) == (
        'panel 5 "Y"'
    )

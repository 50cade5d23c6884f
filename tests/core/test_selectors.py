"""Selectors: read strictly, and leading to the same items on both sides."""

from typing import Any

import pytest

from reconciler.core.selectors import BadSelector, Pick, as_in, parse_selector

BOARD: dict[str, Any] = {
    "refresh": "5s",
    "panels": [
        {"id": 1, "title": "Rate", "unit": "s"},
        {"id": 2, "title": "Row", "panels": [{"id": 3, "title": "Rate", "unit": "ms"}]},
    ],
    "templating": {"list": [{"name": "site", "current": "a"}, {"name": "x.y", "current": "b"}]},
}
IDENTITIES = {"panels": "id", "list": "name"}


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("refresh", ["refresh"]),
        ("nothing", []),
        ("panels[title='Rate'].unit", ["panels.0.unit", "panels.1.panels.0.unit"]),
        ("panels[id=3]", ["panels.1.panels.0"]),
        ("panels[0].title", ["panels.0.title"]),
        ("panels[*].unit", ["panels.0.unit", "panels.1.panels.0.unit"]),
        ('templating.list[name="x.y"].current', ["templating.list.1.current"]),
        ("['templating'].list[*]", ["templating.list.0", "templating.list.1"]),
    ],
)
def test_where_a_selector_leads(text: str, paths: list[str]) -> None:
    assert [".".join(map(str, path)) for path in parse_selector(text).paths(BOARD)] == paths


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "column 1: a key expected"),
        ("a..b", "column 3: a key expected"),
        ("a.", "column 3: a key expected"),
        ("panels[", "column 7: [2], [*], [title='…'] or ['odd key'] expected"),
        ("panels[title=]", "column 7: [2], [*], [title='…'] or ['odd key'] expected"),
        ("panels[0]x", "column 10: '.' or '[' expected"),
        ("[0]", "column 1: a key expected"),
        ("a b", "column 2: '.' or '[' expected"),
    ],
)
def test_what_is_no_selector(text: str, says: str) -> None:
    with pytest.raises(BadSelector) as caught:
        parse_selector(text)
    assert str(caught.value) == says


def test_an_odd_key_is_a_key() -> None:
    assert parse_selector("a['b.c'][*]").steps == ("a", "b.c", Pick())


def laid(mine: Any, other: Any, *texts: str) -> Any:
    return as_in(mine, other, tuple(parse_selector(text) for text in texts), IDENTITIES)


def test_items_are_matched_by_identity_wherever_they_are() -> None:
    mine = {"panels": [{"id": 3, "unit": "mine"}, {"id": 1, "unit": "mine"}, {"id": 9, "unit": "mine"}]}
    assert laid(mine, BOARD, "panels[*].unit") == {
        "panels": [{"id": 3, "unit": "ms"}, {"id": 1, "unit": "s"}, {"id": 9, "unit": "mine"}]
    }


def test_what_is_absent_there_is_absent_here() -> None:
    assert laid({"refresh": "1m", "time": 1}, {"time": 2}, "refresh") == {"time": 1}
    assert laid({"time": 1}, {"refresh": "1m"}, "refresh") == {"time": 1, "refresh": "1m"}


def test_nothing_given_is_changed() -> None:
    mine = {"panels": [{"id": 1, "unit": "mine"}]}
    laid(mine, BOARD, "panels[*].unit", "panels[id=1]")
    assert mine == {"panels": [{"id": 1, "unit": "mine"}]}

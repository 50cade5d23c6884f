"""Annotations: what is written, and what counts as a difference."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.diff import Op, format_edit_path
from reconciler.core.json import JsonObject, same
from reconciler.core.resource import LiveObject
from tests.kinds.annotations import BOARD, NOTE, SPEC, START, live, paths
from tests.kinds.kind_driver import (
    LiveNames,
    Names,
    answer_of,
    authored_edits,
    desired,
    errors,
    recorded,
    resource,
)

# ---- what is written ---------------------------------------------------------------------------------------------


def test_a_point_and_a_region() -> None:
    assert desired(NOTE, SPEC).attributes == {
        "text": "Spring campaign",
        "tags": ["campaign"],
        "time": START,
        "timeEnd": START,
        "dashboardUID": "",
        "panelId": 0,
    }
    region = desired(NOTE, {**SPEC, "time": "2023-11-14T22:13:20Z", "timeEnd": "2023-11-15T00:00:00.5+01:00"})
    assert (region.attributes["time"], region.attributes["timeEnd"]) == (START, 1_700_002_800_500)
    assert desired(NOTE, {**SPEC, "timeEnd": None}).attributes["timeEnd"] == START


def test_tags_are_as_the_server_keeps_them() -> None:
    """Trimmed, no duplicates, order kept (recorded in annotation-bad-input)."""
    assert desired(NOTE, {**SPEC, "tags": ["a", "a", " a ", "A", " "]}).attributes["tags"] == ["a", "A"]
    recorded_tags = answer_of(recorded("annotation-bad-input")[7]).object["tags"]
    assert recorded_tags == ["a", "A"]


@pytest.mark.parametrize(
    ("change", "where", "message"),
    [
        ({"text": ""}, ("text",), "String should have at least 1 character"),
        ({"time": "2026-03-01T09:00:00"}, ("time",), "'2026-03-01T09:00:00' has no zone"),
        ({"time": "2026-03-01"}, ("time",), "'2026-03-01' is a day, not a moment"),
        ({"time": 1_700_000_000}, ("time",), "1700000000 looks like seconds"),
        ({"timeEnd": "soon"}, ("timeEnd",), "'soon' is not a time: write 2026-03-01T09:00:00Z"),
        ({"time": None}, ("time",), "not a time: write"),
        ({"tags": ["x", "ggrec:it"]}, ("tags",), "'ggrec:it': tags that begin with ggrec: are ggrec's own markers"),
        ({"tags": [" ggrec:it"]}, ("tags",), "' ggrec:it': tags that begin with ggrec:"),
        ({"tags": "x"}, ("tags",), "Input should be a valid list"),
        ({"tags": [1]}, ("tags", 0), "Input should be a valid string"),
        ({"when": START}, ("when",), "Extra inputs are not permitted"),
    ],
)
def test_bad_input(change: JsonObject, where: tuple[str | int, ...], message: str) -> None:
    ((found, text),) = errors(NOTE, {**SPEC, **change})
    assert found == where
    assert text.startswith(message)


def test_moments_before_numbers_are_trusted_can_be_written_as_text() -> None:
    assert desired(NOTE, {**SPEC, "time": "1970-01-20T16:13:20Z"}).attributes["time"] == 1_700_000_000
    schema = NOTE.spec.model_json_schema()["properties"]["time"]
    assert schema["anyOf"] == [{"type": "string", "format": "date-time"}, {"type": "integer"}]


def test_time_is_required() -> None:
    assert errors(NOTE, {"text": "T"}) == [(("time",), "Field required")]


@pytest.mark.parametrize(("panel", "number"), [("Orders", 2), ("Hidden", 4), (2, 2), (4, 4), (6, 6)])
def test_a_panel_by_title_or_number(panel: str | int, number: int) -> None:
    made = desired(NOTE, {**SPEC, "dashboard": "shop", "panel": panel}, names=Names(shop=BOARD))
    assert (made.attributes["dashboardUID"], made.attributes["panelId"]) == ("shop-uid", number)


@pytest.mark.parametrize(
    ("change", "declared", "failure"),
    [
        (
            {"dashboard": "shop", "panel": "Nope"},
            {"shop": BOARD},
            (
                ("panel",),
                "no-such-panel",
                "the dashboard has no panel 'Nope'",
                "it has 'Orders', 'Hidden', 'Twice', 'Twice', 'No id'",
            ),
        ),
        (
            {"dashboard": "shop", "panel": 1},
            {"shop": {"dashboard": {"panels": [{"id": 1, "type": "row", "title": "Orders"}]}}},
            (("panel",), "no-such-panel", "the dashboard has no panel '1'", "it has no panel with a title"),
        ),
        (
            {"dashboard": "shop", "panel": "Twice"},
            {"shop": BOARD},
            (("panel",), "ambiguous-panel", "the dashboard has 2 panels 'Twice'", "write an id: 5, 6"),
        ),
        (
            {"dashboard": "shop", "panel": "No id"},
            {"shop": BOARD},
            (
                ("panel",),
                "no-such-panel",
                "the dashboard has no panel 'No id'",
                "it has 'Orders', 'Hidden', 'Twice', 'Twice', 'No id'",
            ),
        ),
        (
            {"dashboard": "none", "panel": "Orders"},
            {},
            (("dashboard",), "unknown-dashboard", "no dashboard 'none' is declared", ""),
        ),
        (
            {"panel": 2},
            {},
            (("panel",), "panel-alone", "a panel needs its dashboard", "write `dashboard: <metadata.name>` too"),
        ),
        (
            {"timeEnd": START - 1},
            {},
            (("timeEnd",), "ends-before", "timeEnd is before time", "Grafana would swap the two silently"),
        ),
    ],
)
def test_what_does_not_fit_is_said_once(
    change: JsonObject, declared: dict[str, JsonObject], failure: tuple[Any, ...]
) -> None:
    names = Names(**declared)
    NOTE.desired("it", NOTE.spec.model_validate({**SPEC, **change}), names)
    assert names.failures == [failure]


# ---- what counts as a difference -----------------------------------------------------------------------------------


def test_what_the_server_leaves_out_is_its_default() -> None:
    bare = LiveObject("annotation", "7", {"text": "Spring campaign", "time": START, "tags": ["campaign"]})
    assert paths(SPEC, bare) == paths(SPEC, live(dashboardUID="", panelId=0)) == []
    assert paths({"text": "Spring campaign", "time": START}, live(tags=None)) == []


def test_differences() -> None:
    assert paths({**SPEC, "time": START + 1}, live()) == ["time", "timeEnd"]
    assert paths(SPEC, live(timeEnd=START + 1)) == ["timeEnd"]
    assert paths(SPEC, live(tags=["campaign", "x"])) == ["tags[1]"]
    assert paths(SPEC, live(dashboardUID="d", panelId=2)) == ["dashboardUID", "panelId"]


LIVE = st.fixed_dictionaries(
    {
        "text": st.text(min_size=1, max_size=5),
        "time": st.integers(-(10**13), 2 * 10**14),
        "tags": st.lists(st.sampled_from(["a", "b c", "ä:1"]), unique=True),
    },
    optional={"timeEnd": st.integers(2 * 10**14, 2 * 10**14 + 99), "dashboardUID": st.just("shop-uid")},
)


@given(LIVE)
def test_what_is_pulled_comes_to_what_is_live(attributes: dict[str, Any]) -> None:
    found = LiveObject("annotation", "7", attributes)
    written = NOTE.authored(found, LiveNames(**{"shop-uid": "shop"}))
    assert isinstance(written.spec["time"], str) and written.spec["time"].endswith("Z")
    made = desired(NOTE, written.spec, names=Names(shop=BOARD))
    assert authored_edits(NOTE, made.attributes, found) == ()


def test_pulling_keeps_milliseconds_panels_and_only_what_is_there() -> None:
    found = live(time=START + 123, timeEnd=START + 123, tags=[], dashboardUID="shop-uid", panelId=4)
    assert NOTE.authored(found, LiveNames(**{"shop-uid": "shop"})).spec == {
        "text": "Spring campaign",
        "time": "2023-11-14T22:13:20.123Z",
        "dashboard": "shop",
        "panel": 4,
    }
    assert NOTE.authored(found, LiveNames()).spec["dashboard"] == "shop-uid"


@given(LIVE)
def test_normalise_is_idempotent(attributes: dict[str, Any]) -> None:
    once = NOTE.normalise(attributes)
    assert same(NOTE.normalise(once), once)


def test_a_marker_that_was_taken_off_is_outstanding() -> None:
    note = resource(NOTE, SPEC)
    assert NOTE.outstanding(note, live()) == ()
    for marker in (None, "other"):
        (edit,) = NOTE.outstanding(note, live(marker=marker))
        assert (format_edit_path(edit.path), edit.op, edit.after) == ("tags[1]", Op.ADD, "ggrec:it")

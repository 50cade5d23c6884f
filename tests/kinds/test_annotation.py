"""Annotations: what is written, what counts as a difference, and every exchange against recorded answers."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.diff import Op, format_edit_path
from reconciler.core.errors import GgrecError, ServerError
from reconciler.core.exchange import ApiRequest, ApiResponse
from reconciler.core.json import JsonObject, same
from reconciler.core.resource import LiveObject
from reconciler.kinds.annotation import Annotation
from tests.kinds.kind_driver import (
    CONTEXT,
    EVERYTHING,
    SERVER,
    LiveNames,
    Names,
    Talk,
    answer_of,
    authored_edits,
    desired,
    errors,
    ok,
    recorded,
    resource,
    talk,
)

NOTE = Annotation()
START = 1_700_000_000_000
SPEC = {"text": "Spring campaign", "time": START, "tags": ["campaign"]}


class FewAtOnce(Annotation):
    """The same kind with short pages."""

    page = 5


def item(number: int, *tags: str, **changes: Any) -> dict[str, Any]:
    """An annotation as the API gives it."""
    body = {"id": number, "dashboardUID": "", "created": 1, "updated": 5, "time": START, "timeEnd": START, "text": "T"}
    return {**body, **({"tags": list(tags)} if tags else {}), **changes}


def live(uid: str = "7", *, marker: str | None = "it", **changes: Any) -> LiveObject:
    """A live annotation like SPEC."""
    attributes = {"text": "Spring campaign", "tags": ["campaign"], "time": START, "timeEnd": START, **changes}
    keys = (f"uid:{uid}", *((f"marker:{marker}",) if marker else ()))
    return LiveObject("annotation", uid, attributes, "5", keys=keys, meta={"updated": 5, "duplicates": []})


def paths(spec: Mapping[str, Any], found: LiveObject) -> list[str]:
    """What differs."""
    return [format_edit_path(edit.path) for edit in authored_edits(NOTE, desired(NOTE, spec).attributes, found)]


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


BOARD = {
    "dashboardUID": "",
    "dashboard": {
        "panels": [
            {"id": 1, "type": "row", "title": "Orders"},
            {"id": 2, "type": "stat", "title": "Orders"},
            {"id": 3, "type": "row", "title": "More", "panels": [{"id": 4, "type": "stat", "title": "Hidden"}]},
            {"id": 5, "type": "stat", "title": "Twice"},
            {"id": 6, "type": "stat", "title": "Twice"},
            {"id": 7, "type": "stat", "title": {"odd": 1}},
            {"type": "stat", "title": "No id"},
        ]
    },
}


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


# ---- reading -------------------------------------------------------------------------------------------------------


def test_read_as_recorded() -> None:
    found = talk(NOTE.read(SERVER, "1"), [answer_of(recorded("annotation-org-lifecycle")[1])]).result
    assert found.attributes == {"text": "Release 1", "tags": ["release"], "time": START, "timeEnd": START}
    assert found.keys == (f"uid:{found.uid}", "marker:rel-1")
    assert found.revision == str(answer_of(recorded("annotation-org-lifecycle")[1]).object["updated"])
    assert found.complete and found.manager is None


def test_one_on_a_dashboard_as_recorded() -> None:
    found = talk(NOTE.read(SERVER, "1"), [answer_of(recorded("annotation-dashboard")[4])]).result
    assert found.attributes["dashboardUID"] == "ad"
    listed = answer_of(recorded("annotation-dashboard")[6])
    assert isinstance(listed.body, list)
    assert talk(NOTE.read(SERVER, "2"), [ok(listed.body[0])]).result.attributes["panelId"] == 1


def test_one_without_a_marker_is_there_all_the_same() -> None:
    """Only the server says what is absent: somebody may have taken the marker off, or it is being imported."""
    found = talk(NOTE.read(SERVER, "1"), [answer_of(recorded("annotation-org-lifecycle")[6])]).result
    assert found.keys == (f"uid:{found.uid}",) and found.attributes["tags"] == ["release"]


def test_absent_as_recorded() -> None:
    going = talk(NOTE.read(SERVER, "1"), [answer_of(recorded("annotation-org-lifecycle")[19])])
    assert going.result is None and going.lines == ["GET /api/annotations/1"]


@pytest.mark.parametrize("uid", ["0", "-1", "", "abc", "²", "1.5"])
def test_what_is_no_id_is_not_even_asked_for(uid: str) -> None:
    assert talk(NOTE.read(SERVER, uid), []).result is None


def test_listing_as_recorded() -> None:
    found = answer_of(recorded("annotation-org-lifecycle")[2])
    going = talk(NOTE.listing(SERVER, EVERYTHING), [found])
    assert dict(going.requests[0].query) == {"tags": "ggrec", "type": "annotation", "limit": "10000"}
    assert [note.keys[1] for note in going.found] == ["marker:rel-1"]


def test_a_tag_query_for_the_key_finds_more_than_ours() -> None:
    """`tags=c` finds `c:d` (recorded in annotation-search): so tags are compared exactly."""
    mixed = [item(1, "ggrec"), item(2, "ggrec:a", "x"), item(3, "y", "ggrec:b"), item(4, "ggrecs:c"), item(5)]
    going = talk(NOTE.listing(SERVER, EVERYTHING), [ok(mixed)])
    assert [(note.uid, note.keys[1]) for note in going.found] == [("2", "marker:a"), ("3", "marker:b")]
    assert going.found[0].attributes["tags"] == ["x"]


def test_what_alerting_wrote_is_never_ours() -> None:
    alert = item(3, "ggrec:it", alertId=9)
    assert talk(NOTE.listing(SERVER, EVERYTHING), [ok([alert])]).found == []
    assert talk(NOTE.find(SERVER, resource(NOTE, SPEC)), [ok([alert])]).result is None
    assert talk(NOTE.read(SERVER, "3"), [ok(alert)]).result.manager == "Grafana's alerting"


class Store:
    """Answers of a Grafana with annotations, as far as section 13 of grafana-api.md goes."""

    def __init__(self, *items: dict[str, Any]) -> None:
        self.items = {one["id"]: one for one in items}

    def __call__(self, request: ApiRequest) -> ApiResponse:
        query, body = dict(request.query), request.body
        assert body is None or isinstance(body, dict)
        if request.path == "/api/annotations" and request.method == "GET":
            return ok(self._found(query))
        if request.method == "POST":
            number = max(self.items, default=0) + 1
            self.items[number] = {**item(number), **(body or {})}
            return ok({"id": number, "message": "Annotation added"})
        number = int(request.path.rpartition("/")[2])
        if request.method == "DELETE":
            self.items.pop(number, None)
            return ok({"message": "Annotation deleted"})
        if number not in self.items:
            return ok({"message": "Annotation not found"}, 404)
        if request.method == "PUT":
            self.items[number].update({**(body or {}), "updated": self.items[number]["updated"] + 1})
        return ok(self.items[number])

    def _found(self, query: dict[str, str]) -> list[dict[str, Any]]:
        start, end = int(query.get("from", -(10**18))), int(query.get("to", 10**18))
        tag = query["tags"]
        fits = [
            one
            for one in self.items.values()
            if any(own == tag or own.startswith(f"{tag}:") for own in one.get("tags", ()))
            and one["time"] <= end
            and one["timeEnd"] >= start
        ]
        return sorted(fits, key=lambda one: (-one["timeEnd"], one["id"]))[: int(query["limit"])]


@given(
    st.lists(st.tuples(st.integers(1, 2000), st.integers(0, 3000)), max_size=60),
    st.sampled_from([0, START, 10**14]),
)
def test_listing_finds_all_by_windows_and_each_once(spans: list[tuple[int, int]], offset: int) -> None:
    notes = [
        item(number, f"ggrec:n{number}", time=offset + start, timeEnd=offset + start + length)
        for number, (start, length) in enumerate(spans, 1)
    ]
    going = talk(FewAtOnce().listing(SERVER, EVERYTHING), Store(*notes))
    assert sorted(int(note.uid) for note in going.found) == list(range(1, len(spans) + 1))


def test_many_at_one_moment_are_found_too() -> None:
    notes = [item(number, f"ggrec:n{number}") for number in range(1, 251)]
    going = talk(FewAtOnce().listing(SERVER, EVERYTHING), Store(*notes))
    assert len(going.found) == 250
    assert len(going.requests) < 100


def test_listing_in_one_request_while_a_page_holds_them() -> None:
    notes = [item(number, f"ggrec:n{number}") for number in range(1, 5)]
    assert len(talk(FewAtOnce().listing(SERVER, EVERYTHING), Store(*notes)).requests) == 1


def test_of_several_with_one_marker_the_oldest_counts() -> None:
    notes = Store(item(9, "ggrec:it"), item(4, "ggrec:it", text="oldest"), item(6, "ggrec:it"), item(2, "ggrec:it2"))
    note = resource(NOTE, SPEC)
    listed = next(n for n in talk(NOTE.listing(SERVER, EVERYTHING), notes).found if "marker:it" in n.keys)
    found = talk(NOTE.find(SERVER, note), notes).result
    for one in (listed, found):
        assert (one.uid, one.title, one.meta["duplicates"]) == ("4", "oldest", [6, 9])
        assert NOTE.notes(note, one) == (
            "carried by 2 more annotation(s), id 6, 9: they go when this one is written or deleted",
        )
    assert NOTE.notes(note, live()) == () == NOTE.notes(note, None)


def test_the_revision_is_the_same_however_it_was_read() -> None:
    notes = Store(item(4, "ggrec:it"), item(6, "ggrec:it"))
    listed = talk(NOTE.listing(SERVER, EVERYTHING), notes).found[0]
    assert listed.revision == talk(NOTE.read(SERVER, "4"), notes).result.revision == "5"


# ---- writing -------------------------------------------------------------------------------------------------------


def _found(notes: Store, name: str = "it") -> LiveObject:
    found = talk(NOTE.find(SERVER, resource(NOTE, SPEC, name=name)), notes).result
    assert isinstance(found, LiveObject)
    return found


def test_create_sends_the_marker_and_both_times() -> None:
    notes = Store()
    going = talk(NOTE.create(CONTEXT, resource(NOTE, SPEC)), notes)
    assert going.writes == [
        (
            "POST",
            "/api/annotations",
            {"text": "Spring campaign", "tags": ["campaign", "ggrec:it"], "time": START, "timeEnd": START},
        )
    ]
    assert going.result == "1"
    assert paths(SPEC, _found(notes)) == []


def test_create_on_a_panel() -> None:
    spec = {**SPEC, "dashboard": "shop", "panel": "Orders"}
    going = talk(NOTE.create(CONTEXT, resource(NOTE, spec, names=Names(shop=BOARD))), Store())
    body = going.writes[0][2]
    assert (body["dashboardUID"], body["panelId"]) == ("shop-uid", 2)


def test_an_answer_without_an_id_is_an_error() -> None:
    with pytest.raises(ServerError, match="without the new annotation's id"):
        talk(NOTE.create(CONTEXT, resource(NOTE, SPEC)), [ok({"message": "Annotation added"})])


def _updated(notes: Store, spec: Mapping[str, Any], names: Names | None = None) -> Talk:
    note = resource(NOTE, spec, names=names)
    return talk(NOTE.update(CONTEXT, note, talk(NOTE.read(SERVER, str(min(notes.items))), notes).result), notes)


def test_update_always_sends_text_tags_and_both_times() -> None:
    notes = Store(item(3, "old", "ggrec:it"))
    going = _updated(notes, {**SPEC, "time": START + 5})
    assert going.writes == [
        (
            "PUT",
            "/api/annotations/3",
            {"text": "Spring campaign", "tags": ["campaign", "ggrec:it"], "time": START + 5, "timeEnd": START + 5},
        )
    ]
    assert _found(notes).uid == "3"


def test_update_puts_a_missing_marker_back() -> None:
    notes = Store(item(3, "campaign"))
    _updated(notes, SPEC)
    assert _found(notes).uid == "3"


def test_a_changed_dashboard_makes_a_new_one_and_deletes_the_old_after_it() -> None:
    notes = Store(item(3, "ggrec:it"))
    going = _updated(notes, {**SPEC, "dashboard": "shop"}, Names(shop=BOARD))
    assert [(method, path) for method, path, _ in going.writes] == [
        ("POST", "/api/annotations"),
        ("DELETE", "/api/annotations/3"),
    ]
    assert _found(notes).uid == "4" and list(notes.items) == [4]
    moved = _updated(notes, {**SPEC, "dashboard": "shop", "panel": 2}, Names(shop=BOARD))
    assert [method for method, _, _ in moved.writes] == ["POST", "DELETE"]


def test_update_and_delete_collapse_duplicates_and_nothing_else() -> None:
    def many() -> Store:
        return Store(*(item(n, "ggrec:it") for n in (3, 5, 8)), item(4, "ggrec:it2"), item(6, "x"), item(7))

    for spec, left in ((SPEC, [3, 4, 6, 7]), ({**SPEC, "dashboard": "shop"}, [4, 6, 7, 9])):
        notes = many()
        _updated(notes, spec, Names(shop=BOARD))
        assert sorted(notes.items) == left
    notes = many()
    going = talk(NOTE.delete(CONTEXT, talk(NOTE.read(SERVER, "3"), notes).result), notes)
    assert sorted(notes.items) == [4, 6, 7]
    assert going.writes[-1][:2] == ("DELETE", "/api/annotations/3"), "itself last"


def test_delete_without_a_marker_deletes_only_itself() -> None:
    notes = Store(item(3, "x"), item(4, "x"), item(5, "ggrec:it"))
    talk(NOTE.delete(CONTEXT, talk(NOTE.read(SERVER, "3"), notes).result), notes)
    assert sorted(notes.items) == [4, 5]


@pytest.mark.parametrize("uid", ["0", "-1", "", "abc", "00", "../teams/1"])
def test_nothing_is_ever_sent_about_an_id_that_is_none(uid: str) -> None:
    """DELETE of id 0 is 200 and has meant "all" (pains.md 25)."""
    with pytest.raises(GgrecError, match="is no annotation's id: nothing was sent"):
        talk(NOTE.delete(CONTEXT, live(uid, marker=None)), [])
    with pytest.raises(GgrecError, match="is no annotation's id: nothing was sent"):
        talk(NOTE.update(CONTEXT, resource(NOTE, SPEC), live(uid)), [])


def test_when_it_was_edited_is_known_but_not_by_whom() -> None:
    """The login in an annotation is its creator's."""
    edited = LiveObject("annotation", "7", {}, meta={"updated": START + 7})
    by = talk(NOTE.attribution(SERVER, edited, None), []).result
    assert (by.who, by.when) == (None, "2023-11-14T22:13:20.007Z")
    assert talk(NOTE.attribution(SERVER, LiveObject("annotation", "7", {}), None), []).result.when is None


def test_keys() -> None:
    assert NOTE.uid("it", "written") is None
    assert NOTE.keys(resource(NOTE, SPEC)) == ("marker:it",)

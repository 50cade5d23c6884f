"""Annotations: every exchange against recorded answers and a small store."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.errors import GgrecError, ServerError
from reconciler.core.exchange import ApiRequest, ApiResponse
from reconciler.core.resource import LiveObject
from tests.kinds.annotations import BOARD, NOTE, SPEC, START, FewAtOnce, item, live, paths
from tests.kinds.kind_driver import (
    CONTEXT,
    EVERYTHING,
    SERVER,
    Names,
    Talk,
    answer_of,
    ok,
    recorded,
    resource,
    talk,
)

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
    assert talk(NOTE.read(SERVER, "3"), [ok(alert)]).result.manager.name == "Grafana's alerting"


class Store:
    """Answers of a Grafana with annotations, as far as section 13 of grafana-api.md goes."""

    def __init__(self, *items: dict[str, Any], newest: str = "timeEnd") -> None:
        self.items = {one["id"]: one for one in items}
        self.newest = newest

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
        return sorted(fits, key=lambda one: (-one[self.newest], one["id"]))[: int(query["limit"])]


ORDERS = pytest.mark.parametrize("newest", ["timeEnd", "time"])
"""By which of the two a LIST is sorted is not promised (grafana-api.md section 13)."""


@ORDERS
@given(
    st.lists(st.tuples(st.integers(1, 200), st.just(0) | st.integers(0, 3) | st.integers(0, 300)), max_size=60),
    st.sampled_from([0, START, 10**14]),
)
def test_listing_finds_all_by_windows_and_each_once(newest: str, spans: list[tuple[int, int]], offset: int) -> None:
    notes = [
        item(number, f"ggrec:n{number}", time=offset + start, timeEnd=offset + start + length)
        for number, (start, length) in enumerate(spans, 1)
    ]
    going = talk(FewAtOnce().listing(SERVER, EVERYTHING), Store(*notes, newest=newest))
    assert sorted(int(note.uid) for note in going.found) == list(range(1, len(spans) + 1))


@ORDERS
def test_every_millisecond_is_in_a_window(newest: str) -> None:
    notes = [item(number, f"ggrec:n{number}", time=number, timeEnd=number) for number in range(1, 65)]
    going = talk(FewAtOnce().listing(SERVER, EVERYTHING), Store(*notes, newest=newest))
    assert len(going.found) == 64


def test_long_regions_hide_no_point_that_lies_inside_them() -> None:
    """The first page shows five that begin early and end late; the point begins after all of them."""
    long = [item(number, f"ggrec:n{number}", time=number, timeEnd=900 + number) for number in range(1, 6)]
    point = item(6, "ggrec:n6", time=500, timeEnd=500)
    assert len(talk(FewAtOnce().listing(SERVER, EVERYTHING), Store(*long, point)).found) == 6


def test_points_before_a_page_of_late_ones_that_began_early() -> None:
    late = [item(number, f"ggrec:n{number}", time=100 + number, timeEnd=100 + number) for number in range(1, 6)]
    region = item(6, "ggrec:n6", time=50, timeEnd=900)
    assert len(talk(FewAtOnce().listing(SERVER, EVERYTHING), Store(*late, region, newest="time")).found) == 6


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


def test_found_means_with_exactly_this_tag() -> None:
    others = ok([item(1, "ggrec:it:2"), item(2, "GGREC:it"), item(3)])
    assert talk(NOTE.find(SERVER, resource(NOTE, SPEC)), [others]).result is None


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

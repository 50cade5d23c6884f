"""Library panels: what is written, what counts as a difference, how a change reads, and every exchange."""

from typing import Any

import pytest

from reconciler.core.diff import diff
from reconciler.core.errors import GgrecError
from reconciler.core.exchange import Wanted
from reconciler.core.json import same
from reconciler.core.resource import LiveObject
from reconciler.kinds.library_panel import LibraryPanel
from tests.kinds.kind_driver import (
    CONTEXT,
    SERVER,
    LiveNames,
    Names,
    answer_of,
    authored_edits,
    desired,
    errors,
    ok,
    recorded,
    resource,
    talk,
)

PANEL = LibraryPanel()
TEXT = {"type": "text", "title": "Shared", "options": {"content": "hi"}}


def live(version: int = 1, folder: str = "", **model: Any) -> LiveObject:
    attributes = {"name": "it", "folderUid": folder, "model": {**TEXT, "description": "", **model}}
    return LiveObject("library-panel", "it", attributes, f"1.{version}", keys=("uid:it",), meta={"version": version})


def red(value: int) -> dict[str, Any]:
    steps = [{"color": "green", "value": None}, {"color": "red", "value": value}]
    defaults = {"unit": "percent", "thresholds": {"mode": "absolute", "steps": steps}}
    return {"type": "stat", "title": "P", "fieldConfig": {"defaults": defaults, "overrides": []}}


# ---- what is written ---------------------------------------------------------------------------------------------


def test_names_become_what_grafana_wants() -> None:
    panel = {
        "type": "timeseries",
        "datasource": "-- Mixed --",
        "targets": [
            {"refId": "A", "datasource": "metrics"},
            {"refId": "B", "datasource": {"type": "loki", "uid": "x"}},
            {"refId": "C", "datasource": "$source"},
            {"refId": "D"},
        ],
    }
    names = Names(metrics={"type": "prometheus"}, ops={})
    made = desired(PANEL, {"name": "Orders", "folder": "ops", "panel": panel}, names=names).attributes
    assert (made["name"], made["folderUid"]) == ("Orders", "ops-uid")
    assert made["model"] == {
        "type": "timeseries",
        "datasource": {"type": "datasource", "uid": "-- Mixed --"},
        "targets": [
            {"refId": "A", "datasource": {"type": "prometheus", "uid": "metrics-uid"}},
            {"refId": "B", "datasource": {"type": "loki", "uid": "x"}},
            {"refId": "C", "datasource": {"uid": "$source"}},
            {"refId": "D"},
        ],
    }
    assert desired(PANEL, {"panel": TEXT}).attributes == {"name": "it", "folderUid": "", "model": TEXT}


def test_unknown_names_are_errors_at_their_place() -> None:
    names = Names()
    spec = {"folder": "nope", "panel": {**TEXT, "targets": [{}, {"datasource": "no"}]}}
    PANEL.desired("it", PANEL.spec.model_validate(spec), names)
    assert [(path, code) for path, code, _, _ in names.failures] == [
        (("folder",), "unknown-folder"),
        (("panel", "targets", 1, "datasource"), "unknown-datasource"),
    ]


@pytest.mark.parametrize(
    ("panel", "why"),
    [
        ({"title": "P"}, "a panel needs a type, as in `type: timeseries`"),
        ({"type": ""}, "a panel needs a type, as in `type: timeseries`"),
        ({"type": "row"}, "a row cannot be a library panel"),
        ({**TEXT, "libraryPanel": {"uid": "x"}}, "a library panel cannot show another one: leave libraryPanel out"),
        ({**TEXT, "description": 5}, "description must be a text"),
        ({**TEXT, "targets": {}}, "targets must be a list"),
    ],
)
def test_what_grafana_would_take_wrong_is_an_error(panel: dict[str, Any], why: str) -> None:
    assert errors(PANEL, {"panel": panel}) == [(("panel",), why)]


def test_a_pulled_one_comes_back_to_the_same() -> None:
    found = live(folder="f", description="d", id=7, datasource={"type": "loki", "uid": "x"}, libraryPanel={"uid": "it"})
    spec = PANEL.authored(found, LiveNames()).spec
    assert spec["folder"] == "f" and "libraryPanel" not in spec["panel"]  # type: ignore[operator]
    made = desired(PANEL, {**spec, "folder": None}).attributes
    assert authored_edits(PANEL, {**made, "folderUid": "f"}, found) == ()


# ---- what counts -------------------------------------------------------------------------------------------------


def test_no_description_is_the_empty_one_and_all_else_counts() -> None:
    assert authored_edits(PANEL, desired(PANEL, {"panel": TEXT}).attributes, live()) == ()
    wanted = PANEL.normalise(desired(PANEL, {"panel": TEXT}).attributes)
    assert same(PANEL.normalise(live().attributes), wanted)
    changed = diff(wanted, PANEL.normalise(live(description="by hand", id=3).attributes), identities=PANEL.identities)
    assert sorted(str(edit.path[-1]) for edit in changed) == ["description", "id"]


def test_a_change_reads_as_that_of_a_dashboards_panel() -> None:
    sides = [PANEL.normalise({"name": "n", "folderUid": "a", "model": red(value)}) for value in (30, 45)]
    sides[1] = {**sides[1], "folderUid": "b", "name": "m"}
    edits = diff(sides[0], sides[1], identities=PANEL.identities)
    rows = PANEL.describe(edits, sides[0], sides[1])
    said = [row.text or row.name for row in rows]
    assert said == [
        "moved from folder a to b: who may edit it follows the folder",
        "name",
        "threshold red from 30 % to 45 %",
    ]
    assert {id(edit) for row in rows for edit in row.edits} == {id(edit) for edit in edits}
    places = [PANEL.place(edit.path) for edit in edits]
    assert places[0] == "its folder" and places[1].startswith("panel: thresholds") and places[2] == "name"


def test_it_refers_to_the_datasources_of_its_queries() -> None:
    model = {"type": "stat", "datasource": {"uid": "x"}, "targets": [{"refId": "A", "datasource": {"uid": "y"}}]}
    found = PANEL.references({"name": "Orders", "folderUid": "", "model": model})
    assert [(item.text, item.where) for item in found] == [
        ("x", "panel 'Orders'"),
        ("y", "panel 'Orders', query A"),
    ]


# ---- exchanges ---------------------------------------------------------------------------------------------------


def test_it_is_created_read_and_listed_as_recorded() -> None:
    exchanges = recorded("library-panel")
    wanted = resource(PANEL, {"name": "Shared", "folder": "f", "panel": TEXT}, name="lp", names=Names(f={}))
    made = talk(PANEL.create(CONTEXT, wanted), [answer_of(exchanges[1])])
    ((method, path, body),) = made.writes
    assert (method, path, made.result) == ("POST", "/api/library-elements", "lp")
    assert body == {
        "uid": "lp",
        "name": "Shared",
        "kind": 1,
        "folderUid": "f-uid",
        "model": {**TEXT, "description": ""},
    }
    found = talk(PANEL.read(SERVER, "lp"), [answer_of(exchanges[2])]).result
    assert (found.uid, found.revision, found.title, found.complete) == ("lp", "1.1", "Shared", True)
    assert same(PANEL.normalise(found.attributes), {"name": "Shared", "folderUid": "f", "model": TEXT})
    listed = talk(PANEL.listing(SERVER, Wanted()), [answer_of(exchanges[3])]).found
    assert listed == [found]


def test_who_saved_last_is_told() -> None:
    found = talk(PANEL.read(SERVER, "lp"), [answer_of(recorded("library-panel")[17])]).result
    told = talk(PANEL.attribution(SERVER, found, None), []).result
    assert (told.by, told.when) == ("last by admin", found.meta["updated"]) and told.when.endswith("Z")


def test_a_full_page_is_followed_by_another() -> None:
    page = [{"id": n, "uid": f"u{n}", "name": "n", "model": {}, "version": 1} for n in range(500)]
    answers = [ok({"result": {"elements": page}}), ok({"result": {"elements": page[:1]}})]
    going = talk(PANEL.listing(SERVER, Wanted()), answers)
    assert len(going.found) == 501
    assert [dict(request.query)["page"] for request in going.requests] == ["1", "2"]


def test_an_update_carries_the_version_type_and_description() -> None:
    going = talk(PANEL.update(CONTEXT, resource(PANEL, {"panel": TEXT}), live(4, description="old")), [ok({})])
    ((method, path, body),) = going.writes
    assert (method, path, body["version"]) == ("PATCH", "/api/library-elements/it", 4)
    assert body["model"] == {**TEXT, "description": ""}


def test_a_move_is_refused_and_one_that_was_done_by_half_is_put_back() -> None:
    wanted = resource(PANEL, {"panel": TEXT})
    assert PANEL.notes(wanted, live(folder="f")) and not PANEL.notes(wanted, live()) and not PANEL.notes(wanted, None)
    for listed in ([{"uid": "it", "folderUid": "f"}], []):
        with pytest.raises(GgrecError, match="cannot move a library panel to another folder"):
            talk(PANEL.update(CONTEXT, wanted, live(folder="f")), [ok({"result": {"elements": listed}})])
    here = ok({"result": {"elements": [{"uid": "it", "folderUid": ""}]}})
    assert len(talk(PANEL.update(CONTEXT, wanted, live(folder="f")), [here, ok({})]).writes) == 1


def test_a_delete_that_grafana_refuses_names_the_dashboards() -> None:
    refused = ok({"message": "the library element has connections"}, 403)
    boards = ok({"result": [{"connectionUid": "b"}, {"connectionUid": "a"}]})
    with pytest.raises(GgrecError, match=r"has connections\. Shown on dashboards a, b"):
        talk(PANEL.delete(CONTEXT, live()), [refused, boards])
    with pytest.raises(GgrecError, match=r"library panel 'it' \(it\): Access denied") as caught:
        talk(PANEL.delete(CONTEXT, live()), [ok({"message": "Access denied"}, 403), ok({}, 403)])
    assert "library.panels:delete" in caught.value.diagnostics[0].hint

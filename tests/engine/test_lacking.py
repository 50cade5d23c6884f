"""A dashboard that shows a library panel which is not there is refused by the place, for one list; and where nothing
is written that shows one, nothing is asked.
"""

from pathlib import Path
from typing import Any

import pytest

from reconciler.core.errors import Refused
from reconciler.core.guard import Guard
from reconciler.core.plan import Plan
from reconciler.engine.planner import Options
from tests.engine.estates import ask
from tests.lab import Lab, document

LIBRARY = "/api/library-elements"
FOLDER = document("Folder", "ops", title="Operations")


def board(*uids: str, name: str = "b", **spec: Any) -> dict[str, Any]:
    """A dashboard that shows these library panels, the last one in a row."""
    shown = [{"title": f"P {uid}", "type": "stat", "libraryPanel": {"uid": uid, "name": uid}} for uid in uids]
    row = {"row": "R", "collapsed": True, "panels": shown[-1:]}
    return document("Dashboard", name, **{"title": name, "folder": "ops", "panels": [*shown[:-1], row], **spec})


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    made = Lab(tmp_path)
    made.applied([FOLDER])
    for uid in ("one", "two"):
        body = {"uid": uid, "name": uid, "kind": 1, "folderUid": "", "model": {"type": "stat"}}
        assert ask(made, "POST", LIBRARY, body).status == 200
    return made


def planned(lab: Lab, *declared: dict[str, Any], options: Options | None = None) -> tuple[Plan, list[str]]:
    """The plan, and what of library panels was asked for."""
    before = len(lab.dispatcher.requests)
    plan = lab.plan([FOLDER, *declared], options)
    return plan, [seen.path for seen in lab.dispatcher.requests[before:] if LIBRARY in seen.path]


def refused(plan: Plan) -> list[tuple[str, str, bool]]:
    return [(item.subject, item.message, item.where is not None) for item in plan.refusals]


def lacks(name: str, uid: str) -> tuple[str, str, bool]:
    return (f"dashboard.{name}", f"shows the library panel '{uid}', which is not in Grafana", True)


def test_what_is_not_there_is_refused_and_nothing_is_sent(lab: Lab) -> None:
    declared = [board("one", "nope", "never"), board("nope", name="c"), board("one", "two", name="d")]
    plan, asked = planned(lab, *declared)
    assert refused(plan) == [lacks("b", "nope"), lacks("b", "never"), lacks("c", "nope")]
    assert asked == [LIBRARY, f"{LIBRARY}/never", f"{LIBRARY}/nope"]
    before = len(lab.dispatcher.requests)
    with pytest.raises(Refused):
        lab.apply([FOLDER, *declared])
    assert lab.writes(before) == []


def test_the_place_is_where_the_panel_names_it(lab: Lab) -> None:
    (where,) = [item.where for item in planned(lab, board("one", "nope"))[0].refusals]
    (resource,) = [item for item in lab.resources([FOLDER, board("one", "nope")]) if item.library]
    assert where is not None and where == resource.library["nope"] != resource.source


def test_an_update_is_looked_at_too_and_what_does_not_change_is_not(lab: Lab) -> None:
    lab.applied([FOLDER, board("one", "two")])
    assert planned(lab, board("one", "two")) == (lab.plan([FOLDER, board("one", "two")]), [])
    lab.org.library.clear()
    assert planned(lab, board("one", "two"))[1] == []
    assert planned(lab, board("one", "two"), document("Dashboard", "e", title="E"))[1] == []
    plan, asked = planned(lab, board("one", "two", tags=["new"]))
    assert refused(plan) == [lacks("b", "one"), lacks("b", "two")] and len(asked) == 3


def test_what_is_there_costs_one_list(lab: Lab) -> None:
    many = [board("one", "two", name=f"n{number}") for number in range(5)]
    assert planned(lab, *many)[1] == [LIBRARY] and not planned(lab, *many)[0].refusals
    lab.applied([FOLDER, *many])


def test_what_the_credentials_may_not_see_in_the_list_is_looked_for(lab: Lab) -> None:
    lab.dispatcher.faults.add("status", 404, method="GET", path=LIBRARY, count=1)
    plan, asked = planned(lab, board("one", "nope"))
    assert refused(plan) == [lacks("b", "nope")] and asked == [LIBRARY, f"{LIBRARY}/nope", f"{LIBRARY}/one"]


def test_what_may_not_be_read_is_a_warning(lab: Lab) -> None:
    lab.dispatcher.faults.add("status", 403, method="GET", path=LIBRARY, count=None)
    plan, _ = planned(lab, board("one", "nope"))
    assert not plan.refusals and [item.code for item in plan.warnings] == ["library-unknown"]


def test_the_guard_of_references_does_without_it(lab: Lab) -> None:
    plan, asked = planned(lab, board("nope"), options=Options(guard=Guard(references=False)))
    assert (plan.refusals, asked) == ((), [])


def test_a_way_back_to_one_that_is_gone_is_refused(lab: Lab) -> None:
    lab.applied([FOLDER, board("one", "two")])
    lab.applied([FOLDER, board("one")])
    newest = lab.store.runs()[-1].id
    plan, _ = lab.back(newest, [FOLDER, board("one")], dry=True)
    assert [str(change.address) for change in plan.changes if change.sends] == ["dashboard.b"] and not plan.refusals
    del lab.org.library["two"]
    plan, _ = lab.back(newest, [FOLDER, board("one")], dry=True)
    assert refused(plan) == [lacks("b", "two")]

"""A lost state made anew from what is declared and what Grafana holds, for every kind there is."""

from pathlib import Path

import pytest

from reconciler.core.guard import Guard
from reconciler.core.state import UNKNOWN_SECRET
from reconciler.engine.planner import Options
from tests.engine.estates import ask
from tests.lab import Lab, document
from tests.proof import mixed
from tests.proof.memory import MemoryBlobs

OPTIONS = Options(guard=Guard(max_deletes=1000, max_delete_share=1.0))
OPS = document("Folder", "ops", title="Operations")
LOGS = document(
    "Datasource", "logs", type="loki", url="http://l:1", secureJsonData={"httpHeaderValue1": "${env:SECRET}"}
)


@pytest.fixture
def lab() -> Lab:
    made = Lab(Path("nowhere"), blobs=MemoryBlobs())
    made.environment["SECRET"] = "canary"
    return made


def lost(lab: Lab) -> None:
    """The whole state is gone."""
    lab.blobs = MemoryBlobs()


def test_of_every_kind_nothing_is_left_to_do_and_nothing_was_written(lab: Lab) -> None:
    mixed.people(lab)
    resources = lab.resources(mixed.before())
    lab.applied(resources, OPTIONS)
    mixed.strangers(lab)
    mixed.additions(lab)
    known = lab.state
    lost(lab)
    before = len(lab.dispatcher.requests)
    found = lab.rebuild(resources)
    assert (found.absent, found.refused, found.unreadable) == ((), (), ())
    assert {str(item.address) for item in found.found} == {str(item.address) for item in resources}
    assert [item.address for item in found.found if item.edits] == []
    assert {a: e.uid for a, e in lab.state.resources.items()} == {a: e.uid for a, e in known.resources.items()}
    plan = lab.plan(resources, OPTIONS)
    assert (plan.changes, plan.drift) == ((), ())
    assert lab.writes(before) == []


def test_after_it_the_mixed_apply_converges(lab: Lab) -> None:
    mixed.people(lab)
    before, after = lab.resources(mixed.before()), lab.resources(mixed.after())
    lab.applied(before, OPTIONS)
    lost(lab)
    lab.rebuild(before)
    result = lab.applied(after, Options(guard=OPTIONS.guard, adopt=True))
    assert {outcome.result for outcome in result.outcomes} == {"done"}
    assert lab.plan(after, OPTIONS).changes == ()


def test_what_differs_is_shown_and_is_the_next_plans_change(lab: Lab) -> None:
    lab.applied([OPS])
    lost(lab)
    ask(lab, "PUT", "/api/folders/ops", {"title": "Theirs", "overwrite": True})
    (item,) = lab.rebuild([OPS]).found
    assert [(edit.before, edit.after) for edit in item.edits] == [("Theirs", "Operations")]
    plan = lab.plan([OPS])
    assert plan.drift == ()
    assert [(str(change.action), change.edits) for change in plan.changes] == [("update", item.edits)]


def test_secrets_are_not_sent_again_unless_asked(lab: Lab) -> None:
    lab.applied([LOGS])
    lost(lab)
    (item,) = lab.rebuild([LOGS]).found
    assert dict(item.entry.secrets) == {"secureJsonData.httpHeaderValue1": UNKNOWN_SECRET}
    assert lab.plan([LOGS]).changes == ()
    (change,) = lab.plan([LOGS], Options(resend_secrets=True)).changes
    assert change.secrets == ("secureJsonData.httpHeaderValue1",)


def test_what_is_absent_and_what_is_not_ours_is_said(lab: Lab) -> None:
    lab.applied([OPS, LOGS])
    lost(lab)
    lab.org.datasources["logs"]["readOnly"] = True
    fresh = document("Folder", "fresh", title="Fresh")
    found = lab.rebuild([OPS, LOGS, fresh])
    assert [str(address) for address in found.absent] == ["folder.fresh"]
    assert [item.subject for item in found.refused] == ["datasource.logs"]
    assert [str(address) for address in lab.state.resources] == ["folder.ops"]


def test_what_the_state_knows_stays_as_it_is(lab: Lab) -> None:
    lab.applied([OPS, LOGS])
    known = lab.state
    lab.store.restore(known.with_resource(next(iter(known.resources)), None))
    ask(lab, "PUT", "/api/folders/ops", {"title": "Theirs", "overwrite": True})
    assert [str(item.address) for item in lab.rebuild([OPS, LOGS]).found] == ["datasource.logs"]
    entries = {str(address): entry for address, entry in lab.state.resources.items()}
    assert entries["folder.ops"] == {str(a): e for a, e in known.resources.items()}["folder.ops"]
    assert [str(drift.address) for drift in lab.plan([OPS, LOGS]).drift] == ["folder.ops"]


def test_what_nobody_declares_is_counted_and_stays_unmanaged(lab: Lab) -> None:
    lab.applied([OPS, document("Folder", "gone", title="Gone")])
    lost(lab)
    found = lab.rebuild([OPS])
    assert dict(found.unmanaged) == {"folder": 1}
    assert lab.plan([OPS]).changes == ()

"""Undoing a run: afterwards everything is as it was before, but that nothing is moved to another folder; and what
people did since is not lost.

More examples: `GGREC_EXAMPLES=10000 pytest tests/engine/test_rolling_back_properties.py`.
"""

import contextlib
import copy
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.address import Address
from reconciler.core.conflicts import OnConflict
from reconciler.core.errors import GgrecError
from reconciler.core.kind import Kind
from tests.engine.estates import HAND_EDITS, estate, hand_edits, people
from tests.engine.test_properties import _SETTINGS, EXAMPLES, a_lab
from tests.lab import REGISTRY, Lab
from tests.proof.memory import MemoryBlobs

_HALF = settings(_SETTINGS, max_examples=max(5, EXAMPLES // 3))
CONTAINERS = {"Folder": "parent", "Dashboard": "folder"}


def stay(first: Any, second: Any) -> Any:
    """The second estate, in which nothing that was in the first lies elsewhere: moves are not undone."""
    homes = {(item["kind"], item["metadata"]["name"]): item["spec"] for item in first}
    found = copy.deepcopy(second)
    for item in found:
        key = CONTAINERS.get(item["kind"])
        was = homes.get((item["kind"], item["metadata"]["name"]))
        if key is not None and was is not None:
            item["spec"].pop(key, None)
            if key in was:
                item["spec"][key] = was[key]
    return found


def valid(lab: Lab, documents: Any) -> bool:
    """Whether they name nothing that is not declared."""
    try:
        lab.resources(documents)
    except AssertionError:
        return False
    return True


def held(lab: Lab) -> dict[Address, Any]:
    """What concerns us of every owned object, as it was last read back."""
    found = {}
    for address, entry in lab.state.resources.items():
        kind, body = REGISTRY[address.kind], lab.store.get
        found[address] = _ours(kind, body(entry.observed or ""), body(entry.applied or ""))
    return found


def _ours(kind: Kind, live: Any, applied: Any) -> Any:
    """What of a live object is ours: who was to leave, and is gone, is nobody's."""
    found = dict(kind.project(kind.normalise(live), kind.normalise(applied)))
    if isinstance(found.get("members"), list):
        found["members"] = [member for member in found["members"] if member["permission"] != "absent"]
    return found


@given(estate(), estate())
@_HALF
def test_everything_is_as_before_the_run(first: Any, second: Any) -> None:
    with a_lab() as lab:
        second = stay(first, second)
        if not valid(lab, second):
            return
        lab.applied(first)
        before, serial = held(lab), lab.state.serial
        lab.applied(second)
        if lab.state.serial == serial:
            return
        run = lab.store.runs()[-1]
        if not any(o.result == "done" for o in run.outcomes):
            return
        plan, applied = lab.back(run.id, first)
        assert not plan.refusals, plan.refusals
        assert [o for o in applied.outcomes if o.result != "done"] == []
        assert held(lab) == before
        after = lab.plan(first)
        assert [(c.address, c.action, c.edits) for c in after.changes if c.sends] == []
        assert after.drift == ()


@given(estate(), estate(), hand_edits)
@_HALF
def test_what_people_had_made_before_the_run_comes_back_too(first: Any, second: Any, edits: Any) -> None:
    with a_lab() as lab:
        second = stay(first, second)
        if not valid(lab, second):
            return
        lab.applied(first)
        for edit, number in edits:
            edit(lab, number)
        with contextlib.suppress(GgrecError):
            lab.apply(second)
        run = lab.store.runs()[-1]
        changed = [o for o in run.outcomes if o.result == "done" and o.before and o.before.body]
        if run.id == "run-1" or not changed:
            return
        plan, _ = lab.back(run.id, first)
        if {item.code for item in plan.refusals} & {"protected", "still-referred", "need-gone"}:
            return  # what somebody had deleted, and the run made again or forgot, is somebody's home dashboard
        assert not plan.refusals, plan.refusals
        for outcome in changed:
            assert outcome.before is not None
            kind, entry = REGISTRY[outcome.address.kind], lab.state.resources.get(outcome.address)
            if entry is None or outcome.before.applied is None or outcome.action == "forget":
                continue
            then, now = (lab.store.get(name or "") for name in (outcome.before.body, entry.observed))
            home = kind.container(now)
            then = kind.placed(then, home) if home is not None else then
            sides = [_ours(kind, side, lab.store.get(outcome.before.applied)) for side in (then, now)]
            assert sides[0] == sides[1], outcome


@given(estate(), estate(), hand_edits, st.sampled_from(["stop", "theirs", "merge"]))
@_HALF
def test_what_people_made_since_is_not_gone_over(first: Any, second: Any, edits: Any, way: str) -> None:
    with a_lab() as lab:
        lab.applied(first)
        lab.applied(second)
        run = lab.store.runs()[-1]
        if not any(o.result == "done" and o.action != "forget" for o in run.outcomes):
            return
        for edit, number in edits:
            edit(lab, number)
        edited = {drift.address for drift in lab.plan(second).drift}
        since = len(lab.dispatcher.requests)
        plan, _ = lab.back(run.id, first, lambda address: OnConflict(way))
        if plan.refusals:
            assert lab.writes(since) == []
            return
        written = {change.address for change in plan.changes if change.sends}
        merged = {drift.address for drift in plan.drift if drift.outcome in {"merged", "kept"}}
        moved = {change.address for change in plan.changes if "moves nothing" in " ".join(change.notes)}
        assert not written & edited - merged - moved
        if way == "stop":
            assert not merged
        for board in lab.org.dashboards.values():
            if Address("dashboard", board["uid"]) in merged and any(edit is HAND_EDITS[0] for edit, _ in edits):
                assert "by hand" in str(board["body"].get("description"))


class Killed(BaseException):
    """The process dies here."""


@given(estate(), estate(), st.integers(1, 60), st.booleans())
@_HALF
def test_a_killed_run_is_undone_as_far_as_it_came(first: Any, second: Any, number: int, then: bool) -> None:
    """Killed before any write to its store; undone at once, or after another run has ended what was left open."""
    blobs = MemoryBlobs()
    lab = people(Lab(Path("/nowhere"), blobs=blobs))
    second = stay(first, second)
    if not valid(lab, second):
        return
    lab.applied(first)
    before = held(lab)
    left = [number]

    def watch(key: str) -> None:
        left[0] -= 1
        if left[0] <= 0:
            raise Killed

    blobs.watch = watch
    with contextlib.suppress(Killed):
        lab.apply(second)
    blobs.watch = lambda key: None
    runs = [run for run in lab.store.runs() if run.id == "run-2"]
    if left[0] > 0 or not runs:
        return
    journal = blobs.list("journal/run-2/")
    told = runs[0].outcomes
    done = [o for o in told if o.result == "done" and o.action != "forget"]
    if then:
        lab.converge(second)  # the state takes the journal in, and the record keeps it
        assert lab.store.runs()[1].outcomes == told
        assert lab.store.runs()[1].status == "interrupted" or not journal
    if then or not done:
        return
    plan, back = lab.back("run-2", first, lambda address: OnConflict.OURS)
    if {item.code for item in plan.refusals} & {"protected", "still-referred"}:
        return  # the write that was open had come through, and refers to what would be deleted
    open_needs = tuple(f"needs {address}, which is gone" for address in lab.state.intents)
    if any(item.code == "need-gone" and item.message.startswith(open_needs) for item in plan.refusals):
        return  # it had come through, and deleted what is needed
    assert not plan.refusals, plan.refusals
    after = held(lab)
    open_still = {*lab.state.intents, *(o.address for o in back.outcomes if o.result != "done")}
    stays = {item.subject for item in plan.warnings if item.code == "stays"} if open_still else set()
    for outcome in done:  # all but what needs something whose write was open, and a folder that holds such a thing
        if outcome.address not in open_still and str(outcome.address) not in stays:
            assert after.get(outcome.address) == before.get(outcome.address), outcome
    if not lab.state.intents:
        lab.converge(first)
        assert held(lab) == before

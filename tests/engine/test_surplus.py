"""state gc drops nothing that the state, or the way back from a kept run, needs; wherever it is cut short.

More examples: `GGREC_EXAMPLES=10000 pytest tests/engine/test_surplus.py`.
"""

import contextlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.core.plan import Plan
from reconciler.store.inspection import inspect
from reconciler.store.state_store import object_key
from reconciler.store.surplus import Keeping, surplus
from tests.engine.estates import estate, hand_edits, people
from tests.engine.test_properties import _PHASES, EXAMPLES
from tests.lab import Lab, document
from tests.proof.memory import MemoryBlobs

_SETTINGS = settings(
    max_examples=max(5, EXAMPLES // 5),
    deadline=None,
    phases=_PHASES,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
NOW = "2026-11-23T13:00:00Z"


class Cut(BaseException):
    """The process dies here."""


def a_life(estates: Any, edits: Any) -> tuple[Lab, MemoryBlobs]:
    """A project in which these were applied, one after the other, with people's edits between."""
    blobs = MemoryBlobs()
    lab = people(Lab(Path("/nowhere"), blobs=blobs))
    for number, documents in enumerate(estates):
        lab.converge(documents, adopt=True)  # what somebody edited while nobody declared it
        if number == 0:
            for edit, place in edits:
                edit(lab, place)
    return lab, blobs


def ways_back(lab: Lab, number: int, documents: Any) -> list[Plan | str]:
    """What undoing each of the last runs would come to."""
    found: list[Plan | str] = []
    for run in lab.store.runs()[len(lab.store.runs()) - number :]:
        if any(o.result == "done" and o.action != "forget" for o in run.outcomes):
            found.append(lab.back(run.id, documents, dry=True)[0])
    return found


@given(st.lists(estate(), min_size=2, max_size=3), hand_edits, st.integers(0, 3), st.integers(0, 40))
@_SETTINGS
def test_what_is_needed_stays_wherever_it_is_cut_short(estates: Any, edits: Any, keep: int, cut: int) -> None:
    lab, blobs = a_life(estates, edits)
    keep = min(keep, len(lab.store.runs()))
    before = ways_back(lab, keep, estates[-1])
    found = surplus(lab.store, Keeping(keep), NOW)
    left = [cut]

    def watch(key: str) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Cut

    blobs.watch = watch
    with contextlib.suppress(Cut):
        lab.store.free(found.keys)
    blobs.watch = lambda key: None
    _all_is_well(lab, keep, before, estates[-1])
    lab.store.free(surplus(lab.store, Keeping(keep), NOW).keys)
    _all_is_well(lab, keep, before, estates[-1])
    again = surplus(lab.store, Keeping(keep), NOW)
    assert (again.keys, again.bytes, again.runs_kept) == ((), 0, keep)


def _all_is_well(lab: Lab, keep: int, before: list[Plan | str], documents: Any) -> None:
    assert inspect(lab.store).problems == ()
    for run in lab.store.runs():  # whatever record there still is, what it names is there
        for outcome in run.outcomes:
            for side in (outcome.before, outcome.after):
                assert all(lab.store.get(name) is not None for name in (side.bodies if side is not None else ()))
    assert ways_back(lab, keep, documents) == before
    assert lab.plan(documents).changes == ()


@pytest.fixture
def lab() -> Lab:
    """Three versions of one folder, each by a run of its own."""
    made = Lab(Path("/nowhere"), blobs=MemoryBlobs())
    for title in ("One", "Two", "Three"):
        made.applied([document("Folder", "f", title=title)])
    return made


def test_what_only_old_runs_name_is_freed(lab: Lab) -> None:
    found = surplus(lab.store, Keeping(1), NOW)
    assert [run.id for run in found.runs] == ["run-1", "run-2"]
    one = next(run.outcomes[0].after for run in lab.store.runs() if run.id == "run-1")
    assert one is not None and {object_key(name) for name in one.bodies} <= set(found.bodies)
    assert (found.runs_kept, found.bytes > 0) == (1, True)
    lab.store.free(found.keys)
    assert [run.id for run in lab.store.runs()] == ["run-3"]
    plan, _ = lab.back("run-3", [document("Folder", "f", title="Three")])
    assert [change.resource.attributes["title"] for change in plan.changes if change.resource] == ["Two"]


def test_age_keeps_too(lab: Lab) -> None:
    assert surplus(lab.store, Keeping(0, 1), NOW).runs == ()
    old = surplus(lab.store, Keeping(0, 1), "2026-11-30T13:00:00Z")
    assert len(old.runs) == 3
    assert surplus(lab.store, Keeping(2, 1), "2026-11-30T13:00:00Z").runs_kept == 2


def test_what_a_journal_still_tells_stays(lab: Lab) -> None:
    """A run that was killed has its news in the journal alone."""
    blobs = lab.blobs
    assert isinstance(blobs, MemoryBlobs)
    seen = [0]

    def watch(key: str) -> None:
        seen[0] += key == "state.json"
        if seen[0]:
            raise Cut

    blobs.watch = watch
    with pytest.raises(Cut):
        lab.apply([document("Folder", "f", title="Four")])
    blobs.watch = lambda key: None
    lab.store.free(surplus(lab.store, Keeping(0), NOW).keys)
    assert [run.id for run in lab.store.runs()] == ["run-4"]
    assert inspect(lab.store).problems == ()
    lab.converge([document("Folder", "f", title="Four")])


def test_nothing_goes_where_something_cannot_be_read(lab: Lab) -> None:
    blobs = lab.blobs
    assert isinstance(blobs, MemoryBlobs)
    blobs.files["runs/run-3.json"] = b"{"
    with pytest.raises(Exception, match=r"runs/run-3\.json"):
        surplus(lab.store, Keeping(1), NOW)

"""Alice saves in the UI while apply runs, at every request of it: her edit stands, or was shown, or is reported; what a
server without revisions makes impossible is measured.
"""

from collections import Counter

import pytest

from tests.proof.amount import part_of, seed
from tests.proof.edits import EDITS, HandEdit
from tests.proof.interrupted import OPTIONS, Watch, prepared

# Requests of apply before which an edit is overwritten unseen: what lies between our last look and our write, where
# the server takes no revision with the write. See docs/safety.md.
_WINDOWS = {
    "dashboard.orders": 0,
    "folder.ops": 1,
    "datasource.metrics": 0,
    "team.closed": 1,
    "annotation.edited": 1,
    "permissions.inner": 1,
    "preferences.all": 1,
}


def fate(edit: HandEdit, k: int) -> tuple[str, str]:
    """What becomes of an edit right before the k-th request: kept, put back (as the plan said), unseen, lost; and that
    request.
    """
    start = prepared()
    watch = Watch(start.lab())
    lab = watch.lab

    def alice(number: int) -> None:
        if number == k:
            watch.end()
            edit.make(lab)
            lab.dispatcher.answer = watch._asked  # type: ignore[method-assign]

    watch.at_request = alice
    result = lab.apply(start.after, OPTIONS)
    watch.end()
    assert lab.planned is not None
    shown = any(str(drift.address) == edit.address for drift in lab.planned.drift)
    outcome = next((item for item in result.outcomes if str(item.address) == edit.address), None)
    told = outcome is not None and (outcome.result in {"conflict", "failed"} or bool(outcome.not_converged))
    stands = edit.stands(lab)
    if stands:
        later = lab.plan(start.after, OPTIONS)
        told = told or any(str(drift.address) == edit.address for drift in later.drift)
        return ("kept" if told else "unseen"), watch.seen[k]
    return ("put back" if shown else "reported" if told else "lost"), watch.seen[k]


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.address)
def test_no_edit_is_overwritten_unseen(edit: HandEdit) -> None:
    fates: Counter[str] = Counter()
    where: dict[str, list[str]] = {"lost": [], "unseen": []}
    for k in part_of(range(prepared().requests), every=40):
        what, request = fate(edit, k)
        fates[what] += 1
        if what in where:
            where[what].append(f"before {k} {request}")
    print(edit.address, dict(fates), where)
    assert not where["unseen"], f"{where['unseen']} (GGREC_SEED={seed()})"
    assert len(where["lost"]) <= _WINDOWS[edit.address], f"{where['lost']} (GGREC_SEED={seed()})"

"""Every request of a mixed apply interrupted in three ways, a server restarted and credentials expired at each, and the
process killed at each request and at each write to the store.

`make soak` runs all; otherwise GGREC_SEED (default: the day) chooses a part of them.
"""

import pytest

from tests.proof.amount import SOAK, part_of, seed
from tests.proof.interrupted import Killed, Prepared, Watch, prepared, right_afterwards, run_to_its_end

_TARGETS = ("after", "before") if SOAK else ("after",)
"""What is declared after the interruption: the same, or (in a soak) what was there before it."""
_CUTS: dict[str, tuple[str, int | None, int | None]] = {
    "before": ("drop_request", None, 1),
    "after": ("status_after", 500, 1),
    "lost": ("drop_response", None, 1),
    "restarted": ("down", None, 4),
    "gone for good": ("down", None, None),
    "expired": ("status", 401, None),
}
"""What it is called → the fault, its value, and how many requests it lasts (None: to the end)."""


def _cases() -> list[tuple[str, int, str]]:
    start = prepared()
    found = [(cut, k, to) for cut in _CUTS for k in range(start.requests) for to in _TARGETS]
    found += [(f"killed {when}", k, to) for when in ("at", "past") for k in range(start.requests) for to in _TARGETS]
    return found + [("killed writing", k, to) for k in range(start.writes) for to in _TARGETS]


def _interrupted(cut: str, k: int) -> tuple[Prepared, Watch]:
    start = prepared()
    watch = Watch(start.lab())

    def die(number: int) -> None:
        if number == k:
            raise Killed

    if cut in _CUTS:
        fault, value, count = _CUTS[cut]
        watch.lab.dispatcher.faults.add(fault, value, skip=k, count=count)
    elif cut == "killed at":
        watch.at_request = die
    elif cut == "killed past":
        watch.after_request = die
    else:
        watch.at_write = die
    run_to_its_end(watch, start.after)
    return start, watch


def _told(cut: str, k: int, to: str, watch: Watch) -> str:
    asked = watch.seen[k] if cut != "killed writing" and k < len(watch.seen) else ""
    return f"{cut} {k} {asked}, then {to} (GGREC_SEED={seed()})"


@pytest.mark.parametrize("share", range(8))
def test_interrupted_anywhere_the_next_plan_is_right_and_the_next_apply_converges(share: int) -> None:
    failed = []
    for cut, k, to in part_of(_cases(), every=48)[share::8]:
        start, watch = _interrupted(cut, k)
        try:
            right_afterwards(watch.lab, start, start.after if to == "after" else start.before, start.after)
        except Exception as error:
            failed.append(f"{_told(cut, k, to, watch)}: {type(error).__name__}: {error}"[:600])
    assert not failed, f"{len(failed)} of them:\n" + "\n".join(failed)

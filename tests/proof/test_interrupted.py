"""Every request of a mixed apply interrupted in three ways, and the process killed at each request, at each write to
the store, and in the middle of each line of the journal.

`make soak` runs all; otherwise GGREC_SEED (default: the day) chooses a part of them.
"""

import pytest

from tests.proof.amount import SOAK, part_of, seed
from tests.proof.interrupted import Killed, Prepared, Watch, prepared, right_afterwards, run_to_its_end

_TARGETS = ("after", "before") if SOAK else ("after",)
"""What is declared after the interruption: the same, or (in a soak) what was there before it."""
_CUTS = {"before": "drop_request", "after": "status_after", "lost": "drop_response"}


def _cases() -> list[tuple[str, int, str]]:
    start = prepared()
    found = [(cut, k, to) for cut in _CUTS for k in range(start.requests) for to in _TARGETS]
    found += [(f"killed {when}", k, to) for when in ("at", "past") for k in range(start.requests) for to in _TARGETS]
    return found + [("killed writing", k, to) for k in range(start.writes) for to in _TARGETS]


def _interrupted(cut: str, k: int) -> tuple[Prepared, Watch]:
    start = prepared()
    watch = Watch(start.lab())

    def die(number: int, *_: object) -> None:
        if number == k:
            raise Killed

    if cut in _CUTS:
        watch.lab.dispatcher.faults.add(_CUTS[cut], 500, skip=k)
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
    for cut, k, to in part_of(_cases(), every=12)[share::8]:
        start, watch = _interrupted(cut, k)
        try:
            right_afterwards(watch.lab, start, start.after if to == "after" else start.before)
        except Exception as error:
            failed.append(f"{_told(cut, k, to, watch)}: {type(error).__name__}: {error}"[:600])
    assert not failed, f"{len(failed)} of them:\n" + "\n".join(failed)


def test_a_torn_line_of_the_journal_is_none() -> None:
    """Killed while a line was being appended: whatever part of it is there, it was never acted upon."""
    start = prepared()
    for k in part_of(list(range(start.writes)), every=8):
        watch = Watch(start.lab())
        torn: dict[str, bytes] = {}

        def die(number: int, key: str, data: bytes | None, k: int = k, torn: dict[str, bytes] = torn) -> None:
            if number == k:
                if data is not None:
                    torn[key] = data
                raise Killed

        watch.at_write = die
        run_to_its_end(watch, start.after)
        state = watch.lab.state
        files = dict(watch.lab.blobs.files)  # type: ignore[union-attr]
        for key, line in torn.items():
            for length in range(len(line)):
                watch.lab.blobs.files[key] = files.get(key, b"") + line[:length]  # type: ignore[union-attr]
                assert watch.lab.state == state, f"write {k}, {length} bytes (GGREC_SEED={seed()})"
        if torn:
            right_afterwards(watch.lab, start, start.after)

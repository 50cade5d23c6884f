"""Since when a panel shows nothing, from one check to the next."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.checking.since import Looked, carried

BEFORE = {"dashboard.a": {"p": "1", "q": "2"}, "dashboard.b": {"r": "3"}}


@pytest.mark.parametrize(
    ("looked", "declared", "after"),
    [
        ([], "ab", BEFORE),
        ([], "a", {"dashboard.a": {"p": "1", "q": "2"}}),
        ([Looked("dashboard.a", ["p", "n"], ["q"])], "a", {"dashboard.a": {"p": "1", "n": "9"}}),
        ([Looked("dashboard.a", [], ["p"], ["q"])], "a", {"dashboard.a": {"q": "2"}}),
        ([Looked("dashboard.a", [], ["p"], whole=False)], "a", {"dashboard.a": {"q": "2"}}),
        ([Looked("dashboard.a", [], ["p"])], "a", {}),
        ([Looked("dashboard.c", ["p"])], "c", {"dashboard.c": {"p": "9"}}),
    ],
    ids=[
        "nothing was looked at", "a dashboard is gone", "one stays, one is new, one has data again",
        "one was not asked", "the time was up", "a panel is gone", "a new dashboard",
    ],
)  # fmt: skip
def test_what_is_carried_on(looked: list[Looked], declared: str, after: dict[str, dict[str, str]]) -> None:
    assert carried(BEFORE, looked, at="9", declared=[f"dashboard.{letter}" for letter in declared]) == after


@given(st.lists(st.sets(st.sampled_from("abc")), min_size=1))
def test_it_is_since_the_first_of_the_checks_that_all_found_it(checks: list[set[str]]) -> None:
    known: dict[str, dict[str, str]] = {}
    for number, failing in enumerate(checks):
        looked = Looked("d", failing, {*"abc"} - failing)
        known = carried(known, [looked], at=f"{number:03}", declared=["d"])
    for place in "abc":
        run = next((n for n, failing in enumerate(reversed(checks)) if place not in failing), len(checks))
        assert known.get("d", {}).get(place) == (f"{len(checks) - run:03}" if run else None)

"""Diffs: empty exactly where nothing differs, and their effort grows with the size of what is compared, not faster."""

import json
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.diff import Edit, Op, diff
from reconciler.core.json import same
from reconciler.render.edits import edit_lines
from tests.core.test_json import VALUES

IDENTITIES = {"panels": "id", "targets": "refId"}


def dashboard(panels: int, *, query: str = "up", identified: bool = True, rows: int = 8) -> dict[str, Any]:
    """A large dashboard: 100 panels are about 300 kB."""
    return {
        "title": "Large",
        "tags": [f"tag-{number}" for number in range(panels)],
        "panels": [
            {
                **({"id": number} if identified else {}),
                "title": f"Panel {number}",
                "targets": [{"refId": ref, "expr": f"{query} {ref} {number}"} for ref in "ABC"],
                "transformations": [
                    {"id": "organize", "options": {f"key-{n}": "x" * 40 for n in range(rows)}} for _ in range(6)
                ],
            }
            for number in range(panels)
        ],
    }


def calls(work: Callable[[], Any]) -> int:
    """How many functions were called, ours and built-in ones."""
    count = 0

    def counted(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def changed(size: int, how: str) -> tuple[Any, Any]:
    before, after = dashboard(size), dashboard(size)
    if how == "a query":
        after["panels"][size // 2]["targets"][1]["expr"] = "down"
    elif how == "every query":
        after = dashboard(size, query="down")
    elif how == "a panel without identity":
        before, after = dashboard(size, identified=False), dashboard(size, identified=False)
        del after["panels"][size // 2]
    elif how == "all tags":
        after["tags"] = [f"{tag}-new" for tag in after["tags"]]
    else:
        before["text"] = "\n".join(f"line {n % 50}" for n in range(size * 12))
        after["text"] = "\n".join(f"line {n * 7 % 50}" for n in range(size * 12))
    return before, after


@pytest.mark.parametrize("how", ["a query", "every query", "a panel without identity", "all tags", "a long text"])
def test_twice_the_size_is_twice_the_effort(how: str) -> None:
    def effort(size: int) -> int:
        before, after = changed(size, how)
        return calls(lambda: edit_lines(diff(before, after, identities=IDENTITIES), None))

    once, twice = effort(50), effort(100)
    assert twice < once * 2.3


def test_of_a_long_list_only_what_differs_is_told() -> None:
    before, after = changed(50, "a panel without identity")
    after["panels"][3]["title"] = "New"
    edits = diff(before["panels"], after["panels"])
    assert edits[0] == Edit((3, "title"), Op.CHANGE, "Panel 3", "New")
    assert edits[-1] == Edit((25,), Op.REMOVE, before["panels"][25], None)
    assert diff(before["panels"], [*before["panels"], {"title": "Last"}]) == (
        Edit((50,), Op.ADD, None, {"title": "Last"}),
    )
    (removed,) = diff(before["panels"], [*before["panels"][:7], *before["panels"][8:]])
    assert removed == Edit((7,), Op.REMOVE, before["panels"][7], None)


@given(VALUES, VALUES)
def test_a_diff_is_empty_where_values_are_the_same_and_only_there(left: Any, right: Any) -> None:
    assert (diff(left, right) == ()) is same(left, right)
    assert diff(left, json.loads(json.dumps(left))) == ()


@given(st.lists(st.integers(0, 3), max_size=6), st.lists(st.integers(0, 3), max_size=6), st.integers(0, 1))
def test_so_it_is_for_long_lists(left: list[int], right: list[int], tail: int) -> None:
    """Items so heavy that deepdiff is not asked."""
    old: list[Any] = [{"n": n, "rest": list(range(400))} for n in left]
    new: list[Any] = [{"n": n, "rest": list(range(400))} for n in right]
    new += [{"n": 9, "rest": list(range(1200))}] * tail
    assert (diff(old, new) == ()) is same(old, new)

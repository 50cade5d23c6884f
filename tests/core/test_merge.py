"""Three-way merging: nobody's edit is lost, and what both changed is said."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.diff import diff, format_edit_path
from reconciler.core.json import same
from reconciler.core.merge import MISSING, Merged, merge

IDENTITIES = {"panels": "id", "targets": "refId", "list": "name"}
WHOLES = frozenset({"gridPos"})
calm = settings(deadline=None)


def merged(base: Any, mine: Any, theirs: Any) -> Merged:
    return merge(base, mine, theirs, identities=IDENTITIES, wholes=WHOLES)


def places(result: Merged) -> list[str]:
    return [format_edit_path(item.path) for item in result.conflicts]


def board(*panels: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {"title": "Orders", "panels": list(panels), **rest}


def panel(number: int, **rest: Any) -> dict[str, Any]:
    return {"id": number, "title": f"P{number}", **rest}


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "value", "conflicts"),
    [
        pytest.param({"a": 1}, {"a": 1}, {"a": 2}, {"a": 2}, [], id="only theirs"),
        pytest.param({"a": 1}, {"a": 2}, {"a": 1}, {"a": 2}, [], id="only mine"),
        pytest.param({"a": 1}, {"a": 2}, {"a": 2}, {"a": 2}, [], id="the same on both sides"),
        pytest.param({"a": 1}, {"a": 2}, {"a": 3}, {"a": 2}, ["a"], id="both, differently"),
        pytest.param({"a": 1}, {}, {"a": 1, "b": 2}, {"b": 2}, [], id="removed here, added there"),
        pytest.param({"a": 1}, {}, {"a": 2}, {}, ["a"], id="removed here, changed there"),
        pytest.param({"a": 1}, {"a": 2}, {}, {"a": 2}, ["a"], id="changed here, removed there"),
        pytest.param({"a": 1}, {"a": None}, {}, {"a": None}, ["a"], id="null is not absent"),
        pytest.param({}, {"a": {"x": 1}}, {"a": {"y": 2}}, {"a": {"x": 1, "y": 2}}, [], id="added by both"),
        pytest.param(
            board(panel(1), panel(2)),
            board(panel(1, title="Mine"), panel(2)),
            board(panel(1, unit="s"), panel(2, title="Theirs")),
            board(panel(1, title="Mine", unit="s"), panel(2, title="Theirs")),
            [],
            id="two panels",
        ),
        pytest.param(
            board(panel(1), panel(2)),
            board(panel(3), panel(1), panel(2)),
            board(panel(1), panel(4), panel(2)),
            board(panel(3), panel(1), panel(4), panel(2)),
            [],
            id="both insert, neighbours stay",
        ),
        pytest.param(
            board(panel(1), panel(2)),
            board(panel(1), panel(2), panel(4)),
            board(panel(1), panel(2), panel(3)),
            board(panel(1), panel(2), panel(3), panel(4)),
            [],
            id="both append",
        ),
        pytest.param(
            board(panel(1), panel(2), panel(3)),
            board(panel(1), panel(2, title="Mine"), panel(3)),
            board(panel(3), panel(1), panel(2)),
            board(panel(3), panel(1), panel(2, title="Mine")),
            [],
            id="reordered there, edited here",
        ),
        pytest.param(
            board(panel(1), panel(2), panel(3)),
            board(panel(2), panel(1), panel(3)),
            board(panel(3), panel(1), panel(2)),
            board(panel(2), panel(1), panel(3)),
            ["panels"],
            id="reordered by both",
        ),
        pytest.param(
            board(panel(1), panel(2)),
            board(panel(2)),
            board(panel(1, title="Theirs"), panel(2)),
            board(panel(2)),
            ["panels[id=1]"],
            id="a panel removed here and edited there",
        ),
        pytest.param(
            board(panel(1, gridPos={"x": 0, "y": 0})),
            board(panel(1, gridPos={"x": 6, "y": 0})),
            board(panel(1, gridPos={"x": 0, "y": 8})),
            board(panel(1, gridPos={"x": 6, "y": 0})),
            ["panels[id=1].gridPos"],
            id="a place is one thing",
        ),
        pytest.param(
            board(panel(1, targets=[{"refId": "A", "expr": "a"}])),
            board(panel(1, targets=[{"refId": "A", "expr": "a + 1"}])),
            board(panel(1, targets=[{"refId": "A", "expr": "a + 2"}, {"refId": "B", "expr": "b"}])),
            board(panel(1, targets=[{"refId": "A", "expr": "a + 1"}, {"refId": "B", "expr": "b"}])),
            ["panels[id=1].targets[refId=A].expr"],
            id="a query is one thing",
        ),
        pytest.param(
            {"tags": ["a", "b"]}, {"tags": ["a", "b", "c"]}, {"tags": ["b", "d"]}, {"tags": ["b", "c", "d"]}, [],
            id="tags",
        ),
        pytest.param(
            {"steps": [{"v": 1}, {"v": 2}]}, {"steps": [{"v": 9}, {"v": 2}]}, {"steps": [{"v": 1}, {"v": 8}]},
            {"steps": [{"v": 9}, {"v": 2}]}, ["steps"], id="a list without identities is one thing",
        ),
    ],
)  # fmt: skip
def test_cases(base: Any, mine: Any, theirs: Any, value: Any, conflicts: list[str]) -> None:
    result = merged(base, mine, theirs)
    assert (result.value, places(result)) == (value, conflicts)


def test_a_conflict_holds_all_three() -> None:
    (conflict,) = merged({"a": 1}, {}, {"a": 2}).conflicts
    assert (conflict.base, conflict.mine, conflict.theirs) == (1, MISSING, 2)


leaves = st.one_of(st.none(), st.booleans(), st.integers(-2, 3), st.sampled_from(["x", "y", "sum(a)"]))
targets = st.lists(
    st.fixed_dictionaries({"refId": st.sampled_from("ABC")}, optional={"expr": leaves, "hide": leaves}),
    unique_by=lambda item: item["refId"],
    max_size=3,
)
panels = st.lists(
    st.fixed_dictionaries(
        {"id": st.integers(1, 5)},
        optional={
            "title": leaves,
            "targets": targets,
            "gridPos": st.fixed_dictionaries({"x": st.integers(0, 1), "y": st.integers(0, 1)}),
            "options": st.dictionaries(st.sampled_from(["a", "b"]), leaves, max_size=2),
            "steps": st.lists(leaves, max_size=3),
        },
    ),
    unique_by=lambda item: str(item["id"]),
    max_size=5,
)
boards = st.fixed_dictionaries(
    {"panels": panels},
    optional={
        "title": leaves,
        "tags": st.lists(st.sampled_from("abc"), unique=True),
        "templating": st.fixed_dictionaries(
            {"list": st.lists(st.builds(lambda n: {"name": n}, st.sampled_from("pq")))}
        ),
    },
)


@calm
@given(boards, boards)
def test_without_a_live_edit_mine_is_what_comes_out(base: Any, mine: Any) -> None:
    result = merged(base, mine, base)
    assert same(result.value, mine) and not result.conflicts and not result.taken


@calm
@given(boards, boards)
def test_without_a_change_of_mine_theirs_is_what_comes_out(base: Any, theirs: Any) -> None:
    result = merged(base, base, theirs)
    assert same(result.value, theirs) and not result.conflicts


@calm
@given(boards, boards)
def test_the_same_on_both_sides_is_no_conflict(base: Any, mine: Any) -> None:
    assert merged(base, mine, mine) == Merged(mine)


@calm
@given(boards, boards, boards)
def test_it_does_not_matter_who_is_who_where_nothing_conflicts(base: Any, mine: Any, theirs: Any) -> None:
    here, there = merged(base, mine, theirs), merged(base, theirs, mine)
    assert bool(here.conflicts) == bool(there.conflicts)
    if not here.conflicts:
        assert same(here.value, there.value)


def edits(before: Any, after: Any) -> set[str]:
    """The paths that differ; tags by their text, for their number in the list says nothing."""
    found = [edit for edit in diff(before, after, identities=IDENTITIES) if edit.op != "move"]
    return {
        f"tags.{edit.before or edit.after}"
        if edit.path[0] == "tags" and len(edit.path) > 1
        else format_edit_path(edit.path)
        for edit in found
    }


@calm
@given(boards, boards, boards)
def test_no_edit_is_silently_dropped(base: Any, mine: Any, theirs: Any) -> None:
    """Whatever either side made different is different from the base in the result too, or is a conflict's."""
    result = merged(base, mine, theirs)
    told = tuple(places(result))
    came = edits(base, result.value)
    for side in (mine, theirs):
        for path in edits(base, side):
            kept = path in came or any(other.startswith(path) or path.startswith(other) for other in came)
            assert kept or path.startswith(told) or any(other.startswith(path) for other in told), path


@calm
@given(boards, boards, boards)
def test_every_leaf_of_mine_is_there(base: Any, mine: Any, theirs: Any) -> None:
    """Going from mine to the result undoes nothing that I changed."""
    result = merged(base, mine, theirs)
    undone = edits(mine, result.value)
    for path in edits(base, mine):
        assert path not in undone or path in edits(base, theirs), path


@calm
@given(boards, boards, boards)
def test_merging_the_result_again_changes_nothing(base: Any, mine: Any, theirs: Any) -> None:
    once = merged(base, mine, theirs)
    if not once.conflicts:
        assert same(merged(base, once.value, theirs).value, once.value)
        assert same(merged(theirs, once.value, theirs).value, once.value)

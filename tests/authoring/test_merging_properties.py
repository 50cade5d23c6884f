"""What must hold for any layers (templates, defaults and what lies over them): they merge associatively, and what needs
no change is shared.
"""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reconciler.authoring.merging import merged
from reconciler.authoring.values import Text, marked, with_values
from tests.authoring.authoring_cases import MARK, calm, document, model


def leaf() -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from(["x", "y", ""]))


def shaped(depth: int) -> st.SearchStrategy[Any]:
    """Mappings in which a key always means the same sort of value, and identified lists have every identity once."""
    named = st.lists(
        st.fixed_dictionaries({"refId": st.sampled_from("ABCD")}, optional={"v": leaf(), "w": leaf()}),
        unique_by=lambda item: item["refId"],
        min_size=1,
        max_size=4,
    )
    optional: dict[Any, Any] = {"a": leaf(), "b": leaf(), "plain": st.lists(leaf(), max_size=3), "named": named}
    if depth:
        optional["inside"] = shaped(depth - 1)
    return st.fixed_dictionaries({}, optional=optional)


layers = shaped(2).map(lambda value: marked(value, MARK))


@calm
@given(layers, layers, layers)
def test_merging_is_associative(a: Any, b: Any, c: Any) -> None:
    assert merged(merged(a, b), c) == merged(a, merged(b, c))


@calm
@given(layers)
def test_merging_with_nothing_or_itself_changes_nothing(a: Any) -> None:
    nothing = marked({}, MARK)
    assert merged(a, nothing) == merged(nothing, a) == merged(a, a) == a


@calm
@given(layers, layers, layers)
def test_chains_of_templates_may_be_grouped_as_one_likes(a: Any, b: Any, c: Any) -> None:
    def used(*names: str, **groups: list[str]) -> Any:
        blocks = {"a": dict(a), "b": dict(b), "c": dict(c)}
        documents = [document("Template", name, {"panel": block}) for name, block in blocks.items()]
        documents += [document("Template", name, {"panel": {"use": use}}) for name, use in groups.items()]
        panel = {"type": "stat", "id": 1, "use": list(names)}
        return model({"title": "T", "panels": [panel]}, *documents)["panels"]

    flat = used("a", "b", "c")
    assert flat == used("ab", "c", ab=["a", "b"]) == used("a", "bc", bc=["b", "c"])
    assert flat == used("all", all=["ab", "c"], ab=["a", "b"])


def test_lists_without_a_common_identity_are_replaced() -> None:
    for under, over in (
        ([{"refId": "A"}], [{"expr": "x"}]),
        ([{"refId": "A"}, {"refId": "A", "y": 1}], [{"refId": "A", "x": 1}]),
        ([1, 2], [3]),
        ([{"id": 1}], []),
        ([], [{"id": 1}]),
        ([{"type": "value", "options": 1}], [{"type": "value"}]),
    ):
        assert merged(marked(under, MARK), marked(over, MARK)) == over


@calm
@given(layers)
def test_what_has_no_values_in_it_is_shared_not_copied(a: Any) -> None:
    problems: Any = None  # nothing can be wrong
    assert with_values(a, {}, problems, Text.OURS) is a

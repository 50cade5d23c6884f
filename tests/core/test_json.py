"""Canonical bytes and digests: the quick way gives the very bytes of the slow one, which states in the field were
made with.
"""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.json import _canonical_bytes, canonical_bytes, canonical_value, digest, same
from tests.conftest import shared

NUMBERS = (
    st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(
        [1.0, -0.0, 0.1, 1e16, 1e15, 1e-5, 1.5e-5, 1e-7, 5e-324, 2**53, 2**53 + 1, 2**63, 2**64, 10**15, 10**16]
    )
)
TEXTS = st.text(st.characters(exclude_categories=()), max_size=6) | st.sampled_from(
    [":1.0,", "[1e5", ",9007199254740993", '"', "\ud800"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4) | st.tuples(inner, inner),
    max_leaves=20,
)


@given(VALUES)
@settings(max_examples=500)
def test_the_quick_way_gives_the_same_bytes(value: Any) -> None:
    assert canonical_bytes(value) == _canonical_bytes(value)


@given(VALUES, VALUES)
def test_equal_values_have_equal_bytes(one: Any, other: Any) -> None:
    assert canonical_bytes(one) == canonical_bytes(canonical_value(one))
    assert same(one, other) == (canonical_bytes(one) == canonical_bytes(other))


def test_real_dashboards_have_the_same_bytes() -> None:
    quick = 0
    for file in shared("corpus").glob("*.json"):
        value = json.loads(file.read_bytes())
        assert canonical_bytes(value) == _canonical_bytes(value), file.name
        quick += 1
    assert quick > 100


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ({}, "a22cbfd1a6f7d67d65014b57b47a96408c8f58b5"),
        ({"b": [1.0, -0.0, 0.5], "a": {"z": None, "y": True}}, "0b2592f8b17327e25ea93a08cafbcc2ecfca9763"),
        ({"n": 9007199254740993, "e": 1e-7, "t": 'ä\u2028\x1f"\\'}, "6412668dd75062a8a8378cf9e5417aa7ee1d99b8"),
        (
            {"title": "Orders", "panels": [{"id": 1, "gridPos": {"h": 8, "w": 12, "x": 0, "y": 0}}]},
            "2ddb939ea3ac55ed4e19764e7b1497035fdcc7db",
        ),
    ],
)
def test_digests_are_those_of_the_first_version(value: Any, kept: str) -> None:
    """Made with 0.3.0: another digest would be drift of everything."""
    assert digest(value) == kept


def test_mappings_of_any_sort_are_mappings() -> None:
    value: Mapping[str, Any] = MappingProxyType({"b": 1, "a": MappingProxyType({"c": 2.0})})
    assert canonical_bytes({"x": value}) == b'{"x":{"a":{"c":2},"b":1}}'


@pytest.mark.parametrize("value", [{"a": {1, 2}}, {"a": object()}, object()])
def test_what_is_no_json_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        canonical_bytes(value)

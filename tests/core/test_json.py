"""Canonical bytes are for ever: states in the field hold digests of them. Quick ones must be the very same."""

import json
import math
import struct
from collections import OrderedDict
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.core.json import canonical_bytes, canonical_value, digest, parsed, same

KEPT = json.loads((Path(__file__).parent / "kept_digests.json").read_text(encoding="utf-8"))
"""JSON, and its canonical form and digest as ggrec 0.3.0 made them."""

NUMBERS = (
    st.integers()
    | st.integers(2**53 - 2, 2**53 + 2)
    | st.integers(2**64 - 2, 2**64 + 2)
    | st.integers(-(2**63) - 2, -(2**63) + 2)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.floats(-1e-3, 1e-3)
    | st.sampled_from([1.0, -0.0, 0.0, 1e15, 1e16, 1e22, 1e-4, 9.999e-5, 1e-5, 1e-7, 5e-324, 2.0**53, 0.1 + 0.2])
)
TEXTS = st.text(st.characters(codec=None), max_size=8) | st.sampled_from(
    ["\ud800", "\U0001f600", "\x7f\x1f", '\\"', "é"]
)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4) | st.tuples(inner, inner),
    max_leaves=25,
)


def long_way(value: Any) -> bytes:
    """The canonical bytes as they are defined."""
    plain = canonical_value(value)
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("kept", KEPT)
def test_what_an_older_ggrec_digested_has_the_same_digest(kept: dict[str, str]) -> None:
    value = json.loads(kept["json"])
    assert canonical_bytes(value).decode("utf-8", "surrogatepass") == kept["form"]
    assert digest(value) == kept["digest"]
    assert digest(parsed(kept["json"].encode("utf-8", "surrogatepass"))) == kept["digest"]


@given(VALUES)
@example({"b": 1, "a": {"é": [1.5, "x"], "z": 2**53}})
@example([2**53 + 1])
@example([1e-5])
@example({"\uffff": 1, "\U00010000": 2})
def test_the_quick_form_is_the_form(value: Any) -> None:
    assert canonical_bytes(value) == long_way(value)


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(0, 2**64 - 1).map(lambda n: _double(n)))
def test_every_float_has_its_one_form(value: float) -> None:
    assert canonical_bytes([value]) == long_way([value])


def _double(bits: int) -> float:
    found: float = struct.unpack("<d", struct.pack("<Q", bits))[0]
    return found if math.isfinite(found) else 0.5


@given(VALUES, VALUES)
def test_same_is_equality_of_the_forms(left: Any, right: Any) -> None:
    assert same(left, right) is (long_way(left) == long_way(right))
    assert same(left, json.loads(long_way(left).decode("utf-8", "surrogatepass")))


@given(VALUES)
def test_an_answer_is_read_as_ever(value: Any) -> None:
    data = json.dumps(value).encode()
    assert digest(parsed(data)) == digest(json.loads(data))


@pytest.mark.parametrize("other", [MappingProxyType({"a": 1.0}), OrderedDict(a=1), {"a": True + 0}])
def test_any_mapping_counts_by_what_it_holds(other: Any) -> None:
    assert canonical_bytes({"m": other}) == b'{"m":{"a":1}}'
    assert same({"m": other}, {"m": {"a": 1}})


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_has_no_form(value: float) -> None:
    with pytest.raises((ValueError, OverflowError)):
        canonical_bytes({"a": [value]})


@pytest.mark.parametrize("value", [object(), {1, 2}, b"text"])
def test_what_is_no_json_has_no_form(value: Any) -> None:
    with pytest.raises(TypeError, match="not a JSON value"):
        canonical_bytes({"a": [value]})


@pytest.mark.parametrize(
    "text", ["NaN", "[Infinity]", '{"a": -Infinity}', "[1,]", "{'a': 1}", "[01]", '"\x01"', "[1] 2"]
)
def test_what_is_no_json_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parsed(text.encode())


@pytest.mark.parametrize("text", ['["\\ud800"]', '{"a": 1, "a": 2}', "[123456789012345678901234567890]", "[-0, 1E3]"])
def test_what_a_faster_parser_refuses_or_reads_otherwise_is_read_all_the_same(text: str) -> None:
    assert canonical_value(parsed(text.encode())) == canonical_value(json.loads(text))


@pytest.mark.parametrize("text", ["1e999", "-5.4e+1601", "1e400"])
def test_a_number_beyond_all_doubles_is_its_text(text: str) -> None:
    """As an infinity it could be neither compared nor written, and one such dashboard would stop every plan."""
    read = parsed(f'{{"a": [{text}, 1.5]}}'.encode())
    assert read == {"a": [text, 1.5]}
    assert same(read, parsed(canonical_bytes(read)))

"""JSON files: the fast way and the scanner agree, and the scanner knows places."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.shared import Canonical
from reconciler.core.source import Mark, MarkedDict, mark_at
from reconciler.loader.json import parse_json, read_quickly

SEEDS = (
    '{"title": "Orders \\u00fc \\ud83d\\ude80", "tags": ["a", "b"], "n": [0, -1.5e+3, 2E-2, true, null], "o": {}}',
    '[{"id": 1, "id2": [[], {}]}, "x\\n\\"\\\\\\/", 12345678901234567890]\n',
)


def test_every_key_and_value_has_its_place() -> None:
    text = '\ufeff{\r\n\t"a": [1, {"ü🚀": "x"}],\n"b" : null}\n'
    value, problems = parse_json(text.encode(), "a.json", positions=True)
    assert problems == []
    assert value == {"a": [1, {"ü🚀": "x"}], "b": None}
    assert isinstance(value, MarkedDict) and value.mark == Mark("a.json", 1, 1)
    places = {path: mark_at(value, path) for path in (("a",), ("a", 0), ("a", 1, "ü🚀"), ("b",))}
    assert places == {
        ("a",): Mark("a.json", 2, 7),
        ("a", 0): Mark("a.json", 2, 8),
        ("a", 1, "ü🚀"): Mark("a.json", 2, 18),
        ("b",): Mark("a.json", 3, 7),
    }
    assert mark_at(value, ("b",), key=True) == Mark("a.json", 3, 1)


def test_without_places_only_the_file_is_known() -> None:
    value, problems = parse_json(b'\n {"a": {"b": 1}}', "x/a.json", positions=False)
    assert problems == []
    assert isinstance(value, MarkedDict) and value.mark == Mark("x/a.json", 1, 1)
    assert type(value["a"]) is dict and value.keys_at == {}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'{"a": "\xff"}', "a.json:1:8: byte 0xff is not UTF-8\n  hint: save the file as UTF-8"),
        ('{"a": 1}'.encode("utf-16"), "a.json:1:1: the file is UTF-16\n  hint: save the file as UTF-8"),
        (
            b'{"a": "\0"}',
            "a.json:1:8: not valid JSON: the control character U+0000 inside a text\n"
            "  hint: write it as an escape: \\n, \\t, \\u0007",
        ),
    ],
)
@pytest.mark.parametrize("positions", [True, False])
def test_bytes_that_are_no_text(data: bytes, said: str, positions: bool) -> None:
    value, problems = parse_json(data, "a.json", positions=positions)
    assert value is None
    assert [str(item) for item in problems] == [said]


@pytest.mark.parametrize("positions", [True, False])
def test_depth_has_the_limit_of_yaml(positions: bool) -> None:
    value, problems = parse_json(b"[" * 101 + b"]" * 101, "a.json", positions=positions)
    assert (repr(value).count("["), problems) == (101, [])
    for text in ("[" * 101 + "1" + "]" * 101, '{"a":' * 101 + "1" + "}" * 101):
        value, problems = parse_json(text.encode(), "a.json", positions=positions)
        assert value is None
        assert [item.code for item in problems] == ["too-deep"]


def test_a_large_file_is_read_whole() -> None:
    panels = [{"id": number, "title": f"Panel {number}", "expr": "rate(x[5m])" * 20} for number in range(12_000)]
    data = json.dumps({"panels": panels}).encode()
    assert len(data) > 3_000_000
    value, problems = parse_json(data, "a.json", positions=False)
    assert problems == []
    assert value["panels"] == panels


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ('{"a": [1, "x\\"y", {"b": null}]}', True),
        ('{"a": 1, "a": 1}', False),
        ('{"a": {"": 1, "": 2}}', False),
        ('{"a": "\\u0022"}', False),
        ('{"a": 9007199254740993}', False),
        ('{"a": 123456789012345678901234567890}', False),
        ('{"a": 1e400}', False),
        ('{"a": NaN}', False),
        ('\ufeff{"a": 1}', False),
        ("[" * 101 + "]" * 101, True),
        ("[" * 101 + "1" + "]" * 101, False),
        ('{"a":' * 101 + "1" + "}" * 101, False),
        ("", False),
    ],
)
def test_what_is_read_quickly_is_certainly_right(text: str, read: bool) -> None:
    found = read_quickly(text.encode())
    assert (found is not None) == read
    assert not read or repr(found) == repr(parse_json(text.encode(), "a.json", positions=True)[0])


def test_panels_are_told_as_canonical_only_where_all_of_them_are() -> None:
    for number, told in (("1", True), ("0.5", True), ("1.0", False), ("1e-7", False), ("1e3", False)):
        value = read_quickly(f'{{"panels": [{{"id": 1}}, {{"n": [{number}]}}]}}'.encode())
        assert [type(panel) is Canonical for panel in value["panels"]] == [told, told]


@settings(max_examples=300, deadline=None)
@given(
    seed=st.sampled_from(SEEDS),
    cut=st.tuples(st.integers(0, 130), st.integers(0, 3)),
    put=st.sampled_from(["", ",", ":", '"', "{", "}", "[", "]", "0", "-", ".", "e", "\\", "\n", "NaN", "//"]),
)
def test_both_ways_accept_the_same_and_no_more_than_python(seed: str, cut: tuple[int, int], put: str) -> None:
    at, length = min(cut[0], len(seed)), cut[1]
    data = (seed[:at] + put + seed[at + length :]).encode()
    slow, slow_problems = parse_json(data, "a.json", positions=True)
    fast, fast_problems = parse_json(data, "a.json", positions=False)
    assert (repr(slow), slow_problems) == (repr(fast), fast_problems)
    quick = read_quickly(data)
    assert quick is None or (repr(quick), []) == (repr(slow), slow_problems)
    plain: Any = None
    try:
        plain = json.loads(data)
    except ValueError:
        assert len(slow_problems) == 1 and slow_problems[0].where is not None
    else:
        assert slow_problems or slow == plain
        strict = {"duplicate-key", "number-too-large"}
        assert (
            not slow_problems
            or slow_problems[0].code in strict
            or "NaN" in put
            or "half a char" in str(slow_problems[0])
        )

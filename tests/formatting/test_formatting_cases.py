"""The style by example: cases.yaml holds texts and what becomes of them."""

from pathlib import Path
from typing import Any

import pytest

from reconciler.core.errors import Diagnostic
from reconciler.formatting.formatter import format_file
from reconciler.loader.yaml import parse_yaml

_CASES, _PROBLEMS = parse_yaml((Path(__file__).parent / "cases.yaml").read_bytes(), "cases.yaml")


@pytest.mark.parametrize("case", _CASES[0], ids=lambda case: str(case["name"]))
def test_case(case: dict[str, Any]) -> None:
    result = format_file(case["text"].encode(), "a.yaml", parse_yaml)
    assert result.problems == ()
    assert result.data.decode() == case["gives"]
    assert format_file(result.data, "a.yaml", parse_yaml).data == result.data


def test_the_cases_are_all_read() -> None:
    assert _PROBLEMS == []
    assert len(_CASES[0]) >= 14


def test_json_is_left_alone() -> None:
    for data in (b'{"a":  1e3,\n"b": "\\ud83d\\ude00"}', b"[ 1,2 ]", b'\xef\xbb\xbf{"a" : 1}\r\n'):
        assert format_file(data, "a.yaml", parse_yaml).data == data


def test_a_very_long_key() -> None:
    data = ("'" + "k" * 1500 + "': 1\n").encode()
    explicit = b"? '" + b"k" * 1500 + b"'\n: [1,  2]\n"
    assert parse_yaml(data, "a.yaml")[1]  # YAML finds no colon that far away
    result = format_file(explicit, "a.yaml", parse_yaml)
    assert result.problems == ()
    assert result.data.decode() == "? " + "k" * 1500 + "\n: [1, 2]\n"


def test_what_would_change_a_value_is_not_written() -> None:
    """A parser that sees a difference stands for a mistake in the formatter."""
    calls = []

    def parse(data: bytes, file: str) -> tuple[list[Any], list[Diagnostic]]:
        calls.append(data)
        return [len(calls)], []

    result = format_file(b"a:   1\n", "a.yaml", parse)
    assert result.data == b"a:   1\n"
    [found] = result.problems
    assert (found.code, str(found.where)) == ("fmt-bug", "a.yaml:1:1")
    assert "bug in ggrec" in found.hint

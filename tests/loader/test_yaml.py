"""What is read from YAML: values, places, documents, encodings."""

import math
from typing import Any

import pytest
import yaml

from reconciler.core.source import Mark, MarkedDict, MarkedList, mark_at
from reconciler.loader import yaml as module
from reconciler.loader.yaml import parse_yaml

TEXTS = [
    "on", "off", "yes", "no", "y", "n", "Yes", "ON", "True", "FALSE", "Null", "NULL", "0123", "007", "0x1F",
    "0o17", "0b1", "1_000", "12:30", "190:20:30", "1e3", "12e45", "+1", ".5", "5.", "1.5e", ".inf", "-.inf",
    ".NaN", "nan", "Infinity", "2026-03-01", "2026-03-01T09:00:00Z", "1.2.3", "--", "=", "1,000", "١٢",
]  # fmt: skip
VALUES: dict[str, Any] = {
    "null": None,
    "~": None,
    "": None,
    "true": True,
    "false": False,
    "0": 0,
    "-0": 0,
    "42": 42,
    "-7": -7,
    "9223372036854775807": 2**63 - 1,
    "18446744073709551615": 2**64 - 1,
    "0.5": 0.5,
    "-1.50": -1.5,
    "1.0": 1.0,
    "1.5e3": 1500.0,
    "1e+3": 1000.0,
    "1E-2": 0.01,
    "1.0e+20": 1e20,
    "'42'": "42",
    '"true"': "true",
    "'null'": "null",
    "''": "",
    "!!str 42": "42",
    "!!str": "",
    '"a\\tb\\u2028\\U0001F600\\0"': "a\tb\u2028\U0001f600\0",
    "|\n  a\tb\n  c\n": "a\tb\nc\n",
    ">-\n  a\n  b\n": "a b",
    "☀\ufe0f Sonne 🧑‍🚀": "☀\ufe0f Sonne 🧑‍🚀",
}


def only(text: str) -> Any:
    """The one document of a text that has nothing wrong with it."""
    documents, problems = parse_yaml(text.encode(), "a.yaml")
    assert problems == []
    [document] = documents
    return document


def exactly(left: Any, right: Any) -> bool:
    """Equal, and of the same types: 1 is neither 1.0 nor true."""
    return repr(left) == repr(right)


@pytest.mark.parametrize("text", TEXTS)
def test_what_yaml_would_guess_stays_text(text: str) -> None:
    assert exactly(only(f"a: {text}\n")["a"], text)
    assert exactly(only(f"{text}: x\n"), {text: "x"})


@pytest.mark.parametrize("text", VALUES, ids=repr)
def test_scalars_of_json(text: str) -> None:
    assert exactly(only(f"a: {text}\n")["a"], VALUES[text])


def test_integers_that_no_double_holds_stay_exact_and_the_largest_double_is_read() -> None:
    assert only("[9007199254740993, 1.7976931348623157e+308]") == [9007199254740993, 1.7976931348623157e308]
    assert only(f"[{10**308}, -{10**308}]") == [10**308, -(10**308)]
    assert math.copysign(1, only("[-0.0]")[0]) == -1


def test_every_key_and_value_has_its_place() -> None:
    text = "# a comment\na: 1\n'b':\n  - ☀️ x\n  - {c: [d]}\ne:\n"
    value = only(text)
    assert value.mark == Mark("a.yaml", 2, 1)
    places = {str(path): mark_at(value, path) for path in (("a",), ("b",), ("b", 0), ("b", 1, "c"), ("b", 1, "c", 0))}
    assert {path: (mark.line, mark.column) for path, mark in places.items() if mark} == {
        "('a',)": (2, 4),
        "('b',)": (4, 3),
        "('b', 0)": (4, 5),
        "('b', 1, 'c')": (5, 9),
        "('b', 1, 'c', 0)": (5, 10),
    }
    assert mark_at(value, ("b", 1, "c"), key=True) == Mark("a.yaml", 5, 6)
    assert value.keys_at["e"] == Mark("a.yaml", 6, 1)


def test_columns_count_characters() -> None:
    assert mark_at(only("{'🧑‍🚀ü': 1, b: 2}"), ("b",), key=True) == Mark("a.yaml", 1, 13)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_they_like(end: str) -> None:
    value = only(end.join(["a: 1", "b: |", "  x", "c: 3", ""]))
    assert value == {"a": 1, "b": "x\n", "c": 3}
    assert value.keys_at["c"] == Mark("a.yaml", 4, 1)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_places_of_characters_count_the_same_lines(end: str) -> None:
    _, problems = parse_yaml(end.join(["a: 1", "b: 2", "c: \x07"]).encode(), "a.yaml")
    assert [item.where for item in problems] == [Mark("a.yaml", 3, 4)]


def test_aliases_are_values_of_their_own() -> None:
    value = only("a: &a {x: [1], y: &y text}\nb: *a\nc: [*y, *a]\n")
    assert value == {"a": {"x": [1], "y": "text"}, "b": {"x": [1], "y": "text"}, "c": ["text", {"x": [1], "y": "text"}]}
    assert value["a"] is not value["b"] and value["a"]["x"] is not value["c"][1]["x"]
    assert mark_at(value, ("b", "x", 0)) == Mark("a.yaml", 1, 12)
    assert value.values_at["b"] == Mark("a.yaml", 2, 4)
    assert isinstance(value["b"], MarkedDict) and isinstance(value["b"]["x"], MarkedList)


def test_an_anchor_ends_with_its_document() -> None:
    _, problems = parse_yaml(b"a: &a 1\n---\na: &a 2\nb: *a\n---\nc: *a\n", "a.yaml")
    assert [str(item.where) for item in problems] == ["a.yaml:6:4"]


def test_documents_of_which_one_is_wrong_leave_the_others() -> None:
    documents, problems = parse_yaml(b"a: 1\n---\n---\nb: !x 1\n---\n~\n...\n---\nc: 3\n", "a.yaml")
    assert documents == [{"a": 1}, {"c": 3}]
    assert [item.code for item in problems] == ["tag"]


def test_a_syntax_error_leaves_what_is_before_it() -> None:
    documents, problems = parse_yaml(b"a: 1\n---\nb: c: d\n---\ne: 1\n", "a.yaml")
    assert documents == [{"a": 1}]
    assert [item.code for item in problems] == ["yaml-syntax"]


def test_a_byte_order_mark_at_the_beginning_is_dropped() -> None:
    documents, problems = parse_yaml(b"\xef\xbb\xbfa: 1\n", "a.yaml")
    assert (documents, problems) == ([{"a": 1}], [])
    assert documents[0].mark == Mark("a.yaml", 1, 1)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"a: \xff", "a.yaml:1:4: byte 0xff is not UTF-8\n  hint: save the file as UTF-8"),
        (b"a: 1\r\n\xc3\xbc: \xe9t\xe9", "a.yaml:2:4: byte 0xe9 is not UTF-8\n  hint: save the file as UTF-8"),
        (b"\xef\xbb\xbfab: \xc3", "a.yaml:1:5: byte 0xc3 is not UTF-8\n  hint: save the file as UTF-8"),
        (b"a: \xed\xa0\x80", "a.yaml:1:4: byte 0xed is not UTF-8\n  hint: save the file as UTF-8"),
        ("a: 1".encode("utf-16"), "a.yaml:1:1: the file is UTF-16\n  hint: save the file as UTF-8"),
    ],
)
def test_bytes_that_are_not_utf8(data: bytes, said: str) -> None:
    documents, problems = parse_yaml(data, "a.yaml")
    assert documents == []
    assert [str(item) for item in problems] == [said]


def test_a_file_that_is_json_is_read_as_json() -> None:
    value = only('\n{"rocket": "\\ud83d\\ude80", "max": 1e3,\n\t"line": "a\u2028b"}\n')
    assert value == {"rocket": "🚀", "max": 1000.0, "line": "a\u2028b"}
    assert mark_at(value, ("line",)) == Mark("a.yaml", 3, 10)


def test_brackets_that_are_not_json_are_yaml() -> None:
    assert only("{a: NaN, b: [x]}\n") == {"a": "NaN", "b": ["x"]}
    assert only('["a", "b"] # both\n') == ["a", "b"]


def test_depth_and_aliases_of_honest_files_are_within_the_limits() -> None:
    text = "a: " + "[" * 99 + "]" * 99
    assert repr(only(text)["a"]).count("[") == 99
    document = only("a: &a [" + "x, " * 1000 + "]\nb: [" + "*a, " * 100 + "]\n")
    assert len(document["b"]) == 100


def test_without_libyaml_the_same_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"a: {text}\n" for text in (*TEXTS, *VALUES)] + ["a: &a {x: [1]}\nb: *a\n---\nc: {{ x }}\n", "[" * 5000]
    fast = [parse_yaml(text.encode(), "a.yaml") for text in texts]
    marks = [getattr(documents[0], "values_at", None) for documents, _ in fast if documents]
    monkeypatch.setattr(module, "_Loader", yaml.SafeLoader)
    slow = [parse_yaml(text.encode(), "a.yaml") for text in texts]
    assert repr(slow) == repr(fast)
    assert [getattr(documents[0], "values_at", None) for documents, _ in slow if documents] == marks


def test_without_libyaml_syntax_errors_have_their_place_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_Loader", yaml.SafeLoader)
    _, problems = parse_yaml(b"a:\n\tb: 1\n", "a.yaml")
    assert [str(item) for item in problems] == [
        "a.yaml:2:1: not valid YAML: a tab in the indentation\n  hint: indent with blanks"
    ]
    for text, place in (("a: b: c", "a.yaml:1:5"), ("a: 'x", "a.yaml:1:4"), ("a: [b", "a.yaml:1:4")):
        _, problems = parse_yaml(text.encode(), "a.yaml")
        assert [str(item.where) for item in problems] == [place]

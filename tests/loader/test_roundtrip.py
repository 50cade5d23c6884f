"""Any JSON value that a program writes, as YAML or as JSON, is read back as it was."""

import json
from pathlib import Path
from typing import Any

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reconciler.loader.json import parse_json
from reconciler.loader.writing import to_json, to_yaml
from reconciler.loader.yaml import parse_yaml
from tests.conftest import shared

HARD = [
    "on", "off", "yes", "no", "y", "n", "true", "True", "null", "~", "", " ", "0123", "0x1f", "1e3", "1.5e3",
    "1e+3", "-0", "1_000", "12:30", "2026-03-01", ".inf", "<<", "=", "a: b", "a #b", "- a", "*a", "&a", "!a",
    "%a", "@a", "`a", "{{ x }}", "[x]", "'", '"', "\\", "a\tb", "\ta", "a\t", "\n", "a\n", "\na", "a\n\nb\n",
    "a \nb", " a\nb", "a\r\nb", "a\rb", "\x00", "\x07", "\x1b[31m", "\x7f", "\x85", "\x9f", "\u00a0", "\u2028",
    "a\u2028b\nc", "\u2029", "\ufeff", "\ufffe", "\uffff", "☀\ufe0f", "🧑‍🚀", "\U0001f1e9\U0001f1ea",
    "\U0010ffff", "---", "--- a", "...", "a\n---\nb", "? a", "| a", "> a", "x" * 300, "word " * 60,
    "${values.x}", "$__rate_interval", "# a", "a:", ":a", ": ", "-", "?",
]  # fmt: skip
TEXT = st.sampled_from(HARD) | st.text(max_size=20)
NUMBERS = (
    st.integers(-(2**64), 2**64)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(
        [2**53 + 1, 2**63 - 1, 2**64, -(2**63), 1e20, 1e-7, 5e-324, 1.7976931348623157e308, -0.0, 10**300]
    )
)
LEAVES = st.none() | st.booleans() | NUMBERS | TEXT
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=12
)
OBJECTS = st.dictionaries(TEXT, VALUES, max_size=4)
ALL = {text: text for text in HARD}
THOROUGH = settings(max_examples=300, deadline=None)


class JsonScalars(yaml.SafeDumper):
    """Writes as PyYAML does, but takes for more than text only what JSON does; texts stand in quotes."""


JsonScalars.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))


def read(text: str) -> Any:
    """The one document of a YAML text."""
    documents, problems = parse_yaml(text.encode(), "a.yaml")
    assert problems == []
    [document] = documents
    return document


@THOROUGH
@example(ALL, True)
@example(ALL, False)
@given(OBJECTS, st.booleans())
def test_yaml_as_pyyaml_writes_it(value: dict[str, Any], flow: bool) -> None:
    for unicode in (True, False):
        text = yaml.dump(value, Dumper=JsonScalars, allow_unicode=unicode, default_flow_style=flow, sort_keys=False)
        assert repr(read(text)) == repr(value)


@THOROUGH
@example(ALL, 2)
@given(OBJECTS, st.sampled_from([None, 2, "\t"]))
def test_json_in_both_kinds_of_files(value: dict[str, Any], indent: int | str | None) -> None:
    for ascii_only in (True, False):
        text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
        assert repr(read(text)) == repr(value)
        for positions in (True, False):
            found, problems = parse_json(text.encode(), "a.json", positions=positions)
            assert problems == []
            assert repr(found) == repr(value)


@THOROUGH
@example(ALL)
@example({"text": "a\u2028b\nc", "rocket": "🚀\x85"})
@given(OBJECTS)
def test_what_pull_writes(spec: dict[str, Any]) -> None:
    document = read(to_yaml("Dashboard", "orders", spec))
    assert document["metadata"] == {"name": "orders"}
    assert repr(document["spec"]) == repr(spec)
    body, problems = parse_json(to_json(spec).encode(), "orders.json", positions=False)
    assert problems == []
    assert body == spec


def test_dashboards_of_the_corpus() -> None:
    for path in sorted(Path(shared("corpus")).glob("*.json")):
        data = path.read_bytes()
        value = json.loads(data)
        for positions in (True, False):
            assert parse_json(data, path.name, positions=positions) == (value, [])
        if len(data) < 40_000:  # writing YAML takes PyYAML long
            assert read(to_yaml("Dashboard", "x", value))["spec"] == value

"""One value changes, and no other byte."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.rewriting import Arrange, CannotRewrite, Drop, Insert, Put, Rename, Rewrite
from reconciler.writeback.surgery import changed


def _parse(text: str) -> list[Any]:
    try:
        if text.startswith("{"):
            return [json.loads(text)]
        return list(yaml.safe_load_all(text))
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None


TEXT = """\
# of the shop
kind: Dashboard   # kept
spec:
  title: 'Orders'
  base: &base {min: 0, max: 1}
  tags: [a, b]
  same: *base
  panels:
    # the first
    - title: Revenue
      query: |
        sum(a)
          by (b)
      width: 12  # half

    - title: "Open"
      width: 6
---
kind: Folder
"""


def _run(*edits: Rewrite, text: str = TEXT) -> str:
    return changed(text, edits, document=0, parse=_parse)


@pytest.mark.parametrize(
    ("edit", "old", "new"),
    [
        (Put(("spec", "title"), "It's"), "'Orders'", "'It''s'"),
        (Put(("spec", "panels", 0, "width"), 8), "12  # half", "8  # half"),
        (Put(("spec", "panels", 0, "title"), "a: b"), "title: Revenue", 'title: "a: b"'),
        (Put(("spec", "panels", 0, "title"), "true"), "title: Revenue", 'title: "true"'),
        (Put(("spec", "panels", 0, "query"), "x\ny\n"), "        sum(a)\n          by (b)\n", "        x\n        y\n"),
        (Put(("spec", "tags", 2), "c"), "[a, b]", "[a, b, c]"),
        (Drop(("spec", "tags", 0)), "[a, b]", "[b]"),
        (Drop(("spec", "tags", 1)), "[a, b]", "[a]"),
        (Put(("spec", "panels", 1, "unit"), "s"), "      width: 6\n", "      width: 6\n      unit: s\n"),
        (Drop(("spec", "panels", 0, "width")), "      width: 12  # half\n", ""),
        (Put(("spec", "panels", 2), {"title": "New"}), "width: 6\n", "width: 6\n    - {title: New}\n"),
        (Insert(("spec", "panels", 1), {"a": 1}), '    - title: "Open"', '    - {a: 1}\n    - title: "Open"'),
        (Insert(("spec", "panels", 0), {"a": 1}), "    # the first", "    - {a: 1}\n    # the first"),
        (Insert(("spec", "tags", 0), "c"), "[a, b]", "[c, a, b]"),
        (Rename(("spec", "panels", 0, "width"), "height"), "width: 12", "height: 12"),
        (Arrange(("spec", "tags"), (1, 0)), "[a, b]", "[b, a]"),
        (Drop(("spec", "panels", 0, "title")), "title: Revenue\n      query", "query"),
        (
            Put(("spec", "panels", 0, "query"), "x: y\n\nz"),
            "|\n        sum(a)\n          by (b)",
            "|-\n        x: y\n\n        z",
        ),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_only_the_changed_place(edit: Rewrite, old: str, new: str, newline: str) -> None:
    text = TEXT.replace("\n", newline)
    wanted = TEXT.replace(old, new, 1).replace("\n", newline)
    assert _run(edit, text=text) == wanted


def test_items_change_places_with_the_comments_above_them() -> None:
    text = _run(Arrange(("spec", "panels"), (1, 0)))
    assert text.index('"Open"') < text.index("# the first") < text.index("Revenue") < text.index("# half")
    assert sorted(text.splitlines()) == sorted(TEXT.splitlines())
    blocks = "a:\n  - b: |\n      # no comment\n  # one\n  - c\n"
    assert _run(Insert(("a", 1), "d"), text=blocks) == blocks.replace("  # one", "  - d\n  # one")
    assert _run(Arrange(("a",), (1, 0)), text=blocks) == "a:\n  # one\n  - c\n  - b: |\n      # no comment\n"


def test_the_last_item_leaves_an_empty_list() -> None:
    assert _run(Drop(("a", 0)), text="a:\n  - 1\nb: 2\n") == "a: []\nb: 2\n"


def test_a_value_that_an_anchor_shares_is_refused() -> None:
    with pytest.raises(CannotRewrite, match=r"shared with spec\.base\.min"):
        _run(Put(("spec", "same", "min"), 5))
    with pytest.raises(CannotRewrite, match=r"shared with spec\.same"):
        _run(Drop(("spec", "base")))


def test_what_is_not_there_is_refused() -> None:
    for edit in (Drop(("spec", "none")), Put(("spec", "none", "a"), 1), Put((), 1), Insert(("kind", 0), 1)):
        with pytest.raises(CannotRewrite):
            _run(edit)


def test_json_keeps_its_form() -> None:
    text = '{\n    "b": 1,\n    "a": ["x",   2],\n    "c": {}\n}\n'
    assert _run(Put(("a", 1), 3), text=text) == text.replace("2", "3")
    assert _run(Put(("d",), "n"), text=text) == text.replace("{}\n", '{},\n    "d": "n"\n')
    assert _run(Drop(("b",)), text=text) == text.replace('"b": 1,\n    ', "")
    assert _run(Put(("e",), {"f": [1]}), text=text) == text.replace(
        "{}\n", '{},\n    "e": {\n        "f": [\n            1\n        ]\n    }\n'
    )
    odd = '{\n\t"a": "\\ud83d\\ude00 \\/",\n\t"b": [{"c": 1}]\n}'
    assert _run(Put(("b", 0, "c"), 2), text=odd) == odd.replace("1}", "2}")


_SCALARS = st.none() | st.booleans() | st.integers(-99, 99) | st.text(st.characters(codec="utf-8"), max_size=12)
_PATHS = [("kind",), ("spec", "title"), ("spec", "tags", 1), ("spec", "panels", 0, "title"),
          ("spec", "panels", 0, "query"), ("spec", "panels", 0, "width"), ("spec", "panels", 1, "title")]  # fmt: skip


@given(st.sampled_from(_PATHS), _SCALARS)
@settings(max_examples=60, deadline=None)
def test_what_is_put_is_read_and_a_second_time_changes_nothing(path: Any, value: Any) -> None:
    edit = Put(path, value)
    try:
        once = _run(edit)
    except CannotRewrite:
        assert isinstance(value, str) and not value.isprintable()
        return
    found: Any = _parse(once)[0]
    for step in path:
        found = found[step]
    assert found == value and type(found) is type(value)
    assert _run(edit, text=once) == once
    for comment in ("# of the shop", "# kept", "# the first", "# half"):
        assert comment in once

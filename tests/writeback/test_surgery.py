"""One value changes, and no other byte."""

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.writeback.surgery import Drop, Put, Refused, changed


def _parse(text: str) -> list[Any]:
    try:
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


def _run(*edits: Put | Drop, text: str = TEXT) -> str:
    return changed(text, edits, document=0, parse=_parse)


@pytest.mark.parametrize(
    ("edit", "old", "new"),
    [
        (Put(("spec", "title"), "It's"), "'Orders'", "'It''s'"),
        (Put(("spec", "panels", 0, "width"), 8), "12  # half", "8  # half"),
        (Put(("spec", "panels", 0, "title"), "a: b"), "title: Revenue", "title: 'a: b'"),
        (Put(("spec", "panels", 0, "title"), "true"), "title: Revenue", "title: 'true'"),
        (Put(("spec", "panels", 0, "query"), "x\ny\n"), "        sum(a)\n          by (b)\n", "        x\n        y\n"),
        (Put(("spec", "tags", 2), "c"), "[a, b]", '[a, b, "c"]'),
        (Drop(("spec", "tags", 0)), "[a, b]", "[b]"),
        (Drop(("spec", "tags", 1)), "[a, b]", "[a]"),
        (Put(("spec", "panels", 1, "unit"), "s"), "      width: 6\n", "      width: 6\n      unit: s\n"),
        (Drop(("spec", "panels", 0, "width")), "      width: 12  # half\n", ""),
        (Put(("spec", "panels", 2), {"title": "New"}), "width: 6\n", "width: 6\n    - title: New\n"),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_only_the_changed_place(edit: Put | Drop, old: str, new: str, newline: str) -> None:
    text = TEXT.replace("\n", newline)
    wanted = TEXT.replace(old, new, 1).replace("\n", newline)
    assert _run(edit, text=text) == wanted


def test_a_value_that_an_anchor_shares_is_refused() -> None:
    with pytest.raises(Refused, match="anchor"):
        _run(Put(("spec", "same", "min"), 5))


def test_json_keeps_its_form() -> None:
    text = '{\n    "b": 1,\n    "a": ["x",   2],\n    "c": {}\n}\n'
    assert _run(Put(("a", 1), 3), text=text) == text.replace("2", "3")
    assert _run(Put(("d",), "n"), text=text) == text.replace("{}\n", '{},\n    "d": "n"\n')
    assert _run(Drop(("b",)), text=text) == text.replace('"b": 1,\n    ', "")


_SCALARS = st.none() | st.booleans() | st.integers(-99, 99) | st.text(st.characters(codec="utf-8"), max_size=12)
_PATHS = [("kind",), ("spec", "title"), ("spec", "tags", 1), ("spec", "panels", 0, "title"),
          ("spec", "panels", 0, "query"), ("spec", "panels", 0, "width"), ("spec", "panels", 1, "title")]  # fmt: skip


@given(st.sampled_from(_PATHS), _SCALARS)
@settings(max_examples=60, deadline=None)
def test_what_is_put_is_read_and_a_second_time_changes_nothing(path: Any, value: Any) -> None:
    edit = Put(path, value)
    try:
        once = _run(edit)
    except Refused:
        assert isinstance(value, str) and not value.isprintable()
        return
    found: Any = _parse(once)[0]
    for step in path:
        found = found[step]
    assert found == value and type(found) is type(value)
    assert _run(edit, text=once) == once
    for comment in ("# of the shop", "# kept", "# the first", "# half"):
        assert comment in once

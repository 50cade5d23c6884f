"""Files that are written: safe names, all or none, nothing overwritten. (That they read back: test_roundtrip.)"""

import re
from pathlib import Path

import pytest

from reconciler.core.errors import InvalidInput
from reconciler.loader import writing
from reconciler.loader.writing import slug, to_json, to_yaml, write_files
from reconciler.loader.yaml import parse_yaml


def test_texts_are_plain_only_where_nobody_could_mistake_them() -> None:
    spec = {"a": "Orders", "b": "on", "c": "0123", "d": "x: y", "e": "one\ntwo\n", "f": "", "g": [1, 1.5, None, True]}
    assert to_yaml("Folder", "orders", spec) == (
        "apiVersion: ggrec/v1\nkind: Folder\nmetadata:\n  name: orders\nspec:\n"
        '  a: Orders\n  b: "on"\n  c: "0123"\n  d: "x: y"\n  e: |\n    one\n    two\n  f: ""\n'
        "  g:\n  - 1\n  - 1.5\n  - null\n  - true\n"
    )


def test_a_text_that_yaml_would_spoil_is_written_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_NOT_IN_BLOCKS", re.compile("(?!)"))
    text = to_yaml("Folder", "orders", {"description": "one\u2028🚀\ntwo"})
    documents, problems = parse_yaml(text.encode(), "a.yaml")
    assert problems == []
    assert documents[0]["spec"] == {"description": "one\u2028🚀\ntwo"}


def test_json_is_sorted_and_readable() -> None:
    assert to_json({"b": ("ü", 1), "a": {}}) == '{\n  "a": {},\n  "b": [\n    "ü",\n    1\n  ]\n}\n'


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Order processing / 90th: %", "order-processing-90th"),
        ("../../etc/passwd", "etc-passwd"),
        ("Übersicht Café", "ubersicht-cafe"),
        ("🚀", "x"),
        ("", "x"),
        ("a" * 39 + " b", "a" * 39),
    ],
)
def test_names_of_files(title: str, name: str) -> None:
    assert slug(title, "x") == name


def test_nothing_is_overwritten_and_nothing_written_by_halves(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text("mine")
    with pytest.raises(InvalidInput) as caught:
        write_files(tmp_path, {"a.yaml": "x", "b.yaml": "y"})
    assert [item.subject for item in caught.value.diagnostics] == [str(tmp_path / "b.yaml")]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.yaml"]
    with pytest.raises(InvalidInput, match="nothing was written"):
        write_files(tmp_path, {"c/d.yaml": "x", "b.yaml/e.yaml": "y"})
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["b.yaml"]
    assert (tmp_path / "b.yaml").read_text() == "mine"
    assert write_files(tmp_path, {"n/é.yaml": "ü\n"}) == (tmp_path / "n/é.yaml",)
    assert (tmp_path / "n/é.yaml").read_bytes() == "ü\n".encode()

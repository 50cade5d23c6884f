"""What formatting promises, for any YAML: the same values, the same comments, nothing left to do the second time."""

import json
import re
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, event, given, settings

from reconciler.formatting.formatter import format_file, format_yaml
from reconciler.formatting.nodes import Collection
from reconciler.formatting.reading import comments_of, read
from reconciler.loader.writing import to_yaml
from reconciler.loader.yaml import parse_yaml
from tests.conftest import shared
from tests.formatting.texts import texts
from tests.loader.broken import cases

ROOT = Path(__file__).parents[2]
THOROUGH = settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))


def values(data: bytes) -> str:
    """The values of a file as one text: types count, the order of keys does not."""
    documents, problems = parse_yaml(data, "a.yaml")
    assert problems == []
    return json.dumps(documents, sort_keys=True)


def comments(text: str) -> list[str]:
    return [comment.text for comment in comments_of(text.replace("\r\n", "\n").replace("\r", "\n"))]


def check(data: bytes) -> str:
    """All promises for one valid file; the result is its formatted text."""
    text = data.decode("utf-8-sig")
    result = format_file(data, "a.yaml", parse_yaml)
    assert result.problems == (), text
    new = result.data.decode()
    assert values(result.data) == values(data)
    assert format_yaml(new) == new
    assert sorted(comments(new)) == sorted(comments(text))
    if "apiVersion" not in text:  # only documents with an envelope are reordered
        assert comments(new) == comments(text)
    for line in new.split("\n"):
        assert "\r" not in line
    assert new == "" or new.endswith("\n")
    return new


@THOROUGH
@given(texts())
def test_any_text(text: str) -> None:
    data = text.encode()
    _, problems = parse_yaml(data, "a.yaml")
    event("invalid" if problems else "valid")
    if problems:
        left = format_file(data, "a.yaml", parse_yaml)
        assert (left.data, left.problems) == (data, tuple(problems))
    else:
        check(data)


def _inputs() -> list[bytes]:
    """What the loader's tests read: valid and not."""
    found = [path.read_bytes() for path in sorted((ROOT / "tests").rglob("cases/*.yaml"))]
    return found + [text.encode() for name in ("yaml", "documents", "project") for case in cases(name)
                    for file, text in case.files.items() if not file.endswith(".json")]  # fmt: skip


def test_the_loaders_inputs() -> None:
    valid = 0
    for data in _inputs():
        documents, problems = parse_yaml(data, "a.yaml")
        result = format_file(data, "a.yaml", parse_yaml)
        if problems:
            assert (result.data, result.problems) == (data, tuple(problems))
        elif data.lstrip()[:1] not in {b"{", b"["} and documents:
            valid += 1
            check(data)
    assert valid > 60


def test_the_projects_own_files() -> None:
    files = [ROOT / "ggrec.yaml", *sorted((ROOT / "desired").rglob("*.yaml"))]
    assert len(files) > 5
    for path in files:
        check(path.read_bytes())


def test_the_corpus() -> None:
    done = 0
    for path in sorted(shared("corpus").glob("*.json")):
        if path.stat().st_size < 12_000:  # writing YAML takes PyYAML long
            check(to_yaml("Dashboard", "x", json.loads(path.read_text("utf-8"))).encode())
            done += 1
    assert done > 10


def _keys(node: Any) -> list[str]:
    assert isinstance(node, Collection)
    return [getattr(entry.key, "value", "") for entry in node.entries]


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(texts())
def test_only_known_places_are_reordered(text: str) -> None:
    """Without an envelope, every key stays where it was."""
    if parse_yaml(text.encode(), "a.yaml")[1] or re.search(r"apiVersion.*kind|kind.*apiVersion", text, re.DOTALL):
        return
    before, after = read(text.replace("\r\n", "\n")), read(format_yaml(text))
    kept = [document for document in before if document.root is not None]
    for old, new in zip(kept, [document for document in after if document.root is not None], strict=True):
        if isinstance(old.root, Collection) and old.root.mapping:
            assert _keys(new.root) == _keys(old.root)

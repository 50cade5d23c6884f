"""Every dashboard of the corpus, as people really publish them: apply, plan (empty), one mutation (exactly that
path), pull, plan (empty).
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.core.diff import Key
from tests.cli.command import PROJECT, Folder
from tests.conftest import shared

_SOURCES = """\
apiVersion: ggrec/v1
kind: Datasource
metadata: {name: anything}
spec: {type: prometheus, url: "http://127.0.0.1:9090"}
"""


def _name(path: Path) -> str:
    return path.stem[:31] + "-" + hashlib.sha256(path.stem.encode()).hexdigest()[:6]


@pytest.fixture
def corpus(project: Folder) -> dict[str, Any]:
    """The corpus as a project: one envelope a dashboard, inputs bound."""
    (project.path / "desired" / "all.yaml").unlink()
    project.write("desired/sources.yaml", _SOURCES)
    found: dict[str, Any] = {}
    for path in sorted(shared("corpus").glob("*.json")):
        name = _name(path)
        model = json.loads(path.read_text("utf-8"))
        found[name] = model
        project.write(f"desired/{name}.json", json.dumps(model, ensure_ascii=False))
        inputs = {item["name"]: "anything" for item in model.get("__inputs", []) if item["type"] == "datasource"}
        text = json.dumps(model)
        inputs |= {word: "anything" for word in _placeholders(text) if word not in inputs}
        spec = {"from": f"{name}.json", **({"inputs": inputs} if inputs else {})}
        envelope = {"apiVersion": "ggrec/v1", "kind": "Dashboard", "metadata": {"name": name}, "spec": spec}
        project.write(f"desired/{name}.yaml", json.dumps(envelope, indent=1))
    assert len(found) > 100
    return found


def _placeholders(text: str) -> set[str]:
    import re

    declared = set(re.findall(r'"name": "(DS_[A-Za-z0-9_-]+)", [^{}]*"type": "datasource"', text))
    return set(re.findall(r"\$\{(DS_[A-Za-z0-9_-]+)\}", text)) - declared


def test_corpus(project: Folder, sandbox: Any, corpus: dict[str, Any], tmp_path_factory: Any) -> None:
    valid = project.ggrec("validate")
    assert valid.code == 0, valid.out
    applied = project.ggrec("apply", "--auto-approve")
    assert applied.code == 0, applied.out + applied.err
    assert "came back different" not in applied.out
    assert project.ggrec("plan", "--detailed-exitcode").code == 0
    _mutations_show_exactly_their_path(project, corpus)
    _pull_is_exact(sandbox, tmp_path_factory.mktemp("pulled"), corpus)


def _mutations_show_exactly_their_path(project: Folder, corpus: dict[str, Any]) -> None:
    expected = {}
    for name, model in corpus.items():
        path = project.path / "desired" / f"{name}.json"
        leaves = [leaf for leaf in _leaves(model) if _counts(leaf)]
        chosen = leaves[int(hashlib.sha256(name.encode()).hexdigest(), 16) % len(leaves)]
        changed = json.loads(path.read_text("utf-8"))
        _change(changed, chosen)
        path.write_text(json.dumps(changed, ensure_ascii=False), "utf-8")
        expected[f"dashboard.{name}"] = chosen
    plan = project.ggrec("plan", "--json").json
    assert {change["address"] for change in plan["changes"]} == set(expected)
    for change in plan["changes"]:
        assert change["action"] == "update"
        paths = {tuple(_plain(edit["steps"])) for edit in change["edits"]}  # a tag goes and one comes at one path
        wanted = [step for step in expected[change["address"]] if not isinstance(step, int)]
        assert paths == {("dashboard", *wanted)}, (change["address"], expected[change["address"]], change["edits"])


def _plain(steps: list[Any]) -> list[Any]:
    return [step for step in steps if isinstance(step, str)]


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(item, (*path, key))
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from _leaves(item, (*path, index))
    else:
        yield path


def _counts(path: tuple[Any, ...]) -> bool:
    """Not what is the server's or the envelope's; not what identifies a list's item (that is another item then)."""
    identities = {"id", "refId", "name", "title", "uid"}
    return path[0] not in {"__inputs", "__requires", "__elements", "id", "uid", "version", "iteration"} and not (
        len(path) > 1 and path[-1] in identities
    ) and "libraryPanel" not in path  # fmt: skip


def _change(model: Any, path: tuple[Any, ...]) -> None:
    here = model
    for step in path[:-1]:
        here = here[step]
    old = here[path[-1]]
    here[path[-1]] = not old if isinstance(old, bool) else old + 1 if isinstance(old, int | float) else f"{old} changed"


def _pull_is_exact(sandbox: Any, folder: Path, corpus: dict[str, Any]) -> None:
    other = Folder(folder)
    other.write("ggrec.yaml", PROJECT.format(url=sandbox.url))
    pulled = other.ggrec("pull")
    assert pulled.code == 0, pulled.out + pulled.err
    before = len(sandbox.requests)
    plan = other.ggrec("plan", "--json").json
    assert plan["changes"] == []
    assert plan["drift"] == []
    assert plan["compared"] == len(corpus) + 2, "and a datasource, and the contact point of every organisation"
    assert {request.method for request in sandbox.requests[before:]} == {"GET"}
    for uid in corpus:
        rendered = json.loads(other.ggrec("render", f"dashboard.{uid}").out) if uid[0] < "c" else None
        if rendered is not None:
            assert {k: v for k, v in rendered.items() if k != "uid"} == sandbox.world.orgs[1].dashboards[uid]["body"]


def test_an_identity_step_is_no_plain_step() -> None:
    assert _plain(["panels", {"id": 3}, "title"]) == ["panels", "title"]
    assert Key("id", 3) == Key("id", 3, "another label")

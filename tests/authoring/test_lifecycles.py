"""`kind: Lifecycle`: what holds for a folder of files and below, and what a document says over it."""

from pathlib import Path

from reconciler.core.resource import Lifecycle, OnDrift
from tests.authoring.authoring_cases import line, resolved

_HEAD = "apiVersion: ggrec/v1\nkind: {}\nmetadata: {{name: {}{}}}\nspec: {}\n"


def lifecycle(name: str, spec: str) -> str:
    return _HEAD.format("Lifecycle", name, "", spec)


def folder(name: str, own: str = "") -> str:
    return _HEAD.format("Folder", name, f", lifecycle: {own}" if own else "", "{title: " + name + "}")


def found(tmp_path: Path, files: dict[str, str]) -> dict[str, Lifecycle]:
    result = resolved(tmp_path, files, {})
    assert not result.diagnostics, [line(item) for item in result.diagnostics]
    return {resource.address.name: resource.lifecycle for resource in result.resources}


def test_the_nearest_wins_and_what_is_ignored_adds_up(tmp_path: Path) -> None:
    lifecycles = found(
        tmp_path,
        {
            "all.yaml": lifecycle("all", "{on_drift: merge, ignore_changes: [description]}"),
            "ops/here.yaml": lifecycle("ops", "{on_drift: fail, ui_state: false, ignore_changes: [title]}"),
            "ops/a.yaml": folder("a"),
            "ops/below/b.yaml": folder("b", "{on_drift: keep, ignore_changes: [parent, title]}"),
            "opsy/c.yaml": folder("c"),
        },
    )
    assert lifecycles["a"] == Lifecycle(False, ("description", "title"), False, OnDrift.FAIL, False)
    assert lifecycles["b"] == Lifecycle(False, ("description", "title", "parent"), False, OnDrift.KEEP, False)
    assert lifecycles["c"] == Lifecycle(False, ("description",), False, OnDrift.MERGE, True)


def test_it_may_be_for_some_kinds_only(tmp_path: Path) -> None:
    files = {"all.yaml": lifecycle("all", "{kinds: [Dashboard], on_drift: fail}"), "a.yaml": folder("a")}
    assert found(tmp_path, files)["a"] == Lifecycle()

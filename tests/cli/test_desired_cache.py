"""What comes out of the cache is exactly what the files say: cold, warm, damaged, and after any edit."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.authoring import resolve
from reconciler.cli import desired as reading
from reconciler.core.json import canonical_bytes, digest, digest_bytes
from reconciler.core.lazy import Lazy
from reconciler.loader import files, stamps
from reconciler.loader.models import ProjectModel
from tests.authoring.authoring_cases import cases as authoring_cases
from tests.cli.cached import BOARD, CONTENTS, FROM, bodies, cached, edit, of, opened, straight
from tests.cli.command import DESIRED, PROJECT, Folder
from tests.loader.broken import cases as broken_cases
from tests.loader.broken import write

INSTALLED = reading._installed


@pytest.fixture(autouse=True)
def nothing_is_installed_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """The checkout's folder is on the path of these tests, and other tests leave things in it at any moment."""
    monkeypatch.setattr(reading, "_installed", lambda: ["as it was"])


def test_what_is_installed_meanwhile_may_read_files_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def told() -> list[str]:
        with monkeypatch.context() as only:
            only.setattr(sys, "path", [str(tmp_path / "packages")])
            return INSTALLED()

    monkeypatch.setattr(reading, "_installed", told)
    (tmp_path / "packages").mkdir()
    write(tmp_path / "d", {name: texts[0] for name, texts in CONTENTS.items()})
    assert [cached(tmp_path)[1], cached(tmp_path)[1]] == [False, True]
    os.utime(tmp_path / "packages", ns=(1, 1))
    assert [cached(tmp_path)[1], cached(tmp_path)[1]] == [False, True]


@pytest.mark.parametrize("case", authoring_cases("*.yaml"), ids=str)
def test_cases_of_authoring_cold_and_warm(case: Any, tmp_path: Path) -> None:
    write(tmp_path / "d", case.files)
    said = straight(of(tmp_path, case.values))
    assert cached(tmp_path, case.values) == (said, False)
    assert cached(tmp_path, case.values) == (said, not said.errors)


@pytest.mark.parametrize(
    "case", [case for name in ("yaml", "json", "documents") for case in broken_cases(name)], ids=str
)
def test_cases_of_the_loader_cold_and_warm(case: Any, tmp_path: Path) -> None:
    write(tmp_path / "d", case.files)
    said = straight(of(tmp_path))
    assert said.errors
    assert cached(tmp_path) == (said, False)
    assert cached(tmp_path) == (said, False)


EDITS = st.one_of(
    st.tuples(st.sampled_from(sorted(CONTENTS)), st.integers(-1, 2)),  # -1: deleted
    st.tuples(st.just("moved"), st.integers(0, 1)),
    st.tuples(st.just("values"), st.integers(0, 1)),
)


@pytest.fixture(params=["by stat", "by bytes"])
def trusted(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once with every stamp trusted, once with none: files that were written just now are not."""
    if request.param == "by stat":
        monkeypatch.setattr(stamps, "_TICK", -(10**15))


@pytest.mark.usefixtures("trusted")
def test_any_edits_come_out_as_without_the_cache() -> None:
    @settings(max_examples=25, deadline=None)
    @given(st.lists(EDITS, min_size=1, max_size=6))
    def run(edits: list[tuple[str, int]]) -> None:
        folder = Path(tempfile.mkdtemp(prefix="ggrec-"))
        try:
            values = {"t": "Value"}
            for name in CONTENTS:
                edit(folder / "d", name, 0, 1) if (folder / "d").mkdir(exist_ok=True) is None else None
            for number, (name, choice) in enumerate([("values", 0), *edits]):
                if name == "values":
                    values = {"t": ("Value", "Other")[choice]}
                else:
                    edit(folder / "d", name, choice, 10**18 + number)
                said = straight(of(folder, values))
                assert cached(folder, values)[0] == said
                assert cached(folder, values) == (said, not said.errors)
        finally:
            shutil.rmtree(folder)

    run()


@pytest.mark.usefixtures("trusted")
def test_only_what_changed_is_read_and_expanded_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    expanded: list[str] = []
    stamped, expand = files.read_stamped, resolve.expand_dashboard

    def seen(path: str) -> Any:
        read.append(Path(path).name)
        return stamped(path)

    def known(*arguments: Any, **more: Any) -> Any:
        expanded.append(more["problems"].document.name)
        return expand(*arguments, **more)

    monkeypatch.setattr(files, "read_stamped", seen)
    monkeypatch.setattr(resolve, "expand_dashboard", known)
    for number in range(12):  # so often that the bodies are written into one pack again
        edit(root / "d", "a.yaml", (number + 1) % 2, 10**18 + number)
        read.clear()
        expanded.clear()
        state = of(root).state
        assert (read, expanded) == (["a.yaml", "t.yaml"], ["a"]), number
        assert opened(state) == straight(of(root))
        assert 1 <= len(bodies(root)) <= 9
    edit(root / "d", "sub/t.yaml", 1, 10**18 + 99)
    expanded.clear()
    state = of(root).state
    assert set(expanded) == {"a", "all", "b", "exported"}
    assert opened(state) == straight(of(root))


@pytest.mark.parametrize("number", [1, 2])
def test_what_all_dashboards_go_by_may_come_in_the_place_of_one(root: Path, number: int) -> None:
    edit(root / "d", "all.yaml", number, 5)
    said = straight(of(root))
    assert cached(root) == (said, False)
    assert cached(root) == (said, True)


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    write(tmp_path / "d", {name: texts[0] for name, texts in CONTENTS.items()})
    assert cached(tmp_path)[1] is False
    yield tmp_path


def test_git_does_not_see_the_cache(root: Path) -> None:
    assert (root / ".ggrec" / ".gitignore").read_text() == "*\n"


def test_looking_at_titles_and_digests_loads_nothing(root: Path) -> None:
    board = next(item for item in of(root).state.resources if str(item.address) == "dashboard.a")
    for pack in bodies(root):
        pack.unlink()
    body = board.attributes["dashboard"]
    assert isinstance(body, Lazy)
    assert body["title"] == "One"
    assert "panels" in body
    assert body.get("absent") is None
    said = next(item for item in straight(of(root)).resources if item.address == board.address)
    assert digest(board.attributes) == digest_bytes(canonical_bytes(said.attributes))


def test_what_a_command_prints_is_never_kept(tmp_path: Path) -> None:
    (tmp_path / "print").write_text('#!/bin/sh\ncat "$(dirname "$0")/n"\n')
    (tmp_path / "print").chmod(0o700)
    (tmp_path / "n").write_text('{"title": "One", "panels": []}')
    program = str(tmp_path / "print")
    board = f"apiVersion: ggrec/v1\nkind: Dashboard\nmetadata: {{name: d}}\nspec: {{from: {{command: [{program}]}}}}\n"
    write(tmp_path / "d", {"a.yaml": board})
    model = ProjectModel(commands=[program])

    def title() -> Any:
        (found,) = opened(of(tmp_path, model=model).state).resources
        body: Any = found.attributes["dashboard"]
        return body["title"]

    assert title() == "One"
    (tmp_path / "n").write_text('{"title": "Two", "panels": []}')
    assert title() == "Two"


def test_a_link_that_leads_elsewhere_now_is_seen(tmp_path: Path) -> None:
    write(tmp_path, {"one/x.json": '{"title": "One", "panels": []}', "two/x.json": '{"title": "Two", "panels": []}'})
    (tmp_path / "link").symlink_to("one")
    write(tmp_path / "d", {"a.yaml": FROM.replace("exported.json", "../link/x.json")})
    assert cached(tmp_path)[0] == straight(of(tmp_path))
    (tmp_path / "link").unlink()
    (tmp_path / "link").symlink_to("two")
    assert cached(tmp_path) == (straight(of(tmp_path)), False)


def test_a_folder_that_cannot_be_written_is_no_failure(tmp_path: Path) -> None:
    write(tmp_path / "d", {name: texts[0] for name, texts in CONTENTS.items()})
    (tmp_path / ".ggrec").write_text("a file is in the way")
    assert cached(tmp_path) == (straight(of(tmp_path)), False)


def test_commands_say_the_same_from_the_cache(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.write("ggrec.yaml", PROJECT.format(url="http://127.0.0.1:1"))
    folder.write("desired/a.yaml", DESIRED)
    for command in (("validate",), ("validate", "--json"), ("render", "dashboard.orders")):
        first = folder.ggrec(*command)
        assert first.code == 0
        assert folder.ggrec(*command) == first
        shutil.rmtree(tmp_path / ".ggrec")
        assert folder.ggrec(*command) == first


def test_after_many_edits_of_many_files_nothing_is_expanded_again(tmp_path: Path) -> None:
    """Each edit makes a pack; before they are too many, all bodies go into one, those of older packs too."""
    for number in range(20):
        name = f"board-{number}"
        (tmp_path / "d").mkdir(exist_ok=True)
        path = tmp_path / "d" / f"{name}.yaml"
        path.write_text(BOARD.format(name=name, title=name, use="[]", long="x" * 2000).replace(", use: []", ""))
        os.utime(path, ns=(10**18 + number, 10**18 + number))
        said = straight(of(tmp_path))
        assert cached(tmp_path) == (said, False)
        assert cached(tmp_path) == (said, True), number
        assert 1 <= len(bodies(tmp_path)) <= 16

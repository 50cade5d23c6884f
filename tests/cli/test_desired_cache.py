"""What comes out of the cache is exactly what the files say: cold, warm, damaged, and after any edit."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.authoring import resolve
from reconciler.cli import desired as reading
from reconciler.cli.desired import Desired, state_of
from reconciler.core.desired import DesiredState
from reconciler.core.errors import InvalidInput
from reconciler.core.json import canonical_bytes, digest, digest_bytes
from reconciler.core.lazy import Lazy, whole
from reconciler.core.source import MarkedDict
from reconciler.grafana.secrets import SecretResolver
from reconciler.loader import files, stamps
from reconciler.loader.models import ProjectModel
from reconciler.loader.project import Project
from tests.authoring.authoring_cases import REGISTRY
from tests.authoring.authoring_cases import cases as authoring_cases
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


def of(root: Path, values: Mapping[str, Any] | None = None, model: ProjectModel | None = None) -> Desired:
    """A command's view of a project whose desired folder is `d`."""
    project = Project("test", root, root / "d", model or ProjectModel(), MarkedDict())
    return Desired(project, values or {}, lambda: REGISTRY, lambda: SecretResolver({}, root))


def opened(state: DesiredState) -> DesiredState:
    """With every body loaded."""
    made = tuple(replace(item, attributes=dict(whole(item.attributes))) for item in state.resources)
    return replace(state, resources=made)


def straight(desired: Desired) -> DesiredState:
    """What the files say, without the cache."""
    return state_of(*desired.read())


def cached(root: Path, values: Mapping[str, Any] | None = None) -> tuple[DesiredState, bool]:
    """What a command gets, and whether the files were not expanded for it."""
    desired = of(root, values)
    reads = 0
    read = desired.read

    def counted(*arguments: Any) -> Any:
        nonlocal reads
        reads += 1
        return read(*arguments)

    desired.read = counted  # type: ignore[method-assign]
    found = opened(desired.state)
    return found, reads == 0


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


BOARD = """\
apiVersion: ggrec/v1
kind: Dashboard
metadata: {{name: {name}}}
spec:
  title: {title}
  panels:
    - {{title: Rate, type: stat, use: {use}, description: "{long}"}}
"""
TEMPLATE = "apiVersion: ggrec/v1\nkind: Template\nmetadata: {{name: block}}\nspec: {{panel: {{unit: {unit}}}}}\n"
FROM = "apiVersion: ggrec/v1\nkind: Dashboard\nmetadata: {name: exported}\nspec: {from: exported.json}\n"
CONTENTS: dict[str, tuple[str, ...]] = {
    "a.yaml": tuple(
        BOARD.format(name="a", title=title, use="block", long="x" * 2000) for title in ("One", "Two", "${values.t}")
    ),
    "b.yaml": tuple(BOARD.format(name=name, title="Other", use="block", long="y" * 2000) for name in ("b", "c", "a")),
    "sub/t.yaml": (TEMPLATE.format(unit="ms"), TEMPLATE.format(unit="kB"), "nothing: [\n"),
    "all.yaml": (  # a dashboard may make room for what all of them go by
        BOARD.format(name="all", title="All", use="block", long="z" * 2000),
        "apiVersion: ggrec/v1\nkind: Defaults\nmetadata: {name: all}\nspec: {dashboard: {timezone: utc}}\n",
        "apiVersion: ggrec/v1\nkind: Lifecycle\nmetadata: {name: all}\nspec: {on_drift: keep}\n",
    ),
    "e.yaml": (FROM, FROM.replace("name: exported", "name: exports_")),
    "exported.json": (
        '{"title": "Here", "panels": [{"type": "text"}]}',
        '{"title": "Gone", "panels": []}',
        '{"title": "${values.t}"}',
    ),
}
EDITS = st.one_of(
    st.tuples(st.sampled_from(sorted(CONTENTS)), st.integers(-1, 2)),  # -1: deleted
    st.tuples(st.just("moved"), st.integers(0, 1)),
    st.tuples(st.just("values"), st.integers(0, 1)),
)


def edit(folder: Path, name: str, number: int, moment: int) -> None:
    """Write, delete or move a file of the desired folder; each edit at a time of its own."""
    if name == "moved":
        old, new = folder / f"{'xb'[number]}.yaml", folder / f"{'bx'[number]}.yaml"
        if old.exists():
            old.rename(new)
        return
    path = folder / name
    if number < 0:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(exist_ok=True)
    path.write_text(CONTENTS[name][number % len(CONTENTS[name])])
    os.utime(path, ns=(moment, moment))


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


def bodies(root: Path) -> list[Path]:
    return sorted((root / ".ggrec" / "cache").rglob("*.pack"))


def index(root: Path) -> Path:
    (found,) = (root / ".ggrec" / "cache").rglob("index")
    return found


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    write(tmp_path / "d", {name: texts[0] for name, texts in CONTENTS.items()})
    assert cached(tmp_path)[1] is False
    yield tmp_path


def test_git_does_not_see_the_cache(root: Path) -> None:
    assert (root / ".ggrec" / ".gitignore").read_text() == "*\n"


@pytest.mark.parametrize("at", [0, 40, -2])
def test_a_damaged_index_is_not_there(root: Path, at: int) -> None:
    data = bytearray(index(root).read_bytes())
    data[at] ^= 1
    index(root).write_bytes(bytes(data))
    assert cached(root) == (straight(of(root)), False)


@pytest.mark.parametrize("how", ["flipped", "cut", "gone"])
def test_a_damaged_body_is_made_again(root: Path, how: str) -> None:
    (pack,) = bodies(root)
    desired = of(root)
    state = desired.state
    data = bytearray(pack.read_bytes())
    data[len(data) // 2] ^= 255
    {"flipped": lambda: pack.write_bytes(bytes(data)), "cut": lambda: pack.write_bytes(b""), "gone": pack.unlink}[how]()
    assert opened(state) == straight(of(root))


def test_a_body_that_is_gone_and_whose_file_is_another_now_is_an_error(root: Path) -> None:
    state = of(root).state
    bodies(root)[0].unlink()
    edit(root / "d", "a.yaml", 1, 2)
    with pytest.raises(InvalidInput, match="changed while ggrec was reading"):
        opened(state)


def test_two_processes_may_write_at_once(root: Path) -> None:
    first, second = of(root), of(root)
    index(root).unlink()
    a, b = first.state, second.state
    edit(root / "d", "a.yaml", 1, 3)
    c = of(root).state  # its packs take the place of the others'
    edit(root / "d", "a.yaml", 0, 4)
    assert opened(a) == opened(b) == straight(of(root))
    assert opened(c) != opened(a)


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

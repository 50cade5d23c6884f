"""Folders of files: what is read, in which order, with which places; what cannot be looked at is never passed over."""

import json
import os
from pathlib import Path

import pytest

from reconciler.core.resource import Document
from reconciler.core.source import Mark, mark_at
from reconciler.loader.documents import Loaded, load_documents
from reconciler.loader.stamps import read_stamped
from tests.loader.broken import line, write


def folder(name: str, spec: str = "{title: x}") -> str:
    """A document of a folder."""
    return f"apiVersion: ggrec/v1\nkind: Folder\nmetadata: {{name: {name}}}\nspec: {spec}\n"


def dashboard(name: str, source: str) -> str:
    """A document of a dashboard from a file."""
    return f"apiVersion: ggrec/v1\nkind: Dashboard\nmetadata: {{name: {name}}}\nspec:\n  from: {source}\n"


def says(loaded: Loaded) -> list[str]:
    return [line(item) for item in loaded.diagnostics]


def names(loaded: Loaded) -> list[str]:
    return [document.name for document in loaded.documents]


def only(loaded: Loaded) -> Document:
    assert says(loaded) == []
    [document] = loaded.documents
    return document


def test_a_tree_is_read_in_order(tmp_path: Path) -> None:
    files = {
        "desired/b.yaml": folder("b1") + "---\n" + folder("b2"),
        "desired/a/z.YML": folder("az"),
        "desired/a.yaml": folder("a"),
        "desired/a-b/c d/ü.yml": folder("u"),
        "desired/.hidden/x.yaml": "{",
        "desired/.x.yaml": "{",
        "desired/README.md": "{",
        "desired/empty.yaml": "# later\n",
        "other.yaml": "{",
    }
    write(tmp_path, files)
    loaded = load_documents(tmp_path / "desired", root=tmp_path)
    assert says(loaded) == []
    assert names(loaded) == ["u", "a", "az", "b1", "b2"]
    assert [str(document.mark) for document in loaded.documents] == [
        "desired/a-b/c d/ü.yml:1:1",
        "desired/a.yaml:1:1",
        "desired/a/z.YML:1:1",
        "desired/b.yaml:1:1",
        "desired/b.yaml:6:1",
    ]
    assert loaded.files == (
        "desired/a/z.YML",
        "desired/a-b/c d/ü.yml",
        "desired/a.yaml",
        "desired/b.yaml",
        "desired/empty.yaml",
    )


def test_a_document_keeps_its_places(tmp_path: Path) -> None:
    write(tmp_path, {"desired/x.yaml": "\n" + folder("a", "\n  title: One")})
    document = only(load_documents(tmp_path / "desired"))
    assert (document.kind, document.name, document.body, document.manifest) == ("Folder", "a", None, False)
    assert mark_at(document.spec, ("title",)) == Mark("desired/x.yaml", 6, 10)
    assert mark_at(document.metadata, ("name",)) == Mark("desired/x.yaml", 4, 18)


@pytest.mark.parametrize("make", [lambda path: None, Path.mkdir, lambda path: path.write_text("")])
def test_an_absent_or_empty_folder_is_an_error(tmp_path: Path, make: object) -> None:
    assert callable(make)
    make(tmp_path / "desired")
    what = "holds no documents" if (tmp_path / "desired").is_dir() else "is not a folder"
    assert says(load_documents(tmp_path / "desired", root=tmp_path)) == [
        f"desired empty-desired: the desired folder {what} | an empty desired state is never taken for "
        "'delete everything': that is `ggrec destroy`"
    ]


def test_bodies_are_found_from_the_file_that_names_them(tmp_path: Path) -> None:
    files = {
        "desired/a/a.yaml": dashboard("a", "../bodies/x.json") + "---\n" + dashboard("b", "y.JSON"),
        "desired/b.yaml": dashboard("c", "bodies/x.json") + "---\n" + dashboard("d", "../outside/z.json"),
        "desired/bodies/x.json": '{"title": "X", "panels": [{"id": 1}]}',
        "desired/a/y.JSON": '{"title": "Y"}',
        "outside/z.json": '{"title": "Z"}',
    }
    write(tmp_path, files)
    loaded = load_documents(tmp_path / "desired", root=tmp_path)
    assert says(loaded) == []
    bodies = {document.name: document.body for document in loaded.documents}
    assert bodies["a"] == bodies["c"] == {"title": "X", "panels": [{"id": 1}]}
    assert (bodies["b"], bodies["d"]) == ({"title": "Y"}, {"title": "Z"})
    assert bodies["d"] is not None and bodies["d"].mark == Mark("outside/z.json", 1, 1)


MANIFEST = {
    "apiVersion": "dashboard.grafana.app/v1beta1",
    "kind": "Dashboard",
    "metadata": {"name": "orders", "labels": {"x": "y"}, "annotations": {"grafana.app/folder": "ops"}},
    "spec": {"title": "Orders 🚀", "from": "now", "panels": []},
}


@pytest.mark.parametrize("version", ["v0alpha1", "v1beta1", "v1"])
@pytest.mark.parametrize("name", ["m.json", "m.yaml"])
def test_manifests_of_grafana(tmp_path: Path, name: str, version: str) -> None:
    text = json.dumps({**MANIFEST, "apiVersion": f"dashboard.grafana.app/{version}"}, indent=1)
    write(tmp_path, {name: text})
    document = only(load_documents(tmp_path, root=tmp_path))
    assert (document.kind, document.name, document.manifest) == ("Dashboard", "orders", True)
    assert document.spec == {"folder": "ops"}
    assert document.metadata == {"name": "orders"}
    assert document.body == MANIFEST["spec"]
    assert mark_at(document.spec, ("folder",)) == Mark(name, 10, 26)
    assert mark_at(document.body, ("title",)) == Mark(name, 14, 12)


@pytest.mark.parametrize("annotations", [{}, {"grafana.app/folder": ""}, None])
def test_a_manifest_without_a_folder_lies_in_the_root(tmp_path: Path, annotations: object) -> None:
    write(tmp_path, {"m.json": json.dumps({**MANIFEST, "metadata": {"name": "m", "annotations": annotations}})})
    assert only(load_documents(tmp_path, root=tmp_path)).spec == {}


def test_a_manifest_that_is_a_body_is_no_document(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": dashboard("a", "m.json"), "m.json": json.dumps(MANIFEST)})
    document = only(load_documents(tmp_path, root=tmp_path))
    assert (document.name, document.manifest, document.body) == ("a", False, MANIFEST)


def test_a_document_may_be_written_as_json(tmp_path: Path) -> None:
    spec = {"from": "b.json", "tags": ["x"]}
    envelope = {"apiVersion": "ggrec/v1", "kind": "Dashboard", "metadata": {"name": "a"}, "spec": spec}
    write(tmp_path, {"a.json": json.dumps(envelope), "b.json": '{"title": "B"}'})
    document = only(load_documents(tmp_path, root=tmp_path))
    assert (document.spec, document.body) == (spec, {"title": "B"})


def test_links_inside_the_project_are_followed(tmp_path: Path) -> None:
    write(tmp_path, {"shared/teams/t.yaml": folder("t"), "desired/a.yaml": folder("a"), "one.txt": folder("one")})
    (tmp_path / "desired/linked").symlink_to("../shared/teams")
    (tmp_path / "desired/one.yaml").symlink_to(tmp_path / "one.txt")
    loaded = load_documents(tmp_path / "desired", root=tmp_path)
    assert says(loaded) == []
    assert loaded.files == ("desired/a.yaml", "desired/linked/t.yaml", "desired/one.yaml")
    assert names(loaded) == ["a", "t", "one"]


def test_links_that_lead_out_round_or_nowhere_are_errors(tmp_path: Path) -> None:
    write(tmp_path, {"project/desired/a.yaml": folder("a"), "secret/x.yaml": folder("x")})
    desired = tmp_path / "project/desired"
    (desired / "out").symlink_to(tmp_path / "secret")
    (desired / "out.yaml").symlink_to(tmp_path / "secret/x.yaml")
    (desired / "round").symlink_to("..")
    (desired / "self.yaml").symlink_to("self.yaml")
    (desired / "self").symlink_to("self")
    (desired / "gone.yaml").symlink_to("nothing.yaml")
    (desired / "gone.md").symlink_to("nothing.md")
    (desired / "through.yaml").symlink_to("a.yaml/b.yaml")
    loaded = load_documents(desired, root=tmp_path / "project")
    nowhere = "broken-link: a link that leads nowhere | remove it, or mend what it points to"
    outside = "outside-project: a link to a place outside the project | copy what it points to"
    assert says(loaded) == [
        f"desired/gone.yaml:1:1 {nowhere}",
        f"desired/out:1:1 {outside}",
        f"desired/out.yaml:1:1 {outside}",
        "desired/round/desired:1:1 link-loop: a link to a folder that it is in itself | remove it",
        f"desired/self:1:1 {nowhere}",
        f"desired/self.yaml:1:1 {nowhere}",
        f"desired/through.yaml:1:1 {nowhere}",
    ]
    assert names(loaded) == ["a"]


def test_a_body_behind_a_link_that_leads_out_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, {"project/d/a.yaml": dashboard("a", "b.json"), "secret.json": "{}"})
    (tmp_path / "project/d/b.json").symlink_to(tmp_path / "secret.json")
    assert says(load_documents(tmp_path / "project/d", root=tmp_path / "project")) == [
        "d/a.yaml:5:9 from-outside: 'b.json' lies outside the project | copy it into the project",
        "d/b.json:1:1 outside-project: a link to a place outside the project | copy what it points to",
    ]


def test_pipes_are_not_waited_for(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": folder("a")})
    os.mkfifo(tmp_path / "p.yaml")
    assert says(load_documents(tmp_path, root=tmp_path)) == [
        "p.yaml:1:1 unreadable-file: is not a regular file | only files can be read"
    ]


def test_what_cannot_be_read_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"a.yaml": folder("a"), "locked.yaml": folder("b"), "sub/c.yaml": folder("c")})
    scandir = os.scandir

    def scan(path: Path) -> object:
        if path.name == "sub":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    def read(path: str) -> object:
        if path.endswith("locked.yaml"):
            raise PermissionError(13, "Permission denied")
        return read_stamped(path)

    monkeypatch.setattr(os, "scandir", scan)
    monkeypatch.setattr("reconciler.loader.files.read_stamped", read)
    loaded = load_documents(tmp_path, root=tmp_path)
    assert says(loaded) == [
        "locked.yaml:1:1 unreadable-file: cannot be read: Permission denied | check the file and its permissions",
        "sub:1:1 unreadable-folder: the folder cannot be read: Permission denied | "
        "what is in it would count as deleted",
    ]
    assert names(loaded) == ["a"]


def test_names_that_no_terminal_should_see(tmp_path: Path) -> None:
    write(tmp_path, {"a\nb\x1b[31m.yaml": "a: b: c"})
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.yaml")).write_text(folder("latin"))
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    loaded = load_documents(tmp_path, root=tmp_path)
    assert loaded.files == (r"a\nb\x1b[31m.yaml", r"\xff.yaml")
    assert [str(item.where) for item in loaded.diagnostics] == [r"a\nb\x1b[31m.yaml:1:5"]
    assert names(loaded) == ["latin"]
    "".join(loaded.files).encode()


def test_bodies_beside_files_of_odd_names(tmp_path: Path) -> None:
    write(tmp_path, {"a\nb/x.yaml": dashboard("a", "'b c.json'"), "a\nb/b c.json": '{"title": "B"}'})
    assert only(load_documents(tmp_path, root=tmp_path)).body == {"title": "B"}


def test_a_desired_folder_outside_of_the_root_is_its_own_world(tmp_path: Path) -> None:
    write(tmp_path, {"d/a.yaml": dashboard("a", "b.json"), "d/b.json": "{}", "d/c.yaml": dashboard("c", "../e.json")})
    (tmp_path / "root").mkdir()
    loaded = load_documents(tmp_path / "d", root=tmp_path / "root")
    assert [item.code for item in loaded.diagnostics] == ["from-outside"]
    assert {document.name: document.body for document in loaded.documents} == {"a": {}, "c": None}


def test_a_folder_named_from_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"p/desired/a.yaml": folder("a")})
    monkeypatch.chdir(tmp_path / "p")
    assert load_documents(Path("desired")).files == ("desired/a.yaml",)
    assert load_documents(Path("desired"), root=Path()).files == ("desired/a.yaml",)
    (tmp_path / "link").symlink_to(tmp_path / "p")
    assert load_documents(tmp_path / "link/desired", root=tmp_path / "link").files == ("desired/a.yaml",)

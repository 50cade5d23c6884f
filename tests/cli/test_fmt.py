"""`ggrec fmt`: which files it takes, what it writes and what it leaves alone."""

import io
import os
import sys
from pathlib import Path

import pytest

from tests.cli.command import Folder

UGLY = 'apiVersion: ggrec/v1\nkind: Folder\nmetadata: {name:   "ops"}  \n# why\nspec: { title: Operations }\n'
NEAT = "apiVersion: ggrec/v1\nkind: Folder\nmetadata: {name: ops}\n# why\nspec: {title: Operations}\n"
BROKEN = "a: 1\na: 2\n"
PROJECT = "apiVersion: ggrec/v1\nkind: Project\nmetadata: {name: 'test'}\nspec: {desired: wanted/}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path)
    made.write("ggrec.yaml", PROJECT)
    made.write("wanted/a.yaml", UGLY)
    made.write("wanted/deep/b.yml", NEAT)
    made.write("wanted/c.json", '{"a":  1}')
    made.write("other/d.yaml", UGLY)
    return made


def test_the_project(folder: Folder) -> None:
    untouched = (folder.path / "wanted/deep/b.yml").stat()
    ended = folder.ggrec("fmt")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines() == [
        "formatted ggrec.yaml",
        "formatted wanted/a.yaml",
        "2 files formatted, 1 file in style already.",
    ]
    assert (folder.path / "wanted/a.yaml").read_bytes() == NEAT.encode()
    assert (folder.path / "ggrec.yaml").read_text() == PROJECT.replace("'", "")
    assert (folder.path / "wanted/c.json").read_text() == '{"a":  1}'
    assert (folder.path / "other/d.yaml").read_text() == UGLY
    after = (folder.path / "wanted/deep/b.yml").stat()
    assert (after.st_mtime_ns, after.st_ino) == (untouched.st_mtime_ns, untouched.st_ino)
    assert folder.ggrec("fmt").out == "3 files in style already.\n"
    assert {path.name for path in folder.path.rglob(".*")} == {
        ".ggrec",
        ".gitignore",
    }  # the cache


def test_check_writes_nothing(folder: Folder) -> None:
    ended = folder.ggrec("fmt", "--check")
    assert ended.code == 1
    assert "would format wanted/a.yaml" in ended.out
    assert "2 files would be formatted" in ended.out
    assert (folder.path / "wanted/a.yaml").read_text() == UGLY
    folder.ggrec("fmt")
    assert folder.ggrec("fmt", "--check").code == 0


def test_diff_writes_nothing(folder: Folder) -> None:
    ended = folder.ggrec("fmt", "--diff", "wanted/a.yaml")
    assert ended.code == 1
    lines = ended.out.splitlines()
    assert lines[:2] == ["--- wanted/a.yaml", "+++ wanted/a.yaml (formatted)"]
    assert '-metadata: {name:   "ops"}' in lines
    assert "+metadata: {name: ops}" in lines
    assert " # why" in lines
    assert (folder.path / "wanted/a.yaml").read_text() == UGLY
    assert folder.ggrec("fmt", "--diff", "wanted/deep").code == 0


def test_named_files_and_folders(folder: Folder) -> None:
    ended = folder.ggrec("fmt", "other", "wanted/a.yaml", "other/d.yaml")
    assert ended.code == 0
    assert ended.out.splitlines()[-1] == "2 files formatted."
    assert (folder.path / "ggrec.yaml").read_text() == PROJECT


def test_errors_leave_the_file_alone_and_no_other(folder: Folder) -> None:
    folder.write("wanted/broken.yaml", BROKEN)
    ended = folder.ggrec("fmt")
    assert ended.code == 1
    assert "wanted/broken.yaml:2:1: 'a' stands twice in this mapping" in ended.err
    assert "2 files formatted, 1 file in style already, 1 file left alone." in ended.out
    assert (folder.path / "wanted/broken.yaml").read_text() == BROKEN
    assert (folder.path / "wanted/a.yaml").read_text() == NEAT


def test_what_is_no_yaml_file(folder: Folder) -> None:
    ended = folder.ggrec("fmt", "wanted/c.json", "nowhere.yaml", "wanted/a.yaml")
    assert ended.code == 1
    assert "wanted/c.json:1:1: is JSON" in ended.err
    assert "nowhere.yaml:1:1: does not exist" in ended.err
    assert (folder.path / "wanted/a.yaml").read_text() == NEAT


def test_modes_links_and_line_ends_of_others(folder: Folder) -> None:
    real = folder.write("shared/real.yaml", "")
    real.write_bytes(b"\xef\xbb\xbf" + UGLY.replace("\n", "\r\n").encode())
    real.chmod(0o640)
    link = folder.path / "wanted/link.yaml"
    link.symlink_to(real)
    assert folder.ggrec("fmt", "wanted/link.yaml").code == 0
    assert link.is_symlink()
    assert real.read_bytes() == NEAT.encode()
    assert real.stat().st_mode & 0o777 == 0o640


def test_a_file_that_cannot_be_written(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    ended = folder.ggrec("fmt", "wanted/a.yaml")
    assert ended.code == 1
    assert "wanted/a.yaml:1:1: cannot be written: No space left on device" in ended.err
    assert (folder.path / "wanted/a.yaml").read_text() == UGLY
    assert [path.name for path in (folder.path / "wanted").glob(".*")] == []


def _stdin(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_stdin_to_stdout(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    _stdin(monkeypatch, UGLY.encode())
    ended = folder.ggrec("fmt", "-")
    assert (ended.code, ended.out, ended.err) == (0, NEAT, "")
    _stdin(monkeypatch, UGLY.encode())
    ended = folder.ggrec("fmt", "-", "--check")
    assert (ended.code, ended.out) == (1, "")
    _stdin(monkeypatch, BROKEN.encode())
    ended = folder.ggrec("fmt", "-")
    assert (ended.code, ended.out) == (1, "")
    assert "stdin:2:1" in ended.err
    assert folder.ggrec("fmt", "-", "wanted").code == 64


def test_what_init_writes_is_in_style(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    assert folder.ggrec("init").code == 0
    ended = folder.ggrec("fmt", "--check")
    assert ended.code == 0, ended.out

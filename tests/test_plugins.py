"""What installed packages bring is found, and looking for nothing does not need the library."""

import sys
from collections.abc import Sequence
from importlib import metadata
from importlib.machinery import PathFinder
from pathlib import Path

import pytest

from reconciler import plugins


def _installed(folder: Path, text: str, name: str = "squad-1.0.dist-info") -> None:
    package = folder / name
    package.mkdir(parents=True)
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: squad\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text(text)


@pytest.mark.parametrize("name", ["squad-1.0.dist-info", "squad-1.0.egg-info"])
def test_an_entry_point_of_an_installed_package_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    _installed(tmp_path, "[ggrec.kinds]\nzeta = squad:Zeta\nalpha = squad:Alpha\n", name)
    monkeypatch.syspath_prepend(tmp_path)
    assert [point.name for point in plugins.entry_points(group="ggrec.kinds")] == ["alpha", "zeta"]
    assert plugins.entry_points(group="ggrec.secrets") == []


def test_where_no_package_names_the_group_the_library_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**given: str) -> Sequence[metadata.EntryPoint]:
        raise AssertionError(given)

    monkeypatch.setattr(metadata, "entry_points", refuse)
    assert plugins.entry_points(group="ggrec.nothing") == []


@pytest.mark.parametrize("stranger", ["archive", "finder"])
def test_where_a_look_at_files_cannot_be_sure_the_library_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stranger: str
) -> None:
    class Finder(PathFinder):
        """Another way of finding packages."""

    if stranger == "archive":
        (tmp_path / "packages.zip").write_bytes(b"PK")
        monkeypatch.syspath_prepend(tmp_path / "packages.zip")
    else:
        monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder])
    asked: list[str] = []
    monkeypatch.setattr(metadata, "entry_points", lambda group: asked.append(group) or ())
    assert plugins.entry_points(group="ggrec.nothing") == []
    assert asked == ["ggrec.nothing"]

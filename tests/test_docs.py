"""README, docs and --help agree with the program."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler import __version__
from reconciler.cli.table import COMMANDS
from reconciler.kinds import discover
from reconciler.render.kind_page import kind_page
from tests.cli.command import Folder

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("kind", list(discover().values()), ids=lambda kind: kind.name)
def test_the_page_of_a_kind_is_up_to_date(kind: object) -> None:
    path = ROOT / "docs" / "kinds" / f"{kind.name}.md"  # type: ignore[attr-defined]
    assert path.read_text("utf-8") == kind_page(kind), "run `make docs`"  # type: ignore[arg-type]


def test_links_of_the_readme_lead_somewhere() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text("utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_command_of_the_readme_exists() -> None:
    commands = {command.name for command in COMMANDS}
    named = set(re.findall(r"`?ggrec ([a-z]+)", (ROOT / "README.md").read_text("utf-8")))
    assert named - {"keeps", "does", "will", "since"} <= commands


def test_the_changelog_has_this_version() -> None:
    assert f"## {__version__} " in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_help_everywhere() -> None:
    for arguments in (
        [],
        ["plan"],
        ["apply"],
        ["pull"],
        ["import"],
        ["state"],
        ["state", "mv"],
        ["history"],
        ["sandbox"],
    ):
        done = subprocess.run(
            [sys.executable, "-c", "from reconciler.cli import main; main()", *arguments, "--help"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0
        assert "Usage:" in done.stdout


def test_init_validates_and_plans_offline(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    assert folder.ggrec("init").code == 0
    assert folder.ggrec("validate").out == "Valid: 3 objects in 3 files.\n"
    again = folder.ggrec("init")
    assert again.code == 1
    assert "exists already" in again.err


def test_version_imports_little() -> None:
    """`ggrec version` needs no HTTP, no YAML of ours, no deepdiff."""
    heavy = "{'deepdiff', 'uvicorn', 'starlette'}"
    code = (
        f"import sys; from reconciler.cli.app import run; run(['version']); print(sorted({heavy} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [f"ggrec {__version__}", "[]"]

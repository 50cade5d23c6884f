"""What commands import: what is not needed is not paid for. Exact lists, so that each new import is a decision."""

import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.cli.table import COMMANDS, Command, load
from tests.cli.command import DESIRED, PROJECT, Folder

SMALL = ["reconciler", "reconciler.cli", "reconciler.cli.app", "reconciler.cli.interrupting", "reconciler.cli.table"]
HEAVY = {
    "annotated_types", "asyncio", "deepdiff", "httpx", "importlib.metadata", "jsonschema", "obstore",
    "pydantic", "rich", "ruamel", "starlette", "typer", "uvicorn", "yaml",
}  # fmt: skip


def imported(folder: Path, *arguments: str) -> set[str]:
    """The modules that a command leaves imported."""
    code = (
        "import sys; from reconciler.cli.app import run\n"
        f"run({list(arguments)!r})\n"
        "print('|'.join(sorted(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    return set(done.stderr.splitlines()[-1].split("|"))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Folder(tmp_path_factory.mktemp("imports"))
    folder.write("ggrec.yaml", PROJECT.format(url="http://127.0.0.1:1"))
    folder.write("desired/a.yaml", DESIRED)
    imported(folder.path, "validate")  # in a process of its own: another one sees other installed packages
    return folder.path


@pytest.mark.parametrize(("argument", "more"), [("version", "version"), ("--help", "overview")])
def test_version_and_help_import_next_to_nothing(tmp_path: Path, argument: str, more: str) -> None:
    found = imported(tmp_path, argument)
    assert sorted(name for name in found if name.startswith("reconciler")) == sorted([*SMALL, f"reconciler.cli.{more}"])
    assert not found & (HEAVY | {"dataclasses", "inspect", "json", "logging", "pathlib", "typing"} - {argument})


def test_validate_from_the_cache_expands_nothing(project: Path) -> None:
    found = imported(project, "validate")
    assert not found & HEAVY
    rooms = {name.split(".")[1] for name in found if name.startswith("reconciler.")}
    assert rooms == {"cli", "core", "loader", "render"}


def test_a_plan_from_the_cache_expands_nothing(project: Path) -> None:
    found = imported(project, "plan")  # nobody answers there
    assert not found & {"deepdiff", "jsonschema", "obstore", "pydantic", "typer", "uvicorn", "ruamel", "yaml"}
    assert not found & {"anyio", "email", "h11", "http", "httpcore", "httpx", "urllib.request"}
    rooms = {name.split(".")[1] for name in found if name.startswith("reconciler.")}
    assert rooms == {"cli", "core", "engine", "grafana", "loader", "plugins", "render", "store"}


@pytest.mark.parametrize("where", [(), ("--prometheus", "http://127.0.0.1:1")])
def test_a_live_check_from_the_cache_reads_no_query(project: Path, where: tuple[str, ...]) -> None:
    found = imported(project, "check", "--live", *where)
    assert not found & {
        "anyio",
        "h11",
        "httpcore",
        "httpx",
        "luqum",
        "promql_parser",
        "pydantic",
        "ruamel",
        "typer",
        "yaml",
    }
    assert "reconciler.datasources.elasticsearch" not in found


def test_kinds_are_known_without_their_specs() -> None:
    code = (
        "import sys; from reconciler.kinds import discover; discover()\n"
        "print([name for name in sys.modules if name.endswith('_spec') or name == 'pydantic'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("command", [item for item in COMMANDS if item.place], ids=lambda command: command.name)
def test_the_overview_says_what_the_command_says(command: Command) -> None:
    described = load(command.place)
    assert command.help == " ".join((described.__doc__ or "").split("\n\n")[0].split())


@pytest.mark.parametrize("command", [item for item in COMMANDS if item.parts], ids=lambda command: command.name)
def test_what_is_below_a_command_is_there_and_needs_no_typer(command: Command, tmp_path: Path) -> None:
    assert all(callable(load(place)) and load(place).__doc__ for place in command.parts.values())
    found = imported(tmp_path, command.name, *{"state": ["list"], "drift": ["acks"], "metrics": ["doc"]}[command.name])
    assert "typer" not in found

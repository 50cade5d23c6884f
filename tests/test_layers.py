"""Hub and rim: every room imports core and itself, only cli imports them all; the pure rooms import nothing that
acts.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "reconciler"
ROOMS = sorted(path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__")
PURE = ("core", "kinds", "authoring", "checking", "lint", "formatting", "preview", "writeback")
MAY = {"formatting": {"yaml"}, "writeback": {"yaml"}}
"""What a pure room may import all the same: parsing a text is no action."""
ACTING = {
    "asyncio", "builtins.open", "ctypes", "http", "httpx", "io", "multiprocessing", "os", "pathlib", "random",
    "secrets", "shutil",
    "signal", "socket", "sqlite3", "ssl", "starlette", "subprocess", "sys", "tempfile", "threading", "time",
    "urllib.request",
    "uuid", "uvicorn", "yaml",
}  # fmt: skip


def imports(path: Path, root: Path = PACKAGE) -> Iterator[tuple[str, int]]:
    """Every imported module with its line; relative ones resolved."""
    package = ["reconciler", *path.relative_to(root).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module, node.lineno
            for alias in node.names:
                yield f"{module}.{alias.name}", node.lineno


def files(room: str) -> list[Path]:
    return sorted((PACKAGE / room).rglob("*.py"))


@pytest.mark.parametrize("room", [room for room in ROOMS if room != "cli"])
def test_a_room_imports_core_and_itself(room: str) -> None:
    may = {room} if room == "sandbox" else {room, "core"}
    wrong = []
    for path in files(room):
        for module, line in imports(path):
            parts = module.split(".")
            if parts[0] == "reconciler" and len(parts) > 1 and parts[1] in ROOMS and parts[1] not in may:
                wrong.append(f"{path.relative_to(PACKAGE)}:{line} imports {module}")
    assert wrong == []


@pytest.mark.parametrize("room", PURE)
def test_a_pure_room_imports_nothing_that_acts(room: str) -> None:
    wrong = []
    for path in files(room):
        for module, line in imports(path):
            if any(module == name or module.startswith(f"{name}.") for name in ACTING - MAY.get(room, set())):
                wrong.append(f"{path.relative_to(PACKAGE)}:{line} imports {module}")
    assert wrong == []


@pytest.mark.parametrize("room", PURE)
def test_a_pure_room_opens_no_file_and_reads_no_clock(room: str) -> None:
    wrong = []
    for path in files(room):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                if name in {"open", "input", "print"} or name.endswith((".now", ".utcnow", ".today")):
                    wrong.append(f"{path.relative_to(PACKAGE)}:{node.lineno} calls {name}")
    assert wrong == []


def test_relative_imports_are_seen(tmp_path: Path) -> None:
    room = tmp_path / "kinds"
    room.mkdir()
    (room / "sly.py").write_text("from ..store import codec\nfrom .. import engine\n")
    found = {module for module, _ in imports(room / "sly.py", tmp_path)}
    assert {"reconciler.store.codec", "reconciler.engine"} <= found


def test_nothing_is_hidden_outside_the_rooms() -> None:
    assert ROOMS == [
        "authoring", "checking", "cli", "core", "datasources", "engine", "formatting", "grafana", "kinds", "lint",
        "loader", "preview", "render", "sandbox", "store", "writeback",
    ]  # fmt: skip
    assert sorted(path.name for path in PACKAGE.glob("*.py")) == ["__init__.py", "plugins.py"]

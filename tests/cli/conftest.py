"""A sandbox on a real socket, and a project that points to it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox import start
from reconciler.sandbox.world import World
from tests.cli.command import DESIRED, PROJECT, Folder


@pytest.fixture
def sandbox() -> Iterator[Any]:
    handle = start()
    yield handle
    handle.stop()


@pytest.fixture(scope="module")
def running() -> Iterator[Any]:
    """One for all tests of a module, that do not stop it: starting and stopping is most of what a test takes."""
    handle = start()
    yield handle
    handle.stop()


@pytest.fixture
def anew(running: Any) -> Any:
    """The same with nothing in it."""
    world = World()
    running.app.state.world = running.app.state.dispatcher.world = world
    running.requests.clear()
    return running


@pytest.fixture
def project(tmp_path: Path, sandbox: Any) -> Folder:
    folder = Folder(tmp_path)
    folder.write("ggrec.yaml", PROJECT.format(url=sandbox.url))
    folder.write("desired/all.yaml", DESIRED)
    return folder


@pytest.fixture
def applied(project: Folder, sandbox: Any) -> Folder:
    """Everything applied, and two people who may edit."""
    assert project.ggrec("apply", "--auto-approve").code == 0
    for name in ("bob", "carol"):
        sandbox.world.add_user(name, f"{name}@example.org", password="pw", role="Admin")
    return project

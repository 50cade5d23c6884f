"""Signals and closed pipes in the middle of an apply, with a real process."""

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from reconciler.cli.signals import FINISHING, GIVEN_UP, STILL
from tests.cli.command import DESIRED, Folder

MANY = DESIRED + "".join(
    f"---\napiVersion: ggrec/v1\nkind: Folder\nmetadata: {{name: f{n}}}\nspec: {{title: F{n}}}\n" for n in range(20)
)


@contextmanager
def applying(project: Folder, sandbox: Any) -> Iterator["subprocess.Popen[bytes]"]:
    """An apply of 22 objects that waits for the answer to its sixth create; the answer comes when the block ends, and
    then so does the process.
    """
    project.write("desired/all.yaml", MANY)
    held = sandbox.faults.add("hang", method="POST", path="/api/folders", skip=5)
    command = [sys.executable, "-c", "from reconciler.cli import main; main()", "apply", "--auto-approve"]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GRAFANA_")}
    process = subprocess.Popen(
        command, cwd=project.path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        until(lambda: held.seen > 5, process)
        yield process
        sandbox.faults.released.set()
        process.wait(timeout=60)
    finally:
        sandbox.faults.clear()
        process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def until(what: Any, process: "subprocess.Popen[bytes]") -> None:
    """Wait for something to happen, not for time to pass."""
    while not what():
        assert process.poll() is None
        time.sleep(0.01)


def told(process: "subprocess.Popen[bytes]", text: str) -> None:
    """Read what it says up to this line."""
    assert process.stderr is not None
    for line in process.stderr:
        if text in line.decode():
            return
    raise AssertionError(f"it never said: {text}")


def goes_on(project: Folder) -> None:
    """The lock is given back, the next apply finishes, and then nothing is left to do."""
    assert not (project.path / "state" / "lock.json").exists()
    assert project.ggrec("state", "verify").code == 0
    assert project.ggrec("apply", "--auto-approve").code == 0
    assert project.ggrec("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_finishes_what_is_in_flight(project: Folder, sandbox: Any, number: signal.Signals) -> None:
    with applying(project, sandbox) as process:
        process.send_signal(number)
        told(process, FINISHING)
        sandbox.faults.released.set()
        assert process.stdout is not None
        out = process.stdout.read().decode()
    assert process.returncode == 130
    assert "not attempted" in out and "Interrupted" in out
    assert project.ggrec("history", "--json").json["runs"][-1]["status"] == "interrupted"
    goes_on(project)


def test_the_third_gives_up_at_once(project: Folder, sandbox: Any) -> None:
    with applying(project, sandbox) as process:
        for text in (FINISHING, STILL, GIVEN_UP):
            process.send_signal(signal.SIGINT)
            told(process, text)
        process.wait(timeout=60)
    assert process.returncode == 130
    goes_on(project)


def test_a_reader_that_goes_away_stops_nothing(project: Folder, sandbox: Any) -> None:
    with applying(project, sandbox) as process:
        assert process.stdout is not None
        process.stdout.close()
    assert process.returncode == 0
    assert project.ggrec("plan", "--detailed-exitcode").code == 0
    assert len(project.ggrec("state", "list", "--json").json["addresses"]) == 22


def test_credentials_that_end_in_the_middle(project: Folder, sandbox: Any) -> None:
    """Said once, not once an object; what was done is recorded."""
    project.write("desired/all.yaml", MANY)
    sandbox.faults.add("status", 401, method="POST", path="/api/folders", skip=5, count=None)
    ended = project.ggrec("apply", "--auto-approve")
    assert ended.code == 6, ended.out
    assert ended.out.count("✗") == 1
    assert "5 done" in ended.out
    sandbox.faults.clear()
    goes_on(project)


def test_no_is_no(project: Folder, sandbox: Any) -> None:
    """On a terminal apply asks, and nothing was sent when the answer is no."""
    terminal, mine = pty.openpty()
    command = [sys.executable, "-c", "from reconciler.cli import main; main()", "apply"]
    process = subprocess.Popen(
        command, cwd=project.path, stdin=mine, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    os.write(terminal, b"n\n")
    out, err = process.communicate(timeout=60)
    os.close(terminal)
    os.close(mine)
    assert "Do this? [y/N]" in out
    assert (process.returncode, err.strip()) == (130, "Nothing was changed.")
    assert {request.method for request in sandbox.requests} == {"GET"}

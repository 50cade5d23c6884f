"""Processes that run beside, and end with whoever started them: each with everything that it started itself."""

import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

PATIENCE = 10.0
"""Seconds that a process may take to end when it is asked to, before it is ended."""
_STARTING = 60.0
_LOOK = 0.05
Process = subprocess.Popen[bytes]


class Failed(Exception):
    """A process ended badly, or did not answer: says which, and what it said."""


class Processes(ExitStack):
    """Everything that runs beside, ended in the reverse order. What each says is kept in `folder`/NAME.log."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def do(self, *command: str, where: Path) -> str:
        """Run a command to its end; the result is what it printed. Raises Failed."""
        done = subprocess.run(command, cwd=where, capture_output=True, text=True, check=False)
        if done.returncode:
            said = (done.stderr or done.stdout).strip()
            raise Failed(f"{' '.join(command[:3])} … ended with {done.returncode}:\n{said[-2000:]}")
        return done.stdout

    def start(self, name: str, *command: str, where: Path, url: str = "") -> Process:
        """Start what runs beside, in a process group of its own; wait until `url` answers. Raises Failed."""
        log = self.folder / f"{name}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(command, cwd=where, stdout=out, stderr=out, start_new_session=True)
        self.callback(end, process)
        until = time.monotonic() + _STARTING
        while url and not answers(url):
            if process.poll() is not None:
                raise Failed(f"{name} did not start:\n{log.read_text('utf-8', 'replace')[-2000:]}")
            if time.monotonic() > until:
                raise Failed(f"{name} does not answer on {url}:\n{log.read_text('utf-8', 'replace')[-2000:]}")
            time.sleep(_LOOK)
        return process


def end(process: Process, patience: float = PATIENCE) -> None:
    """End a process that leads its group, and all that it started, whether it lives itself or not."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        if within(patience, lambda: not _lives(process)):
            process.wait()  # it has ended: somebody has to hear of it
            return


def _lives(process: Process) -> bool:
    """Whether anybody of a process' group is left."""
    process.poll()  # a leader that has ended is a member until somebody asks
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return False
    members = [state for state, group in _states() if group == process.pid]
    return not members or any(state != "Z" for state in members)


def _states() -> Iterator[tuple[str, int]]:
    """Every process' state and group, where the system tells. An ended one (Z) of which nobody has heard yet is still
    in its group.
    """
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, group = file.read_text().rpartition(")")[2].split()[:3]
            yield state, int(group)


def within(seconds: float, happens: Callable[[], bool]) -> bool:
    """Whether something happens within so many seconds; it is looked for again and again."""
    until = time.monotonic() + seconds
    while not happens():
        if time.monotonic() > until:
            return False
        time.sleep(_LOOK)
    return True


def answers(url: str) -> bool:
    """Whether somebody answers 200 there."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def free_port(wanted: int = 0) -> int:
    """A port on loopback that nobody has: the wanted one, else any."""
    for number in dict.fromkeys((wanted, 0)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind(("127.0.0.1", number))
                return int(probe.getsockname()[1])
    raise Failed("no free port on loopback")

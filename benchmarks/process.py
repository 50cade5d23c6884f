"""Commands as processes: what each cost in time, CPU and memory of its own."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_HERE = Path(__file__).parent


class CommandFailed(Exception):
    """A command ended otherwise than it should."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds on the clock, seconds of CPU (user and system), peak memory in megabytes; and what it said."""

    wall: float
    cpu: float
    memory: float
    out: str
    error: str


def run(
    command: Sequence[str], *, folder: Path, environment: Mapping[str, str], codes: Sequence[int] = (0,), text: str = ""
) -> Cost:
    """Run a command to its end. Raises CommandFailed where its exit code is none of `codes`."""
    with tempfile.NamedTemporaryFile(prefix="ggrec-bench-", suffix=".json") as report:
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(_HERE / "launch.py"), report.name, *command],
            cwd=folder,
            env=dict(environment),
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        said = report.read()
    if done.returncode or not said:
        raise CommandFailed(f"{' '.join(command)}: could not be started\n{done.stderr}")
    cost = json.loads(said)
    if cost["code"] not in codes:
        raise CommandFailed(f"{' '.join(command)}: exit {cost['code']}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return Cost(cost["wall"], cost["cpu"], cost["memory"] / 1024, done.stdout, done.stderr)

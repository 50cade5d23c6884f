"""`make demo-data` says what it needs before it does anything; what demos and tests start ends with them."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from scripts.processes import Failed, Processes, end, free_port

ROOT = Path(__file__).parents[2]
CHILD = "import os, signal, sys, time; {}; print(os.getpid(), flush=True); time.sleep(600)"
LEADER = """\
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {child!r}], stdout=subprocess.PIPE, text=True)
print(child.stdout.readline().strip(), flush=True)
{then}
"""


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [([], "prometheus and promtool and java and javac and mvn"), (["--no-search"], "prometheus and promtool")],
)
def test_without_its_servers_it_says_how_to_get_them(tmp_path: Path, arguments: list[str], absent: str) -> None:
    environment = {**os.environ, "PATH": str(tmp_path)}
    command = [sys.executable, "-m", "scripts.demo_data", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert f"{absent} not found" in done.stderr and "apt install prometheus" in done.stderr
    assert ("apt install openjdk" in done.stderr) is not arguments


@pytest.mark.parametrize("then", ["", "import time; time.sleep(600)"], ids=["a leader that is gone", "one that lives"])
@pytest.mark.parametrize("deaf", [False, True], ids=["asked", "deaf"])
def test_nothing_that_a_process_started_outlives_it(tmp_path: Path, then: str, deaf: bool) -> None:
    child = CHILD.format("signal.signal(signal.SIGTERM, signal.SIG_IGN)" if deaf else "0")
    with Processes(tmp_path) as processes:
        command = (sys.executable, "-c", LEADER.format(child=child, then=then))
        leader = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
        assert leader.stdout is not None
        with leader.stdout:
            number = int(leader.stdout.readline())
        if not then:
            leader.wait(timeout=20)
        processes.callback(end, leader, 0.1 if deaf else 20.0)
        try:
            os.kill(number, 0)
            processes.close()
            assert not _runs(number)
        finally:
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)


def _runs(number: int) -> bool:
    """Whether a process is there, and no mere entry of one that nobody has asked for."""
    with suppress(OSError):
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_what_does_not_start_says_why(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        url = f"http://127.0.0.1:{free_port()}"
        with pytest.raises(Failed, match="it did not start"):
            processes.start("it", sys.executable, "-c", "raise SystemExit('no such option')", where=tmp_path, url=url)
        with pytest.raises(Failed, match="ended with 3"):
            processes.do(sys.executable, "-c", "print('because'); raise SystemExit(3)", where=tmp_path)
        assert processes.do(sys.executable, "-c", "print(1)", where=tmp_path) == "1\n"

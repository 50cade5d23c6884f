"""One project on one Grafana, with what every measurement needs: ggrec as a process, ggrec with its requests written
down, the bare client, and a beacon that is old enough.
"""

import json
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import estate
from benchmarks.process import Cost, run
from benchmarks.server import Server

_HERE = Path(__file__).parent
GGREC = "from reconciler.cli import main; main()"
_MARGIN = 2.0
_PROJECT = """\
apiVersion: ggrec/v1
kind: Project
metadata: {{name: bench}}
spec:
  desired: desired/
  default: bench
  instances:
    bench:
      url: {url}
      auth: {{user: {user}, password: "${{env:GRAFANA_PASSWORD}}"}}
      state: state
      timeout: 300
      guard: {{max_deletes: 1000000, max_delete_share: 1.0, max_updates: 1000000, max_update_share: 1.0}}
{observation}"""


@dataclass
class Bench:
    """A project's folder. `program` is another checkout whose ggrec is measured instead of the installed one."""

    server: Server
    folder: Path
    runs: int = 5
    program: str = ""
    _helps: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """What the measured processes see."""
        more = {"PYTHONPATH": self.program} if self.program else {}
        return {**self.server.environment, "COLUMNS": "120", **more}

    def prepare(self, size: estate.Size) -> None:
        """The project's file and an estate."""
        estate.write(self.folder, size)
        self.declare()

    def declare(self) -> None:
        """The project's file. Programs that know no ladder know no margin."""
        margin = f"      observation: {{margin: {_MARGIN:g}}}\n" if self.knows("plan", "--full") else ""
        text = _PROJECT.format(url=self.server.url, user=self.server.user, observation=margin)
        (self.folder / "ggrec.yaml").write_text(text)

    def python(self, *arguments: str, text: str = "", codes: Sequence[int] = (0,)) -> Cost:
        """A Python process in the project's folder."""
        command = [sys.executable, *arguments]
        return run(command, folder=self.folder, environment=self.environment, codes=codes, text=text)

    def ggrec(self, *arguments: str, codes: Sequence[int] = (0,)) -> Cost:
        """A command, measured."""
        return self.python("-c", GGREC, *arguments, codes=codes)

    def knows(self, command: str, option: str = "--help") -> bool:
        """Whether this program has a command with this option."""
        if command not in self._helps:
            said = self.ggrec(command, "--help", codes=(0, 1, 2, 64))
            self._helps[command] = said.out
        words = self._helps[command].replace("│", " ").replace(",", " ").split()
        return option in words

    def recorded(self, *arguments: str) -> list[dict[str, Any]]:
        """What a command sends, in the order in which it began each request. Not for measuring."""
        with tempfile.TemporaryDirectory(prefix="ggrec-bench-") as name:
            out = Path(name) / "requests"
            self.python(str(_HERE / "recorder.py"), str(out), *arguments)
            with out.open(encoding="utf-8") as file:
                return [json.loads(line) for line in file]

    def imports(self, code: str, *arguments: str) -> tuple[float, int]:
        """Seconds that importing takes in a process, as the interpreter itself tells, and how many modules it is."""
        said = self.python("-X", "importtime", "-c", code, *arguments).error
        own = [int(found) for found in re.findall(r"(?m)^import time: +(\d+) \|", said)]
        return sum(own) / 1e6, len(own)

    def bare(self, task: str, requests: Sequence[dict[str, Any]] = (), **more: Any) -> dict[str, float]:
        """The bare client: wall, cpu, requests of the work alone."""
        with tempfile.NamedTemporaryFile("w", prefix="ggrec-bench-", encoding="utf-8") as file:
            file.writelines(json.dumps(request) + "\n" for request in requests)
            file.flush()
            given = self.server.task(file=file.name, **more)
            found: dict[str, float] = json.loads(self.python(str(_HERE / "bare.py"), task, text=given).out)
            return found

    def settle(self) -> None:
        """Wait until the newest save is older than the margin, and let a plan verify everything then."""
        if self.knows("plan", "--full"):
            time.sleep(_MARGIN + 1.5)
        self.ggrec("plan")

    @property
    def full_plan(self) -> tuple[str, ...]:
        """The command that reads every body."""
        return ("plan", "--full") if self.knows("plan", "--full") else ("plan",)

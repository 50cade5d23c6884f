"""An estate of the benchmark, applied to a sandbox whose saves are old enough to be believed."""

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks import estate, process
from reconciler.sandbox import World, start
from tests.cli.command import PROJECT, Folder

_CHECKOUT = Path(__file__).parents[2]
_TRACED = """\
import atexit, pathlib, tracemalloc
import reconciler.cli.planning  # not what is measured
tracemalloc.start()
atexit.register(lambda: pathlib.Path({report!r}).write_text(str(tracemalloc.get_traced_memory()[1])))
from reconciler.cli import main
main()
"""


@dataclass
class Site:
    """A project with so many dashboards, and its sandbox."""

    folder: Folder
    handle: Any

    @classmethod
    def applied(cls, path: Path, size: estate.Size) -> "Site":
        """All applied, and verified by a plan."""
        site = cls.empty(path, size)
        for command in (("apply", "--auto-approve"), ("plan",)):
            ended = site.folder.ggrec(*command)
            assert ended.code == 0, ended.out + ended.err
        return site

    @classmethod
    def empty(cls, path: Path, size: estate.Size) -> "Site":
        """Nothing applied yet."""
        path.mkdir()
        # An hour ago by the clock that stamps saves, so that no test must wait for the margin.
        handle = start(World(now=lambda: datetime.now(UTC) - timedelta(hours=1)))
        site = cls(Folder(path), handle)
        site.folder.write("ggrec.yaml", PROJECT.format(url=handle.url))
        estate.write(path, size)
        return site

    def sent(self, *arguments: str) -> list[str]:
        """What a command asks, by method and path; it must find nothing to do."""
        before = len(self.handle.requests)
        ended = self.folder.ggrec(*arguments)
        assert ended.code == 0 and "No changes." in ended.out, ended.out + ended.err
        return sorted(f"{seen.method} {seen.path}" for seen in self.handle.requests[before:])

    def peak(self, *arguments: str) -> float:
        """Megabytes that a process of its own takes at most."""
        code = "from reconciler.cli import main; main()"
        return _peak(self.folder.path, ["-c", code, *arguments])

    def held(self, *arguments: str) -> float:
        """Megabytes that Python's own objects take at most, in a process of its own: the same each time, unlike what
        the system counts, which depends on how an allocator cuts up what was freed.
        """
        with tempfile.NamedTemporaryFile("r", prefix="ggrec-limits-") as report:
            _peak(self.folder.path, ["-c", _TRACED.format(report=report.name), *arguments])
            return int(report.read()) / 1e6

    def stop(self) -> None:
        """End the sandbox."""
        self.handle.stop()


def empty_peak(folder: Path) -> float:
    """Megabytes of an interpreter that does nothing."""
    return _peak(folder, ["-c", "pass"])


def _peak(folder: Path, arguments: Sequence[str]) -> float:
    environment = {"PATH": "/usr/bin:/bin", "NO_COLOR": "1", "PYTHONPATH": str(_CHECKOUT)}
    return process.run([sys.executable, *arguments], folder=folder, environment=environment).memory

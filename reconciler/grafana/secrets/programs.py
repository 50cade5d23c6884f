"""Running a program that prints secrets: without a shell, for a bounded time, its output never on the disk.

Must not quote what the program printed. What it said on stderr is shown cut short, and without anything that it
printed or that is known to be a secret.
"""

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from threading import Thread
from time import monotonic
from typing import IO

from msgspec import Struct, field

from reconciler.core.literals import without_literals
from reconciler.core.secret_source import Surroundings, Unavailable

SECONDS = 30.0
_MOST = 1_000_000
_MOST_SAID = 300
_SHORTEST_HIDDEN = 4


class Program(Struct, frozen=True):
    """A program with its arguments; `called` is how messages name it, `meanings` what is known of its exit codes."""

    arguments: Sequence[str]
    called: str
    meanings: Mapping[int, str] = field(default_factory=dict)
    seconds: float = SECONDS

    def run(self, surroundings: Surroundings) -> bytes | Unavailable:
        """What it prints, run in the project's folder with the environment of ggrec."""
        environment = dict(surroundings.environment)
        from shutil import which

        path = which(self.arguments[0], path=environment.get("PATH"))
        if path is None and "/" not in self.arguments[0]:
            return Unavailable(f"`{self.called}` could not be run: {self.arguments[0]} is not on PATH")
        try:
            process = subprocess.Popen(
                [path or self.arguments[0], *self.arguments[1:]],
                cwd=surroundings.root,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or "its arguments cannot be passed"
            return Unavailable(f"`{self.called}` could not be run: {why}")
        assert process.stdout is not None and process.stderr is not None
        out, err = _Drain(process.stdout, _MOST), _Drain(process.stderr, 64_000)
        code = _ended(process, (out, err), self.seconds)
        if code is None:
            return Unavailable(f"`{self.called}` did not end within {self.seconds:g} seconds")
        if len(out.data) > _MOST:
            return Unavailable(f"`{self.called}` printed more than a secret can be")
        if code in self.meanings:
            return Unavailable(f"`{self.called}` failed: {self.meanings[code]}")
        if code != 0:
            said = _said(err.data, out.data, surroundings.hide)
            return Unavailable(f"`{self.called}` ended with {code}{said}")
        return out.data


class _Drain(Thread):
    """Reads a pipe to its end, or a little more than `most` bytes: then it is closed, and the program is told so."""

    def __init__(self, pipe: IO[bytes], most: int) -> None:
        super().__init__(daemon=True)
        self._pipe = pipe
        self._most = most
        self.data = b""
        self.start()

    def run(self) -> None:
        with self._pipe, suppress(OSError, ValueError):
            self.data = self._pipe.read(self._most + 1)


def _ended(process: "subprocess.Popen[bytes]", drains: Sequence[_Drain], seconds: float) -> int | None:
    """The exit code; None where the time was over: then the program is ended, with all that it began."""
    until = monotonic() + seconds
    code: int | None = None
    with suppress(subprocess.TimeoutExpired):
        code = process.wait(timeout=seconds)
    for drain in drains:
        drain.join(max(0.0, until - monotonic()))
    if code is None or any(drain.is_alive() for drain in drains):
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for drain in drains:
            drain.join(1.0)
        return None
    return code


def _said(err: bytes, out: bytes, hide: Callable[[str], str]) -> str:
    """The end of what it said in one line, without anything that it had printed before it failed."""
    text = without_literals(hide(err.decode("utf-8", "replace")))
    for word in sorted(set(out.decode("utf-8", "replace").split()), key=len, reverse=True):
        text = text.replace(word, "[secret]") if len(word) >= _SHORTEST_HIDDEN else text
    text = " ".join(text.split())
    return f": …{text[-_MOST_SAID:]}" if len(text) > _MOST_SAID else f": {text}" if text else ""

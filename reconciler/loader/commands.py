"""`from: {command: [...]}`: a dashboard's JSON as a program prints it (Jsonnet, Grafana's Foundation SDK, a script).

A program runs only if ggrec.yaml names it in `commands`; without a shell, in the folder of the file that asks for it,
for a bounded time, and once for all that ask for the same.
"""

import os
import signal
import tempfile
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from msgspec import Struct, field

if TYPE_CHECKING:
    import subprocess

_SECONDS = 60
_MOST = 10_000_000
"""Bytes of output that a program may print."""
_MOST_TOLD = 600
"""Characters of what a program says of its failure that are shown."""


class Failed(Struct, frozen=True):
    """Why there is no output: a code, what happened, and what to do."""

    code: str
    message: str
    hint: str


class Commands(Struct):
    """The programs that may run, and what those that ran printed."""

    allowed: Collection[str] = ()
    seconds: float = _SECONDS
    _printed: dict[tuple[Path, tuple[str, ...]], bytes | Failed] = field(default_factory=dict)

    @property
    def ran(self) -> bool:
        """Whether a program was to run."""
        return bool(self._printed)

    def printed(self, written: Any, folder: Path) -> bytes | Failed:
        """The output of what stands under `from`, run in `folder`."""
        command = written.get("command") if isinstance(written, dict) and len(written) == 1 else None
        texts = [part for part in command if isinstance(part, str) and part] if isinstance(command, list) else []
        if not isinstance(command, list) or not texts or len(texts) != len(command):
            example = "as in `from: {command: [jsonnet, orders.jsonnet]}`"
            return Failed("bad-from", "`from` is a JSON file, or a command as a list of texts", example)
        if texts[0] not in self.allowed:
            hint = (
                f"allow it in the spec of ggrec.yaml: `commands: [{texts[0]}]`; "
                "whoever can change desired files can then run it"
            )
            return Failed("command-not-allowed", f"the program '{texts[0]}' may not be run", hint)
        key = (folder, tuple(texts))
        if key not in self._printed:
            self._printed[key] = self._run(texts, folder)
        return self._printed[key]

    def _run(self, command: list[str], folder: Path) -> bytes | Failed:
        import subprocess  # mostly nothing is run

        called = " ".join(command)
        try:
            with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
                process = subprocess.Popen(
                    command, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True
                )
                code = self._ended(process, out)
                printed, said = _beginning(out, _MOST + 1), _beginning(err, 64_000).decode("utf-8", "replace").strip()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            return Failed("command-not-run", f"`{called}` could not be run: {reason}", "is it installed, and on PATH?")
        if len(printed) > _MOST:
            text = f"`{called}` printed more than {_MOST // 1_000_000} MB"
            return Failed("command-output", text, "a dashboard is far smaller")
        if code is None:
            text = f"`{called}` did not end within {self.seconds:g} seconds"
            return Failed("command-timeout", text, "try it by hand in that folder")
        if code != 0:
            said = f": …{said[-_MOST_TOLD:]}" if len(said) > _MOST_TOLD else f": {said}" if said else ""
            text = f"`{called}` ended with {code}{said}"
            return Failed("command-failed", text, "try it by hand in that folder")
        return printed

    def _ended(self, process: "subprocess.Popen[bytes]", out: IO[bytes]) -> int | None:
        """The exit code; None where the time was over. A program that takes too long or prints too much is ended, with
        all that it began.
        """
        from subprocess import TimeoutExpired

        left = self.seconds
        while left > 0:
            step = min(0.1, left)
            try:
                return process.wait(timeout=step)
            except TimeoutExpired:
                left -= step
                if os.fstat(out.fileno()).st_size > _MOST:
                    break
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return None


def _beginning(file: IO[bytes], most: int) -> bytes:
    file.seek(0)
    return file.read(most)

"""To the terminal or the pipe: colour and a progress bar for people, plain and stable text or JSON for programs."""

import contextlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from reconciler.core.errors import GgrecError
from reconciler.core.exchange import ApiRequest
from reconciler.core.ports import Progress
from reconciler.render.lines import Line, plain, rich_text
from reconciler.render.plan_view import diagnostic_lines


class SystemClock:
    """Implements core.ports.Clock."""

    def now(self) -> str:
        """RFC 3339 in UTC, whole seconds."""
        return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Output:
    """Where a command's results go: stdout; progress, requests and errors go to stderr."""

    def __init__(self, *, as_json: bool, no_color: bool, verbose: bool) -> None:
        self.as_json = as_json
        self.verbose = verbose
        plain_wanted = no_color or bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
        self.colour = sys.stdout.isatty() and not plain_wanted and not as_json
        self._enduring = False
        self._bar: Any = None
        self._task: Any = None

    def endure(self) -> None:
        """From now on a reader or a terminal that went away ends nothing: what is under way goes on unheard."""
        self._enduring = True

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            if not self._enduring:
                raise
            self._bar = None
            for stream in (sys.stdout, sys.stderr):
                _forget(stream)

    def lines(self, lines: Sequence[Line], *, error: bool = False) -> None:
        """Show lines."""
        with self._guarded():
            self._lines(lines, error=error)

    def _lines(self, lines: Sequence[Line], *, error: bool) -> None:
        self.quiet()
        stream = sys.stderr if error else sys.stdout
        if self.colour and stream.isatty():
            from rich.console import Console

            Console(file=stream, highlight=False, soft_wrap=True).print(rich_text(lines))
        else:
            stream.write(plain(lines))
        stream.flush()

    def text(self, text: str) -> None:
        """Show a text as it is."""
        with self._guarded():
            self.quiet()
            sys.stdout.write(text if text.endswith("\n") else text + "\n")
            sys.stdout.flush()

    def json(self, document: Any) -> None:
        """Print a JSON document."""
        self.text(json.dumps(document, indent=2, ensure_ascii=False))

    def failure(self, error: GgrecError) -> None:
        """Say why a command failed: on stderr for people, on stdout for programs."""
        if self.as_json:
            from reconciler.render.json_view import error_json  # only where programs read

            self.json(error_json(error))
            return
        for item in error.diagnostics:
            self.lines(diagnostic_lines(item), error=True)

    def progress(self, step: Progress) -> None:
        """Implements core.ports.Audience: a bar on a terminal, nothing on a pipe."""
        if not (self.colour and sys.stderr.isatty()):
            return
        with self._guarded():
            self._progress(step)

    def _progress(self, step: Progress) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn
        from rich.progress import Progress as Bar

        if self._bar is None:
            columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
            self._bar = Bar(*columns, console=Console(file=sys.stderr), transient=True)
            self._bar.start()
            self._task = self._bar.add_task("")
        self._bar.update(self._task, description=f"{step.phase} {step.subject}", completed=step.done, total=step.total)

    def remark(self, text: str) -> None:
        """Implements core.ports.Audience: said with -v only."""
        if self.verbose:
            with self._guarded():
                sys.stderr.write(f"{text}\n")

    def quiet(self) -> None:
        """Take the progress bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def request(self, request: ApiRequest, status: int | None, seconds: float) -> None:
        """Implements core.ports.Trace: each request with -v, without bodies and headers."""
        if self.verbose:
            query = "&".join(f"{key}={value}" for key, value in request.query)
            path = request.path + (f"?{query}" if query else "")
            with self._guarded():
                sys.stderr.write(f"{request.method} {path} {status or 'no answer'} {seconds * 1000:.0f} ms\n")


def _forget(stream: Any) -> None:
    """Let a stream that nobody reads go nowhere, what is still in it included; one that is heard stays."""
    try:
        stream.flush()
    except OSError:
        with contextlib.suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)

"""`ggrec drift --watch`: one check after the other in one process, with /metrics and /health for who looks after it.

A check that fails is said and counted, and ends nothing. SIGINT and SIGTERM end it, after the check under
way.
"""

import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import FrameType

from reconciler.cli.drift_outputs import Metrics
from reconciler.cli.drifting import Drifting
from reconciler.core.errors import ExitCode, GgrecError, UsageError

_JITTER = 0.1
"""Checks of many instances that began together drift apart by up to this share of the interval."""
_TOO_OLD = 3
"""After so many intervals without a success the process is not healthy."""


class Waiting:
    """The clock and the wait of a watch, for tests to replace. `wait` is true where it is to end."""

    def __init__(self, now: Callable[[], float] = time.time, chance: Callable[[], float] = random.random) -> None:
        self.stop = threading.Event()
        self.now = now
        self.chance = chance

    def wait(self, seconds: float) -> bool:
        """Wait; whether to end."""
        return self.stop.wait(seconds)


def watch_drift(
    checking: Callable[[], Drifting],
    metrics: Metrics,
    *,
    every: float,
    listen: str | None,
    waiting: Waiting | None = None,
) -> int:
    """Check until told to end. `checking` makes one round's surroundings: desired files are read anew each time."""
    waiting = waiting or Waiting()
    began = waiting.now()
    with _ending(waiting) as came, serving(listen, metrics, lambda: health(metrics, waiting.now(), began, every)):
        while not waiting.stop.is_set():
            _round(checking)
            if waiting.stop.is_set() or waiting.wait(every * (1 + _JITTER * waiting.chance())):
                break
    return ExitCode.INTERRUPTED if signal.SIGINT in came else ExitCode.DONE


def health(metrics: Metrics, now: float, began: float, every: float) -> tuple[bool, str]:
    """Whether the last success is recent enough, and the words for it."""
    last = metrics.last_success
    age = now - max(last, began)
    words = f"last success {now - last:.0f} s ago" if last else "no success yet"
    well = age <= _TOO_OLD * every
    return well, f"{'ok' if well else 'too old'}: {words}, checked every {every:.0f} s\n"


def _round(checking: Callable[[], Drifting]) -> None:
    try:
        checking().check()
    except GgrecError as error:
        for item in error.diagnostics:
            sys.stderr.write(f"{item}\n")
        sys.stderr.write("This check failed; the next one comes as usual.\n")


@contextmanager
def _ending(waiting: Waiting) -> Iterator[list[int]]:
    came: list[int] = []

    def end(number: int, frame: FrameType | None) -> None:
        came.append(number)
        waiting.stop.set()

    before = {}
    if threading.current_thread() is threading.main_thread():
        before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield came
    finally:
        for number, old in before.items():
            signal.signal(number, old)


@contextmanager
def serving(listen: str | None, metrics: Metrics, healthy: Callable[[], tuple[bool, str]]) -> Iterator[str]:
    """Serve /metrics and /health; the result is where. Raises UsageError for what is no place, GgrecError where it is
    taken.
    """
    if listen is None:
        yield ""
        return
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise UsageError.one("bad-listen", f"--listen {listen} is no HOST:PORT", hint="as in 127.0.0.1:9108")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/metrics":
                self._answer(200, metrics.text, "text/plain; version=0.0.4; charset=utf-8")
            elif self.path in ("/health", "/healthz"):
                well, words = healthy()
                self._answer(200 if well else 503, words, "text/plain; charset=utf-8")
            else:
                self._answer(404, "there are /metrics and /health\n", "text/plain; charset=utf-8")

        def _answer(self, status: int, text: str, kind: str) -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing: who scrapes every 15 s is no news."""

    try:
        server = ThreadingHTTPServer((host.strip("[]"), int(port)), Handler)
    except OSError as error:
        raise GgrecError.one("cannot-listen", f"cannot listen on {listen}: {error.strerror or error}") from None
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()

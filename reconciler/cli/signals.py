"""What SIGINT, SIGTERM and SIGHUP do to a command.

While it reads, it is cancelled. While it applies, what is in flight is finished and no more begun; a second Ctrl-C is
told so; a third, or a second SIGTERM or SIGHUP, gives up at once: what was in flight stays in the state as begun.
"""

import contextlib
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

from reconciler.cli.interrupting import CAUGHT, interrupt

FINISHING = "Stopping: what is in flight is finished, saved and reported; no more is begun."
STILL = "Still finishing what is in flight. Once more gives up at once."
GIVEN_UP = "Given up at once: what was in flight is journalled as begun, and the next run looks at it first."


class Signals:
    """What was asked of one command; `stop` is set when it shall begin nothing more."""

    def __init__(self, task: "asyncio.Task[Any]") -> None:
        import asyncio  # half of the time that `ggrec version` takes, and not needed there

        self.stop = asyncio.Event()
        self._task = task
        self._applying = False
        self._interrupts = 0
        self._others = 0

    def applying(self) -> None:
        """From now on the first signal finishes instead of cancelling."""
        self._applying = True

    def came(self, number: int) -> None:
        """A signal came."""
        if not self._applying:
            self._task.cancel()
            return
        if number == signal.SIGINT:
            self._interrupts += 1
        else:
            self._others += 1
        if self._interrupts >= 3 or self._others >= 2:
            _tell(GIVEN_UP)
            self._task.cancel()
        elif not self.stop.is_set():
            _tell(FINISHING)
            self.stop.set()
        else:
            _tell(STILL)

    @contextlib.contextmanager
    def asking(self) -> Iterator[None]:
        """While a person is asked, every signal interrupts at once (KeyboardInterrupt): nothing is under way."""
        with _handlers(interrupt):
            yield


def run(command: Callable[[Signals], Coroutine[Any, Any, int]]) -> int:
    """Run a command's coroutine; the result is its exit code. Raises KeyboardInterrupt where it was cancelled."""
    import asyncio

    async def work() -> int:
        task = asyncio.current_task()
        assert task is not None
        found, loop = Signals(task), asyncio.get_running_loop()
        for number in CAUGHT:
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):  # not in the main thread
                loop.add_signal_handler(number, found.came, number)
        return await command(found)

    try:
        return asyncio.run(work())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


@contextlib.contextmanager
def _handlers(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    before = {}
    with contextlib.suppress(ValueError):  # not in the main thread: no signals come here
        before = {number: signal.signal(number, handler) for number in CAUGHT}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _tell(text: str) -> None:
    with contextlib.suppress(OSError, ValueError):  # a terminal that is gone hears nothing
        sys.stderr.write(text + "\n")
        sys.stderr.flush()

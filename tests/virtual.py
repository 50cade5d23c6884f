"""An event loop in which time passes only while everybody waits: real asyncio, real order, no waiting."""

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")
BEGIN = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class _Skipping(selectors.DefaultSelector):
    """Waits for nobody: the time that it was to wait has passed."""

    passed = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        found = super().select(0)
        if not found and timeout is not None and timeout > 0:
            self.passed += timeout
        elif not found and timeout is None:
            raise AssertionError("everybody waits for ever")
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    """Use with transports that open no socket."""

    def __init__(self) -> None:
        self._skipping = _Skipping()
        super().__init__(self._skipping)

    def time(self) -> float:
        return self._skipping.passed


def elapsed() -> float:
    """Seconds since the loop began."""
    return asyncio.get_running_loop().time()


def date() -> datetime:
    """The same as a date."""
    return BEGIN + timedelta(seconds=elapsed())


def run_virtual(work: Coroutine[Any, Any, T]) -> T:
    """Run it to its end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)

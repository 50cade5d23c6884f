"""Writes that need not be waited for one by one: side by side where the place is far away, at once where it is near."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

T = TypeVar("T")
S = TypeVar("S")


class Behind:
    """Calls under way. With one worker every call is made at once, and its error raised at once."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._pool: ThreadPoolExecutor | None = None
        self._open: list[Future[None]] = []

    def later(self, call: Callable[[], None], *, in_order: bool = False) -> None:
        """Make the call; `in_order`: after all that were given before it, and only if those went well."""
        if self._workers == 1:
            call()
            return
        before = tuple(self._open) if in_order else ()

        def run() -> None:
            for earlier in before:  # the pool begins calls in their order, so these have begun
                earlier.result()
            call()

        self._open.append(self._threads().submit(run))

    def settle(self) -> None:
        """Wait until all is done. Raises the first error."""
        waiting, self._open = self._open, []
        errors = [error for error in (item.exception() for item in waiting) if error is not None]
        if errors:
            raise errors[0]

    def all(self, call: Callable[[S], T], items: Sequence[S]) -> list[T]:
        """The results for the items, in their order."""
        if self._workers == 1 or len(items) < 2:
            return [call(item) for item in items]
        return list(self._threads().map(call, items))

    def _threads(self) -> "ThreadPoolExecutor":
        if self._pool is None:
            from concurrent.futures import ThreadPoolExecutor  # only for places that are far away

            self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="ggrec store")
        return self._pool

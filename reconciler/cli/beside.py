"""Work that needs the processor, done while Grafana answers."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

S = TypeVar("S")
T = TypeVar("T")


async def beside(asked: Coroutine[Any, Any, S], work: Callable[[], T]) -> tuple[S, T]:
    """What was asked, and what the work comes to. Raises what the work raises first, then what asking raises."""
    asking = asyncio.create_task(asked)
    try:
        found = await _in_a_thread(work)
        return await asking, found
    finally:
        asking.cancel()
        await asyncio.wait([asking])
        if not asking.cancelled():
            asking.exception()  # seen: it was raised, or what the work raised matters more


async def _in_a_thread(work: Callable[[], T]) -> T:
    """Where this is cancelled nobody waits for the thread, which ends with the process: whoever interrupts does not
    wait until a thousand files are read.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def tell(result: T | None, error: BaseException | None) -> None:
        if done.cancelled():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]  # None only where T may be None

    def run() -> None:
        result: T | None = None
        failed: BaseException | None = None
        try:
            result = work()
        except BaseException as error:
            failed = error
        if not loop.is_closed():
            loop.call_soon_threadsafe(tell, result, failed)

    threading.Thread(target=run, daemon=True).start()
    return await done

"""Working while somebody is asked: what is raised, and what a cancelled command waits for."""

import asyncio
import threading

import pytest

from reconciler.cli.beside import beside


async def _answer(text: str) -> str:
    await asyncio.sleep(0)
    return text


def test_both_come_back() -> None:
    assert asyncio.run(beside(_answer("asked"), lambda: "worked")) == ("asked", "worked")


def test_the_work_is_done_while_the_answer_is_awaited() -> None:
    worked = threading.Event()

    async def asked() -> str:
        while not worked.is_set():  # nothing else would set it: an answer that waits for the work
            await asyncio.sleep(0)
        return "asked"

    async def work() -> tuple[str, None]:
        return await asyncio.wait_for(beside(asked(), worked.set), 10)

    assert asyncio.run(work())[0] == "asked"


def test_what_the_work_raises_is_raised_and_the_question_is_taken_back() -> None:
    ended: list[str] = []

    async def asked() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("taken back")

    def fails() -> None:
        raise ValueError("files")

    async def work() -> None:
        await asyncio.wait_for(beside(asked(), fails), 10)

    with pytest.raises(ValueError, match="files"):
        asyncio.run(work())
    assert ended == ["taken back"]


def test_where_both_fail_the_files_are_told() -> None:
    async def asked() -> None:
        raise OSError("nobody there")

    def fails() -> None:
        raise ValueError("files")

    with pytest.raises(ValueError, match="files"):
        asyncio.run(beside(asked(), fails))


def test_what_asking_raises_is_raised_after_the_work() -> None:
    done: list[str] = []

    async def asked() -> None:
        raise OSError("nobody there")

    with pytest.raises(OSError, match="nobody there"):
        asyncio.run(beside(asked(), lambda: done.append("worked")))
    assert done == ["worked"]


def test_who_is_cancelled_does_not_wait_for_the_work() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def long() -> None:
        begun.set()
        go_on.wait(60)

    async def work() -> None:
        task = asyncio.create_task(beside(_answer("asked"), long))
        await asyncio.get_running_loop().run_in_executor(None, begun.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not go_on.is_set()

    asyncio.run(work())
    go_on.set()

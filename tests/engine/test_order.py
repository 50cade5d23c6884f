"""Whose turn it is when kinds are read."""

import asyncio

from reconciler.engine.order import Order


async def _reads(order: Order, log: list[str], kind: str, *, answers: int = 1, steps: int = 2) -> None:
    """A kind that has its first answer after some steps, and then goes on for more."""
    async with order.turn(kind):
        log.append(f"{kind} begins")
        for _ in range(answers):
            await asyncio.sleep(0)
        order.answered(kind)
        for _ in range(steps):
            await asyncio.sleep(0)
        log.append(f"{kind} ends")


def _run(order: Order, *kinds: tuple[str, int]) -> list[str]:
    log: list[str] = []

    async def work() -> None:
        await asyncio.gather(*(_reads(order, log, kind, steps=steps) for kind, steps in kinds))

    asyncio.run(asyncio.wait_for(work(), 5))
    return log


def test_where_nothing_leads_all_are_read_side_by_side() -> None:
    log = _run(Order([], 3), ("a", 2), ("b", 2), ("c", 2))
    assert sorted(log[:3]) == ["a begins", "b begins", "c begins"]


def test_one_that_leads_begins_alone_and_the_others_go_one_by_one_while_it_lists() -> None:
    log = _run(Order(["long"], 3), ("a", 2), ("long", 90), ("b", 2))
    assert log == ["long begins", "a begins", "a ends", "b begins", "b ends", "long ends"]


def test_once_it_has_ended_the_others_go_side_by_side() -> None:
    log = _run(Order(["long"], 4), ("a", 40), ("b", 40), ("c", 40), ("long", 4))
    assert log[0] == "long begins" and log.index("long ends") < log.index("b begins") < log.index("a ends")
    assert log.index("c begins") < log.index("a ends")


def test_one_that_fails_before_its_first_answer_holds_nobody_up() -> None:
    order, log = Order(["long"], 2), list[str]()

    async def fails() -> None:
        async with order.turn("long"):
            raise ValueError

    async def work() -> None:
        await asyncio.gather(fails(), _reads(order, log, "a"), return_exceptions=True)

    asyncio.run(asyncio.wait_for(work(), 5))
    assert log == ["a begins", "a ends"]

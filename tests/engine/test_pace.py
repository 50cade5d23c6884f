"""Writes at once: what the server bears."""

import asyncio
from pathlib import Path

import pytest

from reconciler.engine.pace import STRUGGLING, Pace
from tests.engine.test_table import BOARD, OPS
from tests.lab import Lab, document
from tests.virtual import elapsed, run_virtual


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def test_one_after_trouble_and_two_after_twenty_clean_writes_and_said_once() -> None:
    said: list[str] = []
    pace = Pace(2, said=said.append)
    pace.trouble()
    seen = []
    for _ in range(20):
        pace.went_well()
        seen.append(pace.allowed)
    assert seen == [1] * 19 + [2]
    pace.trouble()
    assert (pace.allowed, said) == (1, [STRUGGLING])


def test_after_trouble_it_breathes() -> None:
    async def work() -> float:
        pace = Pace(2)
        await pace.breathe()
        for _ in range(3):
            pace.trouble()
            await pace.breathe()
        pace.went_well()
        await pace.breathe()
        return elapsed()

    assert run_virtual(work()) == 0.25 + 0.5 + 1.0


def test_dashboards_two_at_once_and_everything_else_alone() -> None:
    async def work() -> tuple[int, bool]:
        pace, running, most, alone_was_alone = Pace(2), 0, 0, True

        async def one(alone: bool) -> None:
            nonlocal running, most, alone_was_alone
            async with pace.turn(alone=alone):
                running += 1
                most = max(most, running)
                await asyncio.sleep(1)
                alone_was_alone = alone_was_alone and (not alone or running == 1)
                running -= 1

        await asyncio.gather(*(one(n % 3 == 0) for n in range(12)))
        return most, alone_was_alone

    assert run_virtual(work()) == (2, True)


def test_a_place_is_not_given_to_who_was_cancelled_and_has_not_heard_of_it() -> None:
    async def work() -> list[str]:
        pace, held, went = Pace(1), asyncio.Event(), list[str]()

        async def one(name: str) -> None:
            async with pace.turn(alone=False):
                went.append(name)
                await held.wait()

        tasks = [asyncio.create_task(one(name)) for name in "abc"]
        await asyncio.sleep(0)
        held.set()
        tasks[1].cancel()  # a leaves before b has heard of it
        await asyncio.gather(*tasks, return_exceptions=True)
        assert tasks[1].cancelled()
        return went

    assert asyncio.run(work()) == ["a", "c"]


BUSY = (409, {"message": "the server is busy, try again"})
BOARDS = [document("Dashboard", f"d{n}", title=f"D{n}") for n in range(30)]


@pytest.mark.parametrize(
    ("kind", "value"),
    [("answer", BUSY), ("status", 500), ("status_after", 500), ("drop_response", None), ("too_many", 3)],
)
def test_at_any_sign_of_trouble_it_says_so_once_and_goes_on(lab: Lab, kind: str, value: object) -> None:
    lab.dispatcher.faults.add(kind, value, method="POST", path="*/dashboards*", skip=2, count=2)
    lab.applied(BOARDS[:6])
    assert lab.said == [STRUGGLING]
    assert len(lab.org.dashboards) == 6


def test_a_clean_run_says_nothing(lab: Lab) -> None:
    lab.applied([OPS, BOARD])
    assert lab.said == []


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_busy_is_asked_again_after_a_look(lab: Lab, method: str) -> None:
    if method == "DELETE":
        lab.applied([OPS])
    before = len(lab.dispatcher.requests)
    lab.dispatcher.faults.add("answer", BUSY, method=method, path="/api/folders*", count=2)
    lab.converge([OPS] if method == "POST" else [], tries=1)
    asked = [f"{seen.method} {seen.status}" for seen in lab.dispatcher.requests[before:] if "/folders" in seen.path]
    first = asked.index(f"{method} 409")
    assert asked[first + 1].startswith("GET")
    assert [item for item in asked if item.startswith(method)] == [f"{method} 409", f"{method} 409", f"{method} 200"]


PLUGIN = (412, {"message": "The dashboard belongs to plugin X.", "status": "plugin-dashboard"})
NAMED = (412, {"message": "A dashboard with the same name in the folder already exists", "status": "name-exists"})
STALE = (412, {"message": "The dashboard has been changed by someone else", "status": "version-mismatch"})


@pytest.mark.parametrize(
    ("value", "result", "says"),
    [
        (PLUGIN, "failed", "leave this one to the plugin"),
        (NAMED, "failed", "another object has this name"),
        (STALE, "conflict", "plan again"),
    ],
)
def test_the_three_meanings_of_412_end_an_object_in_three_ways(lab: Lab, value: object, result: str, says: str) -> None:
    lab.applied([OPS, BOARD])
    lab.dispatcher.faults.add("answer", value, method="POST", path="/api/dashboards/db", count=None)
    ended = lab.apply([OPS, {**BOARD, "spec": {**BOARD["spec"], "title": "Mine"}}])
    assert [outcome.result for outcome in ended.outcomes] == [result]
    assert says in ended.outcomes[0].error
    posts = [seen for seen in lab.dispatcher.requests if seen.path == "/api/dashboards/db" and seen.status == 412]
    assert len(posts) == 1  # none is repeated


@pytest.mark.parametrize("status", [409, 412])
@pytest.mark.parametrize("body", [None, {"message": "a folder with the same uid already exists"}])
def test_our_own_create_that_is_said_to_exist_is_looked_at(lab: Lab, status: int, body: object) -> None:
    """A proxy that repeats a POST makes Grafana answer that the folder exists, though this run made it."""
    lab.dispatcher.faults.add("answer_after", (status, body), method="POST", path="/api/folders")
    lab.applied([OPS])
    assert lab.plan([OPS]).changes == ()


def test_the_time_limit_begins_nothing_new_and_the_next_run_finishes(lab: Lab) -> None:
    lab.applied([OPS])
    lab.limit = 10
    lab.dispatcher.faults.add("too_many", 6, method="POST", path="*/dashboards*", skip=2, count=2)
    ended = lab.apply([OPS, *BOARDS[:8]])
    results = [outcome.result for outcome in ended.outcomes]
    assert ended.out_of_time
    assert 2 <= results.count("done") < 8
    assert results.count("not-attempted") >= 1
    assert set(results) <= {"done", "failed", "not-attempted"}
    assert not lab.state.intents
    lab.limit = 1e9
    lab.applied([OPS, *BOARDS[:8]])
    assert lab.plan([OPS, *BOARDS[:8]]).changes == ()


def test_a_plan_that_ran_out_of_time_says_what_was_not_read(lab: Lab) -> None:
    lab.applied([OPS, BOARD])
    lab.limit = 10
    lab.dispatcher.faults.add("too_many", 8, path="*/folders", count=2)
    plan = lab.plan([OPS, BOARD])
    assert plan.unreadable
    assert any("folders" in item.subject for item in plan.unreadable)

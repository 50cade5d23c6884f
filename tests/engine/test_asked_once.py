"""What several ask while one plan is made is sent once; a refusal means to each what it always did; nothing of it
outlives the plan.
"""

import asyncio
import contextlib
import inspect
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.core.errors import Forbidden, ServerError
from reconciler.core.exchange import ApiRequest, ApiResponse, Exchange, Listing, Server
from reconciler.core.resource import LiveObject
from reconciler.engine.asked_once import AskedOnce
from reconciler.engine.planner import Options
from tests.engine.estates import ask
from tests.engine.test_table import saved_by_hand
from tests.lab import Lab, document

USERS = "/api/org/users"
SERVER = Server("http://grafana.test", "12.3.0", 1, "Main")


class Counting:
    """A reader that answers 200 with the number of the question, or refuses; each answer takes a turn of the loop."""

    server = SERVER

    def __init__(self, *statuses: int) -> None:
        self.sent: list[str] = []
        self.statuses = list(statuses)

    async def _send(self, request: ApiRequest) -> ApiResponse:
        self.sent.append(request.path)
        number = len(self.sent)
        await asyncio.sleep(0)
        status = self.statuses.pop(0) if self.statuses else 200
        if status >= 400 and status not in request.handles:
            raise Forbidden.one("forbidden", f"{status}")
        return ApiResponse(status, number)

    async def ask(self, exchange: Exchange[Any]) -> Any:
        try:
            request = next(exchange)
            while True:
                request = exchange.send(await self._send(request))
        except StopIteration as stop:
            return stop.value
        finally:
            exchange.close()

    async def stream(self, listing: Listing) -> AsyncIterator[LiveObject]:
        try:
            step = next(listing)
            while True:
                if isinstance(step, tuple):
                    for live in step:
                        yield live
                    step = next(listing)
                else:
                    step = listing.send(await self._send(step))
        except StopIteration:
            return
        finally:
            listing.close()


def asking(*requests: ApiRequest) -> Exchange[list[Any]]:
    found = []
    for request in requests:
        found.append((yield request).body)
    return found


def listing(*requests: ApiRequest) -> Listing:
    for request in requests:
        answer = yield request
        yield (LiveObject("thing", f"{answer.body}", {}),)


def shared(path: str = USERS, *handles: int) -> ApiRequest:
    return ApiRequest("GET", path, handles=frozenset(handles), shared=True)


OWN = ApiRequest("GET", "/api/own")


def test_one_answer_serves_all_and_all_else_is_asked_as_ever() -> None:
    async def told() -> None:
        reader = Counting()
        once = AskedOnce(reader)
        assert await once.ask(asking(OWN, shared(), OWN, shared(), shared("/other"))) == [1, 2, 3, 2, 4]
        assert [live.uid async for live in once.stream(listing(shared(), OWN, shared()))] == ["2", "5", "2"]
        assert await once.ask(asking(shared())) == [2]
        assert await once.ask(asking()) == []
        assert reader.sent.count(USERS) == 1
        once.forget()
        assert await once.ask(asking(shared())) == [6]

    asyncio.run(told())


def test_who_asks_while_it_is_under_way_waits_for_that_answer() -> None:
    async def told() -> None:
        reader = Counting()
        once = AskedOnce(reader)
        assert await asyncio.gather(*(once.ask(asking(shared())) for _ in range(4))) == [[1]] * 4
        assert reader.sent == [USERS]

    asyncio.run(told())


def test_other_parameters_are_another_question() -> None:
    async def told() -> None:
        once = AskedOnce(Counting())
        paged = ApiRequest("GET", USERS, (("page", "2"),), shared=True)
        assert await once.ask(asking(shared(), paged)) == [1, 2]

    asyncio.run(told())


def test_a_refusal_is_an_answer_only_to_who_looks_at_it() -> None:
    async def told() -> None:
        reader = Counting(403, 403)
        once = AskedOnce(reader)
        assert await once.ask(asking(shared(USERS, 403), shared(USERS, 403))) == [1, 1]
        with pytest.raises(ServerError):
            await once.ask(asking(shared()))
        assert await once.ask(asking(shared(USERS, 403))) == [1]

    asyncio.run(told())


def test_where_one_fails_the_next_asks_itself() -> None:
    async def told() -> None:
        reader = Counting(403)
        once = AskedOnce(reader)
        first, second = await asyncio.gather(
            once.ask(asking(shared())), once.ask(asking(shared())), return_exceptions=True
        )
        assert isinstance(first, Forbidden) and second == [2]

    asyncio.run(told())


def test_who_is_cancelled_leaves_the_question_to_the_next() -> None:
    async def told() -> None:
        once = AskedOnce(Counting())
        task = asyncio.create_task(once.ask(asking(shared())))
        await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        assert await once.ask(asking(shared())) == [2]

    asyncio.run(told())


def test_what_is_left_early_is_closed() -> None:
    async def told() -> None:
        once = AskedOnce(Counting())
        endless = listing(*[OWN] * 9)
        found = once.stream(endless)
        await anext(found)
        await found.aclose()  # type: ignore[attr-defined]  # an async generator
        assert inspect.getgeneratorstate(endless) == inspect.GEN_CLOSED
        refused = asking(OWN)
        with pytest.raises(ServerError):
            await AskedOnce(Counting(403)).ask(refused)
        assert inspect.getgeneratorstate(refused) == inspect.GEN_CLOSED

    asyncio.run(told())


BOARDS = [document("Dashboard", f"b{number}", title=f"B {number}") for number in range(3)]
TEAM = document("Team", "crew", name="Crew", members=["nobody@shop.test"])
FOLDER = document("Folder", "ops", title="Operations")
ACCESS = document(
    "FolderPermissions", "ops", folder="ops", entries=[{"user": "nobody@shop.test", "permission": "View"}]
)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """With a member who has no account yet, permissions for a person, and three dashboards that somebody edited."""
    made = Lab(tmp_path)
    made.applied([FOLDER, TEAM, ACCESS, *BOARDS])
    for number in range(3):
        saved_by_hand(made, f"b{number}", title="Hers")
    return made


def users_asked(lab: Lab, since: int) -> int:
    return sum(seen.path == USERS for seen in lab.dispatcher.requests[since:])


def test_users_are_asked_for_once_in_a_plan(lab: Lab) -> None:
    before = len(lab.dispatcher.requests)
    plan = lab.plan([FOLDER, TEAM, ACCESS, *BOARDS])
    assert {drift.attribution.who for drift in plan.drift} == {"admin"}
    assert users_asked(lab, before) == 1


def test_a_plan_after_ten_edits_in_files_and_ten_by_hand_asks_twelve_times_more(tmp_path: Path) -> None:
    """Ten bodies, one list of playlists, one of alert rules; who the editors are was asked for already. One more is the
    metadata of all, which a plan climbs to as soon as anything was saved.
    """
    lab = Lab(tmp_path)

    def declared(changed: int = 0) -> list[dict[str, Any]]:
        about = [[{"id": 1, "title": "P", "type": "gauge" if number < changed else "stat"}] for number in range(30)]
        boards = [document("Dashboard", f"b{n}", title=f"B {n}", panels=panels) for n, panels in enumerate(about)]
        return [FOLDER, TEAM, ACCESS, *boards]

    def asked(documents: list[dict[str, Any]]) -> int:
        before = len(lab.dispatcher.requests)
        lab.plan(documents, Options(audience=True))
        return len(lab.dispatcher.requests) - before

    lab.applied(declared())
    for _ in range(3):
        lab.clock.tick()
    ladder = min(asked(declared()) for _ in range(3))
    for number in range(10, 20):
        saved_by_hand(lab, f"b{number}", title="Hers")
    assert asked(declared(10)) - ladder - 1 == 12


def test_who_may_not_list_them_gets_the_plan_as_ever(lab: Lab) -> None:
    lab.dispatcher.faults.add("status", 403, method="GET", path=USERS, count=None)
    before = len(lab.dispatcher.requests)
    plan = lab.plan([FOLDER, TEAM, ACCESS, *BOARDS])
    assert len(plan.drift) == 3 and not plan.refusals and not plan.unreadable
    assert users_asked(lab, before) == 1


def test_what_apply_checks_is_asked_anew(lab: Lab) -> None:
    """An account that is made after the plan is found."""
    more = document("Team", "more", name="More", members=["late"])
    before = len(lab.dispatcher.requests)
    lab.apply([FOLDER, TEAM, ACCESS, more, *BOARDS], between=lambda: late(lab))
    assert users_asked(lab, before) > 1
    (team,) = [team for team in lab.org.teams.values() if team["name"] == "More"]
    assert team["members"]


def late(lab: Lab) -> None:
    """Somebody gets an account."""
    body = {"name": "Late", "login": "late", "email": "late@shop.test", "password": "late-late", "OrgId": 1}
    assert ask(lab, "POST", "/api/admin/users", body).status == 200


RULES, LIBRARY = "/api/v1/provisioning/alert-rules", "/api/library-elements"
PLAYLISTS = "/apis/playlist.grafana.app/v0alpha1/namespaces/default/playlists"


def test_what_is_no_kind_of_ours_is_asked_for_once_in_a_plan_that_changes_and_deletes(lab: Lab) -> None:
    """A panel changes, a dashboard and a datasource go, a folder with what lies in it goes."""
    gone = document("Folder", "gone", title="Gone")
    inside = document("Dashboard", "inside", title="Inside", folder="gone")
    old = document("Datasource", "old", type="loki")
    lab.applied([FOLDER, TEAM, ACCESS, *BOARDS, gone, inside, old])
    assert ask(lab, "POST", RULES, {"uid": "r", "title": "R", "folderUID": "gone", "data": []}).status == 201
    panel = {"id": 1, "title": "P", "type": "stat"}
    changed = document("Dashboard", "b0", title="B 0", tags=["new"], panels=[panel])
    lab.applied([FOLDER, TEAM, ACCESS, changed, *BOARDS[1:], gone, inside, old])
    changed = document("Dashboard", "b0", title="B 0", tags=["newer"], panels=[{**panel, "type": "gauge"}])
    before = len(lab.dispatcher.requests)
    plan = lab.plan([FOLDER, TEAM, ACCESS, changed, BOARDS[1]], Options(audience=True))
    asked = [seen.path for seen in lab.dispatcher.requests[before:]]
    assert {str(change.address) for change in plan.changes if change.sends} >= {"dashboard.b0", "dashboard.b2"}
    assert [asked.count(path) for path in (RULES, LIBRARY, PLAYLISTS)] == [1, 1, 1]

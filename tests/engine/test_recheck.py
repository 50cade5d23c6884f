"""What an apply is about to write is read once more, in bulk where that is cheaper; what changes after that is the
server's to refuse.
"""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.core.exchange import ApiResponse
from reconciler.kinds.dashboard import GROUP, Dashboard
from tests.engine.estates import ask
from tests.engine.test_table import saved_by_hand
from tests.kinds.kind_driver import SERVER
from tests.lab import Lab, document

LIST = "GET /apis/dashboard.grafana.app/v0alpha1/namespaces/default/dashboards"


def boards(number: int, **spec: Any) -> list[dict[str, Any]]:
    return [document("Dashboard", f"b{n}", title=f"Board {n}", panels=[], **spec) for n in range(number)]


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    made = Lab(tmp_path)
    made.applied(boards(20))
    return made


def asked(lab: Lab, since: int) -> Counter[str]:
    """How often each sort of request was sent."""
    kinds: Counter[str] = Counter()
    for request in lab.dispatcher.requests[since:]:
        one = f"{request.method} {request.path}"
        sort = "search" if one == "GET /api/search" else request.method
        kinds["one" if one.startswith(f"{LIST}/") else "list" if one == LIST else sort] += 1
    return kinds


def changed(lab: Lab, number: int, between: Any = lambda: None) -> tuple[Counter[str], dict[str, str]]:
    """Apply changes of so many of the twenty: the requests of the apply itself, and the results."""
    since = 0

    def noted() -> None:
        nonlocal since
        since = len(lab.dispatcher.requests)
        between()

    after = [*boards(number, tags=["new"]), *boards(20)[number:]]
    result = lab.apply(after, between=noted)
    return asked(lab, since), {item.address.name: item.result for item in result.outcomes}


def test_many_of_them_in_one_list(lab: Lab) -> None:
    requests, results = changed(lab, 20)
    assert (requests["list"], requests["one"], requests["POST"]) == (1, 20, 20), "one read back each, and no look"
    assert set(results.values()) == {"done"}
    assert lab.plan(boards(20, tags=["new"])).changes == ()


def test_few_of_many_by_one_search(lab: Lab) -> None:
    requests, results = changed(lab, 2)
    assert (requests["list"], requests["one"], requests["POST"]) == (0, 2, 2), "one read back each, and no look"
    assert requests["search"] == 1
    assert set(results.values()) == {"done"}


def test_few_of_many_one_by_one_where_the_search_knows_nothing(lab: Lab) -> None:
    def between() -> None:
        lab.dispatcher.faults.add("status", 403, method="GET", path="/api/search", count=None)

    requests, results = changed(lab, 2, between)
    assert (requests["list"], requests["one"]) == (0, 4)
    assert set(results.values()) == {"done"}


def test_an_index_whose_ids_are_zero_proves_nothing() -> None:
    server = replace(SERVER, apis=frozenset({GROUP}))
    asking = Dashboard().still_there(server, {"b0": "1/now/0", "b1": "1/now/7", "b2": "1/now/8"})
    assert next(asking).query[2:] == (("dashboardUIDs", "b0"), ("dashboardUIDs", "b1"), ("dashboardUIDs", "b2"))
    with pytest.raises(StopIteration) as ended:
        asking.send(ApiResponse(200, [{"uid": "b0", "id": 0}, {"uid": "b1", "id": 7}, {"uid": "b2", "id": 9}]))
    assert ended.value.value == {"b1"}


@pytest.mark.parametrize("again", [1, 2], ids=["as another version", "as the same version"])
def test_one_of_few_that_was_deleted_and_made_anew(lab: Lab, again: int) -> None:
    def between() -> None:
        ask(lab, "DELETE", "/api/dashboards/uid/b1")
        for version in range(again):
            model = {"uid": "b1", "title": "Theirs", "version": version}
            ask(lab, "POST", "/api/dashboards/db", {"dashboard": model, "overwrite": bool(version)})

    lab.applied(boards(20, description="twice"))  # so that the version is 2
    after = [*boards(2, tags=["new"]), *boards(20, description="twice")[2:]]
    result = lab.apply(after, between=between)
    assert {item.address.name: item.result for item in result.outcomes} == {"b0": "done", "b1": "conflict"}
    assert lab.org.dashboards["b1"]["title"] == "Theirs"


def test_one_of_few_that_was_saved(lab: Lab) -> None:
    _, results = changed(lab, 2, lambda: saved_by_hand(lab, "b1", title="Theirs"))
    assert results == {"b0": "done", "b1": "conflict"}
    assert lab.org.dashboards["b1"]["title"] == "Theirs"


def test_what_is_created_is_not_looked_for(lab: Lab) -> None:
    since = 0

    def noted() -> None:
        nonlocal since
        since = len(lab.dispatcher.requests)

    result = lab.apply(boards(23), between=noted)
    assert {item.result for item in result.outcomes} == {"done"}
    requests = asked(lab, since)
    assert (requests["POST"], requests["one"], requests["list"]) == (3, 3, 0), "a save and a read back each"


def test_what_somebody_created_first_is_left_alone(lab: Lab) -> None:
    def between() -> None:
        ask(lab, "POST", "/api/dashboards/db", {"dashboard": {"uid": "b20", "title": "Theirs"}})

    result = lab.apply(boards(22), between=between)
    assert {item.address.name: item.result for item in result.outcomes} == {"b20": "conflict", "b21": "done"}
    assert "was created by somebody else since the plan was made" in result.outcomes[0].error
    assert lab.org.dashboards["b20"]["title"] == "Theirs"
    assert not any(address.name == "b20" for address in lab.state.resources)


def test_deletes_too(lab: Lab) -> None:
    since = 0

    def noted() -> None:
        nonlocal since
        since = len(lab.dispatcher.requests)

    result = lab.apply(boards(5), between=noted)
    assert {item.result for item in result.outcomes} == {"done"}
    requests = asked(lab, since)
    assert (requests["list"], requests["DELETE"], requests["one"]) == (1, 15, 15), "only whether they are gone"
    assert set(lab.org.dashboards) == {f"b{n}" for n in range(5)}


def test_what_was_saved_before_the_list_is_told(lab: Lab) -> None:
    _, results = changed(lab, 20, lambda: saved_by_hand(lab, "b7", title="Theirs"))
    assert {name for name, result in results.items() if result == "conflict"} == {"b7"}
    assert lab.org.dashboards["b7"]["title"] == "Theirs"


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_what_is_saved_after_the_list_the_server_refuses(lab: Lab, method: str) -> None:
    path = "/api/dashboards/db" if method == "POST" else "/apis/dashboard.grafana.app/*/b7"
    saved: list[str] = []

    def save(world: Any) -> None:
        saved.append("b7")
        saved_by_hand(lab, "b7", title="Theirs")

    def between() -> None:
        lab.dispatcher.faults.add("edit", save, method=method, path=path)

    after = boards(20, tags=["new"]) if method == "POST" else boards(7)
    result = lab.apply(after, between=between)
    assert saved
    assert {item.address.name for item in result.outcomes if item.result == "conflict"} == {"b7"}
    assert lab.org.dashboards["b7"]["title"] == "Theirs"


def test_where_the_list_fails_each_is_looked_at(lab: Lab) -> None:
    def between() -> None:
        path = LIST.removeprefix("GET ")
        lab.dispatcher.faults.add("status", 403, method="GET", path=path, count=None)

    requests, results = changed(lab, 20, between)
    assert (requests["one"], set(results.values())) == (40, {"done"})

"""What an apply is about to write is read once more, in bulk where that is cheaper; what changes after that is the
server's to refuse.
"""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.engine.test_table import saved_by_hand
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
        kinds["one" if one.startswith(f"{LIST}/") else "list" if one == LIST else request.method] += 1
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


def test_few_of_many_one_by_one(lab: Lab) -> None:
    requests, _ = changed(lab, 2)
    assert (requests["list"], requests["one"]) == (0, 4)


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

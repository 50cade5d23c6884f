"""Dashboards that are expanded one by one come to what they come to all together, to the order of keys; and what there
is to say about them is said as ever.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import estate
from reconciler.cli import desired as reading
from reconciler.cli import streamed
from reconciler.cli.desired import state_of
from reconciler.loader import documents, packs, streaming
from tests.cli.streams import HEAD, LEFT_OVER, LIBRARY, asking, board, custom, of, told
from tests.loader.broken import write


@pytest.fixture(autouse=True)
def nothing_is_installed_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_installed", lambda: ["as it was"])


ROWS = {
    "title": "Rows",
    "panels": [
        {"row": "Open"},
        {"title": "Rate", "type": "stat", "width": 6},
        {"row": "Closed", "collapsed": True},
        {"title": "Rate", "type": "stat", "width": 6},
        {"title": "Rate", "type": "stat", "width": 6},
    ],
}
TWINS: dict[str, tuple[list[dict[str, Any]], list[str]]] = {
    "queries over those of a template": (
        [board("One", {"use": "asks", "targets": [{"refId": "A", "expr": "up"}]}), board("Two", {"use": "asks"})],
        [],
    ),
    "a query that is wrong beside one that is right": (
        [
            board("One", {"datasource": "metrics", "targets": [{"expr": "up"}]}),
            board("Two", {"datasource": "metrics", "targets": [{"expr": "up"}, {"expr": "broken("}]}),
            board("Three", {"datasource": "metrics", "targets": [{"expr": "broken("}]}),
        ],
        ["promql-syntax", "promql-syntax"],
    ),
    "a query that is right with one variable alone": (
        [
            board(
                "One", {"datasource": "metrics", "targets": [{"expr": "sum by ($v) (x)"}]}, variables=[custom("job")]
            ),
            board("Two", {"datasource": "metrics", "targets": [{"expr": "sum by ($v) (x)"}]}, variables=[custom("5")]),
            board("Three", {"datasource": "metrics", "targets": [{"expr": "sum by ($v) (x)"}]}),
        ],
        ["promql-syntax"],
    ),
    "a variable's query that is wrong": (
        [board("One", {}, variables=[asking("up")]), board("Two", {}, variables=[asking("up{")])],
        ["promql-syntax"],
    ),
    "a credential in a template": (
        [board("One", {"use": "leak"}), board("Two", {"use": "leak"})],
        ["literal-secret", "literal-secret"],
    ),
    "a credential in a title, and in a query": (
        [
            board("One", {"title": "glsa_0123456789abcdefghij"}),
            board("Two", {"datasource": "logs", "targets": [{"expr": "glsa_0123456789abcdefghij"}]}),
        ],
        ["literal-secret", "literal-secret"],
    ),
    "references to secrets": (
        [
            board("One", {"title": "${env:HOME}"}),
            board("Two", {"title": "${sops:x}"}),
            board("Three", {"title": "${x}"}),
        ],
        ["reference-outside-secret", "reference-outside-secret"],
    ),
    "values of the instance": ([board("One", {"title": "${values.n}"}), board("Two", {}, more="${values.n}")], []),
    "loops": ([board("One", {"for_each": [1, 2], "title": "Rate ${each}"})], []),
    "another datasource for a query alike": (
        [
            board("One", {"datasource": "metrics", "targets": [{"expr": "up"}]}),
            board("Two", {"datasource": "logs", "targets": [{"expr": "up"}]}),
            board("Three", {"datasource": "-- Mixed --", "targets": [{"expr": "up"}]}),
        ],
        ["query-without-datasource"],
    ),
    "numbers that are equal and not the same": (
        [board(name, {"min": number}) for name, number in (("One", 1), ("Two", 1.0), ("Three", 1e-7), ("Four", 0))],
        [],
    ),
    "places": ([board("One", {"width": 6}, {"width": 24}, {"height": 3}, {}, {"width": 6}), ROWS], []),
}


@pytest.mark.parametrize("case", TWINS)
def test_what_dashboards_share_and_what_not(case: str, tmp_path: Path) -> None:
    specs, codes = TWINS[case]
    files = {f"board-{n}.yaml": HEAD.format(name=f"b{n}", spec=json.dumps(spec)) for n, spec in enumerate(specs)}
    text = "x" * 200 + " glsa_0123456789abcdefghij"
    leak = (
        f"apiVersion: ggrec/v1\nkind: Template\nmetadata: {{name: leak}}\nspec: {{panel: {{options: {{t: {text}}}}}}}\n"
    )
    write(tmp_path / "d", {"library.yaml": LIBRARY, "leak.yaml": leak, **files})
    state = state_of(*of(tmp_path).read())
    assert sorted(item.code for item in state.diagnostics if item.code not in LEFT_OVER) == sorted(codes)
    assert told(of(tmp_path).state) == told(state)


def test_each_dashboard_is_known_to_use_its_templates(tmp_path: Path) -> None:
    for number in range(3):
        spec = json.dumps(board(f"Board {number}", {"use": "wide", "title": f"Panel {number}"}))
        write(tmp_path / "d", {f"{number}.yaml": HEAD.format(name=f"b{number}", spec=spec), "library.yaml": LIBRARY})
    assert told(of(tmp_path).state) == told(state_of(*of(tmp_path).read()))
    for number in range(2):
        (tmp_path / "d" / f"{number}.yaml").unlink()
        assert told(of(tmp_path).state) == told(state_of(*of(tmp_path).read()))


def test_dashboards_of_which_nothing_is_said_are_never_all_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[str] = []
    parse = documents.parse_yaml

    def seen(data: bytes, name: str) -> Any:
        parsed.append(name)
        return parse(data, name)

    monkeypatch.setattr(documents, "parse_yaml", seen)
    estate.write(tmp_path, estate.Size(dashboards=6, form="mixed", teams=1, folders=4, annotations=1))
    (tmp_path / "desired").rename(tmp_path / "d")
    odd = tmp_path / "d" / "dashboards" / "odd.yaml"
    odd.write_text(HEAD.format(name="odd", spec="{title: Odd, panels: [{type: text, titel: Slip}]}"))
    state = of(tmp_path).state
    assert [item.code for item in state.diagnostics if item.code != "unused-template"] == ["near-miss"]
    others = ["annotations.yaml", "datasources.yaml", "folders.yaml", "teams.yaml", "templates.yaml"]
    assert sorted(parsed) == sorted([*(f"d/{name}" for name in others), "d/dashboards/odd.yaml"])


def test_where_most_have_something_to_be_said_the_rest_is_not_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streamed, "_TRIED", 2)
    tried: list[str] = []
    plain = streaming.Stream._plain

    def seen(self: Any, found: Any) -> Any:
        tried.append(found.name)
        return plain(self, found)

    monkeypatch.setattr(streaming.Stream, "_plain", seen)
    slip = "{title: %s, panels: [{type: text, titel: Slip}]}"
    files = {f"{number}.yaml": HEAD.format(name=f"b{number}", spec=slip % f"Board {number}") for number in range(6)}
    write(tmp_path / "d", files)
    said = told(state_of(*of(tmp_path).read()))
    assert told(of(tmp_path).state) == said
    assert len(tried) == 3


@pytest.mark.parametrize(
    "second",
    [
        "apiVersion: ggrec/v1\nkind: Defaults\nmetadata: {name: all}\nspec: {dashboard: {timezone: utc}}\n",
        "apiVersion: ggrec/v1\nkind: Lifecycle\nmetadata: {name: all}\nspec: {on_drift: keep}\n",
        "apiVersion: ggrec/v1\nkind: Palette\nmetadata: {name: p}\nspec: {colors: {mine: blue}}\n",
    ],
)
def test_what_all_go_by_may_stand_behind_a_dashboard(tmp_path: Path, second: str) -> None:
    """The first lines of a file said that it holds a dashboard, and that was not all."""
    spec = "{title: One, panels: [{title: A, type: stat, color: mine}]}"
    files = {
        "a.yaml": HEAD.format(name="a", spec=spec) + "---\n" + second,
        "b.yaml": HEAD.format(name="b", spec=spec.replace("One", "Two")),
        "c.yaml": LIBRARY,
    }
    write(tmp_path / "d", files)
    said = told(state_of(*of(tmp_path).read()))
    assert told(of(tmp_path).state) == said
    lifecycles = {item.lifecycle for item in of(tmp_path).state.resources if item.address.kind == "dashboard"}
    assert len(lifecycles) == 1


@pytest.mark.parametrize("twice", ["metadata: {name: a}", "metadata: {name: b, uid: a}"])
def test_errors_between_dashboards_name_both_places(tmp_path: Path, twice: str) -> None:
    board = HEAD.format(name="a", spec="{title: One, panels: [{type: text}]}")
    other = "# a comment\n" + board.replace("metadata: {name: a}", twice).replace("One", "Two")
    write(tmp_path / "d", {"a.yaml": board, "b.yaml": other, "c.yaml": LIBRARY})
    said = state_of(*of(tmp_path).read())
    assert said.errors and "d/a.yaml" in said.errors[0].hint + said.errors[0].message
    assert told(of(tmp_path).state) == told(said)
    assert not list(tmp_path.rglob("*.pack"))


def test_without_a_place_for_the_cache_bodies_are_found_all_the_same(tmp_path: Path) -> None:
    spec = json.dumps({"title": "One", "panels": [{"title": "A", "type": "text", "options": {"content": "x" * 3000}}]})
    write(tmp_path / "d", {"a.yaml": HEAD.format(name="a", spec=spec)})
    (tmp_path / ".ggrec").write_text("a file is in the way")
    assert told(of(tmp_path).state) == told(state_of(*of(tmp_path).read()))


def test_without_room_for_bodies_all_is_read_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = json.dumps(board("One", {"options": {"content": "x" * 3000}}))
    write(tmp_path / "d", {"a.yaml": HEAD.format(name="a", spec=spec), "b.yaml": HEAD.format(name="b", spec=spec)})

    def full(handle: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    said = told(state_of(*of(tmp_path).read()))
    monkeypatch.setattr(packs.os, "write", full)
    monkeypatch.setattr(packs, "_AT_ONCE", 0)
    assert told(of(tmp_path).state) == said
    assert not list(tmp_path.rglob("*.pack"))

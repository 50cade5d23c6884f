"""Dashboards that are expanded one by one come to what they come to all together, to the order of keys; and what there
is to say about them is said as ever.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks import estate
from reconciler.cli import desired as reading
from reconciler.cli import streamed
from reconciler.cli.desired import Desired, state_of
from reconciler.core.desired import DesiredState
from reconciler.core.json import digest
from reconciler.core.lazy import whole
from reconciler.core.source import MarkedDict
from reconciler.grafana.secrets import SecretResolver
from reconciler.loader import documents, packs, streaming
from reconciler.loader.models import ProjectModel
from reconciler.loader.project import Project
from tests.authoring.authoring_cases import REGISTRY
from tests.loader.broken import write

LIBRARY = """\
apiVersion: ggrec/v1
kind: Folder
metadata: {name: shop}
spec: {title: Shop}
---
apiVersion: ggrec/v1
kind: Datasource
metadata: {name: metrics}
spec: {type: prometheus, url: "http://p:9090"}
---
apiVersion: ggrec/v1
kind: Datasource
metadata: {name: logs}
spec: {type: loki, url: "http://l:3100"}
---
apiVersion: ggrec/v1
kind: Template
metadata: {name: wide}
spec:
  panel:
    type: timeseries
    title: From the template
    options: {legend: {calcs: [mean], placement: bottom, note: "%s"}, ratio: 1.0}
    fieldConfig: {defaults: {custom: {lineWidth: 1.0, fill: 2, axis: {label: "", soft: [0, 1]}}, unit: s}}
---
apiVersion: ggrec/v1
kind: Template
metadata: {name: asks}
spec: {panel: {type: stat, datasource: metrics, targets: [{refId: A, expr: up, legendFormat: all}]}}
---
apiVersion: ggrec/v1
kind: Template
metadata: {name: tiny}
spec: {panel: {type: table, options: {tiny: 1.0e-7}}}
---
apiVersion: ggrec/v1
kind: Template
metadata: {name: query}
spec: {target: {expr: up, instant: true}}
---
apiVersion: ggrec/v1
kind: Palette
metadata: {name: colours}
spec: {colors: {revenue: blue}, thresholds: {sla: {green: null, red: 0.5}}}
""" % ("x" * 200)
HEAD = "apiVersion: ggrec/v1\nkind: Dashboard\nmetadata: {{name: {name}}}\nspec: {spec}\n"

queries = st.fixed_dictionaries(
    {"expr": st.sampled_from(["up", "rate(x[5m])", 'y{job="$job"}', "vector(1)"])},
    optional={
        "legendFormat": st.sampled_from(["{{job}}", "all"]),
        "refId": st.sampled_from(["A", "B", "Q"]),
        "datasource": st.sampled_from(["metrics", "logs"]),
        "step": st.sampled_from([1, 1.0, 60, 2**70]),
    },
)
odd_queries = st.fixed_dictionaries(
    {"expr": st.sampled_from(["broken(", "${values.n}", "$job"])},
    optional={
        "datasource": st.sampled_from(["$ds", "nobody"]),
        "use": st.just("query"),
        "legendFormat": st.just("glsa_0123456789abcdefghij"),
    },
)
good = st.fixed_dictionaries(
    {
        "title": st.sampled_from(["Rate", "Errors", "Load"]),
        "use": st.sampled_from(["wide", "wide", "asks", ["tiny", "wide"], "tiny"]),
        "datasource": st.sampled_from(["metrics", "logs"]),
    },
    optional={
        "unit": st.sampled_from(["ms", "percent"]),
        "color": st.sampled_from(["revenue", "green"]),
        "thresholds": st.sampled_from(["sla", {"green": None, "red": 30}]),
        "min": st.sampled_from([0, 1.0, 2**60, 2**70]),
        "width": st.sampled_from([6, 24]),
        "description": st.sampled_from(["Why", "What"]),
        "targets": st.lists(queries, max_size=3),
    },
)
panels = st.one_of(
    good,
    good,
    good,
    good,
    st.fixed_dictionaries({"row": st.sampled_from(["One", "Two"])}, optional={"collapsed": st.booleans()}),
    st.fixed_dictionaries(
        {"title": st.sampled_from(["Rate", "Errors", "${values.n}", 5])},
        optional={
            "use": st.sampled_from(["wide", "asks", ["asks", "wide"], "absent"]),
            "type": st.sampled_from(["table", "row"]),
            "datasource": st.sampled_from(["metrics", "-- Mixed --", "$ds", {"type": "x", "uid": "y"}]),
            "color": st.sampled_from(["revenu", "green"]),
            "min": st.just(1e-7),
            "width": st.sampled_from([12, 99]),
            "id": st.sampled_from([1, 2]),
            "gridPos": st.just({"x": 0, "y": 0, "w": 3, "h": 3}),
            "description": st.sampled_from(["Why", None]),
            "audience": st.just(["ceo"]),
            "transformations": st.just([{"id": "merge", "options": {}}]),
            "fieldConfig": st.just({"defaults": {"unit": "s"}, "overrides": []}),
            "titel": st.just("slip"),
            "targets": st.lists(st.one_of(queries, odd_queries), max_size=2),
        },
    ),
)
plain_boards = st.fixed_dictionaries(
    {"title": st.sampled_from(["One", "Two", "Three"]), "panels": st.lists(good, min_size=1, max_size=5)}
)
boards = st.fixed_dictionaries(
    {"title": st.sampled_from(["One", "Two", "Three"])},
    optional={
        "folder": st.sampled_from(["shop", "shop", "shop", "nowhere"]),
        "panels": st.lists(panels, max_size=4),
        "more": st.sampled_from([[1.0, {"x": "${values.n}"}], 1e-7, 2**60, 1e300]),
        "variables": st.just([{"name": "job", "query": "label_values(up, job)", "datasource": "metrics"}]),
        "links": st.just([{"title": "x", "url": "https://u:secret@h/?v=${dashboard.version}", "type": "link"}]),
        "uid": st.just("other"),
    },
)


LEFT_OVER = {"unused-template"}


def custom(text: str) -> dict[str, Any]:
    return {"name": "v", "type": "custom", "query": text}


def asking(selector: str) -> dict[str, Any]:
    return {"name": "job", "query": f"label_values({selector}, job)", "datasource": "metrics"}


def of(root: Path) -> Desired:
    project = Project("test", root, root / "d", ProjectModel(), MarkedDict())
    return Desired(project, {"n": "filled", "t": 1}, lambda: REGISTRY, lambda: SecretResolver({}, root))


def told(state: DesiredState) -> Any:
    """A state with the order of all keys, and the digests as they are known without looking."""
    objects = [
        (
            item.address,
            item.uid,
            json.dumps(whole(item.attributes)),
            digest(item.attributes),
            item.depends_on,
            item.source,
        )
        for item in state.resources
    ]
    return state.files, objects, state.diagnostics


@pytest.fixture(autouse=True)
def nothing_is_installed_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_installed", lambda: ["as it was"])


@settings(
    max_examples=int(os.environ.get("GGREC_EXAMPLES", "20")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.one_of(plain_boards, boards), min_size=1, max_size=5), st.booleans())
def test_one_by_one_is_as_all_together(
    tmp_path_factory: pytest.TempPathFactory, specs: list[Any], exported: bool
) -> None:
    root = tmp_path_factory.mktemp("streamed")
    files = {"library.yaml": LIBRARY}
    for number, spec in enumerate(specs):
        files[f"board-{number}.yaml"] = HEAD.format(name=f"b{number % 4}", spec=json.dumps(spec))
    if exported:
        body = {
            "title": "Exported",
            "uid": "e",
            "panels": [{"id": 1, "type": "text", "n": 1.0, "options": {"x": 1e-7}}],
        }
        files["e.json"] = json.dumps(body)
        files["e.yaml"] = HEAD.format(name="e", spec="{folder: shop, from: e.json}")
    write(root / "d", files)
    said = told(state_of(*of(root).read()))
    assert told(of(root).state) == said
    assert told(of(root).state) == said  # from the cache, where there was no error
    (root / "d" / "board-0.yaml").unlink()
    assert told(of(root).state) == told(state_of(*of(root).read()))


def board(title: str, *panels: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"title": title, "panels": [{"title": "Rate", "type": "stat", **panel} for panel in panels], **more}


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

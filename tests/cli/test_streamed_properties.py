"""Any dashboards that are expanded one by one come to what they come to all together, to the order of keys."""

import json
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.cli import desired as reading
from reconciler.cli.desired import state_of
from tests.cli.streams import HEAD, LIBRARY, of, told
from tests.loader.broken import write

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

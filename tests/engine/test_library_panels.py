"""Library panels and the dashboards that show them: order, names, what may not go, and that a plan ends empty."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.core.plan import Plan
from tests.engine.estates import ask
from tests.lab import Lab, document

FOLDER = document("Folder", "ops", title="Operations")
SOURCE = document("Datasource", "metrics", type="prometheus", url="http://p:9090")
LIBRARY = "/api/library-elements"


def library(name: str = "shared", **spec: Any) -> dict[str, Any]:
    panel = {"type": "stat", "title": "S", "datasource": "metrics", "targets": [{"refId": "A", "expr": 'up{a="${b}"}'}]}
    return document("LibraryPanel", name, **{"name": "Shared", "folder": "ops", "panel": panel, **spec})


def board(shown: Any = "shared", name: str = "a-board") -> dict[str, Any]:
    return document("Dashboard", name, title=name, panels=[{"title": "P", "libraryPanel": shown}])


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def sent(plan: Plan) -> list[tuple[str, str]]:
    return [(str(change.address), str(change.action)) for change in plan.changes if change.sends]


@pytest.mark.parametrize("shown", ["shared", {"uid": "shared", "name": "Shared"}], ids=["by name", "by uid"])
def test_it_is_made_before_and_deleted_after_the_dashboards_that_show_it(lab: Lab, shown: Any) -> None:
    declared = [FOLDER, SOURCE, board(shown), library()]
    (shows,) = [item for item in lab.resources(declared) if item.library]
    assert "library-panel.shared" in map(str, shows.depends_on)
    assert lab.plan(declared).refusals == (), "what is coming counts as there"
    lab.applied(declared)
    posted = [line for line in lab.writes() if "/api/library" in line or "dashboard" in line]
    assert posted[0] == f"POST {LIBRARY}" and len(posted) == 2
    (panel,) = lab.org.dashboards["a-board"]["body"]["panels"]
    assert panel["libraryPanel"] == {"uid": "shared", "name": "Shared"}
    assert lab.org.library["shared"]["model"]["datasource"] == {"type": "prometheus", "uid": "metrics"}
    assert not lab.plan(declared).changes
    before = len(lab.dispatcher.requests)
    lab.applied([FOLDER, SOURCE])
    gone = lab.writes(before)
    assert len(gone) == 2 and gone[1] == f"DELETE {LIBRARY}/shared"


def test_a_name_that_is_not_declared_is_an_error(lab: Lab) -> None:
    with pytest.raises(AssertionError, match="no LibraryPanel 'shard' is declared"):
        lab.resources([FOLDER, SOURCE, library(), board("shard")])


def test_one_that_an_undeclared_dashboard_shows_stays(lab: Lab) -> None:
    lab.applied([FOLDER, SOURCE, library()])
    panel = {"id": 1, "title": "P", "libraryPanel": {"uid": "shared", "name": "Shared"}}
    body = {"dashboard": {"uid": "theirs", "title": "Theirs", "schemaVersion": 42, "panels": [panel]}}
    assert ask(lab, "POST", "/api/dashboards/db", body).status == 200
    plan = lab.plan([FOLDER, SOURCE])
    (refusal,) = plan.refusals
    assert (refusal.code, refusal.subject) == ("still-referred", "library-panel.shared")
    assert "dashboard 'Theirs' (theirs, not managed): panel 'P'" in refusal.message


def test_a_datasource_that_a_library_panel_needs_stays_unless_both_go(lab: Lab) -> None:
    lab.applied([SOURCE])
    model = {"type": "stat", "title": "T", "datasource": {"uid": "metrics"}}
    body = {"uid": "theirs", "name": "Theirs", "kind": 1, "folderUid": "", "model": model}
    assert ask(lab, "POST", LIBRARY, body).status == 200
    (refusal,) = lab.plan([document("Folder", "x", title="X")]).refusals
    assert "library-panel 'Theirs' (theirs, not managed): panel 'T'" in refusal.message
    del lab.org.library["theirs"]
    lab.applied([FOLDER, SOURCE, library()])
    assert sent(lab.plan([FOLDER])) == [("library-panel.shared", "delete"), ("datasource.metrics", "delete")]
    assert lab.plan([FOLDER]).refusals == ()


def test_somebody_who_saved_in_between_is_not_overwritten(lab: Lab) -> None:
    lab.applied([FOLDER, SOURCE, library()])

    def edited() -> None:
        patch = {"name": "By hand", "kind": 1, "version": 1, "folderUid": "ops"}
        assert ask(lab, "PATCH", f"{LIBRARY}/shared", patch).status == 200

    result = lab.apply([FOLDER, SOURCE, library(name="Mine")], between=edited)
    assert [outcome.result for outcome in result.outcomes] != ["done"]
    assert lab.org.library["shared"]["name"] == "By hand"


def test_nothing_is_asked_of_library_panels_where_none_is_declared(lab: Lab) -> None:
    lab.applied([FOLDER, SOURCE])
    before = len(lab.dispatcher.requests)
    assert not lab.plan([FOLDER, SOURCE]).changes
    assert not [seen.path for seen in lab.dispatcher.requests[before:] if LIBRARY in seen.path]


_TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.floats(-9, 9) | _TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_TEXTS.filter(bool), inner, max_size=2),
    max_leaves=5,
)


@st.composite
def specs(draw: st.DrawFn) -> dict[str, Any]:
    """What a document may say."""
    panel: dict[str, Any] = {"type": draw(st.sampled_from(["stat", "timeseries", "text"]))}
    for key in ("title", "description"):
        if draw(st.booleans()):
            panel[key] = draw(_TEXTS)
    if draw(st.booleans()):
        panel["datasource"] = draw(
            st.sampled_from(["metrics", "-- Grafana --", {"type": "loki", "uid": "x"}, "$d", None])
        )
    if draw(st.booleans()):
        panel["targets"] = [{"refId": letter, "expr": draw(_TEXTS)} for letter in "AB"[: draw(st.integers(0, 2))]]
    if draw(st.booleans()):
        panel["gridPos"] = {"x": 0, "y": 0, "w": draw(st.integers(1, 24)), "h": 8}
    panel["options"] = draw(st.dictionaries(_TEXTS.filter(bool), _VALUES, max_size=2))
    spec: dict[str, Any] = {"panel": panel, "folder": draw(st.sampled_from(["ops", "other"]))}
    if draw(st.booleans()):
        spec["name"] = draw(_TEXTS.filter(bool))
    return spec


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=specs(), second=specs())
def test_after_an_apply_the_plan_is_empty(tmp_path_factory: pytest.TempPathFactory, first: Any, second: Any) -> None:
    lab = Lab(tmp_path_factory.mktemp("lab"))
    others = [FOLDER, SOURCE, document("Folder", "other", title="Other")]
    for spec in (first, {**second, "folder": first["folder"]}):
        declared = [*others, document("LibraryPanel", "it", **spec)]
        lab.applied(declared)
        assert not lab.plan(declared).changes

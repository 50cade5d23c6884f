"""GigGatek's estate against the guide: docs/giggatek.md is read, and what it says must be there."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.authoring.resolve import Resolved, resolve
from reconciler.authoring.role_findings import role_findings
from reconciler.core.json import as_list, as_object, text_of
from reconciler.kinds import discover
from reconciler.loader.documents import load_documents
from reconciler.loader.project import load_project
from tests.cli.command import Folder
from tests.conftest import shared

ROOT = Path(__file__).resolve().parents[1]
Row = dict[str, str]


@pytest.fixture(scope="module")
def estate() -> Resolved:
    """desired/ as the default instance would apply it."""
    project = load_project(ROOT / "ggrec.yaml", start=ROOT, environment={})
    loaded = load_documents(project.desired, root=ROOT)
    assert not loaded.diagnostics
    result = resolve(loaded.documents, discover(), values=project.values(None))
    assert [str(item) for item in result.diagnostics] == []
    return result


def dashboards(estate: Resolved) -> dict[str, dict[str, Any]]:
    """All that are declared, by title: no derived ones."""
    found = {}
    for resource in estate.resources:
        if resource.address.kind == "dashboard" and not resource.origin:
            model = dict(as_object(resource.attributes["dashboard"]))
            found[text_of(model["title"])] = model
    return found


def panels(model: Any) -> Iterator[dict[str, Any]]:
    """All panels, those in folded rows too, without the rows."""
    for panel in as_list(as_object(model).get("panels")):
        item = dict(as_object(panel))
        if item.get("type") == "row":
            yield from panels(item)
        else:
            yield item


def sections() -> dict[str, list[Row]]:
    """The tables of docs/giggatek.md by heading: a row by the names of its columns; an empty first cell repeats."""
    heading = ""
    columns: list[str] = []
    found: dict[str, list[Row]] = {heading: []}
    for line in (ROOT / "docs" / "giggatek.md").read_text("utf-8").splitlines():
        if line.startswith("## "):
            heading, columns = line[3:].strip(), []
            found[heading] = []
        elif line.startswith("|") and not line.startswith("|---"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if not columns:
                columns = cells
                continue
            row = dict(zip(columns, cells, strict=False))
            if not cells[0]:
                row[columns[0]] = found[heading][-1][columns[0]]
            found[heading].append(row)
        elif not line.startswith("|"):
            columns = []
    return found


def guide() -> str:
    return (shared("guide") / "dashboard-refinement-guide.md").read_text("utf-8")


def asked(label: str) -> dict[str, list[str]]:
    """The bullets below `**label**:` of the guide, by dashboard."""
    found: dict[str, list[str]] = {}
    name = ""
    here = False
    for line in guide().splitlines():
        named = re.match(r"\*\*Dashboard Name\*\*: `(.+)`", line)
        if named:
            name = named.group(1)
        if line.startswith("**"):
            here = line.startswith(f"**{label}**")
        elif here and line.startswith("- "):
            found.setdefault(name, []).append(line[2:].strip())
    return found


def test_the_guides_dashboards_are_there_and_the_one_over_ggrec_itself(estate: Resolved) -> None:
    ours = {"Technical Operations", "Grafana Drift"}
    assert set(dashboards(estate)) == asked("Key Visualizations").keys() | ours


@pytest.mark.parametrize("name", ["Technical Operations", "Grafana Drift"])
def test_the_panels_that_the_guide_does_not_name_are_told_too(estate: Resolved, name: str) -> None:
    told = " ".join(row["panels"] for row in sections()[name])
    loose = [panel for panel in dashboards(estate)[name]["panels"] if panel["type"] not in {"row", "text"}]
    assert [panel["title"] for panel in loose if panel["title"].partition(", $")[0] not in told] == []


def test_who_is_on_call_sees_whether_somebody_changed_grafana_by_hand(estate: Resolved) -> None:
    roles = {role.name for role in estate.roles for entry in role.entries if entry.base.name == "grafana-drift"}
    assert roles == {"platform-engineer"}
    (board,) = [item for item in estate.resources if str(item.address) == "dashboard.grafana-drift"]
    assert board.attributes["folderUid"] == "technical"


def test_every_key_visualization_is_a_panel_of_the_type_that_the_table_says(estate: Resolved) -> None:
    wanted = asked("Key Visualizations")
    assert sum(map(len, wanted.values())) == 31
    tables, boards = sections(), dashboards(estate)
    for name, lines in wanted.items():
        rows = [row for row in tables[name] if "the guide's line" in row]
        assert {row["the guide's line"] for row in rows} == set(lines), name
        types = {panel["title"]: panel["type"] for panel in panels(boards[name])}
        for row in rows:
            assert types.get(row["panel"]) == row["type"], f"{name}: {row['panel']}"


def test_every_refinement_consideration_is_answered(estate: Resolved) -> None:
    tables, boards = sections(), dashboards(estate)
    for name, lines in asked("Refinement Considerations").items():
        rows = [row for row in tables[name] if "refinement consideration" in row]
        assert {row["refinement consideration"] for row in rows} == set(lines), name
        types = {panel["title"]: panel["type"] for panel in panels(boards[name])}
        for row in rows:
            if row.get("type"):
                assert types.get(row["where"]) == row["type"], f"{name}: {row['where']}"


def test_every_feature_that_the_guide_names_is_used() -> None:
    text = guide().partition("## Useful Grafana Features")[2]
    named = re.findall(r"\d+\. \*\*(.+?)\*\*", text)
    assert len(named) == 10
    assert [row["the guide's feature"] for row in sections()["Grafana's features"]] == named


def test_every_panel_says_what_it_is_for_and_asks_a_datasource(estate: Resolved) -> None:
    for title, model in dashboards(estate).items():
        assert text_of(model.get("description")), title
        for panel in panels(model):
            where = f"{title}: {panel['title']}"
            if panel["type"] == "text":
                continue
            assert panel.get("description"), where
            assert as_list(panel.get("targets")), where
            assert as_object(panel.get("datasource")).get("uid") in {"prometheus", "elasticsearch"}, where


def test_both_datasources_are_used(estate: Resolved) -> None:
    used = {as_object(p.get("datasource")).get("uid") for m in dashboards(estate).values() for p in panels(m)}
    assert {"prometheus", "elasticsearch"} <= used


def test_stats_and_gauges_have_thresholds(estate: Resolved) -> None:
    """Without them Grafana shows large numbers in red (shared/giggatek.md)."""
    for title, model in dashboards(estate).items():
        for panel in panels(model):
            if panel["type"] in {"stat", "gauge", "bargauge"}:
                steps = as_object(as_object(as_object(panel["fieldConfig"]).get("defaults")).get("thresholds"))
                assert as_list(steps.get("steps")), f"{title}: {panel['title']}"


def test_feedback_and_documentation_are_linked_with_name_and_version(estate: Resolved) -> None:
    for resource in estate.resources:
        if resource.address.kind != "dashboard":
            continue
        links = {link["title"]: link for link in resource.attributes["dashboard"]["links"]}  # type: ignore[index,call-overload,union-attr]
        assert re.search(rf"uid={resource.uid}&version=[0-9a-f]{{8}}\Z", links["Feedback"]["url"])
        assert links["Documentation"]["url"].endswith(f"/dashboards/{resource.uid}")


def test_every_annotation_query_asks_for_a_tag_that_an_event_has(estate: Resolved) -> None:
    events = [item for item in estate.resources if item.address.kind == "annotation"]
    tags = {tag for event in events for tag in as_list(event.attributes.get("tags"))}
    for title, model in dashboards(estate).items():
        for query in as_list(as_object(model["annotations"]).get("list")):
            target = as_object(as_object(query).get("target"))
            assert set(as_list(target.get("tags"))) <= tags, f"{title}: {query}"


def test_the_guides_roles_see_what_it_maps_to_them(estate: Resolved) -> None:
    block = re.search(r"```json\n(\{\s*\"roles\".*?)```", guide(), re.DOTALL)
    assert block is not None
    mapping = json.loads(block.group(1))["roles"]
    roles = {role.title: role for role in estate.roles}
    for wanted in mapping:
        found = {(e.title.partition(" (")[0], e.default, e.filtered) for e in roles[wanted["name"]].entries}
        expected = {(d["name"], d.get("default", False), d.get("filtered", False)) for d in wanted["dashboards"]}
        assert found == expected, wanted["name"]


def test_nothing_is_amiss_with_the_roles(estate: Resolved) -> None:
    assert [str(item) for item in role_findings(estate.roles, estate.resources)] == []


def test_no_role_sees_the_views_of_another(estate: Resolved) -> None:
    for role in estate.roles:
        own = {entry.shown for entry in role.entries if entry.filtered}
        views = {entry.shown for other in estate.roles for entry in other.entries if entry.filtered}
        assert role.opens & views == own


def test_the_desired_files_are_formatted() -> None:
    ended = Folder(ROOT).ggrec("fmt", "--check")
    assert ended.code == 0, ended.out


def test_the_readme_shows_the_present_matrix() -> None:
    matrix = [line.rstrip() for line in Folder(ROOT).ggrec("roles").out.split("\n\n")[0].splitlines()]
    text = (ROOT / "README.md").read_text("utf-8")
    assert "\n".join(matrix) in text

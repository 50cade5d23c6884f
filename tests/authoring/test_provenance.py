"""Where values come from: every value of an object exactly once, each with the place that its author wrote."""

from pathlib import Path
from typing import Any

import pytest

from reconciler.authoring.provenance import Leaf, Provenance, below_path
from reconciler.core.errors import UsageError
from reconciler.core.json import as_object
from reconciler.core.resource import Resource
from reconciler.kinds import discover
from reconciler.loader.documents import load_documents
from reconciler.loader.project import load_project

ROOT = Path(__file__).parents[2]

FILES = {
    "templates.yaml": """\
apiVersion: ggrec/v1
kind: Template
metadata: {name: line}
spec:
  panel:
    type: timeseries
    decimals: 1
---
apiVersion: ggrec/v1
kind: Palette
metadata: {name: colours}
spec: {colors: {alarm: red}}
---
apiVersion: ggrec/v1
kind: Palette
metadata: {name: limits}
spec:
  thresholds:
    promise: {alarm: null, green: 3}
---
apiVersion: ggrec/v1
kind: Defaults
metadata: {name: all}
spec:
  dashboard:
    timezone: browser
""",
    "board.yaml": """\
apiVersion: ggrec/v1
kind: Datasource
metadata: {name: prom}
spec:
  type: prometheus
  url: ${values.server.url}/api
  jsonData: {httpMethod: "${values.server.method}"}
  secureJsonData: {token: "${env:TOKEN}"}
---
apiVersion: ggrec/v1
kind: Folder
metadata: {name: top}
spec: {title: Top}
---
apiVersion: ggrec/v1
kind: Folder
metadata: {name: low}
spec:
  title: Low
  parent: top
---
apiVersion: ggrec/v1
kind: Dashboard
metadata: {name: board}
spec:
  title: Board
  folder: low
  panels:
    - title: One
      use: line
      datasource: prom
      width: 6
      thresholds: promise
      targets:
        - expr: up
    - title: Two
      type: stat
      decimals: 2
---
apiVersion: ggrec/v1
kind: Role
metadata: {name: boss}
spec:
  title: Boss
  team: {name: Bosses}
  dashboards:
    - dashboard: board
      default: true
      filter: {panels: [Two]}
""",
}


@pytest.fixture
def provenance(tmp_path: Path) -> Provenance:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    loaded = load_documents(tmp_path, root=tmp_path)
    values = {"server": {"url": "http://x", "method": "POST"}}
    found = Provenance(loaded.documents, discover(), values=values, instance="lab")
    assert [str(item) for item in (*loaded.diagnostics, *found.resolved.diagnostics)] == []
    return found


def of(provenance: Provenance, address: str) -> dict[str, str]:
    """The leaves of an object: by path, `file:line origin`."""
    resource = next(item for item in provenance.resolved.resources if str(item.address) == address)
    return {leaf.label: _text(leaf) for leaf in provenance.leaves(resource)}


def _text(leaf: Leaf) -> str:
    where = [f"{leaf.where.file}:{leaf.where.line}"] if leaf.where else []
    return " ".join([*where, *leaf.origin])


def test_a_value_of_the_instance_and_defaults(provenance: Provenance) -> None:
    found = of(provenance, "datasource.prom")
    assert found["type"] == "board.yaml:5"
    assert found["url"] == "board.yaml:6 values.server.url (instance lab)"
    assert found["access"] == "default"
    assert found["jsonData.httpMethod"] == "board.yaml:7 values.server.method (instance lab)"
    assert found["secureJsonFields.token"] == "board.yaml:8"


def test_fields_that_authors_write_by_another_name(provenance: Provenance) -> None:
    assert of(provenance, "folder.low")["parentUid"] == "board.yaml:20"
    assert of(provenance, "dashboard.board")["folderUid"] == "board.yaml:27"
    assert of(provenance, "preferences.boss")["homeDashboardUID"].endswith("role boss")


def test_templates_palettes_defaults_and_what_is_derived(provenance: Provenance) -> None:
    found = of(provenance, "dashboard.board")
    one = "panels[title='One']"
    assert found["title"] == "board.yaml:26"
    assert found["timezone"] == "templates.yaml:26 defaults all"
    assert found["schemaVersion"] == "default"
    assert found[f"{one}.type"] == "templates.yaml:6 template line"
    assert found[f"{one}.fieldConfig.defaults.decimals"] == "templates.yaml:7 template line"
    assert found["panels[title='Two'].fieldConfig.defaults.decimals"] == "board.yaml:38"
    steps = f"{one}.fieldConfig.defaults.thresholds.steps"
    assert found[f"{steps}[0].color"] == "templates.yaml:19 palette limits palette colour alarm"
    assert found[f"{steps}[1].color"] == found[f"{steps}[1].value"] == "templates.yaml:19 palette limits"
    assert found[f"{one}.targets[refId='A'].expr"] == "board.yaml:35"
    assert found[f"{one}.targets[refId='A'].refId"] == "derived: refId"
    assert found[f"{one}.gridPos.w"] == "derived: layout"
    assert found[f"{one}.id"] == "derived: id"


def test_what_a_role_makes(provenance: Provenance) -> None:
    found = of(provenance, "dashboard.boss-board")
    assert found["panels[title='Two'].type"] == "board.yaml:37 dashboard.board"
    assert found["title"].endswith("role boss")
    assert of(provenance, "team.boss")["name"] == "board.yaml:45 role boss"


def test_paths(provenance: Provenance) -> None:
    resource = next(item for item in provenance.resolved.resources if str(item.address) == "dashboard.board")
    leaves = list(provenance.leaves(resource))
    whole = as_object(resource.attributes["dashboard"])
    for path in ("panels[title='Two']", 'panels[title="Two"]', "panels[title=Two]", "panels[1]"):
        found = below_path(leaves, path, whole)
        assert found
        assert {leaf.label.split(".")[0] for leaf in found} == {"panels[title='Two']"}
    assert [leaf.value for leaf in below_path(leaves, "panels[0].targets[refId=A].expr", whole)] == ["up"]
    assert below_path(leaves, "panels[title='Three']", whole) == []
    with pytest.raises(UsageError, match="not a path from column 7"):
        below_path(leaves, "panels[", whole)


def test_every_value_of_the_projects_objects() -> None:
    """Each value once, and each place is a line of a file."""
    project = load_project(ROOT / "ggrec.yaml", start=ROOT, environment={})
    loaded = load_documents(project.desired, root=project.root)
    found = Provenance(loaded.documents, discover(), values=project.values(None), instance="sandbox")
    lines = {name: len((ROOT / name).read_text().splitlines()) for name in loaded.files}
    assert found.resolved.resources
    for resource in found.resolved.resources:
        leaves = list(found.leaves(resource))
        assert len({leaf.path for leaf in leaves}) == len(leaves)
        for leaf in leaves:
            assert _at(found, resource, leaf) == leaf.value
            assert leaf.where or leaf.origin
            assert leaf.where is None or 1 <= leaf.where.line <= lines[leaf.where.file]


def _at(found: Provenance, resource: Resource, leaf: Leaf) -> Any:
    here: Any = resource.attributes
    body = found._registry[resource.address.kind].body_key
    if body and leaf.path[0] not in here:
        here = here[body]
    for step in leaf.path:
        here = here[step]
    return here


def test_the_place_of_a_part_is_that_of_its_first_value_that_has_one(provenance: Provenance) -> None:
    for resource in provenance.resolved.resources:
        leaves = list(provenance.leaves(resource))
        parts = {leaf.path[:end] for leaf in leaves for end in range(1, len(leaf.path) + 1)}
        for part in parts:
            first = (leaf.where for leaf in leaves if leaf.path[: len(part)] == part and leaf.where is not None)
            assert provenance.place(resource, part) == next(first, None), part
        assert provenance.place(resource, ("nothing", 3)) is None

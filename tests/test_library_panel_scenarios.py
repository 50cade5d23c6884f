"""A library panel's life on any Grafana: on the sandbox, or on the one of GGREC_TEST_GRAFANA_URL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import Folder
from tests.test_scenarios import Grafana, grafana, mark, with_estate

__all__ = ["grafana", "mark"]
pytestmark = pytest.mark.grafana


@pytest.fixture
def project(tmp_path: Path, grafana: Grafana, mark: str) -> Iterator[Folder]:
    yield from with_estate(tmp_path, grafana, estate(mark))


def estate(mark: str, *, red: int = 30, folder: str = "two", shown: bool = True) -> str:
    return f"""\
apiVersion: ggrec/v1
kind: Folder
metadata: {{name: {mark}-one}}
spec: {{title: "{mark} one"}}
---
apiVersion: ggrec/v1
kind: Folder
metadata: {{name: {mark}-two}}
spec: {{title: "{mark} two"}}
---
apiVersion: ggrec/v1
kind: Datasource
metadata: {{name: {mark}-ds}}
spec: {{type: loki, url: "http://127.0.0.1:9"}}
---
apiVersion: ggrec/v1
kind: LibraryPanel
metadata: {{name: {mark}-panel}}
spec:
  name: "{mark} orders"
  folder: {mark}-{folder}
  panel:
    type: stat
    title: Orders
    datasource: {mark}-ds
    targets: [{{refId: A, expr: 'count({{app="$app"}})'}}]
    fieldConfig:
      defaults:
        thresholds: {{mode: absolute, steps: [{{color: green, value: null}}, {{color: red, value: {red}}}]}}
      overrides: []
---
apiVersion: ggrec/v1
kind: Dashboard
metadata: {{name: {mark}-board}}
spec:
  title: "{mark} board"
  folder: {mark}-one
  panels: [{{title: Orders, {f"libraryPanel: {mark}-panel" if shown else "type: text"}}}]
"""


def done(project: Folder, *arguments: str) -> str:
    ended = project.ggrec(*arguments)
    assert ended.code == 0, ended.out + ended.err
    return ended.out


def nothing_to_do(project: Folder) -> bool:
    return project.ggrec("plan", "--detailed-exitcode").code == 0


def test_a_whole_life(project: Folder, grafana: Grafana, mark: str) -> None:
    done(project, "apply", "--auto-approve")
    assert nothing_to_do(project)
    path = f"/api/library-elements/{mark}-panel"
    made = grafana.ask("GET", path)["result"]
    assert (made["name"], made["folderUid"], made["version"]) == (f"{mark} orders", f"{mark}-two", 1)
    assert made["model"]["datasource"] == {"type": "loki", "uid": f"{mark}-ds"}
    assert made["meta"]["connectedDashboards"] == 1

    project.write("desired/all.yaml", estate(mark, red=45))
    assert "threshold red from 30 to 45" in done(project, "plan")
    done(project, "apply", "--auto-approve")
    assert nothing_to_do(project)
    changed = grafana.ask("GET", path)["result"]
    assert (changed["folderUid"], changed["version"]) == (f"{mark}-two", 2)

    project.write("desired/all.yaml", estate(mark, red=45, folder="one"))
    refused = project.ggrec("apply", "--auto-approve")
    assert refused.code != 0 and "cannot move a library panel" in refused.out + refused.err
    project.write("desired/all.yaml", estate(mark, red=45))
    assert nothing_to_do(project)

    model = {**changed["model"], "title": "By hand", "description": "theirs"}
    grafana.ask("PATCH", path, {"name": "By hand", "kind": 1, "version": 2, "folderUid": f"{mark}-two", "model": model})
    drifted = done(project, "plan")
    assert "By hand" in drifted and "theirs" in drifted
    done(project, "apply", "--auto-approve", "--on-conflict", "ours")
    assert nothing_to_do(project)
    ours = grafana.ask("GET", path)["result"]
    assert (ours["model"]["description"], ours["version"]) == ("", 4)

    ours["model"]["fieldConfig"]["defaults"]["thresholds"]["steps"][1]["value"] = 60
    change = {key: ours[key] for key in ("name", "kind", "version", "folderUid", "model")}
    grafana.ask("PATCH", path, change)
    assert "threshold red from 45 to 60" in project.ggrec("drift").out
    done(project, "drift", "accept", f"library-panel.{mark}-panel")
    assert nothing_to_do(project)
    assert project.path.joinpath("desired/all.yaml").read_text("utf-8") == estate(mark, red=60)

    theirs = {"uid": f"{mark}-theirs", "title": f"{mark} theirs", "schemaVersion": 42}
    theirs["panels"] = [{"id": 1, "libraryPanel": {"uid": f"{mark}-panel", "name": "x"}}]  # type: ignore[assignment]
    grafana.ask("POST", "/api/dashboards/db", {"dashboard": theirs, "folderUid": f"{mark}-one"})
    kept = [part for part in estate(mark, shown=False).split("---\n") if "kind: LibraryPanel" not in part]
    project.write("desired/all.yaml", "---\n".join(kept))
    refused = project.ggrec("apply", "--auto-approve")
    assert refused.code != 0 and f"{mark} theirs" in refused.out + refused.err
    grafana.ask("DELETE", f"/api/dashboards/uid/{mark}-theirs")
    done(project, "apply", "--auto-approve")
    assert grafana.ask("GET", path) is None and nothing_to_do(project)


def test_what_is_there_is_taken_into_files(project: Folder, grafana: Grafana, mark: str) -> None:
    model = {"type": "text", "title": "Note", "options": {"content": "${app} of $x"}, "id": 4, "description": ""}
    body = {"uid": f"{mark}-there", "name": f"{mark} there", "kind": 1, "folderUid": "", "model": model}
    grafana.ask("POST", "/api/library-elements", body)
    try:
        project.write("desired/all.yaml", "")
        done(project, "pull", f"library-panel/{mark}-there")
        assert nothing_to_do(project)
        assert f"library-panel.{mark}-there" in done(project, "state", "list")
        (written,) = (project.path / "desired").rglob(f"{mark}-there.yaml")
        assert "${app} of $x" in written.read_text("utf-8")
    finally:
        grafana.ask("DELETE", f"/api/library-elements/{mark}-there")

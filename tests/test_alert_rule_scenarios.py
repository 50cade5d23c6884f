"""Groups of alert rules on any Grafana: the sandbox, or the one of GGREC_TEST_GRAFANA_URL (see test_scenarios)."""

import urllib.error
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import Folder
from tests.test_scenarios import Grafana, _apply, _clean, grafana, mark, with_estate

__all__ = ["grafana", "mark"]
pytestmark = pytest.mark.grafana
GROUPS = "/api/v1/provisioning/folder"


def _estate(mark: str, *, title: str = "api", limit: str = "0.05", folder: str = "one", second: bool = True) -> str:
    more = f"""\
    - title: Slow
      uid: {mark}-slow
      data:
        - refId: A
          datasource: {mark}-ds
          relativeTimeRange: {{from: 300, to: 0}}
          model: {{expr: up, instant: true, intervalMs: 500, legendFormat: x}}
        - refId: B
          datasource: __expr__
          model: {{type: math, expression: $A > 1}}
      no_data_state: KeepLast
      exec_err_state: OK
      is_paused: true
      missing_series_evals_to_resolve: 3
    - title: Recorded
      targets: [{{expr: up, datasource: {mark}-ds}}]
      record: {{metric: up_recorded, from: A}}
"""
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
spec: {{type: prometheus, url: "http://127.0.0.1:9"}}
---
apiVersion: ggrec/v1
kind: Dashboard
metadata: {{name: {mark}-board}}
spec:
  title: {mark} board
  folder: {mark}-one
  panels: [{{title: Rate, type: stat, datasource: {mark}-ds, targets: [{{expr: up}}]}}]
---
apiVersion: ggrec/v1
kind: AlertRuleGroup
metadata: {{name: {mark}}}
spec:
  title: "{title}"
  folder: {mark}-{folder}
  interval: 90m
  rules:
    - title: High
      targets: [{{expr: up, datasource: {mark}-ds, from: 1h}}]
      reduce: max
      threshold: {{above: {limit}}}
      for: 36h
      keep_firing_for: 7d
      labels: {{team: ops}}
      annotations: {{summary: Too high}}
      dashboard: {mark}-board
      panel: Rate
      notification_settings: {{receiver: grafana-default-email, group_wait: 90s, group_by: [alertname]}}
{more if second else ""}"""


@pytest.fixture
def project(tmp_path: Path, grafana: Grafana, mark: str) -> Iterator[Folder]:
    yield from with_estate(tmp_path, grafana, _estate(mark))
    assert not grafana.ask("GET", f"/api/folders/{mark}-one")


def test_the_life_of_a_group(project: Folder, grafana: Grafana, mark: str) -> None:
    _apply(project)
    assert _clean(project)
    ours = [
        item for item in grafana.ask("GET", "/api/v1/provisioning/alert-rules") if item["folderUID"] == f"{mark}-one"
    ]
    assert len(ours) == 3 and not any(item.get("provenance") for item in ours), "rules stay editable in the UI"

    project.write("desired/all.yaml", _estate(mark, limit="0.1"))
    assert 'rule "High"' in project.ggrec("plan").out
    _apply(project)
    assert _clean(project)

    number = {item["uid"]: item["id"] for item in ours}[f"{mark}-slow"]
    project.write("desired/all.yaml", _estate(mark, limit="0.1", title="a/b 100%", folder="two"))
    _apply(project)
    assert _clean(project)
    moved = grafana.ask("GET", f"/api/v1/provisioning/alert-rules/{mark}-slow")
    assert (moved["id"], moved["ruleGroup"], moved["folderUID"]) == (number, "a/b 100%", f"{mark}-two")
    assert grafana.ask("GET", f"{GROUPS}/{mark}-one/rule-groups/api") is None

    project.write("desired/all.yaml", _estate(mark, limit="0.1", title="api", folder="two", second=False))
    _apply(project)
    assert _clean(project)
    assert grafana.ask("GET", f"/api/v1/provisioning/alert-rules/{mark}-slow") is None


def test_a_hand_edit_is_seen_and_a_provisioned_group_left_alone(project: Folder, grafana: Grafana, mark: str) -> None:
    _apply(project)
    path = f"/api/v1/provisioning/alert-rules/{mark}-slow"
    edited = {**grafana.ask("GET", path), "isPaused": False}
    grafana.ask("PUT", path, edited)  # without the header: the rule is another tool's from now on
    plan = project.ggrec("plan")
    assert "another tool over the provisioning API" in plan.out + plan.err
    assert project.ggrec("apply", "--auto-approve").code != 0
    assert grafana.ask("GET", path)["isPaused"] is False
    group = grafana.ask("GET", f"{GROUPS}/{mark}-one/rule-groups/api")
    try:
        grafana.ask("DELETE", f"{GROUPS}/{mark}-one/rule-groups/api")
    except urllib.error.HTTPError:
        pytest.fail(f"{group['title']} must go again")


def test_pull_writes_what_plans_empty(project: Folder, grafana: Grafana, mark: str, tmp_path: Path) -> None:
    _apply(project)
    (tmp_path / "other").mkdir()
    other = Folder(tmp_path / "other", project.environment)
    wanted = [f"folder/{mark}-one", f"datasource/{mark}-ds", f"dashboard/{mark}-board"]
    ended = other.ggrec("pull", *wanted, f"alert-rule-group/{mark}-one/api")
    assert ended.code == 0, ended.out + ended.err
    assert other.ggrec("plan", "--detailed-exitcode").code == 0
    written = "".join(path.read_text("utf-8") for path in (tmp_path / "other" / "desired").rglob("*.yaml"))
    assert "kind: AlertRuleGroup" in written and f"datasource: {mark}-ds" in written

"""GigGatek's dashboards on a real Prometheus with the shop's past: every panel has data; what breaks is found.

Needs Debian's package prometheus (or any Prometheus' server and promtool on the PATH); skipped without.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler import datasources
from reconciler.sandbox.server import start
from reconciler.sandbox.world import World
from scripts import servers
from scripts.processes import Processes, free_port

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.skipif(
    bool(servers.missing("prometheus", "promtool")), reason=servers.missing("prometheus", "promtool")
)


class PrometheusOnly:
    """Asks data sources of that type, and says of others that nobody asks them here."""

    label_values = staticmethod(datasources.label_values)

    @staticmethod
    def query(source: Any, queries: Any, body: Any, *, now: float) -> dict[str, Any]:
        if source["type"] == "prometheus":
            return datasources.query(source, queries, body, now=now)
        return {item["refId"]: {"status": 501, "error": "not here"} for item in queries}


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def prometheus() -> str:
    """Where the Prometheus will be: GigGatek's project names it before it is there."""
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture(scope="module")
def project(
    prometheus: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., subprocess.CompletedProcess[str]]]:
    """GigGatek's project on a sandbox, applied once, and the Prometheus that it asks: with sixty days of the shop's
    business until now, the same each time but for when "now" is, and an hour of what `ggrec drift` says.
    """
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "desired", folder / "desired")
    handle = start(World(asks=PrometheusOnly()), 0)
    text = (ROOT / "ggrec.yaml").read_text("utf-8").replace("http://127.0.0.1:3999", handle.url)
    (folder / "ggrec.yaml").write_text(text.replace("http://127.0.0.1:9190", prometheus), "utf-8")

    def ggrec(*arguments: str) -> subprocess.CompletedProcess[str]:
        return run(sys.executable, "-c", "from reconciler.cli import main; main()", *arguments, cwd=folder)

    ggrec.folder = folder  # type: ignore[attr-defined]
    assert ggrec("apply", "--auto-approve").returncode == 0
    assert ggrec("drift", "--metrics", "drift.prom").returncode == 0
    place = tmp_path_factory.mktemp("prometheus")
    with Processes(place) as processes:
        fine = ("--days", "60", "--coarse", "7200", "--fine-days", "1", "--fine", "300")
        servers.past(processes, place, *fine)
        servers.watched(processes, place, (folder / "drift.prom").read_text("utf-8"), seconds=3600)
        servers.prometheus(processes, place, lookback="150m", port=int(prometheus.rpartition(":")[2]))
        yield ggrec
    handle.stop()


def test_every_panel_on_prometheus_has_data(project: Any) -> None:
    ended = project("check", "--live", "--json")
    found = json.loads(ended.stdout)
    wrong = [
        (board["address"], panel)
        for board in found["dashboards"]
        for panel in board["panels"]
        if panel["verdict"] in {"error", "no-data"}
    ]
    assert (wrong, ended.returncode, found["unasked"]) == ([], 0, 0)
    asked = sum(panel["verdict"] != "not-asked" for board in found["dashboards"] for panel in board["panels"])
    assert asked > 150 and not any(board["variables"] for board in found["dashboards"])


def test_what_ggrec_exports_is_scraped_as_the_shop_is(project: Any) -> None:
    text = (servers.SHOP / "prometheus.yml").read_text("utf-8")
    (project.folder / "prometheus.yml").write_text(text, "utf-8")
    checked = run("promtool", "check", "config", "prometheus.yml", cwd=project.folder)
    assert checked.returncode == 0, checked.stderr
    assert re.findall(r"job_name: (\w+)", text) == ["shop", "ggrec"]


def test_a_clean_grafana_leaves_no_panel_of_the_drift_dashboard_empty(project: Any) -> None:
    ended = project("check", "--live", "--json", "dashboard.grafana-drift")
    (board,) = json.loads(ended.stdout)["dashboards"]
    assert {panel["verdict"] for panel in board["panels"]} == {"ok"} and len(board["panels"]) == 11, ended.stdout


def test_the_same_without_grafana(project: Any, prometheus: str) -> None:
    ended = project("check", "--live", "--prometheus", prometheus, "dashboard.operational-health")
    assert ended.returncode == 0, ended.stdout
    assert "0 with errors, 0 without data" in ended.stdout


def test_each_value_of_each_variable(project: Any) -> None:
    ended = project("check", "--live", "--matrix", "--json", "dashboard.technical-operations")
    (board,) = json.loads(ended.stdout)["dashboards"]
    tried = {panel["selection"] for panel in board["panels"]}
    assert {"service=payments", "service=checkout"} <= tried and ended.returncode == 0, ended.stdout


def test_the_sandbox_answers_as_grafana_does(project: Any) -> None:
    text = (project.folder / "ggrec.yaml").read_text("utf-8")
    url = text.partition("url: ")[2].partition("\n")[0]
    body = {"from": "now-1h", "to": "now", "queries": [
        {"refId": "A", "datasource": {"uid": "prometheus"}, "expr": "sum(orders_total)", "instant": True},
        {"refId": "B", "datasource": {"uid": "prometheus"}, "expr": "sum("},
    ]}  # fmt: skip
    with httpx.Client(trust_env=False, auth=("admin", "admin")) as http:
        answer = http.post(f"{url}/api/ds/query", json=body)
    assert answer.status_code == 400  # as a real one does, where one of the queries fails
    found = answer.json()["results"]
    (frame,) = found["A"]["frames"]
    assert [field["type"] for field in frame["schema"]["fields"]] == ["time", "number"] and frame["data"]["values"][1][
        0
    ] > 0
    assert "parse error" in found["B"]["error"]
    assert found["B"]["status"] == 400


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            "sum by (queue) (order_queue_depth)",
            "sum by (queue) (order_queue_depht)",
            "returned 4 series, and would show nothing",
        ),
        (
            "sum by (queue) (order_queue_depth)",
            'sum by (queue) (order_queue_depth{queue="nowhere"})',
            "would show nothing",
        ),
        ("sum by (queue) (order_queue_depth)", "sum by (queue) (order_queue_depth", "and fails: "),
    ],
)
def test_a_plan_says_which_panel_loses_its_data(project: Any, before: str, after: str, said: str) -> None:
    file = project.folder / "desired/dashboards/operational-health.yaml"
    config = project.folder / "ggrec.yaml"
    text, written = file.read_text("utf-8"), config.read_text("utf-8")
    assert before in text
    try:
        file.write_text(text.replace(before, after, 1), "utf-8")
        config.write_text("".join(line for line in written.splitlines(True) if "stop: [" not in line), "utf-8")
        ended = project("plan", "--check-live")
        assert said in ended.stdout and 'panel "Order Queue Depth"' in ended.stdout, ended.stdout + ended.stderr
        assert ended.returncode == 0
        config.write_text(
            written.replace("stop: [", "stop: [panel-no-data, no-data, error, ")
            .replace("promql-syntax, ", "")
            .replace("unknown-metric, ", ""),
            "utf-8",
        )
        assert project("plan", "--check-live").returncode == 3
    finally:
        file.write_text(text, "utf-8")
        config.write_text(written, "utf-8")

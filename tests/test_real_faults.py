"""What a live check finds of four faults, on a real Prometheus with fixed data, at a fixed time.

Needs Debian's package prometheus (or any Prometheus' server and promtool on the PATH); skipped without.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler import datasources
from reconciler.sandbox import World, start
from scripts import servers
from scripts.processes import Processes
from tests.cli.command import PROJECT, Ended, Folder

pytestmark = pytest.mark.skipif(
    bool(servers.missing("prometheus", "promtool")), reason=servers.missing("prometheus", "promtool")
)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
QUEUES = "sum by (queue) (order_queue_depth)"
DESIRED = """\
apiVersion: ggrec/v1
kind: Datasource
metadata: {{name: prometheus}}
spec: {{name: Prometheus, type: prometheus, url: "{url}", jsonData: {{timeInterval: 5m}}}}
---
apiVersion: ggrec/v1
kind: Metric
metadata: {{name: shop}}
spec:
  datasource: prometheus
  metrics:
    order_queue_depth: {{type: gauge, help: Orders waiting, labels: {{queue: {{example: a}}}}}}
    http_requests_total:
      type: counter
      help: Requests answered
      labels: {{service: {{example: a}}, endpoint: {{example: a}}, code: {{example: a}}}}
---
apiVersion: ggrec/v1
kind: Dashboard
metadata: {{name: ops}}
spec:
  title: Operations
  time: {{from: now-9h, to: now}}
  panels:
    - title: Queues
      type: timeseries
      datasource: prometheus
      targets: [{{expr: "{queues}", legendFormat: "{{{{queue}}}}"}}]
    - title: Waiting
      type: stat
      datasource: prometheus
      targets: [{{expr: sum(order_queue_depth), instant: true}}]
    - title: Requests
      type: timeseries
      datasource: prometheus
      targets: [{{expr: "sum by (service) (rate(http_requests_total[20m]))", legendFormat: "{{{{service}}}}"}}]
    - title: Payments
      type: stat
      datasource: prometheus
      targets: [{{expr: 'sum(rate(http_requests_total{{service="payments"}}[20m]))', instant: true}}]
"""


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve hours of the shop's business until then, ending as it did and with each fault."""
    folder = tmp_path_factory.mktemp("past")
    with Processes(folder) as processes:
        length = ("--end", NOW.isoformat(), "--days", "0.5", "--fine-days", "0.5", "--fine", "300")
        servers.past(processes, folder, *length, "--faults")
    return folder


@pytest.fixture
def checked(past: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Ended]]:
    """Checks the dashboard against the past with one end, through the sandbox, as if it were then."""
    monkeypatch.setattr("reconciler.cli.output.SystemClock.now", lambda _: NOW.strftime("%Y-%m-%dT%H:%M:%SZ"))
    handle = start(World(now=lambda: NOW, asks=datasources))
    folder = Folder(tmp_path)
    with Processes(tmp_path) as processes:

        def check(end: str, queues: str = QUEUES) -> Ended:
            url = servers.prometheus(processes, servers.ending(processes, past, end), lookback="6m")
            folder.write("ggrec.yaml", PROJECT.format(url=handle.url))
            folder.write("desired/a.yaml", DESIRED.format(url=url, queues=queues))
            assert folder.ggrec("apply", "--auto-approve").code == 0
            return folder.ggrec("check", "--live")

        yield check
    handle.stop()


def found(ended: Ended) -> list[str]:
    """The lines about panels and files, without what follows the reason."""
    return [row.strip() for row in ended.out.splitlines() if ": panel " in row or ": warning: " in row]


def test_without_a_fault_nothing_is_found(checked: Callable[..., Ended]) -> None:
    ended = checked("sound")
    assert (found(ended), ended.code) == ([], 0), ended.out
    assert "4 panels of 1 dashboard asked" in ended.out


def test_a_renamed_metric(checked: Callable[..., Ended]) -> None:
    ended = checked("renamed")
    assert found(ended) == [
        'stale: panel "Queues": its newest value is 3 h old',
        'no-data: panel "Waiting": no query gave any data',
    ]
    assert ended.code == 1


def test_a_dropped_label(checked: Callable[..., Ended]) -> None:
    ended = checked("dropped")
    assert found(ended) == [
        'label-lost: panel "Requests": its legend names service, which no series has',
        'no-data: panel "Payments": no query gave any data',
    ]
    assert ended.code == 1


def test_a_shop_that_stopped_an_hour_ago(checked: Callable[..., Ended]) -> None:
    ended = checked("stopped")
    assert found(ended) == [
        'stale: panel "Queues": its newest value is 55 min old',
        'no-data: panel "Waiting": no query gave any data',
        'stale: panel "Requests": its newest value is 45 min old',
        'no-data: panel "Payments": no query gave any data',
    ]
    assert ended.code == 1


def test_rate_of_a_gauge(checked: Callable[..., Ended]) -> None:
    ended = checked("sound", "sum by (queue) (rate(order_queue_depth[20m]))")
    (said,) = found(ended)
    assert said.startswith("desired/a.yaml:") and said.endswith("[rate-on-gauge]") and ended.code == 0


def test_a_fault_changes_what_it_says_and_nothing_else(past: Path) -> None:
    ends = ("sound", "renamed", "dropped", "stopped")
    sound, renamed, dropped, stopped = (
        sorted(row for row in (past / name / "metrics.om").read_text().splitlines() if row[0] != "#") for name in ends
    )
    assert sorted(row.replace("order_queue_length", "order_queue_depth") for row in renamed) == sound != renamed
    requests = "http_requests_total{"
    assert [row for row in dropped if requests not in row] == [row for row in sound if requests not in row]
    assert not any(requests in row and "service=" in row for row in dropped)
    assert {_sum(rows, requests) for rows in (sound, dropped)} == {_sum(sound, requests)}
    last = NOW.timestamp() - 3600
    assert stopped == [row for row in sound if float(row.rpartition(" ")[2]) <= last]


def _sum(rows: list[str], name: str) -> int:
    return round(sum(float(row.split()[-2]) for row in rows if row.startswith(name)))

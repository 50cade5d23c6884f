"""`check --live` in a project: the files' findings beside the answers, and since when a panel shows nothing."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox import World, start
from tests.cli.command import PROJECT, Folder

DESIRED = """\
apiVersion: ggrec/v1
kind: Datasource
metadata: {name: prometheus}
spec: {name: Prometheus, type: prometheus, url: "http://127.0.0.1:1"}
---
apiVersion: ggrec/v1
kind: Metric
metadata: {name: depth}
spec: {datasource: prometheus, metrics: {depth: {type: gauge, help: Waiting, labels: {queue: [a, b]}}}}
---
apiVersion: ggrec/v1
kind: Dashboard
metadata: {name: ops}
spec:
  title: Operations
  panels:
    - title: Depth
      type: timeseries
      datasource: prometheus
      targets: [{expr: sum by (queue) (depth), legendFormat: "{{queue}}"}]
    - {title: Speed, type: timeseries, datasource: prometheus, targets: [{expr: "sum(rate(depth[5m]))"}]}
"""
GOOD = {
    "Depth": ("sum by (queue) (depth)", {"queue": "a"}),
    "Speed": ("sum(rate(depth[5m]))", dict[str, str]()),
}
"""What each panel asks, and the labels of what it gets."""
SINCE = "ggrec_check_without_data_since_timestamp_seconds{"
DAYS = [datetime(2026, 11, day, 8, 15, tzinfo=UTC) for day in (23, 24, 25, 26, 27)]


class Answers:
    """What every data source says: by expression, the labels of its one series; no series where there is none."""

    label_values = None

    def __init__(self) -> None:
        self.now = DAYS[0]
        self.labels: dict[str, dict[str, str]] = {}

    def query(self, source: Any, queries: Any, body: Any, *, now: float) -> dict[str, Any]:
        assert now == self.now.timestamp()
        return {item["refId"]: {"status": 200, "frames": self._frames(item["expr"])} for item in queries}

    def _frames(self, expression: str) -> list[Any]:
        if expression not in self.labels:
            return []
        number = {"name": "Value", "type": "number", "labels": self.labels[expression]}
        fields = [{"name": "Time", "type": "time"}, number]
        stamp = int(self.now.timestamp() * 1000)
        return [{"schema": {"fields": fields}, "data": {"values": [[stamp], [1.0]]}}]


@pytest.fixture
def lived(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Folder, Answers]]:
    """An applied project whose data sources say what a test wants, at the time that it wants."""
    answers = Answers()
    handle = start(World(asks=answers, now=lambda: answers.now))  # type: ignore[arg-type]  # no variables here
    monkeypatch.setattr(
        "reconciler.cli.output.SystemClock.now", lambda self: answers.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    )
    folder = Folder(tmp_path)
    folder.write("ggrec.yaml", PROJECT.format(url=handle.url))
    folder.write("desired/a.yaml", DESIRED)
    assert folder.ggrec("apply", "--auto-approve").code == 0
    yield folder, answers
    handle.stop()


def test_since_when_a_panel_shows_nothing(lived: tuple[Folder, Answers]) -> None:
    folder, answers = lived
    ended, told, read = [], [], []
    for day, gone in zip(DAYS, [[], ["Depth"], ["Depth"], ["Depth", "Speed"], ["Speed"]], strict=True):
        answers.now = day
        answers.labels = {text: labels for title, (text, labels) in GOOD.items() if title not in gone}
        files = ("--metrics", "m.prom", "--report", "r.md", "--report", "r.json", "--report", "r.html")
        ended.append(folder.ggrec("check", "--live", *files))
        rows = (folder.path / "m.prom").read_text().splitlines()
        samples = [row.partition("{")[2].rpartition("} ") for row in rows if row.startswith(SINCE)]
        told.append({labels: datetime.fromtimestamp(float(value), UTC) for labels, _, value in samples})
        (board,) = json.loads((folder.path / "r.json").read_text())["dashboards"]
        read.append([panel["since"] for panel in board["panels"]])
    assert [one.code for one in ended] == [0, 1, 1, 1, 1]
    depth, speed = (f'dashboard="ops",panel="panel \\"{title}\\""' for title in GOOD)
    assert told == [{}, {depth: DAYS[1]}, {depth: DAYS[1]}, {depth: DAYS[1], speed: DAYS[3]}, {speed: DAYS[3]}]
    assert read[3] == ["2026-11-24T08:15:00Z", "2026-11-26T08:15:00Z"] and read[4] == ["", "2026-11-26T08:15:00Z"]
    assert "since" not in ended[1].out  # it is found for the first time
    assert "  2 without data, since Tue 2026-11-24 08:15 UTC" in ended[3].out
    assert 'panel "Depth": no query gave any data, since Tue 2026-11-24 08:15 UTC' in ended[3].out
    assert 'panel "Speed": no query gave any data\n' in ended[3].out
    for name in ("r.md", "r.html"):
        assert "no query gave any data, since Thu 2026-11-26 08:15 UTC" in (folder.path / name).read_text()


def test_a_memory_that_cannot_be_read_or_kept_costs_since_and_nothing_else(lived: tuple[Folder, Answers]) -> None:
    folder, _ = lived
    folder.write("state/check.json", '{"format": 1, "since": 7}')
    assert folder.ggrec("check", "--live").code == 1
    (folder.path / "state/check.json").unlink()
    (folder.path / "state/check.json").mkdir()
    ended = folder.ggrec("check", "--live")
    assert ended.code == 1 and "the next check then cannot say since when" in ended.out


def test_a_label_that_the_legend_names_and_no_present_series_has(lived: tuple[Folder, Answers]) -> None:
    folder, answers = lived
    answers.labels = {text: {} for text, _ in GOOD.values()}
    ended = folder.ggrec("check", "--live")
    assert 'label-lost: panel "Depth": its legend names queue, which no series has' in ended.out
    assert "0 without data, 1 with a label lost" in ended.out and ended.code == 0


def test_what_is_wrong_in_the_files_is_told_beside_what_came_back(lived: tuple[Folder, Answers]) -> None:
    folder, answers = lived
    answers.labels = dict(GOOD.values())
    ended = folder.ggrec("check", "--live", "--report", "r.md", "--report", "r.html")
    assert "warning: dashboard.ops: " in ended.out and "[rate-on-gauge]" in ended.out
    assert "1 finding in the files." in ended.out and ended.code == 0
    assert all("rate-on-gauge" in (folder.path / name).read_text() for name in ("r.md", "r.html"))
    found = folder.ggrec("check", "--live", "--json").json["findings"]
    assert [item["code"] for item in found] == ["rate-on-gauge"]
    assert folder.ggrec("check", "--live", "--strict").code == 1
    assert "[rate-on-gauge]" not in folder.ggrec("check", "--live", "--code", "unknown-metric").out


def test_as_many_are_asked_at_once_as_was_said(lived: tuple[Folder, Answers], monkeypatch: pytest.MonkeyPatch) -> None:
    """Through Grafana too: more than it is asked to write, and more than it is asked otherwise."""
    folder, answers = lived
    together = threading.Barrier(5, timeout=20)
    plain = answers.query

    def query(source: Any, queries: Any, body: Any, *, now: float) -> dict[str, Any]:
        together.wait()
        return plain(source, queries, body, now=now)

    monkeypatch.setattr(answers, "query", query)
    panel = '    - {title: T%d, type: timeseries, datasource: prometheus, targets: [{expr: "sum(depth) + %d"}]}\n'
    head, _, _ = DESIRED.partition("    - title: Depth")
    folder.write("desired/a.yaml", head + "".join(panel % (n, n) for n in range(5)))
    answers.labels = {f"sum(depth) + {n}": {} for n in range(5)}
    ended = folder.ggrec("check", "--live", "--at-once", "5")
    assert "5 panels of 1 dashboard asked" in ended.out and "0 with errors, 0 without data" in ended.out


def test_what_nobody_could_ask_is_not_said_to_have_data(lived: tuple[Folder, Answers]) -> None:
    folder, answers = lived
    answers.labels = dict(GOOD.values())
    plain = answers.query

    def query(source: Any, queries: Any, body: Any, *, now: float) -> dict[str, Any]:
        if "rate" in queries[0]["expr"]:
            return {item["refId"]: {"status": 501, "error": "not here"} for item in queries}
        return plain(source, queries, body, now=now)

    answers.query = query  # type: ignore[method-assign]
    ended = folder.ggrec("check", "--live")
    assert "2 panels    1 with data, 1 not asked here" in ended.out and ended.code == 0, ended.out


def test_how_much_came_is_told(lived: tuple[Folder, Answers]) -> None:
    folder, answers = lived
    answers.labels = dict(GOOD.values())
    ended = folder.ggrec("check", "--live", "--verbose", "--report", "r.json", "--report", "r.html")
    assert 'ok: panel "Depth": 1 series, 1 value, ' in ended.out
    (board,) = json.loads((folder.path / "r.json").read_text())["dashboards"]
    assert [(panel["series"], panel["points"]) for panel in board["panels"]] == [(1, 1), (1, 1)]
    assert "<td>1</td><td>1</td>" in (folder.path / "r.html").read_text()

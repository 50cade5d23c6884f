"""The rows about `check --live`: panels asked on a real Prometheus, beside a bare client that asks the same of it."""

import statistics
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.bench import Bench
from benchmarks.estate import PREFIX
from benchmarks.process import CommandFailed, Cost
from benchmarks.server import Server
from benchmarks.table import Bound, Row, plain
from scripts import servers
from scripts.processes import Failed, Processes

_AT_ONCE = 4
"""Queries side by side: what `check --live` does by itself."""
_OF_A_BOARD = 20
_PAST = ("--days", "10", "--coarse", "600", "--fine-days", "2", "--fine", "120")
_ASKED = (
    "sum by (region, status) (increase(orders_total[{window}m]))",
    "histogram_quantile(0.9, sum by (le, service) (rate(http_request_duration_seconds_bucket[{window}m])))",
    "avg by (instance) (avg_over_time(system_cpu_usage_ratio[{window}m]))",
    "sum by (service, code) (rate(http_requests_total[{window}m]))",
    "sum by (step) (increase(funnel_steps_total[{window}m])) / on () group_left sum(increase(orders_total[{window}m]))",
)
"""Each panel has a window of its own: no two ask the same."""


def asked_live(bench: Bench, panels: int) -> Iterator[Row]:
    """`check --live` of so many panels: asking Prometheus itself, then through Grafana."""
    if absent := servers.missing("prometheus", "promtool"):
        raise CommandFailed(absent)
    with tempfile.TemporaryDirectory(prefix="ggrec-bench-") as place, Processes(Path(place)) as processes:
        try:
            servers.past(processes, Path(place), *_PAST)
            url = servers.prometheus(processes, Path(place))
        except Failed as failed:
            raise CommandFailed(str(failed)) from None
        own = replace(bench, folder=Path(place) / "project")
        declare(own, panels, url)
        own.ggrec("apply", "--auto-approve")
        alone = replace(own, server=Server(url, "", "", "Prometheus"))
        direct = ("check", "--live", "--prometheus", url, "--at-once", str(_AT_ONCE))
        asked = _in_lines(own.recorded(*direct))
        yield from _rows(
            own, alone, direct, asked, f"{panels:,} panels checked on Prometheus itself ÷ its bare queries"
        )
        through = _in_lines(own.recorded("check", "--live"))
        yield from _rows(own, own, ("check", "--live"), through, f"… through {bench.server.name} ÷ the same, bare")


def _rows(
    own: Bench, bare: Bench, command: tuple[str, ...], requests: list[dict[str, Any]], name: str
) -> Iterator[Row]:
    costs: list[Cost] = []
    bares: list[float] = []
    for _ in range(own.runs):
        bares.append(bare.bare("replay", requests)["wall"])
        costs.append(own.ggrec(*command))
        if "0 with errors, 0 without data" not in costs[-1].out:
            raise CommandFailed(f"not all panels have data:\n{costs[-1].out[-3000:]}")
    walls = [cost.wall for cost in costs]
    wall, base = statistics.median(walls), statistics.median(bares)
    detail = f"{wall:.2f} s, bare {base:.2f} s, {len(requests)} requests, {_AT_ONCE} at once"
    ratios = [one / other for one, other in zip(walls, bares, strict=True)]
    yield Bound(1.1).row(name, ratios, detail, figure=wall / base)
    yield plain("… its CPU", [cost.cpu for cost in costs], " s")
    yield plain("… its peak memory", [cost.memory for cost in costs], " MB")


def _in_lines(requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The questions among what was sent, on as many connections as there are at once."""
    asked = [item for item in requests if item["method"] == "POST"]
    return [{**item, "connection": number % _AT_ONCE} for number, item in enumerate(asked)]


def declare(bench: Bench, panels: int, url: str) -> None:
    """A project with so many panels on this Prometheus."""
    folder = bench.folder / "desired"
    folder.mkdir(parents=True)
    source = f"apiVersion: ggrec/v1\nkind: Datasource\nmetadata: {{name: {PREFIX}prometheus}}\nspec:\n"
    source += f'  name: Bench Prometheus\n  type: prometheus\n  url: "{url}"\n  jsonData: {{timeInterval: 2m}}\n'
    (folder / "datasources.yaml").write_text(source)
    for first in range(0, panels, _OF_A_BOARD):
        name = f"{PREFIX}checked-{first:05}"
        text = f"apiVersion: ggrec/v1\nkind: Dashboard\nmetadata: {{name: {name}}}\nspec:\n  title: {name}\n"
        text += "  time: {from: now-7d, to: now}\n  panels:\n"
        for number in range(first, min(first + _OF_A_BOARD, panels)):
            expression = _ASKED[number % len(_ASKED)].format(window=60 + number)
            text += f"    - title: Panel {number}\n      type: timeseries\n      datasource: {PREFIX}prometheus\n"
            text += f'      targets: [{{expr: "{expression}"}}]\n'
        (folder / f"{name}.yaml").write_text(text)
    bench.declare()

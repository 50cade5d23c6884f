"""`make bench`: every figure that is promised, side by side with a bare client, as a table and in results.md."""

import argparse
import compileall
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import reconciler
from benchmarks import checks, estate, offline, plans, serving, writes
from benchmarks.bench import Bench
from benchmarks.process import CommandFailed
from benchmarks.server import clear
from benchmarks.server import serving as serving_at
from benchmarks.table import Row, keep, section, text

GROUPS = {
    "server": "what the server takes for one request",
    "create": "everything created from empty",
    "noop": "a plan in which nothing has changed",
    "full": "a plan that reads every body",
    "edits": "requests of a plan after a few edits",
    "drift": "one edit by hand found",
    "apply": "a few dashboards applied",
    "renderings": "a plan with changes in every form",
    "validate": "the files read",
    "startup": "the shortest commands, and imports",
    "big": "a dashboard of 3 MB",
    "checks": "as many panels asked on a real Prometheus",
    "large": "ten times as many dashboards",
}


_AT_A_TIME = 1000


def main() -> None:
    """Measure, print, write down."""
    given = _arguments()
    load = os.getloadavg()[0]
    chosen = set(given.only or GROUPS)
    if given.large <= 0:
        chosen.discard("large")
    rows: list[Row] = []
    with serving_at(given.url) as server, tempfile.TemporaryDirectory(prefix="ggrec-bench-") as name:
        package = Path(given.program or Path(reconciler.__file__).parents[1]).resolve() / "reconciler"
        compileall.compile_dir(package, quiet=1)  # else each process compiles what was edited since, and keeps nothing
        bench = Bench(server, Path(name), given.runs, str(Path(given.program).resolve()) if given.program else "")
        for row in measured(bench, given, chosen):
            rows.append(row)
            print(f"  {row.measure}: {row.measured}", file=sys.stderr, flush=True)
        title = server.name
    what = f"{given.dashboards:,} dashboards of 30–60 kB, {estate.FOLDERS} folders, {len(estate.SOURCES)} datasources, "
    what += f"{estate.TEAMS} teams, {estate.ANNOTATIONS} annotations; {given.runs} runs of each"
    print(f"{title}\n{what}\n\n{text(rows)}")
    if given.write:
        keep(section(f"{title}{given.title}", what, rows, load))


def measured(bench: Bench, given: argparse.Namespace, chosen: set[str]) -> Iterator[Row]:
    """The rows of the chosen groups, each as soon as it is known."""
    boards = given.dashboards
    bench.prepare(estate.Size(dashboards=boards))
    steps: dict[str, Callable[[], Iterator[Row]]] = {
        "server": lambda: serving.server_alone(bench.server, boards),
        "noop": lambda: plans.nothing_changed(bench, boards),
        "full": lambda: plans.everything_read(bench, boards),
        "edits": lambda: plans.a_few_edits(bench, boards),
        "drift": lambda: plans.one_edit_found(bench, boards),
        "apply": lambda: writes.a_few(bench, boards),
        "renderings": lambda: plans.all_renderings(bench, boards),
        "startup": lambda: offline.starting(bench),
    }
    if "create" in chosen:
        yield from _whole("create", lambda: writes.from_empty(bench, boards, given.creates or given.runs))
    elif chosen & set(steps):
        bench.ggrec("apply", "--auto-approve")
    for name, step in steps.items():
        if name in chosen:
            yield from _whole(name, step)
    clear(bench.server)
    others: dict[str, Callable[[], Iterator[Row]]] = {
        "validate": lambda: offline.validating(bench, boards),
        "big": lambda: offline.very_large(bench),
        "checks": lambda: checks.asked_live(bench, boards),
        "large": lambda: _large(bench, given.large),
    }
    for name, step in others.items():
        if name in chosen:
            yield from _whole(name, step)
            clear(bench.server)


def _whole(name: str, step: Callable[[], Iterator[Row]]) -> Iterator[Row]:
    """A group's rows; where one cannot be measured, a row that says why, and the other groups go on."""
    try:
        yield from step()
    except (CommandFailed, OSError) as error:
        print(f"  {name}: {error}", file=sys.stderr, flush=True)
        yield Row(f"{GROUPS[name]}: not measured", "", "", str(error).splitlines()[0], "**no**")


def _large(bench: Bench, boards: int) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="ggrec-bench-") as name:
        own = replace(bench, folder=Path(name))
        size = estate.Size(dashboards=0)
        own.prepare(size)
        for first in range(0, boards, _AT_A_TIME):  # how an apply grows with what it creates is measured elsewhere
            estate.add(own.folder, size, range(first, min(first + _AT_A_TIME, boards)))
            own.ggrec("apply", "--auto-approve")
        yield from plans.nothing_changed(own, boards)
        yield from plans.everything_read(own, boards)
    yield from offline.validating_many(bench, boards)


def _arguments() -> argparse.Namespace:
    groups = "\n".join(f"  {name:<12}{meaning}" for name, meaning in GROUPS.items())
    parser = argparse.ArgumentParser(
        prog="make bench ARGS=…", epilog=f"groups:\n{groups}", formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dashboards", type=int, default=1000, help="how many (1000)")
    parser.add_argument("--large", type=int, default=10_000, help="how many in the group `large` (10000; 0: none)")
    parser.add_argument("--runs", type=int, default=5, help="how often each is measured (5)")
    parser.add_argument("--creates", type=int, default=0, help="how often everything is created (as --runs)")
    parser.add_argument("--only", nargs="+", choices=GROUPS, metavar="GROUP", help="these groups of rows only")
    parser.add_argument("--url", default="", help="a Grafana instead of the sandbox (or GRAFANA_URL; GRAFANA_USER …)")
    parser.add_argument("--program", default="", help="another checkout, whose ggrec is measured instead of this one's")
    parser.add_argument("--title", default="", help="what is said after the server's name in results.md")
    parser.add_argument("--write", action="store_true", help="write the table into benchmarks/results.md")
    given = parser.parse_args()
    if given.dashboards < 30 or given.runs < 1:
        parser.error("at least 30 dashboards and one run")
    return given


if __name__ == "__main__":
    main()

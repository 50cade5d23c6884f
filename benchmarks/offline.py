"""The rows that need no Grafana, or one dashboard only: reading the files, starting, a very large dashboard."""

import shutil
import statistics
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks import estate
from benchmarks.bench import GGREC, Bench
from benchmarks.plans import renderings
from benchmarks.process import Cost
from benchmarks.server import clear
from benchmarks.table import Bound, Row, plain

_COMPOSE = """\
import sys, time, pathlib, yaml
texts = [path.read_bytes() for path in sorted(pathlib.Path("desired").rglob("*.yaml"))]
began = time.process_time()
for text in texts:
    for node in yaml.compose_all(text, Loader=yaml.CSafeLoader):
        pass
print(time.process_time() - began)
"""
_START = 20
"""How often the shortest commands are run: they are quick, and the difference is small."""


def validating(bench: Bench, boards: int) -> Iterator[Row]:
    """`validate` of compact files: again, and for the first time beside libyaml composing the same files."""
    with tempfile.TemporaryDirectory(prefix="ggrec-bench-") as name:
        own = replace(bench, folder=Path(name))
        own.prepare(estate.Size(dashboards=boards, form="compact"))
        own.ggrec("validate")
        warm, cold, composed = [], [], []
        for _ in range(bench.runs):
            warm.append(own.ggrec("validate").cpu)
            shutil.rmtree(own.folder / ".ggrec", ignore_errors=True)
            cold.append(own.ggrec("validate"))
            composed.append(float(own.python("-c", _COMPOSE).out))
    yield Bound(0.5, 0.2, " s").row(f"`validate` of {boards:,} unchanged files (warm): CPU", warm)
    took = [cost.cpu for cost in cold]
    middle = statistics.median(took) / statistics.median(composed)
    detail = f"{statistics.median(took):.2f} s of CPU, libyaml {statistics.median(composed):.2f} s"
    ratios = [one / other for one, other in zip(took, composed, strict=True)]
    name = f"`validate`, cold, {boards:,} compact files ÷ libyaml building the same nodes"
    yield Bound(1.3, 0.5).row(name, ratios, detail, figure=middle)
    yield Bound(120, 70, " MB").row("… its peak memory", [cost.memory for cost in cold])


def validating_many(bench: Bench, boards: int) -> Iterator[Row]:
    """`validate` of very many compact files for the first time."""
    with tempfile.TemporaryDirectory(prefix="ggrec-bench-") as name:
        own = replace(bench, folder=Path(name))
        own.prepare(estate.Size(dashboards=boards, form="compact"))
        cold = own.ggrec("validate")
    yield plain(f"`validate`, cold, {boards:,} compact files: CPU", [cold.cpu], " s")
    yield Bound(250, 150, " MB").row("… its peak memory", [cold.memory])


def starting(bench: Bench) -> Iterator[Row]:
    """The shortest commands, and what a no-op plan imports, beside an interpreter that does nothing."""
    nothing: list[float] = []
    found: dict[str, list[float]] = {"version": [], "--help": []}
    imports: list[float] = []
    modules = 0
    for _ in range(_START if bench.runs > 1 else 1):
        nothing.append(bench.python("-c", "pass").cpu)
        for argument, figures in found.items():
            figures.append(bench.ggrec(argument).cpu)
        seconds, modules = bench.imports(GGREC, "plan")
        imports.append(nothing[-1] + seconds - bench.imports("pass")[0])
    base = statistics.median(nothing)
    rows = [(f"`ggrec {argument}`", figures, Bound(5, 3)) for argument, figures in found.items()]
    for name, figures, bound in [*rows, (f"imports of a no-op plan ({modules} modules)", imports, Bound(8, 4))]:
        middle = statistics.median(figures)
        detail = f"{middle * 1000:.0f} ms, `pass` {base * 1000:.0f} ms"
        ratios = [one / other for one, other in zip(figures, nothing, strict=True)]
        yield bound.row(f"{name} ÷ `python -c pass`: CPU", ratios, detail, figure=middle / base)


def very_large(bench: Bench) -> Iterator[Row]:
    """A dashboard of 1.5 and one of 3 MB, one query changed: plan and all renderings, beyond what a small one takes."""
    figures: dict[int, list[Cost]] = {}
    options: tuple[str, ...] = ()
    for kilobytes in (30, 1500, 3000):
        with tempfile.TemporaryDirectory(prefix="ggrec-bench-") as name:
            own = replace(bench, folder=Path(name))
            estate.big(own.folder, kilobytes)
            own.declare()
            own.ggrec("apply", "--auto-approve")
            own.settle()
            estate.edit(own.folder, [0], "large")
            options = renderings(own)
            own.ggrec(*options)
            figures[kilobytes] = [own.ggrec(*options) for _ in range(bench.runs)]
            clear(bench.server)
    small, half, whole = ([cost.cpu for cost in figures[size]] for size in (30, 1500, 3000))
    base = statistics.median(small)
    yield Bound(1.5, None, " s").row(
        "a 3 MB dashboard, one query changed: plan, diff, all renderings: CPU", whole, " ".join(options)
    )
    growth = (statistics.median(whole) - base) / max(statistics.median(half) - base, 0.001)
    detail = f"small {base:.2f} s, 1.5 MB {statistics.median(half):.2f} s, 3 MB {statistics.median(whole):.2f} s"
    yield Bound(2.3, 2.1).row("… 3 MB ÷ 1.5 MB, both beyond a 30 kB one (linear: 2)", [growth], detail)
    yield plain("… its peak memory", [cost.memory for cost in figures[3000]], " MB")

"""The rows about plans: nothing changed, everything read, a few edits, somebody's edit found."""

import shutil
import statistics
from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks import estate
from benchmarks.bench import Bench
from benchmarks.process import CommandFailed
from benchmarks.server import EDITOR, add_editor, edit_by_hand
from benchmarks.table import Bound, Row, plain


def nothing_changed(bench: Bench, boards: int) -> Iterator[Row]:
    """A plan in which nothing has changed, its observation verified; beside the bare client's same requests."""
    bench.settle()
    requests = bench.recorded("plan")
    costs, bares = [], []
    for _ in range(bench.runs):
        costs.append(bench.ggrec("plan"))
        bares.append(bench.bare("replay", requests)["wall"])
        _is_empty(costs[-1].out)
    large = boards > 5000
    wall = statistics.median(cost.wall for cost in costs)
    base = statistics.median(bares)
    name = f"no-op plan of {boards:,}, verified before"
    if not large:
        beyond = [cost.wall - 1.3 * bare for cost, bare in zip(costs, bares, strict=True)]
        detail = f"{wall:.2f} s, bare {base:.3f} s"
        yield Bound(0.4, 0.2, " s").row(f"{name}: wall beyond 1.3 × bare", beyond, detail, figure=wall - 1.3 * base)
    else:
        yield plain(f"{name}: wall", [cost.wall for cost in costs], " s", f"bare {base:.3f} s")
    bound = Bound(2, 1, " s") if large else Bound(0.6, 0.3, " s")
    yield bound.row("… its CPU", [cost.cpu for cost in costs])
    memory = Bound(250, 150, " MB") if large else Bound(120, 70, " MB")
    yield memory.row("… its peak memory", [cost.memory for cost in costs])
    yield plain("… its requests", [len(requests)], "", _sorts(requests))
    cold = []
    for _ in range(1 if large else bench.runs):
        shutil.rmtree(bench.folder / ".ggrec", ignore_errors=True)
        cold.append(bench.ggrec("plan"))
    yield plain("… without a cache of the desired files: CPU", [cost.cpu for cost in cold], " s")
    yield memory.row("… without a cache: peak memory", [cost.memory for cost in cold])


def everything_read(bench: Bench, boards: int) -> Iterator[Row]:
    """A plan that reads every body, beside the bare client fetching that list."""
    costs, bares = [], []
    for _ in range(bench.runs):
        costs.append(bench.ggrec(*bench.full_plan))
        bares.append(bench.bare("list"))
        _is_empty(costs[-1].out)
    walls, lists = [cost.wall for cost in costs], [bare["wall"] for bare in bares]
    ratios = [wall / bare for wall, bare in zip(walls, lists, strict=True)]
    middle = statistics.median(walls) / statistics.median(lists)
    detail = (
        f"{statistics.median(walls):.2f} s, bare {statistics.median(lists):.2f} s, {bares[0]['requests']:.0f} pages"
    )
    name = f"plan of {boards:,} without observation (full LIST)"
    if boards > 5000:
        yield plain(f"{name}: wall", walls, " s", detail)
        yield plain("… its CPU", [cost.cpu for cost in costs], " s")
        yield Bound(250, 150, " MB").row("… its peak memory", [cost.memory for cost in costs])
        return
    yield Bound(1.15, 1.05).row(f"{name} ÷ bare LIST", ratios, detail, figure=middle)
    yield Bound(2.5, 1.5, " s").row("… its CPU", [cost.cpu for cost in costs])
    yield Bound(120, 70, " MB").row("… its peak memory", [cost.memory for cost in costs])


def a_few_edits(bench: Bench, boards: int) -> Iterator[Row]:
    """Requests of a plan after edits in files and by hand, beyond those of the ladder itself."""
    count = min(10, boards // 3)
    editor = add_editor(bench.server)
    bench.settle()
    ladder = len(bench.recorded("plan"))
    estate.edit(bench.folder, range(count), "edits")
    edit_by_hand(editor, map(estate.name_of, range(count, 2 * count)), "edits")
    requests = bench.recorded("plan")
    lists = [item for item in requests if _is_metadata_page(item)]
    beyond = len(requests) - ladder - len(lists)
    detail = f"{len(requests)} in all: {_sorts(requests)}"
    yield Bound(12).row(
        f"plan after {count} edits in files and {count} by hand: requests beyond the ladder's", [beyond], detail
    )
    bench.ggrec("apply", "--auto-approve")


def one_edit_found(bench: Bench, boards: int) -> Iterator[Row]:
    """Who changed a dashboard by hand, and when; beside the bare client's metadata LIST."""
    editor = add_editor(bench.server)
    bench.settle()
    command = ("drift",) if bench.knows("drift", "--json") else ("plan",)
    costs, bares = [], []
    for number in range(bench.runs):
        edit_by_hand(editor, [estate.name_of(boards // 2)], f"found {number}")
        costs.append(bench.ggrec(*command, codes=(0, 2)))
        bares.append(bench.bare("metadata")["wall"])
        if EDITOR not in costs[-1].out:
            raise CommandFailed(f"ggrec {command[0]} did not name {EDITOR}:\n{costs[-1].out[-3000:]}")
    walls = [cost.wall for cost in costs]
    middle = statistics.median(walls) / statistics.median(bares)
    detail = f"{statistics.median(walls):.2f} s, bare {statistics.median(bares):.3f} s"
    ratios = [wall / bare for wall, bare in zip(walls, bares, strict=True)]
    name = f"find one hand edit with who and when (`{command[0]}`) ÷ metadata LIST"
    yield Bound(1.3, 1.1).row(name, ratios, detail, figure=middle)
    bench.ggrec("apply", "--auto-approve")


def all_renderings(bench: Bench, boards: int) -> Iterator[Row]:
    """A plan with changed dashboards in every form that this program has."""
    count = min(10, boards // 3)
    estate.edit(bench.folder, range(count), "renderings")
    options = renderings(bench)
    costs = [bench.ggrec(*options) for _ in range(bench.runs)]
    name = f"plan of {boards:,} with {count} changed, all renderings"
    yield plain(f"{name}: CPU", [cost.cpu for cost in costs], " s", " ".join(options))
    yield plain("… wall", [cost.wall for cost in costs], " s")
    yield plain("… peak memory", [cost.memory for cost in costs], " MB")
    bench.ggrec("apply", "--auto-approve")


def renderings(bench: Bench) -> tuple[str, ...]:
    """`plan` with everything that it can write in one run."""
    options = ["plan", "-v", "-o", "plan.ggrec"]
    for option, name in (
        ("--html", "plan.html"),
        ("--markdown", "plan.md"),
        ("--junit", "plan.xml"),
        ("--sarif", "plan.sarif"),
    ):
        if bench.knows("plan", option):
            options += [option, name]
    return tuple(options)


def _is_metadata_page(item: dict[str, Any]) -> bool:
    partial = "PartialObjectMetadataList" in item["headers"].get("accept", "")
    return partial and "limit=1&" not in f"{item['path']}&"


def _sorts(requests: Sequence[dict[str, Any]]) -> str:
    """How many of what."""
    found: dict[str, int] = {}
    for item in requests:
        parts = [part for part in item["path"].split("?")[0].split("/") if part not in {"uid", "name", "db"}]
        alone = parts[-1].startswith(estate.PREFIX)
        name = f"{parts[-2].removesuffix('s')} by itself" if alone else parts[-1]
        name = "metadata LIST" if _is_metadata_page(item) else name
        found[name] = found.get(name, 0) + 1
    return ", ".join(f"{count} {name}" for name, count in sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))


def _is_empty(out: str) -> None:
    """A plan that finds something is no no-op."""
    if "No changes." not in out:
        raise CommandFailed(f"the plan is not empty:\n{out[-3000:]}")

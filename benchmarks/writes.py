"""The rows about writing: an estate created from empty, and a few dashboards changed."""

import json
import random
import re
import shutil
import statistics
from collections.abc import Iterator
from typing import Any

from benchmarks import estate
from benchmarks.bare import is_board
from benchmarks.bench import Bench
from benchmarks.server import clear
from benchmarks.table import Bound, Row, plain

_AT_ONCE = 2
_NUMBERED = re.compile(r"/api/teams/\d+")
"""Paths with a number that the server gives: they differ at each creation, and are few."""


def from_empty(bench: Bench, boards: int, runs: int) -> Iterator[Row]:
    """Everything created, beside the bare client's saves of the same, and beside the very writes that ggrec sends; ends
    with the estate as ggrec created it.
    """
    sent = [item for item in _create_recorded(bench) if item["method"] != "GET" and not _NUMBERED.search(item["path"])]
    saves = [_as_save(item) for item in sent]
    costs, bares, same = [], [], []
    for _ in range(runs):
        clear(bench.server)
        bares.append(bench.bare("save", saves, at_once=_AT_ONCE)["wall"])
        clear(bench.server)
        same.append(bench.bare("save", sent, at_once=_AT_ONCE)["wall"])
        clear(bench.server)
        shutil.rmtree(bench.folder / "state")
        costs.append(bench.ggrec("apply", "--auto-approve"))
    walls = [cost.wall for cost in costs]
    middle = statistics.median(walls) / statistics.median(bares)
    detail = f"{statistics.median(walls):.2f} s, bare {statistics.median(bares):.2f} s, {len(saves)} writes"
    name = f"create {boards:,} dashboards and all around them from empty ÷ bare saves, {_AT_ONCE} at once"
    ratios = [wall / bare for wall, bare in zip(walls, bares, strict=True)]
    yield Bound(1.2, 1.05).row(name, ratios, detail, figure=middle)
    yield plain("… ÷ the very writes that it sends", [wall / bare for wall, bare in zip(walls, same, strict=True)])
    yield plain("… its CPU", [cost.cpu for cost in costs], " s")
    yield plain("… its peak memory", [cost.memory for cost in costs], " MB")


def _as_save(item: dict[str, Any]) -> dict[str, Any]:
    """A dashboard's create as every client knows it: a POST to /api/dashboards/db."""
    if not is_board(item["path"]) or item["path"].endswith("/db"):
        return item
    made = json.loads(item["body"])
    notes = made["metadata"]["annotations"]
    body = {
        "dashboard": {**made["spec"], "uid": made["metadata"]["name"]},
        "folderUid": notes.get("grafana.app/folder", ""),
        "message": notes.get("grafana.app/message", ""),
        "overwrite": False,
    }
    path = item["path"].partition("/apis/")[0] + "/api/dashboards/db"
    return {**item, "path": path, "body": json.dumps(body)}


def _create_recorded(bench: Bench) -> list[dict[str, Any]]:
    return bench.recorded("apply", "--auto-approve")


def a_few(bench: Bench, boards: int) -> Iterator[Row]:
    """Ten changed dashboards applied, beyond the plan of the same; beside ten bare saves with read-back."""
    count = min(10, boards // 3)
    strangers = [f"{estate.PREFIX}x{number}" for number in range(count)]
    bench.bare("save", _saves(strangers, "first"), at_once=_AT_ONCE)
    plans, applies, bares = [], [], []
    for number in range(bench.runs):
        estate.edit(bench.folder, range(count), f"apply {number}"[::-1])
        bench.settle()  # so that both stand on the same rung of the ladder, and no file is new to the cache
        plans.append(bench.ggrec("plan").wall)
        applies.append(bench.ggrec("apply", "--auto-approve").wall)
        bares.append(bench.bare("save", _saves(strangers, str(number)), at_once=_AT_ONCE, read_back=True)["wall"])
    beyond = [apply - plan for apply, plan in zip(applies, plans, strict=True)]
    middle = statistics.median(beyond) / statistics.median(bares)
    detail = (
        f"apply {statistics.median(applies):.2f} s, plan {statistics.median(plans):.2f} s, "
        f"bare {statistics.median(bares):.3f} s"
    )
    name = f"apply of {count}: beyond the plan ÷ {count} bare saves with read-back, {_AT_ONCE} at once"
    ratios = [more / bare for more, bare in zip(beyond, bares, strict=True)]
    yield Bound(1.3, 1.1).row(name, ratios, detail, figure=middle)


def _saves(uids: list[str], word: str) -> list[dict[str, Any]]:
    found = []
    for number, uid in enumerate(uids):
        model = estate.exported(random.Random(number), number, 22)
        model |= {"uid": uid, "title": f"Bench stranger {number}", "description": word}
        body = json.dumps({"dashboard": model, "folderUid": estate.folder_of(number), "overwrite": True})
        headers = {"content-type": "application/json"}
        found.append(
            {"connection": 0, "method": "POST", "path": "/api/dashboards/db", "headers": headers, "body": body}
        )
    return found

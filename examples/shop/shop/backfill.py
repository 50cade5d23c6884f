"""`python -m shop.backfill DIR`: writes the past as files: `metrics.om` (OpenMetrics, for `promtool tsdb
create-blocks-from openmetrics`), `documents.ndjson` (bulk requests for the search server) and `opening.json` (where
the live shop goes on counting).
"""

import argparse
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

from shop.book import Ledger
from shop.documents import Documents, bulk_lines
from shop.history import Span, live_through
from shop.measures import MEASURES


def backfill(folder: Path, span: Span, *, seed: int = 1) -> None:
    """Write the three files into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    ledger = Ledger()
    lines: dict[str, dict[str, list[str]]] = {measure.name: {} for measure in MEASURES}
    with (folder / "documents.ndjson").open("w", encoding="utf-8") as documents:
        writer = Documents(lambda document: _write(documents, document), seed=seed + 1)
        for moment in live_through(span, ledger, writer, seed=seed):
            stamp = f" {int(moment.timestamp())}"
            for measure in MEASURES:
                found = lines[measure.name]
                for series, value in ledger.samples(measure):
                    found.setdefault(series, []).append(_number(value) + stamp)
    with (folder / "metrics.om").open("w", encoding="utf-8") as metrics:
        _metrics(metrics, lines)
    (folder / "opening.json").write_text(json.dumps(opening_of(ledger)), "utf-8")


def _write(file: TextIO, document: dict[str, Any]) -> None:
    file.write(bulk_lines(document))


def _metrics(file: TextIO, lines: dict[str, dict[str, list[str]]]) -> None:
    """One family's lines together, each series in the order of time, as the format wants it."""
    for measure in MEASURES:
        name = measure.name.removesuffix("_total") if measure.type == "counter" else measure.name
        file.write(f"# HELP {name} {measure.help}\n# TYPE {name} {measure.type}\n")
        for series, samples in lines[measure.name].items():
            file.write("".join(f"{series} {sample}\n" for sample in samples))
    file.write("# EOF\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:.6g}" if value < 1000 else f"{value:.2f}"


def opening_of(ledger: Ledger) -> dict[str, Any]:
    """The books' last numbers."""
    numbers: Iterable[tuple[str, list[Any]]] = (
        (name, [[list(labels), value] for labels, value in found.items()])
        for name, found in ledger.numbers.items()
        if found
    )
    histograms = {
        name: [[list(labels), found] for labels, found in each.items()] for name, each in ledger.histograms.items()
    }
    return {"numbers": dict(numbers), "histograms": histograms}


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="shop.backfill", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--days", type=float, default=92.0)
    parser.add_argument(
        "--fine-days", type=float, default=3.0, help="the last days, with a sample every --fine seconds"
    )
    parser.add_argument("--coarse", type=int, default=1800, help="seconds between samples before that")
    parser.add_argument("--fine", type=int, default=120)
    parser.add_argument("--end", help="RFC 3339; default: now")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    end = datetime.fromisoformat(given.end.replace("Z", "+00:00")) if given.end else datetime.now(UTC)
    end -= timedelta(seconds=end.timestamp() % given.fine)
    span = Span(end, given.days, given.fine_days, given.coarse, given.fine)
    backfill(given.folder, span, seed=given.seed)
    print(f"{given.days:g} days until {end.isoformat(timespec='seconds')} in {given.folder}")


if __name__ == "__main__":
    main()

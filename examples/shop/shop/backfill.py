"""`python -m shop.backfill DIR`: writes the past as files: `metrics.om` (OpenMetrics, for `promtool tsdb
create-blocks-from openmetrics`), `documents.ndjson` (bulk requests for the search server) and `opening.json` (where
the live shop goes on counting). With --faults the last hours are apart, as they were and with each fault: DIR/sound,
DIR/renamed, DIR/dropped, DIR/stopped.
"""

import argparse
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

from shop.book import Ledger
from shop.documents import Documents, bulk_lines
from shop.faults import FAULTS, LONGEST, SOUND
from shop.history import Span, live_through
from shop.measures import MEASURES, Measure


class Exported:
    """Samples by family and series, as a file wants them."""

    def __init__(self) -> None:
        self._families: dict[str, tuple[Measure, dict[str, list[str]]]] = {m.name: (m, {}) for m in MEASURES}

    def add(self, measure: Measure, samples: Iterable[tuple[str, float]], stamp: str) -> None:
        """The samples of a measure at one moment."""
        _, found = self._families.setdefault(measure.name, (measure, {}))
        for series, value in samples:
            found.setdefault(series, []).append(_number(value) + stamp)

    def write(self, folder: Path) -> None:
        """`metrics.om`: one family's lines together, each series in the order of time, as the format wants it."""
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "metrics.om").open("w", encoding="utf-8") as file:
            for measure, found in self._families.values():
                name = measure.name.removesuffix("_total") if measure.type == "counter" else measure.name
                file.write(f"# HELP {name} {measure.help}\n# TYPE {name} {measure.type}\n")
                for series, samples in found.items():
                    file.write("".join(f"{series} {sample}\n" for sample in samples))
            file.write("# EOF\n")


def backfill(folder: Path, span: Span, *, seed: int = 1, faults: bool = False) -> None:
    """Write the three files into `folder`; with `faults`, the last hours into folders of their own."""
    folder.mkdir(parents=True, exist_ok=True)
    ledger, whole = Ledger(), Exported()
    apart = {name: Exported() for name in (SOUND, *FAULTS)} if faults else {}
    with (folder / "documents.ndjson").open("w", encoding="utf-8") as documents:
        writer = Documents(lambda document: _write(documents, document), seed=seed + 1)
        for moment in live_through(span, ledger, writer, seed=seed):
            stamp, left = f" {int(moment.timestamp())}", span.end - moment
            for measure in MEASURES:
                samples = list(ledger.samples(measure))
                if not apart or left >= LONGEST:
                    whole.add(measure, samples, stamp)
                    continue
                for name, exported in apart.items():
                    fault = FAULTS.get(name)
                    changes = fault is not None and left < fault.lasts
                    exported.add(*(fault.change(measure, samples) if fault and changes else (measure, samples)), stamp)
    whole.write(folder)
    for name, exported in apart.items():
        exported.write(folder / name)
    (folder / "opening.json").write_text(json.dumps(opening_of(ledger)), "utf-8")


def _write(file: TextIO, document: dict[str, Any]) -> None:
    file.write(bulk_lines(document))


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
    parser.add_argument("--faults", action="store_true", help="the last hours apart, and once with each fault")
    given = parser.parse_args()
    end = datetime.fromisoformat(given.end.replace("Z", "+00:00")) if given.end else datetime.now(UTC)
    end -= timedelta(seconds=end.timestamp() % given.fine)
    span = Span(end, given.days, given.fine_days, given.coarse, given.fine)
    backfill(given.folder, span, seed=given.seed, faults=given.faults)
    print(f"{given.days:g} days until {end.isoformat(timespec='seconds')} in {given.folder}")


if __name__ == "__main__":
    main()

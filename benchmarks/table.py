"""Figures → rows → a table for the terminal and for results.md. Measures nothing."""

import platform
import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).with_name("results.md")
_HEAD = ("measure", "must", "aim", "measured", "met")


@dataclass(frozen=True, slots=True)
class Row:
    """One line: what was asked, what came out, and whether that is enough ("aim", "must", "no", "" where nothing was
    asked).
    """

    measure: str
    must: str
    aim: str
    measured: str
    met: str
    detail: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        """As text."""
        more = f"; {self.detail}" if self.detail else ""
        return (self.measure, self.must, self.aim, self.measured + more, self.met)


@dataclass(frozen=True, slots=True)
class Bound:
    """What is asked of a figure, with its unit: `≤ must`, better `≤ aim`."""

    must: float
    aim: float | None = None
    unit: str = ""

    def row(self, measure: str, figures: Sequence[float], detail: str = "", *, figure: float | None = None) -> Row:
        """The row of repeated figures; `figure` counts in place of their median."""
        middle = statistics.median(figures) if figure is None else figure
        met = "aim" if middle <= (self.must if self.aim is None else self.aim) else "must"
        met = met if middle <= self.must else "**no**"
        shown = with_spread(figures, self.unit, middle)
        return Row(measure, f"≤ {_number(self.must)}{self.unit}", self._aim, shown, met, detail)

    @property
    def _aim(self) -> str:
        return "" if self.aim is None else f"≤ {_number(self.aim)}{self.unit}"


def with_spread(figures: Sequence[float], unit: str = "", middle: float | None = None) -> str:
    """The median, and from where to where the figures go."""
    shown = f"{_number(statistics.median(figures) if middle is None else middle)}{unit}"
    if len(figures) < 2:
        return shown
    return f"{shown} ({_number(min(figures))}–{_number(max(figures))})"


def plain(measure: str, figures: Sequence[float], unit: str = "", detail: str = "") -> Row:
    """A row of which nothing is asked."""
    return Row(measure, "", "", with_spread(figures, unit), "", detail)


def _number(value: float) -> str:
    if value == int(value) and abs(value) < 1e9:
        return str(int(value))
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}" if abs(value) < 1 else f"{value:.2f}"


def text(rows: Sequence[Row]) -> str:
    """For the terminal: what is measured in columns, what it is made of below it."""
    lines = [_HEAD, *(replace(row, detail="").cells for row in rows)]
    lines = [tuple(cell.replace("**", "") for cell in line) for line in lines]
    widths = [max(len(line[n]) for line in lines) for n in range(len(_HEAD))]
    head, *shown = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    ]
    details = [f"\n    {row.detail}" if row.detail else "" for row in rows]
    rule = "-" * (sum(widths) + 2 * len(widths) - 2)
    return "\n".join([head, rule, *(line + detail for line, detail in zip(shown, details, strict=True))])


def markdown(rows: Sequence[Row]) -> str:
    """For results.md."""
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in (_HEAD, *_cells(rows))]
    return "\n".join([lines[0], "|---" * len(_HEAD) + "|", *lines[1:]])


def _cells(rows: Sequence[Row]) -> list[tuple[str, ...]]:
    return [row.cells for row in rows]


def machine() -> str:
    """Which machine and which Python this is."""
    cpu, cores, memory = platform.machine(), "?", 0.0
    info = Path("/proc/cpuinfo")
    if info.exists():
        found = re.findall(r"^model name\s*:\s*(.*)$", info.read_text(), re.M)
        cpu, cores = (found[0], str(len(found))) if found else (cpu, cores)
    if Path("/proc/meminfo").exists():
        memory = int(Path("/proc/meminfo").read_text().split()[1]) / 1024 / 1024
    python = f"Python {platform.python_version()}"
    return f"{cores} cores, {cpu}, {memory:.0f} GB, {platform.system()} {platform.release()}, {python}"


def section(server: str, what: str, rows: Sequence[Row], load: float) -> str:
    """A section of results.md. `load` is how busy the machine was with other things when it began."""
    day = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    head = f"## {server}\n\n{what}. {day}.\n{machine()}; load before the run {load:.1f}.\n"
    return f"{head}\n{markdown(rows)}\n"


def keep(section_text: str, path: Path = RESULTS) -> None:
    """Write a section into results.md, in place of the one of the same server and estate."""
    title = section_text.split("\n", 1)[0]
    before = path.read_text() if path.exists() else _INTRODUCTION
    head, *sections = re.split(r"(?m)^(?=## )", before)
    kept = [found for found in sections if found.split("\n", 1)[0] != title]
    path.write_text(head + "".join(f"{found.rstrip()}\n\n" for found in [*kept, section_text]).rstrip() + "\n")


_INTRODUCTION = """\
# What `make bench` measured

Each section is one run of `make bench` on one server; [README.md](README.md) says what the rows mean. Figures are
medians, with (least–most) of the runs in brackets; what is compared was run in turns.

"""

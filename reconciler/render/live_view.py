"""What a live check found: lines for a terminal, markdown, HTML, JSON, metrics for Prometheus' textfile collector."""

import html
from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from reconciler.core.address import Address
from reconciler.core.errors import Diagnostic, Severity
from reconciler.core.json import Json
from reconciler.render.exposition import Gauges, Sample
from reconciler.render.json_view import diagnostic_json
from reconciler.render.lines import Line, Span, count, indented, line, safe
from reconciler.render.plan_view import diagnostic_lines

_STYLES = {
    "error": "error",
    "no-data": "error",
    "label-lost": "warn",
    "stale": "warn",
    "many-series": "warn",
    "slow": "warn",
    "not-asked": "dim",
    "ok": "good",
}


class PanelReport(Struct, frozen=True):
    """One panel: how it did (`verdict`), why, and the numbers; `points` are the values that came. Times are RFC 3339:
    of its `newest` value ("": it has none), and `since` when checks find that it shows nothing.
    """

    place: str
    verdict: str
    why: str
    series: int
    seconds: float
    newest: str = ""
    selection: str = ""
    since: str = ""
    points: int = 0

    @property
    def fails(self) -> bool:
        """Whether it shows nothing."""
        return self.verdict in {"error", "no-data"}


class BoardReport(Struct, frozen=True):
    """One dashboard: its panels, what could not be told of its variables, how many panels were not asked any more."""

    address: Address
    panels: tuple[PanelReport, ...]
    variables: tuple[tuple[str, str], ...] = ()
    unasked: int = 0

    def count(self, *verdicts: str) -> int:
        """How many panels did so."""
        return sum(1 for panel in self.panels if panel.verdict in verdicts)

    @property
    def since(self) -> str:
        """From when on its first panel shows nothing; "" where all do."""
        return min((panel.since for panel in self.panels if panel.since), default="")


class LiveReport(Struct, frozen=True):
    """A whole check. `at` is RFC 3339; `seconds` is how long it took. `findings` are those of the check of the files
    themselves, `notes` what went wrong beside.
    """

    target: str
    at: str
    seconds: float
    boards: tuple[BoardReport, ...]
    findings: tuple[Diagnostic, ...] = ()
    notes: tuple[Diagnostic, ...] = ()

    @property
    def failing(self) -> int:
        """How many panels show nothing."""
        return sum(board.count("error", "no-data") for board in self.boards)

    @property
    def unasked(self) -> int:
        """How many panels there was no time for."""
        return sum(board.unasked for board in self.boards)


def live_lines(report: LiveReport, *, verbose: bool = False) -> list[Line]:
    """For a terminal: what is wrong, a line for each dashboard, the count."""
    result = finding_lines(report.findings)
    for board in report.boards:
        wrong = [panel for panel in board.panels if panel.verdict not in {"ok", "not-asked"}]
        bad = board.count("error", "no-data")
        mark, style = ("✗", "error") if bad else ("!", "warn") if wrong or board.variables else ("✓", "good")
        number = count(len(board.panels), "panel")
        unasked = board.count("not-asked")
        fine = f"{len(board.panels) - unasked} with data, {unasked} not asked here" if unasked else "all with data"
        about = f"{len(wrong)} to look at" if wrong else fine
        about = f"{bad} without data{_since(board.since, report.at)}" if bad else about
        result.append(line(Span(f"{mark} ", style), Span(f"{board.address!s:<48}", style), f"  {number:<11} {about}"))
        for name, why in board.variables:
            result += indented(4, [line(Span(f"variable {safe(name)}: {safe(why)}" if name else safe(why), "warn"))])
        for panel in board.panels if verbose else wrong:
            result += indented(4, [_panel(panel, report.at)])
    for note in report.notes:
        result += diagnostic_lines(note, "warn")
    return [*result, (), line(Span(_summary(report), "error" if report.failing or report.unasked else "good"))]


def finding_lines(findings: Sequence[Diagnostic]) -> list[Line]:
    """What was found in the files: each with its code behind."""
    result: list[Line] = []
    for item in findings:
        style = "error" if item.severity is Severity.ERROR else "warn"
        head, *rest = diagnostic_lines(item, style)
        result += [(head[0], Span(f"{item.severity}: ", style), *head[1:], Span(f"  [{item.code}]", "dim")), *rest]
    return result


def _since(since: str, at: str) -> str:
    """`, since Tue 2026-11-24 08:15`; nothing for what this very check found first."""
    if not since or since >= at:
        return ""
    return f", since {datetime.fromisoformat(since):%a %Y-%m-%d %H:%M} UTC"


def _panel(panel: PanelReport, at: str) -> Line:
    numbers = f"{panel.series} series, {count(panel.points, 'value')}, {panel.seconds * 1000:.0f} ms"
    facts = numbers if panel.verdict == "ok" else safe(panel.why)
    facts += _since(panel.since, at)
    where = f" ({safe(panel.selection)})" if panel.selection else ""
    return line(Span(f"{panel.verdict}: ", _STYLES[panel.verdict]), f"{safe(panel.place)}{where}: {facts}")


def _summary(report: LiveReport) -> str:
    total = sum(len(board.panels) for board in report.boards)
    parts = [f"{count(total, 'panel')} of {count(len(report.boards), 'dashboard')} asked in {report.seconds:.1f} s"]
    for verdict, text in (
        ("error", "with errors"),
        ("no-data", "without data"),
        ("label-lost", "with a label lost"),
        ("stale", "stale"),
        ("many-series", "exploding"),
        ("slow", "slow"),
        ("not-asked", "not asked here"),
    ):
        number = sum(board.count(verdict) for board in report.boards)
        if number or verdict in {"error", "no-data"}:
            parts.append(f"{number} {text}")
    if report.unasked:
        parts.append(f"{report.unasked} not asked: the time was up")
    if report.findings:
        parts.append(f"{count(len(report.findings), 'finding')} in the files")
    return ", ".join(parts) + "."


def live_json(report: LiveReport) -> dict[str, Json]:
    """For programs."""
    return {
        "format": "ggrec/live-check/v1",
        "target": report.target,
        "at": report.at,
        "seconds": round(report.seconds, 3),
        "failing": report.failing,
        "unasked": report.unasked,
        "findings": [diagnostic_json(item) for item in report.findings],
        "dashboards": [_board_json(board) for board in report.boards],
    }


def _board_json(board: BoardReport) -> dict[str, Json]:
    panels: list[Json] = [
        {"place": p.place, "verdict": p.verdict, "why": p.why, "series": p.series, "points": p.points,
         "seconds": round(p.seconds, 4), "newest": p.newest, "selection": p.selection, "since": p.since}
        for p in board.panels
    ]  # fmt: skip
    return {
        "address": str(board.address),
        "panels": panels,
        "variables": dict(board.variables),
        "unasked": board.unasked,
    }


def live_markdown(report: LiveReport) -> str:
    """For a comment or a page."""
    rows = []
    wrong = []
    for board in report.boards:
        look = board.count("label-lost", "stale", "many-series", "slow")
        numbers = (len(board.panels), board.count("error"), board.count("no-data"), look)
        rows.append(f"| {board.address} | {' | '.join(map(str, numbers))} |")
        for panel in board.panels:
            if panel.verdict not in {"ok", "not-asked"}:
                of = f" ({_cell(panel.selection)})" if panel.selection else ""
                why = _cell(panel.why + _since(panel.since, report.at))
                wrong.append(f"- **{panel.verdict}** {board.address}, {_cell(panel.place)}{of}: {why}")
    table = ["| dashboard | panels | errors | without data | to look at |", "|---|---|---|---|---|", *rows]
    head = f"# Do the panels have data?\n\n{_summary(report)} {report.at}\n"
    files = [f"- **{item.code}** {_cell(_where(item))}: {_cell(item.message)}" for item in report.findings]
    return "\n".join([head, *table, "", *wrong, *files]) + "\n"


def _where(item: Diagnostic) -> str:
    return str(item.where or item.subject)


def _cell(text: str) -> str:
    return html.escape(" ".join(text.split()), quote=False).replace("|", "\\|").replace("`", "'").replace("[", "\\[")


def live_html(report: LiveReport) -> str:
    """One page that needs nothing else."""
    head = "<tr><th></th><th>panel</th><th>series</th><th>values</th><th>took</th><th>newest</th><th></th></tr>"
    body = []
    for board in report.boards:
        table = f"<table>{head}{''.join(_row(panel, report.at) for panel in board.panels)}</table>"
        body.append(f"<section><h2>{html.escape(str(board.address))}</h2><div>{table}</div></section>")
    if report.findings:
        found = "".join(
            f'<tr class="{"error" if item.severity is Severity.ERROR else "stale"}"><td>{html.escape(item.code)}</td>'
            f"<td>{html.escape(_where(item))}</td><td>{html.escape(item.message)}</td></tr>"
            for item in report.findings
        )
        body.append(f"<section><h2>In the files</h2><div><table>{found}</table></div></section>")
    summary = html.escape(f"{_summary(report)} {report.target}, {report.at}")
    return _PAGE.replace("SUMMARY", summary).replace("BODY", "".join(body))


def _row(panel: PanelReport, at: str) -> str:
    place = f"{panel.place} ({panel.selection})" if panel.selection else panel.place
    took = f"{panel.seconds * 1000:.0f} ms"
    numbers = (f"{panel.series:,}", f"{panel.points:,}", took, panel.newest)
    cells = (panel.verdict, place, *numbers, panel.why + _since(panel.since, at))
    return f'<tr class="{panel.verdict}">{"".join(f"<td>{html.escape(cell)}</td>" for cell in cells)}</tr>'


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Do the panels have data?</title><style>
:root { color-scheme: light dark; --line: light-dark(#d9dde3, #363b44); --quiet: light-dark(#5b6370, #9aa2ad); }
body { margin: 0 auto; max-width: 72rem; padding: 1rem; font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.3rem; } h2 { font-size: 1rem; margin: 1.5rem 0 .25rem; } p { color: var(--quiet); }
div { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
tr.ok td:first-child { color: light-dark(#1f6f4a, #5cc592); }
tr.error td:first-child, tr.no-data td:first-child { color: light-dark(#b3261e, #f28b82); font-weight: 600; }
tr.stale td:first-child, tr.slow td:first-child { color: light-dark(#8a5a00, #e2b55a); }
tr.label-lost td:first-child, tr.many-series td:first-child { color: light-dark(#8a5a00, #e2b55a); }
</style></head><body><h1>Do the panels have data?</h1><p>SUMMARY</p>BODY</body></html>
"""


def live_metrics(report: LiveReport, seconds: float) -> str:
    """For Prometheus' textfile collector. `seconds` is the moment, since 1970."""
    out = Gauges("ggrec_check")
    panels: list[Sample] = [
        ({"dashboard": board.address.name, "verdict": str(verdict)}, board.count(verdict))
        for board in report.boards
        for verdict in _STYLES
    ]
    out.many("panels", "Panels of declared dashboards by how their queries did.", panels)
    out.many(
        "without_data_since_timestamp_seconds",
        "From when on checks found that a panel shows nothing, or an error.",
        [
            ({"dashboard": board.address.name, "panel": panel.place}, datetime.fromisoformat(panel.since).timestamp())
            for board in report.boards
            for panel in board.panels
            if panel.since and not panel.selection
        ],
    )
    out.one("findings", "Findings of the check of the files.", len(report.findings))
    out.one("unasked_panels", "Panels that there was no time for.", report.unasked)
    out.one("duration_seconds", "How long the check took.", round(report.seconds, 3))
    out.one("last_success_timestamp_seconds", "When the check last ended.", round(seconds))
    return out.text


def one_panel_each(boards: Sequence[BoardReport]) -> dict[tuple[str, str], PanelReport]:
    """The panels by dashboard and place; the worst of each, where one was asked several times."""
    order = list(_STYLES)
    found: dict[tuple[str, str], PanelReport] = {}
    for board in boards:
        for panel in board.panels:
            key = (str(board.address), panel.place)
            if key not in found or order.index(panel.verdict) < order.index(found[key].verdict):
                found[key] = panel
    return found

"""`check --live`, and what a plan says of the data that its changes would show."""

import time
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.checking.live import Asked
from reconciler.checking.since import Looked, carried
from reconciler.checking.verdicts import Bounds, Verdict, verdict_of
from reconciler.cli.live import Checked, Limits, LiveCheck
from reconciler.cli.session import Session
from reconciler.cli.writing import write_file
from reconciler.core.errors import Diagnostic, ExitCode, Severity
from reconciler.core.plan import Action, Plan
from reconciler.core.ports import Asker, Reader
from reconciler.core.resource import Resource
from reconciler.render.live_view import (
    BoardReport,
    LiveReport,
    PanelReport,
    live_html,
    live_json,
    live_lines,
    live_markdown,
    live_metrics,
    one_panel_each,
)
from reconciler.store.check_life import read_since, write_since

_FORMS = {".md": live_markdown, ".html": live_html}


class Wanted(Struct, frozen=True):
    """What was asked for on the command line. `findings` are those of the check of the files themselves."""

    matrix: bool = False
    prometheus: str = ""
    reports: tuple[Path, ...] = ()
    metrics: Path | None = None
    limits: Limits = field(default_factory=Limits)
    bounds: Bounds = field(default_factory=Bounds)
    findings: tuple[Diagnostic, ...] = ()


async def check_live(session: Session, resources: Sequence[Resource], chosen: Collection[str], wanted: Wanted) -> int:
    """Ask every query of the chosen dashboards, say what came back, and write the reports."""
    at = session.clock.now()
    if wanted.prometheus:
        from reconciler.cli.prometheus import Prometheus  # who asks Grafana needs none of it

        async with Prometheus(wanted.prometheus) as asker:
            report = await _report(asker, resources, chosen, wanted, target=wanted.prometheus, at=at)
    else:
        async with session.reader() as reader:
            report = await _report(reader, resources, chosen, wanted, target=reader.server.url, at=at)
        report = _with_since(session, report, resources)
    for file in wanted.reports:
        write_file(file, _form(report, file))
    if wanted.metrics is not None:
        write_file(wanted.metrics, live_metrics(report, time.time()))
    if session.settings.json:
        session.output.json(live_json(report))
    else:
        session.output.lines(live_lines(report, verbose=session.settings.verbose))
    if report.unasked:
        return ExitCode.PARTIAL
    errors = any(item.severity is Severity.ERROR for item in report.findings)
    return ExitCode.ERROR if report.failing or errors else ExitCode.DONE


def _with_since(session: Session, report: LiveReport, resources: Sequence[Resource]) -> LiveReport:
    """The report with since when each panel shows nothing, which is kept for the next check."""
    blobs = session.store.blobs
    declared = {str(item.address) for item in resources}
    since = carried(read_since(blobs), map(_looked, report.boards), at=report.at, declared=declared)
    boards = []
    for board in report.boards:
        known = since.get(str(board.address), {})
        panels = (replace(p, since=known[p.place]) if p.fails and p.place in known else p for p in board.panels)
        boards.append(replace(board, panels=tuple(panels)))
    report = replace(report, boards=tuple(boards))
    kept = write_since(blobs, since)
    if not kept:
        return report
    hint = "the next check then cannot say since when; what is shown now is right"
    return replace(report, notes=(Diagnostic("since-not-kept", kept, hint, severity=Severity.WARNING),))


def _looked(board: BoardReport) -> Looked:
    """What a check saw of a dashboard as it is opened: other values of its variables are another matter."""
    opened = [panel for panel in board.panels if not panel.selection]
    failing = {panel.place for panel in opened if panel.fails}
    unknown = {panel.place for panel in opened if panel.verdict == Verdict.NOT_ASKED}
    fine = {panel.place for panel in opened} - failing - unknown
    return Looked(str(board.address), failing, fine, unknown, whole=not board.unasked)


def _form(report: LiveReport, file: Path) -> str:
    if file.suffix == ".json":
        import json

        return json.dumps(live_json(report), indent=1, ensure_ascii=False) + "\n"
    form = _FORMS.get(file.suffix)
    if form is not None:
        return form(report)
    return "\n".join("".join(span.text for span in row) for row in live_lines(report, verbose=True)) + "\n"


async def _report(
    asker: Asker, resources: Sequence[Resource], chosen: Collection[str], wanted: Wanted, *, target: str, at: str
) -> LiveReport:
    began = time.monotonic()
    boards = [item for item in resources if str(item.address) in chosen]
    checked = await LiveCheck(asker, resources, wanted.limits).dashboards(boards, matrix=wanted.matrix)
    found = tuple(board_report(item, wanted.bounds, at=at) for item in checked)
    return LiveReport(target, at, time.monotonic() - began, found, wanted.findings)


def board_report(checked: Checked, bounds: Bounds, *, at: str) -> BoardReport:
    """How a dashboard did, as seen at a moment."""
    first = checked.asked[0].values if checked.asked else {}
    now = datetime.fromisoformat(at).timestamp()
    panels = tuple(_panel(asked, bounds, first, now) for asked in checked.asked)
    return BoardReport(checked.address, panels, tuple(sorted(checked.variables.items())), checked.unasked)


def _panel(asked: Asked, bounds: Bounds, first: Mapping[str, object], now: float) -> PanelReport:
    verdict, why = verdict_of(asked, bounds, now=now)
    newest = ""
    if asked.newest is not None:
        newest = datetime.fromtimestamp(asked.newest / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    other = [f"{name}={','.join(value.values)}" for name, value in asked.values.items() if first.get(name) != value]
    selection = ", ".join(other)
    return PanelReport(
        asked.panel.place, verdict, why, asked.series, asked.took, newest, selection, points=asked.points
    )


async def with_data(plan: Plan, session: Session, reader: Reader, resources: Sequence[Resource]) -> Plan:
    """The plan with what becomes worse in the dashboards that it changes: a warning for each panel that had data and
    would have none, a refusal where the project says that this stops.
    """
    after = [c.resource for c in plan.changes if c.address.kind == "dashboard" and c.resource is not None and c.sends]
    if not after:
        return plan
    kind = session.registry["dashboard"]
    before: list[Resource] = []
    for change in plan.changes:
        if change.address.kind == "dashboard" and change.action is Action.UPDATE and change.resource and change.uid:
            live = await reader.ask(kind.read(reader.server, change.uid))
            if live is not None:
                before.append(replace(change.resource, attributes=live.attributes))
    check = LiveCheck(reader, resources, Limits())
    at = session.clock.now()
    was = one_panel_each([board_report(item, Bounds(), at=at) for item in await check.dashboards(before)])
    will = one_panel_each([board_report(item, Bounds(), at=at) for item in await check.dashboards(after)])
    stops = set(session.project.model.checks.stop)
    sources = {str(resource.address): resource.source for resource in after}
    warnings, refusals = list(plan.warnings), list(plan.refusals)
    for (address, place), panel in will.items():
        earlier = was.get((address, place))
        if panel.verdict not in {Verdict.ERROR, Verdict.NO_DATA} or (earlier and earlier.verdict == panel.verdict):
            continue
        text = f"{place}: {_becomes(earlier, panel)}"
        severity = Severity.ERROR if panel.verdict in stops else Severity.WARNING
        hint = "`ggrec check --live` asks all queries as they are declared"
        made = Diagnostic(f"panel-{panel.verdict}", text, hint, sources.get(address), address, severity)
        (refusals if severity is Severity.ERROR else warnings).append(made)
    return replace(plan, warnings=tuple(sorted(warnings, key=Diagnostic.sort_key)), refusals=tuple(refusals))


def _becomes(earlier: PanelReport | None, now: PanelReport) -> str:
    what = f"fails: {now.why}" if now.verdict == Verdict.ERROR else "would show nothing"
    if earlier is None:
        return f"is new, and {what}"
    return (
        f"returned {earlier.series} series, and {what}"
        if earlier.verdict == Verdict.OK
        else f"was {earlier.verdict}, and {what}"
    )

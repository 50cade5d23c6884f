"""`check --live`, and what a plan says of the data that its changes would show."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from reconciler.checking.live import Asked
from reconciler.checking.verdicts import Bounds, Verdict, verdict_of
from reconciler.cli.direct import Direct
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

_FORMS = {".md": live_markdown, ".html": live_html}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for on the command line."""

    matrix: bool = False
    prometheus: str = ""
    reports: tuple[Path, ...] = ()
    metrics: Path | None = None
    limits: Limits = field(default_factory=Limits)
    bounds: Bounds = field(default_factory=Bounds)


async def check_live(session: Session, chosen: Sequence[str], wanted: Wanted) -> int:
    """Ask every query of the chosen dashboards, say what came back, and write the reports."""
    resources = session.resources()
    boards = [item for item in resources if str(item.address) in chosen]
    if wanted.prometheus:
        report = await _report(Direct(wanted.prometheus), resources, boards, wanted, target=wanted.prometheus)
    else:
        async with session.reader() as reader:
            report = await _report(reader, resources, boards, wanted, target=reader.server.url)
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
    return ExitCode.ERROR if report.failing else ExitCode.DONE


def _form(report: LiveReport, file: Path) -> str:
    if file.suffix == ".json":
        import json

        return json.dumps(live_json(report), indent=1, ensure_ascii=False) + "\n"
    form = _FORMS.get(file.suffix)
    if form is not None:
        return form(report)
    return "\n".join("".join(span.text for span in row) for row in live_lines(report, verbose=True)) + "\n"


async def _report(
    asker: Asker, resources: Sequence[Resource], boards: Sequence[Resource], wanted: Wanted, *, target: str
) -> LiveReport:
    began = time.monotonic()
    checked = await LiveCheck(asker, resources, wanted.limits).dashboards(boards, matrix=wanted.matrix)
    found = tuple(board_report(item, wanted.bounds) for item in checked)
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return LiveReport(target, at, time.monotonic() - began, found)


def board_report(checked: Checked, bounds: Bounds) -> BoardReport:
    """How a dashboard did."""
    first = checked.asked[0].values if checked.asked else {}
    panels = tuple(_panel(asked, bounds, first) for asked in checked.asked)
    return BoardReport(checked.address, panels, tuple(sorted(checked.variables.items())), checked.unasked)


def _panel(asked: Asked, bounds: Bounds, first: Mapping[str, object]) -> PanelReport:
    verdict, why = verdict_of(asked, bounds, now=time.time())
    newest = ""
    if asked.newest is not None:
        newest = datetime.fromtimestamp(asked.newest / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    other = [f"{name}={','.join(value.values)}" for name, value in asked.values.items() if first.get(name) != value]
    return PanelReport(asked.panel.place, verdict, why, asked.series, asked.took, newest, ", ".join(other))


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
    was = one_panel_each([board_report(item, Bounds()) for item in await check.dashboards(before)])
    will = one_panel_each([board_report(item, Bounds()) for item in await check.dashboards(after)])
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

"""`ggrec drift` as lines: who changed what outside and for how long it has been so, what Git changes, what is held."""

from collections import Counter

from reconciler.core.drift import DriftReport, Finding, News, Step, Verdict
from reconciler.render.lines import Line, Span, count, indented, line, safe
from reconciler.render.plan_view import PlanView, ago, diagnostic_lines, versions_text

UNCHANGED = "nothing in it that ggrec compares"
"""What is said of a save in which nothing differs that concerns the author."""

_VERDICTS = {
    Verdict.CLEAN: ("Clean: Grafana is as it was left.", "good"),
    Verdict.DRIFT: ("Drift: somebody changed what ggrec owns.", "drift"),
    Verdict.PENDING: ("No drift; the files have changes that are not applied yet.", "change"),
    Verdict.BOTH: ("Drift, and the files have changes that are not applied yet.", "drift"),
    Verdict.UNKNOWN: ("Could not tell: a part could not be read, and what is not known is not clean.", "error"),
}


def drift_lines(report: DriftReport, view: PlanView) -> list[Line]:
    """The whole report."""
    target = report.plan.target
    head = f"Grafana {target.url} ({safe(target.version) or 'version hidden'}) · checked {report.at}"
    result: list[Line] = [line(Span(head, "head")), ()]
    groups = (
        ("Changed outside ggrec since the last apply", [f for f in report.findings if f.standing == "open"]),
        ("Acknowledged, and the day has passed", [f for f in report.findings if f.standing == "expired"]),
        ("Acknowledged", [f for f in report.findings if f.standing == "acknowledged"]),
    )
    for title, found in groups:
        if found:
            result.append(line(Span(f"{title} ({len(found)})", "head")))
            for finding in found:
                result += indented(2, finding_lines(finding, view))
            result.append(())
    if report.recovered:
        result.append(line(Span(f"No longer different ({len(report.recovered)})", "head")))
        for address, seen in report.recovered:
            result += indented(
                2, [line(Span(f"✓ {safe(address)}", "good"), f"  first seen {ago(seen.first, view.now)}")]
            )
        result.append(())
    result += _held(report)
    if report.pending:
        result.append(line(Span(f"Changed in the files and not applied yet ({len(report.pending)})", "head")))
        result += indented(2, [line(Span(f"~ {address}", "change")) for address in report.pending])
        result.append(())
    result += _complaints(report)
    text, style = _VERDICTS[report.verdict]
    if report.verdict is Verdict.CLEAN and report.findings:
        text = "Nothing to alarm about: what differs is acknowledged."
    return [*result, line(Span(text, style)), line(against_the_last(report, view))]


def finding_lines(finding: Finding, view: PlanView) -> list[Line]:
    """One object: its head, its life, its saves."""
    drift = finding.drift
    what = summary(finding)
    title = f' "{safe(drift.title)}"' if drift.title else ""
    inside = [line(Span(life_text(finding, view), "dim"))]
    if drift.note and not (finding.expired and drift.note.startswith("was ")):  # said with its place below
        inside.append(line(Span(safe(drift.note), "dim")))
    for item in finding.expired:
        inside.append(line(Span(f"was {safe(str(item))} ({item.where})", "warn")))
    if finding.acknowledged and not view.verbose:
        return [_head(finding, title, what), *indented(4, inside)]
    for step in finding.steps:
        inside.append(line(step_text(step, view)))
        inside += indented(2, view.rows(step.rows) or [line(Span(UNCHANGED, "dim"))])
    if finding.unattributed:
        if why := unattributed_text(finding):
            inside.append(line(why))
        inside += indented(2 if why else 0, view.rows(finding.unattributed_rows))
    return [_head(finding, title, what), *indented(4, inside)]


def unattributed_text(finding: Finding) -> str:
    """Why edits are nobody's; "" where the head says that nobody is known."""
    if finding.again:
        return "not attributable: its versions began anew"
    return "not attributable: no kept version accounts for it" if finding.steps or finding.who else ""


def _head(finding: Finding, title: str, what: str) -> Line:
    mark = {"open": ("!", "drift"), "expired": ("!", "error"), "acknowledged": ("=", "dim")}[finding.standing]
    return line(Span(f"{mark[0]} {finding.address}", mark[1]), f"{title}: {what}")


def summary(finding: Finding) -> str:
    """Who, and which versions."""
    if finding.drift.gone:
        return "deleted outside; not attributable"
    versions = versions_text(finding.drift)
    by = f"by {safe(finding.who)}" if finding.who else "by somebody; not attributable"
    return f"{versions}, {by}" if finding.again else f"{versions} {by}".strip()


def life_text(finding: Finding, view: PlanView) -> str:
    """New, changed again, or for how long."""
    seen = finding.seen
    if finding.news is News.NEW:
        return "new: first seen now"
    again = ", changed again since the last check" if finding.news is News.CHANGED else ""
    return f"first seen {ago(seen.first, view.now)}, in {count(seen.times, 'check')}{again}"


def step_text(step: Step, view: PlanView) -> str:
    """`version 3 → 4 by bob, 2 hours ago: "message"`."""
    by = f" by {safe(step.who)}" if step.who else ""
    when = f", {ago(step.when, view.now)}" if step.when else ""
    return f"version {step.before} → {step.after}{by}{when}" + (f': "{safe(step.message)}"' if step.message else "")


def against_the_last(report: DriftReport, view: PlanView) -> str:
    """`The same 3 as yesterday, 1 new.`"""
    if not report.checked_before:
        return f"{count(len(report.findings), 'object')} changed outside; the first check that is remembered."
    news = Counter(item.news for item in report.findings)
    since = ago(report.checked_before, view.now)
    if not (news[News.SAME] or news[News.CHANGED] or report.recovered) and report.findings:
        return f"{count(news[News.NEW], 'object')} changed outside, new since {since}."
    parts = [f"the same {news[News.SAME]} as {since}"] if news[News.SAME] else []
    parts += [f"{news[News.CHANGED]} changed again since {since}"] if news[News.CHANGED] else []
    parts += [f"{news[News.NEW]} new"] if news[News.NEW] or news[News.SAME] else []
    parts += (
        [f"{len(report.recovered)} no longer different" + ("" if parts else f" since {since}")]
        if report.recovered
        else []
    )
    text = ", ".join(parts)
    if not report.findings and not report.recovered:
        text = (
            f"nothing, as {since}" if not report.plan.unreadable else f"nothing that could be read; last check {since}"
        )
    return f"{text[0].upper()}{text[1:]}."


def _held(report: DriftReport) -> list[Line]:
    if not report.held:
        return []
    result = [line(Span(f"Held in Grafana, and not in the files ({len(report.held)})", "head"))]
    for address, items in report.held.items():
        whys = "; ".join(dict.fromkeys(safe(item.why) for item in items if item.why))
        paths = ", ".join(f"{safe(report.plan.place(address, item))} ({safe(item.path)})" for item in items)
        result += indented(2, [line(Span(f"= {address}  ", "dim"), f"{paths}{f' ({whys})' if whys else ''}")])
    return [*result, ()]


def _complaints(report: DriftReport) -> list[Line]:
    result: list[Line] = []
    for title, found, style in (
        ("Could not be read", report.plan.unreadable, "error"),
        ("Notes", report.notes, "warn"),
    ):
        if found:
            result.append(line(Span(f"{title} ({len(found)})", style)))
            for item in found:
                result += indented(2, diagnostic_lines(item, style))
            result.append(())
    return result

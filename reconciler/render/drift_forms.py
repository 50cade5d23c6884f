"""`ggrec drift` in other forms than lines: JSON for programs, markdown, one self-contained HTML page, the metrics of
Prometheus' text format, the body of a Slack-compatible webhook. All from one report; same report, same bytes.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from html import escape
from itertools import product
from typing import Any

from reconciler.core.drift import STANDINGS, DriftReport, Finding
from reconciler.core.semantic import CLASSES
from reconciler.render.drift_view import (
    UNCHANGED,
    against_the_last,
    drift_lines,
    finding_lines,
    life_text,
    step_text,
    summary,
    unattributed_text,
)
from reconciler.render.exposition import Gauges, Sample
from reconciler.render.json_view import diagnostic_json, edit_json, held_json
from reconciler.render.lines import Line, line, plain
from reconciler.render.plan_view import PlanView, held_text

DRIFT = "ggrec/drift/v1"
_AGES = ((3600, "1h"), (86400, "1d"), (7 * 86400, "7d"), (30 * 86400, "30d"))
_OLDER = "older"
_AGE_NAMES = (*(name for _, name in _AGES), _OLDER)
_SLACK_MOST = 20


def drift_json(report: DriftReport, view: PlanView) -> dict[str, Any]:
    """The report. `verdict` says in words what the exit code says."""
    target = report.plan.target
    return {
        "format": DRIFT,
        "checked": report.at,
        "checkedBefore": report.checked_before or None,
        "target": {"url": target.url, "org": target.org_id, "orgName": target.org_name, "version": target.version},
        "verdict": str(report.verdict),
        "exitCode": int(report.verdict.exit_code),
        "summary": against_the_last(report, view),
        "drift": [_finding(item) for item in report.findings],
        "recovered": [{"address": address, "firstSeen": seen.first} for address, seen in report.recovered],
        "pending": [str(address) for address in report.pending],
        "held": {str(a): [held_json(report.plan, a, item) for item in held] for a, held in report.held.items()},
        "unreadable": [diagnostic_json(item) for item in report.plan.unreadable],
        "notes": [diagnostic_json(item) for item in report.notes],
    }


def _finding(item: Finding) -> dict[str, Any]:
    drift, by = item.drift, item.drift.attribution
    return {
        "address": str(item.address),
        "uid": drift.uid,
        "title": drift.title,
        "gone": drift.gone,
        "standing": item.standing,
        "note": drift.note,
        "news": str(item.news),
        "firstSeen": item.seen.first,
        "checksSeen": item.seen.times,
        "who": item.who or None,
        "when": by.when,
        "versionBefore": drift.version_before,
        "versionAfter": drift.version_after,
        "atNextApply": drift.outcome,
        "edits": [edit_json(edit) for edit in drift.edits],
        "saves": [
            {
                "versionBefore": step.before,
                "versionAfter": step.after,
                "who": step.who or None,
                "when": step.when or None,
                "message": step.message,
                "edits": [edit_json(edit) for edit in step.edits],
            }
            for step in item.steps
        ],
        "notAttributable": [edit_json(edit) for edit in item.unattributed],
        "expired": [{"until": a.until, "reason": a.reason, "who": a.who} for a in item.expired],
    }


def drift_markdown(report: DriftReport, view: PlanView) -> str:
    """Headings and code blocks: for a comment or a wiki page."""
    out = [f"# Drift of {report.plan.target.url}", "", f"**{report.verdict}**, checked {report.at}.", ""]
    out += [against_the_last(report, view), ""]
    for item in report.findings:
        out += [f"## `{item.address}` ({item.standing})", "", *_fenced(finding_lines(item, view))]
    for title, names in (
        ("No longer different", [address for address, _ in report.recovered]),
        ("Changed in the files and not applied yet", [str(address) for address in report.pending]),
        ("Held in Grafana, and not in the files", _held(report)),
        ("Could not be read", [str(item.message) for item in report.plan.unreadable]),
    ):
        if names:
            out += [f"## {title}", "", *(f"- `{_ticked(name)}`" for name in names), ""]
    return "\n".join(out).rstrip() + "\n"


def _held(report: DriftReport) -> list[str]:
    return [f"{address}: {held_text(report.plan, address, held, when='')}" for address, held in report.held.items()]


def _fenced(lines: list[Line]) -> list[str]:
    text = plain(lines).rstrip()
    fence = "```"
    while fence in text:
        fence += "`"
    return [f"{fence}text", text, fence, ""]


def _ticked(text: str) -> str:
    return text.replace("`", "'").replace("\n", " ")


_STYLE = """
:root{color-scheme:light dark;--fg:#1c2128;--bg:#fff;--soft:#f3f5f8;--edge:#d5dbe3;--dim:#5a6572;
--add:#116329;--remove:#a40e26;--change:#7a4e00;--drift:#7b2d8e}
@media(prefers-color-scheme:dark){:root{--fg:#e4e8ee;--bg:#14181d;--soft:#1d232b;--edge:#343d48;--dim:#9aa6b4;
--add:#5fd17a;--remove:#ff8b8b;--change:#e6b35a;--drift:#d59be6}}
body{font:16px/1.5 system-ui,sans-serif;color:var(--fg);background:var(--bg);max-width:70rem;margin:0 auto;
padding:1.5rem}
h1{font-size:1.5rem;margin:0 0 .25rem}h2{font-size:1.15rem;margin:2rem 0 .5rem}p{margin:.3rem 0}
.facts{color:var(--dim)}.verdict{font-size:1.1rem;font-weight:600}
.counts{display:flex;gap:.75rem;flex-wrap:wrap;margin:1rem 0}
.counts div{background:var(--soft);border:1px solid var(--edge);border-radius:.5rem;padding:.5rem 1rem;min-width:6rem}
.counts b{display:block;font-size:1.5rem}details{border:1px solid var(--edge);border-radius:.5rem;margin:.6rem 0;
background:var(--soft)}summary{cursor:pointer;padding:.6rem .9rem}summary code{font-weight:600;font-size:1rem}
.badge{border:1px solid currentColor;border-radius:1rem;padding:0 .6rem;font-size:.8rem;margin-left:.5rem}
.open,.expired{color:var(--drift)}.acknowledged{color:var(--dim)}.body{padding:0 .9rem .7rem}
h3{font-size:.95rem;margin:.8rem 0 .2rem}
pre{margin:0;white-space:pre-wrap;overflow-wrap:anywhere;font:13px/1.5 ui-monospace,monospace}
.add,.add-word,.good{color:var(--add)}.remove-word{color:var(--remove)}
.add-word,.remove-word{font-weight:700;text-decoration:underline}
.remove,.error{color:var(--remove)}.change,.warn{color:var(--change)}.dim{color:var(--dim)}
"""


def drift_html(report: DriftReport, view: PlanView) -> str:
    """One page that needs nothing else; light and dark."""
    counts = Counter(item.standing for item in report.findings)
    boxes = [
        ("open", counts["open"]),
        ("expired", counts["expired"]),
        ("acknowledged", counts["acknowledged"]),
        ("recovered", len(report.recovered)),
        ("pending", len(report.pending)),
        ("unreadable", len(report.plan.unreadable)),
    ]
    shown = "".join(f"<div><b>{number}</b>{name}</div>" for name, number in boxes)
    body = [
        f"<h1>Drift of {escape(report.plan.target.url)}</h1>",
        f'<p class="facts">checked {escape(report.at)}</p><p class="verdict">{escape(str(report.verdict))}</p>',
        f"<p>{escape(against_the_last(report, view))}</p>",
        f'<div class="counts">{shown}</div>',
        *(_html_finding(item, view) for item in report.findings),
        _html_list("No longer different", [address for address, _ in report.recovered]),
        _html_list("Changed in the files and not applied yet", [str(address) for address in report.pending]),
        _html_list("Held in Grafana, and not in the files", _held(report)),
        _html_list("Could not be read", [str(item) for item in report.plan.unreadable]),
    ]
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Drift</title>'
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}<style>{_STYLE}</style></head>\n<body>'
        + "\n".join(part for part in body if part)
        + "</body></html>\n"
    )


def _html_finding(item: Finding, view: PlanView) -> str:
    drift = item.drift
    parts = [f'<p class="facts">{escape(life_text(item, view))}</p>']
    parts += [f"<p>{escape(drift.note)}</p>"] if drift.note else []
    parts += [f'<p class="warn">was {escape(str(a))}</p>' for a in item.expired]
    for step in item.steps:
        shown = view.rows(step.rows) or [line(UNCHANGED)]
        parts.append(f"<h3>{escape(step_text(step, view))}</h3>{_html_lines(shown)}")
    if item.unattributed:
        why = unattributed_text(item)
        head = f"<h3>{escape(why)}</h3>" if why else ""
        parts.append(f"{head}{_html_lines(view.rows(item.unattributed_rows))}")
    what = summary(item)
    badge = f'<span class="badge {item.standing}">{item.standing}</span>'
    top = f"<summary><code>{escape(str(item.address))}</code> {escape(drift.title)}{badge}<br>"
    opened = "" if item.acknowledged else " open"
    head = f'{top}<span class="facts">{escape(what)}</span></summary>'
    return f'<details{opened}>{head}<div class="body">{"".join(parts)}</div></details>'


def _html_lines(lines: list[Line]) -> str:
    shown = "\n".join(
        "".join(f'<span class="{span.style}">{escape(span.text)}</span>' for span in item) for item in lines
    )
    return f"<pre>{shown}</pre>"


def _html_list(title: str, names: list[str]) -> str:
    if not names:
        return ""
    return f"<h2>{title}</h2><ul>{''.join(f'<li><code>{escape(name)}</code></li>' for name in names)}</ul>"


def webhook_body(report: DriftReport, view: PlanView) -> dict[str, str]:
    """What Slack and those that speak like it take: `{"text": …}`."""
    lines = [f"*Drift of {report.plan.target.url}: {report.verdict}*", against_the_last(report, view)]
    lines += [f"• `{f.address}` {f.news}, {f.standing}: {summary(f)}" for f in report.alarming[:_SLACK_MOST]]
    if len(report.alarming) > _SLACK_MOST:
        lines.append(f"… and {len(report.alarming) - _SLACK_MOST} more")
    lines += [f"• `{address}` is no longer different" for address, _ in report.recovered[:_SLACK_MOST]]
    lines += [f"• could not be read: {item.message}" for item in report.plan.unreadable]
    text = "\n".join(lines)
    return {"text": text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")}


def drift_metrics(
    report: DriftReport | None, *, instance: str, last_success: float, seconds: float, kinds: Sequence[str] = ()
) -> str:
    """Prometheus' text format. None: the check failed, so only what is still true is said. Of every kind of `kinds`
    there is a number, 0 too: a series that comes and goes is a gap in a chart, and no answer to "how many?".
    """
    out = Gauges("ggrec_drift", {"instance_name": instance})
    out.one("last_success_timestamp_seconds", "When a check last could tell, in Unix time.", last_success)
    out.one("duration_seconds", "How long the last check took.", round(seconds, 3))
    unknown = report is None or bool(report.plan.unreadable)
    out.one("could_not_tell", "1 where the last check failed or could not read a part.", int(unknown))
    if report is None:
        return out.text
    now = _seconds(report.at)
    groups = Counter(dict.fromkeys(product(kinds, STANDINGS, _AGE_NAMES), 0))
    groups.update((f.address.kind, f.standing, _age(now - _seconds(f.seen.first))) for f in report.findings)
    objects: list[Sample] = [
        ({"kind": kind, "standing": standing, "age": age}, number)
        for (kind, standing, age), number in sorted(groups.items())
    ]
    out.many("objects", "Objects changed outside, by kind, standing and how long ago that was first seen.", objects)
    oldest = max((now - _seconds(f.seen.first) for f in report.alarming), default=0.0)
    out.one("oldest_age_seconds", "Age of the oldest drift that nobody acknowledged.", oldest)
    classes = {**dict.fromkeys(CLASSES, 0), **report.classes}
    changes: list[Sample] = [({"class": str(name)}, number) for name, number in classes.items()]
    out.many("changes", "Changes made outside, by class.", changes)
    out.one("acknowledged", "Objects whose drift is acknowledged.", sum(f.acknowledged for f in report.findings))
    out.one("expired", "Objects whose acknowledgement has ended.", sum(bool(f.expired) for f in report.alarming))
    out.one("pending", "Objects that the files change and nobody applied yet.", len(report.pending))
    out.one("held", "Objects that hold what the files do not say.", len(report.held))
    return out.text


def _age(seconds: float) -> str:
    return next((name for most, name in _AGES if seconds < most), _OLDER)


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


FORMS: dict[str, Callable[[DriftReport, PlanView], str]] = {
    "text": lambda report, view: plain(drift_lines(report, view)),
    "markdown": drift_markdown,
    "html": drift_html,
}
"""The forms that are texts by themselves; JSON is made of `drift_json`."""

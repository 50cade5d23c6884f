"""Runs as lines: outcomes while applying, the account at the end, and the history."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from reconciler.core.address import Address
from reconciler.core.kind import Kind
from reconciler.core.past import Moment
from reconciler.core.path_words import place_of
from reconciler.core.plan import Action
from reconciler.core.semantic import Row
from reconciler.core.state import Outcome, Run, State
from reconciler.render.lines import Line, Span, count, indented, line, safe
from reconciler.render.plan_view import ago
from reconciler.render.rows import MOST, row_lines

_DONE = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.REPLACE: "replaced",
    Action.DELETE: "deleted",
    Action.ADOPT: "adopted",
    Action.FORGET: "forgotten",
    Action.NO_OP: "settled",
}
_FAILED = {
    "failed": ("✗", "error"),
    "conflict": ("✗", "error"),
    "skipped": ("↷", "warn"),
    "not-attempted": ("…", "dim"),
}


def outcome_lines(outcome: Outcome, *, width: int = 0, kinds: Mapping[str, Kind] = MappingProxyType({})) -> list[Line]:
    """One object's outcome, as it is known; in a conflict, what somebody changed meanwhile."""
    notes = indented(4, [line(Span(f"note: {safe(note)}", "dim")) for note in outcome.notes])
    name = f"{outcome.address!s:<{width}}"
    if outcome.result == "done":
        done = _DONE[Action(outcome.action)]
        text = f"{done}{_versions(outcome)}"
        lines = [line(Span("✓ ", "good"), f"{name}  {text}")]
        for path in outcome.not_converged:
            place = safe(place_of(kinds.get(outcome.address.kind), path))
            lines += indented(4, [line(Span(f"Grafana keeps another value at {place}", "warn"))])
        return lines + notes
    symbol, style = _FAILED[outcome.result]
    what = outcome.result.replace("-", " ")
    text = safe(outcome.error.partition("\n")[0]) if outcome.error else ""
    lines = [line(Span(f"{symbol} ", style), Span(f"{name}  {what}", style), f": {text}" if text else "")]
    rest = [item for item in outcome.error.split("\n")[1:] if item.strip()]
    changed = row_lines(outcome.meanwhile.rows) if outcome.meanwhile is not None else []
    hints = [line(Span(safe(item.strip()), "dim")) for item in rest]
    return [*lines, *indented(4, [*changed, *hints]), *notes]


def _versions(outcome: Outcome) -> str:
    if outcome.version_after is None or outcome.action == Action.DELETE:
        return ""
    if outcome.version_before is None:
        return f", version {outcome.version_after}"
    return f", version {outcome.version_before} → {outcome.version_after}"


def account_lines(outcomes: Sequence[Outcome], run_id: str, *, command: str, ended: str = "") -> list[Line]:
    """How an apply ended: counts, and where something is left, the one command that continues. `ended` says what
    ended it early ("": nothing did).
    """
    changes = [outcome for outcome in outcomes if outcome.action != Action.NO_OP or outcome.result != "done"]
    numbers = {result: sum(1 for item in changes if item.result == result) for result in ("done", *_FAILED)}
    good = numbers["done"] == len(changes)
    parts = [f"{number} {result.replace('-', ' ')}" for result, number in numbers.items() if number or result == "done"]
    begin = "Applied" if good else ended or "Not everything was applied"
    head = f"{begin}: {', '.join(parts)}. Run {run_id}."
    lines = [line(Span(head, "good" if good else "error"))]
    differing = [item for item in changes if item.not_converged]
    if differing:
        text = f"{count(len(differing), 'object')} came back different from what was sent: declare what Grafana keeps."
        lines.append(line(Span(text, "warn")))
    if not good:
        lines.append(line(f"What was done is recorded. To go on: {command}"))
    return lines


def history_lines(runs: Sequence[Run], *, now: str) -> list[Line]:
    """All runs, newest first."""
    if not runs:
        return [line("No runs yet: `ggrec apply` records the first.")]
    rows = [("run", "when", "who", "commit", "status", "outcomes")]
    for run in reversed(runs):
        rows.append((run.id, ago(run.started, now), run.who, run.commit or "-", run.status, _counts(run)))
    return _table(rows)


def run_lines(
    run: Run, rows: Mapping[Address, Sequence[Row]], *, verbose: bool, kinds: Mapping[str, Kind] = MappingProxyType({})
) -> list[Line]:
    """One run, with its outcomes, what each changed (`rows`), and the bodies on both sides of it."""
    facts = (("run", run.id), ("who", run.who), ("commit", run.commit or "-"), ("command", run.command),
             ("pipeline", run.pipeline or "-"), ("started", run.started), ("ended", run.ended or "-"),
             ("status", run.status), ("state serial", str(run.serial)), ("plan", run.plan_digest))  # fmt: skip
    width = max((len(str(outcome.address)) for outcome in run.outcomes), default=0)
    lines = [line(Span(f"{name:<13}", "dim"), safe(text)) for name, text in facts]
    if run.plan.get("body"):
        lines.append(line(Span(f"{'':<13}", "dim"), f"as it was shown: ggrec history {run.id} --plan"))
    lines.append(())
    for outcome in run.outcomes:
        lines += outcome_lines(outcome, width=width, kinds=kinds)
        lines += indented(4, row_lines(rows.get(outcome.address, ()), most=10**9 if verbose else MOST))
        lines += _sides(outcome)
    return lines


def planned_lines(run: Run, saved: tuple[str, str] | None, *, now: str) -> list[Line]:
    """What is said above the plan of a run. `saved`: when and by whom, where it was saved before it was applied."""
    lines = [line(Span(f"The plan of run {run.id}, as {run.who} began it {ago(run.started, now)}", "head"))]
    if saved is not None:
        when, who = saved
        lines.append(line(Span(f"Saved {ago(when, run.started)} before{f' by {safe(who)}' if who else ''}", "dim")))
    how = run.status if run.status != "running" else "not ended yet, or killed"
    return [*lines, line(Span(f"What came of it ({how}): ggrec history {run.id}", "dim")), ()]


def _sides(outcome: Outcome) -> list[Line]:
    """Why it was done, and the bodies before and after (`ggrec state body` shows one)."""
    lines = [line(Span(f"why: {safe(outcome.reason)}", "dim"))] if outcome.reason else []
    if outcome.before is not None or outcome.after is not None:
        bodies = (side.body if side is not None else None for side in (outcome.before, outcome.after))
        before, after = (body or "-" for body in bodies)
        lines.append(line(Span(f"body {before} → {after}", "dim")))
    if outcome.secrets:
        lines.append(line(Span(f"secrets sent: {safe(', '.join(outcome.secrets))}", "dim")))
    return indented(4, lines)


def past_lines(address: Address, moments: Sequence[Moment], *, now: str) -> list[Line]:
    """The past of one object, newest first."""
    if not moments:
        return [line(f"No run has touched {address}.")]
    rows = [("version", "when", "who", "what", "run", "commit", "message")]
    for moment in moments:
        version = "-" if moment.version is None else str(moment.version) + ("" if moment.kept else " (not kept)")
        own = moment.message.partition("ggrec run ")[0].strip(" (") if moment.run else moment.message
        rows.append(
            (version, ago(moment.when, now), moment.who, _what(moment), moment.run or "-", moment.commit or "-", own)
        )
    lines = _table(rows)
    oldest = min((moment.version or 0 for moment in moments if moment.kept), default=1)
    if oldest > 1:
        lines.append(line(Span(f"Of what is older than version {oldest} Grafana shows nothing.", "dim")))
    return lines


def _what(moment: Moment) -> str:
    outcome = moment.outcome
    if outcome is None:
        return "saved by a run" if moment.run else "saved by hand"
    return _DONE[Action(outcome.action)] if outcome.result == "done" else outcome.result


def state_lines(state: State) -> list[Line]:
    """What is owned."""
    if not state.resources:
        return [line("Nothing is owned yet.")]
    rows = [("address", "uid", "version", "status", "title")]
    for address, entry in state.resources.items():
        version = "-" if entry.version is None else str(entry.version)
        rows.append((str(address), entry.uid, version, str(entry.status), entry.title))
    return _table(rows)


def _counts(run: Run) -> str:
    found: dict[str, int] = {}
    for outcome in run.outcomes:
        what = _DONE[Action(outcome.action)] if outcome.result == "done" else outcome.result
        found[what] = found.get(what, 0) + 1
    return ", ".join(f"{number} {what}" for what, number in sorted(found.items())) or "-"


def _table(rows: Sequence[tuple[str, ...]]) -> list[Line]:
    widths = [max(len(safe(row[column])) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for number, row in enumerate(rows):
        cells = (f"{safe(cell):<{width}}" for cell, width in zip(row, widths, strict=True))
        lines.append(line(Span("  ".join(cells), "dim" if number == 0 else "plain")))
    return lines

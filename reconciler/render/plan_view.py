"""A plan as lines: header, what was changed outside, what ggrec will do, what stands against it, the count."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct, field

from reconciler.core.address import Address
from reconciler.core.description import DescribedChange, DescribedDrift, Description, describe_plan
from reconciler.core.errors import Diagnostic
from reconciler.core.kind import Kind
from reconciler.core.plan import Action, Change, Drift, Plan
from reconciler.core.semantic import ChangeClass, Row
from reconciler.core.state import Held
from reconciler.render.lines import Line, Span, count, indented, line, safe

_SYMBOLS = {
    Action.CREATE: ("+", "add"),
    Action.UPDATE: ("~", "change"),
    Action.REPLACE: ("±", "remove"),
    Action.DELETE: ("-", "remove"),
    Action.ADOPT: (">", "change"),
    Action.FORGET: ("x", "dim"),
    Action.NO_OP: ("→", "dim"),
}
OUTCOMES = {
    "reverted": "will be put back",
    "conflict": "this plan changes the same, and wins",
    "kept": "will be left as it is, and held",
    "merged": "will be left as it is, and held, beside what changed in the files",
    "acknowledged": "left as it is",
    "left": "will be left as it is this time, and nothing is sent",
    "recreated": "deleted; will be created again",
    "forgotten": "deleted, and no longer declared",
    "deleted": "will be deleted with it",
    "settled": "the files say the same by now, nothing to do",
}


_TITLE = 60


class PlanView(Struct, frozen=True):
    """What is shown beside the plan itself. `now` is RFC 3339; `verbose` folds nothing."""

    now: str
    commit: str = ""
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    verbose: bool = False

    def rows(self, rows: Sequence[Row]) -> list[Line]:
        """An object's rows, folded where they are very many. That it is created or deleted, its head says."""
        from reconciler.render.rows import row_lines

        return row_lines([row for row in rows if row.edits or row.subject or row.name], most=self.most)

    @property
    def most(self) -> int:
        """The lines of one object that are shown."""
        from reconciler.render.rows import MOST

        return 10**9 if self.verbose else MOST


def saved_line(made: str, expires: str, *, who: str, now: str) -> Line:
    """When a saved plan was made, and until when it may be applied."""
    by = f" by {safe(who)}" if who else ""
    if now >= expires:
        return line(Span(f"Saved {ago(made, now)}{by}, and expired at {safe(expires)}: apply refuses it", "warn"))
    return line(Span(f"Saved {ago(made, now)}{by}; may be applied until {safe(expires)}", "dim"))


def plan_lines(plan: Plan | Description, view: PlanView) -> list[Line]:
    """The whole plan, described already or not."""
    found = describe_plan(plan, view.kinds) if isinstance(plan, Plan) else plan
    plan = found.plan
    result: list[Line] = [_header(plan, view), ()]
    addresses = [*(c.address for c in plan.visible), *(drift.address for drift in plan.drift), *plan.held]
    width = max((len(str(address)) for address in addresses), default=0) + 3
    if plan.drift:
        title = "Changed outside ggrec since the last apply"
        result.append(line(Span(f"{title} ({len(plan.drift)})", "head")))
        for drift in found.drift:
            result += indented(2, _drift(drift, view, width))
        result.append(())
    if plan.visible:
        result.append(line(Span("ggrec will", "head")))
        for change in found.changes:
            result += indented(2, _change(change, view, width))
        result.append(())
    result += _held(plan, view, width)
    result += _complaints(plan)
    result.append(_summary(plan, view))
    if found.classes:
        result.append(line(Span(classes_text(found.classes), "dim")))
    if plan.unmanaged:
        total = sum(plan.unmanaged.values())
        kinds = ", ".join(count(number, kind) for kind, number in sorted(plan.unmanaged.items()))
        result.append(line(Span(f"{count(total, 'object')} not managed by ggrec and left alone ({kinds}).", "dim")))
    return result


def _header(plan: Plan, view: PlanView) -> Line:
    target = plan.target
    org = f'org {target.org_id} "{safe(target.org_name)}"'
    parts = [f"Grafana {target.url} ({safe(target.version) or 'version hidden'}, {org})", f"state serial {plan.serial}"]
    return line(Span(" · ".join([*parts, *([f"commit {view.commit}"] if view.commit else [])]), "head"))


def versions_text(drift: Drift) -> str:
    """`version 3 → 5`; "" where it has none."""
    before, after = drift.version_before, drift.version_after
    if before is None or after is None:
        return ""
    again = f"version {before}, deleted and made again, now version {after}"
    return again if after <= before else f"version {before} → {after}"


def outcome_text(drift: Drift) -> str:
    """What becomes of it, and that it is gone, where it is."""
    text = OUTCOMES[drift.outcome]
    return f"deleted; {text}" if drift.gone and not text.startswith("deleted") else text


def _drift(described: DescribedDrift, view: PlanView, width: int) -> list[Line]:
    drift = described.drift
    by = drift.attribution
    when = ago(by.when, view.now) if by.when else ""
    facts = " ".join(part for part in (versions_text(drift), safe(by.by)) if part) + (f", {when}" if when else "")
    outcome = ", ".join(part for part in (outcome_text(drift), safe(drift.note)) if part)
    text = f"{facts.strip(', ')}: {outcome}" if facts.strip(", ") else outcome
    head = line(Span("! ", "drift"), Span(f"{drift.address!s:<{width}}", "drift"), text)
    if drift.outcome in {"acknowledged", "settled"} and not view.verbose:
        return [head]  # somebody looked at it: one line says that it is still so
    messages = [line(Span(f'message "{safe(text)}"', "dim")) for text in by.messages[:3]]
    return [head, *indented(4, [*messages, *view.rows(described.rows)])]


def classes_text(classes: Mapping[ChangeClass, int]) -> str:
    """`By class: deletion 1, query 2, layout 1.`"""
    return "By class: " + ", ".join(f"{name} {number:,}" for name, number in classes.items()) + "."


def _change(described: DescribedChange, view: PlanView, width: int) -> list[Line]:
    change = described.change
    symbol, style = _SYMBOLS[change.action]
    what = "move" if change.action is Action.NO_OP else str(change.action)
    title = f'"{_short(change.title)}"' if change.title and change.action in {Action.CREATE, Action.DELETE} else ""
    reason = safe(change.reason) if change.action is not Action.NO_OP else f"was {change.moved_from}"
    if change.moved_from and change.action is not Action.NO_OP:
        reason = f"was {change.moved_from}" + (f"; {reason}" if reason else "")
    about = "  ".join(part for part in (title, reason) if part)
    head = line(Span(f"{symbol} ", style), Span(f"{change.address!s:<{width}}", style), f"{what:<8} ", about)
    inside = view.rows([row for row in described.rows if row.name not in change.secrets or row.edits])
    if change.action is not Action.CREATE:
        inside += [_secret(name, change) for name in change.secrets]
    inside += [line(Span(f"touches {safe(text)}", "dim")) for text in change.touches]
    inside += [line(Span(f"note: {safe(note)}", "dim")) for note in change.notes]
    return [head, *indented(4, inside)]


def _held(plan: Plan, view: PlanView, width: int) -> list[Line]:
    """What is in Grafana and in no file, and stays so: never silently."""
    if not plan.held:
        return []
    result = [line(Span(f"Held in Grafana, and not in the files ({len(plan.held)})", "head"))]
    for address, held in plan.held.items():
        since = min((item.when for item in held if item.when), default="")
        text = held_text(plan, address, held, when=ago(since, view.now) if since else "", paths=view.verbose)
        result += indented(2, [line(Span("= ", "dim"), Span(f"{address!s:<{width}}", "dim"), text)])
    behind = {bool(item.behind) for held in plan.held.values() for item in held}
    hints = {
        False: "`ggrec drift accept ADDRESS` writes it into the files; "
        "`ggrec state release ADDRESS` has their values put back",
        True: "a former title is replaced with the next change of its object, or by the next apply after "
        "`ggrec state release ADDRESS`",
    }
    return [*result, *indented(4, [line(Span(f"hint: {hints[item]}", "dim")) for item in sorted(behind)]), ()]


def held_text(plan: Plan, address: Address, held: Sequence[Held], *, when: str, paths: bool = False) -> str:
    """What of an object is held, by whom and since when; with `paths` also those that `--path` takes."""
    places = ", ".join(
        dict.fromkeys(
            f"{plan.place(address, item)} ({item.path})" if paths else plan.place(address, item) for item in held
        )
    )
    who = ", ".join(dict.fromkeys(item.who for item in held if item.who))
    until = max((item.until for item in held), default="")
    facts = (f"by {who}" if who else "", when, f"acknowledged until {until}" if until else "")
    said = " ".join(part for part in facts[:2] if part)
    former = "; ".join(dict.fromkeys(item.why for item in held if item.behind))
    return safe(", ".join(part for part in (places, said, facts[2], former) if part))


def _secret(name: str, change: Change) -> Line:
    """A secret that will be sent: its name only."""
    return line(f"{name}  ", Span("(secret sent again)" if name in change.resent else "(secret changed)", "change"))


def _short(title: str) -> str:
    """A title for a list: an annotation's is its text, which may be long."""
    text = safe(title)
    return text if len(text) <= _TITLE else f"{text[: _TITLE - 1]}…"


def _complaints(plan: Plan) -> list[Line]:
    result: list[Line] = []
    groups = (
        ("Could not be read", plan.unreadable, "error"),
        ("Refused", plan.refusals, "error"),
        ("Warnings", plan.warnings, "warn"),
    )
    for title, found, style in groups:
        if found:
            result.append(line(Span(f"{title} ({len(found)})", style)))
            for item in found:
                result += indented(2, diagnostic_lines(item, style))
            result.append(())
    return result


def diagnostic_lines(item: Diagnostic, style: str = "error") -> list[Line]:
    """One diagnostic: where and what, then the hint."""
    place = f"{item.where}: " if item.where else ""
    subject = (
        f"{item.subject}: " if item.subject and (not item.where or style != "error" or "." in item.subject) else ""
    )
    head = line(Span(safe(place), "dim"), Span(safe(subject), style), safe(item.message))
    return [head, *indented(2, [line(Span(f"hint: {safe(item.hint)}", "dim"))] if item.hint else [])]


def _summary(plan: Plan, view: PlanView) -> Line:
    if plan.unreadable:
        return line(Span("The plan is incomplete and cannot be applied: what could not be read is not known.", "error"))
    if plan.refusals and not plan.visible:
        return line(Span("Refused as it stands: nothing would be applied.", "error"))
    if not plan.visible and not plan.drift:
        when = clock_text(view.now)
        more = "" if plan.compared == 1 else "s"
        return line(Span("No changes. ", "good"), f"{plan.compared:,} object{more} compared with Grafana at {when}.")
    counts = [(Action.CREATE, "to create"), (Action.UPDATE, "to update"), (Action.DELETE, "to delete")]
    extra = [(Action.REPLACE, "to replace"), (Action.ADOPT, "to adopt"), (Action.FORGET, "to forget")]
    parts = [f"{plan.count(action)} {text}" for action, text in counts]
    parts += [f"{plan.count(action)} {text}" for action, text in extra if plan.count(action)]
    moved = sum(1 for change in plan.changes if change.moved_from)
    parts += [f"{moved} renamed"] if moved else []
    outside = f"; {len(plan.drift)} changed outside" if plan.drift else ""
    refused = " Refused as it stands." if plan.refusals else ""
    return line(Span(f"Plan: {', '.join(parts)}, {plan.unchanged:,} unchanged{outside}.{refused}", "head"))


def ago(when: str, now: str) -> str:
    """How long ago, roughly: `2 h ago`; the time itself where it cannot be told."""
    try:
        seconds = (_moment(now) - _moment(when)).total_seconds()
    except ValueError:
        return safe(when)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit} ago"
    return "just now"


def clock_text(now: str) -> str:
    """`2026-11-23 19:00:01 UTC`."""
    return _moment(now).strftime("%Y-%m-%d %H:%M:%S UTC")


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)

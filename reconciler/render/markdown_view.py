"""A plan as a comment for a pull request: what is refused and deleted first, the rest folded, never more than such a
comment may hold, and what did not fit is counted. It holds no time of its own: same plan, same bytes.

Must not let a text from a file or a server be anything but text: it stands in code, where neither markdown, HTML nor a
mention is seen.
"""

import html
import re
from collections.abc import Iterable, Sequence

from reconciler.core.description import DescribedChange, DescribedDrift, Description
from reconciler.core.errors import Diagnostic
from reconciler.core.plan import Action
from reconciler.core.state import Held
from reconciler.render.lines import Line, count, plain, safe
from reconciler.render.ordering import by_weight, counts_text
from reconciler.render.plan_view import held_text, outcome_text, versions_text
from reconciler.render.rows import row_lines

LIMIT = 65_536
"""Characters that a pull request's comment may have."""
_RESERVE = 400
_LONGEST = 400
"""Characters of one line that are shown."""
_MOST = 60


def plan_markdown(found: Description, *, commit: str = "", limit: int = LIMIT) -> str:
    """The comment."""
    plan = found.plan
    org = f"{plan.target.org_name or plan.target.org_id}"
    parts = [
        f"Grafana {code(plan.target.url)}",
        f"organisation {code(org)}",
        *([f"commit {code(commit)}"] if commit else []),
    ]
    result = [f"### ggrec plan: {counts_text(found)}\n", " · ".join(parts) + "\n"]
    if found.classes:
        cells = " | ".join(f"{name} **{number:,}**" for name, number in found.classes.items())
        result.append(f"By class: {cells}\n")
    drift = [(_drift(item), _drift_head(item)) for item in found.drift]
    changes = by_weight(found)
    going = [item for item in changes if item.change.action in {Action.DELETE, Action.REPLACE}]
    rest = [item for item in changes if item.change.action not in {Action.DELETE, Action.REPLACE}]
    heads = [*(head for _, head in drift), *map(_head, changes)]
    paper = _Paper(limit - _RESERVE, result, heads)
    for title, items in (
        ("Refused", plan.refusals),
        ("Could not be read", plan.unreadable),
        ("Warnings", plan.warnings),
    ):
        paper.put_all(f"#### {title} ({len(items)})\n", [(_finding(item), "") for item in items], "finding")
    paper.put_all(f"#### Deleted ({len(going)})\n", [(_change(item), _head(item)) for item in going], "deletion")
    paper.put_all(f"#### Changed outside ggrec ({len(drift)})\n", drift, "drift")
    paper.put_all(f"#### Changes ({len(rest)})\n", [(_change(item), _head(item)) for item in rest], "change")
    held = [
        (f"- {code(str(a))} {code(held_text(plan, a, items, when=_since(items)))}", "")
        for a, items in plan.held.items()
    ]
    paper.put_all(f"#### Held in Grafana, and not in the files ({len(held)})\n", held, "held object")
    return paper.text()


def _since(held: Sequence[Held]) -> str:
    """The comment holds no age of its own: it is the same tomorrow."""
    first = min((item.when for item in held if item.when), default="")
    return f"since {first}" if first else ""


def code(text: str) -> str:
    """Text as a code span: nothing in it means anything."""
    shown = _cut(safe(text)) or " "
    fence = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    space = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{space}{shown}{space}{fence}"


def _block(lines: Iterable[Line]) -> str:
    """Lines in a fence that nothing in them can close; signs in the first column, for their colour."""
    shown = [_signed(text) for text in plain(list(lines)).splitlines()]
    fence = "`" * max(3, max((len(run) for text in shown for run in re.findall("`+", text)), default=0) + 1)
    return "\n".join([f"{fence}diff", *shown, fence])


def _signed(text: str) -> str:
    inner = text.lstrip(" ")
    if inner[:2] in {"+ ", "- "}:
        return _cut(inner[0] + text[: len(text) - len(inner)] + inner[1:])
    return _cut(f" {text}")


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} … ({len(text):,} characters)"


class _Paper:
    """What fits, in order; what does not is counted. Half of the room at most is kept for `heads`, so that of many
    changes all are named before some are shown.
    """

    def __init__(self, room: int, begun: Sequence[str], heads: Sequence[str]) -> None:
        self.parts = list(begun)
        self.room = room - sum(len(part) + 1 for part in begun)
        self.kept = min(sum(len(head) + 1 for head in heads), self.room // 2)
        self.folded: dict[str, int] = {}
        self.missing: dict[str, int] = {}

    def put_all(self, title: str, items: Sequence[tuple[str, str]], noun: str) -> None:
        """A section: each item whole, else its head, else counted."""
        if not items:
            return
        self._put(title)
        for whole, head in items:
            if head:
                self.kept = max(0, self.kept - len(head) - 1)
            if self._put(whole, keep=self.kept):
                continue
            if head and self._put(head):
                self.folded[noun] = self.folded.get(noun, 0) + 1
            else:
                self.missing[noun] = self.missing.get(noun, 0) + 1

    def _put(self, text: str, *, keep: int = 0) -> bool:
        if len(text) + 1 > self.room - keep:
            return False
        self.parts.append(text)
        self.room -= len(text) + 1
        return True

    def text(self) -> str:
        """All of it."""
        said = [f"{count(number, noun)} without details" for noun, number in self.folded.items()]
        said += [f"{count(number, noun)} not at all" for noun, number in self.missing.items()]
        if said:
            self.parts.append(f"**Too long for one comment: {', '.join(said)}.** `ggrec show FILE` has all.\n")
        return "\n".join(self.parts)


def _finding(item: Diagnostic) -> str:
    place = f"{code(str(item.where))} " if item.where else ""
    subject = f"**{code(item.subject)}** " if item.subject else ""
    hint = f"\n  hint: {code(item.hint)}" if item.hint else ""
    return f"- {place}{subject}{code(item.message)}{hint}"


def _title(address: str, title: str, about: str) -> str:
    named = f" “{html.escape(_cut(safe(title)))}”" if title else ""
    return (
        f"<code>{html.escape(address)}</code> <code>{named.strip()}</code> {html.escape(about)}"
        if named
        else (f"<code>{html.escape(address)}</code> {html.escape(about)}")
    )


def _folded(summary: str, lines: list[Line], more: str = "") -> str:
    inside = f"\n{_block(lines)}\n" if lines else ""
    if not inside and not more:
        return f"<details><summary>{summary}</summary></details>\n"
    return f"<details><summary>{summary}</summary>\n{more}{inside}\n</details>\n"


def _about(item: DescribedChange) -> str:
    classes = ", ".join(f"{name} {number}" for name, number in item.classes.items())
    return f"— {'move' if item.change.action is Action.NO_OP else item.change.action} ({classes})"


def _head(item: DescribedChange) -> str:
    return f"- {code(str(item.change.address))} {_about(item)}"


def _change(item: DescribedChange) -> str:
    change = item.change
    reason = f"{code(change.reason)}\n" if change.reason else ""
    touches = "".join(f"- touches {code(text)}\n" for text in item.change.touches)
    notes = "".join(f"- note: {code(text)}\n" for text in change.notes)
    more = f"\n{reason}{touches}{notes}" if reason or touches or notes else ""
    rows = [row for row in item.rows if row.edits or row.subject or row.name]
    return _folded(_title(str(change.address), change.title, _about(item)), row_lines(rows, most=_MOST), more)


def _drift_head(item: DescribedDrift) -> str:
    return f"- {code(str(item.drift.address))} {outcome_text(item.drift)}"


def _drift(item: DescribedDrift) -> str:
    drift, by = item.drift, item.drift.attribution
    by_whom = f"{'last ' if by.last else ''}by {code(by.who)}" if by.who else ""
    facts = (versions_text(drift), by_whom, f"at {code(by.when)}" if by.when else "")
    who = " ".join(part for part in facts if part)
    noted = f"- {code(drift.note)}\n" if drift.note else ""
    messages = "".join(f"- message {code(text)}\n" for text in by.messages[:3])
    summary = _title(str(drift.address), drift.title, f"— {outcome_text(drift)}")
    more = f"\n{who}\n{noted}{messages}" if who or messages or noted else ""
    return _folded(summary, row_lines(item.rows, most=_MOST), more)

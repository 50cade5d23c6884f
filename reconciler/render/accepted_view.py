"""`ggrec drift accept` as lines and as JSON: what the files say now, and what they do not, with the reasons."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from reconciler.core.address import Address
from reconciler.core.description import described
from reconciler.core.diff import Edit
from reconciler.core.errors import Diagnostic
from reconciler.core.json import JsonObject
from reconciler.core.kind import Kind
from reconciler.render.json_view import diagnostic_json, edit_json
from reconciler.render.lines import Line, Span, count, indented, line, safe
from reconciler.render.plan_view import PlanView, diagnostic_lines

ACCEPTED = "ggrec/accepted/v1"


class Wished(Protocol):
    """What was changed outside in one object."""

    @property
    def kind(self) -> Kind: ...
    @property
    def edits(self) -> tuple[Edit, ...]: ...
    @property
    def sides(self) -> tuple[JsonObject, JsonObject]: ...
    @property
    def pending(self) -> bool: ...


class AcceptedObject(Protocol):
    """What is shown of one object."""

    @property
    def wish(self) -> Wished: ...
    @property
    def files(self) -> tuple[str, ...]: ...
    @property
    def links(self) -> tuple[str, ...]: ...


Accepted = Mapping[Address, AcceptedObject]
Refused = Mapping[Address, tuple[Diagnostic, ...]]
Others = tuple[Sequence[Address], Sequence[Address]]
"""Objects that come to something else with the new files: those that change, and those of which only texts that name a
title would, which wait.
"""


def accepted_lines(
    accepted: Accepted,
    refused: Refused,
    same: Sequence[Address],
    others: Others,
    view: PlanView,
    *,
    dry: bool,
) -> list[Line]:
    """All of it; `dry`: nothing was written."""
    follows, waits = others
    result: list[Line] = []
    for address, item in accepted.items():
        where = safe(", ".join(item.files)) or "follows from what it is made from"
        result.append(line(Span(f"✓ {address}", "good"), f"  {where}"))
        result += indented(4, view.rows(described(item.wish.kind, item.wish.edits, *item.wish.sides)))
        if item.links:
            text = f"names the former title until its next change: {', '.join(item.links)}"
            result += indented(4, [line(Span(safe(text), "dim"))])
        if item.wish.pending:
            text = "the files have changes of their own to it, which the next apply makes"
            result += indented(4, [line(Span(text, "dim"))])
    for address, reasons in refused.items():
        head = f": left as it is, for {count(len(reasons), 'reason')}"
        result.append(line(Span(f"✗ {address}", "error"), head))
        for reason in reasons:
            result += indented(4, diagnostic_lines(reason))
    result += [line(Span(f"= {address}", "dim"), ": nothing differs") for address in same]
    result += [
        line(Span(f"~ {address}", "change"), ": follows, and the next plan changes it too") for address in follows
    ]
    result += [line(Span(f"= {address}", "dim"), ": names the former title until its next change") for address in waits]
    return [*result, line(Span(_summary(accepted, refused, dry=dry), "error" if refused else "good"))]


def _summary(accepted: Accepted, refused: Refused, *, dry: bool) -> str:
    files = {file for item in accepted.values() for file in item.files}
    if not accepted:
        return "Nothing was accepted; no file was changed." if refused else "Nothing to accept."
    verb = "would be accepted" if dry else "accepted"
    more = f"; {count(len(refused), 'object')} left as declared" if refused else ""
    after = "" if dry else " Commit it for review: the next apply has nothing to put back there."
    return f"{count(len(accepted), 'object')} {verb} into {count(len(files), 'file')}{more}.{after}"


def accepted_json(
    accepted: Accepted, refused: Refused, same: Sequence[Address], others: Others, *, dry: bool
) -> dict[str, Any]:
    """The same for programs."""
    follows, waits = others
    return {
        "format": ACCEPTED,
        "dryRun": dry,
        "accepted": [
            {
                "address": str(address),
                "files": list(item.files),
                "pending": item.wish.pending,
                "links": list(item.links),
                "edits": [edit_json(edit) for edit in item.wish.edits],
            }
            for address, item in accepted.items()
        ],
        "refused": [
            {"address": str(a), "reasons": [diagnostic_json(reason) for reason in reasons]}
            for a, reasons in refused.items()
        ],
        "same": [str(address) for address in same],
        "follows": [str(address) for address in follows],
        "waits": [str(address) for address in waits],
    }

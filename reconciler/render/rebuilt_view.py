"""A rebuilt state before it is stored, as lines and as JSON."""

from collections.abc import Mapping
from typing import Any

from reconciler.core.kind import Kind
from reconciler.core.rebuilt import Found, Rebuilt
from reconciler.core.state import UNKNOWN_SECRET
from reconciler.render.edits import edit_lines
from reconciler.render.json_view import diagnostic_json, edit_json
from reconciler.render.lines import Line, Span, count, indented, line, safe
from reconciler.render.plan_view import diagnostic_lines

REBUILT = "ggrec/rebuilt-state/v1"


def rebuilt_lines(found: Rebuilt, kinds: Mapping[str, Kind]) -> list[Line]:
    """What would be owned, what differs in it, what is not there, and what is not ours."""
    result: list[Line] = []
    width = max((len(str(item.address)) for item in found.found), default=0) + 3
    if found.found:
        result.append(line(Span("The state will own", "head")))
        for item in found.found:
            result += indented(2, _found(item, kinds.get(item.address.kind), width))
        result.append(())
    if found.absent:
        result.append(line(Span("Declared, and not in Grafana: the next apply creates", "head")))
        result += [*indented(2, [line(str(address)) for address in found.absent]), ()]
    groups = (("Not ours to own", found.refused), ("Could not be read", found.unreadable))
    for title, items in groups:
        if items:
            result.append(line(Span(f"{title} ({len(items)})", "error")))
            result += [*indented(2, [row for item in items for row in diagnostic_lines(item)]), ()]
    if found.unmanaged:
        others = ", ".join(count(number, name.replace("-", " ")) for name, number in found.unmanaged.items())
        text = (
            f"In Grafana and declared nowhere: {others}. What of it was ours is not known any more: nothing deletes it."
        )
        result += [line(Span(text, "dim")), ()]
    differing = sum(1 for item in found.found if item.edits)
    text = (
        f"{len(found.found)} to own, {differing} of them different from what is declared, {len(found.absent)} absent."
    )
    return [*result, line(Span(text, "head"))]


def _found(item: Found, kind: Kind | None, width: int) -> list[Line]:
    title = f'"{safe(item.title)}"  ' if item.title and item.title != item.address.name else ""
    about = f"{title}differs, and the next plan changes it:" if item.edits else f"{title}as declared"
    secrets = [name for name, known in item.entry.secrets.items() if known == UNKNOWN_SECRET]
    inside = edit_lines(item.edits, kind)
    if secrets:
        text = (
            f"note: {', '.join(secrets)}: whether Grafana has what is declared cannot be told; --resend-secrets sends"
        )
        inside.append(line(Span(text, "dim")))
    return [line(Span("> ", "change"), Span(f"{item.address!s:<{width}}", "change"), about), *indented(4, inside)]


def rebuilt_json(found: Rebuilt) -> dict[str, Any]:
    """The same for programs."""
    return {
        "format": REBUILT,
        "lineage": found.state.lineage,
        "owns": [
            {"address": str(item.address), "uid": item.entry.uid, "edits": [edit_json(edit) for edit in item.edits]}
            for item in found.found
        ],
        "absent": [str(address) for address in found.absent],
        "refused": [diagnostic_json(item) for item in found.refused],
        "unreadable": [diagnostic_json(item) for item in found.unreadable],
        "unmanaged": dict(found.unmanaged),
    }

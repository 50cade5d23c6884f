"""The matrix role × dashboard, as text, markdown and JSON. Computes nothing: access and counts come with the roles."""

from collections.abc import Sequence
from typing import Any

from reconciler.core.address import Address
from reconciler.core.roles import RoleEntry, RoleView
from reconciler.render.lines import Line, Span, count, line, safe

_GAP = "  "
_OPEN = "may open"
_CLOSED = "–"


def role_lines(roles: Sequence[RoleView]) -> list[Line]:
    """A table for the terminal: a line per dashboard, a column per role."""
    table = _table(roles)
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    lines: list[Line] = []
    for number, row in enumerate(table):
        cells = [Span(cell.ljust(width), _style(number, cell)) for cell, width in zip(row, widths, strict=True)]
        spaced: list[Span] = []
        for cell in cells:
            spaced += [cell, Span(_GAP)]
        lines.append(tuple(spaced[:-1]))
    return [*lines, line(), *_legend(roles)]


def _style(row: int, cell: str) -> str:
    if row == 0:
        return "head"
    return "good" if cell.startswith("home") else "dim" if cell in (_OPEN, _CLOSED) else "plain"


def role_markdown(roles: Sequence[RoleView]) -> str:
    """The same table in markdown."""
    head, *rows = [[cell.replace("|", "\\|") for cell in row] for row in _table(roles)]
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(row) + " |\n" for row in lines)


def roles_json(roles: Sequence[RoleView]) -> dict[str, Any]:
    """A document for programs (docs/json.md)."""
    return {
        "format": "ggrec/roles/v1",
        "roles": [
            {
                "role": role.name,
                "title": role.title,
                "team": str(role.team),
                "home": str(role.home.shown) if role.home else None,
                "dashboards": [_entry_json(entry) for entry in role.entries],
                "opens": [str(address) for address in sorted(role.opens)],
            }
            for role in roles
        ],
    }


def _entry_json(entry: RoleEntry) -> dict[str, Any]:
    return {
        "dashboard": str(entry.shown),
        "title": entry.title,
        "base": str(entry.base),
        "default": entry.default,
        "filtered": entry.filtered,
        "panels": entry.panels,
        "of": entry.of,
    }


def _table(roles: Sequence[RoleView]) -> list[list[str]]:
    bases = sorted({entry.base for role in roles for entry in role.entries})
    head = ["dashboard", *(safe(role.title) for role in roles)]
    return [head, *([base.name, *(_cell(role, base) for role in roles)] for base in bases)]


def _cell(role: RoleView, base: Address) -> str:
    entry = next((entry for entry in role.entries if entry.base == base), None)
    if entry is None:
        return _OPEN if base in role.opens else _CLOSED
    shown = f"{entry.panels} of {entry.of}" if entry.filtered else f"all {entry.of}"
    return f"home, {shown}" if entry.default else shown


def _legend(roles: Sequence[RoleView]) -> list[Line]:
    views = sum(entry.filtered for role in roles for entry in role.entries)
    text = (
        f"{count(len(roles), 'role')}, {count(views, 'filtered view')}. Numbers are panels; home is what opens first; "
    )
    return [line(Span(f"{text}'{_OPEN}': not of the role, but open to its team.", "dim"))]

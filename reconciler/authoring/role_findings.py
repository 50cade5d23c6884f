"""What `ggrec roles --check` finds: dashboards that nobody sees, roles without a default, links to closed doors. Each
is allowed, and seldom meant.
"""

import re
from collections.abc import Iterator, Sequence

from reconciler.core.address import Address
from reconciler.core.errors import Diagnostic, Severity
from reconciler.core.json import Json, as_list, as_object, text_of
from reconciler.core.resource import Resource
from reconciler.core.roles import RoleEntry, RoleView

_PAGE = re.compile(r"(?:^|[\"'(\s])/d/([A-Za-z0-9_-]+)")


def role_findings(roles: Sequence[RoleView], resources: Sequence[Resource]) -> tuple[Diagnostic, ...]:
    """Warnings, in order of places; none where no roles are declared."""
    if not roles:
        return ()
    boards = {item.address: item for item in resources if item.address.kind == "dashboard"}
    found = [*_unseen(roles, boards), *_without_default(roles)]
    by_uid = {item.uid: address for address, item in boards.items()}
    for role in roles:
        for entry in role.entries:
            if entry.shown in boards:
                found += _closed_doors(role, entry, boards[entry.shown], by_uid)
    return tuple(sorted(found, key=Diagnostic.sort_key))


def _warning(code: str, message: str, hint: str, resource: Resource | RoleView | RoleEntry, subject: str) -> Diagnostic:
    return Diagnostic(code, message, hint, resource.source, subject, Severity.WARNING)


def _unseen(roles: Sequence[RoleView], boards: dict[Address, Resource]) -> Iterator[Diagnostic]:
    seen = {address for role in roles for entry in role.entries for address in (entry.base, entry.shown)}
    for address, board in sorted(boards.items()):
        if address not in seen:
            yield _warning("unseen-dashboard", "no role shows it", "name it in a Role", board, str(address))


def _without_default(roles: Sequence[RoleView]) -> Iterator[Diagnostic]:
    for role in roles:
        if role.home is None:
            text = "has no default, so its team has no home dashboard"
            yield _warning(
                "no-default", text, "add `default: true` to one of its dashboards", role, f"role.{role.name}"
            )


def _closed_doors(
    role: RoleView, entry: RoleEntry, board: Resource, by_uid: dict[str | None, Address]
) -> Iterator[Diagnostic]:
    """Links on a dashboard of the role to declared dashboards that its team may not open."""
    told: set[Address] = set()
    model = as_object(board.attributes.get("dashboard"))
    for where, url in _urls(model):
        for uid in _PAGE.findall(url):
            target = by_uid.get(uid)
            if target is None or target in role.opens or target in told:
                continue
            told.add(target)
            text = f"{where} leads to {target}, which the team of role.{role.name} may not open"
            hint = f"give role.{role.name} that dashboard, or take the link out of its view"
            yield _warning("closed-door", text, hint, entry, str(board.address))


def _urls(model: Json) -> Iterator[tuple[str, str]]:
    """Every url of links: the dashboard's, the panels', data links."""
    board = as_object(model)
    for link in map(as_object, as_list(board.get("links"))):
        yield f"the link '{text_of(link.get('title'))}'", text_of(link.get("url"))
    for panel in map(as_object, as_list(board.get("panels"))):
        title = f"panel '{text_of(panel.get('title'))}'"
        for part in ("links", "fieldConfig", "options"):
            yield from ((title, url) for url in _inside(panel.get(part)))
        yield from _urls({"panels": panel.get("panels", ())})


def _inside(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key in ("url", "content") and isinstance(item, str):
                yield item
            else:
                yield from _inside(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _inside(item)

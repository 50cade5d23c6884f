"""Who may see and change what: the entries of folders and dashboards, and what follows from them (grafana-api.md
section 14).

Entries are kept as `[sort, who, level]`: sort is role, team or user, who a role's name or a number, level 1 (View), 2
(Edit) or 4 (Admin), under `folder:<uid>` or `dashboard:<uid>`.
"""

from typing import Any

from reconciler.sandbox.call import Call
from reconciler.sandbox.world import Org, User

VIEW, EDIT, ADMIN = 1, 2, 4
ROLES = ("Viewer", "Editor", "Admin")
Entry = list[Any]


def given(org: Org, key: str, creator: User, *, inside: str) -> None:
    """What the server adds when a folder or a dashboard is created. In a folder a dashboard gets its creator's entry,
    and another folder none.
    """
    if inside and key.startswith("folder:"):
        return
    org.permissions[key] = [["user", creator.id, ADMIN]]
    if not inside:
        org.permissions[key] += [["role", "Editor", EDIT], ["role", "Viewer", VIEW]]


def line(org: Org, folder: str) -> list[str]:
    """The keys of a folder and of those above it."""
    found = []
    while folder in org.folders:
        found.append(f"folder:{folder}")
        folder = org.folders[folder]["parentUid"]
    return found


def level(call: Call, key: str, inside: str) -> int:
    """The highest level that the caller has on an object in this folder ("": at the root); 0 for none."""
    role = call.user.role(call.org.id)
    if role == "Admin":
        return ADMIN
    mine: set[tuple[str, Any]] = {("user", call.user.id)}
    mine |= {("role", name) for name in ROLES[: ROLES.index(role) + 1 if role in ROLES else 0]}
    mine |= {("team", t["id"]) for t in call.org.teams.values() if any(m["user"] == call.user.id for m in t["members"])}
    entries = (entry for name in (key, *line(call.org, inside)) for entry in call.org.permissions.get(name, ()))
    return max((number for sort, who, number in entries if (sort, who) in mine), default=0)


def of_folder(call: Call, folder: dict[str, Any]) -> int:
    """The caller's level on a folder."""
    return level(call, f"folder:{folder['uid']}", folder["parentUid"])


def of_dashboard(call: Call, board: dict[str, Any]) -> int:
    """The caller's level on a dashboard."""
    return level(call, f"dashboard:{board['uid']}", board["folderUid"])


def inside(call: Call, folder: str) -> int:
    """The caller's level on what is to be put into a folder; at the root editors may."""
    found = call.org.folders.get(folder)
    if found is None:
        return EDIT if call.user.may_edit(call.org.id) else 0
    return of_folder(call, found)


def forget_team(org: Org, number: int) -> None:
    """A deleted team takes its entries with it. Its preferences stay behind under its number, which nobody gets
    again.
    """
    for key, entries in org.permissions.items():
        org.permissions[key] = [entry for entry in entries if entry[:2] != ["team", number]]

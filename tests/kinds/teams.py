"""A live team and its members, for the tests of teams."""

from typing import Any

from hypothesis import strategies as st

from reconciler.core.diff import format_edit_path
from reconciler.core.json import Json, JsonObject
from reconciler.core.resource import LiveObject
from reconciler.kinds.team import Team
from tests.kinds.kind_driver import (
    authored_edits,
    desired,
)

TEAM = Team()
USERS = [
    {"userId": 1, "login": "admin", "email": "admin@localhost"},
    {"userId": 4, "login": "ann", "email": "Ann@example.org"},
    {"userId": 5, "login": "bob", "email": "bob@example.org"},
    {"userId": 6, "login": "bob@example.org", "email": ""},
]


def member(login: str, permission: str = "member", *, email: str = "", external: bool = False) -> dict[str, Json]:
    """A live member in the kind's shape."""
    return {"login": login, "email": email, "permission": permission, "external": external}


def live(*members: JsonObject, known: list[str] | None = None, name: str = "Ops", email: str = "") -> LiveObject:
    """A live team."""
    meta: dict[str, Json] = {"id": 1} if known is None else {"id": 1, "knownUsers": known}
    attributes: dict[str, Json] = {"name": name, "email": email, "members": list(members)}
    return LiveObject("team", "t1", attributes, keys=("uid:t1", f"name:{name}"), meta=meta)


def wanted(**spec: Any) -> JsonObject:
    """Attributes of a spec for the team Ops."""
    return desired(TEAM, {"name": "Ops", **spec}).attributes


def paths(spec: JsonObject, team: LiveObject) -> list[tuple[str, str]]:
    """What differs: operation and path."""
    return [(edit.op.value, format_edit_path(edit.path)) for edit in authored_edits(TEAM, spec, team)]


ROLES = st.sampled_from(["member", "admin"])

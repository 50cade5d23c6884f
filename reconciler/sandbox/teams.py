"""Teams and their members (grafana-api.md section 10)."""

from typing import Any

from reconciler.sandbox import access
from reconciler.sandbox.call import BAD, Call, Reply, denied, message
from reconciler.sandbox.world import short_uid

_AVATAR = "/public/img/user_profile.png"


def _shown(call: Call, team: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": team["id"],
        "uid": team["uid"],
        "orgId": call.org.id,
        "name": team["name"],
        "email": team["email"],
        "externalUID": "",
        "isProvisioned": bool(team.get("provisioned")),
        "avatarUrl": _AVATAR,
        "memberCount": len(team["members"]),
        "permission": 0,
        "accessControl": None,
    }


def _find(call: Call) -> dict[str, Any] | None:
    key = call.parts["key"]
    return next((t for t in call.org.teams.values() if key in {str(t["id"]), t["uid"]}), None)


def _absent(call: Call) -> Reply:
    return message(404, "Team not found" if call.parts["key"].isdigit() else "Not found")


def search(call: Call) -> Reply:
    """By name; `name` exact, `query` a part."""
    if not call.user.is_admin(call.org.id):
        return denied("teams:read")
    teams = sorted(call.org.teams.values(), key=lambda t: t["name"])
    if call.one("name"):
        teams = [t for t in teams if t["name"] == call.one("name")]
    if call.one("query"):
        teams = [t for t in teams if call.one("query").lower() in t["name"].lower()]
    per, page = call.number("perpage", 1000) or 1000, max(call.number("page", 1), 1)
    found = [_shown(call, team) for team in teams[(page - 1) * per : page * per]]
    return Reply(200, {"totalCount": len(teams), "teams": found, "page": page, "perPage": per})


def read(call: Call) -> Reply:
    """By number or uid."""
    if not call.user.is_admin(call.org.id):
        return denied("teams:read")
    team = _find(call)
    return Reply(200, _shown(call, team)) if team else _absent(call)


def create(call: Call) -> Reply:
    """POST: a person who creates a team becomes its member, with permission 4."""
    if not call.user.is_admin(call.org.id):
        return denied("teams:create")
    name = call.fields.get("name")
    if call.body is BAD or not name:
        return message(400, "bad request data")
    if any(team["name"] == name for team in call.org.teams.values()):
        return message(409, "Team name taken")
    number = call.world.next("team")
    team = {"id": number, "uid": short_uid(), "name": name, "email": call.fields.get("email") or "", "members": []}
    if not call.user.service_account:
        team["members"].append(_member(call.user.id, 4))
    call.org.teams[number] = team
    return message(200, "Team created", teamId=number, uid=team["uid"])


def _member(user: int, permission: int) -> dict[str, Any]:
    return {"uid": short_uid(), "user": user, "permission": permission, "labels": []}


def update(call: Call) -> Reply:
    """PUT: a missing name is kept, a missing e-mail emptied."""
    if not call.user.is_admin(call.org.id):
        return denied("teams:write")
    team = _find(call)
    if team is None:
        return _absent(call)
    name = call.fields.get("name") or team["name"]
    if any(other["name"] == name for other in call.org.teams.values() if other is not team):
        return message(400, "Team name taken")
    team["name"], team["email"] = name, call.fields.get("email") or ""
    return message(200, "Team updated")


def delete(call: Call) -> Reply:
    """With its memberships and permission entries."""
    if not call.user.is_admin(call.org.id):
        return denied("teams:delete")
    team = _find(call)
    if team is None:
        return _absent(call)
    del call.org.teams[team["id"]]
    access.forget_team(call.org, team["id"])
    return message(200, "Team deleted")


def members(call: Call) -> Reply:
    """Of an unknown team: an empty list."""
    team = _find(call)
    found = []
    for member in sorted(team["members"], key=lambda m: call.world.users[m["user"]].login) if team else ():
        user = call.world.users[member["user"]]
        assert team is not None
        found.append(
            {
                "uid": member["uid"],
                "orgId": call.org.id,
                "teamId": team["id"],
                "teamUID": team["uid"],
                "userId": user.id,
                "userUID": user.uid,
                "auth_module": "oauth_generic_oauth" if member["labels"] else "",
                "email": user.email,
                "name": user.name,
                "login": user.login,
                "avatarUrl": _AVATAR,
                "labels": member["labels"],
                "permission": member["permission"],
            }
        )
    return Reply(200, found)


def add_member(call: Call) -> Reply:
    """POST one."""
    team = _find(call)
    user = call.fields.get("userId")
    if team is None:
        return _absent(call)
    if user not in call.world.users:
        return message(500, "Failed to add Member to Team")
    if any(member["user"] == user for member in team["members"]):
        return message(400, "User is already added to this team")
    team["members"].append(_member(user, 0))
    return message(200, "Member added to Team")


def _one(call: Call) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    team = _find(call)
    found = next((m for m in team["members"] if str(m["user"]) == call.parts["user"]), None) if team else None
    return team, found


def update_member(call: Call) -> Reply:
    """PUT one: its permission."""
    _, member = _one(call)
    if member is None:
        return message(404, "Team member not found")
    member["permission"] = call.fields.get("permission") or 0
    return message(200, "Team member updated")


def remove_member(call: Call) -> Reply:
    """DELETE one."""
    team, member = _one(call)
    if team is None or member is None:
        return message(404, "Team member not found")
    team["members"].remove(member)
    return message(200, "Team Member removed")


def replace_members(call: Call) -> Reply:
    """PUT all, by e-mail; fails whole."""
    team = _find(call)
    if team is None:
        return _absent(call)
    wanted: dict[int, int] = {}
    for key, permission in (("members", 0), ("admins", 4)):
        for email in call.fields.get(key) or ():
            user = next((u for u in call.world.users.values() if u.email.lower() == email.lower()), None)
            if user is None:
                return message(404, "user not found")
            wanted[user.id] = permission
    kept = {member["user"]: member for member in team["members"]}
    team["members"] = [{**kept.get(u, _member(u, p)), "permission": p} for u, p in wanted.items()]
    return message(200, "Team memberships have been updated")

"""Who is calling, organisations, users, tokens, health, and what is asked of a server first."""

from typing import Any

from reconciler.sandbox.call import Call, Reply, denied, message
from reconciler.sandbox.world import Org, User, short_uid

VERSION = "12.3.0"
_ADDRESS = {"address1": "", "address2": "", "city": "", "zipCode": "", "state": "", "country": ""}
_GROUPS = {
    "dashboard.grafana.app": ("v1beta1", "v0alpha1", "v2beta1", "v2alpha1"),
    "folder.grafana.app": ("v1beta1",),
    "notifications.alerting.grafana.app": ("v0alpha1",),
    "playlist.grafana.app": ("v0alpha1",),
}


def health(call: Call) -> Reply:
    """Needs no credentials."""
    return Reply(200, {"database": "ok", "version": VERSION, "commit": "sandbox"})


def settings(call: Call) -> Reply:
    """The parts of the frontend's settings that a client needs."""
    build = {"version": VERSION, "edition": "Open Source", "env": "sandbox", "commit": "sandbox"}
    return Reply(200, {"buildInfo": build, "namespace": call.org.namespace(), "datasources": {}})


def api_groups(call: Call) -> Reply:
    """The groups that are served."""
    groups = [
        {key: value for key, value in _group(name).items() if key not in {"kind", "apiVersion"}} for name in _GROUPS
    ]
    return Reply(200, {"kind": "APIGroupList", "groups": groups})


def _group(name: str) -> dict[str, Any]:
    versions = [{"groupVersion": f"{name}/{version}", "version": version} for version in _GROUPS[name]]
    return {"kind": "APIGroup", "apiVersion": "v1", "name": name, "versions": versions, "preferredVersion": versions[0]}


def api_group(call: Call) -> Reply:
    """The versions of a group; an unknown one is 404 in plain text."""
    name = call.parts["group"]
    if name not in _GROUPS:
        return Reply(404, raw=b"404 page not found\n", content_type="text/plain; charset=utf-8")
    return Reply(200, _group(name))


def org(call: Call) -> Reply:
    """The organisation of the request."""
    return Reply(200, {"id": call.org.id, "name": call.org.name, "address": _ADDRESS})


def user(call: Call) -> Reply:
    """The person of the request; a service account is none."""
    person = call.user
    if person.service_account:
        return message(404, "user not found")
    return Reply(
        200,
        {
            "id": person.id,
            "uid": person.uid,
            "email": person.email,
            "name": person.name,
            "login": person.login,
            "theme": "",
            "orgId": call.org.id,
            "isGrafanaAdmin": person.server_admin,
            "isDisabled": False,
        },
    )


def login_ping(call: Call) -> Reply:
    """Whether one is signed in."""
    return message(200, "Logged in")


def permissions(call: Call) -> Reply:
    """A part of what the caller may do."""
    names = {"folders:read": ["*"], "dashboards:read": ["*"], "datasources:read": ["*"], "annotations:read": ["*"]}
    if call.user.may_edit(call.org.id):
        names |= {
            "folders:create": ["*"],
            "folders:write": ["*"],
            "dashboards:write": ["*"],
            "dashboards:create": ["*"],
        }
    if call.user.is_admin(call.org.id):
        names |= {"teams:read": ["*"], "teams:write": ["*"], "datasources:write": ["*"]}
        names |= {"dashboards.permissions:write": ["dashboards:*", "folders:*"]}
    return Reply(200, names)


def org_users(call: Call) -> Reply:
    """The people of the organisation."""
    if not call.user.is_admin(call.org.id):
        return denied("org.users:read")
    people = (u for u in call.world.users.values() if call.org.id in u.roles and not u.service_account)
    return Reply(200, [_org_user(call.org, person) for person in people])


def _org_user(org: Org, person: User) -> dict[str, Any]:
    return {
        "orgId": org.id,
        "userId": person.id,
        "uid": person.uid,
        "email": person.email,
        "name": person.name,
        "avatarUrl": "/public/img/user_profile.png",
        "login": person.login,
        "role": person.role(org.id),
        "isDisabled": False,
        "authLabels": [],
        "isExternallySynced": person.external,
    }


def create_user(call: Call) -> Reply:
    """POST /api/admin/users: by the server admin only."""
    fields = call.fields
    if not call.user.server_admin:
        return denied("users:create")
    login, email = fields.get("login") or fields.get("email") or "", fields.get("email") or fields.get("login") or ""
    if call.world.user_named(login) or call.world.user_named(email):
        return message(412, f"User with email '{email}' or username '{login}' already exists")
    made = call.world.add_user(login, email, password=fields.get("password") or "", name=fields.get("name") or "")
    return Reply(200, {"id": made.id, "uid": made.uid, "message": "User created"})


def update_org_user(call: Call) -> Reply:
    """PATCH: the role in the organisation."""
    person = call.world.users.get(int(call.parts["user"]))
    if person is None:
        return message(404, "user not found")
    person.roles[int(call.parts["org"])] = call.fields.get("role") or "Viewer"
    return message(200, "Organization user updated")


def add_org_user(call: Call) -> Reply:
    """POST: somebody whom the server knows comes into an organisation."""
    if not call.user.server_admin:
        return denied("org.users:add")
    person = call.world.user_named(str(call.fields.get("loginOrEmail") or ""))
    if person is None:
        return message(404, "user not found")
    number = int(call.parts["org"])
    if number in person.roles:
        return message(409, "User is already member of this organization", userId=person.id)
    person.roles[number] = call.fields.get("role") or "Viewer"
    return message(200, "User added to organization", userId=person.id)


def create_org(call: Call) -> Reply:
    """POST /api/orgs: the creator becomes its admin."""
    if not call.user.server_admin:
        return denied("orgs:create")
    name = call.fields.get("name")
    if any(other.name == name for other in call.world.orgs.values()):
        return message(409, "Organization name taken")
    number = max(call.world.orgs) + 1
    call.world.orgs[number] = Org(number, str(name))
    call.user.roles[number] = "Admin"
    return message(200, "Organization created", orgId=number)


def create_service_account(call: Call) -> Reply:
    """POST /api/serviceaccounts."""
    if not call.user.is_admin(call.org.id):
        return denied("serviceaccounts:create")
    name, role = call.fields.get("name") or "", call.fields.get("role") or "Viewer"
    call.world.add_service_account(name, role, org=call.org.id)
    made = max(call.world.users.values(), key=lambda u: u.id)
    body = {"id": made.id, "uid": made.uid, "name": name, "login": made.login, "orgId": call.org.id, "role": role}
    return Reply(201, {**body, "isDisabled": False, "tokens": 0, "avatarUrl": ""})


def create_token(call: Call) -> Reply:
    """POST …/tokens: the key is shown once."""
    if not call.user.is_admin(call.org.id):
        return denied("serviceaccounts:write")
    key = "glsa_" + short_uid() + short_uid()
    call.world.tokens[key] = (int(call.parts["id"]), call.org.id, False)
    return Reply(200, {"id": len(call.world.tokens), "name": call.fields.get("name"), "key": key})


def forbidden_unless_admin(permission: str) -> Any:
    """A handler for what is not emulated beyond its access control."""

    def handler(call: Call) -> Reply:
        if not call.user.is_admin(call.org.id):
            return denied(permission)
        return message(404, "Not found")

    return handler

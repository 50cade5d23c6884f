"""From a request to an answer, without a server: who calls, which handler, which faults. Starlette and tests both
stand on it.
"""

import base64
import re
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from reconciler.sandbox import (
    annotations,
    dashboards,
    datasources,
    elsewhere,
    folders,
    kube_dashboards,
    kube_folders,
    library,
    notification_routes,
    people,
    permissions,
    preferences,
    queries,
    rules,
    search,
    teams,
)
from reconciler.sandbox.call import Call, Handler, Later, Reply, decoded, encoded, message, status
from reconciler.sandbox.faults import Faults
from reconciler.sandbox.world import Org, User, World


class Dropped(Exception):
    """The connection is to be cut without an answer."""


class Down(Dropped):
    """No connection comes about at all."""


class Seen(Struct, frozen=True):
    """A request that was answered, for tests."""

    method: str
    path: str
    query: Mapping[str, Sequence[str]]
    status: int
    login: str


_UID = r"(?P<uid>[^/]+)"
_KUBE = r"/namespaces/(?P<namespace>[^/]+)"
_FOLDERS = rf"/apis/folder\.grafana\.app/v1beta1{_KUBE}/folders"
_BOARDS = rf"/apis/dashboard\.grafana\.app/v0alpha1{_KUBE}/dashboards"
_ACCESS = r"/api/access-control/(?:folders|dashboards)"
_TEAM = r"/api/teams/(?P<key>[^/]+)"
_RULE_GROUP = r"/api/v1/provisioning/folder/(?P<folder>[^/]+)/rule-groups/(?P<group>.+)"

_TABLE: tuple[tuple[str, str, Handler], ...] = (
    ("GET", r"/api/folders", folders.list_),
    ("POST", r"/api/folders", folders.create),
    ("GET", r"/api/folders/id/(?P<id>\d+)", folders.read_by_id),
    ("GET", rf"/api/folders/{_UID}", folders.read),
    ("PUT", rf"/api/folders/{_UID}", folders.update),
    ("DELETE", rf"/api/folders/{_UID}", folders.delete),
    ("POST", rf"/api/folders/{_UID}/move", folders.move),
    ("GET", rf"/api/folders/{_UID}/counts", folders.counts),
    ("GET", rf"/api/folders/{_UID}/permissions", permissions.list_old),
    ("POST", rf"/api/folders/{_UID}/permissions", permissions.replace_all),
    ("GET", rf"/api/dashboards/uid/{_UID}/permissions", permissions.list_old),
    ("POST", rf"/api/dashboards/uid/{_UID}/permissions", permissions.replace_all),
    ("GET", rf"{_ACCESS}/description", permissions.description),
    ("GET", rf"{_ACCESS}/{_UID}", permissions.list_new),
    ("POST", rf"{_ACCESS}/{_UID}", permissions.change_some),
    ("POST", rf"{_ACCESS}/{_UID}/(?P<sort>teams|users|builtInRoles)/(?P<who>[^/]+)", permissions.change_one),
    ("GET", r"/api/dashboards/home", preferences.home),
    ("GET", _FOLDERS, kube_folders.list_),
    ("POST", _FOLDERS, kube_folders.create),
    ("GET", rf"{_FOLDERS}/{_UID}", kube_folders.read),
    ("PUT", rf"{_FOLDERS}/{_UID}", kube_folders.update),
    ("DELETE", rf"{_FOLDERS}/{_UID}", kube_folders.delete),
    ("GET", rf"{_FOLDERS}/{_UID}/parents", kube_folders.parents),
    ("GET", rf"{_FOLDERS}/{_UID}/children", kube_folders.children),
    ("GET", rf"{_FOLDERS}/{_UID}/counts", kube_folders.counts),
    ("POST", r"/api/dashboards/db", dashboards.save),
    ("GET", r"/api/dashboards/tags", dashboards.tags),
    ("GET", rf"/api/dashboards/uid/{_UID}", dashboards.read),
    ("DELETE", rf"/api/dashboards/uid/{_UID}", dashboards.delete),
    ("GET", rf"/api/dashboards/uid/{_UID}/versions", dashboards.versions),
    ("GET", rf"/api/dashboards/uid/{_UID}/versions/(?P<number>\d+)", dashboards.one_version),
    ("POST", rf"/api/dashboards/uid/{_UID}/restore", dashboards.restore),
    ("GET", r"/api/search", search.search),
    ("GET", _BOARDS, kube_dashboards.list_),
    ("GET", _BOARDS.replace("v0alpha1", "v1beta1"), kube_dashboards.list_),
    ("POST", _BOARDS, kube_dashboards.create),
    ("GET", rf"{_BOARDS}/{_UID}", kube_dashboards.read),
    ("PUT", rf"{_BOARDS}/{_UID}", kube_dashboards.update),
    ("PATCH", rf"{_BOARDS}/{_UID}", kube_dashboards.patch),
    ("DELETE", rf"{_BOARDS}/{_UID}", kube_dashboards.delete),
    ("POST", r"/api/ds/query", queries.query),
    ("GET", rf"/api/datasources/uid/{_UID}/resources/api/v1/label/(?P<label>[^/]+)/values", queries.label_values),
    ("GET", r"/api/datasources", datasources.list_),
    ("POST", r"/api/datasources", datasources.create),
    ("GET", r"/api/datasources/id/(?P<key>[^/]+)", datasources.read_id),
    ("GET", r"/api/datasources/(?P<by>uid|name)/(?P<key>[^/]+)", datasources.read),
    ("PUT", r"/api/datasources/(?P<by>uid)/(?P<key>[^/]+)", datasources.update),
    ("DELETE", r"/api/datasources/(?P<by>uid)/(?P<key>[^/]+)", datasources.delete),
    ("GET", r"/api/teams/search", teams.search),
    ("POST", r"/api/teams", teams.create),
    ("GET", _TEAM, teams.read),
    ("PUT", _TEAM, teams.update),
    ("DELETE", _TEAM, teams.delete),
    ("GET", rf"{_TEAM}/members", teams.members),
    ("POST", rf"{_TEAM}/members", teams.add_member),
    ("PUT", rf"{_TEAM}/members", teams.replace_members),
    ("PUT", rf"{_TEAM}/members/(?P<user>\d+)", teams.update_member),
    ("DELETE", rf"{_TEAM}/members/(?P<user>\d+)", teams.remove_member),
    ("GET", r"/api/annotations", annotations.list_),
    ("POST", r"/api/annotations", annotations.create),
    ("GET", r"/api/annotations/tags", annotations.tags),
    ("POST", r"/api/annotations/graphite", annotations.create_graphite),
    ("POST", r"/api/annotations/mass-delete", annotations.mass_delete),
    ("GET", r"/api/annotations/(?P<id>[^/]+)", annotations.read),
    ("PUT", r"/api/annotations/(?P<id>[^/]+)", annotations.update),
    ("PATCH", r"/api/annotations/(?P<id>[^/]+)", annotations.update),
    ("DELETE", r"/api/annotations/(?P<id>[^/]+)", annotations.delete),
    ("GET", r"/api/frontend/settings", people.settings),
    ("GET", r"/apis", people.api_groups),
    ("GET", r"/apis/(?P<group>[^/]+)", people.api_group),
    ("GET", r"/api/org", people.org),
    ("GET", r"/api/user", people.user),
    ("GET", r"/api/org/users", people.org_users),
    ("GET", r"/api/org/preferences", preferences.read),
    ("PUT", r"/api/org/preferences", preferences.write(merge=False)),
    ("PATCH", r"/api/org/preferences", preferences.write(merge=True)),
    ("GET", r"/api/user/preferences", preferences.read),
    ("PUT", r"/api/user/preferences", preferences.write(merge=False)),
    ("PATCH", r"/api/user/preferences", preferences.write(merge=True)),
    ("GET", rf"{_TEAM}/preferences", preferences.read),
    ("PUT", rf"{_TEAM}/preferences", preferences.write(merge=False)),
    ("GET", r"/api/login/ping", people.login_ping),
    ("GET", r"/api/access-control/user/permissions", people.permissions),
    ("POST", r"/api/admin/users", people.create_user),
    ("PATCH", r"/api/orgs/(?P<org>\d+)/users/(?P<user>\d+)", people.update_org_user),
    ("POST", r"/api/orgs/(?P<org>\d+)/users", people.add_org_user),
    ("POST", r"/api/orgs", people.create_org),
    ("POST", r"/api/serviceaccounts", people.create_service_account),
    ("GET", r"/api/serviceaccounts/search", people.forbidden_unless_admin("serviceaccounts:read")),
    ("POST", r"/api/serviceaccounts/(?P<id>\d+)/tokens", people.create_token),
    ("GET", r"/api/v1/provisioning/alert-rules", rules.list_),
    ("POST", r"/api/v1/provisioning/alert-rules", rules.create),
    ("GET", rf"/api/v1/provisioning/alert-rules/{_UID}", rules.read),
    ("PUT", rf"/api/v1/provisioning/alert-rules/{_UID}", rules.update),
    ("DELETE", rf"/api/v1/provisioning/alert-rules/{_UID}", rules.delete),
    ("GET", _RULE_GROUP, rules.read_group),
    ("PUT", _RULE_GROUP, rules.write_group),
    ("DELETE", _RULE_GROUP, rules.delete_group),
    ("GET", r"/api/ruler/grafana/api/v1/rules", rules.ruler),
    ("GET", r"/api/playlists", elsewhere.playlists),
    ("GET", rf"/apis/playlist\.grafana\.app/v0alpha1{_KUBE}/playlists", elsewhere.kube_playlists),
    ("POST", r"/api/playlists", elsewhere.create_playlist),
    ("GET", rf"/api/playlists/{_UID}", elsewhere.playlist),
    ("GET", r"/api/library-elements", library.listed),
    ("POST", r"/api/library-elements", library.create),
    ("GET", r"/api/library-elements/name/(?P<name>[^/]*)", library.named),
    ("GET", rf"/api/library-elements/{_UID}", library.read),
    ("PATCH", rf"/api/library-elements/{_UID}", library.patch),
    ("DELETE", rf"/api/library-elements/{_UID}", library.delete),
    ("GET", rf"/api/library-elements/{_UID}/connections", library.connections),
    *notification_routes.TABLE,
)  # fmt: skip
_ROUTES = tuple((method, re.compile(pattern + r"\Z"), handler) for method, pattern, handler in _TABLE)


class Dispatcher:
    """Answers requests over a world; one at a time, as SQLite does."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.faults = Faults()
        self.requests: list[Seen] = []
        self.unknown: list[str] = []
        self._lock = threading.RLock()

    def answer(
        self, method: str, path: str, query: Mapping[str, Sequence[str]], headers: Mapping[str, str], body: bytes
    ) -> Reply:
        """The answer. Raises Dropped where a fault cuts the connection."""
        faults = self.faults.striking(method, path)
        if "hang" in faults:
            self.faults.released.wait(timeout=60)
            raise Dropped
        if "down" in faults:
            raise Down
        if "drop_request" in faults:
            raise Dropped
        early = _early(faults)
        with self._lock:
            if "edit" in faults:
                faults["edit"](self.world)
            reply, login = (early, "") if early else self._work(method, path, query, headers, body, faults)
            if isinstance(reply, Reply):
                self.requests.append(Seen(method, path, query, reply.status, login))
                if method != "GET":
                    self.world.changed()
        if isinstance(reply, Later):
            reply = reply.make()
            with self._lock:
                self.requests.append(Seen(method, path, query, reply.status, login))
        if "drop_response" in faults:
            raise Dropped
        if "answer_after" in faults:
            code, body_sent = faults["answer_after"]
            return Reply(int(code), body_sent)
        if "status_after" in faults:
            return message(int(faults["status_after"]), "database is locked")
        if "truncated" in faults:
            return Reply(reply.status, raw=_bytes(reply)[: len(_bytes(reply)) // 2])
        return reply

    def _work(
        self,
        method: str,
        path: str,
        query: Mapping[str, Sequence[str]],
        headers: Mapping[str, str],
        body: bytes,
        faults: Mapping[str, Any],
    ) -> tuple[Reply | Later, str]:
        if path == "/api/health":
            anybody, org = next(iter(self.world.users.values())), self.world.orgs[1]
            return people.health(Call(self.world, anybody, org, method, path, {}, query, None)), ""
        found = _identify(self.world, headers, expired="expire" in faults)
        if isinstance(found, Reply):
            return found, ""
        user, org = found
        if "orgId" in query:
            return _other_org(path, query["orgId"][0]), user.login
        for wanted, pattern, handler in _ROUTES:
            match = pattern.match(path) if wanted == method else None
            if match:
                parts = match.groupdict()
                if "namespace" in parts:
                    here = self._of_namespace(parts["namespace"], org, user)
                    if isinstance(here, Reply):
                        return here, user.login
                    org = here
                elif org.id not in user.roles:
                    return _no_member(path), user.login
                call = Call(
                    self.world,
                    user,
                    org,
                    method,
                    path,
                    parts,
                    query,
                    decoded(body) if body else None,
                    headers.get("accept", ""),
                    faults,
                    {name.lower(): value for name, value in headers.items()},
                )
                return handler(call), user.login
        self.unknown.append(f"{method} {path}")
        if path.startswith("/apis/"):
            return status(404, "the server could not find the requested resource", "NotFound"), user.login
        return message(404, "Not found"), user.login

    def _of_namespace(self, namespace: str, org: Org, user: User) -> Org | Reply:
        """The namespace wins over the header; one that is nobody's is 500."""
        for other in self.world.orgs.values():
            if other.namespace() == namespace and other.id in user.roles:
                return other
        return status(500, f"namespace mismatch: got {org.namespace()} but expected {namespace}")


def _other_org(path: str, org: str) -> Reply:
    """`?orgId=` switches the caller's active organisation for good, and answers with a redirect."""
    page = f'<a href="{path}?orgId={org}">Found</a>.\n\n'.encode()
    where = {"Location": f"{path}?orgId={org}"}
    return Reply(302, raw=page, content_type="text/html; charset=utf-8", headers=where)


def _no_member(path: str) -> Reply:
    from reconciler.sandbox.call import denied

    return denied("folders:read" if "folder" in path else "orgs:read")


def _early(faults: Mapping[str, Any]) -> Reply | None:
    """The faults that answer without doing anything."""
    if "too_many" in faults:
        return Reply(429, {"message": "Too many requests"}, headers={"Retry-After": str(faults["too_many"])})
    if "answer" in faults:
        code, body = faults["answer"]
        return Reply(int(code), body)
    if "status" in faults:
        return message(int(faults["status"]), "database is locked")
    if "html" in faults:
        page = b"<html><head><title>nginx</title></head><body>gateway</body></html>"
        return Reply(int(faults["html"]), raw=page, content_type="text/html")
    if "redirect" in faults:
        return Reply(302, raw=b"", content_type="text/html", headers={"Location": str(faults["redirect"])})
    return message(404, "Not found") if "not_found" in faults else None


def _bytes(reply: Reply) -> bytes:
    """The body of an answer."""
    if reply.raw is not None:
        return reply.raw
    return b"" if reply.body is None else encoded(reply.body)


def _unauthorized(text: str, code: str) -> Reply:
    return Reply(401, {"extra": None, "message": text, "messageId": code, "statusCode": 401, "traceID": ""})


def _identify(world: World, headers: Mapping[str, str], *, expired: bool) -> tuple[User, Org] | Reply:
    """Who calls, and for which organisation; or 401 as Grafana says it."""
    method, _, credentials = headers.get("authorization", "").partition(" ")
    if expired:
        return _unauthorized("Expired API key", "api-key.expired")
    asked = headers.get("x-grafana-org-id", "")
    number = int(asked) if asked.isdigit() else 0
    if method == "Bearer":
        if credentials not in world.tokens:
            return _unauthorized("Invalid API key", "api-key.invalid")
        user, org, gone = world.tokens[credentials]
        if gone:
            return _unauthorized("Expired API key", "api-key.expired")
        if number and number != org:
            text = "API key does not belong to the requested organization"
            return _unauthorized(text, "api-key.organization-mismatch")
        return world.users[user], world.orgs[org]
    if method != "Basic":
        return _unauthorized("Unauthorized", "auth.unauthorized")
    try:
        login, _, password = base64.b64decode(credentials).decode().partition(":")
    except ValueError:
        login = password = ""
    person = world.user_named(login)
    if person is None or person.service_account or person.password != password:
        return _unauthorized("Invalid username or password", "password-auth.failed")
    return person, world.orgs.get(number or 1, Org(number, ""))


body_of = _bytes

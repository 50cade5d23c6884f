"""Teams with their members: additive or exact, by login or e-mail; members that an identity provider syncs are never
touched.

Must not: use the bulk PUT of members (it fails whole and knows e-mails only), or take a team's uid from the author
(it is the server's).
"""

from typing import ClassVar, Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, model_validator

from reconciler.core.diff import Edit, Op
from reconciler.core.exchange import HANDLE_404, ApiRequest, Exchange, Listing, Server, Wanted, WriteContext
from reconciler.core.json import Json, JsonObject, as_list, as_object, text_of
from reconciler.core.kind import Authored, Desired, Kind, LiveNames, Names
from reconciler.core.resource import LiveObject, Resource

_PAGE = 1000
_PERMISSIONS: dict[str, int] = {"member": 0, "admin": 4}


class TeamSpec(BaseModel):
    """What a Team document says."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(min_length=1, max_length=190, description="The team's name in Grafana; unique there.")
    email: str = Field(default="", description="The team's e-mail address.")
    membership: Literal["additive", "exact"] = Field(
        default="additive", description="additive: at least the members named here; exact: these and no others."
    )
    members: list[str] | None = Field(
        default=None, description="Logins or e-mails. Omit members and admins to leave the membership alone."
    )
    admins: list[str] | None = Field(default=None, description="Logins or e-mails of members who administer the team.")

    @model_validator(mode="after")
    def _one_role_each(self) -> "TeamSpec":
        folded = [text.casefold() for text in [*(self.members or ()), *(self.admins or ())]]
        twice = sorted({text for text in folded if folded.count(text) > 1})
        if twice:
            raise ValueError(f"named more than once: {', '.join(twice)}")
        return self


class Team(Kind):
    """The kind `team`. Attributes: name, email, membership and members (login or e-mail → member | admin) where they
    are managed.

    Live members are a list of {login, email, permission, external}; `project` brings them into the author's form.
    """

    name: ClassVar[str] = "team"
    yaml_kind: ClassVar[str] = "Team"
    summary: ClassVar[str] = "A team and, where wanted, its members."
    spec: ClassVar[type[BaseModel]] = TeamSpec
    example: ClassVar[str] = """\
apiVersion: ggrec/v1
kind: Team
metadata:
  name: operations
spec:
  name: Operations
  email: operations@example.org
  members: [admin]
"""

    def uid(self, name: str, written: str | None) -> str | None:
        """The server chooses it (grafana-api.md section 10)."""
        return None

    def keys(self, resource: Resource) -> tuple[str, ...]:
        """A team is found by its exact name."""
        return (f"name:{resource.attributes.get('name')}",)

    def claims(self, resource: Resource) -> tuple[str, ...]:
        """Names are unique in an organisation."""
        return self.keys(resource)

    def desired(self, name: str, spec: TeamSpec, names: Names) -> Desired:
        """Members by what the author called them."""
        attributes: dict[str, Json] = {"name": spec.name, "email": spec.email}
        if spec.members is not None or spec.admins is not None:
            attributes["membership"] = spec.membership
            members = dict.fromkeys(spec.members or (), "member") | dict.fromkeys(spec.admins or (), "admin")
            attributes["members"] = dict(sorted(members.items()))
        return Desired(attributes)

    def authored(self, live: LiveObject, names: LiveNames) -> Authored:
        """Name, e-mail and the members that no identity provider brings."""
        spec: dict[str, Json] = {"name": live.attributes["name"]}
        if live.attributes.get("email"):
            spec["email"] = live.attributes["email"]
        own = [member for member in _members(live.attributes) if not member.get("external")]
        for key, permission in (("members", "member"), ("admins", "admin")):
            logins: list[Json] = [member["login"] for member in own if member["permission"] == permission]
            if logins:
                spec[key] = logins
        return Authored(spec)

    def normalise(self, attributes: JsonObject) -> JsonObject:
        """No e-mail is the empty one."""
        return {**attributes, "email": text_of(attributes.get("email"))}

    def project(self, live: JsonObject, desired: JsonObject) -> JsonObject:
        """Live members under the author's names; unknown ones count only in exact mode, external ones never."""
        result = {key: value for key, value in live.items() if key not in {"members", "membership"}}
        if "members" not in desired:
            return result
        if isinstance(live.get("members"), dict):
            return {**live, "membership": desired["membership"]}
        wanted = {text.casefold(): text for text in as_object(desired["members"])}
        exact = desired.get("membership") == "exact"
        members: dict[str, Json] = {}
        for member in _members(live):
            called = [text_of(member.get(key)).casefold() for key in ("login", "email")]
            mine = next((wanted[text] for text in called if text in wanted), None)
            if mine is not None:
                members[mine] = member["permission"]
            elif exact and not member.get("external"):
                members[text_of(member["login"])] = member["permission"]
        return {**result, "membership": desired["membership"], "members": dict(sorted(members.items()))}

    def outstanding(self, resource: Resource, live: LiveObject) -> tuple[Edit, ...]:
        """Members who were declared before they had an account, and have one now."""
        wanted = as_object(resource.attributes.get("members"))
        if not wanted or "knownUsers" not in live.meta:
            return ()
        known = {text_of(text) for text in as_list(live.meta["knownUsers"])}
        present = as_object(self.project(live.attributes, resource.attributes).get("members"))
        return tuple(
            Edit(("members", name), Op.ADD, None, permission)
            for name, permission in sorted(wanted.items())
            if name not in present and name.casefold() in known
        )

    def notes(self, resource: Resource, live: LiveObject | None) -> tuple[str, ...]:
        """Members without an account."""
        if live is None or "knownUsers" not in live.meta:
            return ()
        known = {text_of(text) for text in as_list(live.meta["knownUsers"])}
        strangers = [n for n in as_object(resource.attributes.get("members")) if n.casefold() not in known]
        return tuple(f"member {name} has no account in this organisation yet" for name in strangers)

    def listing(self, server: Server, wanted: Wanted) -> Listing:
        """All teams by pages of the search; members (one request a team) only of the wanted ones."""
        page = 1
        seen = 0
        known: list[Json] | None = None
        while True:
            query = (("perpage", str(_PAGE)), ("page", str(page)))
            answer = yield ApiRequest("GET", "/api/teams/search", query)
            teams = [as_object(item) for item in as_list(answer.object.get("teams"))]
            for team in teams:
                uid, name = text_of(team.get("uid")), text_of(team.get("name"))
                if wanted.covers(uid, f"uid:{uid}", f"name:{name}"):
                    if known is None:
                        known = yield from _org_users()
                    yield ((yield from _with_members(team, known)),)
                else:
                    yield (_live(team, None, None),)
            seen += len(teams)
            total = answer.object.get("totalCount")
            if not teams or not isinstance(total, int) or seen >= total:
                return
            page += 1

    def read(self, server: Server, uid: str) -> Exchange[LiveObject | None]:
        """A team by the server's uid, with members."""
        answer = yield ApiRequest("GET", _path(uid), handles=HANDLE_404)
        if answer.status == 404:
            return None
        known = yield from _org_users()
        return (yield from _with_members(answer.object, known))

    def find(self, server: Server, resource: Resource) -> Exchange[LiveObject | None]:
        """A team by its exact name."""
        name = text_of(resource.attributes.get("name"))
        answer = yield ApiRequest("GET", "/api/teams/search", (("name", name), ("perpage", "1000")))
        for item in as_list(answer.object.get("teams")):
            team = as_object(item)
            if team.get("name") == name:
                known = yield from _org_users()
                return (yield from _with_members(team, known))
        return None

    def create(self, context: WriteContext, resource: Resource) -> Exchange[str]:
        """Create, then members; a person who creates a team is made its member unasked, and is taken out again unless
        declared.
        """
        attributes = resource.attributes
        body = {"name": attributes["name"], "email": text_of(attributes.get("email"))}
        answer = yield ApiRequest("POST", "/api/teams", body=body)
        uid = text_of(answer.object.get("uid")) or str(answer.object.get("teamId"))
        if "members" in attributes:
            exactly = {**attributes, "membership": "exact"}
            yield from self._members(context, uid, exactly)
        return uid

    def update(self, context: WriteContext, resource: Resource, live: LiveObject) -> Exchange[None]:
        """Name and e-mail together (a PUT empties a missing e-mail), then members one by one."""
        attributes = resource.attributes
        wanted = {"name": attributes["name"], "email": text_of(attributes.get("email"))}
        if wanted != {key: live.attributes.get(key) for key in wanted}:
            yield ApiRequest("PUT", _path(live.uid), body=wanted)
        if "members" in attributes:
            yield from self._members(context, live.uid, attributes)

    def _members(self, context: WriteContext, uid: str, desired: JsonObject) -> Exchange[None]:
        answer = yield ApiRequest("GET", f"{_path(uid)}/members")
        present = [as_object(item) for item in as_list(answer.body)]
        users = yield from _users_by_name()
        wanted = as_object(desired["members"])
        there: dict[str, JsonObject] = {}
        for member in present:
            for key in ("login", "email"):
                there[text_of(member.get(key)).casefold()] = member
        kept: set[Json] = set()
        for name, permission in sorted(wanted.items()):
            level = _PERMISSIONS[text_of(permission)]
            mine = there.get(name.casefold())
            user = users.get(name.casefold())
            if mine is not None:
                kept.add(mine.get("userId"))
                if mine.get("permission") != level and not _external(mine):
                    yield ApiRequest("PUT", f"{_path(uid)}/members/{mine.get('userId')}", body={"permission": level})
            elif user is not None:
                yield ApiRequest("POST", f"{_path(uid)}/members", body={"userId": user})
                if level:
                    yield ApiRequest("PUT", f"{_path(uid)}/members/{user}", body={"permission": level})
        if desired.get("membership") != "exact":
            return
        for member in present:
            if member.get("userId") not in kept and not _external(member):
                yield ApiRequest("DELETE", f"{_path(uid)}/members/{member.get('userId')}", handles=HANDLE_404)

    def delete(self, context: WriteContext, live: LiveObject) -> Exchange[None]:
        """With its memberships, preferences and permission entries."""
        yield ApiRequest("DELETE", _path(live.uid), handles=HANDLE_404)


def _path(uid: str) -> str:
    return f"/api/teams/{quote(uid, safe='')}"


def _members(attributes: JsonObject) -> list[JsonObject]:
    return [as_object(item) for item in as_list(attributes.get("members"))]


def _external(member: JsonObject) -> bool:
    """Labels and auth_module tell members that a sync brought (grafana-api.md section 10)."""
    return bool(member.get("labels") or member.get("auth_module"))


def _org_users() -> Exchange[list[Json] | None]:
    """Logins and e-mails of the organisation, folded; None where they may not be read."""
    answer = yield ApiRequest("GET", "/api/org/users", handles=frozenset({403}))
    if answer.status == 403:
        return None
    found: list[Json] = []
    for item in as_list(answer.body):
        user = as_object(item)
        found += [text_of(user.get(key)).casefold() for key in ("login", "email") if user.get(key)]
    return found


def _users_by_name() -> Exchange[dict[str, Json]]:
    answer = yield ApiRequest("GET", "/api/org/users")
    found: dict[str, Json] = {}
    for item in as_list(answer.body):
        user = as_object(item)
        for key in ("email", "login"):
            if user.get(key):
                found[text_of(user[key]).casefold()] = user.get("userId")
    return found


def _with_members(team: JsonObject, known: list[Json] | None) -> Exchange[LiveObject]:
    answer = yield ApiRequest("GET", f"{_path(text_of(team.get('uid')))}/members")
    members: list[Json] = []
    for item in as_list(answer.body):
        member = as_object(item)
        members.append(
            {
                "login": text_of(member.get("login")),
                "email": text_of(member.get("email")),
                "permission": "admin" if member.get("permission") == 4 else "member",
                "external": _external(member),
            }
        )
    members.sort(key=lambda member: text_of(as_object(member).get("login")))
    return _live(team, members, known)


def _live(team: JsonObject, members: list[Json] | None, known: list[Json] | None) -> LiveObject:
    uid, name = text_of(team.get("uid")), text_of(team.get("name"))
    attributes: dict[str, Json] = {"name": name, "email": text_of(team.get("email"))}
    if members is not None:
        attributes["members"] = members
    meta: dict[str, Json] = {"id": team.get("id")}
    if known is not None:
        meta["knownUsers"] = known
    return LiveObject(
        kind="team",
        uid=uid,
        attributes=attributes,
        manager="SCIM (provisioned by the identity provider)" if team.get("isProvisioned") else None,
        keys=(f"uid:{uid}", f"name:{name}"),
        meta=meta,
        complete=members is not None,
    )

"""Teams with their members: additive or exact, by login or e-mail; members that an identity provider syncs are never
touched.

Must not: use the bulk PUT of members (it fails whole and knows e-mails only), or take a team's uid from the author
(it is the server's).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

from reconciler.core.diff import Edit, EditPath, Identities, Key, Op
from reconciler.core.errors import Conflict
from reconciler.core.exchange import HANDLE_404, ApiRequest, Exchange, Listing, Server, Wanted, WriteContext
from reconciler.core.json import Json, JsonObject, as_list, as_object, text_of
from reconciler.core.kind import Authored, Desired, Kind, LiveNames, Names
from reconciler.core.resource import LiveObject, Resource
from reconciler.core.semantic import ChangeClass
from reconciler.kinds._later import later
from reconciler.kinds._members import (
    ABSENT,
    LEVELS,
    declared,
    is_external,
    known_accounts,
    listed,
    live_member,
    matched,
    projected,
    strongest,
    without_account,
)
from reconciler.kinds._owners import SCIM

if TYPE_CHECKING:
    from reconciler.kinds._team_spec import TeamSpec


class Team(Kind):
    """The kind `team`. Attributes: name, email, membership and members (login or e-mail → member | admin) where they
    are managed.

    Live members are a list of {login, email, permission, external}; `project` brings them into the author's form, and
    `normalise` turns the author's mapping into a list, so that one member too many is a difference.
    """

    name: ClassVar[str] = "team"
    yaml_kind: ClassVar[str] = "Team"
    summary: ClassVar[str] = "A team and, where wanted, its members."
    change_class: ClassVar[ChangeClass] = ChangeClass.ACCESS
    spec = later("_team_spec", "TeamSpec")
    identities: ClassVar[Identities] = MappingProxyType({"members": "login"})
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

    def desired(self, name: str, spec: "TeamSpec", names: Names) -> Desired:
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
            called: list[Json] = [
                text_of(member.get("login")) or text_of(member.get("email"))
                for member in own
                if member["permission"] == permission
            ]
            if called:
                spec[key] = called
        return Authored(spec)

    def names(self, attributes: JsonObject) -> tuple[str, ...]:
        """Its name: so permissions show it."""
        return (text_of(attributes.get("name")),)

    def normalise(self, attributes: JsonObject) -> JsonObject:
        """No e-mail is the empty one; members as a list."""
        result: dict[str, Json] = {**attributes, "email": text_of(attributes.get("email"))}
        if isinstance(attributes.get("members"), dict):
            result["members"] = listed(declared(attributes["members"]))
        return result

    def project(self, live: JsonObject, desired: JsonObject) -> JsonObject:
        """Live members under the author's names, in the form of `desired`; unknown ones count only in exact mode,
        external ones never.
        """
        result = {key: value for key, value in live.items() if key not in {"members", "membership"}}
        if "members" not in desired:
            return result
        exact = desired.get("membership") == "exact"
        members = projected(_members(live), declared(desired["members"]), exact=exact)
        as_written = isinstance(desired["members"], Mapping)
        return {
            **result,
            "membership": desired.get("membership"),
            "members": dict(sorted(members.items())) if as_written else listed(members),
        }

    def let_go(self, desired: JsonObject, applied: JsonObject) -> JsonObject:
        """Whoever was declared and no longer is shall leave: without this, an additive update would not know that he
        was ours.
        """
        if "members" not in desired or desired.get("membership") == "exact":
            return desired
        now = declared(desired["members"])
        folded = {name.casefold() for name in now}
        gone = {name: ABSENT for name in declared(applied.get("members")) if name.casefold() not in folded}
        return {**desired, "members": dict(sorted({**now, **gone}.items()))} if gone else desired

    def outstanding(self, resource: Resource, live: LiveObject) -> tuple[Edit, ...]:
        """Members who were declared before they had an account, and have one now."""
        wanted = declared(resource.attributes.get("members"))
        if not wanted or "knownUsers" not in live.meta:
            return ()
        strangers = without_account(wanted, as_list(live.meta["knownUsers"]))
        present = matched(wanted, _members(live.attributes))
        return tuple(
            Edit(("members", Key("login", name)), Op.ADD, None, {"login": name, "permission": permission})
            for name, permission in sorted(wanted.items())
            if permission != ABSENT and name not in present and name not in strangers
        )

    def waiting(self, resource: Resource, live: LiveObject) -> tuple[EditPath, ...]:
        """Members without an account (none where the accounts may not be read)."""
        if "knownUsers" not in live.meta:
            return ()
        wanted = declared(resource.attributes.get("members"))
        strangers = without_account(wanted, as_list(live.meta["knownUsers"]))
        return tuple(("members", Key("login", name)) for name in strangers)

    def notes(self, resource: Resource, live: LiveObject | None) -> tuple[str, ...]:
        """Members without an account, and members whose role is decided elsewhere."""
        if live is None:
            return ()
        wanted = declared(resource.attributes.get("members"))
        found = matched(wanted, _members(live.attributes))
        strangers = [step.value for _, step in self.waiting(resource, live) if isinstance(step, Key)]
        return (
            *(f"member {name}: has no account yet; is added once there is one" for name in strangers),
            *(
                f"member {name}: is synced from outside, and is left alone"
                for name, person in sorted(found.items())
                if person.get("external") and person.get("permission") != wanted[name]
            ),
        )

    def listing(self, server: Server, wanted: Wanted) -> Listing:
        """All teams by pages of the search; members (one request a team) only of the wanted ones."""
        page = 1
        seen = 0
        known: list[Json] | None = None
        asked = False
        while True:
            answer = yield ApiRequest("GET", "/api/teams/search", (("perpage", "1000"), ("page", str(page))))
            teams = [as_object(item) for item in as_list(answer.object.get("teams"))]
            for team in teams:
                uid, name = text_of(team.get("uid")), text_of(team.get("name"))
                if wanted.covers(uid, f"uid:{uid}", f"name:{name}"):
                    if not asked:
                        known, asked = (yield from known_accounts()), True
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
        known = yield from known_accounts()
        return (yield from _with_members(answer.object, known))

    def find(self, server: Server, resource: Resource) -> Exchange[LiveObject | None]:
        """A team by its exact name."""
        name = text_of(resource.attributes.get("name"))
        answer = yield ApiRequest("GET", "/api/teams/search", (("name", name), ("perpage", "1000")))
        for item in as_list(answer.object.get("teams")):
            team = as_object(item)
            if team.get("name") == name:
                known = yield from known_accounts()
                return (yield from _with_members(team, known))
        return None

    def create(self, context: WriteContext, resource: Resource) -> Exchange[str]:
        """Create, then members; a person who creates a team is made its admin unasked (grafana-api.md section 10), and
        is taken out again unless declared.
        """
        attributes = resource.attributes
        body = {"name": attributes["name"], "email": text_of(attributes.get("email"))}
        answer = yield ApiRequest("POST", "/api/teams", body=body)
        uid = text_of(answer.object.get("uid")) or str(answer.object.get("teamId"))
        if "members" in attributes:
            yield from _write_members(uid, declared(attributes["members"]), exact=True)
        return uid

    def update(self, context: WriteContext, resource: Resource, live: LiveObject) -> Exchange[None]:
        """Name and e-mail together (a PUT empties a missing e-mail), then members one by one.

        Both are looked at once more before: a PUT takes no revision, and reading a team took several requests. Raises
        Conflict where somebody was faster.
        """
        attributes = resource.attributes
        wanted = {"name": attributes["name"], "email": text_of(attributes.get("email"))}
        known = {key: live.attributes.get(key) for key in wanted}
        if wanted != known:
            answer = yield ApiRequest("GET", _path(live.uid))
            if {key: text_of(answer.object.get(key)) for key in wanted} != known:
                raise Conflict.one("changed-meanwhile", "its name or e-mail was changed by somebody else just now")
            yield ApiRequest("PUT", _path(live.uid), body=wanted)
        if "members" in attributes:
            exact = attributes.get("membership") == "exact"
            yield from _write_members(live.uid, declared(attributes["members"]), exact=exact)

    def delete(self, context: WriteContext, live: LiveObject) -> Exchange[None]:
        """With its memberships, preferences and permission entries."""
        yield ApiRequest("DELETE", _path(live.uid), handles=HANDLE_404)


def _path(uid: str) -> str:
    return f"/api/teams/{quote(uid, safe='')}"


def _members(attributes: JsonObject) -> list[JsonObject]:
    return [as_object(item) for item in as_list(attributes.get("members"))]


def _write_members(uid: str, wanted: dict[str, str], *, exact: bool) -> Exchange[None]:
    """Add, promote and remove one by one; who has no account yet is passed over.

    The organisation's users are asked for only if somebody is to be added (then a 403 is an error: nobody could be).
    """
    answer = yield ApiRequest("GET", f"{_path(uid)}/members")
    present = [as_object(item) for item in as_list(answer.body)]
    found = matched(wanted, present)
    missing = [name for name, permission in sorted(wanted.items()) if permission != ABSENT and name not in found]
    yield from _add(uid, missing, wanted)
    meant = strongest(wanted, found)
    for member in present:
        path = f"{_path(uid)}/members/{member.get('userId')}"
        permission = meant.get(text_of(member.get("login")), ABSENT if exact else None)
        if permission is None or is_external(member):
            continue
        if permission == ABSENT:
            yield ApiRequest("DELETE", path, handles=HANDLE_404)
        elif member.get("permission") != LEVELS[permission]:
            yield ApiRequest("PUT", path, body={"permission": LEVELS[permission]})


def _add(uid: str, names: list[str], wanted: dict[str, str]) -> Exchange[None]:
    if not names:
        return
    answer = yield ApiRequest("GET", "/api/org/users")
    accounts = matched(names, [as_object(item) for item in as_list(answer.body)])
    roles = strongest(wanted, accounts)
    users = {text_of(user.get("login")): user.get("userId") for user in accounts.values()}
    for login, user in sorted(users.items()):
        yield ApiRequest("POST", f"{_path(uid)}/members", body={"userId": user})
        level = LEVELS[roles[login]]
        if level:
            yield ApiRequest("PUT", f"{_path(uid)}/members/{user}", body={"permission": level})


def _with_members(team: JsonObject, known: list[Json] | None) -> Exchange[LiveObject]:
    answer = yield ApiRequest("GET", f"{_path(text_of(team.get('uid')))}/members")
    members: list[Json] = [live_member(as_object(item)) for item in as_list(answer.body)]
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
        manager=SCIM if team.get("isProvisioned") else None,
        keys=(f"uid:{uid}", f"name:{name}"),
        meta=meta,
        complete=members is not None,
    )

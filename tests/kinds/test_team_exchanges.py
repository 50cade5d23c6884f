"""Teams: every exchange against recorded answers and a small server."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.diff import format_edit_path
from reconciler.core.errors import Conflict
from reconciler.core.exchange import ApiRequest, ApiResponse, Wanted
from reconciler.core.json import JsonObject
from reconciler.core.resource import LiveObject
from tests.kinds.kind_driver import (
    CONTEXT,
    SERVER,
    Talk,
    answer_of,
    authored_edits,
    ok,
    recorded,
    resource,
    talk,
)
from tests.kinds.teams import ROLES, TEAM, USERS, live, member, wanted

# ---- exchanges -----------------------------------------------------------------------------------------------------


def test_read_as_recorded() -> None:
    life, crew = recorded("team-lifecycle"), recorded("team-members")
    going = talk(TEAM.read(SERVER, "cg56"), [answer_of(life[2]), ok(USERS), answer_of(crew[10])])
    team = going.result
    assert going.lines[0] == "GET /api/teams/cg56"
    assert team.attributes == {
        "name": "Data",
        "email": "data@example.org",
        "members": [
            member("ann", "admin", email="ann@example.org"),
            member("bob", "member", email="bob@example.org"),
        ],
    }
    assert team.keys == (f"uid:{team.uid}", "name:Data")
    assert (team.revision, team.version, team.manager, team.complete) == (None, None, None, True)
    assert "ann@example.org" in team.meta["knownUsers"] and team.meta["id"] == 1


def test_absent_as_recorded() -> None:
    assert talk(TEAM.read(SERVER, "nope"), [answer_of(recorded("team-bad-input")[10])]).result is None


def test_the_users_may_be_forbidden() -> None:
    life = recorded("team-lifecycle")
    team = talk(TEAM.read(SERVER, "cg56"), [answer_of(life[2]), ok({"message": "no"}, 403), ok([])]).result
    assert "knownUsers" not in team.meta


def test_listing_asks_for_members_of_wanted_teams_only_and_for_users_once() -> None:
    teams = answer_of(recorded("team-bad-input")[14])
    uids = {team["name"]: team["uid"] for team in teams.object["teams"]}  # type: ignore[index,union-attr]
    keys = frozenset({"name:Alpha"})
    for users in (ok(USERS), ok({"message": "no"}, 403)):
        going = talk(TEAM.listing(SERVER, Wanted(frozenset({uids["Beta"]}), keys)), [teams, users, ok([]), ok([])])
        assert going.lines == [
            "GET /api/teams/search",
            "GET /api/org/users",
            f"GET /api/teams/{uids['Alpha']}/members",
            f"GET /api/teams/{uids['Beta']}/members",
        ]
        assert {found.title: found.complete for found in going.found if len(found.title) < 10} == {
            "Alpha": True,
            "alpha": False,
            "Beta": True,
        }


def test_listing_follows_the_pages() -> None:
    def team(number: int) -> JsonObject:
        return {"id": number, "uid": f"u{number}", "name": f"T{number}", "email": ""}

    pages = [ok({"totalCount": 3, "teams": [team(1), team(2)]}), ok({"totalCount": 3, "teams": [team(3)]})]
    going = talk(TEAM.listing(SERVER, Wanted()), pages)
    assert [found.uid for found in going.found] == ["u1", "u2", "u3"]
    assert [dict(request.query)["page"] for request in going.requests] == ["1", "2"]
    stuck = talk(TEAM.listing(SERVER, Wanted()), [ok({"totalCount": 3, "teams": []})])
    assert stuck.found == []


def test_a_team_is_found_by_its_exact_name() -> None:
    teams = answer_of(recorded("team-bad-input")[14])
    going = talk(TEAM.find(SERVER, resource(TEAM, {"name": "alpha"})), [teams, ok(USERS), ok([])])
    assert going.result.title == "alpha" and dict(going.requests[0].query)["name"] == "alpha"
    assert talk(TEAM.find(SERVER, resource(TEAM, {"name": "ALPHA"})), [teams]).result is None


def test_a_provisioned_team_is_somebody_elses() -> None:
    body = {"id": 1, "uid": "u", "name": "Ops", "email": "", "isProvisioned": True}
    assert talk(TEAM.read(SERVER, "u"), [ok(body), ok(USERS), ok([])]).result.manager.name == "SCIM"


class FakeTeam:
    """Answers of a Grafana with one team: members by userId, as the API keeps them."""

    def __init__(self, *members: dict[str, Any], name: str = "Ops", email: str = "") -> None:
        self.members = {item["userId"]: item for item in members}
        self.team = {"uid": "t1", "name": name, "email": email}

    def __call__(self, request: ApiRequest) -> ApiResponse:
        body: Any = request.body
        if request.path == "/api/org/users":
            return ok(USERS)
        if request.method == "POST" and request.path == "/api/teams":
            self.members[1] = {**USERS[0], "permission": 4}
            return ok({"message": "Team created", "teamId": 1, "uid": "t1"})
        if request.path == "/api/teams/t1":
            return ok(self.team if request.method == "GET" else {"message": "Team updated"})
        assert request.path.startswith("/api/teams/t1/members")
        if request.method == "GET":
            return ok(list(self.members.values()))
        if request.method == "POST":
            user = next(user for user in USERS if user["userId"] == body["userId"])
            self.members[body["userId"]] = {**user, "permission": 0}
            return ok({"message": "Member added to Team"})
        number = int(request.path.rpartition("/")[2])
        if request.method == "DELETE":
            gone = self.members.pop(number, None)
            return ok({"message": "Team Member removed"}) if gone else ok({"message": "Team member not found"}, 404)
        self.members[number]["permission"] = body["permission"]
        return ok({"message": "Team member updated"})

    @property
    def roles(self) -> dict[str, int]:
        """login → permission."""
        return {item["login"]: item["permission"] for item in self.members.values()}


def _created(**spec: Any) -> tuple[Talk, FakeTeam]:
    server = FakeTeam()
    return talk(TEAM.create(CONTEXT, resource(TEAM, {"name": "Ops", **spec})), server), server


@pytest.mark.parametrize("membership", ["additive", "exact"])
def test_create_leaves_exactly_the_declared_members(membership: str) -> None:
    going, server = _created(membership=membership, members=["ANN", "nobody"], admins=["bob"])
    assert going.result == "t1"
    assert going.writes[0] == ("POST", "/api/teams", {"name": "Ops", "email": ""})
    assert server.roles == {"ann": 0, "bob": 4}
    assert going.writes[1:] == [
        ("POST", "/api/teams/t1/members", {"userId": 4}),
        ("POST", "/api/teams/t1/members", {"userId": 5}),
        ("PUT", "/api/teams/t1/members/5", {"permission": 4}),
        ("DELETE", "/api/teams/t1/members/1", None),
    ]


def test_a_declared_creator_stays_in_the_declared_role() -> None:
    assert _created(members=["admin"])[1].roles == {"admin": 0}
    assert _created(admins=["admin@localhost"])[1].roles == {"admin": 4}


def test_an_unmanaged_membership_is_left_as_the_server_made_it() -> None:
    going, server = _created(email="ops@example.org")
    assert going.lines == ["POST /api/teams"] and server.roles == {"admin": 4}


def test_a_login_that_is_another_ones_email() -> None:
    assert set(_created(members=["bob@example.org"])[1].members) == {6}


def _updated(server: FakeTeam, team: LiveObject, **spec: Any) -> Talk:
    ops = resource(TEAM, {"name": "Ops", **spec})
    return talk(TEAM.update(CONTEXT, ops, team), server)


def _raw(number: int, permission: int = 0, **more: Any) -> dict[str, Any]:
    user = next(user for user in USERS if user["userId"] == number)
    return {**user, "permission": permission, **more}


def test_update_sends_name_and_email_together_and_only_if_they_differ() -> None:
    assert _updated(FakeTeam(), live(email="a@b"), email="a@b").writes == []
    changed = _updated(FakeTeam(name="Old", email="a@b"), live(name="Old", email="a@b"), email="a@b")
    assert changed.writes == [("PUT", "/api/teams/t1", {"name": "Ops", "email": "a@b"})]
    emptied = _updated(FakeTeam(email="a@b"), live(email="a@b"))
    assert emptied.writes == [("PUT", "/api/teams/t1", {"name": "Ops", "email": ""})]


def test_update_looks_once_more_before_it_puts() -> None:
    with pytest.raises(Conflict, match="by somebody else just now"):
        _updated(FakeTeam(email="hers@b"), live(email="a@b"), email="mine@b")


def test_update_adds_changes_and_leaves_the_unknown_alone_in_additive_mode() -> None:
    server = FakeTeam(_raw(1, 4), _raw(4, 0))
    going = _updated(server, live(), members=["bob", "nobody"], admins=["ann"])
    assert server.roles == {"admin": 4, "ann": 4, "bob": 0}
    assert all(path != "/api/teams/t1/members" or method == "POST" for method, path, _ in going.writes), "no bulk PUT"


def test_update_removes_the_unknown_in_exact_mode_but_nobody_external() -> None:
    server = FakeTeam(_raw(1, 4), _raw(4, 0, labels=["LDAP"]), _raw(5, 0, auth_module="oauth_generic"))
    _updated(server, live(), membership="exact", admins=["ann"])
    assert server.roles == {"ann": 0, "bob": 0}


def test_update_removes_who_is_no_longer_declared() -> None:
    server = FakeTeam(_raw(1, 4), _raw(4), _raw(5))
    ops = resource(TEAM, {"name": "Ops", "members": ["ann"]})
    kept = TEAM.let_go(ops.attributes, wanted(members=["ann", "bob@example.org", "bob"]))
    talk(TEAM.update(CONTEXT, type(ops)(ops.address, None, TEAM.normalise(kept)), live()), server)
    assert server.roles == {"admin": 4, "ann": 0}


def test_nobody_is_asked_for_when_nobody_is_to_be_added() -> None:
    going = _updated(FakeTeam(_raw(4)), live(), members=["ann"])
    assert going.lines == ["GET /api/teams/t1/members"]


def test_adding_needs_to_know_the_users() -> None:
    """Then a 403 is not passed over: it is the driver's to raise."""
    exchange = TEAM.update(CONTEXT, resource(TEAM, {"name": "Ops", "members": ["bob"]}), live())
    next(exchange)
    request = exchange.send(ok([]))
    assert request.path == "/api/org/users" and 403 not in request.handles
    exchange.close()


@given(st.dictionaries(st.sampled_from(["ann", "bob", "admin", "nobody"]), ROLES), st.booleans(), st.data())
def test_after_an_update_nothing_differs_but_who_has_no_account(
    declared: dict[str, str], exact: bool, data: st.DataObject
) -> None:
    there = data.draw(st.dictionaries(st.sampled_from([1, 4, 5]), st.sampled_from([0, 4])))
    server = FakeTeam(*(_raw(number, permission) for number, permission in there.items()))
    spec = {
        "name": "Ops",
        "membership": "exact" if exact else "additive",
        "members": [name for name, role in declared.items() if role == "member"],
        "admins": [name for name, role in declared.items() if role == "admin"],
    }
    ops = resource(TEAM, spec)
    talk(TEAM.update(CONTEXT, ops, live()), server)
    users = ok(USERS)
    after = talk(
        TEAM.read(SERVER, "t1"), [ok({"uid": "t1", "name": "Ops"}), users, ok(list(server.members.values()))]
    ).result
    left = {format_edit_path(edit.path) for edit in authored_edits(TEAM, ops.attributes, after)}
    assert left == ({"members[login=nobody]"} if "nobody" in declared else set())
    assert TEAM.outstanding(ops, after) == ()
    again = talk(TEAM.update(CONTEXT, ops, after), server)
    assert again.writes == []


def test_delete_as_recorded() -> None:
    life = recorded("team-lifecycle")
    assert talk(TEAM.delete(CONTEXT, live()), [answer_of(life[11])]).lines == ["DELETE /api/teams/t1"]
    talk(TEAM.delete(CONTEXT, live()), [answer_of(life[13])])


def test_uids_are_the_servers() -> None:
    assert TEAM.uid("ops", "written") is None
    ops = resource(TEAM, {"name": "Ops"})
    assert TEAM.keys(ops) == TEAM.claims(ops) == ("name:Ops",)


def test_odd_uids_are_quoted() -> None:
    assert talk(TEAM.read(SERVER, "a/b c"), [ok(status=404)]).lines == ["GET /api/teams/a%2Fb%20c"]

"""Teams: what is written, how members compare, and every exchange against recorded answers."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.diff import Op, diff, format_edit_path
from reconciler.core.exchange import ApiRequest, ApiResponse, Wanted
from reconciler.core.json import Json, JsonObject, same
from reconciler.core.resource import LiveObject
from reconciler.kinds.team import Team
from tests.kinds.kind_driver import (
    CONTEXT,
    EVERYTHING,
    SERVER,
    LiveNames,
    Talk,
    answer_of,
    authored_edits,
    desired,
    errors,
    ok,
    recorded,
    resource,
    talk,
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


# ---- what is written ---------------------------------------------------------------------------------------------


def test_omitted_null_and_empty_are_three_things_said_in_two_ways() -> None:
    unmanaged = {"name": "Ops", "email": ""}
    assert wanted() == unmanaged
    assert wanted(members=None) == unmanaged
    assert wanted(members=[]) == {**unmanaged, "membership": "additive", "members": {}}
    assert wanted(membership="exact", admins=[]) == {**unmanaged, "membership": "exact", "members": {}}


def test_members_and_admins_are_one_mapping() -> None:
    spec = wanted(email="ops@example.org", members=["bob", "Ann@Example.org"], admins=["admin"])
    assert spec == {
        "name": "Ops",
        "email": "ops@example.org",
        "membership": "additive",
        "members": {"Ann@Example.org": "member", "admin": "admin", "bob": "member"},
    }


@pytest.mark.parametrize(
    ("spec", "where", "message"),
    [
        ({}, ("name",), "Field required"),
        ({"name": ""}, ("name",), "String should have at least 1 character"),
        ({"name": "Ops", "members": ["ann", "Ann"]}, (), "named more than once in members and admins: ann"),
        ({"name": "Ops", "members": ["ann"], "admins": ["ANN"]}, (), "named more than once in members and admins: ann"),
        ({"name": "Ops", "membership": "exact"}, (), "membership: exact needs members or admins (write `members: []`"),
        ({"name": "Ops", "membership": "all"}, ("membership",), "Input should be 'additive' or 'exact'"),
        ({"name": "Ops", "members": [" "]}, ("members", 0), "' ' is nobody: write a login or an e-mail address"),
        ({"name": "Ops", "members": ["ann "]}, ("members", 0), "'ann ' is nobody"),
        ({"name": "Ops", "members": [17]}, ("members", 0), "Input should be a valid string"),
        ({"name": "Ops", "members": "ann"}, ("members",), "Input should be a valid list"),
        ({"name": "Ops", "membres": []}, ("membres",), "Extra inputs are not permitted"),
        ({"name": 12}, ("name",), "Input should be a valid string"),
    ],
)
def test_bad_input(spec: JsonObject, where: tuple[str | int, ...], message: str) -> None:
    found = errors(TEAM, spec)
    assert [loc for loc, _ in found] == [where]
    assert found[0][1].startswith(message)


# ---- how members compare -----------------------------------------------------------------------------------------


def test_no_members_in_desired_no_members_in_the_projection() -> None:
    team = live(member("ann"), member("bob", "admin"))
    assert "members" not in TEAM.project(TEAM.normalise(team.attributes), wanted())
    assert paths(wanted(), team) == []


def test_projection_takes_the_form_of_desired() -> None:
    spec = wanted(members=["ann"])
    team = live(member("ann"), member("bob"))
    assert TEAM.project(team.attributes, spec) == spec
    assert same(TEAM.project(TEAM.normalise(team.attributes), TEAM.normalise(spec)), TEAM.normalise(spec))


@pytest.mark.parametrize("called", ["ann", "ANN", "ann@example.org", "Ann@EXAMPLE.org"])
def test_login_or_email_whatever_the_case(called: str) -> None:
    assert paths(wanted(membership="exact", members=[called]), live(member("ann", email="ann@Example.org"))) == []


def test_a_login_goes_before_an_email() -> None:
    """Somebody's login may be another one's e-mail."""
    team = live(member("bob", email="bob@example.org"), member("bob@example.org", "admin"))
    assert paths(wanted(admins=["bob@example.org"]), team) == []


def test_additive_leaves_unknown_ones_out() -> None:
    assert paths(wanted(members=["ann"]), live(member("ann"), member("bob"), member("sync", external=True))) == []


def test_exact_shows_unknown_ones_as_to_be_removed_but_never_external_ones() -> None:
    team = live(member("ann"), member("bob"), member("sync", external=True))
    assert paths(wanted(membership="exact", members=["ann"]), team) == [("remove", "members[login=bob]")]


def test_missing_and_wrong_roles_differ() -> None:
    team = live(member("ann"))
    assert paths(wanted(admins=["ann"], members=["bob"]), team) == [
        ("change", "members[login=ann].permission"),
        ("add", "members[login=bob]"),
    ]


@pytest.mark.parametrize("membership", ["additive", "exact"])
def test_who_is_synced_from_outside_never_differs(membership: str) -> None:
    team = live(member("ann", external=True))
    assert paths(wanted(membership=membership, admins=["ann"]), team) == []
    note = TEAM.notes(resource(TEAM, {"name": "Ops", "membership": membership, "admins": ["ann"]}), team)
    assert note == ("member ann: is synced from outside, and is left alone",)


def test_somebody_named_by_login_and_by_email_gets_the_higher_role_and_is_no_endless_difference() -> None:
    spec = wanted(members=["ann"], admins=["ann@example.org"])
    assert paths(spec, live(member("ann", "admin", email="ann@example.org"))) == []
    assert paths(spec, live(member("ann", "member", email="ann@example.org"))) == [
        ("change", "members[login=ann@example.org].permission")
    ]


LOGINS = st.sampled_from(["ann", "Bob", "CAROL", "dave@example.org", "eve"])
ROLES = st.sampled_from(["member", "admin"])
PEOPLE = st.dictionaries(LOGINS, st.tuples(ROLES, st.booleans()))


def _people(people: dict[str, tuple[str, bool]]) -> list[dict[str, Json]]:
    return [
        member(login.lower(), role, email=f"{login.lower()}@mail", external=external)
        for login, (role, external) in people.items()
    ]


@given(st.dictionaries(LOGINS, ROLES), PEOPLE, st.sampled_from(["additive", "exact"]))
def test_projection_is_stable_and_exactness_is_what_it_says(
    declared: dict[str, str], people: dict[str, tuple[str, bool]], membership: str
) -> None:
    spec: JsonObject = {"name": "Ops", "email": "", "membership": membership, "members": declared}
    normal, team = TEAM.normalise(spec), live(*_people(people))
    once = TEAM.project(TEAM.normalise(team.attributes), normal)
    assert same(TEAM.normalise(once), once)
    assert same(TEAM.normalise(TEAM.normalise(spec)), normal)
    shown = {edit.path[1].value: edit.op for edit in authored_edits(TEAM, spec, team)}  # type: ignore[union-attr]  # Key
    folded = {name.casefold() for name in declared}
    strangers = {login.lower() for login, (_, external) in people.items() if not external} - folded
    assert {login for login, op in shown.items() if op is Op.REMOVE} == (strangers if membership == "exact" else set())
    there = {login.casefold() for login in people}
    assert {login for login, op in shown.items() if op is Op.ADD} == {n for n in declared if n.casefold() not in there}


@given(st.dictionaries(LOGINS, ROLES), st.text(max_size=5))
def test_what_is_pulled_comes_to_what_is_live(people: dict[str, str], email: str) -> None:
    team = live(*_people({login: (role, False) for login, role in people.items()}), email=email)
    written = TEAM.authored(team, LiveNames())
    assert authored_edits(TEAM, desired(TEAM, written.spec).attributes, team) == ()
    assert ("members" in written.spec or "admins" in written.spec) == bool(people)


def test_pulling_leaves_external_members_out() -> None:
    team = live(member("ann", "admin"), member("", email="x@example.org"), member("sync", external=True))
    written = TEAM.authored(team, LiveNames()).spec
    assert written == {"name": "Ops", "admins": ["ann"], "members": ["x@example.org"]}


# ---- members who come later, members who leave ---------------------------------------------------------------------


def test_who_has_no_account_is_noted_and_is_not_outstanding() -> None:
    ops = resource(TEAM, {"name": "Ops", "members": ["ann", "New@example.org"]})
    team = live(member("ann"), known=["ann", "admin"])
    assert TEAM.notes(ops, team) == ("member New@example.org: has no account yet; is added once there is one",)
    assert TEAM.outstanding(ops, team) == ()


def test_who_has_an_account_now_is_outstanding() -> None:
    ops = resource(TEAM, {"name": "Ops", "members": ["ann", "New@example.org"]})
    (edit,) = TEAM.outstanding(ops, live(member("ann"), known=["ann", "new", "new@example.org"]))
    assert (format_edit_path(edit.path), edit.op) == ("members[login=New@example.org]", Op.ADD)
    assert TEAM.notes(ops, live(member("ann"), known=["ann", "new@example.org"])) == ()


@pytest.mark.parametrize("known", [None, []])
def test_without_knowing_the_accounts_nothing_is_outstanding(known: list[str] | None) -> None:
    ops = resource(TEAM, {"name": "Ops", "members": ["ann"]})
    assert TEAM.outstanding(ops, live(known=known)) == ()
    assert len(TEAM.notes(ops, live(known=known))) == (0 if known is None else 1)
    assert TEAM.notes(ops, None) == ()


def test_who_is_no_longer_declared_leaves_also_in_additive_mode() -> None:
    before, after = wanted(members=["ann", "bob"]), wanted(members=["ANN"])
    kept = TEAM.keep_identity(after, before)
    edits = diff(TEAM.normalise(before), TEAM.normalise(kept), identities=TEAM.identities)
    assert ("change", "members[login=bob].permission") in [(e.op.value, format_edit_path(e.path)) for e in edits]
    assert paths(kept, live(member("ann"), member("bob"))) == [("change", "members[login=bob].permission")]
    assert paths(kept, live(member("ann"), member("carol"))) == []
    ops = resource(TEAM, {"name": "Ops", "members": ["ANN"]})
    assert TEAM.notes(ops, live(known=["ann"])) == () == TEAM.outstanding(ops, live(member("ann"), known=["bob"]))
    assert same(TEAM.keep_identity(after, kept), kept), "the next plan comes to the same"
    assert same(TEAM.keep_identity(before, kept), before), "declared again, he is a member again"


def test_exact_and_unmanaged_memberships_need_no_memory() -> None:
    before = wanted(members=["ann", "bob"])
    exact, unmanaged = wanted(membership="exact", members=["ann"]), wanted()
    assert TEAM.keep_identity(exact, before) is exact
    assert TEAM.keep_identity(unmanaged, before) is unmanaged


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
    assert talk(TEAM.read(SERVER, "u"), [ok(body), ok(USERS), ok([])]).result.manager == "SCIM"


class FakeTeam:
    """Answers of a Grafana with one team: members by userId, as the API keeps them."""

    def __init__(self, *members: dict[str, Any]) -> None:
        self.members = {item["userId"]: item for item in members}

    def __call__(self, request: ApiRequest) -> ApiResponse:
        body: Any = request.body
        if request.path == "/api/org/users":
            return ok(USERS)
        if request.method == "POST" and request.path == "/api/teams":
            self.members[1] = {**USERS[0], "permission": 4}
            return ok({"message": "Team created", "teamId": 1, "uid": "t1"})
        if request.path == "/api/teams/t1":
            return ok({"message": "Team updated"})
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
    changed = _updated(FakeTeam(), live(name="Old", email="a@b"), email="a@b")
    assert changed.writes == [("PUT", "/api/teams/t1", {"name": "Ops", "email": "a@b"})]
    emptied = _updated(FakeTeam(), live(email="a@b"))
    assert emptied.writes == [("PUT", "/api/teams/t1", {"name": "Ops", "email": ""})]


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
    kept = TEAM.keep_identity(ops.attributes, wanted(members=["ann", "bob@example.org", "bob"]))
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
    assert not EVERYTHING.uids


def test_odd_uids_are_quoted() -> None:
    assert talk(TEAM.read(SERVER, "a/b c"), [ok(status=404)]).lines == ["GET /api/teams/a%2Fb%20c"]

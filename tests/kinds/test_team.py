"""Teams: what is written, and how members compare."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.diff import Key, Op, diff, format_edit_path
from reconciler.core.json import Json, JsonObject, same
from tests.kinds.kind_driver import (
    LiveNames,
    authored_edits,
    desired,
    errors,
    resource,
)
from tests.kinds.teams import ROLES, TEAM, live, member, paths, wanted

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


def test_who_has_no_account_is_no_failure_to_converge() -> None:
    ops = resource(TEAM, {"name": "Ops", "members": ["ann", "bob", "New@example.org"]})
    team = live(member("ann"), known=["ann", "bob"])
    differing = [edit.path for edit in authored_edits(TEAM, ops.attributes, team)]
    assert [path for path in differing if path not in TEAM.waiting(ops, team)] == [("members", Key("login", "bob"))]
    assert TEAM.waiting(ops, live(member("ann"))) == (), "where the accounts may not be read, nothing is excused"


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
    kept = TEAM.let_go(after, before)
    edits = diff(TEAM.normalise(before), TEAM.normalise(kept), identities=TEAM.identities)
    assert ("change", "members[login=bob].permission") in [(e.op.value, format_edit_path(e.path)) for e in edits]
    assert paths(kept, live(member("ann"), member("bob"))) == [("change", "members[login=bob].permission")]
    assert paths(kept, live(member("ann"), member("carol"))) == []
    ops = resource(TEAM, {"name": "Ops", "members": ["ANN"]})
    assert TEAM.notes(ops, live(known=["ann"])) == () == TEAM.outstanding(ops, live(member("ann"), known=["bob"]))
    assert same(TEAM.let_go(after, kept), kept), "the next plan comes to the same"
    assert same(TEAM.let_go(before, kept), before), "declared again, he is a member again"


def test_exact_and_unmanaged_memberships_need_no_memory() -> None:
    before = wanted(members=["ann", "bob"])
    exact, unmanaged = wanted(membership="exact", members=["ann"]), wanted()
    assert TEAM.let_go(exact, before) is exact
    assert TEAM.let_go(unmanaged, before) is unmanaged

"""The kind `permissions`: what a document may say, who is meant, what is sent, what is left alone."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.diff import format_edit_path
from reconciler.core.errors import GgrecError
from reconciler.core.exchange import Wanted
from reconciler.core.json import Json, as_object
from reconciler.core.resource import LiveObject, Resource
from reconciler.kinds._entries import NONE, changes, declared, is_free, projected
from reconciler.kinds._permissions_spec import PermissionsSpec
from reconciler.kinds.permissions import FolderPermissions
from tests.kinds.kind_driver import (
    CONTEXT,
    SERVER,
    LiveNames,
    Names,
    answer_of,
    authored_edits,
    errors,
    ok,
    recorded,
    resource,
    talk,
)

KIND = FolderPermissions()
NAMES = {"fin": {"title": "Finance"}, "crew": {"name": "Crew"}}
OLD, NEW = "/api/folders/fin-uid/permissions", "/api/access-control/folders/fin-uid"


def entry(level: int, **who: Any) -> dict[str, Any]:
    """An entry as the old endpoint lists it."""
    return {"permission": level, "inherited": False, **who}


ANN = {"userId": 4, "userLogin": "ann", "userEmail": "Ann@example.org"}
ACCOUNT = {"userId": 8, "userLogin": "sa-1-ggrec", "userEmail": "sa-1-ggrec"}
CREW = {"teamId": 1, "teamUid": "t1", "team": "Crew"}
GIVEN = [entry(2, role="Editor"), entry(1, role="Viewer")]


def wanted(*entries: dict[str, str], mode: str = "additive") -> Resource:
    """What a document declares for the folder fin."""
    spec = {"folder": "fin", "mode": mode, "entries": list(entries)}
    return resource(KIND, spec, names=Names(**NAMES))


def live(*items: dict[str, Any], **meta: Any) -> LiveObject:
    """The folder's permissions as read; `meta` as a listing adds it."""
    found = talk(KIND.read(SERVER, "fin-uid"), [ok(list(items))]).result
    return LiveObject(found.kind, found.uid, found.attributes, keys=found.keys, meta={**found.meta, **meta})


def who(name: str, level: str) -> dict[str, str]:
    """An entry as written: `team:crew`, `user:ann`, `role:Viewer`."""
    sort, _, name = name.partition(":")
    return {sort: name, "permission": level}


def edits(resource: Resource, found: LiveObject) -> list[str]:
    return [format_edit_path(edit.path) for edit in authored_edits(KIND, resource.attributes, found)]


@pytest.mark.parametrize(
    ("entries", "mode", "message"),
    [
        ([who("role:Viewer", "View"), who("role:Viewer", "Edit")], "exact", "named more than once: Viewer"),
        ([who("user:ann", "View"), who("user:ANN", "Edit")], "exact", "named more than once: ann"),
        ([{"permission": "View"}], "exact", "an entry names one of team, user and role"),
        ([{"team": "crew", "role": "Viewer", "permission": "View"}], "exact", "an entry names one of team"),
        ([], "additive", "additive permissions need an entry"),
        ([who("role:Viewer", "Look")], "exact", "Input should be 'View', 'Edit' or 'Admin'"),
        ([who("role:Admin", "View")], "exact", "Input should be 'Viewer' or 'Editor'"),
    ],
)
def test_what_a_document_may_not_say(entries: list[dict[str, str]], mode: str, message: str) -> None:
    ((where, text),) = errors(KIND, {"folder": "fin", "mode": mode, "entries": entries})
    assert message in text
    assert not where or where[0] == "entries"


def test_unknown_teams_and_folders_fail_at_their_place() -> None:
    names = Names()
    spec = PermissionsSpec.model_validate(
        {"folder": "fin", "entries": [who("role:Viewer", "View"), who("team:crew", "Edit")]}
    )
    KIND.desired("it", spec, names)
    assert [(path, code) for path, code, _, _ in names.failures] == [
        (("entries", 1, "team"), "unknown-team"),
        (("folder",), "unknown-folder"),
    ]


def test_the_recorded_entries_are_read() -> None:
    exchanges = recorded("folder-permissions")
    found = talk(KIND.read(SERVER, "f"), [answer_of(exchanges[3])]).result
    assert found.attributes == {
        "folder": "f",
        "entries": {"role:Editor": "Edit", "role:Viewer": "View", "user:admin": "Admin"},
        "emails": {"admin": "admin@localhost"},
    }
    crew = talk(KIND.read(SERVER, "f"), [answer_of(exchanges[5])]).result
    assert crew.attributes["entries"] == {"role:Viewer": "View", "team:Crew": "Edit"}
    assert talk(KIND.read(SERVER, "nope"), [answer_of(exchanges[17])]).result is None


def test_people_are_found_by_login_or_e_mail_whatever_the_case() -> None:
    found = live(entry(1, **ANN), entry(1, role="Viewer"))
    assert edits(wanted(who("user:ann@EXAMPLE.org", "View")), found) == []
    assert edits(wanted(who("user:Ann", "View"), mode="exact"), found) == ["entries[who=role:Viewer]"]
    assert edits(wanted(who("user:ANN", "Edit")), found) == ["entries[who=user:ANN].permission"]


def test_additive_sees_only_its_own_entries() -> None:
    found = live(entry(2, **CREW), *GIVEN)
    assert edits(wanted(who("team:crew", "Edit")), found) == []
    assert edits(wanted(who("team:crew", "Edit"), mode="exact"), found) == [
        "entries[who=role:Editor]",
        "entries[who=role:Viewer]",
    ]


def test_one_request_sets_and_removes_and_needs_no_list_for_what_is_there() -> None:
    found = live(entry(4, **ACCOUNT), entry(1, **CREW), *GIVEN)
    team: Any = {"teams": [{"id": 1, "uid": "t1", "name": "Crew"}]}
    going = talk(KIND.update(CONTEXT, wanted(who("team:crew", "Edit"), mode="exact"), found), [ok({})])
    assert going.writes == [
        (
            "POST",
            NEW,
            {
                "permissions": [
                    {"builtInRole": "Editor", "permission": ""},
                    {"builtInRole": "Viewer", "permission": ""},
                    {"teamId": 1, "permission": "Edit"},
                    {"userId": 8, "permission": ""},
                ]
            },
        )
    ]
    fresh = talk(KIND.update(CONTEXT, wanted(who("team:crew", "View")), live(*GIVEN)), [ok(team), ok({})])
    assert fresh.lines == ["GET /api/teams/search", f"POST {NEW}"]
    assert fresh.writes[0][2] == {"permissions": [{"teamId": 1, "permission": "View"}]}
    assert talk(KIND.update(CONTEXT, wanted(who("role:Editor", "Edit")), live(*GIVEN)), []).lines == []


def test_who_has_no_account_is_left_out_and_let_in_later() -> None:
    resource = wanted(who("role:Viewer", "View"), who("user:later", "Edit"))
    found = live(*GIVEN, knownUsers=["ann"])
    assert talk(KIND.update(CONTEXT, resource, found), [ok([{"userId": 4, "login": "ann"}])]).writes == []
    assert [format_edit_path(path) for path in KIND.waiting(resource, found)] == ["entries[who=user:later]"]
    assert KIND.waiting(resource, live(*GIVEN)) == KIND.waiting(resource, found)
    assert KIND.notes(resource, found) == ("user later: has no account yet; is let in once there is one",)
    assert KIND.outstanding(resource, found) == ()
    now = live(*GIVEN, knownUsers=["ann", "later"])
    assert (KIND.waiting(resource, now), KIND.notes(resource, now)) == ((), ())
    assert [format_edit_path(edit.path) for edit in KIND.outstanding(resource, now)] == ["entries[who=user:later]"]
    sent = talk(KIND.update(CONTEXT, resource, now), [ok([{"userId": 9, "login": "Later"}]), ok({})])
    assert sent.writes[0][2] == {"permissions": [{"userId": 9, "permission": "Edit"}]}


def test_notes_tell_what_goes_and_what_stays() -> None:
    found = live(entry(1, **ANN), inherited=["Editor: Edit"])
    assert KIND.notes(wanted(mode="exact"), found) == (
        "takes away: user ann View",
        "inherited from above, and left alone: Editor: Edit",
    )
    assert KIND.notes(wanted(mode="exact"), None) == ("only administrators of the organisation get in",)
    new = wanted(who("role:Viewer", "View"), who("team:crew", "Edit"))
    assert KIND.notes(new, None) == ("lets in: role Viewer View, team Crew Edit",)


def test_a_listing_asks_only_for_what_is_in_the_state() -> None:
    answers = [ok([entry(1, **CREW)]), ok([{"team": "Crew", "permission": "Edit", "isInherited": True}])]
    going = talk(KIND.listing(SERVER, Wanted(frozenset({"fin-uid"}), frozenset({"folder:other"}))), answers)
    assert going.lines == [f"GET {OLD}", f"GET {NEW}"]
    assert going.found[0].meta["inherited"] == ["Crew: Edit"]
    people = Wanted(frozenset({"fin-uid"}), frozenset(KIND.keys(wanted(who("user:ann", "View")))))
    going = talk(KIND.listing(SERVER, people), [ok([{"login": "Ann"}]), *answers])
    assert going.lines[0] == "GET /api/org/users"
    assert going.found[0].meta["knownUsers"] == ["ann"]
    assert talk(KIND.listing(SERVER, Wanted(everything=True)), []).found == []


@pytest.mark.parametrize(
    ("entries", "mode", "present", "creator", "adopts"),
    [
        pytest.param([who("team:crew", "View")], "additive", GIVEN, "", False, id="nothing of ours is there"),
        pytest.param([who("role:Editor", "Edit")], "additive", GIVEN, "", False, id="what every new folder has"),
        pytest.param([who("role:Viewer", "Edit")], "additive", GIVEN, "", False, id="another level for what is given"),
        pytest.param([who("team:crew", "View")], "additive", [entry(1, **CREW)], "", True, id="already so"),
        pytest.param([who("team:crew", "View")], "additive", [entry(2, **CREW)], "", True, id="another level"),
        pytest.param([who("team:crew", "View")], "exact", GIVEN, "", False, id="exact, new folder"),
        pytest.param([], "exact", [entry(4, **ANN), *GIVEN], "ann", False, id="exact, the creator's entry"),
        pytest.param([], "exact", [entry(4, **ACCOUNT), *GIVEN], "ggrec", False, id="exact, a service account's"),
        pytest.param([], "exact", [entry(4, **ANN), *GIVEN], "bob", True, id="exact, somebody else's Admin"),
        pytest.param([], "exact", [entry(1, **CREW), *GIVEN], "", True, id="exact, a team was let in"),
        pytest.param([who("user:ann", "Admin")], "additive", [entry(4, **ANN)], "ann", False, id="its creator, named"),
        pytest.param([], "exact", [], "", False, id="exact, nobody is in"),
        pytest.param([who("team:crew", "View")], "exact", [entry(1, **CREW)], "", True, id="exact, already so"),
    ],
)
def test_only_somebodys_work_needs_adopting(
    entries: list[dict[str, str]], mode: str, present: list[dict[str, Any]], creator: str, adopts: bool
) -> None:
    answers = [ok([*present])]
    if any("userLogin" in item for item in present):
        answers.append(ok({"createdBy": creator}))
    found = talk(KIND.find(SERVER, wanted(*entries, mode=mode)), answers).result
    assert (found is not None) == adopts


def test_deleting_takes_only_what_was_applied() -> None:
    applied = wanted(who("team:crew", "View"), who("role:Viewer", "View"), mode="exact").attributes
    context = type(CONTEXT)(SERVER, "", applied)
    found = live(entry(1, **CREW), entry(2, **ANN))
    assert talk(KIND.delete(context, found), [ok({})]).writes == [
        ("POST", NEW, {"permissions": [{"teamId": 1, "permission": ""}]})
    ]
    assert not KIND.is_gone(found, applied)
    assert KIND.is_gone(live(entry(2, **ANN)), applied)


def test_who_is_no_longer_declared_is_marked_and_then_forgotten() -> None:
    before = wanted(who("team:crew", "View"), who("role:Viewer", "View")).attributes
    now = wanted(who("role:Viewer", "View")).attributes
    marked = KIND.let_go(now, before)
    assert declared(marked["entries"]) == {"role:Viewer": "View", "team:Crew": NONE}
    assert KIND.remembered(marked) == now
    exact = wanted(who("role:Viewer", "View"), mode="exact").attributes
    assert KIND.let_go(exact, before) is exact


def test_another_folder_or_none_is_said_before_anything_is_sent() -> None:
    with pytest.raises(GgrecError, match="cannot become those of another one"):
        talk(
            KIND.update(CONTEXT, wanted(who("role:Viewer", "View")), LiveObject("permissions", "x", {"folder": "x"})),
            [],
        )
    with pytest.raises(GgrecError, match="there is no folder 'fin-uid'"):
        talk(KIND.create(CONTEXT, wanted(who("role:Viewer", "View"))), [ok({}, 404)])
    with pytest.raises(GgrecError, match="there is no team 'Crew'"):
        talk(KIND.create(CONTEXT, wanted(who("team:crew", "View"))), [ok([]), ok({"teams": []})])


def test_what_is_written_for_a_live_folder_comes_back() -> None:
    found = live(entry(2, **CREW), entry(1, **ANN), entry(1, role="Viewer"))
    spec = KIND.authored(found, LiveNames(t1="crew", **{"fin-uid": "fin"})).spec
    again = resource(KIND, spec, names=Names(**NAMES))
    assert spec["folder"] == "fin"
    assert edits(again, found) == []


_WHO = st.sampled_from(["team:Crew", "user:ann", "user:Ann@example.org", "role:Viewer", "role:Editor", "user:sa-1-x"])
_ENTRIES = st.dictionaries(_WHO, st.sampled_from(["View", "Edit", "Admin"]), max_size=5)


@given(present=_ENTRIES.filter(lambda e: "user:Ann@example.org" not in e), meant=_ENTRIES, exact=st.booleans())
def test_after_the_changes_nothing_differs_and_additive_leaves_the_others(
    present: dict[str, str], meant: dict[str, str], exact: bool
) -> None:
    if "user:ann" in meant:
        meant = {who: level for who, level in meant.items() if who != "user:Ann@example.org"}
    found: dict[str, Json] = {"entries": dict(present), "emails": {"ann": "ann@EXAMPLE.org"}}
    todo = changes(found, meant, exact=exact)
    after = {**present, **todo}
    after = {who: level for who, level in after.items() if level != NONE}
    assert projected({**found, "entries": dict(after)}, meant, exact=exact) == meant
    assert changes({**found, "entries": dict(after)}, meant, exact=exact) == {}
    if not exact:
        assert set(present) <= set(after)
    if is_free(found, meant, "", exact=exact):
        lost = {who for who in present if after.get(who) != present[who]}
        assert lost <= {"role:Viewer", "role:Editor"}
    assert as_object(found)["entries"] == present

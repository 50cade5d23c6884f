"""The kind `preferences`: only what is written is ours, and a home dashboard that is gone is never repeated."""

from typing import Any

import pytest

from reconciler.core.diff import format_edit_path
from reconciler.core.errors import GgrecError
from reconciler.core.exchange import ApiRequest, ApiResponse, Wanted
from reconciler.core.json import JsonObject, as_object
from reconciler.core.resource import LiveObject, Resource
from reconciler.kinds.preferences import Preferences
from tests.kinds.kind_driver import (
    CONTEXT,
    SERVER,
    LiveNames,
    Names,
    Talk,
    answer_of,
    authored_edits,
    errors,
    ok,
    recorded,
    resource,
    talk,
)

KIND = Preferences()
TEAM: dict[str, Any] = {"id": 1, "uid": "t1", "name": "Crew"}
PATH = "/api/teams/t1/preferences"


def wanted(**spec: Any) -> Resource:
    """What a document declares for the team crew, or for whom `spec` says."""
    whose = {} if "organisation" in spec else {"team": "crew"}
    return resource(KIND, {**whose, **spec}, names=Names(crew={"name": "Crew"}, landing={}))


def live(**found: Any) -> LiveObject:
    """The team's preferences as read."""
    result: LiveObject = talk(KIND.read(SERVER, "t1"), [ok(TEAM), ok(found)]).result
    return result


def edits(resource: Resource, found: LiveObject) -> list[str]:
    return [format_edit_path(edit.path) for edit in authored_edits(KIND, resource.attributes, found)]


class Server:
    """One team's preferences, as 12.3 keeps them: a PUT unsets what it leaves out, but not the home dashboard; one that
    is gone is refused.
    """

    def __init__(self, *dashboards: str, **kept: Any) -> None:
        self.dashboards = dashboards
        self.kept = kept
        self.refused = 0

    def __call__(self, request: ApiRequest) -> ApiResponse:
        if request.path == "/api/teams/search":
            return ok({"teams": [TEAM]})
        if request.path == "/api/teams/t1":
            return ok({**TEAM})
        if request.path.startswith("/api/dashboards/uid/"):
            return ok({}, 200 if request.path.rpartition("/")[2] in self.dashboards else 404)
        assert request.path in {PATH, "/api/org/preferences"}
        if request.method == "GET":
            return ok(dict(self.kept))
        sent = dict(as_object(request.body))  # type: ignore[arg-type]  # no secrets in it
        home = sent.get("homeDashboardUID", self.kept.get("homeDashboardUID"))
        if sent.get("homeDashboardUID") and home not in self.dashboards:
            self.refused += 1
            return ok({"message": "Dashboard not found"}, 404)
        self.kept = {key: value for key, value in {**sent, "homeDashboardUID": home}.items() if value}
        return ok({"message": "Preferences updated"})

    def after(self, resource: Resource) -> Talk:
        """Update to what is declared, from what is there."""
        found = talk(KIND.read(SERVER, "t1"), self).result
        return talk(KIND.update(CONTEXT, resource, found), self)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"theme": "dark"}, "preferences are of a `team`, or of the organisation"),
        ({"theme": "dark", "team": "a", "organisation": True}, "preferences are of a `team`, or of the organisation"),
        ({"team": "a"}, "nothing is preferred: write one of home, theme, timezone, week_start, language"),
        ({"team": "a", "theme": ""}, "at least 1 character"),
        ({"team": "a", "week_start": "friday"}, "Input should be 'monday', 'sunday', 'saturday' or 'browser'"),
        ({"organisation": False, "theme": "dark"}, "Input should be True"),
        ({"team": "a", "colour": "red"}, "Extra inputs are not permitted"),
    ],
)
def test_what_a_document_may_not_say(spec: dict[str, Any], message: str) -> None:
    assert any(message in text for _, text in errors(KIND, spec))


def test_two_documents_of_one_team_claim_the_same() -> None:
    assert KIND.claims(wanted(theme="dark")) == ("team:Crew",) == KIND.claims(wanted(timezone="utc"))
    assert KIND.claims(wanted(organisation=True, theme="dark")) == ("of:organisation",)


def test_the_recorded_preferences_are_read() -> None:
    exchanges = recorded("team-preferences")
    found = talk(KIND.read(SERVER, "t1"), [ok(TEAM), answer_of(exchanges[4])]).result
    assert found.attributes == {
        "of": "team:Crew",
        "homeDashboardUID": "landing",
        "theme": "dark",
        "timezone": "utc",
        "weekStart": "monday",
    }
    organisation = talk(KIND.read(SERVER, "organisation"), [answer_of(recorded("org-preferences")[3])]).result
    assert organisation.attributes["language"] == "de-DE"
    assert talk(KIND.read(SERVER, "gone"), [ok({"message": "Not found"}, 404)]).lines == ["GET /api/teams/gone"]


def test_only_what_is_written_is_compared() -> None:
    found = live(theme="dark", timezone="utc", navbar={"bookmarkUrls": []})
    assert edits(wanted(theme="dark"), found) == []
    assert edits(wanted(theme="light", home="landing"), found) == ["homeDashboardUID", "theme"]


@pytest.mark.parametrize(
    ("present", "adopts"),
    [
        pytest.param({}, False, id="nothing set"),
        pytest.param({"timezone": "utc"}, False, id="something else is set"),
        pytest.param({"theme": "dark"}, False, id="one of ours is set as declared"),
        pytest.param({"theme": "light"}, True, id="ours is set otherwise"),
        pytest.param({"theme": "dark", "homeDashboardUID": "landing-uid"}, True, id="already so"),
        pytest.param({"homeDashboardUID": "other"}, True, id="another home"),
    ],
)
def test_only_somebodys_choice_needs_adopting(present: JsonObject, adopts: bool) -> None:
    answers = [ok({"teams": [TEAM]}), ok(TEAM), ok(present)]
    found = talk(KIND.find(SERVER, wanted(theme="dark", home="landing")), answers).result
    assert (found is not None) == adopts


def test_what_others_set_is_kept() -> None:
    server = Server("landing-uid", theme="light", weekStart="monday", navbar={"bookmarkUrls": ["/x"]})
    going = server.after(wanted(theme="dark", home="landing"))
    assert going.lines[-1] == f"PUT {PATH}"
    kept = {"weekStart": "monday", "navbar": {"bookmarkUrls": ["/x"]}}
    assert server.kept == {**kept, "theme": "dark", "homeDashboardUID": "landing-uid"}
    assert server.after(wanted(theme="dark")).writes == [], "nothing to say, nothing sent"


def test_a_home_dashboard_that_is_gone_is_never_repeated() -> None:
    server = Server("landing-uid", homeDashboardUID="gone", theme="light")
    server.after(wanted(theme="dark"))
    assert (server.refused, server.kept["theme"]) == (0, "dark")
    alive = Server("landing-uid", homeDashboardUID="landing-uid")
    alive.after(wanted(theme="dark"))
    assert alive.kept == {"homeDashboardUID": "landing-uid", "theme": "dark"}


def test_deleting_unsets_only_what_was_applied() -> None:
    server = Server(homeDashboardUID="gone", theme="dark", timezone="utc")
    applied = wanted(home="landing", theme="dark").attributes
    found = talk(KIND.read(SERVER, "t1"), server).result
    talk(KIND.delete(type(CONTEXT)(SERVER, "", applied), found), server)
    assert (server.refused, server.kept) == (0, {"timezone": "utc"})
    assert KIND.is_gone(live(**server.kept), applied)
    assert not KIND.is_gone(found, applied)
    again = talk(KIND.delete(type(CONTEXT)(SERVER, "", applied), found), [ok({"message": "Not found"}, 404)])
    assert again.writes == [], "the team is gone"


def test_what_is_no_longer_declared_is_unset_and_then_forgotten() -> None:
    before, now = wanted(theme="dark", timezone="utc").attributes, wanted(theme="dark").attributes
    marked = KIND.let_go(now, before)
    assert marked["timezone"] == ""
    assert KIND.remembered(marked) == now
    assert KIND.let_go(now, now) is now


def test_another_team_is_refused_and_a_missing_one_named() -> None:
    other = resource(KIND, {"organisation": True, "theme": "dark"})
    with pytest.raises(GgrecError, match="preferences of team 'Crew', and cannot become those of the organisation"):
        talk(KIND.update(CONTEXT, other, live(theme="dark")), [])
    with pytest.raises(GgrecError, match="there is no team 'Crew'"):
        talk(KIND.create(CONTEXT, wanted(theme="dark")), [ok({"teams": [{**TEAM, "name": "crew"}]})])


def test_there_is_nothing_to_list() -> None:
    assert talk(KIND.listing(SERVER, Wanted(everything=True)), []).lines == []


def test_what_is_written_for_live_ones_comes_back() -> None:
    found = live(theme="dark", weekStart="friday", homeDashboardUID="landing-uid", language="de-DE")
    written = KIND.authored(found, LiveNames(**{"landing-uid": "landing", "t1": "crew"})).spec
    assert written == {"team": "crew", "home": "landing", "theme": "dark", "language": "de-DE"}
    assert edits(wanted(**{key: value for key, value in written.items() if key != "team"}), found) == []


def test_the_notes_say_what_is_set_where_nothing_of_it_was() -> None:
    new = wanted(theme="dark", timezone="utc")
    assert KIND.notes(new, None) == ("sets: theme dark, timezone utc",)
    assert KIND.notes(new, live(theme="light")) == ()

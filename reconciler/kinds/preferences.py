"""Preferences of the organisation or of a team: home dashboard, theme, time zone, first day of the week, language.

Must not: unset what is not declared (a PUT replaces everything, so it is read and merged first), or repeat the uid of a
home dashboard that is gone (a PUT with it is refused; grafana-api.md section 11).
"""

from collections.abc import Iterable
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

from reconciler.core.errors import Conflict, GgrecError
from reconciler.core.exchange import HANDLE_404, ApiRequest, Exchange, Listing, Server, Wanted, WriteContext
from reconciler.core.json import Json, JsonObject, as_object, text_of
from reconciler.core.kind import Authored, Desired, Kind, LiveNames, Names
from reconciler.core.references import HOME, Reference
from reconciler.core.resource import LiveObject, Resource
from reconciler.kinds._later import later
from reconciler.kinds._shared import all_teams, gone_marked, team_named, texts

if TYPE_CHECKING:
    from reconciler.kinds._preferences_spec import PreferencesSpec

_KEYS = MappingProxyType(
    {
        "home": "homeDashboardUID",
        "theme": "theme",
        "timezone": "timezone",
        "week_start": "weekStart",
        "language": "language",
    }
)
"""What authors write → Grafana's key."""
_WEEK_STARTS = ("monday", "sunday", "saturday", "browser")
"""Grafana takes any text here, and knows these."""
_ORGANISATION = "organisation"
_TEAM = "team:"


class Preferences(Kind):
    """The kind `preferences`. Attributes: `of` (organisation, or team:<name in Grafana>), and Grafana's own keys, those
    that are declared; "" for one that was and no longer is.
    """

    name: ClassVar[str] = "preferences"
    yaml_kind: ClassVar[str] = "Preferences"
    summary: ClassVar[str] = "What a team or the organisation sees first, and in which colours, time zone and language."
    spec = later("_preferences_spec", "PreferencesSpec")
    always_there: ClassVar[bool] = True
    refers_to: ClassVar[frozenset[str]] = frozenset({"dashboard"})
    example: ClassVar[str] = """\
apiVersion: ggrec/v1
kind: Team
metadata:
  name: night-shift
spec:
  name: Night shift
---
apiVersion: ggrec/v1
kind: Preferences
metadata:
  name: night-shift
spec:
  team: night-shift
  theme: dark
  timezone: Europe/Berlin
"""

    def uid(self, name: str, written: str | None) -> str | None:
        """Teams are the server's to number."""
        return None

    def keys(self, resource: Resource) -> tuple[str, ...]:
        """Whose they are."""
        return (f"of:{resource.attributes.get('of')}",)

    def claims(self, resource: Resource) -> tuple[str, ...]:
        """Nobody has two sets of preferences."""
        team = text_of(resource.attributes.get("of")).partition(_TEAM)[2]
        return (f"{_TEAM}{team}",) if team else self.keys(resource)

    def desired(self, name: str, spec: "PreferencesSpec", names: Names) -> Desired:
        """The team by its name in Grafana, the home dashboard by its uid."""
        of = _ORGANISATION
        if spec.team is not None:
            of = _TEAM + text_of(names.attributes("team", spec.team, ("team",)).get("name"))
        attributes: dict[str, Json] = {"of": of}
        for key, grafanas in _KEYS.items():
            value = getattr(spec, key)
            if value is not None:
                attributes[grafanas] = names.uid("dashboard", value, ("home",)) if key == "home" else value
        return Desired(attributes)

    def authored(self, live: LiveObject, names: LiveNames) -> Authored:
        """What is set, of what a document can say."""
        of = text_of(live.attributes.get("of"))
        team = names.name("team", live.uid) or of.removeprefix(_TEAM)
        spec: dict[str, Json] = {"organisation": True} if of == _ORGANISATION else {"team": team}
        for key, grafanas in _KEYS.items():
            value = text_of(live.attributes.get(grafanas))
            said = names.name("dashboard", value) if key == "home" else value
            if said and (key != "week_start" or said in _WEEK_STARTS):
                spec[key] = said
        return Authored(spec)

    def normalise(self, attributes: JsonObject) -> JsonObject:
        """What is unset is the empty text, as Grafana takes it."""
        return {key: text_of(value) for key, value in attributes.items()}

    def project(self, live: JsonObject, desired: JsonObject) -> JsonObject:
        """Only what is declared (or was)."""
        return {key: desired.get("of") if key == "of" else text_of(live.get(key)) for key in desired}

    def let_go(self, desired: JsonObject, applied: JsonObject) -> JsonObject:
        """What was declared and no longer is becomes unset."""
        if desired.get("of") != applied.get("of"):
            return desired
        now = texts(desired)
        marked = gone_marked(now, texts(applied), "")
        return dict(marked) if marked != now else desired

    def remembered(self, applied: JsonObject) -> JsonObject:
        """Without what was unset: what somebody sets there later is theirs."""
        return {key: value for key, value in applied.items() if value != ""}

    def notes(self, resource: Resource, live: LiveObject | None) -> tuple[str, ...]:
        """What is set, where nothing of it was: a new object shows no edits."""
        given = texts(resource.attributes)
        return (
            () if live else (f"sets: {', '.join(f'{key} {given[own]}' for key, own in _KEYS.items() if own in given)}",)
        )

    def references(self, attributes: JsonObject) -> Iterable[Reference]:
        """The home dashboard."""
        home = text_of(attributes.get("homeDashboardUID"))
        return (Reference("dashboard", home, HOME),) if home else ()

    def survey(self, server: Server) -> Listing:
        """The organisation's, and those of every team, one by one: there is no list of them. Those of people can be
        read by nobody else.
        """
        answer = yield ApiRequest("GET", _path(_ORGANISATION))
        yield (_live(_ORGANISATION, _ORGANISATION, answer.object),)
        for team in (yield from all_teams()):
            uid = text_of(team.get("uid"))
            answer = yield ApiRequest("GET", _path(uid), handles=HANDLE_404)
            if answer.status == 200:
                yield (_live(uid, _TEAM + text_of(team.get("name")), answer.object),)

    def after(self, live: JsonObject, desired: JsonObject | None, applied: JsonObject) -> JsonObject:
        """What is not declared stays; a delete unsets what was applied."""
        if desired is None:
            return {key: value for key, value in live.items() if key not in applied}
        return {**live, **desired}

    def part_of(self, uid: str) -> str:
        """A team's go with it."""
        return "" if uid == _ORGANISATION else f"team:{uid}"

    def listing(self, server: Server, wanted: Wanted) -> Listing:
        """There is no list of all preferences: each declared set is asked for by itself."""
        yield from ()

    def read(self, server: Server, uid: str) -> Exchange[LiveObject | None]:
        """Those of the organisation, or of a team by the server's uid; None where the team is gone (its preferences
        would read as an empty set; grafana-api.md section 11).
        """
        if uid == _ORGANISATION:
            answer = yield ApiRequest("GET", _path(uid))
            return _live(uid, _ORGANISATION, answer.object)
        team = yield ApiRequest("GET", f"/api/teams/{quote(uid, safe='')}", handles=HANDLE_404)
        if team.status == 404:
            return None
        answer = yield ApiRequest("GET", _path(uid))
        return _live(uid, _TEAM + text_of(team.object.get("name")), answer.object)

    def find(self, server: Server, resource: Resource) -> Exchange[LiveObject | None]:
        """None too where nothing is set that the declared preferences would change: then nobody's choice is taken
        over.
        """
        uid = yield from _uid(resource)
        live = (yield from self.read(server, uid)) if uid else None
        if live is None:
            return None
        declared = texts(self.normalise(resource.attributes))
        present = texts(self.project(live.attributes, resource.attributes))
        free = all(value == declared[key] or not value for key, value in present.items())
        return None if free and present != declared else live

    def begun(self, server: Server, resource: Resource) -> Exchange[LiveObject | None]:
        """Whatever is set now: what of it is taken away is only what was declared."""
        uid = yield from _uid(resource)
        return (yield from self.read(server, uid)) if uid else None

    def create(self, context: WriteContext, resource: Resource) -> Exchange[str]:
        """Set what is declared; all else stays."""
        uid = yield from _uid(resource)
        if not uid:
            of = text_of(resource.attributes.get("of")).removeprefix(_TEAM)
            raise GgrecError.one("no-team", f"there is no team '{of}' in Grafana", hint="apply the Team first")
        yield from _write(uid, resource.attributes)
        return uid

    def update(self, context: WriteContext, resource: Resource, live: LiveObject) -> Exchange[None]:
        """The same. Raises GgrecError where the document speaks of another team now, Conflict where somebody was
        faster.
        """
        now, was = text_of(resource.attributes.get("of")), text_of(live.attributes.get("of"))
        if now != was:
            raise GgrecError.one(
                "other-preferences",
                f"these are the preferences of {_named(was)}, and cannot become those of {_named(now)}",
                hint="give the document another metadata.name too: the old ones are then unset",
            )
        yield from _write(live.uid, resource.attributes, live.attributes)

    def delete(self, context: WriteContext, live: LiveObject) -> Exchange[None]:
        """Unset what was ours, and nothing else."""
        ours = {key: "" for key in texts(as_object(context.applied)) if key != "of"}
        yield from _write(live.uid, ours)

    def is_gone(self, live: LiveObject, applied: JsonObject) -> bool:
        """Nothing of what was applied is set any more."""
        return not any(live.attributes.get(key) for key in applied if key != "of")


def _uid(resource: Resource) -> Exchange[str]:
    """The organisation's, or the uid of the team with the declared name ("" where there is none)."""
    of = text_of(resource.attributes.get("of"))
    if of == _ORGANISATION:
        return _ORGANISATION
    team = yield from team_named(of.removeprefix(_TEAM))
    return text_of(team.get("uid")) if team else ""


def _named(of: str) -> str:
    return f"team '{of.removeprefix(_TEAM)}'" if of.startswith(_TEAM) else "the organisation"


def _path(uid: str) -> str:
    return "/api/org/preferences" if uid == _ORGANISATION else f"/api/teams/{quote(uid, safe='')}/preferences"


def _live(uid: str, of: str, found: JsonObject) -> LiveObject:
    attributes: dict[str, Json] = {"of": of}
    attributes |= {key: found[key] for key in _KEYS.values() if text_of(found.get(key))}
    return LiveObject("preferences", uid, attributes, keys=(f"uid:{uid}", f"of:{of}"), meta={"title": of})


def _write(uid: str, wanted: JsonObject, was: JsonObject | None = None) -> Exchange[None]:
    """Read, merge, PUT: a PUT unsets whatever it leaves out, except (on 12.3) the home dashboard.

    Raises Conflict where what is to be changed is not what it `was` any more.
    """
    answer = yield ApiRequest("GET", _path(uid), handles=HANDLE_404)
    if answer.status == 404:
        return  # the team is gone, and its preferences with it
    changed = {key: value for key, value in wanted.items() if key != "of"}
    if all(text_of(answer.object.get(key)) == value for key, value in changed.items()):
        return
    other = [key for key in changed if was is not None and text_of(answer.object.get(key)) != text_of(was.get(key))]
    if other:
        raise Conflict.one("changed-meanwhile", f"{', '.join(sorted(other))} was changed by somebody else just now")
    merged: dict[str, Json] = {**answer.object, **changed}
    home = text_of(merged.get("homeDashboardUID"))
    if home and "homeDashboardUID" not in wanted:
        there = yield ApiRequest("GET", f"/api/dashboards/uid/{quote(home, safe='')}", handles=HANDLE_404)
        if there.status == 404:
            del merged["homeDashboardUID"]
    yield ApiRequest("PUT", _path(uid), body=merged)

"""What kinds have in common whose object is a part of another one that always exists: a folder's permissions, the
preferences of a team. "Creating" lays what is declared over what is there, "deleting" takes only that away again.
"""

from collections.abc import Mapping

from reconciler.core.exchange import ApiRequest, Exchange, Server
from reconciler.core.json import Json, JsonObject, as_list, as_object, text_of


def team_named(name: str) -> Exchange[JsonObject | None]:
    """The team of this exact name as the server gives it (`id`, `uid`, `name`); None where there is none."""
    answer = yield ApiRequest("GET", "/api/teams/search", (("name", name), ("perpage", "1000")))
    teams = [as_object(item) for item in as_list(answer.object.get("teams"))]
    return next((team for team in teams if team.get("name") == name), None)


def texts(value: Json) -> dict[str, str]:
    """A mapping's entries that are texts."""
    return {key: text_of(item) for key, item in as_object(value).items() if isinstance(item, str)}


def gone_marked(now: Mapping[str, str], before: Mapping[str, str], mark: str) -> dict[str, str]:
    """What is declared now, and what was and no longer is, marked to be taken away: without the mark an update would
    not know that it was ours.
    """
    return dict(sorted({**{key: mark for key in before if key not in now}, **now}.items()))


def folders_of(server: Server) -> Exchange[tuple[str, ...]]:
    """The uids of all folders that the credentials may see."""
    found: list[str] = []
    page = 1
    while True:
        query = (("type", "dash-folder"), ("limit", "5000"), ("page", str(page)))
        answer = yield ApiRequest("GET", "/api/search", query)
        items = as_list(answer.body)
        found += [text_of(as_object(item).get("uid")) for item in items]
        if len(items) < 5000:
            return tuple(found)
        page += 1


def all_teams() -> Exchange[tuple[JsonObject, ...]]:
    """All teams as the server lists them."""
    found: list[JsonObject] = []
    page = 1
    while True:
        answer = yield ApiRequest("GET", "/api/teams/search", (("perpage", "1000"), ("page", str(page))))
        teams = [as_object(item) for item in as_list(answer.object.get("teams"))]
        found += teams
        if len(teams) < 1000:
            return tuple(found)
        page += 1

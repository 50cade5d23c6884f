"""Preferences of the organisation, of teams and of the caller (grafana-api.md section 11)."""

from typing import Any

from reconciler.sandbox import dashboards
from reconciler.sandbox.call import BAD, Call, Handler, Reply, denied, message

_KEYS = (
    "homeDashboardUID",
    "timezone",
    "weekStart",
    "theme",
    "language",
    "queryHistory",
    "navbar",
    "cookiePreferences",
)
_THEMES = frozenset({"light", "dark", "system", "aubergine", "desertbloom", "gildedgrove", "mars", "matrix", "zen"})
"""Some of those that 12.3 has."""


def _scope(call: Call) -> str:
    """Whose they are: a key into the organisation's preferences."""
    if call.path.startswith("/api/org/"):
        return "org"
    if call.path.startswith("/api/user/"):
        return f"user:{call.user.id}"
    key = call.parts["key"]
    team = next((t for t in call.org.teams.values() if key in {str(t["id"]), t["uid"]}), None)
    if team is None:
        return f"team:{key}" if key.isdigit() else ""  # a number need not be a team's
    return f"team:{team['id']}"


def _forbidden(call: Call, verb: str) -> Reply | None:
    scope = _scope(call)
    if scope.startswith("user") or call.user.is_admin(call.org.id):
        return None
    return denied(f"orgs.preferences:{verb}" if scope == "org" else f"teams:{verb}")


def read(call: Call) -> Reply:
    """What is set. Of an unknown team by number: nothing; by uid it is 404."""
    refusal = _forbidden(call, "read")
    if refusal or not _scope(call):
        return refusal or message(404, "Not found")
    return Reply(200, call.org.preferences.get(_scope(call), {}))


def write(*, merge: bool) -> Handler:
    """PUT replaces everything but a home dashboard that it does not mention; PATCH merges."""

    def handler(call: Call) -> Reply:
        refusal = _forbidden(call, "write")
        if refusal:
            return refusal
        if call.body is BAD:
            return message(400, "bad request data")
        scope = _scope(call)
        if not scope:
            return message(404, "Not found")
        theme = call.fields.get("theme", "" if not merge else "light")
        if theme not in _THEMES and (theme or merge):  # PUT takes an empty one, PATCH does not
            return message(400, "Invalid theme")
        home = call.fields.get("homeDashboardUID")
        if home and home not in call.org.dashboards:
            return message(404, "Dashboard not found")
        before = call.org.preferences.get(scope, {})
        if not merge:
            before = {key: value for key, value in before.items() if key == "homeDashboardUID"}
        whole: dict[str, Any] = {**before, **call.fields}
        call.org.preferences[scope] = {key: whole[key] for key in _KEYS if whole.get(key)}
        return message(200, "Preferences updated")

    return handler


def home(call: Call) -> Reply:
    """GET /api/dashboards/home: the caller's own, else that of the caller's newest team that has one, else the
    organisation's. One that is gone is no reason to look further; one that the caller may not see is answered all the
    same.
    """
    teams = [t["id"] for t in call.org.teams.values() if any(m["user"] == call.user.id for m in t["members"])]
    for scope in (f"user:{call.user.id}", *(f"team:{number}" for number in sorted(teams, reverse=True)), "org"):
        uid = call.org.preferences.get(scope, {}).get("homeDashboardUID")
        if uid and uid in call.org.dashboards:
            return Reply(200, {"redirectUri": dashboards.url(call.org.dashboards[uid])})
        if uid:
            break
    return Reply(200, {"meta": {"isHome": True}, "dashboard": {"title": "Home"}})

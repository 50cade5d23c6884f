"""What of Grafana is of no kind of ours and refers to, or lies in, what is: alert rules, playlists; and which library
panels there are.
Read only when something they may refer to goes or changes. Several ask the same of them while one plan is made.
"""

from collections.abc import Iterator
from urllib.parse import quote

from reconciler.core.exchange import HANDLE_404, ApiRequest, Exchange, Server
from reconciler.core.json import JsonObject, as_list, as_object, text_of
from reconciler.core.references import Content, Reference, Referrer
from reconciler.kinds._kube import continue_token, kube_path
from reconciler.kinds._notified import notified

_PLAYLISTS = "playlist.grafana.app/v0alpha1"
TAG = "dashboard-tag"
_PLAYED = {"dashboard_by_uid": "dashboard", "dashboard_by_tag": TAG}
RULES = "/api/v1/provisioning/alert-rules"


def alert_rules() -> Exchange[tuple[JsonObject, ...]]:
    """All alert rules in one answer; none where this Grafana has no alerting (404)."""
    answer = yield ApiRequest("GET", RULES, handles=HANDLE_404, shared=True)
    return tuple(as_object(item) for item in as_list(answer.body)) if answer.status == 200 else ()


def library_panels() -> Exchange[tuple[JsonObject, ...]]:
    """All library panels with their models, by pages of 500 (the parameter is `perPage`: `perpage` is ignored)."""
    found: list[JsonObject] = []
    page = 1
    while True:
        query = (("kind", "1"), ("perPage", "500"), ("page", str(page)))
        answer = yield ApiRequest("GET", "/api/library-elements", query, handles=HANDLE_404, shared=True)
        items = as_list(as_object(answer.object.get("result")).get("elements"))
        found += [as_object(item) for item in items]
        if len(items) < 500:
            return tuple(found)
        page += 1


def library_lacking(uids: frozenset[str]) -> Exchange[frozenset[str]]:
    """Those of these library panels that are not there: 404 by itself, not only absent from the list."""
    if not uids:
        return frozenset()
    listed = {text_of(panel.get("uid")) for panel in (yield from library_panels())}
    found = set()
    for uid in sorted(uids - listed):
        answer = yield ApiRequest("GET", f"/api/library-elements/{quote(uid, safe='')}", handles=HANDLE_404)
        if answer.status == 404:
            found.add(uid)
    return frozenset(found)


def rules() -> Exchange[tuple[Referrer, ...]]:
    """What alert rules refer to: datasources, the dashboard on which one is shown, and whom it notifies itself."""
    found = []
    for rule in (yield from alert_rules()):
        uid = text_of(rule.get("uid"))
        found.append(Referrer(f"alert-rule:{uid}", _rule(rule), tuple(references_of_rule(rule)), _group(rule)))
    return tuple(found)


def rules_on_panels() -> Exchange[tuple[Referrer, ...]]:
    """The alert rules that are shown on a panel, and of each no more than that: the answer may be large."""
    found = []
    for rule in (yield from alert_rules()):
        panels = tuple(item for item in references_of_rule(rule) if item.part)
        if panels:
            found.append(Referrer(f"alert-rule:{text_of(rule.get('uid'))}", _rule(rule), panels))
    return tuple(found)


def _rule(rule: JsonObject) -> str:
    return f"alert rule '{text_of(rule.get('title'))}' ({text_of(rule.get('uid'))})"


def _group(rule: JsonObject) -> str:
    """The object of a kind of ours that a rule is a part of."""
    return f"alert-rule-group:{text_of(rule.get('folderUID'))}/{text_of(rule.get('ruleGroup'))}"


def references_of_rule(rule: JsonObject) -> Iterator[Reference]:
    """What one rule refers to."""
    for query in map(as_object, as_list(rule.get("data"))):
        text = text_of(query.get("datasourceUid"))
        if text:
            yield Reference("datasource", text, f"query {text_of(query.get('refId')) or '?'}")
    notes = as_object(rule.get("annotations"))
    board = text_of(notes.get("__dashboardUid__"))
    if board:
        yield Reference("dashboard", board, "the panel it is shown on", part=text_of(notes.get("__panelId__")))
    yield from notified(as_object(rule.get("notification_settings")), "its own notification settings")


def playlists(server: Server) -> Exchange[tuple[Referrer, ...]]:
    """What playlists show, by uid: over /apis in one answer a page, else one request for each."""
    if server.serves(_PLAYLISTS):
        return (yield from listed_playlists(server))
    found: list[Referrer] = []
    listed = yield ApiRequest("GET", "/api/playlists", (("limit", "10000"),), handles=HANDLE_404, shared=True)
    for entry in map(as_object, as_list(listed.body) if listed.status == 200 else ()):
        uid = text_of(entry.get("uid"))
        one = yield ApiRequest("GET", f"/api/playlists/{quote(uid, safe='')}", handles=HANDLE_404, shared=True)
        if one.status == 200:
            found.append(_playlist(uid, "name", one.object))
    return tuple(found)


def listed_playlists(server: Server) -> Exchange[tuple[Referrer, ...]]:
    """The same where one list tells it (500 a page); else nothing."""
    found: list[Referrer] = []
    token = ""
    while server.serves(_PLAYLISTS):
        query = (("limit", "500"), *((("continue", token),) if token else ()))
        answer = yield ApiRequest("GET", kube_path(server, _PLAYLISTS, "playlists"), query, shared=True)
        for item in map(as_object, as_list(answer.object.get("items"))):
            spec = as_object(item.get("spec"))
            found.append(_playlist(text_of(as_object(item.get("metadata")).get("name")), "title", spec))
        token = continue_token(answer)
        if not token:
            break
    return tuple(found)


def _playlist(uid: str, title: str, spec: JsonObject) -> Referrer:
    items = [as_object(item) for item in as_list(spec.get("items"))]
    shown = ((_PLAYED.get(text_of(item.get("type"))), text_of(item.get("value"))) for item in items)
    references = tuple(Reference(kind, text, "what it plays") for kind, text in shown if kind is not None)
    return Referrer(f"playlist:{uid}", f"playlist '{text_of(spec.get(title))}' ({uid})", references)


def rules_inside(folders: set[str], number: int) -> Exchange[list[Content]]:
    """The `number` alert rules in these folders, by name; by number where they may not be read."""
    answer = yield ApiRequest("GET", RULES, handles=frozenset({403, 404}), shared=True)
    rules = [as_object(item) for item in as_list(answer.body)] if answer.status == 200 else []
    found = [
        Content(
            "alert-rule",
            text_of(rule.get("uid")),
            text_of(rule.get("title")),
            text_of(rule.get("folderUID")),
            holder=_group(rule),
        )
        for rule in rules
        if text_of(rule.get("folderUID")) in folders
    ]
    return completed("alert-rule", found, number)


def panels_inside(folders: set[str], number: int) -> Exchange[list[Content]]:
    """The same for library panels."""
    found = [
        Content("library-panel", text_of(panel.get("uid")), text_of(panel.get("name")), text_of(panel.get("folderUid")))
        for panel in (yield from library_panels())
        if text_of(panel.get("folderUid")) in folders
    ]
    return completed("library-panel", found, number)


def completed(kind: str, found: list[Content], number: int) -> list[Content]:
    """What was counted and not told counts too."""
    return [*found, *([Content(kind, count=number - len(found))] if number > len(found) else [])]

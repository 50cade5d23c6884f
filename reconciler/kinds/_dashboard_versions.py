"""What Grafana keeps of a dashboard's past: who saved which version with which message, and what was in it."""

from reconciler.core.exchange import ApiRequest, Exchange
from reconciler.core.json import JsonObject, as_list, as_object, text_of
from reconciler.core.resource import Attribution, KeptVersion, LiveObject
from reconciler.kinds._dashboard_answers import dashboard_path, model_of

_VERSIONS_AT_ONCE, _MOST_PAGES = 5, 5
"""Grafana keeps 20 versions where nothing else is set."""
_UNTOLD = frozenset({403, 404})


def attribution(live: LiveObject, since: int | None) -> Exchange[Attribution]:
    """From the version list, newest first; it needs write permission on the dashboard, so a 403 leaves it open."""
    number = live.version or 1
    limit = max(1, min(number - (since or 0), 10)) if since is not None and number > since else 1
    path = f"{dashboard_path(live.uid)}/versions"
    answer = yield ApiRequest("GET", path, (("limit", str(limit)),), handles=_UNTOLD)
    versions = [as_object(item) for item in as_list(answer.object.get("versions"))] if answer.status == 200 else []
    if not versions:
        return Attribution(None, text_of(live.meta.get("updated")) or None, live.version)
    messages = tuple(text for text in (text_of(item.get("message")) for item in versions) if text)
    newest = versions[0]
    who = list(dict.fromkeys(text_of(item.get("createdBy")) for item in versions))
    return Attribution(", ".join(who), text_of(newest.get("created")) or None, live.version, messages)


def kept_versions(uid: str, since: int) -> Exchange[tuple[KeptVersion, ...]]:
    """From the version list, newest first, a few at a time: each comes with its whole body. A 403 (it needs write
    permission on the dashboard) is no history.
    """
    found: list[KeptVersion] = []
    token = ""
    for _ in range(_MOST_PAGES):
        query = (("limit", str(_VERSIONS_AT_ONCE)), *((("continueToken", token),) if token else ()))
        answer = yield ApiRequest("GET", f"{dashboard_path(uid)}/versions", query, handles=_UNTOLD)
        page = [as_object(item) for item in as_list(answer.object.get("versions"))] if answer.status == 200 else []
        found += [_kept(item) for item in page if as_object(item.get("data"))]
        token = text_of(answer.object.get("continueToken")) if answer.status == 200 else ""
        if not page or not token or (found and found[-1].number <= since):
            break
    return tuple(item for item in reversed(found) if item.number >= since)


def _kept(item: JsonObject) -> KeptVersion:
    number = item.get("version")
    attributes = {"dashboard": model_of(as_object(item.get("data")))}
    facts = (text_of(item.get(name)) for name in ("createdBy", "created", "message"))
    return KeptVersion(number if isinstance(number, int) else 0, attributes, *facts)

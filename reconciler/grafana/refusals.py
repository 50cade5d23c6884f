"""What a 409 or a 412 means: changed meanwhile, there already, name taken, a plugin's, in use, or only busy.

Grafana gives one status to several of these and, over the years, several statuses to one (pains.md B 7, 8, 61). Its
own mark decides (`status`, `reason`, `messageId`), then what was asked, and words only where there is nothing else.
"""

import re
from typing import Final

from msgspec import Struct

from reconciler.core.errors import AlreadyExists, Busy, ChangedMeanwhile, InUse, NameTaken, PluginOwned, ServerError
from reconciler.core.exchange import ApiRequest
from reconciler.core.json import JsonObject, as_object, text_of


class Refusal(Struct, frozen=True):
    """One meaning: the type of its error, the code and the hint of its diagnostic."""

    error: type[ServerError]
    code: str
    hint: str


CHANGED: Final = Refusal(ChangedMeanwhile, "changed-meanwhile", "somebody else saved it since it was read: plan again")
EXISTS: Final = Refusal(
    AlreadyExists, "exists-already", "somebody else made it: plan again, and take it over with --adopt if it is meant"
)
TAKEN: Final = Refusal(NameTaken, "name-taken", "another object has this name: choose another, or import that object")
PLUGIN: Final = Refusal(
    PluginOwned,
    "plugin-owned",
    "the plugin puts its own dashboard back at its next update: declare a copy under another name, and leave this one "
    "to the plugin (`ggrec state rm` forgets it)",
)
IN_USE: Final = Refusal(InUse, "in-use", "something else still refers to it: see what the message names")
BUSY: Final = Refusal(Busy, "server-busy", "the server was busy and did nothing: run again")

# Compiled when first used: most runs meet no refusal.
_QUOTED = r"""(["'])(?:(?!\1).)*\1"""
_THERE = r"already exists|already (?:a )?member|\btaken\b|unique constraint|inuse\b|nameexists"
_NAME = r"\b(?:user)?name\b|\bmember\b|nameexists"
_UID = r"\buid\b|uidinuse"
_USED = r"\breferenced\b|\bin use\b|\.used\b|has connections"
_CHANGED = r"(?:changed|updated) by someone|been modified|version-mismatch|optimistic lock|resource ?version|\brv\b"
_WORKING = r"is locked|deadlock|\bbusy\b|in progress|try again|temporarily"


def refusal(request: ApiRequest, status: int, body: JsonObject, words: str) -> Refusal | None:
    """What the answer means (`words`: its message); None where its status is no sign of any of these.

    A 400 counts where it says that a name is taken, as some kinds do (grafana-api.md section 19).
    """
    code = text_of(body.get("messageId")) or text_of(as_object(body.get("details")).get("uid"))
    said = f"{re.sub(_QUOTED, '', words)} {code}".lower()
    if status == 400:
        return _there(said) if re.search(_THERE, said) and request.method != "GET" else None
    if status not in {409, 412}:
        return None
    mark, reason = text_of(body.get("status")), text_of(body.get("reason"))
    if mark == "plugin-dashboard":
        return PLUGIN
    if mark == "name-exists":
        return TAKEN
    if re.search(_USED, said):
        return IN_USE
    if reason == "AlreadyExists" or re.search(_THERE, said):
        return EXISTS if reason == "AlreadyExists" else _there(said)
    if mark == "version-mismatch" or re.search(_CHANGED, said):
        return EXISTS if _creates(request) else CHANGED
    if re.search(_WORKING, said) or reason in {"ServerTimeout", "TooManyRequests"}:
        return BUSY
    return EXISTS if _creates(request) else CHANGED


def _there(said: str) -> Refusal:
    return TAKEN if re.search(_NAME, said) and not re.search(_UID, said) else EXISTS


def _creates(request: ApiRequest) -> bool:
    """Whether nothing was there when it was asked: a 412 then cannot mean that it changed. A dashboard is created by
    a save without a version (grafana-api.md sections 7 and 8).
    """
    if request.method != "POST" or request.path.endswith(("/move", "/restore")):
        return False
    sent = request.body if isinstance(request.body, dict) else {}
    dashboard = sent.get("dashboard")
    return not (isinstance(dashboard, dict) and "version" in dashboard)

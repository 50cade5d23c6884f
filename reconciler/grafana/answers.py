"""From an answer's bytes to the ApiResponse that a kind is given, or to the error that stands in its place. Pure."""

import re
from collections.abc import Callable
from contextlib import suppress

from reconciler.core.errors import ServerError
from reconciler.core.exchange import ApiRequest, ApiResponse
from reconciler.core.json import Json, JsonObject, as_list, as_object, parsed, text_of
from reconciler.core.unparsed import parsed_but
from reconciler.grafana.replies import Reply

Hide = Callable[[str], str]
"""Takes the secrets out of a text: a server may repeat in its answer what it was sent."""

_MOVED = frozenset({301, 302, 303, 307, 308})
_LONGEST = 500
_QUOTED = 60
_LOOKED_AT = 4000
_CARRIED = r"(?<=//)[^/]*@"
_BLANKS = r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+"


def understood(request: ApiRequest, reply: Reply, hide: Hide = str) -> ApiResponse:
    """The answer for the kind. Raises what `classify` finds."""
    body, problem = _read(request, reply, hide)
    if problem is None:
        problem = _refusal(request, reply, body, hide)
    if problem is not None:
        raise problem
    date = reply.headers.get("date")
    return ApiResponse(reply.status, body, {} if date is None else {"date": date})


def classify(request: ApiRequest, reply: Reply, hide: Hide = str) -> ServerError | None:
    """What is wrong with an answer; None where it is a success, or of a status that the request handles."""
    body, problem = _read(request, reply, hide)
    return problem or _refusal(request, reply, body, hide)


def clean(text: str, hide: Hide = str, longest: int = _LONGEST) -> str:
    """A server's words, fit for a message: without secrets, control characters and line breaks, cut at `longest`."""
    shown = re.sub(_BLANKS, " ", hide(text)).strip()
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def _read(request: ApiRequest, reply: Reply, hide: Hide) -> tuple[Json, ServerError | None]:
    """The JSON of an answer, or why there is none. Looks at the form only; the status matters where it decides what
    else the body can be.
    """
    content = reply.content.strip()
    if reply.status not in _MOVED:
        if not content and not (request.method == "GET" and 200 <= reply.status < 300):
            return None, None
        with suppress(ValueError, RecursionError):
            return (parsed_but(content, request.unparsed) if request.unparsed else parsed(content)), None
    return None, _unread(request, reply, content, hide)


def _unread(request: ApiRequest, reply: Reply, content: bytes, hide: Hide) -> ServerError:
    """Why an answer is none of Grafana's JSON."""
    from reconciler.grafana.failures import absent_api, broken, not_grafana, redirected

    if reply.status in _MOVED:
        return redirected(request, reply.status, clean(_place(reply.headers.get("location", "")), hide))
    if not content:  # taken for an empty list it would delete everything
        return broken(request, reply.status, "the answer is empty")
    if request.path.startswith("/apis/") and reply.status == 404 and content == b"404 page not found":
        return absent_api(request, reply.status)
    if not content.startswith(b"<") and (reply.media_type.endswith("json") or content[:1] in b"{["):
        return broken(request, reply.status, "the answer is not complete JSON")
    beginning = clean(content[:_LOOKED_AT].decode("utf-8", "replace"), hide, _QUOTED)
    return not_grafana(request, reply.status, clean(reply.media_type, hide, _QUOTED), beginning)


def _place(location: str) -> str:
    """Where a redirect leads, without what it may carry along: credentials, query, fragment."""
    return re.sub(_CARRIED, "", location.partition("#")[0].partition("?")[0])


def _refusal(request: ApiRequest, reply: Reply, body: Json, hide: Hide) -> ServerError | None:
    """The error for a status that nobody looks at. 401 is nobody's: it concerns the run, never one object."""
    content = as_object(body)
    other = reply.status == 404 and _unknown_version(content)
    handled = reply.status in request.handles and reply.status != 401
    if not other and (200 <= reply.status < 300 or handled):
        return None
    from reconciler.grafana.failures import absent_api, failure
    from reconciler.grafana.retry import come_back

    if other:
        return absent_api(request, reply.status)
    words = clean(_words(content), hide)
    known = {**_hidden(content, hide), "comeBack": come_back(reply.headers)}
    return failure(request, reply.status, known, words)


def _words(body: JsonObject) -> str:
    """What the server says, with the cause that its message may leave out (a time interval's)."""
    said = text_of(body.get("message"))
    causes = map(as_object, as_list(as_object(body.get("details")).get("causes")))
    why = [
        text_of(item.get("message")).strip('"').replace('\\"', '"') for item in causes if item.get("field") == "Error"
    ]
    return " ".join((said, *(f"({text})" for text in why if text not in said)))


def _unknown_version(body: JsonObject) -> bool:
    """An API group that is served, but not in this version: a Status whose details name no object. An absent object's
    either name it, or are missing (grafana-api.md section 2).
    """
    details = body.get("details")
    return body.get("kind") == "Status" and body.get("reason") == "NotFound" and details == {}


def _hidden(body: JsonObject, hide: Hide) -> JsonObject:
    """The keys that errors are made from, clean."""
    wanted = ("accessErrorId", "kind", "messageId", "reason", "status")
    found: dict[str, Json] = {key: clean(text_of(body[key]), hide) for key in wanted if key in body}
    found["details"] = {"uid": clean(text_of(as_object(body.get("details")).get("uid")), hide)}
    return found

"""What an answer that is not the one hoped for means: a typed error that says what was asked, what came, and what to
do.

The texts given in here are clean already: no secret, no control character (see answers).
"""

import re

from reconciler.core.errors import Diagnostic, Forbidden, OutOfTime, ServerError, Unauthorized, Unreachable
from reconciler.core.exchange import ApiRequest
from reconciler.core.json import JsonObject, as_object, text_of
from reconciler.grafana.refusals import refusal
from reconciler.grafana.replies import Loss

_UNAUTHORIZED = {
    "api-key.expired": ("the token has expired", "make a new one: Administration, Users and access, Service accounts"),
    "api-key.invalid": ("Grafana does not know this token", "check GRAFANA_TOKEN, or auth.token in ggrec.yaml"),
    "password-auth.failed": (
        "wrong user or password",
        "check them before you try again: after five wrong ones Grafana locks the user for about five minutes, and "
        "refuses the right password in the same words then",
    ),
    "api-key.organization-mismatch": (
        "the token belongs to another organisation",
        "a token is good for its own organisation only: use one of that organisation, or leave `org` out",
    ),
    "auth.unauthorized": (
        "Grafana wants credentials",
        "set GRAFANA_TOKEN (or GRAFANA_USER and GRAFANA_PASSWORD), or auth in ggrec.yaml",
    ),
}
_HINTS = {
    400: "Grafana did not accept what was sent: correct what the message names",
    403: "this is not about permissions: the object itself is protected or in use",
    404: "is the object gone? Plan again",
    408: "it is not known whether Grafana did it: run again, ggrec looks first",
    413: "Grafana takes bodies of up to 16 MB",
    422: "Grafana did not accept what was sent: correct what the message names",
    429: "the server asks for fewer requests: run again later",
}
_PERMISSION = r"(?i)permissions needed:\s*(.+?)\s*$"


def failure(request: ApiRequest, status: int, body: JsonObject, words: str) -> ServerError:
    """The error for a JSON answer (`words`: its message) whose status the exchange does not handle; the three shapes
    of grafana-api.md section 2. `body` has the keys that matter, and in `comeBack` when a busy server may be asked.
    """
    code = text_of(body.get("messageId")) or text_of(as_object(body.get("details")).get("uid"))
    said = words or text_of(body.get("reason"))
    if status == 401:
        why, hint = _UNAUTHORIZED.get(code, ("not signed in", "check the credentials of this instance"))
        text = f"{why} ({said})" if said else why
        item = Diagnostic("unauthorized", f"{_asked(request, status)}: {text}", hint)
        return Unauthorized((item,), status=status, message=words, message_id=code)
    if status == 403 and _lacks_permission(body, words, code):
        item = Diagnostic("forbidden", f"{_asked(request, status)}: {said or 'no message'}", _permit(words))
        return Forbidden((item,), status=status, message=words, message_id=code)
    text = f"{_asked(request, status)}: {said or 'no message'}" + (f" ({code})" if code else "")
    meant = refusal(request, status, body, words)
    if meant is not None:
        item = Diagnostic(meant.code, text, meant.hint)
        return meant.error((item,), status=status, message=words, message_id=code)
    default = "see Grafana's log" if status >= 500 else "the server refused what was sent"
    hint = _HINTS.get(status, default)
    ambiguous = request.method != "GET" and (status >= 500 or status == 408)
    come_back = text_of(body.get("comeBack"))
    if status == 429 and come_back:
        hint = f"the server asks for fewer requests: run again {come_back}"
    if ambiguous and status != 408:
        hint = "it may have been done all the same: run again, ggrec looks first; Grafana's log says more"
    item = Diagnostic(f"http-{status}", text, hint)
    return ServerError((item,), status=status, message=words, message_id=code, ambiguous=ambiguous)


def _lacks_permission(body: JsonObject, words: str, code: str) -> bool:
    """403 is also said of read-only datasources, library panels in use and objects of another provenance, which no
    permission helps (grafana-api.md sections 12, 15, 16). A refusal for lack of one has an accessErrorId, is a bare
    Status, or speaks of access.
    """
    if "accessErrorId" in body or not words:
        return True
    if body.get("kind") == "Status":
        return not code
    return re.search(_PERMISSION, words) is not None or "access denied" in words.lower()


def _permit(words: str) -> str:
    named = re.search(_PERMISSION, words)
    what = f"the permission {named.group(1)}" if named else "a permission for this"
    return f"give the service account (or user) {what}; the role Admin of the organisation has all that ggrec needs"


def absent_api(request: ApiRequest, status: int) -> ServerError:
    """The path is unknown to this Grafana: says nothing of the object (grafana-api.md section 2)."""
    text = f"{_asked(request, status)}: this Grafana does not serve this API"
    return ServerError((Diagnostic("absent-api", text, "which version is it? `ggrec version` says"),), status=status)


def not_grafana(request: ApiRequest, status: int, media_type: str, beginning: str) -> Unreachable:
    """An answer that Grafana's API never gives: HTML, or text that is not JSON, whatever its status."""
    kind = media_type or "no content type"
    quoted = f', beginning "{beginning}"' if beginning else ""
    text = f"{_asked(request, status)}: this is not Grafana's API: the answer is {kind} instead of JSON{quoted}"
    hint = "is the url right (a sub-path missing?), or did a proxy or a login page answer in Grafana's place?"
    return Unreachable((Diagnostic("not-grafana", text, hint),), status=status, ambiguous=_unclear(request, status))


def redirected(request: ApiRequest, status: int, location: str) -> Unreachable:
    """Redirects are never followed: one on a write would turn a POST into a GET."""
    where = f'to "{location}"' if location else "without saying where"
    text = f"{_asked(request, status)}: redirected {where}; redirects are not followed"
    hint = "change the url to the address that it leads to (https instead of http? a sub-path?)"
    return Unreachable((Diagnostic("redirect", text, hint),), status=status)


def broken(request: ApiRequest, status: int, how: str) -> ServerError:
    """The body ended too early, or is no JSON though it says that it is."""
    item = Diagnostic("broken-answer", f"{_asked(request, status)}: {how}", "did a proxy cut it? Run again")
    return ServerError((item,), status=status, ambiguous=_unclear(request, status))


def lost(request: ApiRequest, url: str, loss: Loss) -> Unreachable:
    """No answer came. Where the request may have arrived, a write is ambiguous."""
    ambiguous = loss.sent and request.method != "GET"
    hint = "it is not known whether Grafana did it: run again, ggrec looks first" if ambiguous else loss.hint
    text = f"{request.method} {url}{request.path}: {loss.reason}"
    return Unreachable((Diagnostic("no-answer" if ambiguous else "unreachable", text, hint),), ambiguous=ambiguous)


def unwelcome(request: ApiRequest, url: str, seconds: float, *, out_of_time: bool) -> ServerError:
    """Not sent at all: the server asked for quiet, for longer than anybody waits, or than the run's time limit allows
    (OutOfTime).
    """
    text = f"{request.method} {url}{request.path}: not sent: the server wants no request for another {seconds:.0f} s"
    sort = OutOfTime if out_of_time else Unreachable
    return sort((Diagnostic("quiet", text, f"run again in {seconds:.0f} s"),), status=429)


def _asked(request: ApiRequest, status: int) -> str:
    return f"{request.method} {request.path}: HTTP {status}"


def _unclear(request: ApiRequest, status: int) -> bool:
    """Whether an answer that cannot be read leaves open if the write happened: a 4xx says that it did not."""
    return request.method != "GET" and not 400 <= status < 500

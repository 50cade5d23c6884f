"""What an answer that is not the one hoped for means: status and body → a typed error that says what, why, and what
to do.
"""

from reconciler.core.errors import Diagnostic, Forbidden, ServerError, Unauthorized, Unreachable
from reconciler.core.exchange import ApiRequest
from reconciler.core.json import Json, as_object, text_of

_UNAUTHORIZED = {
    "api-key.expired": ("the token has expired", "make a new one: Administration → Service accounts"),
    "api-key.invalid": ("Grafana does not know this token", "check GRAFANA_TOKEN, or auth.token in ggrec.yaml"),
    "password-auth.failed": (
        "wrong user or password",
        "check them; after five wrong ones Grafana locks the user for about five minutes, also for the right one",
    ),
    "api-key.organization-mismatch": (
        "the token belongs to another organisation",
        "a token is good for its own organisation only: leave `org` out, or use a token of that one",
    ),
}


def failure(request: ApiRequest, status: int, body: Json, *, began: bool = False) -> ServerError:
    """The error for an answer whose status the exchange does not handle (grafana-api.md section 2)."""
    what = f"{request.method} {request.path}"
    message = text_of(as_object(body).get("message"))
    if status == 401:
        code = text_of(as_object(body).get("messageId"))
        why, hint = _UNAUTHORIZED.get(code, (message or "not signed in", "check the credentials of this instance"))
        return Unauthorized(
            (Diagnostic("unauthorized", f"{what}: HTTP 401: {why}", hint),), status=401, message=message
        )
    if status == 403 and _lacks_permission(body):
        text = message or "the credentials may not do this"
        hint = "give the service account this permission, or the role Admin of the organisation"
        return Forbidden(
            (Diagnostic("forbidden", f"{what}: HTTP 403: {text}", hint),), status=403, message=message, began=began
        )
    hints = {
        404: "is the object gone, or does this Grafana not have this API?",
        412: "somebody else saved it since it was read: plan again",
        409: "somebody else saved it, or it exists already: plan again",
        413: "Grafana takes bodies up to 16 MB",
        429: "the server asks for fewer requests: run again later, or with --parallelism 1",
    }
    hint = hints.get(status, "see Grafana's log" if status >= 500 else "the server refused what was sent")
    return ServerError(
        (Diagnostic(f"http-{status}", f"{what}: HTTP {status}: {message or 'no message'}", hint),),
        status=status,
        message=message,
        ambiguous=status >= 500 and request.method != "GET",
        began=began,
    )


def _lacks_permission(body: Json) -> bool:
    """403 is also said of read-only datasources and library panels in use, which no permission helps (sections 12,
    15).
    """
    text = text_of(as_object(body).get("message")).lower()
    return not ("read-only" in text or "has connections" in text)


def not_grafana(request: ApiRequest, status: int, content_type: str, beginning: str) -> Unreachable:
    """An answer that Grafana's API never gives: HTML, or text that is not JSON."""
    kind = content_type.partition(";")[0] or "no content type"
    start = " ".join(beginning.split())[:60]
    return Unreachable(
        (
            Diagnostic(
                "not-grafana",
                f"{request.method} {request.path}: HTTP {status} with {kind} ({start!r}…): this is not Grafana's API",
                "is the URL right (a sub-path missing?), or did a proxy or a login page answer in Grafana's place?",
            ),
        ),
        status=status,
        ambiguous=request.method != "GET",
    )


def redirected(request: ApiRequest, status: int, location: str) -> Unreachable:
    """Redirects are never followed: one on a write would turn a POST into a GET."""
    return Unreachable(
        (
            Diagnostic(
                "redirect",
                f"{request.method} {request.path}: HTTP {status}: redirected to {location or 'nowhere'}",
                "write the address that it leads to as the url (https instead of http? a sub-path?)",
            ),
        ),
        status=status,
    )


def truncated(request: ApiRequest, status: int) -> ServerError:
    """The body ended too early, or is broken JSON though it says it is JSON."""
    text = f"{request.method} {request.path}: HTTP {status}: the answer is not complete JSON"
    return ServerError(
        (Diagnostic("broken-answer", text, "a proxy may have cut it: try again"),),
        status=status,
        ambiguous=request.method != "GET",
    )


def unreachable(request: ApiRequest, url: str, reason: str, *, sent: bool) -> Unreachable | ServerError:
    """No answer came. Where the request may have arrived (`sent`), a write is ambiguous."""
    text = f"{request.method} {url}{request.path}: {reason}"
    if sent and request.method != "GET":
        hint = "it is not known whether Grafana did it: run again, ggrec looks first"
        return ServerError((Diagnostic("no-answer", text, hint),), ambiguous=True)
    return Unreachable((Diagnostic("unreachable", text, "is Grafana running, and is the url right?"),))

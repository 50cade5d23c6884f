"""What is wrong with the address of a Grafana. A message never quotes it: it may hold a secret."""

from urllib.parse import urlsplit

from reconciler.core.errors import Diagnostic
from reconciler.core.source import MarkedDict, Path, mark_at


def url_problem(url: str) -> str:
    """Why a text is not the address of a Grafana; "" where it is one. The text itself may hold a secret."""
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "its host or port is malformed"
    if parts.username is not None or parts.password is not None:
        return "it carries credentials, which would end up in logs"
    if parts.query or parts.fragment:
        return "it carries a query or a fragment"
    if parts.scheme.lower() not in {"http", "https"} or not host:
        return "it is not of the form http://host[:port][/path] or https://…"
    return ""


def url_diagnostic(what: str, problem: str, path: Path, written: MarkedDict | None) -> Diagnostic:
    """The error for an unusable URL; `what` names where it comes from."""
    hint = "as in https://grafana.example.org/grafana"
    if "credentials" in problem:
        hint += "; user and password belong to auth, as references"
    where = mark_at(written, path) if written is not None else None
    return Diagnostic("bad-url", f"{what} is not the address of a Grafana: {problem}", hint, where)

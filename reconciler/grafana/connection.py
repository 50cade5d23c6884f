"""Where a Grafana is and how to get in. Values only; nothing is opened here."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from reconciler.core.errors import InvalidInput
from reconciler.core.resource import SecretRef


@dataclass(frozen=True, slots=True)
class Tls:
    """How to trust the server, and how to be known by it: files in PEM form. `insecure_skip_verify` trusts anybody."""

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    insecure_skip_verify: bool = False


@dataclass(frozen=True, slots=True)
class Connection:
    """One Grafana and one organisation in it. Either `token`, or `user` and `password`. `timeout` is in seconds per
    request.
    """

    url: str
    token: SecretRef | None = None
    user: str | None = None
    password: SecretRef | None = None
    org: int | None = None
    tls: Tls = Tls()
    timeout: float = 30.0
    reads_at_once: int = 4


def base_url(text: str) -> str:
    """The one spelling of a Grafana's address: no trailing or doubled slashes, no `/api` at the end, lower-case host.

    Raises InvalidInput for anything that is not an http(s) address, and for one that carries credentials or a query.
    """
    parts = urlsplit(text.strip())
    problem = ""
    try:
        port = parts.port
    except ValueError:
        port, problem = None, "its port is not a number from 1 to 65535"
    if parts.scheme.lower() not in {"http", "https"} or not parts.hostname:
        problem = "it is not of the form http://host[:port][/path] or https://…"
    elif parts.username is not None or parts.password is not None:
        problem = "it carries credentials, which would end up in logs: use auth in ggrec.yaml, or GRAFANA_TOKEN"
    elif parts.query or parts.fragment:
        problem = "it carries a query or a fragment: give only the address of Grafana's start page"
    if problem:
        shown = text if parts.password is None else "the given URL"
        raise InvalidInput.one(
            "bad-url", f"{shown}: not a usable Grafana URL: {problem}", hint="as in https://grafana.example.org/grafana"
        )
    assert parts.hostname is not None
    scheme = parts.scheme.lower()
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    default = {"http": 80, "https": 443}[scheme]
    path = "/".join(segment for segment in parts.path.split("/") if segment)
    for ending in ("api", "apis"):
        if path == ending or path.endswith("/" + ending):
            path = path[: -len(ending)].rstrip("/")
    return f"{scheme}://{host}" + (f":{port}" if port and port != default else "") + (f"/{path}" if path else "")

"""Where a Grafana is and how to get in. Values only; nothing is opened here."""

import math
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import force_setattr

from reconciler.core.errors import Diagnostic, InvalidInput
from reconciler.core.resource import SecretRef

_DEFAULT_PORTS = {"http": 80, "https": 443}


class Tls(Struct, frozen=True):
    """How to trust the server, and how to be known by it: files in PEM form. `insecure_skip_verify` trusts anybody."""

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    insecure_skip_verify: bool = False


class Connection(Struct, frozen=True):
    """One Grafana and one organisation in it.

    A `token`, or `user` and `password` (the token wins where both are given). `url` is kept in the spelling of
    `base_url`. `org` selects the organisation with basic auth and is only checked with a token. `timeout`: seconds
    without progress after which a request is given up. `parallelism`: reads that may be under way at once; more than
    4 gain nothing (grafana-api.md section 5). `writes`: the same for everything else.
    Raises InvalidInput with everything that is wrong.
    """

    url: str
    token: SecretRef | None = None
    user: str | None = None
    password: SecretRef | None = None
    org: int | None = None
    tls: Tls = Tls()
    timeout: float = 30.0
    parallelism: int = 4
    writes: int = 2

    def __post_init__(self) -> None:
        force_setattr(self, "url", base_url(self.url))
        found: list[Diagnostic] = []
        if self.token is None and (self.user is None) != (self.password is None):
            text = "a user and a password go together, and one of them is missing"
            found.append(Diagnostic("half-credentials", text, "set GRAFANA_USER and GRAFANA_PASSWORD, or a token"))
        if self.token is None and self.user is not None and (":" in self.user or not self.user.isprintable()):
            text = f"the user {self.user!r} cannot be sent: colons and control characters are not possible"
            found.append(Diagnostic("bad-user", text, "use the e-mail address, or a service account's token"))
        if self.org is not None and self.org < 1:
            text = f"org is {self.org}: organisations are numbered from 1"
            found.append(Diagnostic("bad-org", text, "Grafana shows the number under Administration, Organizations"))
        if self.tls.key is not None and self.tls.certificate is None:
            found.append(
                Diagnostic("tls-certificate", "tls.key is set without tls.certificate", "set both, or neither")
            )
        if not (self.timeout > 0 and math.isfinite(self.timeout)):
            found.append(Diagnostic("bad-timeout", f"timeout is {self.timeout}", "give seconds, more than 0"))
        if self.parallelism < 1:
            found.append(Diagnostic("bad-parallelism", f"parallelism is {self.parallelism}", "give 1 or more"))
        if self.writes < 1:
            found.append(Diagnostic("bad-writes", f"writes is {self.writes}", "give 1 or more"))
        if found:
            raise InvalidInput(tuple(found))


def base_url(text: str) -> str:
    """The one spelling of a Grafana's address: no trailing or doubled slashes, no `/api` at the end, lower-case host,
    no default port. Applying it twice changes nothing.

    Raises InvalidInput for anything that is not an http(s) address, and for one that carries credentials, a query or a
    fragment. The text is quoted back only where it can hold no secret.
    """
    text = text.strip()
    try:
        parts = urlsplit(text)
        scheme, host, port = parts.scheme.lower(), parts.hostname, parts.port
    except ValueError:
        raise _bad_url(text, "its host or port is malformed") from None
    if parts.username is not None or parts.password is not None:
        raise _bad_url(text, "it carries credentials, which would end up in logs: use auth in ggrec.yaml instead")
    if parts.query or parts.fragment or "?" in text or "#" in text:
        raise _bad_url(text, "it carries a query or a fragment: give only the address of Grafana's start page")
    if scheme not in _DEFAULT_PORTS or not host:
        raise _bad_url(text, "it is not of the form http://host[:port][/path] or https://…")
    if port == 0 or not text.isprintable() or " " in text or "\\" in text:
        raise _bad_url(text, "it has a port 0, a blank, a backslash or a control character in it")
    segments = [segment for segment in parts.path.split("/") if segment]
    if any(segment in {".", ".."} for segment in segments):
        raise _bad_url(text, "its path has '.' or '..' in it")
    if segments and segments[-1] in {"api", "apis"}:
        segments.pop()
    shown_host = f"[{host}]" if ":" in host else host
    shown_port = f":{port}" if port is not None and port != _DEFAULT_PORTS[scheme] else ""
    return "/".join([f"{scheme}://{shown_host}{shown_port}", *segments])


def is_loopback(url: str) -> bool:
    """Whether a normalised address names this machine: no proxy can reach what is meant by it."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _bad_url(text: str, problem: str) -> InvalidInput:
    harmless = text.isprintable() and not set("@?#") & set(text)
    shown = text if harmless else "the given URL"
    return InvalidInput.one(
        "bad-url", f"{shown}: not a usable Grafana URL: {problem}", hint="as in https://grafana.example.org/grafana"
    )

"""How a server is reached: trust, who carries requests out, and what it means that no answer came. Sends nothing by
itself.
"""

import ssl
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from reconciler.core.errors import InvalidInput
from reconciler.grafana.connection import Connection, Tls, is_loopback
from reconciler.grafana.direct import Direct
from reconciler.grafana.replies import Reply

if TYPE_CHECKING:
    from reconciler.grafana.http_library import httpx

LONGEST_CONNECT = 10.0
"""Seconds for a connection to come about: where nobody answers at all, patience does not help."""


class Http(Protocol):
    """Carries out requests to one server, by HTTP/1.1 with keep-alive; follows no redirect, sends nothing twice."""

    async def exchange(self, method: str, url: str, headers: Mapping[str, str], content: bytes | None) -> Reply:
        """Send it, and give the whole answer. Raises what broken.py lists, and UnicodeError for an impossible host."""

    async def aclose(self) -> None:
        """End all connections. May be called twice."""


def open_http(connection: Connection, transport: "httpx.AsyncBaseTransport | None" = None) -> Http:
    """Who carries out requests: the library where the environment has a proxy (it is never used for this machine) and
    where a `transport` stands in for the network. Raises InvalidInput for unusable settings.
    """
    url = connection.url
    context = trust(connection.tls) if url.startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    to_connect, here = min(connection.timeout, LONGEST_CONNECT), is_loopback(url)
    if transport is None and url.isascii() and not _by_proxy(url):
        # Grafana compresses a page of 2 MB where it may, and what asked waits for it: between programs of one machine
        # nothing is gained by that.
        return Direct(url, context, compressed=not here, to_connect=to_connect, to_answer=connection.timeout)
    from reconciler.grafana.by_library import ByLibrary  # takes as long to import as all of planning

    return ByLibrary(
        url, context, proxied=not here, to_connect=to_connect, to_answer=connection.timeout, transport=transport
    )


def _by_proxy(url: str) -> bool:
    """Whether the environment names any proxy that may stand before this address."""
    if is_loopback(url):
        return False
    from urllib.request import getproxies  # with what it brings along, a tenth of all imports

    return any(getproxies().get(name) for name in (url.partition(":")[0], "all"))


def trust(tls: Tls) -> ssl.SSLContext:
    """Whom to believe and how to be known. Raises InvalidInput naming the setting whose file cannot be used."""
    if tls.insecure_skip_verify:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif tls.ca is not None:
        try:
            context = ssl.create_default_context(cafile=tls.ca)
        except OSError as error:  # ssl.SSLError is one
            raise _bad_file("tls.ca", f"{tls.ca} is not usable as PEM certificates", error) from None
    else:
        from reconciler.grafana.http_library import httpx  # knows where certificates are

        try:
            context = httpx.create_ssl_context()
        except OSError as error:
            text = "the certificates that SSL_CERT_FILE or SSL_CERT_DIR names are not usable"
            raise _bad_file("tls.ca", text, error) from None
    if tls.certificate is not None:
        try:
            context.load_cert_chain(tls.certificate, tls.key, password="")  # a password would be asked for at a prompt
        except OSError as error:
            text = (
                f"{tls.certificate} with key {tls.key or tls.certificate} is not usable (PEM, key without a password)"
            )
            raise _bad_file("tls.certificate", text, error) from None
    return context


def _bad_file(setting: str, text: str, error: OSError) -> InvalidInput:
    reason = getattr(error, "reason", None) or error.strerror or "unreadable"
    return InvalidInput.one(setting.replace(".", "-"), f"{setting}: {text}: {reason}", hint="see tls in ggrec.yaml")

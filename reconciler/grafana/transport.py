"""How a server is reached: trust, who carries requests out, and what it means that no answer came. Sends nothing by
itself.
"""

import socket
import ssl
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

from reconciler.core.errors import InvalidInput
from reconciler.grafana.broken import (
    NeverSent,
    NoAnswerInTime,
    NoConnection,
    NoConnectionInTime,
    NoPlace,
    ProxyRefused,
    Unsendable,
)
from reconciler.grafana.connection import Connection, Tls, is_loopback
from reconciler.grafana.direct import Direct
from reconciler.grafana.replies import Loss, Reply

if TYPE_CHECKING:
    from reconciler.grafana.http_library import httpx

_TLS_AT_WORK = (ssl.SSLWantReadError, ssl.SSLWantWriteError, ssl.SSLZeroReturnError, ssl.SSLEOFError)
"""No failures of TLS: they come along with every connection that breaks over it."""
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


def loss_of(error: Exception, timeout: float) -> Loss:
    """What it means that a request ended with an exception (of broken.py, or of the system) instead of an answer."""
    sent = not isinstance(error, NeverSent)
    if isinstance(error, NoConnectionInTime):
        hint = "is the url right (host, port), and is there a firewall in between?"
        return Loss(f"no connection within {min(timeout, LONGEST_CONNECT):g} s", hint, sent)
    if isinstance(error, (NoAnswerInTime, NoPlace, TimeoutError)):
        hint = "is it overloaded? `timeout` of the instance in ggrec.yaml allows more"
        return Loss(f"no answer within {timeout:g} s", hint, sent)
    causes = tuple(_causes(error))
    if isinstance(error, ProxyRefused):
        from reconciler.grafana.by_library import PROXY_HINT

        return Loss("the proxy of the environment refused the connection", PROXY_HINT, sent=False)
    for cause in causes:
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, _TLS_AT_WORK):
            return _tls_loss(cause, sent)
    for cause in causes:
        if isinstance(cause, socket.gaierror):
            lasting = cause.errno != socket.EAI_AGAIN
            return Loss(f"the host name does not resolve ({cause.strerror})", "is the url right?", False, lasting)
        if isinstance(cause, UnicodeError):
            return Loss("the host name is not possible", "is the url right?", sent=False, lasting=True)
    hint = "is Grafana running, and is the url right (host, port, http or https)?"
    if any(isinstance(cause, _TLS_AT_WORK) for cause in causes):
        hint += " A server that wants a client certificate (tls.certificate in ggrec.yaml) may break off like this."
    if isinstance(error, NoConnection):
        refused = any(isinstance(cause, ConnectionRefusedError) for cause in causes)
        reason = "connection refused" if refused else "cannot connect" + (f" ({error})" if str(error) else "")
        return Loss(reason, hint, sent=False)
    if isinstance(error, Unsendable):
        # The text of a local protocol error quotes the header that is wrong.
        return Loss("the request cannot be sent", "this is a fault of ggrec or of the url", sent=False, lasting=True)
    return Loss("the connection broke before the answer was complete", hint, sent)


def _tls_loss(error: ssl.SSLError, sent: bool) -> Loss:
    reason = (error.reason or "").replace("_", " ").lower()
    if isinstance(error, ssl.SSLCertVerificationError):
        text = f"its TLS certificate is not trusted here: {error.verify_message}"
        if error.verify_code in {62, 64}:  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
            return Loss(text, "use the host name that the certificate is made for in the url", False, lasting=True)
        hint = "name its authority's certificate with tls.ca in ggrec.yaml (tls.insecure_skip_verify trusts anybody)"
        return Loss(text, hint, False, lasting=True)
    if "wrong version number" in reason or "record layer failure" in reason:
        return Loss(
            "it does not speak TLS on this port", "http:// instead of https:// in the url?", False, lasting=True
        )
    if "certificate required" in reason or "handshake failure" in reason or "unknown ca" in reason:
        hint = "set tls.certificate and tls.key in ggrec.yaml to a client certificate that it knows"
        return Loss(f"it refused the TLS connection: {reason}", hint, sent, lasting=True)
    return Loss(f"TLS failed: {reason or 'no reason given'}", "see tls in ggrec.yaml", sent)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and all it came from: HTTP libraries wrap what the system said, also in groups."""
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        here = waiting.pop(0)
        if here is None or id(here) in seen:
            continue
        seen.add(id(here))
        yield here
        waiting += [here.__cause__, here.__context__]
        if isinstance(here, BaseExceptionGroup):
            waiting += here.exceptions

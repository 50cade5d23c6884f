"""The HTTP library's side of a connection: trust, proxies, and what its exceptions mean. Sends nothing by itself."""

import logging
import socket
import ssl
from collections.abc import Iterator
from urllib.request import getproxies

from reconciler.core.errors import InvalidInput
from reconciler.grafana.connection import Connection, Tls, is_loopback
from reconciler.grafana.http_library import httpx
from reconciler.grafana.plain import Plain
from reconciler.grafana.replies import Loss

_PROXY_HINT = (
    "correct the environment's proxy variables (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY), or name the host in NO_PROXY"
)
# At DEBUG it logs the headers of answers, in which a server may repeat the credentials that it was sent.
logging.getLogger("httpcore").setLevel(logging.INFO)

_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)
_TLS_AT_WORK = (ssl.SSLWantReadError, ssl.SSLWantWriteError, ssl.SSLZeroReturnError, ssl.SSLEOFError)
"""No failures of TLS: they come along with every connection that breaks over it."""
LONGEST_CONNECT = 10.0
"""Seconds for a connection to come about: where nobody answers at all, patience does not help."""


def open_http(connection: Connection, transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    """A client of HTTP/1.1 with keep-alive that follows no redirect; the environment's proxies are used, but never for
    this machine. `transport` stands in for the network in tests. Raises InvalidInput for unusable settings.
    """
    url, problem = connection.url, ""
    context = trust(connection.tls) if url.startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        httpx.URL(url)
    except httpx.InvalidURL:
        raise InvalidInput.one("bad-url", f"{url}: not a usable Grafana URL: its host is malformed") from None
    here = is_loopback(url)
    if transport is None and not _by_proxy(url):
        transport = Plain(context)
    try:
        return httpx.AsyncClient(
            # Grafana compresses a page of 2 MB where it may, and what asked waits for it: between programs of one
            # machine nothing is gained by that.
            headers={"Accept-Encoding": "identity"} if here else None,
            timeout=httpx.Timeout(connection.timeout, connect=min(connection.timeout, LONGEST_CONNECT), pool=None),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=20),
            follow_redirects=False,
            verify=context,
            transport=transport,
            trust_env=not here,
        )
    except (ValueError, httpx.InvalidURL):
        problem = "a proxy in the environment is not of the form http://host:port"
    except ImportError:
        problem = "a SOCKS proxy in the environment needs the package socksio"
    # Outside the handler, so that no traceback shows the proxy's address, which may hold a password.
    raise InvalidInput.one("bad-proxy", problem, hint=_PROXY_HINT)


async def whole(http: httpx.AsyncClient, built: httpx.Request) -> tuple[httpx.Response, bytes]:
    """Send it; the answer and its body, which lies in no cycle then and goes when nobody wants it any more."""
    answer = await http.send(built, stream=True)
    try:
        content = b"".join([part async for part in answer.aiter_bytes()])
    finally:
        await answer.aclose()
        answer.stream = httpx.ByteStream(b"")  # it and the answer hold each other, and the request's body
    return answer, content


def _by_proxy(url: str) -> bool:
    """Whether the environment names any proxy that may stand before this address."""
    return not is_loopback(url) and any(getproxies().get(name) for name in (url.partition(":")[0], "all"))


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
    """What it means that a request ended with an exception instead of an answer."""
    sent = not isinstance(error, _NEVER_SENT)
    if isinstance(error, (httpx.TimeoutException, TimeoutError)):
        if isinstance(error, httpx.ConnectTimeout):
            hint = "is the url right (host, port), and is there a firewall in between?"
            return Loss(f"no connection within {min(timeout, LONGEST_CONNECT):g} s", hint, sent)
        hint = "is it overloaded? `timeout` of the instance in ggrec.yaml allows more"
        return Loss(f"no answer within {timeout:g} s", hint, sent)
    causes = tuple(_causes(error))
    if isinstance(error, httpx.ProxyError):
        return Loss("the proxy of the environment refused the connection", _PROXY_HINT, sent=False)
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
    if isinstance(error, httpx.ConnectError):
        refused = any(isinstance(cause, ConnectionRefusedError) for cause in causes)
        reason = "connection refused" if refused else "cannot connect" + (f" ({error})" if str(error) else "")
        return Loss(reason, hint, sent=False)
    if isinstance(error, (httpx.UnsupportedProtocol, httpx.LocalProtocolError)):
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

"""What it means that a request ended without an answer: why, in words, and whether anything of it was sent. Pure."""

import socket
import ssl
from collections.abc import Iterator

from reconciler.grafana.broken import (
    NeverSent,
    NoAnswerInTime,
    NoConnection,
    NoConnectionInTime,
    NoPlace,
    ProxyRefused,
    Unsendable,
)
from reconciler.grafana.replies import Loss
from reconciler.grafana.transport import LONGEST_CONNECT

_TLS_AT_WORK = (ssl.SSLWantReadError, ssl.SSLWantWriteError, ssl.SSLZeroReturnError, ssl.SSLEOFError)
"""No failures of TLS: they come along with every connection that breaks over it."""


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

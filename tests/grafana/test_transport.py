"""Trust and proxies over real sockets, and what the HTTP library's failures mean."""

import asyncio
import contextlib
import os
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.core.errors import GgrecError, InvalidInput, Unreachable
from reconciler.core.exchange import ApiResponse
from reconciler.grafana.broken import NoConnectionInTime
from reconciler.grafana.by_library import meant
from reconciler.grafana.connection import Connection, Tls
from reconciler.grafana.direct import Direct
from reconciler.grafana.losses import loss_of
from reconciler.grafana.transport import open_http, trust
from tests.grafana.support import GET, POST, RawServer, answer, client_of, raw_server

OPENSSL = shutil.which("openssl")
needs_openssl = pytest.mark.skipif(OPENSSL is None, reason="needs the command openssl to make certificates")


@dataclass(frozen=True)
class Certificates:
    """Self-signed certificates made for this run, each its own authority."""

    folder: Path

    def make(self, name: str, subject: str, alternative: str) -> tuple[Path, Path]:
        certificate, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        if not certificate.exists():
            command = [str(OPENSSL), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
            command += ["-nodes", "-days", "2", "-subj", f"/CN={subject}", "-addext", f"subjectAltName={alternative}"]
            command += ["-keyout", str(key), "-out", str(certificate)]
            subprocess.run(command, check=True, capture_output=True)
        return certificate, key

    @property
    def here(self) -> tuple[Path, Path]:
        return self.make("here", "here", "IP:127.0.0.1")

    @property
    def elsewhere(self) -> tuple[Path, Path]:
        return self.make("elsewhere", "elsewhere", "DNS:grafana.example.org")

    def server(self, pair: tuple[Path, Path], *, asks_for: Path | None = None) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*pair)
        if asks_for is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(asks_for)
        return context


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Certificates]:
    yield Certificates(tmp_path_factory.mktemp("tls"))


async def read_of(url: str, tls: Tls) -> ApiResponse | GgrecError:
    """What a read comes to."""
    async with client_of(url, tls=tls) as client:
        try:
            return await client.send(GET)
        except GgrecError as error:
            return error


def over_tls(context: ssl.SSLContext, tls: Tls) -> ApiResponse | GgrecError:
    """What a read of a server with this certificate comes to."""

    async def work() -> ApiResponse | GgrecError:
        asyncio.get_running_loop().set_exception_handler(lambda loop, problem: None)  # the server's failed handshakes
        async with raw_server(answer(200, {"uid": "f"}), ssl=context) as server:
            return await read_of(server.url.replace("http:", "https:"), tls)

    return asyncio.run(work())


@needs_openssl
def test_an_unknown_authority_is_refused_and_the_setting_named(certificates: Certificates) -> None:
    error = over_tls(certificates.server(certificates.here), Tls())
    assert type(error) is Unreachable
    assert "its TLS certificate is not trusted here: self-signed certificate" in str(error)
    assert "tls.ca in ggrec.yaml" in error.diagnostics[0].hint
    assert not error.ambiguous


@needs_openssl
def test_a_named_authority_is_trusted(certificates: Certificates) -> None:
    answered = over_tls(certificates.server(certificates.here), Tls(ca=certificates.here[0]))
    assert isinstance(answered, ApiResponse), str(answered)
    assert answered.body == {"uid": "f"}


@needs_openssl
def test_another_authority_is_not(certificates: Certificates) -> None:
    error = over_tls(certificates.server(certificates.here), Tls(ca=certificates.elsewhere[0]))
    assert type(error) is Unreachable
    assert "not trusted" in str(error)


@needs_openssl
def test_a_certificate_for_another_host_is_refused(certificates: Certificates) -> None:
    error = over_tls(certificates.server(certificates.elsewhere), Tls(ca=certificates.elsewhere[0]))
    assert type(error) is Unreachable
    assert "not trusted" in str(error)
    assert "the host name that the certificate is made for" in str(error)


@needs_openssl
def test_trust_can_be_given_up(certificates: Certificates) -> None:
    answered = over_tls(certificates.server(certificates.elsewhere), Tls(insecure_skip_verify=True))
    assert isinstance(answered, ApiResponse), str(answered)


@needs_openssl
def test_a_client_certificate_is_shown(certificates: Certificates) -> None:
    context = certificates.server(certificates.here, asks_for=certificates.elsewhere[0])
    own = Tls(ca=certificates.here[0], certificate=certificates.elsewhere[0], key=certificates.elsewhere[1])
    answered = over_tls(context, own)
    assert isinstance(answered, ApiResponse), str(answered)


@needs_openssl
@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_missing_client_certificate_is_named(certificates: Certificates, newest: ssl.TLSVersion) -> None:
    """From TLS 1.3 on the refusal comes after the handshake, as the answer to the request."""
    context = certificates.server(certificates.here, asks_for=certificates.elsewhere[0])
    context.maximum_version = newest
    with socket.create_server(("127.0.0.1", 0)) as listening:
        refusing = threading.Thread(target=refuse, args=(listening, context))
        refusing.start()
        error = asyncio.run(read_of(f"https://127.0.0.1:{listening.getsockname()[1]}", Tls(ca=certificates.here[0])))
        refusing.join()
    assert type(error) is Unreachable
    assert "it refused the TLS connection" in str(error)
    assert "set tls.certificate and tls.key" in error.diagnostics[0].hint


def refuse(listening: socket.socket, context: ssl.SSLContext) -> None:
    """Say no to one client as TLS servers do, and leave it the time to hear it."""
    plain, _ = listening.accept()
    with context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False) as connection:
        with pytest.raises(ssl.SSLError):
            connection.do_handshake()
        with contextlib.suppress(ConnectionError):
            while os.read(connection.fileno(), 4096):
                pass


def test_a_server_without_tls_is_told() -> None:
    async def work() -> ApiResponse | GgrecError:
        refusal = answer(400, b"Bad Request", media_type="text/plain")
        async with raw_server(refusal, blunt=True) as server:
            return await read_of(server.url.replace("http:", "https:"), Tls())

    error = asyncio.run(work())
    assert type(error) is Unreachable
    assert "it does not speak TLS on this port" in str(error)
    assert "http:// instead of https://" in str(error)


def test_unusable_files_are_named(tmp_path: Path) -> None:
    junk = tmp_path / "junk.pem"
    junk.write_text("nothing", encoding="utf-8")
    for tls, setting in (
        (Tls(ca=tmp_path / "nope.pem"), "tls.ca"),
        (Tls(ca=junk), "tls.ca"),
        (Tls(certificate=tmp_path / "nope.pem"), "tls.certificate"),
        (Tls(certificate=junk, key=junk), "tls.certificate"),
    ):
        with pytest.raises(InvalidInput) as caught:
            trust(tls)
        (item,) = caught.value.diagnostics
        assert item.code == setting.replace(".", "-")
        assert item.message.startswith(f"{setting}: {tls.ca or tls.certificate} ")


@needs_openssl
def test_a_key_with_a_password_does_not_stop_at_a_prompt(certificates: Certificates, tmp_path: Path) -> None:
    certificate, key = certificates.here
    locked = tmp_path / "locked.key"
    command = [str(OPENSSL), "ec", "-in", str(key), "-aes256", "-passout", "pass:word", "-out", str(locked)]
    subprocess.run(command, check=True, capture_output=True)
    with pytest.raises(InvalidInput, match="key without a password"):
        trust(Tls(certificate=certificate, key=locked))


def asked_over(url: str) -> tuple[ApiResponse | GgrecError, RawServer]:
    """A read of `url` ({port}: of a server here), and the server here."""

    async def work() -> tuple[ApiResponse | GgrecError, RawServer]:
        async with raw_server(answer(200, {"uid": "f"})) as server:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("http_proxy", f"http://127.0.0.1:{server.port}")
                patch.setenv("all_proxy", f"http://127.0.0.1:{server.port}")
                patch.delenv("no_proxy", raising=False)
                patch.delenv("NO_PROXY", raising=False)
                client = client_of(url.format(port=server.port))
            async with client:
                try:
                    return await client.send(GET), server
                except GgrecError as error:
                    return error, server

    return asyncio.run(work())


@pytest.mark.parametrize(("url", "encoding"), [("http://127.0.0.1:1", "identity"), ("http://grafana.example", "gzip")])
def test_only_between_machines_answers_come_compressed(url: str, encoding: str) -> None:
    http = open_http(Connection(url=url))
    assert isinstance(http, Direct)
    assert dict(http.fields)[b"Accept-Encoding"].decode() == encoding


def test_the_environments_proxy_is_used_for_other_hosts() -> None:
    answered, proxy = asked_over("http://grafana.example/sub")
    assert isinstance(answered, ApiResponse), str(answered)
    assert proxy.asked == ["GET http://grafana.example/sub/api/folders/f"]


def test_the_environments_proxy_is_never_used_for_this_machine() -> None:
    for host in ("127.0.0.1", "localhost"):
        answered, server = asked_over("http://" + host + ":{port}/sub")
        assert isinstance(answered, ApiResponse), str(answered)
        assert server.asked == ["GET /sub/api/folders/f"]


def test_a_proxy_that_refuses_is_named() -> None:
    async def work() -> GgrecError | None:
        async with raw_server(answer(407, b"")) as server:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("https_proxy", f"http://127.0.0.1:{server.port}")
                patch.delenv("no_proxy", raising=False)
                client = client_of("https://grafana.example")
            async with client:
                try:
                    await client.send(POST)
                except GgrecError as error:
                    return error
        return None

    error = asyncio.run(work())
    assert type(error) is Unreachable
    assert not error.ambiguous
    assert "the proxy of the environment refused the connection" in str(error)


def caused(error: httpx.HTTPError, cause: BaseException) -> httpx.HTTPError:
    error.__cause__ = OSError("wrapped")
    error.__cause__.__context__ = cause
    return error


NO_HOST = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
NOT_NOW = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")


@pytest.mark.parametrize(
    ("error", "says", "sent", "lasting"),
    [
        (caused(httpx.ConnectError("x"), NO_HOST), "does not resolve (Name or service not known)", False, True),
        (caused(httpx.ConnectError("x"), NOT_NOW), "does not resolve", False, False),
        (caused(httpx.ConnectError("x"), ConnectionRefusedError()), "connection refused", False, False),
        (httpx.ConnectError("No route to host"), "cannot connect (No route to host)", False, False),
        (caused(httpx.ConnectError("x"), ExceptionGroup("many", [NO_HOST])), "does not resolve", False, True),
        (httpx.ConnectTimeout(""), "no connection within 3 s", False, False),
        (httpx.ReadTimeout(""), "no answer within 3 s", True, False),
        (httpx.WriteTimeout(""), "no answer within 3 s", True, False),
        (httpx.PoolTimeout(""), "no answer within 3 s", False, False),
        (TimeoutError(), "no answer within 3 s", True, False),
        (caused(httpx.ReadError(""), ssl.SSLWantReadError(2, "did not complete")), "the connection broke", True, False),
        (httpx.ReadError(""), "the connection broke", True, False),
        (httpx.WriteError(""), "the connection broke", True, False),
        (httpx.RemoteProtocolError(""), "the connection broke", True, False),
        (httpx.DecodingError(""), "the connection broke", True, False),
        (httpx.LocalProtocolError("Illegal header value b'Bearer s3cret'"), "cannot be sent", False, True),
        (UnicodeError("label too long"), "the host name is not possible", False, True),
    ],
)
def test_what_a_failure_means(error: Any, says: str, sent: bool, lasting: bool) -> None:
    if isinstance(error, httpx.HTTPError):
        found = meant(error)
        found.__cause__ = error  # as `raise … from`
        error = found
    loss = loss_of(error, 3.0)
    assert says in loss.reason
    assert "s3cret" not in loss.reason + loss.hint
    assert (loss.sent, loss.lasting) == (sent, lasting)
    assert loss.hint


def test_patience_does_not_make_a_connection() -> None:
    assert "no connection within 10 s" in loss_of(NoConnectionInTime(), 30.0).reason


@pytest.mark.parametrize("url", ["http://" + "x" * 64 + ".example", "http://a..b"])
def test_a_host_that_cannot_be_is_told(url: str) -> None:
    async def work() -> None:
        async with client_of(url) as client:
            await client.send(GET)

    with pytest.raises(GgrecError, match="host"):
        asyncio.run(work())

"""A server that speaks S3 (moto's) on a loopback port, its requests one at a time: moto itself compares and writes in
two steps, and a real store in one. Switches make it fail as stores do.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
Wanted = Callable[[str, str], bool]


@dataclass
class Server:
    """`requests` are `METHOD path` in order. `lose`: do it, then answer 500, for the requests it chooses."""

    url: str = ""
    requests: list[str] = field(default_factory=list)
    lose: Wanted = lambda method, path: False
    fail: Wanted = lambda method, path: False
    unconditional: bool = False
    status: int = 500

    def __post_init__(self) -> None:
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._one = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        method, path = str(environ["REQUEST_METHOD"]), str(environ["PATH_INFO"])
        with self._one:
            self.requests.append(f"{method} {path}")
            if self.unconditional:
                environ.pop("HTTP_IF_NONE_MATCH", None)
                environ.pop("HTTP_IF_MATCH", None)
            if self.fail(method, path):
                start(f"{self.status} No", [("Content-Type", "application/xml")])
                return [b"<Error><Code>AccessDenied</Code><Message>Not you</Message></Error>"]
            if self.lose(method, path):
                list(self._moto(environ, lambda *ignored: lambda data: None))
                start("500 Lost", [])
                return [b""]
            return list(self._moto(environ, start))

    def bucket(self, name: str) -> str:
        """Make a bucket; its URL."""
        import boto3

        client: Any = boto3.client(
            "s3", endpoint_url=self.url, region_name="us-east-1", aws_access_key_id="t", aws_secret_access_key="t"
        )
        client.create_bucket(Bucket=name)
        return f"s3://{name}"


@contextmanager
def serving() -> Iterator[Server]:
    """The server, for the block."""
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    server = Server()
    http = make_server("127.0.0.1", 0, server, threaded=True)
    server.url = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()

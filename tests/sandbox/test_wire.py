"""What goes in and out as bytes, and when a sandbox can be reached."""

import json
import socket

import pytest

from reconciler.sandbox import create_app
from reconciler.sandbox.call import BAD, decoded, encoded
from reconciler.sandbox.server import _server


@pytest.mark.parametrize(
    "value", [{"b": 1, "a": [None, True, 0.25, "ü"]}, 2**70, {"half": "\ud800"}, {"deep": [[[{}]]]}, "", 0]
)
def test_json_goes_out_and_comes_back(value: object) -> None:
    assert json.loads(encoded(value)) == value
    assert decoded(json.dumps(value).encode()) == value


@pytest.mark.parametrize("body", [b"{", b"nonsense", b'{"a": 1} more', b"\xff"])
def test_what_is_no_json_is_known_as_that(body: bytes) -> None:
    assert decoded(body) is BAD


def test_it_can_be_reached_before_it_says_so() -> None:
    _, listener = _server(create_app(), 0)
    try:
        socket.create_connection(listener.getsockname(), timeout=5).close()
    finally:
        listener.close()

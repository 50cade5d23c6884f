"""Addresses of a Grafana: many spellings, one meaning; and what is refused."""

from pathlib import Path
from typing import Any

import pytest

from reconciler.core.errors import InvalidInput
from reconciler.core.resource import SecretRef
from reconciler.grafana.connection import Connection, Tls, base_url, is_loopback

SPELLINGS = (
    "http://h/grafana",
    "http://h/grafana/",
    "http://h//grafana",
    "http://h/grafana//",
    "http://h/grafana/api",
    "http://h/grafana/api/",
    "HTTP://H/grafana",
    "http://h:80/grafana",
)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_sub_path_in_eight_spellings_is_one_address(spelling: str) -> None:
    assert base_url(spelling) == "http://h/grafana"
    assert base_url(base_url(spelling)) == base_url(spelling)
    assert Connection(spelling).url == "http://h/grafana"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://h:443", "https://h"),
        ("https://h:80/", "https://h:80"),
        ("http://h:443", "http://h:443"),
        ("http://[::1]:3000/", "http://[::1]:3000"),
        ("  http://h/api \n", "http://h"),
        ("http://h/apis/", "http://h"),
        ("http://h/Grafana", "http://h/Grafana"),
        ("http://h/myapi", "http://h/myapi"),
        ("http://h/api/grafana", "http://h/api/grafana"),
    ],
)
def test_only_what_means_nothing_is_dropped(given: str, kept: str) -> None:
    assert base_url(given) == kept


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("http://h/?orgId=2", "a query or a fragment"),
        ("http://h/?", "a query or a fragment"),
        ("http://h/#login", "a query or a fragment"),
        ("http://admin:pass-word@h/", "credentials"),
        ("http://glsa_abc@h/", "credentials"),
        ("http://@h/", "credentials"),
        ("grafana.example.org", "not of the form"),
        ("ftp://h/", "not of the form"),
        ("http:///grafana", "not of the form"),
        ("", "not of the form"),
        ("http://h:port/", "malformed"),
        ("http://h:99999/", "malformed"),
        ("http://[::1/", "malformed"),
        ("http://h:0/", "port 0"),
        ("http://h h/", "a blank"),
        ("http://h/a\nb", "control character"),
        ("http://h\\grafana", "a backslash"),
        ("http://h/../x", "'.' or '..'"),
    ],
)
def test_what_is_no_address_is_refused(given: str, problem: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        base_url(given)
    (item,) = caught.value.diagnostics
    assert item.code == "bad-url"
    assert problem in item.message
    assert "not a usable Grafana URL" in item.message
    assert item.hint == "as in https://grafana.example.org/grafana"


@pytest.mark.parametrize(
    "given",
    [
        "http://admin:pass-word@h/",
        "http://pass-word@h/",
        "admin:pass-word@h",
        "http://h/?token=pass-word",
        "http://h/#pass-word",
        "http://admin:pass-word@h:port/",
        "ftp://admin:pass-word@h",
        "http://admin:pass-word@[::1/",
    ],
)
def test_a_secret_in_a_refused_address_is_not_quoted(given: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        base_url(given)
    assert "pass-word" not in str(caught.value)
    assert "the given URL" in str(caught.value)


def test_a_refused_address_without_secrets_is_quoted() -> None:
    with pytest.raises(InvalidInput, match=r"^ftp://h/x: "):
        base_url("ftp://h/x")


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://localhost:3000", True),
        ("http://grafana.localhost", True),
        ("http://127.0.0.1", True),
        ("http://127.8.9.1", True),
        ("http://[::1]:3000", True),
        ("http://0.0.0.0:3000", True),
        ("http://10.0.0.1", False),
        ("http://localhost.example.org", False),
        ("http://grafana", False),
    ],
)
def test_loopback(url: str, here: bool) -> None:
    assert is_loopback(url) is here


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"user": "admin"}, "half-credentials"),
        ({"password": SecretRef("${env:P}")}, "half-credentials"),
        ({"user": "a:b", "password": SecretRef("${env:P}")}, "bad-user"),
        ({"user": "a\nb", "password": SecretRef("${env:P}")}, "bad-user"),
        ({"org": 0}, "bad-org"),
        ({"timeout": 0.0}, "bad-timeout"),
        ({"timeout": float("nan")}, "bad-timeout"),
        ({"timeout": float("inf")}, "bad-timeout"),
        ({"parallelism": 0}, "bad-parallelism"),
        ({"tls": Tls(key=Path("k.pem"))}, "tls-certificate"),
    ],
)
def test_unusable_settings_are_named(settings: dict[str, Any], code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Connection("http://h", **settings)
    assert [item.code for item in caught.value.diagnostics] == [code]


def test_everything_wrong_is_said_at_once() -> None:
    with pytest.raises(InvalidInput) as caught:
        Connection("http://h", user="admin", org=-1, timeout=-1.0)
    assert {item.code for item in caught.value.diagnostics} == {"half-credentials", "bad-org", "bad-timeout"}


def test_a_token_stands_in_for_half_credentials() -> None:
    assert Connection("http://h", token=SecretRef("${env:T}"), user="admin").user == "admin"

"""The rules, each with what it finds and what it leaves alone."""

import json
from importlib.metadata import EntryPoint
from typing import Any

import pytest
from msgspec.structs import replace

import reconciler.lint as package
from reconciler.core.address import Address
from reconciler.core.errors import Diagnostic, Severity
from reconciler.core.literals import without_literals
from reconciler.core.resource import Resource, SecretRef
from reconciler.core.source import Mark
from reconciler.lint import check, rules
from tests.conftest import shared


def resource(kind: str, name: str, line: int = 1, **attributes: Any) -> Resource:
    return Resource(Address(kind, name), name, attributes, source=Mark("a.yaml", line, 1))


def dashboard(name: str, title: str, folder: str = "", line: int = 1, **model: Any) -> Resource:
    model = {"panels": [{"type": "text"}], **model, "title": title}
    return resource("dashboard", name, line, folderUid=folder, dashboard=model)


def datasource(**attributes: Any) -> Resource:
    return resource("datasource", "d", **attributes)


def messages(*resources: Resource) -> list[str]:
    return [f"{item.where} {item.severity} {item.code} {item.subject}: {item.message}" for item in check(resources)]


def test_rules_are_found_by_looking() -> None:
    names = [rule.__module__.rpartition(".")[2] for rule, _ in rules()]
    assert names == sorted(names)
    assert {"duplicate_title", "empty_dashboard", "literal_secret"} <= set(names)


def test_packages_may_bring_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("mine", "tests.lint.test_rules:everything_is_wrong", "ggrec.rules")
    monkeypatch.setattr(package, "entry_points", lambda *, group: [point] if group == "ggrec.rules" else [])
    assert "a.yaml:1:1 error mine folder.f: wrong" in messages(resource("folder", "f", title="F", parentUid=""))


def everything_is_wrong(resources: Any) -> list[Diagnostic]:
    return [Diagnostic("mine", "wrong", where=item.source, subject=str(item.address)) for item in resources]


def test_two_dashboards_of_one_title_in_one_folder() -> None:
    found = messages(
        dashboard("a", "Orders", "ops"),
        dashboard("b", "Orders ", "ops", line=9),
        dashboard("c", "Orders", "sales"),
        dashboard("d", "Orders"),
        dashboard("e", "Orders", line=20),
        dashboard("f", "orders", "ops"),
    )
    assert found == [
        "a.yaml:9:1 warning duplicate-title dashboard.b: has the title 'Orders' of dashboard.a in the same folder",
        "a.yaml:20:1 warning duplicate-title dashboard.e: has the title 'Orders' of dashboard.d at the top level",
    ]


def test_two_folders_of_one_title_in_one_folder() -> None:
    found = messages(
        resource("folder", "a", title="Ops", parentUid="x"),
        resource("folder", "b", title="Ops", parentUid=""),
        resource("folder", "c", 5, title="Ops", parentUid="x"),
        dashboard("d", "Ops", "x"),
    )
    assert found == ["a.yaml:5:1 warning duplicate-title folder.c: has the title 'Ops' of folder.a in the same folder"]


@pytest.mark.parametrize(
    ("model", "empty"),
    [
        ({"panels": []}, True),
        ({"panels": None}, True),
        ({"panels": [{"type": "row", "panels": []}]}, True),
        ({"panels": [], "rows": [{"panels": []}]}, True),
        ({"panels": [{"type": "row", "panels": [{"type": "text"}]}]}, False),
        ({"panels": [{"libraryPanel": {"uid": "x"}}]}, False),
        ({"panels": [], "rows": [{"panels": [{}]}]}, False),
    ],
)
def test_dashboards_in_which_there_is_nothing_to_see(model: dict[str, Any], empty: bool) -> None:
    found = [item for item in check([dashboard("a", "A", **model)]) if item.code == "empty-dashboard"]
    assert bool(found) is empty
    assert all(item.severity is Severity.WARNING for item in found)


@pytest.mark.parametrize(
    ("json_data", "path"),
    [
        ({"password": "x1"}, "jsonData.password"),
        ({"clientSecret": "x1"}, "jsonData.clientSecret"),
        ({"apiKey": "x1"}, "jsonData.apiKey"),
        ({"api_key": "x1"}, "jsonData.api_key"),
        ({"azure": {"credentials": [{"accessToken": "x1"}]}}, "jsonData.azure.credentials[0].accessToken"),
        ({"httpHeaderValue1": "x1"}, "jsonData.httpHeaderValue1"),
        ({"tlsClientKey": "x1"}, "jsonData.tlsClientKey"),
        ({"userPassword": "x1"}, "jsonData.userPassword"),
        ({"proxy": "https://me:x1@proxy:3128"}, "jsonData.proxy"),
    ],
)
def test_what_looks_like_a_secret_in_plain_text(json_data: dict[str, Any], path: str) -> None:
    (found,) = check([datasource(jsonData=json_data)])
    assert (found.code, found.severity) == ("literal-secret", Severity.ERROR)
    assert found.message.startswith(f"{path} ")
    assert "x1" not in str(found)


def test_a_password_in_the_url() -> None:
    (found,) = check([datasource(url="http://me:x1@host:9090/a", jsonData={})])
    assert found.message == "url has a password in it"
    assert "x1" not in str(found)


@pytest.mark.parametrize(
    "attributes",
    [
        {"jsonData": {"tokenUrl": "https://login/x", "secretName": "a", "oauthPassThru": True, "passwordless": "no"}},
        {"jsonData": {"password": "", "token": None, "secret": False}},
        {"jsonData": {"httpHeaderName1": "X-Token", "tlsAuth": True, "keepCookies": ["a"]}},
        {"jsonData": {"query": "http://host:9090/a@b", "time": "12:30@x"}},
        {"url": "http://user@host:9090", "jsonData": {}},
        {"url": "http://host:9090/a:b@c", "jsonData": {}},
        {"url": "", "jsonData": None},
    ],
)
def test_what_only_looks_a_little_like_a_secret(attributes: dict[str, Any]) -> None:
    assert check([datasource(**attributes)]) == ()


TOKENS = {
    "a Grafana token": "glsa_" + "Ab3" * 10 + "_1a2b3c4d",
    "a GitHub token": "ghp_" + "Ab3" * 12,
    "a GitLab token": "glpat-" + "Ab3" * 7,
    "an AWS access key": "AKIA" + "ABCD" * 4,
    "a Slack token": "xoxb-" + "123456789012",
    "a Google API key": "AIza" + "Ab3-_" * 7,
    "a Vault token": "hvs." + "Ab3" * 8,
    "an age key": "AGE-SECRET-KEY-1" + "QPZRY" * 8,
    "a JSON web token": ".".join(["eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxIn0", "abcDEF123-_abc"]),
    "a private key": "-----BEGIN RSA PRIVATE KEY-----\nMIIx1\n-----END RSA PRIVATE KEY-----",
    "a password in a URL": "https://me:x1y2z3@host/api",
}


@pytest.mark.parametrize("what", TOKENS)
def test_credentials_are_known_by_their_look_in_every_kind(what: str) -> None:
    text = f"use {TOKENS[what]} here"
    panel = {"title": "P", "targets": [{"url": text}]}
    all_ = [dashboard("a", "A", panels=[panel]), resource("folder", "f", title=text), datasource(user=text)]
    found = sorted(check(all_), key=lambda item: item.subject)
    assert [(item.severity, item.subject, item.code) for item in found] == [
        (Severity.WARNING, "dashboard.a", "literal-secret"),
        (Severity.ERROR, "datasource.d", "literal-secret"),
        (Severity.WARNING, "folder.f", "literal-secret"),
    ]
    assert found[0].message == f"dashboard.panels[0].targets[0].url has {what} in it"
    assert all(TOKENS[what] not in str(item) for item in found)
    assert TOKENS[what] not in without_literals(text)


@pytest.mark.parametrize(
    "target",
    [
        {"headers": [{"key": "Authorization", "value": "Basic x1"}]},
        {"headers": {"X-API-Key": "x1"}},
        {"url_options": {"headers": [{"name": "cookie", "value": "x1"}]}},
    ],
)
def test_headers_that_carry_a_credential(target: dict[str, Any]) -> None:
    (found,) = check([dashboard("a", "A", panels=[{"targets": [target]}])])
    assert found.message.endswith("is a header that carries a credential")
    assert "x1" not in str(found)


@pytest.mark.parametrize(
    "text",
    [
        "https://user:password@host", "https://user:${password}@host", "http://me:<token>@host", "http://me:xxx@host",
        "postgres://$user:$pass@db", "http://host:9090/a@b", "mailto:a@b.c", "the token glsa_… of Grafana",
        "eyJ is how they begin", "rate(glsa_total[5m])", "AKIA is a prefix", "-----BEGIN CERTIFICATE-----",
        "http://localhost:3000/d/x?y=a:b@c", "git@host:group/project",
    ],
)  # fmt: skip
def test_what_only_looks_a_little_like_a_credential(text: str) -> None:
    headers = [{"key": "Authorization", "value": "$token"}, {"key": "Accept", "value": "a"}, {"key": "x-api-key"}]
    panel = {"description": text, "targets": [{"headers": headers, "token": "name", "password": "field"}]}
    assert check([dashboard("a", "A", panels=[panel])]) == ()


def test_a_credential_in_a_reference() -> None:
    secrets = {"secureJsonData.a": SecretRef("${command:show --token glsa_0123456789abcdef0123}")}
    (found,) = check([replace(datasource(), secrets=secrets)])
    assert found.severity is Severity.ERROR
    assert "glsa_" not in str(found)


def test_real_dashboards_have_no_false_findings() -> None:
    files = sorted(shared("corpus").glob("*.json"))
    boards = [json.loads(file.read_text("utf-8-sig")) for file in files]
    found = check(
        [resource("dashboard", file.stem, dashboard=board) for file, board in zip(files, boards, strict=True)]
    )
    assert len(boards) > 100
    assert [item for item in found if item.code == "literal-secret"] == []

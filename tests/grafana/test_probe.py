"""What the probe finds out, in how many requests, and what it tolerates."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.core.errors import GgrecError, ServerError
from reconciler.core.exchange import ApiRequest, Server
from reconciler.grafana.client import Client
from reconciler.grafana.probe import probe
from tests.grafana.support import PASSWORD, RawServer, Seen, answer, client_of, grafana_like, raw_server

BASIC: dict[str, Any] = {"user": "admin", "password": PASSWORD}
TEXT_404 = answer(404, b"404 page not found\n", media_type="text/plain; charset=utf-8")
STATUS_403 = answer(403, {"kind": "Status", "status": "Failure", "code": 403})


def found(changed: Mapping[str, bytes] | None = None, **settings: Any) -> tuple[Server, RawServer]:
    """What is found out about a server with some answers changed."""

    async def work() -> tuple[Server, RawServer]:
        def script(seen: Seen) -> bytes:
            return (changed or {}).get(seen.path) or grafana_like(seen)

        async with raw_server(script) as server, client_of(server.url, **settings) as client:
            return await probe(client), server

    return asyncio.run(work())


def test_everything_in_five_reads() -> None:
    server, asked = found(org=1)
    assert server == Server(
        url=asked.url,
        version="12.3.0",
        org_id=1,
        org_name="Main Org.",
        namespace="default",
        user="admin",
        apis=frozenset({"folder.grafana.app/v1beta1", "dashboard.grafana.app/v0alpha1"}),
    )
    assert len(asked.seen) == 5
    assert {seen.method for seen in asked.seen} == {"GET"}


def test_the_organisation_is_settled_before_anything_else_is_read() -> None:
    _, asked = found()
    assert sorted(asked.asked[:2]) == ["GET /api/health", "GET /api/org"]


def test_a_service_account_is_no_user() -> None:
    for status in (400, 403, 404):
        server, _ = found({"/api/user": answer(status, {"message": "Endpoint only available for users"})})
        assert (server.user, server.version) == ("", "12.3.0")


@pytest.mark.parametrize(
    "groups",
    [
        TEXT_404,
        STATUS_403,
        answer(404, {"message": "Not found"}),
        answer(404, b"<html></html>", media_type="text/html"),
        answer(200, {"kind": "APIGroupList", "groups": None}),
        answer(200, {"groups": ["x", {"versions": "y"}, {"versions": [1, {"groupVersion": 2}, {}]}]}),
    ],
)
def test_a_server_without_the_other_api_has_no_group(groups: bytes) -> None:
    server, _ = found({"/apis": groups})
    assert server.apis == frozenset()
    assert not server.serves("dashboard.grafana.app/v0alpha1")


@pytest.mark.parametrize("groups", [answer(500, {"message": "no"}), answer(200, b"{")])
def test_not_knowing_the_groups_is_not_having_none(groups: bytes) -> None:
    with pytest.raises(ServerError):
        found({"/apis": groups})


def test_settings_that_may_not_be_read_leave_what_is_known() -> None:
    hidden = {"/api/frontend/settings": answer(403, {"message": "no"})}
    server, _ = found(hidden)
    assert (server.version, server.namespace) == ("9.2.0", "default")
    server, _ = found({**hidden, "/api/org": answer(200, {"id": 4, "name": "Four"})})
    assert server.namespace == "org-4"


def test_a_version_may_be_hidden() -> None:
    bare = {"/api/health": answer(200, {"database": "ok"}), "/api/frontend/settings": answer(200, {})}
    assert found(bare)[0].version == ""


def test_a_sick_database_is_told() -> None:
    with pytest.raises(ServerError, match="HTTP 503: Grafana says of its database: failing") as caught:
        found({"/api/health": answer(503, {"database": "failing", "version": "12.3.0"})})
    assert caught.value.diagnostics[0].code == "unhealthy"


@pytest.mark.parametrize("org", [{}, {"id": "1"}, {"id": True}, {"id": None}])
def test_an_organisation_without_an_id_is_not_grafanas(org: dict[str, Any]) -> None:
    with pytest.raises(GgrecError, match="an organisation without an id"):
        found({"/api/org": answer(200, org)})


def orgs_named(client_settings: dict[str, Any]) -> list[str | None]:
    """The organisation header of the probe's requests, and of one after it."""

    async def work() -> list[str | None]:
        async with raw_server(grafana_like) as server, client_of(server.url, **client_settings) as client:
            await probe(client)
            await client.send(ApiRequest("GET", "/api/org"))
            assert isinstance(client, Client)
            return [seen.headers.get("x-grafana-org-id") for seen in server.seen]

    return asyncio.run(work())


def test_a_run_stays_in_its_organisation() -> None:
    """Otherwise the user who changes it in the browser takes the run along (pains.md 29)."""
    assert orgs_named(BASIC) == [None, None, "1", "1", "1", "1"]
    assert orgs_named({**BASIC, "org": 1}) == ["1"] * 6
    assert orgs_named({"org": 1}) == [None] * 6


def test_a_token_that_may_not_see_its_organisation_is_forbidden() -> None:
    refused = answer(403, {"accessErrorId": "A", "message": "Permissions needed: orgs:read"})
    with pytest.raises(ServerError, match="Permissions needed: orgs:read") as caught:
        found({"/api/org": refused}, org=1)
    assert caught.value.diagnostics[0].code == "forbidden"

"""What is at the other end: is it Grafana, which one, which organisation, which APIs. Asked before anything else, in
five GETs; six where something will be written.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from reconciler.core.errors import Forbidden, ServerError, Unauthorized, Unreachable
from reconciler.core.exchange import ApiRequest, ApiResponse, Server
from reconciler.core.json import as_list, as_object, text_of
from reconciler.grafana.client import Client

T = TypeVar("T")

_HEALTH = ApiRequest("GET", "/api/health", handles=frozenset({404, 503}))
_ORG = ApiRequest("GET", "/api/org", handles=frozenset({404}))
_SETTINGS = ApiRequest("GET", "/api/frontend/settings", handles=frozenset({403, 404}))
_USER = ApiRequest("GET", "/api/user", handles=frozenset(range(400, 500)) - {429})
"""A service account is no user: whatever it is told here, it may work."""
_RIGHTS = ApiRequest("GET", "/api/access-control/user/permissions", handles=frozenset(range(400, 500)) - {429})
"""Of an older Grafana, or behind a proxy that lets only some paths through: then no right is taken for granted."""
_EVERYWHERE = frozenset({"folders:*", "*"})
"""Scopes that cover every dashboard too, wherever it lies."""


async def probe(client: Client, *, writing: bool = False) -> Server:
    """Find out about the server: first whether it is Grafana and which organisation this is (one authenticated request
    only: Grafana counts wrong passwords), then the rest; `writing`: also what the credentials may do everywhere.

    Raises Unreachable where it is not Grafana, Unauthorized where the credentials are no good or the organisation is
    not the configured one. With basic auth all later requests stay in the organisation found.
    """
    health, org = await _side_by_side(client.send(_HEALTH), _organisation(client))
    _check_health(client, health)
    org_id = _check_org(client, org)
    client.stay_in(org_id)
    settings, user, apis, rights = await _side_by_side(
        client.send(_SETTINGS), client.send(_USER), _groups(client), _rights(client, writing=writing)
    )
    build = as_object(settings.object.get("buildInfo"))
    return Server(
        url=client.url,
        version=text_of(build.get("version")) or text_of(health.object.get("version")),
        org_id=org_id,
        org_name=text_of(org.object.get("name")),
        namespace=text_of(settings.object.get("namespace")) or ("default" if org_id == 1 else f"org-{org_id}"),
        user=text_of(user.object.get("login")),
        apis=_group_versions(apis),
        everywhere=frozenset(
            action
            for action, scopes in rights.object.items()
            if _EVERYWHERE.intersection(map(text_of, as_list(scopes)))
        ),
    )


async def _side_by_side(*asked: Coroutine[Any, Any, T]) -> list[T]:
    """All results in order. At the first failure the others are cancelled and awaited, and it is raised."""
    first: BaseException | None = None
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in asked]
    except BaseExceptionGroup as failures:
        first = failures.exceptions[0]
    if first is not None:
        raise first
    return [task.result() for task in tasks]


async def _organisation(client: Client) -> ApiResponse:
    """The organisation of these credentials. One that does not exist, or that the user is not in, is a 403 naming some
    permission (grafana-api.md section 2, `org-header`): said in plain words instead.
    """
    selects = client.connection.token is None and client.connection.org is not None
    refused = ""
    try:
        return await client.send(_ORG)
    except Forbidden as error:
        if not selects:
            raise
        refused = error.message
    raise Unauthorized.one(
        "wrong-organisation",
        f"the configuration says organisation {client.connection.org}: Grafana has none of this number, or the user "
        f"{client.connection.user} is not in it (GET {_ORG.path}: HTTP 403: {refused or 'no message'})",
        hint="correct `org` (or GRAFANA_ORG_ID), or have the user added to the organisation",
    )


def _check_health(client: Client, health: ApiResponse) -> None:
    if "database" not in health.object or health.status == 404:
        raise Unreachable.one(
            "not-grafana",
            f"GET {client.url}{_HEALTH.path}: HTTP {health.status}: this is not Grafana's API: it answers, but not as "
            "Grafana does",
            hint="is the url Grafana's own address (a sub-path missing?)",
        )
    if health.status != 200:
        raise ServerError.one(
            "unhealthy",
            f"GET {_HEALTH.path}: HTTP {health.status}: Grafana says of its database: "
            f"{client.shown(text_of(health.object.get('database'))) or 'nothing'}",
            hint="see Grafana's log",
        )


def _check_org(client: Client, org: ApiResponse) -> int:
    found, name = org.object.get("id"), client.shown(text_of(org.object.get("name")))
    if isinstance(found, bool) or not isinstance(found, int):
        text = f"GET {_ORG.path}: HTTP {org.status}: this is not Grafana's API: an organisation without an id"
        raise Unreachable.one("not-grafana", text, hint="is the url right?")
    wanted = client.connection.org
    if wanted is None or wanted == found:
        return found
    whose = "the token belongs to" if client.connection.token is not None else "Grafana answers for"
    raise Unauthorized.one(
        "wrong-organisation",
        f'the configuration says organisation {wanted}, and {whose} organisation {found} "{name}" (GET {_ORG.path})',
        hint="use a token of the configured organisation, or correct `org` (or GRAFANA_ORG_ID)",
    )


async def _rights(client: Client, *, writing: bool) -> ApiResponse:
    """Actions and their scopes; none where nothing is written or the server does not tell."""
    answer = await client.send(_RIGHTS) if writing else ApiResponse(404)
    return answer if answer.status == 200 else ApiResponse(404)


async def _groups(client: Client) -> ApiResponse:
    """All API groups; none where the server does not have /apis or does not show it: the kinds then use /api."""
    try:
        return await client.send(ApiRequest("GET", "/apis", handles=frozenset({403, 404})))
    except ServerError as error:
        if error.status != 404:
            raise
    return ApiResponse(404)


def _group_versions(answer: ApiResponse) -> frozenset[str]:
    groups = map(as_object, as_list(answer.object.get("groups")))
    versions = (as_object(item) for group in groups for item in as_list(group.get("versions")))
    return frozenset(text for text in (text_of(version.get("groupVersion")) for version in versions) if text)

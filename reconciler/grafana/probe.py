"""What is at the other end: is it Grafana, which one, which organisation, which APIs. Asked before anything else, by
GET only.
"""

import asyncio

from reconciler.core.errors import ServerError, Unauthorized, Unreachable
from reconciler.core.exchange import ApiRequest, ApiResponse, Server
from reconciler.core.json import as_list, as_object, text_of
from reconciler.grafana.client import Client

_GROUPS = ("dashboard.grafana.app", "folder.grafana.app")
_TOLERATED = frozenset({403, 404})


async def probe(client: Client) -> Server:
    """Find out about the server: health first (no credentials needed), then who we are and what is served, side by
    side.

    Raises Unreachable where it is not Grafana, Unauthorized where the credentials are no good, and Unauthorized too
    where the organisation is not the configured one.
    """
    health = await client.send(ApiRequest("GET", "/api/health"))
    if "database" not in health.object:
        raise _no_grafana(client.url)
    asked = ("/api/org", "/api/frontend/settings", "/api/user")
    (org, settings, user), groups = await asyncio.gather(
        asyncio.gather(*(client.send(ApiRequest("GET", path, handles=_TOLERATED)) for path in asked)),
        asyncio.gather(*(_served(client, group) for group in _GROUPS)),
    )
    org_id = org.object.get("id")
    if not isinstance(org_id, int):
        raise _wrong_org(client, org)
    wanted = client.connection.org
    if wanted is not None and wanted != org_id:
        raise _wrong_org(client, org)
    build = as_object(settings.object.get("buildInfo"))
    return Server(
        url=client.url,
        version=text_of(build.get("version")) or text_of(health.object.get("version")),
        org_id=org_id,
        org_name=text_of(org.object.get("name")),
        namespace=text_of(settings.object.get("namespace")) or ("default" if org_id == 1 else f"org-{org_id}"),
        user=text_of(user.object.get("login")),
        apis=frozenset(version for found in groups for version in found),
    )


async def _served(client: Client, group: str) -> tuple[str, ...]:
    """The group versions of an API group; none where the group is missing (which is answered as plain text)."""
    try:
        answer = await client.send(ApiRequest("GET", f"/apis/{group}", handles=_TOLERATED))
    except (Unreachable, ServerError) as error:
        if isinstance(error, Unauthorized) or error.status != 404:
            raise
        return ()
    versions = (text_of(as_object(item).get("groupVersion")) for item in as_list(answer.object.get("versions")))
    return tuple(version for version in versions if version)


def _no_grafana(url: str) -> Unreachable:
    return Unreachable.one(
        "not-grafana",
        f"{url}/api/health answers, but not as Grafana does",
        hint="is the url right, and is it Grafana's own address?",
    )


def _wrong_org(client: Client, org: ApiResponse) -> Unauthorized:
    found = (
        f'organisation {org.object.get("id")} "{text_of(org.object.get("name"))}"' if org.status == 200 else org.message
    )
    return Unauthorized.one(
        "wrong-organisation",
        f"the configuration says organisation {client.connection.org}, Grafana says: {found}",
        hint="a token is good for its own organisation only; with a user and password the user must be a member",
    )

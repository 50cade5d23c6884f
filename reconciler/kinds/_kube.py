"""What the kinds that are read over /apis share: paths and paging."""

from urllib.parse import quote

from reconciler.core.exchange import ApiResponse, Server
from reconciler.core.json import as_object, text_of


def kube_path(server: Server, group_version: str, plural: str, name: str | None = None) -> str:
    """The path of a collection, or of one object in it, in the organisation's namespace."""
    path = f"/apis/{group_version}/namespaces/{quote(server.namespace, safe='')}/{plural}"
    return path if name is None else f"{path}/{quote(name, safe='')}"


def continue_token(answer: ApiResponse) -> str:
    """The token of the next page; "" at the end. Every LIST is paged, also without a limit (grafana-api.md section
    1).
    """
    return text_of(as_object(answer.object.get("metadata")).get("continue"))

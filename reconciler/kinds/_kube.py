"""What the kinds that are read over /apis share: paths and paging."""

from collections.abc import Callable
from urllib.parse import quote

from msgspec.structs import replace

from reconciler.core.exchange import ApiRequest, ApiResponse, Listing, Page, Server
from reconciler.core.json import JsonObject, as_list, as_object, text_of
from reconciler.core.resource import LiveObject

_LONGEST_NUMBER = 12
"""Digits: longer is a stamp in microseconds, and no number of a save."""


def kube_path(server: Server, group_version: str, plural: str, name: str | None = None) -> str:
    """The path of a collection, or of one object in it, in the organisation's namespace."""
    path = f"/apis/{group_version}/namespaces/{quote(server.namespace, safe='')}/{plural}"
    return path if name is None else f"{path}/{quote(name, safe='')}"


def continue_token(answer: ApiResponse) -> str:
    """The token of the next page; "" at the end. Every LIST is paged, also without a limit (grafana-api.md section
    1).
    """
    return text_of(as_object(answer.object.get("metadata")).get("continue"))


def kube_pages(
    path: str,
    limit: int,
    live: Callable[[JsonObject], LiveObject],
    *,
    unparsed: str = "",
    headers: tuple[tuple[str, str], ...] = (),
) -> Listing:
    """A whole collection, page by page; each page announces the request for the one after it."""
    first = ApiRequest("GET", path, (("limit", str(limit)),), headers=headers, unparsed=unparsed)
    asked: ApiRequest | None = first
    while asked is not None:
        answer = yield asked
        token = continue_token(answer)
        query = (("limit", str(limit)), ("continue", token))
        asked = replace(first, query=query) if token else None
        if asked is not None:
            yield Page((), asked)  # at once: the server need not wait until this page is understood
        page = Page((live(as_object(item)) for item in as_list(answer.object.get("items"))), asked)
        del answer  # a page is large: while the next one is under way, only what was made of this one is kept
        yield page
        del page


def collection_stamp(listed: JsonObject) -> int | None:
    """The newest save of a listed collection, in microseconds since 1970. None where it is no stamp, and with unified
    storage, where an object's own resourceVersion is one too (grafana-api.md section 4).
    """
    stamp = text_of(as_object(listed.get("metadata")).get("resourceVersion"))
    items = map(as_object, as_list(listed.get("items")))
    own = [text_of(as_object(item.get("metadata")).get("resourceVersion")) for item in items]
    unified = any(len(text) > _LONGEST_NUMBER for text in own)
    return int(stamp) if stamp.isdecimal() and not unified else None

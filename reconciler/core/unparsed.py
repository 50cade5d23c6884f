"""Pages of a server's answer in which each object's body is left as bytes until somebody looks into it.

Most of a page of dashboards is only passed by: its revision tells that nothing changed. Must not let through what
would not parse: an answer is judged when it comes, not when it is looked into.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeAlias

from msgspec import Struct

from reconciler.core.json import Json, JsonObject, as_object, parsed

Item: TypeAlias = Mapping[str, "Json | Unparsed"]


class Unparsed(Struct, frozen=True):
    """The bytes of a JSON object, known to be valid."""

    data: bytes

    @property
    def value(self) -> JsonObject:
        """What it holds, parsed anew each time."""
        return as_object(parsed(self.data))


def object_of(part: "Json | Unparsed") -> JsonObject:
    """It as a mapping, parsed if need be; anything else counts as an empty one."""
    return part.value if isinstance(part, Unparsed) else as_object(part)


def title_of(part: "Json | Unparsed") -> Json:
    """What its member `title` holds, without parsing the rest; None where there is none."""
    if not isinstance(part, Unparsed):
        return as_object(part).get("title")
    found: Json = _title_decoder().decode(part.data).title
    return found


def parsed_but(data: bytes, member: str) -> Json:
    """As `core.json.parsed`, but the object that each of the `items` has as its `member` stays `Unparsed`, and beside
    `items` only `metadata` is given. What is no such page is parsed as a whole.
    """
    try:
        if not data.isascii():
            data.decode()  # the decoder does not look at texts that it passes by
        found = _page_decoder().decode(data)
    except (ValueError, RecursionError):  # whatever it is, the other parser says it, or reads it
        return parsed(data)
    if found.items is None:
        return parsed(data)
    items: Any = [{key: _part(bytes(raw), key == member) for key, raw in item.items()} for item in found.items]
    return {"metadata": parsed(bytes(found.metadata)), "items": items}


def _part(data: bytes, passed_by: bool) -> Json | Unparsed:
    return Unparsed(data) if passed_by and data.startswith(b"{") else parsed(data)


@cache
def _page_decoder() -> Any:
    import msgspec  # 10 ms: only where a server answered with a page

    fields = [("items", list[dict[str, msgspec.Raw]] | None, None), ("metadata", msgspec.Raw, msgspec.Raw(b"null"))]
    return msgspec.json.Decoder(msgspec.defstruct("Page", fields))


@cache
def _title_decoder() -> Any:
    import msgspec

    return msgspec.json.Decoder(msgspec.defstruct("Titled", [("title", Any, None)]))

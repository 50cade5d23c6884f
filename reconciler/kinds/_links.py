"""What a dashboard's links and texts lead to: other dashboards (`/d/UID`), folders (`/dashboards/f/UID`), and what its
panels are copies of (library panels) or list (a folder).
"""

import re
from collections.abc import Iterator, Mapping

from reconciler.core.json import Json, JsonObject, as_list, as_object, text_of
from reconciler.core.references import LIBRARY_PANEL, Reference, panels_in

_LINK = r"/(?P<kind>d|d-solo|dashboards/f)/(?P<uid>[A-Za-z0-9_-]{1,40})(?![A-Za-z0-9_-])"
_PARTS = frozenset({"panels", "targets"})


def links_in(model: JsonObject) -> Iterator[Reference]:
    """The references of links, texts, library panels and dashboard lists."""
    for link in map(as_object, as_list(model.get("links"))):
        yield from _found(link, f"link '{text_of(link.get('title')) or text_of(link.get('url'))}'")
    rest = {key: value for key, value in model.items() if key not in {"links", "panels", "rows"}}
    yield from _found(rest, "its texts and variables")
    for where, panel in panels_in(model):
        yield from _found({key: value for key, value in panel.items() if key not in _PARTS}, where)
        library = text_of(as_object(panel.get("libraryPanel")).get("uid"))
        if library:
            yield Reference(LIBRARY_PANEL, library, where)
        folder = text_of(as_object(panel.get("options")).get("folderUID"))
        if panel.get("type") == "dashlist" and folder:
            yield Reference("folder", folder, where)


def _found(value: Json, where: str) -> Iterator[Reference]:
    if isinstance(value, str):
        for match in re.finditer(_LINK, value) if "/d" in value else ():
            yield Reference("folder" if match["kind"] == "dashboards/f" else "dashboard", match["uid"], where)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _found(item, where)
    elif isinstance(value, list):
        for item in value:
            yield from _found(item, where)

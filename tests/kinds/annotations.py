"""Live annotations, for the tests of annotations."""

from collections.abc import Mapping
from typing import Any

from reconciler.core.diff import format_edit_path
from reconciler.core.resource import LiveObject
from reconciler.kinds.annotation import Annotation
from tests.kinds.kind_driver import (
    authored_edits,
    desired,
)

NOTE = Annotation()
START = 1_700_000_000_000
SPEC = {"text": "Spring campaign", "time": START, "tags": ["campaign"]}


class FewAtOnce(Annotation):
    """The same kind with short pages."""

    page = 5


def item(number: int, *tags: str, **changes: Any) -> dict[str, Any]:
    """An annotation as the API gives it."""
    body = {"id": number, "dashboardUID": "", "created": 1, "updated": 5, "time": START, "timeEnd": START, "text": "T"}
    return {**body, **({"tags": list(tags)} if tags else {}), **changes}


def live(uid: str = "7", *, marker: str | None = "it", **changes: Any) -> LiveObject:
    """A live annotation like SPEC."""
    attributes = {"text": "Spring campaign", "tags": ["campaign"], "time": START, "timeEnd": START, **changes}
    keys = (f"uid:{uid}", *((f"marker:{marker}",) if marker else ()))
    return LiveObject("annotation", uid, attributes, "5", keys=keys, meta={"updated": 5, "duplicates": []})


def paths(spec: Mapping[str, Any], found: LiveObject) -> list[str]:
    """What differs."""
    return [format_edit_path(edit.path) for edit in authored_edits(NOTE, desired(NOTE, spec).attributes, found)]


BOARD = {
    "dashboardUID": "",
    "dashboard": {
        "panels": [
            {"id": 1, "type": "row", "title": "Orders"},
            {"id": 2, "type": "stat", "title": "Orders"},
            {"id": 3, "type": "row", "title": "More", "panels": [{"id": 4, "type": "stat", "title": "Hidden"}]},
            {"id": 5, "type": "stat", "title": "Twice"},
            {"id": 6, "type": "stat", "title": "Twice"},
            {"id": 7, "type": "stat", "title": {"odd": 1}},
            {"type": "stat", "title": "No id"},
        ]
    },
}

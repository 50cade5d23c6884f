"""Where a dashboard is shown: whether an edit is seen there, and by which tags it is found."""

from reconciler.core.diff import Edit
from reconciler.core.json import Json, JsonObject, as_list, as_object, text_of
from reconciler.core.references import Group
from reconciler.core.semantic import inner
from reconciler.core.undo import before_of
from reconciler.kinds._elsewhere import TAG

_UNSEEN = {("description",), ("editable",), ("schemaVersion",), ("revision",), ("gnetId",)}


def is_seen(edits: tuple[Edit, ...], body: str | None) -> bool:
    """All but what only a dashboard's settings show."""
    return any(inner(edit.path, body)[:1] not in _UNSEEN for edit in edits)


def tag_groups(after: JsonObject, edits: tuple[Edit, ...]) -> tuple[set[Group], set[Group]]:
    """Its tags before and after these edits."""
    return _tags(before_of(after, edits)), _tags(after)


def _tags(side: Json) -> set[Group]:
    return {(TAG, text_of(tag)) for tag in as_list(as_object(as_object(side).get("dashboard")).get("tags"))}

"""Where a dashboard is shown: whether an edit is seen there, by which tags it is found, and which panels it changes."""

from reconciler.core.diff import Edit
from reconciler.core.json import Json, JsonObject, as_list, as_object, same, text_of
from reconciler.core.references import Group
from reconciler.core.semantic import inner
from reconciler.core.undo import before_of
from reconciler.kinds._dashboard_changes import called
from reconciler.kinds._dashboard_pairs import step_of
from reconciler.kinds._elsewhere import TAG
from reconciler.kinds._panels import all_panels

_PLACE = {"gridPos", "panels", "collapsed"}
_UNSEEN = {("description",), ("editable",), ("schemaVersion",), ("revision",), ("gnetId",)}


def is_seen(edits: tuple[Edit, ...], body: str | None) -> bool:
    """All but what only a dashboard's settings show."""
    return any(inner(edit.path, body)[:1] not in _UNSEEN for edit in edits)


def reaches_panels(edits: tuple[Edit, ...], body: str | None) -> bool:
    """Whether an edit is in a panel, or holds panels."""
    return any(inner(edit.path, body)[:1] in {("panels",), (body,), ()} for edit in edits)


def panels_changed(after: JsonObject, edits: tuple[Edit, ...]) -> dict[str, str]:
    """The panels that are there before and after these edits and are not the same, by id, in words. Compared as a
    whole, because an edit does not always lead to its panel: one that moves into a row, or lists without ids.
    """
    old = {panel.get("id"): panel for panel in all_panels(as_object(before_of(after, edits)))}
    return {
        str(panel.get("id")): called(step_of(panel, 0))
        for panel in all_panels(after)
        if (was := old.get(panel.get("id"))) is not None and not same(_own(was), _own(panel))
    }


def _own(panel: JsonObject) -> JsonObject:
    """A panel without its place and, of a row, what lies in it."""
    return {key: value for key, value in panel.items() if key not in _PLACE}


def tag_groups(after: JsonObject, edits: tuple[Edit, ...]) -> tuple[set[Group], set[Group]]:
    """Its tags before and after these edits."""
    return _tags(before_of(after, edits)), _tags(after)


def _tags(side: Json) -> set[Group]:
    return {(TAG, text_of(tag)) for tag in as_list(as_object(as_object(side).get("dashboard")).get("tags"))}

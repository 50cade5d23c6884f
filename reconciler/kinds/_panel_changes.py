"""What changes inside one panel, in words: its queries, datasource, thresholds, mappings, overrides, transformations,
unit.
"""

from collections.abc import Sequence

from msgspec import Struct

from reconciler.core.diff import Edit, EditPath, Key, Op
from reconciler.core.json import Json, JsonObject, as_object, text_of
from reconciler.core.promql import canonical
from reconciler.core.semantic import ChangeClass, Row, edit_row, value_at
from reconciler.kinds._dashboard_words import datasource_name, defaults_of, listed_changes, threshold_sentences

Located = tuple[EditPath, Edit]
"""An edit with its path inside the panel."""

_DEFAULTS = ("fieldConfig", "defaults")
_COSMETIC = frozenset({"title", "description", "options", "transparent", "hideTimeOverride", "pluginVersion"})
_COSMETIC_DEFAULTS = frozenset({"color", "custom", "displayName", "description"})
_COSMETIC_TARGET = frozenset({"legendFormat", "editorMode", "key", "alias"})
_POOLS: dict[EditPath, tuple[str, ChangeClass]] = {
    (*_DEFAULTS, "mappings"): ("value mapping", ChangeClass.SETTINGS),
    ("fieldConfig", "overrides"): ("override", ChangeClass.SETTINGS),
    ("transformations",): ("transformation", ChangeClass.QUERY),
    ("links",): ("link", ChangeClass.SETTINGS),
    (*_DEFAULTS, "links"): ("data link", ChangeClass.SETTINGS),
}


class Sides(Struct, frozen=True):
    """A panel as edits speak of it: what it is called, where it is, and both sides as far as they are known."""

    subject: str
    part: EditPath
    before: JsonObject | None = None
    after: JsonObject | None = None

    @property
    def known(self) -> bool:
        """Whether both sides are known."""
        return self.before is not None and self.after is not None


def panel_rows(sides: Sides, edits: Sequence[Located]) -> list[Row]:
    """The rows of a panel that stays, in the order of its edits."""
    pools: dict[EditPath, list[Edit]] = {}
    rows: list[Row | EditPath] = []
    for path, edit in edits:
        pool = _pool(path) if sides.known else None
        if pool is None:
            rows.append(_row(sides, path, edit))
            continue
        if pool not in pools:
            rows.append(pool)
        pools.setdefault(pool, []).append(edit)
    result: list[Row] = []
    for item in rows:
        result += [item] if isinstance(item, Row) else _pooled(sides, item, tuple(pools[item]))
    return result


def _pool(path: EditPath) -> EditPath | None:
    """The list or mapping that is said as a whole, if a path leads there."""
    if path[:3] == (*_DEFAULTS, "thresholds"):
        return path[:3]
    if path[:2] in {("datasource", "uid"), ("datasource", "type")} or path == ("datasource",):
        return ("datasource",)
    if len(path) > 2 and path[0] == "targets" and path[2] == "datasource":
        return path[:3]
    return next((pool for pool in _POOLS if path[: len(pool)] == pool), None)


def _pooled(sides: Sides, pool: EditPath, edits: tuple[Edit, ...]) -> list[Row]:
    before, after = value_at(sides.before, pool), value_at(sides.after, pool)
    if pool[-1] == "datasource":
        where = f"query {_letter(pool[1])}: data source" if pool[0] == "targets" else "data source"
        text = f"{where} from {datasource_name(before)} to {datasource_name(after)}"
        if datasource_name(before) == datasource_name(after):
            text = f"{where} {datasource_name(after)} named in another way"
        return [_said(sides, ChangeClass.DATA_SOURCE, text, before, after, edits)]
    if pool[-1] == "thresholds":
        change_class = ChangeClass.SETTINGS
        said = threshold_sentences(defaults_of(sides.before or {}), defaults_of(sides.after or {}))
    else:
        noun, change_class = _POOLS[pool]
        said = listed_changes(noun, before, after)
    if not said:
        return [edit_row(edit, _inside(sides, edit), change_class, sides.subject, sides.part) for edit in edits]
    rows = [_said(sides, change_class, said[0], before, after, edits)]
    return rows + [_said(sides, change_class, text, None, None, ()) for text in said[1:]]


def _said(
    sides: Sides, change_class: ChangeClass, text: str, before: Json, after: Json, edits: tuple[Edit, ...]
) -> Row:
    op = edits[0].op if len(edits) == 1 else Op.CHANGE
    return Row(change_class, sides.subject, "", text, op, before, after, edits, sides.part)


def _inside(sides: Sides, edit: Edit) -> EditPath:
    return edit.path[len(sides.part) :] or edit.path


def _row(sides: Sides, path: EditPath, edit: Edit) -> Row:
    change_class = class_in_panel(path)
    row = edit_row(edit, path, change_class, sides.subject, sides.part)
    text = _sentence(path, edit)
    if not text:
        return row
    if text.endswith(WRITTEN):
        change_class = ChangeClass.COSMETIC
    return Row(change_class, row.subject, "", text, row.op, row.before, row.after, row.edits, row.part)


WRITTEN = "the same query, written differently"


def _sentence(path: EditPath, edit: Edit) -> str:
    """What is better said than shown."""
    if edit.op is Op.CHANGE and path and path[-1] in {"expr", "query"}:
        return f"{path_of_query(path)}: {WRITTEN}" if same_query(edit.before, edit.after) else ""
    if path[:1] == ("targets",) and len(path) == 2 and edit.op in {Op.ADD, Op.REMOVE}:
        target = as_object(edit.after if edit.op is Op.ADD else edit.before)
        text = text_of(target.get("expr")) or text_of(target.get("rawSql")) or text_of(target.get("query"))
        done = "added" if edit.op is Op.ADD else "removed"
        return f"query {text_of(target.get('refId')) or _letter(path[1])} {done}" + (f": {text}" if text else "")
    if path == (*_DEFAULTS, "unit") and edit.op is Op.CHANGE:
        return f"unit from {edit.before} to {edit.after}"
    if path == ("type",) and edit.op is Op.CHANGE:
        return f"shown as {edit.after}, not as {edit.before}"
    if path == ("datasource",) or (path[-1:] == ("uid",) and path[-2:-1] == ("datasource",)):
        where = f"query {_letter(path[1])}: data source" if path[0] == "targets" else "data source"
        return f"{where} from {datasource_name(edit.before)} to {datasource_name(edit.after)}"
    return ""


def path_of_query(path: EditPath) -> str:
    """`query A`, or for a variable just `query`."""
    return f"query {_letter(path[1])}" if path[:1] == ("targets",) and len(path) > 1 else "query"


def same_query(before: Json, after: Json) -> bool:
    """Whether two texts ask the same as PromQL."""
    if not isinstance(before, str) or not isinstance(after, str):
        return False
    form = canonical(before)
    return form is not None and form == canonical(after)


def class_in_panel(path: EditPath) -> ChangeClass:
    """What an edit at this place of a panel is about."""
    first = path[0] if path else ""
    if "datasource" in path:
        return ChangeClass.DATA_SOURCE
    if first == "gridPos":
        return ChangeClass.LAYOUT
    if first == "targets":
        return ChangeClass.COSMETIC if path[2:3] and path[2] in _COSMETIC_TARGET else ChangeClass.QUERY
    if first in {"transformations", "interval", "maxDataPoints", "timeFrom", "timeShift"}:
        return ChangeClass.QUERY
    if first in _COSMETIC or (path[:2] == _DEFAULTS and path[2:3] and path[2] in _COSMETIC_DEFAULTS):
        return ChangeClass.COSMETIC
    return ChangeClass.SETTINGS


def _letter(step: Key | int | str) -> str:
    return str(step.value) if isinstance(step, Key) else f"#{step + 1}" if isinstance(step, int) else step

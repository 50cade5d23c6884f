"""A dashboard's change as people think of it: panels, variables, annotation queries and links by identity, the layout
in one sentence, each with its class. Grafana's v2 model (`elements`, `layout`) is seen as v1 (`_dashboard_v2`).
"""

from collections.abc import Mapping, Sequence

from reconciler.core.diff import Edit, EditPath, Key, Op, diff
from reconciler.core.json import Json, JsonObject, as_list, as_object, text_of
from reconciler.core.semantic import ChangeClass, Row, completed, edit_row, inner
from reconciler.kinds._dashboard_layout import Layout
from reconciler.kinds._dashboard_pairs import LISTS, Piece, all_pieces, pairs, pieces, step_of
from reconciler.kinds._dashboard_v2 import places, v1_panel, v1_path
from reconciler.kinds._dashboard_words import datasource_name
from reconciler.kinds._panel_changes import WRITTEN, Located, Sides, panel_rows, same_query

_DERIVED = 1_000_000
"""Panel ids from here on follow from the title: they tell a reader nothing more."""
PARTS = (
    (("templating", "list"), "variable"),
    (("annotations", "list"), "annotation query"),
    (("links",), "link"),
    (("variables",), "variable"),
    (("annotations",), "annotation query"),
)
_QUERYING = frozenset({"query", "definition", "regex", "expr", "sort", "target", "filter"})
_COSMETIC = frozenset({"title", "description", "style", "graphTooltip", "label", "iconColor", "hide", "schemaVersion"})


def dashboard_rows(
    edits: Sequence[Edit], before: JsonObject | None, after: JsonObject | None, body: str | None
) -> tuple[Row, ...]:
    """The rows of a dashboard. `before` and `after` are the models as far as they are known; `body` is left out of
    paths.
    """
    found = _Found(before, after)
    for edit in edits:
        found.take(inner(edit.path, body), edit)
    return completed(found.rows(), edits, body)


class _Found:
    """Edits sorted by what they are about."""

    def __init__(self, before: JsonObject | None, after: JsonObject | None) -> None:
        self.before, self.after = before, after
        self.layout = Layout()
        self.panels: dict[EditPath, list[Located]] = {}
        self.whole: list[tuple[EditPath, Edit]] = []
        self.unidentified: list[tuple[EditPath, Edit]] = []
        self.model: list[Edit] = []
        self.parts: list[Row] = []
        self.rest: list[Row] = []

    def take(self, path: EditPath, edit: Edit) -> None:
        """Sort one edit in."""
        if edit.op in {Op.ADD, Op.REMOVE} and (path == ("layout",) or (path == ("panels",) and not _value(edit))):
            self.model.append(edit)
            return
        if path[:1] == ("panels",):
            self._panel(path, edit)
            return
        if path[:1] == ("elements",) and (len(path) > 1 or edit.op in {Op.ADD, Op.REMOVE}):
            self._element(path, edit)
            return
        if path[:1] == ("layout",):
            self.layout.edits.append(edit)
            return
        for prefix, noun in PARTS:
            if path[: len(prefix)] == prefix and len(path) > len(prefix):
                self.parts.append(_part_row(noun, path, len(prefix), edit))
                return
        self.rest.append(_own_row(path, edit))

    def _panel(self, path: EditPath, edit: Edit) -> None:
        end = 0
        while len(path) >= end + 2 and path[end] == "panels" and isinstance(path[end + 1], Key | int):
            end += 2
        part, rest = path[:end], path[end:]
        if any(isinstance(step, int) for step in part) or (not part and edit.op is not Op.MOVE):
            self.unidentified.append((path, edit))
        elif not rest and edit.op in {Op.ADD, Op.REMOVE}:
            self.whole.append((part, edit))
        elif edit.op is Op.MOVE and rest in {(), ("panels",)}:
            self.layout.order(edit)
        elif rest[:1] == ("panels",):
            self.rest.append(edit_row(edit, path, ChangeClass.LAYOUT))
        elif rest[:1] == ("gridPos",):
            self.layout.moved(str(part), rest, edit)
        else:
            self.panels.setdefault(part, []).append((rest, edit))

    def _element(self, path: EditPath, edit: Edit) -> None:
        part, rest = path[:2], path[2:]
        if len(path) == 1:  # the whole model is another one: each panel of it comes or goes
            named = as_object(_value(edit))
            found = [Piece(v1_panel(as_object(item)), (*path, name), edit) for name, item in named.items()]
            self.rest[:0] = [_whole(piece, edit.op) for piece in found]
        elif not rest and edit.op in {Op.ADD, Op.REMOVE}:
            element = as_object(edit.after if edit.op is Op.ADD else edit.before)
            self.rest.insert(0, _whole(Piece(v1_panel(element), part, edit), edit.op))
        else:
            self.panels.setdefault(part, []).append((v1_path(rest), edit))

    def _sides(self, part: EditPath, old: Mapping[EditPath, JsonObject], new: Mapping[EditPath, JsonObject]) -> Sides:
        if part[0] != "elements":
            return Sides(called(part[-1]), part, old.get(part), new.get(part))
        found = [v1_panel(as_object(as_object(model.get("elements")).get(str(part[1])))) if model is not None else None
                 for model in (self.before, self.after)]  # fmt: skip
        named = next((panel for panel in reversed(found) if panel), {})
        step, title = step_of(named, -1), text_of(named.get("title"))
        name = called(step) if isinstance(step, Key) else called(part[1]) + (f' "{title}"' if title else "")
        return Sides(name, part, found[0], found[1])

    def _places(self) -> None:
        """The places of a v2 layout, which are lists that name elements."""
        old, new = places((self.before or {}).get("layout")), places((self.after or {}).get("layout"))
        for name in old:
            if name in new:
                self.layout.compared(name, old[name], new[name])

    def rows(self) -> list[Row]:
        """All of them: what comes and goes, what changes inside, the dashboard's own, the layout last."""
        known = self.before is not None and self.after is not None
        old = {piece.path: piece.panel for piece in all_pieces((self.before or {}).get("panels"))} if known else {}
        new = {piece.path: piece.panel for piece in all_pieces((self.after or {}).get("panels"))} if known else {}
        rows = self._comings()
        rows += self._unnamed(known)
        for part, edits in self.panels.items():
            rows += panel_rows(self._sides(part, old, new), edits)
        self._places()
        rows += self._other_model()
        return [*rows, *self.parts, *self.rest, *self.layout.rows()]

    def _other_model(self) -> list[Row]:
        """That v1 became v2, or the other way round: it has a layout, or has none any more."""
        layout = next((edit for edit in self.model if edit.path[-1] == "layout"), None)
        if layout is None:
            self.layout.edits += self.model
            return []
        text = "saved in Grafana's v2 model" if layout.op is Op.ADD else "no longer saved in Grafana's v2 model"
        return [Row(ChangeClass.SETTINGS, "", "", text, Op.CHANGE, None, None, tuple(self.model))]

    def _comings(self) -> list[Row]:
        gone = [p for path, edit in self.whole if edit.op is Op.REMOVE for p in pieces(edit, path)]
        come = [p for path, edit in self.whole if edit.op is Op.ADD for p in pieces(edit, path)]
        return self._paired(gone, come)

    def _unnamed(self, known: bool) -> list[Row]:
        """Lists of panels without ids (or with one twice): the edits say little, both sides say all."""
        if not self.unidentified:
            return []
        edits = tuple(edit for _, edit in self.unidentified)
        if not known:
            return [_numbered(path, edit) for path, edit in self.unidentified]
        old, new = all_pieces((self.before or {}).get("panels")), all_pieces((self.after or {}).get("panels"))
        rows = self._paired(old, new)
        if not rows:
            self.layout.edits += edits
            return []
        first = rows[0]
        first = Row(first.change_class, first.subject, first.name, first.text, first.op, first.before, first.after,
                    (*first.edits, *edits), first.part)  # fmt: skip
        return [first, *rows[1:]]

    def _paired(self, gone: Sequence[Piece], come: Sequence[Piece]) -> list[Row]:
        matched, left, fresh = pairs(gone, come)
        said = {id(piece.edit) for piece in (*left, *fresh) if piece.edit is not None and len(piece.path) == 2}
        rows = [_whole(piece, Op.REMOVE) for piece in left if _alone(piece, said)]
        rows += [_whole(piece, Op.ADD) for piece in fresh if _alone(piece, said)]
        for old, new in matched:
            rows += self._same(old, new)
        return rows

    def _same(self, old: Piece, new: Piece) -> list[Row]:
        """A panel that is on both sides, though not at the same place of the model."""
        sides = Sides(called(step_of(new.panel, 0)), new.path, old.panel, new.panel)
        standing = tuple(edit for edit in (old.edit, new.edit) if edit is not None)
        inside = [
            edit
            for edit in diff(old.panel, new.panel, identities=LISTS)
            if edit.path[:1] not in {("gridPos",), ("id",), ("panels",)}
        ]
        self.layout.compared(str(new.path), as_object(old.panel.get("gridPos")), as_object(new.panel.get("gridPos")))
        rows = panel_rows(sides, [(edit.path, edit) for edit in inside])
        if old.edit is None:
            return [_standing(row, ()) for row in rows]
        text = _move_sentence(old, new)
        moved = Row(ChangeClass.LAYOUT, sides.subject, "", text, Op.MOVE, None, None, standing, new.path)
        return [moved, *(_standing(row, ()) for row in rows)]


def _value(edit: Edit) -> Json:
    """What an edit adds or removes."""
    return edit.after if edit.op is Op.ADD else edit.before


def _standing(row: Row, edits: tuple[Edit, ...]) -> Row:
    """A row whose own edits are none of the plan's."""
    return Row(row.change_class, row.subject, row.name, row.text, row.op, row.before, row.after, edits, row.part)


def _move_sentence(old: Piece, new: Piece) -> str:
    was, will = old.panel.get("id"), new.panel.get("id")
    if was != will:
        return f"has another id ({was} → {will}): links to the panel and alert rules shown on it point at ids"
    if len(old.path) != len(new.path):
        return "moved into a row" if len(new.path) > len(old.path) else "moved out of its row"
    return "moved to another row" if len(new.path) > 2 else "moved"


def _alone(piece: Piece, said: set[int]) -> bool:
    """Whether a panel has a row of its own: not where the row that holds it comes or goes and counts it."""
    return len(piece.path) == 2 or id(piece.edit) not in said


def _whole(piece: Piece, op: Op) -> Row:
    """A panel that comes or goes."""
    edit = piece.edit
    added = op is Op.ADD
    panel = piece.panel
    about = [text_of(panel.get("type"))] if panel.get("type") else []
    for key, noun, many in (("targets", "query", "queries"), ("panels", "panel", "panels")):
        number = len(as_list(panel.get(key)))
        about += [f"{number} {noun if number == 1 else many}"] if number else []
    text = ("added" if added else "removed") + (f" ({', '.join(about)})" if about else "")
    change_class = ChangeClass.ADDITION if added else ChangeClass.DELETION
    sides = (None, panel) if added else (panel, None)
    return Row(change_class, _whole_name(piece), "", text, op, sides[0], sides[1],
               (edit,) if edit is not None else (), piece.path)  # fmt: skip


def _whole_name(piece: Piece) -> str:
    title = text_of(piece.panel.get("title"))
    step = step_of(piece.panel, 0)
    if isinstance(step, Key):
        return called(step)
    last = piece.path[-1]
    return f'{called(last)} "{title}"' if title else called(last)


def _numbered(path: EditPath, edit: Edit) -> Row:
    end = 2 if len(path) < 4 or path[2] != "panels" else 4
    if len(path) < 2:
        return edit_row(edit, path, ChangeClass.LAYOUT)
    if len(path) <= end and edit.op in {Op.ADD, Op.REMOVE}:
        return _whole(Piece(as_object(edit.after if edit.op is Op.ADD else edit.before), path, edit), edit.op)
    sides = Sides(called(path[end - 1]), path[:end])
    return panel_rows(sides, [(path[end:], edit)])[0]


def called(step: str | int | Key) -> str:
    """How a panel is called by its step in a path."""
    if isinstance(step, Key) and step.field == "title":
        return f'panel "{step.value}"'
    if isinstance(step, Key):
        derived = isinstance(step.value, int) and step.value >= _DERIVED
        number = "" if derived and step.label else f" {step.value}"
        return f"panel{number}" + (f' "{step.label}"' if step.label else "")
    return f"panel #{step + 1}" if isinstance(step, int) else f"panel {step}"


def _part_row(noun: str, path: EditPath, at: int, edit: Edit) -> Row:
    """An edit of a variable, an annotation query or a link."""
    step, rest = path[at], path[at + 1 :]
    rest = rest[1:] if rest[:1] == ("spec",) and len(rest) > 1 else rest
    name = f' "{step.value}"' if isinstance(step, Key) else f" #{step + 1}" if isinstance(step, int) else ""
    subject, part = noun + name, path[: at + 1]
    if not rest and edit.op in {Op.ADD, Op.REMOVE}:
        found = as_object(edit.after if edit.op is Op.ADD else edit.before)
        found = {**as_object(found.get("spec")), **found}
        kind = f" ({found['type']})" if isinstance(found.get("type"), str) else ""
        if not name.startswith(' "'):
            title = text_of(found.get("name")) or text_of(found.get("title"))
            subject = f'{noun} "{title}"' if title else subject
        change_class = ChangeClass.ADDITION if edit.op is Op.ADD else ChangeClass.DELETION
        text = ("added" if edit.op is Op.ADD else "removed") + kind
        return Row(change_class, subject, "", text, edit.op, edit.before, edit.after, (edit,), part)
    row = edit_row(edit, rest or path, _class_of_part(rest), subject, part)
    text = ""
    if rest[:1] == ("datasource",) and (len(rest) == 1 or rest[1] == "uid"):
        text = f"data source from {datasource_name(edit.before)} to {datasource_name(edit.after)}"
    elif rest[-1:] == ("expr",) and same_query(edit.before, edit.after):
        text = WRITTEN
    change_class = ChangeClass.COSMETIC if text == WRITTEN else row.change_class
    return Row(change_class, row.subject, row.name, text, row.op, row.before, row.after, row.edits, row.part)


def _class_of_part(rest: EditPath) -> ChangeClass:
    first = rest[0] if rest else ""
    if first == "datasource":
        return ChangeClass.DATA_SOURCE
    if first in _QUERYING:
        return ChangeClass.QUERY
    return ChangeClass.COSMETIC if first in _COSMETIC else ChangeClass.SETTINGS


def _own_row(path: EditPath, edit: Edit) -> Row:
    """An edit of the dashboard itself."""
    if path == ("folderUid",):
        where = [text_of(value) or "the root" for value in (edit.before, edit.after)]
        text = f"moved from folder {where[0]} to {where[1]}: who may open it follows the folder"
        return Row(ChangeClass.ACCESS, "", "", text, edit.op, edit.before, edit.after, (edit,))
    return edit_row(edit, path, ChangeClass.COSMETIC if path[0] in _COSMETIC else ChangeClass.SETTINGS)

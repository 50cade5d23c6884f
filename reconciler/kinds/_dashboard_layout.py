"""Where panels are, folded to a sentence: moves follow from an insertion, and nobody reads sixty of them."""

from msgspec import Struct, field

from reconciler.core.diff import Edit, EditPath, Op
from reconciler.core.json import Json, JsonObject, as_object
from reconciler.core.semantic import ChangeClass, Row


class Layout(Struct):
    """What happened to places, panel by panel."""

    edits: list[Edit] = field(default_factory=list)
    shifts: dict[str, dict[str, tuple[Json, Json]]] = field(default_factory=dict)
    """By panel: for x, y, w and h before and after."""
    reordered: bool = False

    def moved(self, panel: str, rest: EditPath, edit: Edit) -> None:
        """An edit at or below a panel's `gridPos`."""
        self.edits.append(edit)
        if len(rest) > 1:
            self.shifts.setdefault(panel, {})[str(rest[1])] = (edit.before, edit.after)
        else:
            self.compared(panel, as_object(edit.before), as_object(edit.after))

    def compared(self, panel: str, before: JsonObject, after: JsonObject) -> None:
        """Two places of one panel."""
        for side in ("x", "y", "w", "h"):
            if before.get(side) != after.get(side):
                self.shifts.setdefault(panel, {})[side] = (before.get(side), after.get(side))

    def order(self, edit: Edit) -> None:
        """The same panels in another order in the list."""
        self.edits.append(edit)
        self.reordered = True

    def rows(self) -> list[Row]:
        """One row, or none."""
        groups: dict[str, int] = {}
        for sides in self.shifts.values():
            word = _word(sides)
            groups[word] = groups.get(word, 0) + 1
        if not groups and not self.reordered and not self.edits:
            return []
        parts = [f"{groups[word]:,} {word}" for word in _ORDER if word in groups]
        first = next(iter(groups.values()), 0)
        if parts:
            noun = "panel" if first == 1 and len(parts) == 1 else "panels"
            text = f"{parts[0].split(' ')[0]} {noun} {parts[0].split(' ', 1)[1]}"
            text = ", ".join([text, *parts[1:]])
        else:
            text = "panels in another order" if self.reordered else "places written differently"
        return [Row(ChangeClass.LAYOUT, "", "layout", text, Op.MOVE, None, None, tuple(self.edits))]


_ORDER = ("moved down", "moved up", "moved", "resized")


def _word(sides: dict[str, tuple[Json, Json]]) -> str:
    if "w" in sides or "h" in sides:
        return "resized"
    shift = _difference(sides.get("y"))
    if "x" in sides or not shift:
        return "moved"
    return "moved down" if shift > 0 else "moved up"


def _difference(found: tuple[Json, Json] | None) -> float:
    before, after = found or (0, 0)
    if isinstance(before, (int, float)) and isinstance(after, (int, float)):
        return after - before
    return 0

"""Which panel of before is which of after, where the edits alone cannot tell: one that moved into a row, got another
id, or has none. By id, then by library panel, then by type and title.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence

from msgspec import Struct

from reconciler.core.diff import Edit, EditPath, Key, Op
from reconciler.core.json import Json, JsonObject, as_list, as_object, text_of

LISTS = {"targets": "refId", "panels": "id", "links": "title"}


class Piece(Struct, frozen=True):
    """A panel that came or went, alone or inside a row that did, with the edit that says so."""

    panel: JsonObject
    path: EditPath
    edit: Edit | None = None


def pieces(edit: Edit, path: EditPath) -> Iterator[Piece]:
    """The panels in an edit that adds or removes one: it, and those in it."""
    panel = as_object(edit.after if edit.op is Op.ADD else edit.before)
    yield Piece(panel, path, edit)
    for inner in as_list(panel.get("panels")):
        yield Piece(as_object(inner), (*path, "panels", step_of(as_object(inner), 0)), edit)


def all_pieces(panels: Json) -> list[Piece]:
    """Every panel of a dashboard, those in rows included."""
    found: list[Piece] = []
    for index, item in enumerate(as_list(panels)):
        panel = as_object(item)
        path: EditPath = ("panels", step_of(panel, index))
        found.append(Piece(panel, path))
        for number, inner in enumerate(as_list(panel.get("panels"))):
            found.append(Piece(as_object(inner), (*path, "panels", step_of(as_object(inner), number))))
    return found


def step_of(panel: JsonObject, index: int) -> Key | int:
    """The step that leads to a panel."""
    number = panel.get("id")
    if isinstance(number, int) and not isinstance(number, bool):
        return Key("id", number, text_of(panel.get("title")))
    return index


def pairs(old: Sequence[Piece], new: Sequence[Piece]) -> tuple[list[tuple[Piece, Piece]], list[Piece], list[Piece]]:
    """Those that are the same panel, those that are gone, those that are new."""
    matched: list[tuple[Piece, Piece]] = []
    for identity in (_by_id, _by_library, _by_title):
        found, old, new = _matched(old, new, identity)
        matched += found
    return matched, list(old), list(new)


def _matched(
    old: Sequence[Piece], new: Sequence[Piece], identity: Callable[[JsonObject], Hashable | None]
) -> tuple[list[tuple[Piece, Piece]], list[Piece], list[Piece]]:
    known: dict[Hashable, list[Piece]] = {}
    for piece in reversed(new):
        name = identity(piece.panel)
        if name is not None:
            known.setdefault(name, []).append(piece)
    found, left = [], []
    taken: set[int] = set()
    for piece in old:
        name = identity(piece.panel)
        others = known.get(name) if name is not None else None
        if others:
            other = others.pop()
            taken.add(id(other))
            found.append((piece, other))
        else:
            left.append(piece)
    return found, left, [piece for piece in new if id(piece) not in taken]


def _by_id(panel: JsonObject) -> Hashable | None:
    number = panel.get("id")
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def _by_library(panel: JsonObject) -> Hashable | None:
    return text_of(as_object(panel.get("libraryPanel")).get("uid")) or None


def _by_title(panel: JsonObject) -> Hashable | None:
    title = text_of(panel.get("title"))
    return (text_of(panel.get("type")), title) if title else None

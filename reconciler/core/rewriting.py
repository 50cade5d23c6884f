"""What is to become of a text that an author keeps, place by place: the same values for who finds the places
(authoring) and for who writes them (writeback).
"""

from typing import TypeAlias

from msgspec import Struct

from reconciler.core.json import Json
from reconciler.core.source import Path


class Put(Struct, frozen=True):
    """Make a value true at a path. A key that is not there is added at the end of its mapping; an index one past the
    end of a list appends.
    """

    path: Path
    value: Json


class Drop(Struct, frozen=True):
    """Remove the key or the item at a path."""

    path: Path


class Insert(Struct, frozen=True):
    """A new item before the one at a path, which ends with an index."""

    path: Path
    value: Json


class Rename(Struct, frozen=True):
    """Another name for the key at a path; its value and its place stay."""

    path: Path
    name: str


class Arrange(Struct, frozen=True):
    """The items of the list at a path in another order: `order` names them by their present indices."""

    path: Path
    order: tuple[int, ...]


Rewrite: TypeAlias = Put | Drop | Insert | Rename | Arrange


class CannotRewrite(Exception):
    """A change which no way of writing makes true alone; its text says why, in an author's words."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(why)
        self.path = path

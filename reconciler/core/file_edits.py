"""What the desired files must say of an object so that the next apply leaves it as it was made. Values only.

Whoever writes files takes it from here: where the object is declared, and the paths with the values that shall be
there.
"""

from enum import StrEnum

from msgspec import Struct

from reconciler.core.address import Address
from reconciler.core.diff import Edit
from reconciler.core.json import JsonObject
from reconciler.core.source import Mark


class Must(StrEnum):
    """What is to be done in the files: other values, a declaration that is missing, one too many; or nothing."""

    CHANGE = "change"
    DECLARE = "declare"
    REMOVE = "remove"
    NOTHING = "nothing"


class FileEdits(Struct, frozen=True):
    """For one object. `edits` lead from what is declared to what shall be (`before` and `after`, both normalised)."""

    address: Address
    must: Must
    where: Mark | None = None
    edits: tuple[Edit, ...] = ()
    before: JsonObject | None = None
    after: JsonObject | None = None

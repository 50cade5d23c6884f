"""What happened to an object between the plan and its apply, and what is to be done about that. Values only."""

from collections.abc import Callable
from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct, field

from reconciler.core.address import Address
from reconciler.core.diff import Edit
from reconciler.core.errors import Conflict, Diagnostic
from reconciler.core.resource import Attribution
from reconciler.core.semantic import Row


class OnConflict(StrEnum):
    """Stop that object; write what is declared over it; leave it; or do both where they do not touch each other."""

    STOP = "stop"
    OURS = "ours"
    THEIRS = "theirs"
    MERGE = "merge"


Policy: TypeAlias = Callable[[Address], OnConflict]


def stop(address: Address) -> OnConflict:
    """The policy where nothing was asked for."""
    return OnConflict.STOP


class Meanwhile(Struct, frozen=True):
    """What somebody did: `happened` is changed or deleted; the edits are theirs, without those that the plan shows, and
    `rows` say them in the kind's words.
    """

    happened: str
    edits: tuple[Edit, ...] = ()
    by: Attribution = field(default_factory=Attribution)
    version_before: int | None = None
    version_after: int | None = None
    rows: tuple[Row, ...] = ()


class ChangedSincePlan(Conflict):
    """One object is not any more what the plan was made from."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...], *, meanwhile: Meanwhile | None = None) -> None:
        super().__init__(diagnostics)
        self.meanwhile = meanwhile or Meanwhile("changed")

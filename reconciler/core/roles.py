"""Role-based views: who sees which dashboard, how much of it, and what opens first. Values only."""

from msgspec import Struct

from reconciler.core.address import Address
from reconciler.core.source import Mark


class RoleEntry(Struct, frozen=True):
    """One dashboard of a role: `shown` is what the role opens, `base` what it is derived from (the same, unless
    `filtered`). `panels` of the base's `of` panels are shown; rows do not count.
    """

    base: Address
    shown: Address
    title: str
    filtered: bool
    default: bool
    panels: int
    of: int
    source: Mark | None = None


class RoleView(Struct, frozen=True):
    """One role: its entries in the author's order, and every declared dashboard that its team may open at all."""

    name: str
    title: str
    team: Address
    entries: tuple[RoleEntry, ...]
    opens: frozenset[Address]
    source: Mark | None = None

    @property
    def home(self) -> RoleEntry | None:
        """The dashboard that opens first, if one is the default."""
        return next((entry for entry in self.entries if entry.default), None)

"""Two sides of a comparison that nobody plans: what the files say, what a Grafana holds, a version, a run. Values
only.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum

from msgspec import Struct, field

from reconciler.core.address import Address
from reconciler.core.diff import Edit
from reconciler.core.json import JsonObject
from reconciler.core.resource import Lifecycle
from reconciler.core.source import Mark


class Thing(Struct, frozen=True):
    """An object as one side has it. `declared`: its attributes are what an author wrote, under this lifecycle, and say
    nothing of the rest. `keys`: it tells only these of its attributes (a version, none of its folder); None: all.
    """

    attributes: JsonObject
    declared: Lifecycle | None = None
    keys: frozenset[str] | None = None
    source: Mark | None = None


class Side(Struct, frozen=True):
    """What one side holds, under the name by which people call it. `speaks_of` are the addresses of which it would tell
    that they are not there (None: of all).
    """

    name: str
    things: Mapping[Address, Thing] = field(default_factory=dict)
    speaks_of: Collection[Address] | None = None

    def tells(self, address: Address) -> bool:
        """Whether it says anything of an address."""
        return self.speaks_of is None or address in self.speaks_of


class Where(StrEnum):
    """On which side an object is."""

    LEFT = "left"
    RIGHT = "right"
    BOTH = "both"


class Difference(Struct, frozen=True):
    """One object that is not the same on both sides: the edits that lead from left to right, between two normalised
    forms.
    """

    address: Address
    where: Where
    edits: tuple[Edit, ...] = ()
    before: JsonObject | None = None
    after: JsonObject | None = None
    source: Mark | None = None


class Comparison(Struct, frozen=True):
    """How two sides differ. `compared`: the objects of which both tell."""

    left: str
    right: str
    compared: int
    differences: tuple[Difference, ...] = ()

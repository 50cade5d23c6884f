"""A drift that somebody looked at and lets stand until a day: what acknowledged.yaml holds, as values. Pure."""

from collections.abc import Iterable

from msgspec import Struct

from reconciler.core.address import Address
from reconciler.core.source import Mark

ACKNOWLEDGED = "acknowledged.yaml"
"""The file, beside ggrec.yaml."""


class Acknowledgement(Struct, frozen=True):
    """One entry. `path` "" stands for the whole object, `instance` "" for every instance; `until` is the last day on
    which it holds (YYYY-MM-DD, UTC).
    """

    address: Address
    reason: str
    until: str
    path: str = ""
    who: str = ""
    instance: str = ""
    where: Mark | None = None

    def holds(self, today: str) -> bool:
        """Whether it holds on a day (YYYY-MM-DD, or a moment of that day)."""
        return today[:10] <= self.until

    def __str__(self) -> str:
        by = f" by {self.who}" if self.who else ""
        return f"acknowledged{by} until {self.until}: {self.reason}"


def holding(found: Iterable[Acknowledgement], address: Address, today: str) -> tuple[Acknowledgement, ...]:
    """Those of an address that hold on a day; none where no day is known."""
    return tuple(item for item in found if today and item.address == address and item.holds(today))

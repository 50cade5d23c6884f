"""The time that a run may take: a limit, measured by a clock that is handed in."""

import math
from collections.abc import Callable

from msgspec import Struct


def _still() -> float:
    return 0.0


class Budget(Struct, frozen=True):
    """`seconds` from `began` on, as `monotonic` counts them; infinite where nothing was said."""

    seconds: float = math.inf
    monotonic: Callable[[], float] = _still
    began: float = 0.0

    @property
    def left(self) -> float:
        """Seconds that are left, never less than 0."""
        return max(self.seconds - (self.monotonic() - self.began), 0.0)

    @property
    def spent(self) -> bool:
        """Whether nothing new may be begun."""
        return self.left <= 0

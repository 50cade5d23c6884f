"""How much is tried: everything with GGREC_SOAK=1 (`make soak`), else a part that another seed changes."""

import os
import time
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
SOAK = os.environ.get("GGREC_SOAK", "") not in {"", "0"}


def seed() -> int:
    """GGREC_SEED, else the number of the day: each day another part."""
    given = os.environ.get("GGREC_SEED", "")
    return int(given) if given else int(time.time() // 86_400)


def amount(few: int, many: int) -> int:
    """How many: few in `make test`, many in `make soak`."""
    return many if SOAK else few


def part_of(cases: Sequence[T], *, every: int) -> list[T]:
    """Every n-th of the cases, beginning anywhere; all of them in a soak."""
    return list(cases) if SOAK else list(cases[seed() % every :: every])

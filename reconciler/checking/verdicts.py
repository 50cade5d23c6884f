"""What is wrong with what came back for a panel: an error, nothing, too slow, too many series, too old."""

from enum import StrEnum

from msgspec import Struct

from reconciler.checking.live import Asked


class Verdict(StrEnum):
    """How a panel did. The order is that of how bad it is."""

    ERROR = "error"
    NO_DATA = "no-data"
    LABEL_LOST = "label-lost"
    STALE = "stale"
    MANY_SERIES = "many-series"
    SLOW = "slow"
    NOT_ASKED = "not-asked"
    OK = "ok"

    @property
    def fails(self) -> bool:
        """Whether the panel shows nothing."""
        return self in {Verdict.ERROR, Verdict.NO_DATA}


class Bounds(Struct, frozen=True):
    """From when on something is wrong: seconds that a panel takes, series it gives, seconds since its newest value."""

    slow: float = 5.0
    series: int = 500
    stale: float = 1800.0


def verdict_of(asked: Asked, bounds: Bounds, *, now: float) -> tuple[Verdict, str]:
    """How a panel did, and what to say of it. `now` in seconds since 1970."""
    if asked.answers and all(answer.unasked for answer in asked.answers.values()):
        return Verdict.NOT_ASKED, asked.error
    if asked.error:
        return Verdict.ERROR, asked.error
    if not asked.has_data:
        return Verdict.NO_DATA, "no query gave any data"
    if lost := asked.lost_labels:
        return Verdict.LABEL_LOST, f"its legend names {' and '.join(lost)}, which no series has"
    age = now - asked.newest / 1000 if asked.newest is not None else 0.0
    if age > bounds.stale + 2 * asked.panel.step and asked.panel.end == "now":
        return Verdict.STALE, f"its newest value is {_span(age)} old"
    if asked.series > bounds.series:
        return Verdict.MANY_SERIES, f"{asked.series:,} series; more than {bounds.series:,} nobody can read"
    if asked.took > bounds.slow:
        return Verdict.SLOW, f"took {asked.took:.1f} s"
    return Verdict.OK, ""


def _span(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"

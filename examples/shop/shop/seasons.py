"""How busy the shop is at a moment: hours, weekdays, growth, campaigns, and the day the payments failed. Pure."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_HOURS = (
    0.30, 0.20, 0.15, 0.12, 0.12, 0.18, 0.35, 0.60, 0.85, 1.00, 1.10, 1.20,
    1.30, 1.25, 1.15, 1.10, 1.15, 1.30, 1.55, 1.80, 1.90, 1.65, 1.10, 0.60,
)  # fmt: skip
"""By hour of the day, in UTC; its mean is about 1."""
_WEEKDAYS = (0.95, 0.92, 0.94, 0.98, 1.08, 1.18, 1.05)
VISITS_PER_HOUR = 800.0
GROWTH_PER_DAY = 0.0012


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign's time: while it runs it brings `boost` times as many visits over its channels."""

    name: str
    begins: timedelta
    ends: timedelta
    boost: float


CAMPAIGNS = (
    Campaign("friends", timedelta(days=86), timedelta(days=75), 1.5),
    Campaign("autumn_sale", timedelta(days=24), timedelta(days=11), 2.2),
)
"""Times before the end of the history, so that the last 90 days always have them."""
OUTAGE = (timedelta(days=8, hours=6), timedelta(days=8, hours=4, minutes=20))
"""Before the end of the history: the payment processor answered nothing, and the partner DHL's interface with it."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """The history's `end` (the present, for a demo) places campaigns and the outage."""

    end: datetime

    def busyness(self, moment: datetime) -> float:
        """How many times the mean number of visits there are at a moment, without campaigns."""
        day = _HOURS[moment.hour] * (1 - moment.minute / 60) + _HOURS[(moment.hour + 1) % 24] * moment.minute / 60
        growth = math.exp(GROWTH_PER_DAY * (moment - self.end).total_seconds() / 86_400)
        return day * _WEEKDAYS[moment.weekday()] * growth * _season(moment)

    def boost(self, campaign: str, moment: datetime) -> float:
        """How many times its usual visits a campaign brings at a moment."""
        before = self.end - moment
        return next((c.boost for c in CAMPAIGNS if c.name == campaign and c.begins >= before >= c.ends), 1.0)

    def is_out(self, moment: datetime) -> bool:
        """Whether the payment processor is down at a moment."""
        begins, ends = OUTAGE
        return begins >= self.end - moment >= ends


def _season(moment: datetime) -> float:
    """The weeks before Christmas are busier, the first of January quieter."""
    day = moment.timetuple().tm_yday
    return 1 + 0.45 * math.exp(-(((day - 335) / 14) ** 2)) - 0.15 * math.exp(-(((day - 10) / 12) ** 2))


def quarter_of(moment: datetime) -> datetime:
    """When the fiscal quarter of a moment began (calendar quarters, UTC)."""
    return datetime(moment.year, (moment.month - 1) // 3 * 3 + 1, 1, tzinfo=UTC)


def midnight_of(moment: datetime) -> datetime:
    """When the day of a moment began, UTC."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)

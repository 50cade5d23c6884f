"""What was last verified of a Grafana, and when that may still be believed. A hint, never authority: losing it costs
one slower plan.

The beacon of a kind is the newest save of all its objects, as the server stamps it. It cannot prove alone that
nothing changed: two saves in one second leave the same beacon, and the clocks of several replicas differ. So a beacon
counts only if it was older than the moment of the verifying read by a margin: any later save is stamped later than
it, by every clock that is off by less than the margin.
"""

from collections.abc import Mapping

from msgspec import Struct, field

from reconciler.core.json import digest
from reconciler.core.resource import LiveObject

MARGIN = 60.0
"""Seconds by which a beacon must be older than the read that verified it, unless the project says otherwise."""
SHORTEST_MARGIN = 2.0
"""Stamps are whole seconds: below this a save in the same second could be missed."""
_MICROSECONDS = 1_000_000
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Beacon(Struct, frozen=True):
    """The cheapest answer about a whole collection. `stamp`: its newest save, in microseconds since 1970 (None: this
    server's says nothing that could be trusted); `at`: the server's Date of that answer, in seconds; `members`: a
    digest of all uids and where they are; `titles` by uid.
    """

    stamp: int | None
    at: int
    members: str
    titles: Mapping[str, str] = field(default_factory=dict)


class Seen(Struct, frozen=True):
    """One object as a list showed it: without its attributes, but with their digest where they were looked at."""

    live: LiveObject
    content: str | None = None


class Observed(Struct, frozen=True):
    """One kind as it was verified: by which beacon (None: the server has none to trust), and when its bodies were
    last all read.
    """

    beacon: Beacon | None
    objects: Mapping[str, Seen] = field(default_factory=dict)
    full_at: int = 0


class Observation(Struct, frozen=True):
    """What was verified of one organisation of one Grafana, by the names of kinds."""

    url: str
    org_id: int
    kinds: Mapping[str, Observed] = field(default_factory=dict)


def members_of(places: Mapping[str, str]) -> str:
    """The digest of a collection's members: uid → the folder it lies in."""
    return digest(places)


def distrust(before: Observed, now: Beacon, *, margin: float) -> str:
    """Why what was verified may not be taken for what is; "" where it may: no object was created, saved, moved or
    deleted since.
    """
    then = before.beacon
    if then is None or then.stamp is None or now.stamp is None:
        return "there is no beacon to trust"
    if now.at < then.at:
        return "the server's clock runs backwards"
    if now.stamp != then.stamp:
        return "something was saved" if now.stamp > then.stamp else "the newest save is gone"
    if now.members != then.members:
        return "something was created, moved or deleted"
    age = then.at - then.stamp / _MICROSECONDS
    if age < max(margin, SHORTEST_MARGIN):
        return f"the newest save was only {max(age, 0):.0f} s old when it was verified (margin {margin:g} s)"
    return ""


def http_date(text: str) -> int | None:
    """A Date header as seconds since 1970; None for what is none."""
    parts = text.replace("-", " ").split()
    try:
        _, day, month, year, clock, zone = parts
        hour, minute, second = (int(part) for part in clock.split(":"))
        days = _days(int(year), _MONTHS.index(month) + 1, int(day))
    except ValueError:
        return None
    return None if zone != "GMT" else ((days * 24 + hour) * 60 + minute) * 60 + second


def _days(year: int, month: int, day: int) -> int:
    """Days since 1970 (the civil calendar's own arithmetic: March begins its year)."""
    year -= month <= 2
    era, of_era = divmod(year, 400)
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468

"""Moments as authors write them and as Grafana keeps them: RFC 3339 with a zone ↔ epoch milliseconds.

Must not: read a clock, or know of the machine's own zone.
"""

import re
from datetime import UTC, datetime, timedelta

SECONDS = 10**11
"""A number below this is epoch seconds, or a moment before March 1973 in milliseconds: in either case not meant."""
_LATEST = 253_402_300_800_000
"""The year 10000: numbers from here on are microseconds or nanoseconds."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DATE = r"(?a)\d{4}-\d\d-\d\d\Z"
_NAIVE = r"(?a)\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d([.,]\d+)?)?\Z"
_RFC3339 = r"(?a)\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)\Z"
_EXAMPLE = "write 2026-03-01T09:00:00Z or 2026-03-01T09:00:00+01:00, or epoch milliseconds"


def milliseconds(value: object) -> int:
    """Epoch milliseconds of what an author wrote; what is finer than a millisecond is cut off.

    Raises ValueError that says what is wrong and what to write.
    """
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise ValueError(f"not a time: {_EXAMPLE}")
    if isinstance(value, int):
        if abs(value) < SECONDS:
            meant = f"write {value * 1000} (epoch milliseconds), or {rfc3339(value * 1000)}"
            raise ValueError(
                f"{value} looks like seconds, and Grafana would take it for a moment around 1970: "
                f"{meant if value > SECONDS // 1000 else _EXAMPLE}"
            )
        if abs(value) >= _LATEST:
            raise ValueError(f"{value} is beyond the year 9999 (in microseconds, or finer?): {_EXAMPLE}")
        return value
    if re.match(_DATE, value):
        raise ValueError(f"'{value}' is a day, not a moment: write {value}T00:00:00Z, or with another zone's offset")
    if re.match(_NAIVE, value):
        raise ValueError(f"'{value}' has no zone, so it would mean another moment on every machine: write {value}Z")
    if not re.match(_RFC3339, value):
        raise ValueError(f"'{value}' is not a time: {_EXAMPLE}")
    try:
        moment = datetime.fromisoformat(value.upper().replace(" ", "T"))
        return (moment - _EPOCH) // timedelta(milliseconds=1)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"'{value}' is not a time ({error}): {_EXAMPLE}") from None


def rfc3339(value: int) -> str:
    """The inverse, in UTC, with milliseconds where there are any. Raises OverflowError beyond the years 1 to 9999."""
    moment = _EPOCH + timedelta(milliseconds=value)
    fraction = f".{value % 1000:03d}" if value % 1000 else ""
    return f"{moment.isoformat()[:19]}{fraction}Z"


def as_written(value: int) -> str | int:
    """A moment for a file: RFC 3339, or the milliseconds where the calendar ends."""
    try:
        return rfc3339(value)
    except OverflowError:
        return value

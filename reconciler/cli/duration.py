"""Durations on the command line: `90s`, `10m`, `1h30m`, `7d`."""

import re
from datetime import UTC, datetime, timedelta

_FORM = r"(?a)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?\Z"


def seconds(text: str) -> float:
    """Seconds of a duration; raises typer.BadParameter where it is none, or nothing."""
    found = re.match(_FORM, text.strip())
    if found is not None:
        days, hours, minutes, rest = (int(part or 0) for part in found.groups())
        total = days * 86400 + hours * 3600 + minutes * 60 + rest
        if total > 0:
            return float(total)
    import typer  # whoever reads the command line without it knows what to do

    raise typer.BadParameter(f"'{text}' is no duration: write 90s, 10m, 1h30m or 7d")


def later(moment: str, after: float) -> str:
    """The moment so many seconds after one (RFC 3339, UTC), in the same form; no later than the year 9999."""
    try:
        ends = datetime.fromisoformat(moment) + timedelta(seconds=after)
    except OverflowError:
        ends = datetime.max.replace(tzinfo=UTC)
    return ends.strftime("%Y-%m-%dT%H:%M:%SZ")

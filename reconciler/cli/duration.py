"""Durations on the command line: `90s`, `10m`, `1h30m`."""

import re

import typer

_FORM = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?\Z", re.ASCII)


def seconds(text: str) -> float:
    """Seconds of a duration; raises typer.BadParameter where it is none, or nothing."""
    found = _FORM.match(text.strip())
    if found is not None:
        hours, minutes, rest = (int(part or 0) for part in found.groups())
        total = hours * 3600 + minutes * 60 + rest
        if total > 0:
            return float(total)
    raise typer.BadParameter(f"'{text}' is no duration: write 90s, 10m or 1h30m")

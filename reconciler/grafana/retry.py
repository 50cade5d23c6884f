"""When to ask again, and how long to wait before: pure arithmetic over answers; waiting itself is the client's."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from reconciler.core.exchange import ApiRequest

RETRIED = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a request is sent at most, and the longest single wait in seconds."""

    tries: int = 5
    first_wait: float = 0.25
    longest_wait: float = 30.0


def may_repeat(request: ApiRequest, status: int | None) -> bool:
    """Reads may be repeated after a lost connection or a passing fault; writes only after 429, which was not
    processed.
    """
    if request.method == "GET":
        return status is None or status in RETRIED
    return status == 429


def wait_before(attempt: int, headers: Mapping[str, str], patience: Patience, now: datetime) -> float:
    """Seconds to wait before try `attempt` + 1: what Retry-After says (seconds, or a date against the server's own
    clock), else doubling.
    """
    asked = _retry_after(headers, now)
    wait = patience.first_wait * 2 ** (attempt - 1) if asked is None else asked
    return min(max(wait, 0.0), patience.longest_wait)


def _retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    if text.isdigit():
        return float(text)
    when = _date(text)
    if when is None:
        return None
    return (when - (_date(headers.get("date", "")) or now)).total_seconds()


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)

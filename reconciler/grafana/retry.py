"""When to ask again, and how long to wait before: pure arithmetic over outcomes; waiting itself is the client's."""

from collections.abc import Mapping
from datetime import UTC, datetime

from msgspec import Struct

from reconciler.core.exchange import ApiRequest
from reconciler.grafana.replies import Loss, Outcome, Reply

REPEATED = frozenset({429, 502, 503, 504})
"""The statuses after which a read is repeated."""


class Tried(Struct, frozen=True):
    """What was spent on a request so far: attempts that ended, and seconds since the first began. `known`: the server
    has answered in this run, so that it is worth waiting until it is back.
    """

    attempts: int
    seconds: float
    known: bool = False


class Patience(Struct, frozen=True):
    """How often a request is sent at most, and limits in seconds: of the first and of any one wait, and of all
    attempts and waits of a request together. A server that is known and restarts is asked until that time is up.
    """

    tries: int = 5
    first_wait: float = 0.25
    longest_wait: float = 30.0
    budget: float = 60.0

    def wait(
        self, request: ApiRequest, outcome: Outcome, tried: Tried, *, now: datetime, roll: float = 1.0
    ) -> float | None:
        """Seconds to wait before sending the request again; None: never again.

        Reads are repeated after a lost answer and the statuses of REPEATED. Writes are repeated only where they did
        nothing: the server says so by 429, or there was no connection to send them over. Where Retry-After is given
        it is obeyed to the full, or, where it is longer than the limits, the request is given up: nothing is sent
        earlier than the server allows. Otherwise the wait doubles and is drawn between 0 and that by `roll` (0 to 1).
        `now` is this machine's clock, used for a date only where the answer does not tell the server's.
        """
        if not _may_repeat(request, outcome):
            return None
        if tried.attempts >= self.tries and not (tried.known and _comes_back(outcome)):
            return None
        asked = retry_after(outcome.headers, now) if isinstance(outcome, Reply) else None
        own: float = min(self.first_wait * 2.0 ** min(tried.attempts - 1, 30), self.longest_wait) * roll
        wait = own if asked is None else max(asked, own)  # "0 seconds", time after time, is no reason to hurry
        if wait > self.longest_wait or tried.seconds + wait > self.budget:
            return None
        return wait


def _may_repeat(request: ApiRequest, outcome: Outcome) -> bool:
    if isinstance(outcome, Loss):
        return not outcome.lasting and (request.method == "GET" or not outcome.sent)
    return outcome.status == 429 or (request.method == "GET" and outcome.status in REPEATED)


def _comes_back(outcome: Outcome) -> bool:
    """What a server does while it restarts or is overrun; not, for one, an answer that is lost every time."""
    return not outcome.sent if isinstance(outcome, Loss) else True


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds from now that Retry-After names, as a number or as an HTTP date (measured against the answer's own Date,
    so that a wrong clock here does no harm); None where it is absent or neither.
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    when = _date(text)
    if when is None:
        return None
    return max((when - (_date(headers.get("date", "")) or now)).total_seconds(), 0.0)


def come_back(headers: Mapping[str, str]) -> str:
    """When Retry-After says to come back, in words made here; "" where it does not."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return f"in {text[:12]} s"
    when = _date(text)
    return "" if when is None else f"at {when.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _date(text: str) -> datetime | None:
    if not text:
        return None
    from email.utils import parsedate_to_datetime  # most servers never say to wait

    try:
        found = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)

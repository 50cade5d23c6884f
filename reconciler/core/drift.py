"""What `ggrec drift` found, as values: objects changed outside, version by version, their life over the runs, and what
follows for the exit code. Pure.
"""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field

from reconciler.core.acknowledgement import Acknowledgement
from reconciler.core.address import Address
from reconciler.core.diff import Edit
from reconciler.core.errors import Diagnostic, ExitCode
from reconciler.core.plan import Drift, Plan
from reconciler.core.semantic import ChangeClass, Row, counted
from reconciler.core.state import Held


class Step(Struct, frozen=True):
    """One save outside: from one version to the next, whose it was, and its own edits."""

    before: int
    after: int
    who: str
    when: str
    message: str
    edits: tuple[Edit, ...]
    rows: tuple[Row, ...] = ()
    """The edits in words."""


class News(StrEnum):
    """What a drift is against the last check."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"


class Verdict(StrEnum):
    """What a check comes to, in a word."""

    CLEAN = "clean"
    DRIFT = "drift"
    PENDING = "pending"
    BOTH = "drift-and-pending"
    UNKNOWN = "could-not-tell"

    @property
    def exit_code(self) -> ExitCode:
        """What the process ends with."""
        return _CODES[self]


_CODES = {
    Verdict.CLEAN: ExitCode.DONE,
    Verdict.DRIFT: ExitCode.DIFFERENCES,
    Verdict.PENDING: ExitCode.PENDING,
    Verdict.BOTH: ExitCode.DRIFT_AND_PENDING,
    Verdict.UNKNOWN: ExitCode.PARTIAL,
}


class Seen(Struct, frozen=True):
    """What is remembered of one drift. `content` tells whether it is still the same; times are RFC 3339."""

    first: str
    last: str
    times: int = 1
    content: str = ""


class Life(Struct, frozen=True):
    """All that is remembered between checks, when the last one was ("": this is the first), when one last read every
    body, and whether there was news that a webhook did not take.
    """

    seen: Mapping[str, Seen] = field(default_factory=dict)
    checked: str = ""
    full: str = ""
    untold: bool = False


STANDINGS = ("acknowledged", "expired", "open")
"""Where a change made outside may stand."""


class Finding(Struct, frozen=True):
    """One object that was changed outside. `unattributed` are edits that no kept version accounts for."""

    drift: Drift
    steps: tuple[Step, ...] = ()
    unattributed: tuple[Edit, ...] = ()
    rows: tuple[Row, ...] = ()
    """All that is different, in words, each with its class."""
    unattributed_rows: tuple[Row, ...] = ()
    news: News = News.NEW
    seen: Seen = field(default_factory=lambda: Seen("", ""))
    expired: tuple[Acknowledgement, ...] = ()

    @property
    def address(self) -> Address:
        """Whose drift it is."""
        return self.drift.address

    @property
    def who(self) -> str:
        """Everybody whose saves it is, the newest first; where no save is kept, who is known to have edited it."""
        return ", ".join(dict.fromkeys(step.who for step in reversed(self.steps) if step.who)) or (
            self.drift.attribution.who or ""
        )

    @property
    def again(self) -> bool:
        """Whether it was deleted and made again: its versions begin anew."""
        before, after = self.drift.version_before, self.drift.version_after
        return before is not None and after is not None and after <= before

    @property
    def acknowledged(self) -> bool:
        """Whether all of it is to stand for now."""
        return self.drift.outcome == "acknowledged"

    @property
    def standing(self) -> str:
        """One of STANDINGS."""
        return "acknowledged" if self.acknowledged else "expired" if self.expired else "open"


class DriftReport(Struct, frozen=True):
    """One check. `pending` are the addresses that Git changes; `recovered` what is no longer different since the last
    check; `checked_before` when that was ("": never, as far as is known).
    """

    plan: Plan
    at: str
    findings: tuple[Finding, ...]
    pending: tuple[Address, ...] = ()
    recovered: tuple[tuple[str, Seen], ...] = ()
    checked_before: str = ""
    notes: tuple[Diagnostic, ...] = ()
    full: str = ""
    """When every body was last read: now, or in an earlier check."""
    untold: bool = False
    """Whether an earlier check had news that nobody was told."""

    @property
    def alarming(self) -> tuple[Finding, ...]:
        """What counts as drift: all that is not acknowledged."""
        return tuple(item for item in self.findings if not item.acknowledged)

    @property
    def classes(self) -> Mapping[ChangeClass, int]:
        """How many changes of each class were made outside."""
        return counted(row for item in self.findings for row in item.rows)

    @property
    def held(self) -> Mapping[Address, tuple[Held, ...]]:
        """What an earlier apply left in Grafana that the files do not say."""
        return self.plan.held

    @property
    def verdict(self) -> Verdict:
        """What cannot be read is not unchanged: that comes first."""
        if self.plan.unreadable:
            return Verdict.UNKNOWN
        if self.alarming:
            return Verdict.BOTH if self.pending else Verdict.DRIFT
        return Verdict.PENDING if self.pending else Verdict.CLEAN

    @property
    def has_news(self) -> bool:
        """Whether anything is to be told: new, changed, expired or recovered; or what was, and was told nobody."""
        fresh = any(item.news is not News.SAME and not item.acknowledged for item in self.findings)
        return self.untold or fresh or bool(self.recovered) or any(item.expired for item in self.findings)


def pending_of(plan: Plan) -> tuple[Address, ...]:
    """The addresses that Git changes: not those that would only be put back."""
    outside = {drift.address: drift for drift in plan.drift}
    return tuple(
        change.address
        for change in plan.visible
        if (drift := outside.get(change.address)) is None or drift.declared_too or drift.outcome == "deleted"
    )

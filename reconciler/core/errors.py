"""What can go wrong, as values: exit codes, diagnostics (what, where, why, what to do), and the exceptions that carry
them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Self

from reconciler.core.source import Mark


class ExitCode(IntEnum):
    """The contract with whoever calls `ggrec` (design, decision 10)."""

    DONE = 0
    ERROR = 1
    DIFFERENCES = 2
    REFUSED = 3
    CONFLICT = 4
    LOCKED = 5
    PARTIAL = 6
    PENDING = 7
    DRIFT_AND_PENDING = 8
    USAGE = 64
    INTERRUPTED = 130


class Severity(StrEnum):
    """An error stops; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. `code` is a stable kebab-case name, `subject` the object it concerns (an address or a file)."""

    code: str
    message: str
    hint: str = ""
    where: Mark | None = None
    subject: str = ""
    severity: Severity = Severity.ERROR

    def sort_key(self) -> tuple[str, int, int, str, str]:
        """Order of reports: by file, place, code."""
        place = (self.where.file, self.where.line, self.where.column) if self.where else (self.subject, 0, 0)
        return (*place, self.code, self.message)

    def __str__(self) -> str:
        place = str(self.where) if self.where else self.subject
        head = f"{place}: " if place else ""
        return f"{head}{self.message}" + (f"\n  hint: {self.hint}" if self.hint else "")


@dataclass(eq=False)
class GgrecError(Exception):
    """The root of all expected failures; `exit_code` is what the process ends with."""

    diagnostics: tuple[Diagnostic, ...]
    exit_code: ExitCode = field(default=ExitCode.ERROR, kw_only=True)

    def __post_init__(self) -> None:
        super().__init__(str(self))

    def __str__(self) -> str:
        return "\n".join(str(item) for item in self.diagnostics)

    @classmethod
    def one(cls, code: str, message: str, *, hint: str = "", where: Mark | None = None, subject: str = "") -> Self:
        """An error of one diagnostic."""
        return cls((Diagnostic(code, message, hint, where, subject),))


class InvalidInput(GgrecError):
    """Files or configuration that cannot be accepted; carries everything that is wrong at once."""


@dataclass(eq=False)
class UsageError(GgrecError):
    """The command line itself is wrong."""

    exit_code: ExitCode = field(default=ExitCode.USAGE, kw_only=True)


@dataclass(eq=False)
class Refused(GgrecError):
    """A guard said no; nothing was sent."""

    exit_code: ExitCode = field(default=ExitCode.REFUSED, kw_only=True)


@dataclass(eq=False)
class Conflict(GgrecError):
    """Live changed since the plan, or the plan is stale."""

    exit_code: ExitCode = field(default=ExitCode.CONFLICT, kw_only=True)


@dataclass(eq=False)
class Locked(GgrecError):
    """Somebody else holds the state's lock, or has taken it over from us. `holder`: who, for programs."""

    exit_code: ExitCode = field(default=ExitCode.LOCKED, kw_only=True)
    holder: Mapping[str, str | int] = field(default_factory=dict, kw_only=True)


class StoreFailed(GgrecError):
    """The place where the state is kept could not be read or written: the run cannot go on."""


class BodyLost(GgrecError):
    """A stored body is missing or damaged: what it held must be observed again."""


@dataclass(eq=False)
class Unreadable(GgrecError):
    """Some objects could not be read: what is not known is never called unchanged."""

    exit_code: ExitCode = field(default=ExitCode.PARTIAL, kw_only=True)


@dataclass(eq=False)
class ServerError(GgrecError):
    """Grafana (or what stands before it) did not do what was asked.

    `status` is the HTTP status, None where no answer came. `ambiguous` tells that a write may have happened all the
    same
    (lost answer, 5xx): look before repeating.
    """

    status: int | None = field(default=None, kw_only=True)
    ambiguous: bool = field(default=False, kw_only=True)
    began: bool = field(default=False, kw_only=True)
    """Whether an earlier write of the same exchange had been done already: the object may be half finished."""
    message: str = field(default="", kw_only=True)
    """The server's own words, cleaned of secrets and control characters."""
    message_id: str = field(default="", kw_only=True)
    """The server's stable name of the failure, where it gives one (`folder.circular-reference`)."""


class Unreachable(ServerError):
    """No connection, a time-out, or something that is not Grafana: the run cannot go on."""


class Unauthorized(ServerError):
    """401: the credentials are wrong or expired. Never repeated (Grafana locks users after a few)."""


class Forbidden(ServerError):
    """403 for lack of a permission: not the same as absent."""


@dataclass(eq=False)
class ChangedMeanwhile(ServerError):
    """Somebody saved the object since it was read; nothing was written."""

    exit_code: ExitCode = field(default=ExitCode.CONFLICT, kw_only=True)


@dataclass(eq=False)
class AlreadyExists(ServerError):
    """What was to be created is there already, made by somebody else or by an earlier try of this run: look."""

    exit_code: ExitCode = field(default=ExitCode.CONFLICT, kw_only=True)


@dataclass(eq=False)
class NameTaken(ServerError):
    """Another object has the name."""

    exit_code: ExitCode = field(default=ExitCode.PARTIAL, kw_only=True)


@dataclass(eq=False)
class InUse(ServerError):
    """The object cannot go, for something refers to it."""

    exit_code: ExitCode = field(default=ExitCode.PARTIAL, kw_only=True)


@dataclass(eq=False)
class PluginOwned(ServerError):
    """A plugin brought this dashboard."""

    exit_code: ExitCode = field(default=ExitCode.REFUSED, kw_only=True)


@dataclass(eq=False)
class Busy(ServerError):
    """The server did nothing, for it was busy: to be asked again after a look."""

    exit_code: ExitCode = field(default=ExitCode.PARTIAL, kw_only=True)


@dataclass(eq=False)
class OutOfTime(ServerError):
    """The time limit of the run came before this was asked: nothing was sent."""

    exit_code: ExitCode = field(default=ExitCode.PARTIAL, kw_only=True)

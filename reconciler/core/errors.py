"""What can go wrong, as values: exit codes, diagnostics (what, where, why, what to do), and the exceptions that carry
them.
"""

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from typing import Self

from msgspec import Struct

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


class Diagnostic(Struct, frozen=True):
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


class GgrecError(Exception):
    """The root of all expected failures; `exit_code` is what the process ends with: each class has its own."""

    exit_code: ExitCode = ExitCode.ERROR

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        self.diagnostics = diagnostics
        super().__init__(str(self))

    def __str__(self) -> str:
        return "\n".join(str(item) for item in self.diagnostics)

    @classmethod
    def one(cls, code: str, message: str, *, hint: str = "", where: Mark | None = None, subject: str = "") -> Self:
        """An error of one diagnostic."""
        return cls((Diagnostic(code, message, hint, where, subject),))


class InvalidInput(GgrecError):
    """Files or configuration that cannot be accepted; carries everything that is wrong at once."""


class UsageError(GgrecError):
    """The command line itself is wrong."""

    exit_code = ExitCode.USAGE


class Refused(GgrecError):
    """A guard said no; nothing was sent."""

    exit_code = ExitCode.REFUSED


class Conflict(GgrecError):
    """Live changed since the plan, or the plan is stale."""

    exit_code = ExitCode.CONFLICT


class Locked(GgrecError):
    """Somebody else holds the state's lock, or has taken it over from us. `holder`: who, for programs."""

    exit_code = ExitCode.LOCKED

    def __init__(self, diagnostics: tuple[Diagnostic, ...], *, holder: Mapping[str, str | int] | None = None) -> None:
        super().__init__(diagnostics)
        self.holder: Mapping[str, str | int] = holder or {}


class StoreFailed(GgrecError):
    """The place where the state is kept could not be read or written: the run cannot go on."""


class BodyLost(GgrecError):
    """A stored body is missing or damaged: what it held must be observed again."""


class Unreadable(GgrecError):
    """Some objects could not be read: what is not known is never called unchanged."""

    exit_code = ExitCode.PARTIAL


class ServerError(GgrecError):
    """Grafana (or what stands before it) did not do what was asked.

    `status` is the HTTP status, None where no answer came. `ambiguous` tells that a write may have happened all the
    same (lost answer, 5xx): look before repeating. `began`: an earlier write of the same exchange had been done
    already, so the object may be half finished. `message`: the server's own words, cleaned of secrets and control
    characters; `message_id`: its stable name of the failure, where it gives one (`folder.circular-reference`).
    """

    def __init__(
        self,
        diagnostics: tuple[Diagnostic, ...],
        *,
        status: int | None = None,
        ambiguous: bool = False,
        began: bool = False,
        message: str = "",
        message_id: str = "",
    ) -> None:
        super().__init__(diagnostics)
        self.status = status
        self.ambiguous = ambiguous
        self.began = began
        self.message = message
        self.message_id = message_id


class Unreachable(ServerError):
    """No connection, a time-out, or something that is not Grafana: the run cannot go on."""


class Unauthorized(ServerError):
    """401: the credentials are wrong or expired. Never repeated (Grafana locks users after a few)."""


class Forbidden(ServerError):
    """403 for lack of a permission: not the same as absent."""


class ChangedMeanwhile(ServerError):
    """Somebody saved the object since it was read; nothing was written."""

    exit_code = ExitCode.CONFLICT


class AlreadyExists(ServerError):
    """What was to be created is there already, made by somebody else or by an earlier try of this run: look."""

    exit_code = ExitCode.CONFLICT


class NameTaken(ServerError):
    """Another object has the name."""

    exit_code = ExitCode.PARTIAL


class InUse(ServerError):
    """The object cannot go, for something refers to it."""

    exit_code = ExitCode.PARTIAL


class PluginOwned(ServerError):
    """A plugin brought this dashboard."""

    exit_code = ExitCode.REFUSED


class Busy(ServerError):
    """The server did nothing, for it was busy: to be asked again after a look."""

    exit_code = ExitCode.PARTIAL


class OutOfTime(ServerError):
    """The time limit of the run came before this was asked: nothing was sent."""

    exit_code = ExitCode.PARTIAL

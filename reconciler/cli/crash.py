"""The last resort: an error that nobody foresaw is told with where it arose, and without any secret of this run."""

import logging
import traceback
from typing import TYPE_CHECKING
from weakref import WeakSet

from reconciler.core.errors import GgrecError

if TYPE_CHECKING:
    from reconciler.grafana.secrets import SecretResolver

_MOST = 500
_resolvers: "WeakSet[SecretResolver]" = WeakSet()


def hide_those_of(resolver: "SecretResolver") -> "SecretResolver":
    """Let no report of a crash, and no log, hold what this resolver finds. The result is the resolver."""
    guard_logs()
    _resolvers.add(resolver)
    return resolver


class _WithoutSecrets(logging.Filter):
    """What asyncio says of tasks that nobody asked about goes to stderr, with their errors: told without secrets."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        said = f" ({type(error).__name__}: {_hidden(str(error))})" if error is not None else ""
        record.msg, record.args = _hidden(record.getMessage()).partition("\n")[0] + said, ()
        record.exc_info = record.exc_text = None
        return True


_FILTER = _WithoutSecrets()


def guard_logs() -> None:
    """Let asyncio's log hold no secret. Calling it again changes nothing."""
    logging.getLogger("asyncio").addFilter(_FILTER)


def unforeseen(error: Exception) -> GgrecError:
    """The error as one that can be shown: its sort, its text without secrets and cut short, and the lines of the
    program that it came through. No values of variables, and no lines of files.
    """
    frames = traceback.extract_tb(error.__traceback__)
    where = " < ".join(f"{frame.name} ({_module(frame.filename)}:{frame.lineno})" for frame in reversed(frames[-8:]))
    text = _hidden(str(error))
    text = text if len(text) <= _MOST else f"{text[:_MOST]}…"
    said = f": {text}" if text else ""
    return GgrecError.one(
        "unforeseen",
        f"an error that ggrec did not foresee: {type(error).__name__}{said} [in {where}]",
        hint="report it with this message; what was written is journalled, so the command can be run again",
    )


def _module(path: str) -> str:
    """The end of a file's path: enough to find it, and nothing of the machine."""
    return "/".join(path.replace("\\", "/").rsplit("/", 2)[-2:])


def _hidden(text: str) -> str:
    from reconciler.core.literals import without_literals

    for resolver in list(_resolvers):
        text = resolver.redacted(text)
    return without_literals(text)

"""The `ggrec` command and how it ends: every expected failure becomes a message and an exit code, never a traceback."""

import sys
from typing import TYPE_CHECKING

import typer

from reconciler.cli.commands import Commands
from reconciler.cli.crash import guard_logs, unforeseen
from reconciler.cli.signals import interruptible
from reconciler.cli.table import EPILOG, HELP
from reconciler.core.errors import ExitCode, GgrecError

if TYPE_CHECKING:
    from reconciler.cli.output import Output

# Newer typers bring their own click: these are its error types, whichever it is.
_UsageError: type[Exception] = typer.BadParameter.__bases__[0]
_ClickError: type[Exception] = _UsageError.__bases__[0]

app = typer.Typer(
    name="ggrec",
    cls=Commands,
    help=HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EPILOG,
)


@app.callback()
def _all() -> None:
    """The commands are those of the table, each imported when it is called."""


def main() -> None:
    """Run, and exit with the design's code."""
    interruptible()
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run with these arguments; the result is the exit code."""
    guard_logs()
    try:
        code = app(arguments, standalone_mode=False)
    except GgrecError as error:
        _output(arguments).failure(error)
        return int(error.exit_code)
    except _UsageError as error:
        _show(error)
        return int(ExitCode.USAGE)
    except _ClickError as error:
        _show(error)
        return int(ExitCode.ERROR)
    except typer.Abort:  # the answer to a question was no, or Ctrl-C: every question comes before the first write
        sys.stderr.write("\nNothing was changed.\n")
        return int(ExitCode.INTERRUPTED)
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        return int(ExitCode.INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output went away: nothing is left to say
        return int(ExitCode.DONE)
    except Exception as error:  # a traceback would quote whatever a library put into its message
        _output(arguments).failure(unforeseen(error))
        return int(ExitCode.ERROR)
    return int(code) if isinstance(code, int) else int(ExitCode.DONE)


def _output(arguments: list[str]) -> "Output":
    from reconciler.cli.output import Output  # only a failure needs it here

    return Output(as_json="--json" in arguments, no_color="--no-color" in arguments, verbose=False)


def _show(error: Exception) -> None:
    show = getattr(error, "show", None)
    if callable(show):
        show()

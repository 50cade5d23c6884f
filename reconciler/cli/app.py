"""The `ggrec` command and how it ends: every expected failure becomes a message and an exit code, never a traceback.

A command line that is plainly written is read by `quick`, and only that command's module is imported; every other one,
help of a command and completion are typer's, which is imported then.
"""

import gc
import os
import sys

from reconciler.cli.interrupting import interruptible
from reconciler.cli.table import BY_NAME, COMMANDS, load

TYPE_CHECKING = False  # what typing calls it: importing that costs `ggrec version` a third of its time
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from reconciler.cli.output import Output

_DONE, _ERROR, _USAGE, _INTERRUPTED = 0, 1, 64, 130  # of core.errors.ExitCode, which version and --help do without
_HELP: tuple[list[str], ...] = ([], ["-h"], ["--help"])
_COMPLETION = "_GGREC_COMPLETE"


def main() -> None:
    """Run, and exit with the design's code."""
    interruptible()
    gc.set_threshold(300_000, 20, 20)  # a command lives for seconds: looking for garbage often is a tenth of its time
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run with these arguments; the result is the exit code."""
    try:
        code = _command(arguments)
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        return _INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output went away: nothing is left to say
        return _DONE
    except Exception as error:
        return _other(error, arguments)
    return int(code) if isinstance(code, int) else _DONE


def _command(arguments: list[str]) -> object:
    """What a command returns: its exit code."""
    completing = _COMPLETION in os.environ
    if arguments in _HELP and not completing:
        from reconciler.cli.overview import overview

        sys.stdout.write(overview())
        return _DONE if arguments else _USAGE
    command = BY_NAME.get(arguments[0]) if arguments and not completing else None
    if command is not None:
        part = command.parts.get(arguments[1]) if len(arguments) > 1 else None
        place, words = (command.place, arguments[1:]) if part is None else (part, arguments[2:])
        function = load(place) if place else None
        given = _given(function, words) if function is not None else None
        if function is not None and given is not None:
            return function(**given)
    from reconciler.cli.typed import application

    names = [command.name] if command is not None else [item.name for item in COMMANDS]
    return application(names)(arguments, prog_name="ggrec", standalone_mode=False)


def _given(function: "Callable[..., int]", words: list[str]) -> "dict[str, Any] | None":
    if not words and function.__code__.co_argcount == 0:
        return {}
    from reconciler.cli.quick import understood

    return understood(function, words)


def _other(error: Exception, arguments: list[str]) -> int:
    """A failure that was expected, and what typer raises to say or to end something; everything else nobody foresaw."""
    from reconciler.core.errors import GgrecError

    if isinstance(error, GgrecError):
        _output(arguments).failure(error)
        return int(error.exit_code)
    typer = sys.modules.get("typer")
    if typer is not None:
        usage = typer.BadParameter.__bases__[0]  # newer typers bring their own click: its error types, whichever it is
        if isinstance(error, usage.__bases__[0]):
            _show(error)
            return _USAGE if isinstance(error, usage) else _ERROR
        if isinstance(error, typer.Abort):  # the answer to a question was no, or Ctrl-C: before the first write
            sys.stderr.write("\nNothing was changed.\n")
            return _INTERRUPTED
    from reconciler.cli.crash import unforeseen

    _output(arguments).failure(unforeseen(error))  # a traceback would quote whatever a library put into its message
    return _ERROR


def _output(arguments: list[str]) -> "Output":
    from reconciler.cli.output import Output

    return Output(as_json="--json" in arguments, no_color="--no-color" in arguments, verbose=False)


def _show(error: Exception) -> None:
    show = getattr(error, "show", None)
    if callable(show):
        show()

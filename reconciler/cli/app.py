"""The `ggrec` command and how it ends: every expected failure becomes a message and an exit code, never a traceback."""

import sys

import typer

from reconciler.cli.checking import check, metrics_app
from reconciler.cli.crash import guard_logs, unforeseen
from reconciler.cli.explaining import explain
from reconciler.cli.formatting import fmt
from reconciler.cli.importing import import_dashboards
from reconciler.cli.local import init, render, sandbox, schema, validate, version
from reconciler.cli.output import Output
from reconciler.cli.owning import history, import_, pull
from reconciler.cli.planning import apply, destroy, plan, show
from reconciler.cli.previewing import preview
from reconciler.cli.rebuilding import state_rebuild
from reconciler.cli.roles import roles
from reconciler.cli.signals import interruptible
from reconciler.cli.state import state_app
from reconciler.cli.state_care import unlock
from reconciler.core.errors import ExitCode, GgrecError

# Newer typers bring their own click: these are its error types, whichever it is.
_UsageError: type[Exception] = typer.BadParameter.__bases__[0]
_ClickError: type[Exception] = _UsageError.__bases__[0]

app = typer.Typer(
    name="ggrec",
    help="Keep a Grafana equal to a folder of YAML, safely.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done · 1 error · 2 differences · 3 refused by a guard · 4 conflict · 5 state locked · "
    "6 some objects failed or could not be read · 64 usage · 130 interrupted.",
)

_DAILY, _STATE, _TOOLS = "Every day", "What is owned", "Tools"
app.command(rich_help_panel=_DAILY)(init)
app.command(rich_help_panel=_DAILY)(validate)
app.command(rich_help_panel=_DAILY)(check)
app.command(rich_help_panel=_DAILY)(plan)
app.command(rich_help_panel=_DAILY)(apply)
app.command(rich_help_panel=_DAILY)(show)
app.command(rich_help_panel=_DAILY)(destroy)
app.command(rich_help_panel=_STATE)(pull)
app.command("import", rich_help_panel=_STATE)(import_)
app.command("import-dashboards", rich_help_panel=_STATE)(import_dashboards)
app.command(rich_help_panel=_STATE)(history)
state_app.command("rebuild")(state_rebuild)
app.add_typer(state_app, name="state", rich_help_panel=_STATE)
app.command(rich_help_panel=_STATE)(unlock)
app.add_typer(metrics_app, name="metrics", rich_help_panel=_TOOLS)
app.command(rich_help_panel=_TOOLS)(fmt)
app.command(rich_help_panel=_TOOLS)(explain)
app.command(rich_help_panel=_TOOLS)(preview)
app.command(rich_help_panel=_TOOLS)(roles)
app.command(rich_help_panel=_TOOLS)(render)
app.command(rich_help_panel=_TOOLS)(schema)
app.command(rich_help_panel=_TOOLS)(sandbox)
app.command(rich_help_panel=_TOOLS)(version)


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


def _output(arguments: list[str]) -> Output:
    return Output(as_json="--json" in arguments, no_color="--no-color" in arguments, verbose=False)


def _show(error: Exception) -> None:
    show = getattr(error, "show", None)
    if callable(show):
        show()

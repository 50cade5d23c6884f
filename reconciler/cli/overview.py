"""`ggrec --help`: all commands on one page. What one command takes, `ggrec COMMAND --help` says."""

import os
import sys
from itertools import groupby
from textwrap import wrap

from reconciler.cli.table import COMMANDS, EPILOG, HELP

_WIDEST = 100
_OPTIONS = (
    ("-h, --help", "Show this page; after a command, what it takes."),
    ("--install-completion", "Install completion for the current shell."),
    ("--show-completion", "Show completion for the current shell, to copy or customize it."),
)


def overview() -> str:
    """The page, as wide as the terminal."""
    width = min(_WIDEST, _columns())
    parts = ["Usage: ggrec COMMAND [OPTIONS] [ARGS]...", HELP]
    for panel, commands in groupby(COMMANDS, key=lambda command: command.panel):
        parts.append(_panel(panel, [(command.name, command.help) for command in commands], width))
    parts += [_panel("Options", _OPTIONS, width), "\n".join(wrap(EPILOG, width))]
    return "\n\n".join(parts) + "\n"


def _panel(title: str, rows: "list[tuple[str, str]] | tuple[tuple[str, str], ...]", width: int) -> str:
    indent = 24
    lines = [title]
    for name, text in rows:
        first, *rest = wrap(text, max(20, width - indent))
        lines.append(f"  {name:<{indent - 2}}{first}")
        lines += [" " * indent + more for more in rest]
    return "\n".join(lines)


def _columns() -> int:
    try:
        return int(os.environ.get("COLUMNS", "")) or _WIDEST
    except ValueError:
        pass
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns
    except (OSError, ValueError):
        return 80

"""The group of all commands for typer: lists them by the table, and imports a command's module when it is called."""

import inspect
from functools import cache
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from reconciler.cli.table import BY_NAME, Command


class Commands(TyperGroup):
    """`ggrec` itself."""

    _listing = False

    def list_commands(self, ctx: Any) -> list[str]:
        """The names, in the order of the help."""
        return list(BY_NAME)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A command, imported; while the help lists them all, only what the table says of it."""
        known = BY_NAME.get(cmd_name)
        if known is None:
            return None
        return _shown(known) if self._listing else _loaded(known)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The help of `ggrec`, for which nothing needs importing."""
        self._listing = True
        try:
            super().format_help(ctx, formatter)
        finally:
            self._listing = False


@cache
def _loaded(command: Command) -> Any:
    found = command.load()
    if command.group:
        return get_command(found)
    if not inspect.signature(found).parameters:  # typer's reading of parameters takes longer than such a command
        return TyperCommand(command.name, callback=found, help=inspect.getdoc(found))
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    alone.command(command.name)(found)
    return get_command(alone)


@cache
def _shown(command: Command) -> Any:
    return TyperCommand(command.name, help=command.help, rich_help_panel=command.panel)

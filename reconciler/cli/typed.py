"""Commands for typer: the same declarations (`options`) in its own words. Imported only where a command line is not
plain, or somebody wants help.
"""

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Annotated, Any, get_args, get_origin

import typer
from rich.markup import escape  # in a help text brackets are brackets

from reconciler.cli.options import Argument, Option
from reconciler.cli.table import BY_NAME, EPILOG, HELP, Command, load


class Commands(typer.Typer):
    """A typer whose commands may declare what they take by `options`."""

    def command(self, *arguments: Any, **settings: Any) -> Callable[[Any], Any]:
        """As typer's."""
        register = super().command(*arguments, **settings)

        def take(function: Any) -> Any:
            register(typed(function))
            return function

        return take

    def callback(self, *arguments: Any, **settings: Any) -> Callable[[Any], Any]:
        """As typer's."""
        register = super().callback(*arguments, **settings)

        def take(function: Any) -> Any:
            register(typed(function))
            return function

        return take


def typed(function: Callable[..., Any]) -> Callable[..., Any]:
    """The command with what it takes told in typer's words."""

    @functools.wraps(function)
    def command(*arguments: Any, **given: Any) -> Any:
        return function(*arguments, **given)

    signature = inspect.signature(function)
    told = [item.replace(annotation=_told(item.annotation)) for item in signature.parameters.values()]
    command.__signature__ = signature.replace(parameters=told)  # type: ignore[attr-defined]
    command.__annotations__ = {item.name: item.annotation for item in told}
    return command


def _told(annotation: Any) -> Any:
    if get_origin(annotation) is not Annotated:
        return annotation
    kind, known = get_args(annotation)[:2]
    if isinstance(known, Option):
        more: dict[str, Any] = {"min": known.min, "max": known.max, "parser": known.parser, "metavar": known.metavar}
        more = {name: value for name, value in more.items() if value is not None}
        told = typer.Option(*known.spellings, help=escape(known.help), rich_help_panel=known.rich_help_panel, **more)
        return Annotated[kind, told]
    if isinstance(known, Argument):
        told = typer.Argument(help=escape(known.help), metavar=known.metavar, show_default=known.show_default)
        return Annotated[kind, told]
    return annotation


def application(names: Sequence[str]) -> typer.Typer:
    """`ggrec` with these commands."""
    app = Commands(
        name="ggrec",
        help=HELP,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        epilog=EPILOG,
    )
    app.callback()(_nothing)
    for name in names:
        command = BY_NAME[name]
        if command.parts:
            app.add_typer(_group(command), name=name, rich_help_panel=command.panel)
        else:
            app.command(name, rich_help_panel=command.panel)(load(command.place))
    return app


def _group(command: Command) -> Commands:
    if command.place:
        group = Commands()
        group.callback(invoke_without_command=True)(_alone(load(command.place)))
    else:
        group = Commands(help=command.help, no_args_is_help=True)
        group.callback()(_nothing)
    for name, place in command.parts.items():
        group.command(name)(load(place))
    return group


def _alone(function: Callable[..., int]) -> Callable[..., int]:
    """The command, which does nothing where one below it is called."""

    @functools.wraps(function)
    def command(context: typer.Context, **given: Any) -> int:
        return 0 if context.invoked_subcommand is not None else function(**given)

    signature = inspect.signature(function)
    first = inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    command.__signature__ = signature.replace(parameters=[first, *signature.parameters.values()])  # type: ignore[attr-defined]
    return command


def _nothing() -> None:
    """Keeps `ggrec` a group, also where it has one command."""

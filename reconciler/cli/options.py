"""How commands declare what they take: options and arguments as values, in a parameter's `Annotated`. They are read
twice: by `quick`, which understands what is plainly written, and by typer (`typed`) for help, mistakes and
completion. Neither is imported here.
"""

from collections.abc import Callable
from typing import Any


class Option:
    """`--name value`, or a flag where the parameter is a bool; `spellings` are its names."""

    __slots__ = ("help", "max", "metavar", "min", "parser", "rich_help_panel", "spellings")

    def __init__(
        self,
        *spellings: str,
        help: str = "",
        metavar: str | None = None,
        min: int | None = None,
        max: int | None = None,
        parser: Callable[[str], Any] | None = None,
        rich_help_panel: str | None = None,
    ) -> None:
        self.spellings = spellings
        self.help = help
        self.metavar = metavar
        self.min = min
        self.max = max
        self.parser = parser
        self.rich_help_panel = rich_help_panel


class Argument:
    """A word by its place; a list takes all that are left."""

    __slots__ = ("help", "metavar", "show_default")

    def __init__(
        self,
        *,
        help: str = "",
        metavar: str | None = None,
        show_default: bool = True,
    ) -> None:
        self.help = help
        self.metavar = metavar
        self.show_default = show_default

"""diff: any two of what is declared, what Grafana holds, a version, a run, a file, another instance."""

import asyncio
from typing import Annotated

from msgspec.structs import replace

from reconciler.cli.options import Argument, Option
from reconciler.cli.session import Session
from reconciler.cli.settings import (
    ConfigOption,
    InstanceOption,
    JsonOption,
    NoColorOption,
    Settings,
    TimeoutOption,
    UrlOption,
    VerboseOption,
)
from reconciler.cli.sides import HELP, Chosen, Named, named, side_of, whole
from reconciler.core.comparison import Side
from reconciler.core.errors import ExitCode, UsageError
from reconciler.engine.comparing import compare
from reconciler.render.comparison_view import comparison_json, comparison_lines


def diff(
    left: Annotated[str, Argument(help=f"One side: {HELP}.")],
    right: Annotated[str, Argument(help="The other side, named alike.")],
    target: Annotated[
        list[str] | None, Option("--target", "-t", help="Only this address (globs allowed). Repeatable.")
    ] = None,
    instance: InstanceOption = None,
    url: UrlOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    no_color: NoColorOption = False,
    verbose: VerboseOption = False,
    timeout: TimeoutOption = None,
) -> int:
    """Compare any two sides, object by object: desired, live, a version, a run, a file, another instance.

    Exit code 2 where they differ. What only one side could tell of is not compared. Beside what is declared, the other
    side counts on the paths that were written, as in a plan. Sends GET only.
    """
    session = Session(Settings(instance, url, config, json, no_color, verbose, timeout=timeout))
    sides = (named(left, session), named(right, session))
    found = compare(*asyncio.run(_read(sides, Chosen(tuple(target or ())))), session.registry)
    if not found.compared and not all(map(whole, sides)):
        text = f"there is no object of which both {left} and {right} tell"
        hint = "a version and an export are of one dashboard, a run of what it touched"
        raise UsageError.one("nothing-to-compare", text, hint=hint)
    if json:
        session.output.json(comparison_json(found, session.registry))
    else:
        session.output.lines(comparison_lines(found, session.registry, verbose=verbose))
    return ExitCode.DIFFERENCES if found.differences else ExitCode.DONE


async def _read(sides: tuple[Named, Named], chosen: Chosen) -> tuple[Side, Side]:
    """Both; what tells of few objects first, so that the other is asked for no more than those."""
    found: dict[int, Side] = {}
    for place in sorted(range(2), key=lambda place: whole(sides[place])):
        found[place] = await side_of(sides[place], chosen)
        if not whole(sides[place]):
            chosen = replace(chosen, only=frozenset(found[place].speaks_of or ()))
    return found[0], found[1]

"""drift accept: what was changed by hand goes into the desired files. Sends GET only; stores no state."""

from typing import TYPE_CHECKING, Annotated, Any

from reconciler.cli.options import Argument, Option
from reconciler.cli.planned import guarded, inputs_of
from reconciler.cli.session import Session, new_lineage
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
from reconciler.cli.signals import Signals, run
from reconciler.cli.state import parsed
from reconciler.core.errors import ExitCode, UsageError
from reconciler.core.selectors import EXAMPLE, BadSelector, Selector, parse_selector
from reconciler.engine.planner import Options
from reconciler.engine.planning import own_state

if TYPE_CHECKING:
    from reconciler.cli.accepted import Acceptance


def accept(
    addresses: Annotated[list[str] | None, Argument(help="Whose drift, as dashboard.orders.")] = None,
    every: Annotated[bool, Option("--all", help="All drift that is not acknowledged.")] = False,
    path: Annotated[
        str | None, Option("--path", help="Only this part of one object, as panels[title='Latency'].targets.")
    ] = None,
    dry_run: Annotated[bool, Option("--dry-run", help="Write nothing; show how the files would change.")] = False,
    instance: InstanceOption = None,
    url: UrlOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    no_color: NoColorOption = False,
    verbose: VerboseOption = False,
    timeout: TimeoutOption = None,
) -> int:
    """Write what was changed by hand in Grafana into the desired files: only what differs, where it is written.

    Comments, order, anchors and quotes stay. What comes from a template, a default, a role, a loop or a value is not
    guessed: it is said where it comes from, and that object's files stay as they are. Sends GET only; writes files and
    no state, so that the change can be reviewed. Exit codes: 0 accepted, or nothing to accept · 6 some objects could
    not be · 3 none could be.
    """
    from reconciler.cli.accepted import Accepting, show

    named = list(dict.fromkeys(addresses or ()))
    if bool(named) == every:
        hint = "`ggrec drift` lists what was changed by hand"
        raise UsageError.one("no-address" if not named else "address-and-all", "name objects, or --all", hint=hint)
    if path is not None and len(named) != 1:
        raise UsageError.one("path-of-many", "--path is of one object", hint="name that object")
    session = Session(Settings(instance, url, config, json, no_color, verbose, timeout=timeout))
    accepting = Accepting(session, [parsed(text) for text in named], _selector(path))
    made: list[Acceptance] = []

    async def work(signals: Signals) -> int:
        async with session.reader() as reader:
            state = own_state(session.store.load(), reader, lineage=new_lineage())
            options = guarded(session, Options())
            made.append(await accepting.run(inputs_of(session, accepting.resources, options, state, reader)))
        return ExitCode.DONE

    run(work)
    found: Any = made[0]
    if not dry_run:
        found.write()
    show(session, found, dry=dry_run)
    code: int = found.exit_code
    return code


def _selector(path: str | None) -> Selector | None:
    if path is None:
        return None
    try:
        return parse_selector(path)
    except BadSelector as error:
        raise UsageError.one("bad-path", f"--path {path}: {error}", hint=EXAMPLE) from None

"""history: the runs, one of them, or the past of one object."""

import asyncio
import re
from contextlib import suppress
from typing import Annotated, Any

from reconciler.cli.forms import Forms, HtmlOption, MarkdownOption
from reconciler.cli.options import Argument, Option
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
from reconciler.cli.state import parsed
from reconciler.core.address import Address
from reconciler.core.description import described
from reconciler.core.diff import diff
from reconciler.core.errors import BodyLost, ExitCode, GgrecError, UsageError
from reconciler.core.kind import Kind
from reconciler.core.past import past
from reconciler.core.resource import KeptVersion
from reconciler.core.semantic import Row
from reconciler.core.state import Run, State
from reconciler.engine.planning import own_state
from reconciler.render.json_view import moment_json
from reconciler.render.lines import Span, line
from reconciler.render.plan_view import diagnostic_lines
from reconciler.render.run_view import history_lines, past_lines, run_lines
from reconciler.store.codec import encode

_RUN = re.compile(r"[A-Za-z0-9-]+\Z")


def history(
    what: Annotated[str | None, Argument(help="An address, or a run's id.")] = None,
    as_planned: Annotated[
        bool, Option("--plan", help="Of a run the plan, as it was shown before the run began.")
    ] = False,
    limit: Annotated[int, Option("--limit", min=0, help="So many of the last runs; 0: all.")] = 20,
    recorded: Annotated[
        bool, Option("--recorded", help="Of an object only what runs recorded; asks no Grafana.")
    ] = False,
    markdown: MarkdownOption = None,
    html: HtmlOption = None,
    instance: InstanceOption = None,
    url: UrlOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    no_color: NoColorOption = False,
    verbose: VerboseOption = False,
    timeout: TimeoutOption = None,
) -> int:
    """Show the runs; one run; or the past of one object: its versions, those by runs and those by hand.

    Of a dashboard Grafana is asked for its versions (GET only): each is a run's, with its commit, or its editor's. What
    has no versions is told from the runs' records.
    """
    session = Session(Settings(instance, url, config, json, no_color, verbose, timeout=timeout))
    store = session.store
    one = store.run(what) if what is not None and _RUN.match(what) else None
    if as_planned or markdown is not None or html is not None:
        return _plan_of(session, what, one, Forms(markdown, html), asked=as_planned)
    if what is None or one is not None:
        chosen = store.runs(limit or None) if one is None else (one,)
        if json:
            session.output.json({"format": "ggrec/history/v1", "runs": [encode(run) for run in chosen]})
        elif one is not None:
            session.output.lines(run_lines(one, _rows(session, one), verbose=verbose, kinds=session.registry))
        else:
            session.output.lines(history_lines(chosen, now=session.clock.now()))
        return ExitCode.DONE
    if _RUN.match(what):
        raise _no_run(what)
    return _of_object(session, parsed(what), recorded=recorded)


def _no_run(what: str) -> GgrecError:
    hint = "`ggrec history` lists the last runs, `ggrec history --limit 0` all"
    return GgrecError.one("no-such-run", f"no run {what} is recorded", hint=hint)


def _plan_of(session: Session, what: str | None, run: Run | None, forms: Forms, *, asked: bool) -> int:
    if not asked:
        raise UsageError.one("no-plan-asked", "--markdown and --html are forms of a run's plan: add --plan")
    if what is None:
        hint = "`ggrec history` lists the runs"
        raise UsageError.one("which-run", "--plan shows the plan of one run: name it", hint=hint)
    if run is None:
        raise _no_run(what)
    from reconciler.cli.recorded import show_record  # imports what only this option needs

    show_record(session, run, forms)
    return ExitCode.DONE


def _rows(session: Session, run: Run) -> dict[Address, tuple[Row, ...]]:
    """What the run changed in each object, as far as both bodies are there."""
    found: dict[Address, tuple[Row, ...]] = {}
    for outcome in run.outcomes:
        kind, sides = session.registry.get(outcome.address.kind), (outcome.before, outcome.after)
        bodies = [side.body for side in sides if side is not None and side.body is not None]
        if kind is None or len(bodies) < 2:
            continue
        with suppress(BodyLost):
            before, after = (kind.normalise(session.store.get(body)) for body in bodies)
            edits = diff(before, after, identities=kind.identities)
            found[outcome.address] = described(kind, edits, before, after)
    return found


def _of_object(session: Session, address: Address, *, recorded: bool) -> int:
    """Where the versions cannot be read, what runs recorded is shown all the same, and the exit code tells."""
    runs, failed = session.store.runs(), None
    versions: tuple[KeptVersion, ...] = ()
    if not recorded:
        try:
            versions = _versions(session, address)
        except GgrecError as error:
            failed = error
    moments = past(address, versions, runs)
    if session.settings.json:
        touched = [run for run in runs if any(outcome.address == address for outcome in run.outcomes)]
        document: dict[str, Any] = {"format": "ggrec/history/v1", "runs": [encode(run) for run in touched]}
        document |= {"address": str(address), "moments": [moment_json(moment) for moment in moments]}
        session.output.json(document)
    else:
        session.output.lines(past_lines(address, moments, now=session.clock.now()))
    if failed is None:
        return ExitCode.DONE
    if not session.settings.json:
        session.output.lines([line(Span("The versions that Grafana keeps could not be read:", "warn"))])
        session.output.lines([item for found in failed.diagnostics for item in diagnostic_lines(found)])
    return ExitCode.PARTIAL


def _versions(session: Session, address: Address) -> tuple[KeptVersion, ...]:
    """Those that Grafana keeps of an owned object, where its kind has any."""
    kind, stored = session.registry.get(address.kind), session.store.load()
    if kind is None or stored is None or type(kind).kept_versions is Kind.kept_versions:
        return ()
    return asyncio.run(_asked(session, kind, stored, address))


async def _asked(session: Session, kind: Kind, stored: State, address: Address) -> tuple[KeptVersion, ...]:
    async with session.reader() as reader:
        entry = own_state(stored, reader, lineage=new_lineage()).resources.get(address)
        return await reader.ask(kind.kept_versions(reader.server, entry.uid, 1)) if entry is not None else ()

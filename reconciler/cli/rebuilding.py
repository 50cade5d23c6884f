"""state rebuild: a lost state from what is declared and what Grafana holds."""

import asyncio
import sys

from reconciler.cli.planned import inputs_of
from reconciler.cli.session import Session, new_lineage
from reconciler.cli.settings import (
    AutoApproveOption,
    ConfigOption,
    InstanceOption,
    JsonOption,
    NoColorOption,
    Settings,
    UrlOption,
    VerboseOption,
)
from reconciler.core.errors import ExitCode, GgrecError, Refused, Unreadable
from reconciler.core.rebuilt import Rebuilt
from reconciler.core.state import State
from reconciler.engine.planner import Options
from reconciler.engine.planning import own_state
from reconciler.engine.rebuilding import rebuild
from reconciler.render.lines import Span, count, line
from reconciler.render.rebuilt_view import rebuilt_json, rebuilt_lines
from reconciler.store.state_store import StateStore


def state_rebuild(
    auto_approve: AutoApproveOption = False,
    instance: InstanceOption = None,
    url: UrlOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    no_color: NoColorOption = False,
    verbose: VerboseOption = False,
) -> int:
    """Own again what is declared and in Grafana, where the state was lost or knows less. Shows it, asks; sends GET
    only.
    """
    session = Session(Settings(instance, url, config, json, no_color, verbose))
    resources = session.resources()
    store = session.store

    async def work(present: State | None) -> Rebuilt:
        async with session.reader() as reader:
            state = own_state(present, reader, lineage=new_lineage())
            return await rebuild(inputs_of(session, resources, Options(), state, reader))

    with store.lock(session.command):
        present, damage = _present(store)
        found = asyncio.run(work(present))
        session.output.quiet()
        if json:
            session.output.json(rebuilt_json(found))
        else:
            told = [line(Span(f"The stored index is damaged and will be replaced: {damage}", "warn")), ()]
            session.output.lines([*(told if damage else []), *rebuilt_lines(found, session.registry)])
        if found.unreadable:
            raise Unreadable(found.unreadable)
        if not found.found:
            return ExitCode.REFUSED if found.refused else ExitCode.DONE
        if not auto_approve:
            _ask(json=json)
        saved = store.save(found.state) if present is not None else store.restore(found.state)
    if not json:
        owned = count(len(saved.resources), "object")
        session.output.text(f"Stored as serial {saved.serial}: {owned} owned. `ggrec plan` shows the rest.")
    return ExitCode.REFUSED if found.refused else ExitCode.DONE


def _present(store: StateStore) -> tuple[State | None, str]:
    """The state as it is stored, if there is one; and what is wrong with an index that cannot be read.

    Raises GgrecError where only a journal is damaged, or the index is of a newer format: then it is not lost.
    """
    try:
        index = store.read_index()
    except GgrecError as error:
        if error.diagnostics[0].code != "damaged":
            raise
        return None, error.diagnostics[0].message
    return (None, "") if index is None else (store.load(), "")


def _ask(*, json: bool) -> None:
    """Raises Refused where nobody can be asked, typer.Abort where the answer is no."""
    if json or not sys.stdin.isatty():
        raise Refused.one("nobody-to-ask", "rebuild asks, and nobody can answer here", hint="--auto-approve")
    import typer  # only where a person is asked

    if not typer.confirm("Store this?", default=False):
        raise typer.Abort

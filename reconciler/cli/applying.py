"""Carrying a plan out: ask, do it, say what came of it."""

import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.cli.planned import inputs_of, show_plan, with_touches
from reconciler.cli.session import Session, new_lineage
from reconciler.cli.signals import Signals
from reconciler.core.address import Address
from reconciler.core.description import describe_plan
from reconciler.core.errors import Conflict, Diagnostic, ExitCode, GgrecError, InvalidInput, Refused
from reconciler.core.json import JsonObject
from reconciler.core.plan import Action, Plan
from reconciler.core.resource import Resource
from reconciler.core.state import Outcome, Run, State
from reconciler.engine.apply import Applied, Job, missing_secrets
from reconciler.engine.apply import apply as carry_out
from reconciler.engine.planner import Options
from reconciler.engine.planning import compute_plan, own_state, stands, still_valid
from reconciler.grafana.driver import GrafanaWriter
from reconciler.render.json_view import run_json
from reconciler.render.lines import Line
from reconciler.render.run_view import account_lines, outcome_lines
from reconciler.store.planfile import SavedPlan, plan_digest, read_plan, use_up
from reconciler.store.recorded import bodies_of, record


class ToDo(Struct, frozen=True):
    """A plan to be carried out; what is told beside the outcomes (JSON), and as what its refusals are raised."""

    plan: Plan
    beside: Mapping[str, Any] = field(default_factory=dict)
    refused: type[GgrecError] = Refused


Making = Callable[[State, GrafanaWriter], Awaitable[ToDo]]


async def plan_and_apply(
    session: Session, resources: Sequence[Resource], options: Options, signals: Signals, *, approved: bool
) -> int:
    """What is declared, planned and carried out."""

    async def making(state: State, writer: GrafanaWriter) -> ToDo:
        found = await compute_plan(inputs_of(session, resources, options, state, writer))
        return ToDo(found if options.destroy else with_touches(session, found))

    return await make_and_apply(session, making, signals, approved=approved)


async def make_and_apply(session: Session, making: Making, signals: Signals, *, approved: bool) -> int:
    """The lock is held from before the state is read until it is saved, so that nobody applies in between."""
    with session.store.lock(session.command):
        async with session.writer() as writer:
            state = own_state(session.store.load(), writer, lineage=new_lineage())
            todo = await making(state, writer)
            found = todo.plan
            if session.settings.json:
                if found.refusals and not found.unreadable:
                    raise todo.refused(found.refusals)
                stands(found)
                shown = describe_plan(found, session.registry)
            else:
                shown = show_plan(session, found)
            if found.unreadable or found.refusals:
                session.output.text("Nothing was changed.")
                return ExitCode.PARTIAL if found.unreadable else todo.refused(()).exit_code
            if not found.changes:
                if session.settings.json:
                    done = run_json((), run_id="", serial=state.serial, interrupted=False)
                    session.output.json({**done, **todo.beside})
                return ExitCode.DONE
            if any(change.action is not Action.NO_OP or change.moved_from for change in found.changes):
                with signals.asking():
                    _ask(session, found, approved=approved)
            doing = _Doing(found, _begun(session, found, plan_digest(found), record(shown)), beside=todo.beside)
            del shown  # both sides of all changes: not to be held while they are carried out
            return await _carry_out(session, doing, state, writer, signals)


async def apply_quietly(
    session: Session, resources: Sequence[Resource], options: Options, messages: Mapping[Address, str]
) -> tuple[dict[Address, tuple[Diagnostic, ...]], tuple[Diagnostic, ...]]:
    """Plan and apply without asking or telling: for commands that say in their own words what came of it.

    `messages`: what the versions of these objects say. The first part of the result is why each address in it did not
    get through (nothing: it did); the second what the plan refused: then nothing was sent.
    """
    with session.store.lock(session.command):
        async with session.writer() as writer:
            state = own_state(session.store.load(), writer, lineage=new_lineage())
            found = await compute_plan(inputs_of(session, resources, options, state, writer))
            if found.refusals or found.unreadable:
                return {}, (*found.refusals, *found.unreadable)
            found = found.signed(messages)
            this_run = _begun(session, found, plan_digest(found), record(describe_plan(found, session.registry)))
            job = _job(session, found, state, writer, this_run)
            applied = await carry_out(job)
    failed: dict[Address, tuple[Diagnostic, ...]] = {}
    for outcome in applied.outcomes:
        if outcome.address in messages and outcome.result != "done":
            text = outcome.error or "was not attempted: what it needs failed"
            failed[outcome.address] = (Diagnostic(outcome.result, text, "", subject=str(outcome.address)),)
    return failed, ()


async def apply_file(session: Session, file: Path, signals: Signals) -> int:
    """Do what a saved plan says, or refuse."""
    saved = read_plan(file)
    if saved.expired(session.clock.now()):
        text = f"the plan was made at {saved.made.at} and expired at {saved.made.expires}"
        raise Conflict.one("plan-expired", text, hint="plan again; `ggrec plan -o FILE --ttl 7d` gives it longer")
    with session.store.lock(session.command):
        async with session.writer() as writer:
            state = own_state(session.store.load(), writer, lineage=saved.plan.lineage)
            still_valid(saved.plan, state, writer)
            stands(saved.plan)
            if session.settings.json:
                shown = describe_plan(saved.plan, session.registry)
            else:
                shown = show_plan(session, saved.plan, saved)
            doing = _Doing(saved.plan, _begun(session, saved.plan, saved.digest, record(shown, saved.made)), saved)
            del shown
            return await _carry_out(session, doing, state, writer, signals)


def _ask(session: Session, found: Plan, *, approved: bool) -> None:
    """Raises Refused where nobody can be asked, typer.Abort where the answer is no."""
    if approved:
        return
    if not sys.stdin.isatty() or session.settings.json:
        hint = "--auto-approve does not ask; or save the plan (-o FILE), read it, and `ggrec apply FILE`"
        raise Refused.one("nobody-to-ask", "apply asks before it writes, and nobody can answer here", hint=hint)
    import typer  # only where a person is asked

    deletes = found.count(Action.DELETE) + found.count(Action.REPLACE)
    if found.destroy:
        answer = typer.prompt(
            f"This deletes {deletes} objects in Grafana. Type {deletes} to go on", default="", show_default=False
        )
        if answer.strip() == str(deletes):
            return
    elif typer.confirm("Do this?", default=False):
        return
    raise typer.Abort


class _Doing(Struct, frozen=True):
    """A plan that is carried out now, its run, and where it was saved before."""

    plan: Plan
    run: Run
    saved: SavedPlan | None = None
    beside: Mapping[str, Any] = field(default_factory=dict)


async def _carry_out(session: Session, doing: _Doing, state: State, writer: GrafanaWriter, signals: Signals) -> int:
    found, this_run = doing.plan, doing.run
    if doing.saved is not None:
        use_up(session.store.blobs, doing.saved, this_run)
    width = max((len(str(change.address)) for change in found.changes), default=0)

    def told(outcome: Outcome) -> None:
        if not session.settings.json:
            session.output.lines(outcome_lines(outcome, width=width, kinds=session.registry))

    def said(text: str) -> None:
        if not session.settings.json:
            session.output.text(text)

    job = _job(session, found, state, writer, this_run)
    job.told, job.said, job.stop = told, said, signals.stop
    session.output.endure()
    signals.applying()
    applied = await carry_out(job)
    return _account(session, applied, this_run, doing.beside)


def _begun(session: Session, plan: Plan, digest: str, document: JsonObject) -> Run:
    """A run about to begin, what is recorded of its plan stored: under the lock. Raises InvalidInput where a secret
    that it will send is missing.
    """
    missing = missing_secrets(plan, session.secrets)
    if missing:
        raise InvalidInput(missing)
    body = session.store.put(document)
    return replace(session.new_run(digest), plan={"body": body, "bodies": bodies_of(document)})


def _job(session: Session, found: Plan, state: State, writer: GrafanaWriter, run: Run) -> Job:
    return Job(
        plan=found,
        run=run,
        state=state,
        writer=writer,
        store=session.store,
        registry=session.registry,
        secrets=session.secrets,
        audience=session.output,
        clock=session.clock,
        parallelism=session.settings.parallelism,
        budget=session.budget,
        policy=session.settings.policy,
    )


def _account(session: Session, applied: Applied, run: Run, beside: Mapping[str, Any]) -> int:
    """Say how it ended; the exit code says it to programs."""
    if session.settings.json:
        serial = applied.state.serial
        document = run_json(applied.outcomes, run_id=run.id, serial=serial, interrupted=applied.interrupted)
        session.output.json({**document, **beside})
    else:
        lines: list[Line] = account_lines(applied.outcomes, run.id, command=_again(session), ended=_ended(applied))
        session.output.lines([(), *lines])
    results = {outcome.result for outcome in applied.outcomes}
    if applied.interrupted and "not-attempted" in results:
        return ExitCode.INTERRUPTED
    if results & {"failed", "not-attempted"}:
        why = {error.exit_code for error in applied.errors if not isinstance(error, Conflict)}
        refused = why == {ExitCode.REFUSED} and "not-attempted" not in results
        return ExitCode.REFUSED if refused else ExitCode.PARTIAL
    return ExitCode.CONFLICT if results & {"conflict", "skipped"} else ExitCode.DONE


def _ended(applied: Applied) -> str:
    if applied.interrupted:
        return "Interrupted"
    return "Stopped at the time limit" if applied.out_of_time else ""


def _again(session: Session) -> str:
    named = f" -i {session.settings.instance}" if session.settings.instance else ""
    return f"ggrec apply{named}"

"""plan, apply, show, destroy."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.session import Session, new_lineage
from reconciler.cli.settings import (
    AdoptOption,
    AutoApproveOption,
    ConfigOption,
    ConfirmDeletesOption,
    ConfirmUpdatesOption,
    InstanceOption,
    JsonOption,
    NoColorOption,
    ParallelismOption,
    ResendSecretsOption,
    Settings,
    TargetOption,
    TimeoutOption,
    UrlOption,
    VerboseOption,
)
from reconciler.cli.signals import Signals, run
from reconciler.core.address import Address
from reconciler.core.errors import Conflict, Diagnostic, ExitCode, InvalidInput, Refused, UsageError
from reconciler.core.plan import Action, Plan
from reconciler.core.ports import Reader
from reconciler.core.resource import Resource
from reconciler.core.state import Outcome, Run, State
from reconciler.engine.apply import Applied, Job, missing_secrets
from reconciler.engine.apply import apply as carry_out
from reconciler.engine.planner import Options
from reconciler.engine.planning import Inputs, compute_plan, own_state, stands, still_valid
from reconciler.grafana.driver import GrafanaWriter
from reconciler.render.json_view import plan_json, run_json
from reconciler.render.lines import Line
from reconciler.render.plan_view import PlanView, plan_lines
from reconciler.render.run_view import account_lines, outcome_lines
from reconciler.store.planfile import plan_digest, read_plan, write_plan


def plan(
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Save the plan for `ggrec apply FILE`.")] = None,
    target: TargetOption = None,
    detailed_exitcode: Annotated[bool, typer.Option("--detailed-exitcode", help="Exit 2 if anything differs.")] = False,
    adopt: AdoptOption = False,
    pages: Annotated[
        Path | None, typer.Option("--preview", help="Draw the dashboards into this folder, changes marked.")
    ] = None,
    confirm_deletes: ConfirmDeletesOption = None,
    confirm_updates: ConfirmUpdatesOption = None,
    resend_secrets: ResendSecretsOption = False,
    instance: InstanceOption = None,
    url: UrlOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    no_color: NoColorOption = False,
    verbose: VerboseOption = False,
    timeout: TimeoutOption = None,
) -> int:
    """Show what would change, why, and what somebody changed by hand. Sends GET only."""
    session = Session(Settings(instance, url, config, json, no_color, verbose, timeout=timeout))
    asked = Options(
        tuple(target or ()),
        adopt=adopt,
        confirm_deletes=confirm_deletes,
        confirm_updates=confirm_updates,
        resend_secrets=resend_secrets,
    )
    options = _guarded(session, asked)
    resources = session.resources()
    made: list[Plan] = []

    async def work(signals: Signals) -> int:
        made.append(await _plan(session, resources, options))
        return ExitCode.DONE

    run(work)
    (found,) = made
    if out is not None and not found.unreadable:
        write_plan(out, found)
    _show(session, found)
    if pages is not None:
        from reconciler.cli.previewing import preview_plan  # imports what only this option needs

        preview_plan(session, pages, found)
    if out is not None and not found.unreadable and not json:
        session.output.text(f"Saved to {out}: `ggrec apply {out}` does exactly this.")
    if found.unreadable:
        return ExitCode.PARTIAL
    if found.refusals:
        return ExitCode.REFUSED
    return ExitCode.DIFFERENCES if detailed_exitcode and found.differs else ExitCode.DONE


def apply(
    file: Annotated[
        Path | None, typer.Argument(help="A saved plan: exactly that, or a refusal.", show_default=False)
    ] = None,
    target: TargetOption = None,
    auto_approve: AutoApproveOption = False,
    adopt: AdoptOption = False,
    confirm_deletes: ConfirmDeletesOption = None,
    confirm_updates: ConfirmUpdatesOption = None,
    resend_secrets: ResendSecretsOption = False,
    instance: InstanceOption = None,
    url: UrlOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    no_color: NoColorOption = False,
    verbose: VerboseOption = False,
    parallelism: ParallelismOption = 2,
    timeout: TimeoutOption = None,
) -> int:
    """Show the plan, ask, and do it."""
    session = Session(Settings(instance, url, config, json, no_color, verbose, parallelism, timeout))
    if file is not None:
        if target or adopt or resend_secrets or not (confirm_deletes is confirm_updates is None):
            raise UsageError.one(
                "plan-is-fixed",
                "a saved plan is applied as it is: --target, --adopt, --resend-secrets and --confirm-… belong to "
                "`ggrec plan`",
            )
        return run(lambda signals: _apply_file(session, file, signals))
    asked = Options(
        tuple(target or ()),
        adopt=adopt,
        confirm_deletes=confirm_deletes,
        confirm_updates=confirm_updates,
        resend_secrets=resend_secrets,
    )
    options = _guarded(session, asked)
    resources = session.resources()
    return run(lambda signals: _plan_and_apply(session, resources, options, signals, approved=auto_approve))


def show(
    file: Annotated[Path, typer.Argument(help="A saved plan.")],
    json: JsonOption = False,
    no_color: NoColorOption = False,
    verbose: VerboseOption = False,
) -> int:
    """Show a saved plan again. Asks no Grafana."""
    session = Session(Settings(json=json, no_color=no_color, verbose=verbose))
    _show(session, read_plan(file).plan)
    return ExitCode.DONE


def destroy(
    target: TargetOption = None,
    auto_approve: AutoApproveOption = False,
    instance: InstanceOption = None,
    url: UrlOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    no_color: NoColorOption = False,
    verbose: VerboseOption = False,
    parallelism: ParallelismOption = 2,
    timeout: TimeoutOption = None,
) -> int:
    """Delete what this state owns, and nothing else."""
    session = Session(Settings(instance, url, config, json, no_color, verbose, parallelism, timeout))
    chosen = session.instance
    options = Options(tuple(target or ()), destroy=True, guard=chosen.guard, protection=chosen.protection)
    return run(lambda signals: _plan_and_apply(session, (), options, signals, approved=auto_approve))


def _guarded(session: Session, asked: Options) -> Options:
    """What was asked, within the limits of the instance."""
    return replace(asked, guard=session.instance.guard, protection=session.instance.protection)


def _show(session: Session, found: Plan) -> None:
    now = session.clock.now()
    if session.settings.json:
        session.output.json(plan_json(found, now=now, commit=session.commit))
        return
    body_keys = {name: kind.body_key for name, kind in session.registry.items()}
    view = PlanView(now, session.commit, body_keys, session.settings.verbose)
    session.output.lines(plan_lines(found, view))


async def _plan(session: Session, resources: Sequence[Resource], options: Options) -> Plan:
    async with session.reader() as reader:
        state = own_state(session.store.load(), reader, lineage=new_lineage())
        return await compute_plan(_inputs(session, resources, options, state, reader))


def _inputs(session: Session, resources: Sequence[Resource], options: Options, state: State, reader: Reader) -> Inputs:
    return Inputs(
        resources=tuple(resources),
        state=state,
        reader=reader,
        store=session.store,
        registry=session.registry,
        secrets=session.secrets,
        audience=session.output,
        options=options,
        budget=session.budget,
    )


async def _plan_and_apply(
    session: Session, resources: Sequence[Resource], options: Options, signals: Signals, *, approved: bool
) -> int:
    """The lock is held from before the state is read until it is saved, so that nobody applies in between."""
    with session.store.lock(session.command):
        async with session.writer() as writer:
            state = own_state(session.store.load(), writer, lineage=new_lineage())
            found = await compute_plan(_inputs(session, resources, options, state, writer))
            if session.settings.json:
                stands(found)
            else:
                _show(session, found)
            if found.unreadable or found.refusals:
                session.output.text("Nothing was changed.")
                return ExitCode.PARTIAL if found.unreadable else ExitCode.REFUSED
            if not found.changes:
                if session.settings.json:
                    session.output.json(run_json((), run_id="", serial=state.serial, interrupted=False))
                return ExitCode.DONE
            if any(change.action is not Action.NO_OP or change.moved_from for change in found.changes):
                with signals.asking():
                    _ask(session, found, approved=approved)
            return await _carry_out(session, found, state, writer, signals)


async def apply_quietly(
    session: Session, resources: Sequence[Resource], options: Options, messages: Mapping[Address, str]
) -> tuple[dict[Address, tuple[Diagnostic, ...]], tuple[Diagnostic, ...]]:
    """Plan and apply without asking or telling: for commands that say in their own words what came of it.

    The first part of the result is why each address in `messages` did not get through (nothing: it did); the second
    what the plan refused: then nothing was sent.
    """
    with session.store.lock(session.command):
        async with session.writer() as writer:
            state = own_state(session.store.load(), writer, lineage=new_lineage())
            found = await compute_plan(_inputs(session, resources, options, state, writer))
            if found.refusals or found.unreadable:
                return {}, (*found.refusals, *found.unreadable)
            missing = missing_secrets(found, session.secrets)
            if missing:
                raise InvalidInput(missing)
            job = _job(session, found, state, writer, session.new_run(plan_digest(found)))
            job.messages = messages
            applied = await carry_out(job)
    failed: dict[Address, tuple[Diagnostic, ...]] = {}
    for outcome in applied.outcomes:
        if outcome.address in messages and outcome.result != "done":
            text = outcome.error or "was not attempted: what it needs failed"
            failed[outcome.address] = (Diagnostic(outcome.result, text, "", subject=str(outcome.address)),)
    return failed, ()


async def _apply_file(session: Session, file: Path, signals: Signals) -> int:
    saved = read_plan(file)
    with session.store.lock(session.command):
        async with session.writer() as writer:
            state = own_state(session.store.load(), writer, lineage=saved.plan.lineage)
            still_valid(saved.plan, saved.digest, state, writer, session.store.runs())
            stands(saved.plan)
            if not session.settings.json:
                _show(session, saved.plan)
            return await _carry_out(session, saved.plan, state, writer, signals)


def _ask(session: Session, found: Plan, *, approved: bool) -> None:
    """Raises Refused where nobody can be asked, typer.Abort where the answer is no."""
    if approved:
        return
    if not sys.stdin.isatty() or session.settings.json:
        hint = "--auto-approve does not ask; or save the plan (-o FILE), read it, and `ggrec apply FILE`"
        raise Refused.one("nobody-to-ask", "apply asks before it writes, and nobody can answer here", hint=hint)
    deletes = found.count(Action.DELETE) + found.count(Action.REPLACE)
    if found.destroy:
        answer = typer.prompt(
            f"This deletes {deletes} objects in Grafana. Type {deletes} to go on", default="", show_default=False
        )
        if answer.strip() == str(deletes):
            return
    elif typer.confirm("Do this?", default=False):
        return
    session.output.text("Nothing was changed.")
    raise typer.Abort


async def _carry_out(session: Session, found: Plan, state: State, writer: GrafanaWriter, signals: Signals) -> int:
    this_run = session.new_run(plan_digest(found))
    missing = missing_secrets(found, session.secrets)
    if missing:
        raise InvalidInput(missing)
    width = max(len(str(change.address)) for change in found.changes)

    def told(outcome: Outcome) -> None:
        if not session.settings.json:
            session.output.lines(outcome_lines(outcome, width=width))

    def said(text: str) -> None:
        if not session.settings.json:
            session.output.text(text)

    job = _job(session, found, state, writer, this_run)
    job.told, job.said, job.stop = told, said, signals.stop
    session.output.endure()
    signals.applying()
    applied = await carry_out(job)
    return _account(session, applied, this_run)


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
    )


def _account(session: Session, applied: Applied, run: Run) -> int:
    """Say how it ended; the exit code says it to programs."""
    if session.settings.json:
        serial = applied.state.serial
        session.output.json(run_json(applied.outcomes, run_id=run.id, serial=serial, interrupted=applied.interrupted))
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

"""plan, apply, show, destroy."""

from pathlib import Path
from typing import Annotated

from reconciler.cli.forms import Forms, GithubOption, HtmlOption, JunitOption, MarkdownOption, SarifOption
from reconciler.cli.on_conflict import OnConflictOption, policy_of
from reconciler.cli.options import Argument, Option
from reconciler.cli.planned import guarded, plan_now, save_plan, show_plan, with_touches
from reconciler.cli.session import Session
from reconciler.cli.settings import (
    AdoptOption,
    AutoApproveOption,
    CheckLiveOption,
    ConfigOption,
    ConfirmDeletesOption,
    ConfirmUpdatesOption,
    FullOption,
    InstanceOption,
    JsonOption,
    NoColorOption,
    ParallelismOption,
    ResendSecretsOption,
    Settings,
    TargetOption,
    TimeoutOption,
    TtlOption,
    UrlOption,
    VerboseOption,
)
from reconciler.cli.signals import run
from reconciler.core.errors import ExitCode, UsageError
from reconciler.engine.planner import Options


def plan(
    out: Annotated[Path | None, Option("--out", "-o", help="Save the plan for `ggrec apply FILE`.")] = None,
    ttl: TtlOption = None,
    target: TargetOption = None,
    detailed_exitcode: Annotated[bool, Option("--detailed-exitcode", help="Exit 2 if anything differs.")] = False,
    adopt: AdoptOption = False,
    pages: Annotated[
        Path | None, Option("--preview", help="Draw the dashboards into this folder, changes marked.")
    ] = None,
    confirm_deletes: ConfirmDeletesOption = None,
    confirm_updates: ConfirmUpdatesOption = None,
    resend_secrets: ResendSecretsOption = False,
    full: FullOption = False,
    live: CheckLiveOption = False,
    on_conflict: OnConflictOption = None,
    markdown: MarkdownOption = None,
    html: HtmlOption = None,
    junit: JunitOption = None,
    sarif: SarifOption = None,
    github: GithubOption = False,
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
    forms = Forms(markdown, html, junit, sarif, github)
    asked = Options(
        tuple(target or ()),
        audience=True,
        adopt=adopt,
        confirm_deletes=confirm_deletes,
        confirm_updates=confirm_updates,
        resend_secrets=resend_secrets,
        full=full,
        policy=policy_of(on_conflict),
    )
    options = guarded(session, asked)
    found = with_touches(session, plan_now(session, options, live=live))
    saved = save_plan(session, out, found, ttl) if out is not None and not found.unreadable else ""
    show_plan(session, found, forms=forms, declared=True)
    if pages is not None:
        from reconciler.cli.previewing import preview_plan  # imports what only this option needs

        preview_plan(session, pages, found)
    if saved and not json:
        session.output.text(saved)
    if found.unreadable:
        return ExitCode.PARTIAL
    if found.refusals:
        return ExitCode.REFUSED
    return ExitCode.DIFFERENCES if detailed_exitcode and found.differs else ExitCode.DONE


def apply(
    file: Annotated[Path | None, Argument(help="A saved plan: exactly that, or a refusal.", show_default=False)] = None,
    target: TargetOption = None,
    auto_approve: AutoApproveOption = False,
    adopt: AdoptOption = False,
    confirm_deletes: ConfirmDeletesOption = None,
    confirm_updates: ConfirmUpdatesOption = None,
    resend_secrets: ResendSecretsOption = False,
    full: FullOption = False,
    on_conflict: OnConflictOption = None,
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
    from reconciler.cli.applying import apply_file, plan_and_apply  # a plan needs nothing of it

    policy = policy_of(on_conflict)
    session = Session(Settings(instance, url, config, json, no_color, verbose, parallelism, timeout, policy))
    if file is not None:
        if target or adopt or resend_secrets or not (confirm_deletes is confirm_updates is None):
            raise UsageError.one(
                "plan-is-fixed",
                "a saved plan is applied as it is: --target, --adopt, --resend-secrets and --confirm-… belong to "
                "`ggrec plan`",
            )
        return run(lambda signals: apply_file(session, file, signals))
    asked = Options(
        tuple(target or ()),
        audience=True,
        adopt=adopt,
        confirm_deletes=confirm_deletes,
        confirm_updates=confirm_updates,
        resend_secrets=resend_secrets,
        full=full,
        policy=policy,
    )
    options = guarded(session, asked)
    resources = session.resources()
    return run(lambda signals: plan_and_apply(session, resources, options, signals, approved=auto_approve))


def show(
    file: Annotated[Path, Argument(help="A saved plan.")],
    markdown: MarkdownOption = None,
    html: HtmlOption = None,
    junit: JunitOption = None,
    sarif: SarifOption = None,
    github: GithubOption = False,
    json: JsonOption = False,
    no_color: NoColorOption = False,
    verbose: VerboseOption = False,
) -> int:
    """Show a saved plan again. Asks no Grafana."""
    session = Session(Settings(json=json, no_color=no_color, verbose=verbose))
    from reconciler.store.planfile import read_plan

    saved = read_plan(file)
    show_plan(session, saved.plan, saved, forms=Forms(markdown, html, junit, sarif, github))
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
    from reconciler.cli.applying import plan_and_apply

    session = Session(Settings(instance, url, config, json, no_color, verbose, parallelism, timeout))
    chosen = session.instance
    options = Options(tuple(target or ()), destroy=True, guard=chosen.guard, protection=chosen.protection)
    return run(lambda signals: plan_and_apply(session, (), options, signals, approved=auto_approve))

"""drift, with ack, acks, unack and accept. GET only: it is handed a reader; the one thing it writes is drift's life."""

import asyncio
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from msgspec import Struct
from msgspec.structs import replace

from reconciler.cli.accepting import accept
from reconciler.cli.drift_outputs import Metrics, Report, Webhook, form_of, reports
from reconciler.cli.duration import seconds
from reconciler.cli.options import Argument, Option
from reconciler.cli.planned import inputs_of
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
from reconciler.cli.storing import user_name
from reconciler.cli.typed import Commands
from reconciler.cli.writing import write_file
from reconciler.core.acknowledgement import ACKNOWLEDGED, Acknowledgement
from reconciler.core.drift import DriftReport
from reconciler.core.errors import Diagnostic, ExitCode, GgrecError, Severity, UsageError
from reconciler.engine.drift import find_drift, remembered
from reconciler.engine.planner import Options
from reconciler.engine.planning import own_state
from reconciler.loader.acknowledged import acknowledge, day_problem, path_problem, unacknowledge
from reconciler.render.drift_forms import drift_json
from reconciler.render.drift_view import drift_lines
from reconciler.render.lines import Span, count, line, safe
from reconciler.render.plan_view import PlanView
from reconciler.store.drift_life import read_life, write_life

drift_app = Commands()
_TO = "Where it goes"
PathOption = Annotated[str | None, Option("--path", help="Only this part, as panels[title='Latency'].targets.")]


class Drifting(Struct, frozen=True):
    """One drift command: where its results go."""

    session: Session
    reports: tuple[Report, ...]
    metrics: Metrics
    webhook: Webhook | None
    to_its_end: bool = False
    """A signal does not cancel the check under way: whoever watches has handlers of their own."""

    def check(self) -> DriftReport:
        """One whole check, its results delivered. Raises GgrecError where it failed: then the metrics say so."""
        began = time.monotonic()
        try:
            report = self._found()
        except BaseException:
            with suppress(GgrecError):  # why the check failed is what has to be said
                self.metrics.checked(None, now=time.time(), seconds=time.monotonic() - began)
            raise
        self.metrics.checked(report, now=time.time(), seconds=time.monotonic() - began)
        view = self.view()
        for item in self.reports:
            write_file(item.file, form_of(report, view, item.form))
        wrong = self.webhook.tell(report, view, self.session.secrets) if self.webhook is not None else None
        return replace(report, notes=(*report.notes, wrong)) if wrong is not None else report

    def view(self) -> PlanView:
        """How edits are shown."""
        session = self.session
        return PlanView(session.clock.now(), session.commit, session.registry, session.settings.verbose)

    def show(self, report: DriftReport) -> None:
        """To the terminal, or as JSON."""
        if self.session.settings.json:
            self.session.output.json(drift_json(report, self.view()))
        else:
            self.session.output.lines(drift_lines(report, self.view()))

    def _found(self) -> DriftReport:
        session, made = self.session, []
        resources, now = session.resources(), session.clock.now()
        options = Options(
            guard=session.instance.guard,
            protection=session.instance.protection,
            acknowledged=session.acknowledged,
            today=now[:10],
        )

        async def work(signals: Signals | None = None) -> int:
            async with session.reader() as reader:
                state = own_state(session.store.load(), reader, lineage=new_lineage())
                life = read_life(session.store.blobs)
                report = await find_drift(inputs_of(session, resources, options, state, reader), at=now, life=life)
                made.append((report, life))
            return ExitCode.DONE

        if self.to_its_end:
            asyncio.run(work())
        else:
            run(work)
        ((report, life),) = made
        kept = write_life(session.store.blobs, remembered(report, life))
        if not kept:
            return report
        hint = "the next check then cannot say what is new; what is shown now is right"
        return replace(
            report, notes=(*report.notes, Diagnostic("life-not-kept", kept, hint, severity=Severity.WARNING))
        )


@drift_app.callback(invoke_without_command=True)
def drift(
    context: typer.Context,
    report: Annotated[
        list[Path] | None,
        Option("--report", help="Write it here: .txt, .json, .md or .html. Repeatable.", rich_help_panel=_TO),
    ] = None,
    form: Annotated[
        str | None,
        Option("--format", help="text, json, markdown or html, whatever the suffix.", rich_help_panel=_TO),
    ] = None,
    metrics: Annotated[
        Path | None,
        Option("--metrics", help="A .prom file for the node exporter's textfile collector.", rich_help_panel=_TO),
    ] = None,
    webhook: Annotated[
        str | None,
        Option("--webhook", help="Tell news here, as Slack does: '${env:NAME}'.", rich_help_panel=_TO),
    ] = None,
    webhook_always: Annotated[
        bool, Option("--webhook-always", help="Tell it also where nothing is new.", rich_help_panel=_TO)
    ] = False,
    watch: Annotated[
        float | None,
        Option("--watch", metavar="DURATION", parser=seconds, help="Stay, and check this often (10m)."),
    ] = None,
    listen: Annotated[
        str | None,
        Option("--listen", metavar="HOST:PORT", help="With --watch: serve /metrics and /health here."),
    ] = None,
    instance: InstanceOption = None,
    url: UrlOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    no_color: NoColorOption = False,
    verbose: VerboseOption = False,
    timeout: TimeoutOption = None,
) -> int:
    """Show what somebody changed outside ggrec since the last apply: who, when, save by save. Sends GET only.

    Exit codes: 0 clean, or all of it acknowledged · 2 drift · 7 only the files changed · 8 both · 6 a part could not be
    read · 1 error.
    """
    if context.invoked_subcommand is not None:
        return ExitCode.DONE
    settings = Settings(instance, url, config, json, no_color, verbose, timeout=timeout)
    found, hook = reports(report or (), form), Webhook(webhook, webhook_always) if webhook else None
    if webhook_always and hook is None:
        raise UsageError.one("no-webhook", "--webhook-always needs --webhook")
    if listen is not None and watch is None:
        raise UsageError.one(
            "not-watching", "--listen needs --watch", hint="as in `--watch 10m --listen 127.0.0.1:9108`"
        )
    session = Session(settings)
    if hook is not None:
        hook.url(session.secrets)  # a reference that leads nowhere is said before the check, not after it
    kept = Metrics(session.instance.name, metrics)
    if watch is not None:
        from reconciler.cli.watching import watch_drift  # a server only where one is asked for

        return watch_drift(
            lambda: Drifting(Session(settings), found, kept, hook, to_its_end=True), kept, every=watch, listen=listen
        )
    checking = Drifting(session, found, kept, hook)
    result = checking.check()
    checking.show(result)
    return result.verdict.exit_code


@drift_app.command()
def ack(
    address: Annotated[str, Argument(help="Whose drift, as dashboard.orders.")],
    reason: Annotated[str, Option("--reason", help="Why it may stand: for who reviews the file.")],
    until: Annotated[str, Option("--until", metavar="DATE", help="The last day (UTC) on which it may.")],
    path: PathOption = None,
    instance: InstanceOption = None,
    config: ConfigOption = None,
) -> int:
    """Let a drift stand until a day: written into acknowledged.yaml beside ggrec.yaml, to be reviewed as code."""
    session = Session(Settings(instance, None, config))
    whose = parsed(address)
    today = session.clock.now()[:10]
    problem = day_problem(until) or (path_problem(path) if path else "")
    if not problem and until < today:
        problem = f"--until {until} has passed: today is {today}"
    if not problem and not reason.strip():
        problem = "--reason is empty: say why it may stand"
    if problem:
        raise UsageError.one("bad-acknowledgement", problem)
    state = session.store.load()
    if state is None or whose not in state.resources:
        raise GgrecError.one("not-owned", f"{address} is not in the state", hint="`ggrec state list` shows what is")
    name = session.instance.name if session.project.file is not None else ""
    item = Acknowledgement(whose, reason.strip(), until, path or "", user_name(), name)
    replaced = acknowledge(session.project.root, item)
    part = f" at {path}" if path else ""
    word = "Changed in" if replaced else "Written to"
    session.output.text(f"{word} {ACKNOWLEDGED}: {whose}{part} may stay as it is until {until}. Commit it for review.")
    return ExitCode.DONE


@drift_app.command()
def unack(
    address: Annotated[str, Argument(help="Whose acknowledgement.")],
    path: PathOption = None,
    instance: InstanceOption = None,
    config: ConfigOption = None,
) -> int:
    """Take an acknowledgement back: the object's lifecycle decides again."""
    session = Session(Settings(instance, None, config))
    gone = unacknowledge(session.project.root, parsed(address), path, session.instance.name)
    if not gone:
        raise GgrecError.one(
            "not-acknowledged", f"{ACKNOWLEDGED} has nothing of {address}", hint="`ggrec drift acks` lists it"
        )
    session.output.text(f"{count(gone, 'acknowledgement')} of {address} taken out of {ACKNOWLEDGED}.")
    return ExitCode.DONE


@drift_app.command()
def acks(
    instance: InstanceOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    no_color: NoColorOption = False,
) -> int:
    """List what is acknowledged, and what has ended. Asks no Grafana."""
    session = Session(Settings(instance, None, config, json, no_color))
    found, today = session.acknowledged, session.clock.now()[:10]
    if json:
        facts = [
            {
                "address": str(item.address),
                "path": item.path or None,
                "reason": item.reason,
                "until": item.until,
                "who": item.who or None,
                "ended": not item.holds(today),
                "where": str(item.where),
            }
            for item in found
        ]
        session.output.json({"format": "ggrec/acknowledgements/v1", "acknowledged": facts})
        return ExitCode.DONE
    if not found:
        session.output.text("Nothing is acknowledged.")
    for item in found:
        part = f" {item.path}" if item.path else ""
        ended = Span("  ended", "warn") if not item.holds(today) else ""
        session.output.lines([line(f"{item.address}{safe(part)}  {safe(str(item))}", ended)])
    return ExitCode.DONE


drift_app.command()(accept)


def drift_group() -> Commands:
    """`ggrec drift`, and what is below it."""
    return drift_app

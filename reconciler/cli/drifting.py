"""drift, with ack, acks, unack and accept. GET only: it is handed a reader; the one thing it writes is drift's life."""

import asyncio
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Annotated

from msgspec import Struct
from msgspec.structs import replace

from reconciler.cli.drift_outputs import Metrics, Report, Webhook, form_of, reports
from reconciler.cli.duration import seconds
from reconciler.cli.options import Option
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
from reconciler.cli.writing import write_file
from reconciler.core.drift import DriftReport, Life
from reconciler.core.errors import Diagnostic, ExitCode, GgrecError, Severity, UsageError
from reconciler.engine.drift import find_drift, remembered
from reconciler.engine.planner import Options
from reconciler.engine.planning import own_state
from reconciler.render.drift_forms import drift_json
from reconciler.render.drift_view import drift_lines
from reconciler.render.plan_view import PlanView
from reconciler.store.drift_life import read_life, write_life

_TO = "Where it goes"


class Drifting(Struct, frozen=True):
    """One drift command: where its results go."""

    session: Session
    reports: tuple[Report, ...]
    metrics: Metrics
    webhook: Webhook | None
    to_its_end: bool = False
    """A signal does not cancel the check under way: whoever watches has handlers of their own."""

    def check(self) -> DriftReport:
        """One whole check, told the webhook, written and shown. Raises GgrecError where it failed: then the metrics say
        so; and, after all else is done, where a file could not be written.
        """
        began = time.monotonic()
        try:
            report, life = self._found()
        except BaseException:
            with suppress(GgrecError):  # why the check failed is what has to be said
                self.metrics.checked(None, now=time.time(), seconds=time.monotonic() - began)
            raise
        seconds = time.monotonic() - began
        report = self._told(report, life)
        view, failed = self.view(), list[Diagnostic]()
        writing = [partial(self.metrics.checked, report, now=time.time(), seconds=seconds)]
        writing += [partial(self._write, report, view, item) for item in self.reports]
        for write in writing:
            try:
                write()
            except GgrecError as error:
                failed += error.diagnostics
        self.show(report)
        if failed:
            raise GgrecError(tuple(failed))
        return report

    def _told(self, report: DriftReport, life: Life) -> DriftReport:
        """The report, told and remembered, with what went wrong in that. What a webhook did not take is told again."""
        wrong = self.webhook.tell(report, self.view(), self.session.secrets) if self.webhook is not None else None
        untold = report.has_news and wrong is not None if self.webhook is not None else report.untold
        kept = write_life(self.session.store.blobs, remembered(report, life, untold=untold))
        notes = [*report.notes, *([wrong] if wrong is not None else [])]
        if kept:
            hint = "the next check then cannot say what is new; what is shown now is right"
            notes.append(Diagnostic("life-not-kept", kept, hint, severity=Severity.WARNING))
        return replace(report, notes=tuple(notes))

    @staticmethod
    def _write(report: DriftReport, view: PlanView, item: Report) -> None:
        write_file(item.file, form_of(report, view, item.form))

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

    def _found(self) -> tuple[DriftReport, Life]:
        session, made = self.session, []
        now = session.clock.now()
        options = Options(
            guard=session.instance.guard,
            protection=session.instance.protection,
            acknowledged=session.acknowledged,
            today=now[:10],
        )

        async def work(signals: Signals | None = None) -> int:
            async with session.reader_beside(session.known) as (reader, (resources, stored)):
                state = own_state(stored, reader, lineage=new_lineage())
                life = read_life(session.store.blobs)
                report = await find_drift(inputs_of(session, resources, options, state, reader), at=now, life=life)
                made.append((report, life))
            return ExitCode.DONE

        if self.to_its_end:
            asyncio.run(work())
        else:
            run(work)
        (found,) = made
        return found


def drift(
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
    kept = Metrics(session.instance.name, metrics, tuple(session.registry))
    if watch is not None:
        from reconciler.cli.watching import watch_drift  # a server only where one is asked for

        return watch_drift(
            lambda: Drifting(Session(settings), found, kept, hook, to_its_end=True), kept, every=watch, listen=listen
        )
    checking = Drifting(session, found, kept, hook)
    return checking.check().verdict.exit_code

"""Where the result of a drift check goes beside the terminal: report files, the metrics file, a webhook. A webhook
that fails is a note; a file that cannot be written is an error.
"""

import contextlib
import json
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from reconciler.cli.writing import write_file
from reconciler.core.drift import DriftReport
from reconciler.core.errors import Diagnostic, Severity, UsageError
from reconciler.core.resource import SecretRef
from reconciler.grafana.secrets import SecretResolver
from reconciler.render.drift_forms import FORMS, drift_json, drift_metrics, webhook_body
from reconciler.render.plan_view import PlanView

SUFFIXES = {".txt": "text", ".json": "json", ".md": "markdown", ".html": "html"}
_WEBHOOK_SECONDS = 10.0
_LAST = "ggrec_drift_last_success_timestamp_seconds{"


class Report(Struct, frozen=True):
    """A report to write, and how."""

    file: Path
    form: str


def reports(files: Sequence[Path], form: str | None) -> tuple[Report, ...]:
    """The form of each file, by its suffix where none is given. Raises UsageError, naming all files that have none."""
    known = sorted(set(SUFFIXES.values()))
    if form is not None and form not in known:
        raise UsageError.one("unknown-format", f"--format {form}: no such form", hint=f"one of {', '.join(known)}")
    found = [Report(file, form or SUFFIXES.get(file.suffix.lower(), "")) for file in files]
    if lost := [str(item.file) for item in found if not item.form]:
        text = f"--report {', '.join(lost)}: the suffix says no form"
        raise UsageError.one("unknown-format", text, hint=f"end it in {', '.join(SUFFIXES)}, or give --format")
    return tuple(found)


def form_of(report: DriftReport, view: PlanView, form: str) -> str:
    """The report as a text in a form."""
    if form == "json":
        return json.dumps(drift_json(report, view), indent=2, ensure_ascii=False) + "\n"
    return FORMS[form](report, view)


class Metrics(Struct):
    """What the metrics say between checks: a failed one leaves the last success as it was."""

    instance: str
    file: Path | None = None
    kinds: tuple[str, ...] = ()
    """Those of which there is always a number."""
    last_success: float = 0.0
    text: str = ""

    def __post_init__(self) -> None:
        if self.file is None:
            return
        with contextlib.suppress(OSError, ValueError):
            for row in self.file.read_text("utf-8").splitlines():
                if row.startswith(_LAST):
                    self.last_success = float(row.rpartition(" ")[2])

    def checked(self, report: DriftReport | None, *, now: float, seconds: float) -> None:
        """A check ended (None: it failed). Raises GgrecError where the file cannot be written."""
        if report is not None and not report.plan.unreadable:
            self.last_success = now
        self.text = drift_metrics(
            report, instance=self.instance, last_success=self.last_success, seconds=seconds, kinds=self.kinds
        )
        if self.file is not None:
            write_file(self.file, self.text)


class Webhook(Struct, frozen=True):
    """Where news goes. The address is a secret: it is named by its reference, and a literal one not at all."""

    text: str
    always: bool = False

    def url(self, secrets: SecretResolver) -> str:
        """The address. Raises GgrecError for a reference that leads nowhere, UsageError for what is no address."""
        found = secrets.resolve(SecretRef(self.text)) if self.text.startswith("${") else self.text
        if not found.startswith(("https://", "http://")):
            raise UsageError.one("bad-webhook", "--webhook is no http(s) address", hint="as in '${env:SLACK_WEBHOOK}'")
        return found

    def tell(self, report: DriftReport, view: PlanView, secrets: SecretResolver) -> Diagnostic | None:
        """Send it where there is news; what went wrong."""
        if not (self.always or report.has_news):
            return None
        import httpx  # only who has a webhook waits for it

        try:
            answer = httpx.post(self.url(secrets), json=webhook_body(report, view), timeout=_WEBHOOK_SECONDS)
        except httpx.TimeoutException:
            return _undelivered(f"the webhook did not answer within {_WEBHOOK_SECONDS:.0f} s")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return _undelivered(f"the webhook could not be reached ({type(error).__name__})")
        if answer.status_code >= 300:
            elsewhere = ", and leads elsewhere, which is not followed" if answer.is_redirect else ""
            return _undelivered(f"the webhook answered {answer.status_code}{elsewhere}")
        return None


def _undelivered(text: str) -> Diagnostic:
    hint = "the next check tells it again; the address is not shown, for it is a secret"
    return Diagnostic("webhook-failed", text, hint, severity=Severity.WARNING)

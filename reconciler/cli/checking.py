"""check, metrics doc: what dashboards ask, against their languages and the catalogue. Offline."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from reconciler.checking.explanations import EXPLANATIONS, page
from reconciler.cli.session import Session
from reconciler.cli.settings import ConfigOption, InstanceOption, JsonOption, NoColorOption, Settings
from reconciler.core.errors import ExitCode, Severity, UsageError
from reconciler.render.json_view import diagnostic_json
from reconciler.render.lines import Line, Span, count, line
from reconciler.render.plan_view import diagnostic_lines


def check(
    addresses: Annotated[list[str] | None, typer.Argument(help="Only these dashboards (globs allowed).")] = None,
    code: Annotated[list[str] | None, typer.Option("--code", help="Only findings of this code. Repeatable.")] = None,
    explain: Annotated[str, typer.Option("--explain", help="Print what a code means, and nothing else.")] = "",
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as errors.")] = False,
    instance: InstanceOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    no_color: NoColorOption = False,
) -> int:
    """Check every query of every dashboard: its syntax, its metrics and labels, its units. Offline."""
    if explain:
        return _explain(explain)
    session = Session(Settings(instance, None, config, json, no_color))
    found = session.query_findings(addresses or (), frozenset(code or ()))
    errors = sum(1 for item in found if strict or item.severity is Severity.ERROR)
    ending = ExitCode.ERROR if errors else ExitCode.DONE
    if json:
        session.output.json({"format": "ggrec/check/v1", "findings": [diagnostic_json(item) for item in found]})
        return ending
    lines: list[Line] = []
    for item in found:
        style = "error" if item.severity is Severity.ERROR else "warn"
        head, *rest = diagnostic_lines(item, style)
        lines += [(head[0], Span(f"{item.severity}: ", style), *head[1:], Span(f"  [{item.code}]", "dim")), *rest]
    if not found:
        lines.append(line(Span("No findings. ", "good"), f"{count(session.queries_checked, 'query')} checked."))
    else:
        warnings = sum(1 for item in found if item.severity is Severity.WARNING)
        parts = [count(len(found) - warnings, "error"), count(warnings, "warning")]
        text = f"{', '.join(parts)} in {count(session.queries_checked, 'query')}. `ggrec check --explain CODE` explains one."
        lines.append(line(Span(text, "error" if errors else "warn")))
    session.output.lines(lines)
    return ending


def _explain(code: str) -> int:
    if code not in EXPLANATIONS:
        raise UsageError.one("unknown-code", f"no finding is called {code!r}", hint=f"there is {', '.join(sorted(EXPLANATIONS))}")
    sys.stdout.write(page(code))
    return ExitCode.DONE

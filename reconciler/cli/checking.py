"""check, metrics doc: what dashboards ask, against their languages and the catalogue. Offline."""

import sys
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

from msgspec.structs import replace

from reconciler.checking.explanations import EXPLANATIONS, page
from reconciler.checking.finding import WRONG
from reconciler.checking.queries import count_queries
from reconciler.checking.verdicts import Bounds
from reconciler.cli.live import Limits
from reconciler.cli.live_check import Wanted, check_live
from reconciler.cli.options import Argument, Option
from reconciler.cli.session import Session
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
from reconciler.cli.signals import run
from reconciler.cli.writing import write_file
from reconciler.core.address import Address
from reconciler.core.errors import Diagnostic, ExitCode, Severity, UsageError
from reconciler.render.json_view import diagnostic_json
from reconciler.render.lines import Span, count, line
from reconciler.render.live_view import finding_lines


def check(
    addresses: Annotated[list[str] | None, Argument(help="Only these dashboards (globs allowed).")] = None,
    code: Annotated[list[str] | None, Option("--code", help="Only findings of this code. Repeatable.")] = None,
    explain: Annotated[str, Option("--explain", help="Print what a code means, and nothing else.")] = "",
    strict: Annotated[bool, Option("--strict", help="Warnings count as errors.")] = False,
    live: Annotated[bool, Option("--live", help="Ask the datasources, through Grafana: is there data?")] = False,
    matrix: Annotated[bool, Option("--matrix", help="With --live: each value of each variable as well.")] = False,
    prometheus: Annotated[str, Option("--prometheus", help="With --live: ask this Prometheus, not Grafana.")] = "",
    report: Annotated[
        list[Path] | None,
        Option("--report", help="With --live: write it here (.md, .html, .json, else text). Repeatable."),
    ] = None,
    metrics: Annotated[Path | None, Option("--metrics", help="With --live: write metrics for Prometheus here.")] = None,
    at_once: Annotated[int, Option("--at-once", min=1, max=32, help="With --live: queries side by side.")] = 4,
    slow: Annotated[int, Option("--slow", min=1, help="With --live: seconds from which a panel is slow.")] = 5,
    stale: Annotated[
        int, Option("--stale", min=1, help="With --live: seconds since a newest value that make it stale.")
    ] = 1800,
    most_series: Annotated[int, Option("--most-series", min=1, help="With --live: more series explode.")] = 500,
    timeout: TimeoutOption = None,
    instance: InstanceOption = None,
    url: UrlOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    no_color: NoColorOption = False,
    verbose: VerboseOption = False,
) -> int:
    """Check every query of every dashboard: syntax, metrics, labels, units. Offline, but with --live."""
    if explain:
        return _explain(explain)
    session = Session(Settings(instance, url, config, json, no_color, verbose, reads=max(4, at_once)))
    declared = session.declared_apart_from(EXPLANATIONS)
    known = [resource.address for resource in declared.resources if resource.address.kind == "dashboard"]
    chosen = _chosen([str(address) for address in known], addresses or ())
    number = count_queries(declared.resources, chosen)
    found = [
        item
        for item in declared.diagnostics
        if item.code in EXPLANATIONS and item.subject in chosen and (not code or item.code in code)
    ]
    found = [replace(item, severity=_severity(item, strict=strict)) for item in found]
    if live or prometheus:
        bounds, limits = Bounds(slow=slow, series=most_series, stale=stale), Limits(at_once, timeout)
        wanted = Wanted(matrix, prometheus, tuple(report or ()), metrics, limits, bounds, tuple(found))
        return run(lambda signals: check_live(session, declared.resources, chosen, wanted))
    errors = sum(1 for item in found if item.severity is Severity.ERROR)
    ending = ExitCode.ERROR if errors else ExitCode.DONE
    if json:
        session.output.json({"format": "ggrec/check/v1", "findings": [diagnostic_json(item) for item in found]})
        return ending
    lines = finding_lines(found)
    if not found:
        lines.append(line(Span("No findings. ", "good"), f"{count(number, 'query')} checked."))
    else:
        warnings = sum(1 for item in found if item.severity is Severity.WARNING)
        parts = [count(len(found) - warnings, "error"), count(warnings, "warning")]
        text = f"{', '.join(parts)} in {count(number, 'query')}. `ggrec check --explain CODE` explains one."
        lines.append(line(Span(text, "error" if errors else "warn")))
    session.output.lines(lines)
    return ending


def _severity(item: Diagnostic, *, strict: bool) -> Severity:
    wrong = strict or item.code in WRONG or item.severity is Severity.ERROR
    return Severity.ERROR if wrong else Severity.WARNING


def _chosen(known: list[str], wanted: Sequence[str]) -> set[str]:
    """The addresses that were asked for. Raises UsageError for one that means none."""
    for pattern in wanted:
        if not any(fnmatchcase(address, pattern) for address in known):
            hint = "write dashboard.name, or a glob; `ggrec validate` lists what is declared"
            raise UsageError.one("not-declared", f"{pattern} is no declared dashboard", hint=hint)
    return {address for address in known if not wanted or any(fnmatchcase(address, p) for p in wanted)}


def _explain(code: str) -> int:
    if code not in EXPLANATIONS:
        raise UsageError.one(
            "unknown-code", f"no finding is called {code!r}", hint=f"there is {', '.join(sorted(EXPLANATIONS))}"
        )
    sys.stdout.write(page(code))
    return ExitCode.DONE


def metrics_doc(
    out: Annotated[Path | None, Option("--out", "-o", help="Write the page here (default: print it).")] = None,
    instance: InstanceOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """The catalogue as a page: each metric, who uses it, what nobody uses, what is not declared. Offline."""
    from reconciler.checking.uses import uses_in
    from reconciler.render.metrics_view import metrics_page

    session = Session(Settings(instance, None, config, json))
    _, resolved = session.valid_apart_from(EXPLANATIONS)
    uses = uses_in(resolved.resources, resolved.catalogue)
    declared, undeclared = (
        {key: [(use.address, use.place) for use in found] for key, found in part.items()}
        for part in (uses.declared, uses.undeclared)
    )
    if json:
        shown = [{"name": m.name, "datasource": m.datasource, "type": str(m.type), "unit": m.unit, "owner": m.owner,
                  "uses": [{"address": str(a), "place": p} for a, p in declared.get((m.datasource, m.name), ())]}
                 for m in resolved.catalogue.metrics]  # fmt: skip
        missing = [{"name": name, "datasource": uid} for uid, name in undeclared]
        session.output.json({"format": "ggrec/metrics/v1", "metrics": shown, "undeclared": missing})
        return ExitCode.DONE
    roles: dict[Address, list[str]] = {}
    for role in resolved.roles:
        for entry in role.entries:
            roles.setdefault(entry.shown, []).append(role.title)
    page_text = metrics_page(resolved.catalogue, declared, undeclared, roles=roles)
    if out is None:
        sys.stdout.write(page_text)
    else:
        write_file(out, page_text)
        sys.stdout.write(f"wrote {out}\n")
    return ExitCode.DONE

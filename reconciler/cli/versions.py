"""show-version and rollback: versions that Grafana keeps, read and put back."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from reconciler.cli.on_conflict import OnConflictOption, policy_of
from reconciler.cli.options import Argument, Option
from reconciler.cli.planned import guarded, plan_now, save_plan, show_plan
from reconciler.cli.session import Session, new_lineage
from reconciler.cli.settings import (
    AutoApproveOption,
    ConfigOption,
    InstanceOption,
    JsonOption,
    NoColorOption,
    Settings,
    TimeoutOption,
    TtlOption,
    UrlOption,
    VerboseOption,
)
from reconciler.cli.signals import run
from reconciler.cli.state import parsed
from reconciler.core.address import Address
from reconciler.core.description import described
from reconciler.core.diff import diff
from reconciler.core.errors import Diagnostic, ExitCode, GgrecError, Refused, UsageError
from reconciler.core.resource import KeptVersion, Resource
from reconciler.engine.planner import Options
from reconciler.engine.planning import own_state
from reconciler.engine.versions import as_of, version_of
from reconciler.render.lines import Line, Span, indented, line, safe
from reconciler.render.plan_view import ago
from reconciler.render.rows import row_lines

_VERSION = re.compile(r"(.+)@(\d{1,9})\Z", re.ASCII)
VersionArgument = Annotated[str, Argument(help="ADDRESS@NUMBER, as dashboard.orders@12.")]


def show_version(
    version: VersionArgument,
    instance: InstanceOption = None,
    url: UrlOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    no_color: NoColorOption = False,
    verbose: VerboseOption = False,
    timeout: TimeoutOption = None,
) -> int:
    """Show a version that Grafana keeps: whose it is, and how it differs from what is declared. Sends GET only."""
    session = Session(Settings(instance, url, config, json, no_color, verbose, timeout=timeout))
    address, number = _parsed(version)
    resource = session.resource(session.resources(), str(address))
    kept = asyncio.run(_read(session, {address: number}))[address]
    if json:
        facts: dict[str, Any] = {"address": str(address), "version": kept.number, "who": kept.who, "when": kept.when}
        facts |= {"message": kept.message, "attributes": kept.attributes}
        session.output.json({"format": "ggrec/version/v1", **facts})
        return ExitCode.DONE
    session.output.lines([line(Span(f"{address}, {_of(kept, session)}", "head"))])
    session.output.lines(_against_files(session, resource, kept))
    return ExitCode.DONE


def rollback(
    what: Annotated[str, Argument(help="ADDRESS@NUMBER, or the id of a run.")],
    auto_approve: AutoApproveOption = False,
    out: Annotated[Path | None, Option("--out", "-o", help="Save the plan here instead, to be applied.")] = None,
    ttl: TtlOption = None,
    on_conflict: OnConflictOption = None,
    instance: InstanceOption = None,
    url: UrlOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    no_color: NoColorOption = False,
    verbose: VerboseOption = False,
    timeout: TimeoutOption = None,
) -> int:
    """Put an object back to a version that Grafana keeps, or a whole run: a plan as any other, shown and asked for.

    An edit that somebody made since the last apply is not gone over: it is refused, merged where the object's lifecycle
    merges, or what --on-conflict says. Objects stay in their folders. What the files must say, so that the next apply
    does not undo it, is said. A run is undone as a whole or not at all.
    """
    policy = policy_of(on_conflict)
    session = Session(Settings(instance, url, config, json, no_color, verbose, timeout=timeout, policy=policy))
    numbers = _of_run(session, what) if session.store.run(what) is not None else dict([_parsed(what)])
    resources = session.resources()
    chosen = {address: session.resource(resources, str(address)) for address in numbers}
    options = guarded(session, Options(tuple(map(str, numbers)), policy=policy))
    kept = asyncio.run(_read(session, numbers))
    wanted = tuple(as_of(item, kept[item.address]) if item.address in kept else item for item in resources)
    if out is not None:
        code = _planned(session, wanted, options, out, ttl)
    else:
        from reconciler.cli.applying import plan_and_apply

        messages = {address: f"rollback to version {number}" for address, number in numbers.items()}
        code = run(
            lambda signals: plan_and_apply(session, wanted, options, signals, approved=auto_approve, messages=messages)
        )
    if code == ExitCode.DONE and not json:
        for address, resource in chosen.items():
            session.output.lines(_against_files(session, resource, kept[address], stays=True))
    return code


def _of_run(session: Session, run_id: str) -> dict[Address, int]:
    """The version before the run of each object that it updated. Raises Refused with everything that cannot be undone:
    what it created or deleted, what Grafana keeps no versions of, and what a later run changed again.
    """
    found, state = session.store.run(run_id), session.store.load()
    done = [outcome for outcome in found.outcomes if outcome.result == "done"] if found is not None else []
    problems: list[Diagnostic] = []
    numbers: dict[Address, int] = {}
    for outcome in done:
        entry = state.resources.get(outcome.address) if state is not None else None
        why = ""
        if outcome.action != "update" or outcome.version_before is None:
            kept = "" if outcome.action != "update" else ", and Grafana keeps no versions of it"
            why = f"the run's {outcome.action} of it cannot be undone from here{kept}"
        elif entry is None or entry.version != outcome.version_after:
            why = f"was changed again since (the run made version {outcome.version_after})"
        if why:
            hint = f"put the files back and apply; or `ggrec rollback {outcome.address}@NUMBER` for one dashboard"
            problems.append(Diagnostic("not-undoable", why, hint, subject=str(outcome.address)))
        elif outcome.version_before is not None:
            numbers[outcome.address] = outcome.version_before
    if problems:
        raise Refused(tuple(problems))
    if not numbers:
        raise GgrecError.one("nothing-done", f"run {run_id} changed nothing", hint="`ggrec history` lists the runs")
    return numbers


def _parsed(text: str) -> tuple[Address, int]:
    """Raises UsageError."""
    found = _VERSION.match(text)
    if found is None:
        hint = "`ggrec history ADDRESS` lists versions, `ggrec history` runs"
        raise UsageError.one(
            "not-a-version", f"'{text}' is no ADDRESS@NUMBER, as dashboard.orders@12, and no run", hint=hint
        )
    return parsed(found[1]), int(found[2])


async def _read(session: Session, numbers: Mapping[Address, int]) -> dict[Address, KeptVersion]:
    """These versions. Raises GgrecError naming the first that is not kept."""
    async with session.reader() as reader:
        state = own_state(session.store.load(), reader, lineage=new_lineage())
        found: dict[Address, KeptVersion] = {}
        for address, number in numbers.items():
            entry = state.resources.get(address)
            if entry is None:
                hint = "`ggrec state list` shows what is"
                raise GgrecError.one("not-owned", f"{address} is not in the state", hint=hint)
            kind = session.registry[address.kind]
            found[address] = await version_of(reader, kind, entry.uid, number, subject=str(address))
        return found


def _planned(session: Session, wanted: tuple[Resource, ...], options: Options, out: Path, ttl: float | None) -> int:
    found = plan_now(session, wanted, options)
    saved = save_plan(session, out, found, ttl) if not (found.unreadable or found.refusals) else ""
    show_plan(session, found)
    if saved and not session.settings.json:
        session.output.text(saved)
    return ExitCode.PARTIAL if found.unreadable else ExitCode.REFUSED if found.refusals else ExitCode.DONE


def _of(kept: KeptVersion, session: Session) -> str:
    by = f" by {safe(kept.who)}" if kept.who else ""
    when = f", {ago(kept.when, session.clock.now())}" if kept.when else ""
    return f"version {kept.number}{by}{when}" + (f': "{safe(kept.message)}"' if kept.message else "")


def _against_files(session: Session, resource: Resource, kept: KeptVersion, *, stays: bool = False) -> list[Line]:
    """What the files say otherwise than a version."""
    kind = session.registry[resource.address.kind]
    declared = kind.normalise(resource.attributes)
    version = kind.normalise(as_of(replace(resource, attributes=declared), kept).attributes)
    edits = diff(declared, version, identities=kind.identities)
    where = f" ({resource.source})" if resource.source is not None else ""
    if not edits:
        return [line(f"The files say the same of {resource.address}.")]
    head = f"The files say otherwise of {resource.address}{where}"
    head += "; so that the next apply does not undo this, change in them:" if stays else "; it differs from them in:"
    most = 10**9 if session.settings.verbose else 40
    return [line(head), *indented(2, row_lines(described(kind, edits, declared, version), most=most))]

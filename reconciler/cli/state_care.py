"""state pull, push, verify, repair, copy and unlock: the care of where it is written down what is owned."""

import json as json_module
import sys
from pathlib import Path
from typing import Annotated

from reconciler.cli.options import Argument, Option
from reconciler.cli.session import Session
from reconciler.cli.settings import (
    AutoApproveOption,
    ConfigOption,
    InstanceOption,
    JsonOption,
    NoColorOption,
    Settings,
)
from reconciler.cli.state import stored_state
from reconciler.cli.storing import open_store
from reconciler.core.errors import ExitCode, GgrecError, Refused, UsageError
from reconciler.core.json import JsonObject
from reconciler.core.state import State, verify
from reconciler.loader.state import RemoteState, remote_problem
from reconciler.render.json_view import diagnostic_json
from reconciler.render.lines import Line, Span, count, line
from reconciler.render.plan_view import diagnostic_lines
from reconciler.store.codec import decode_state, encode
from reconciler.store.inspection import Report, copy, inspect, missing_bodies, repair
from reconciler.store.journal import read_mapping
from reconciler.store.lease import unlock as take_away
from reconciler.store.state_store import StateStore, without_bookkeeping

ForceOption = Annotated[bool, Option("--force", help="Also put back an older serial; says what that forgets.")]


def state_pull(
    file: Annotated[Path | None, Argument(help="Where to; nothing: stdout.", show_default=False)] = None,
    instance: InstanceOption = None,
    config: ConfigOption = None,
) -> int:
    """Write the index as one JSON document: a backup for `ggrec state push`. Bodies stay where they are."""
    session = Session(Settings(instance, None, config))
    state = stored_state(session)
    text = json_module.dumps(encode(state), indent=1, sort_keys=True, ensure_ascii=False)
    if file is None:
        session.output.text(text)
        return ExitCode.DONE
    try:
        file.write_text(text + "\n", "utf-8", errors="surrogatepass")
    except OSError as error:
        raise GgrecError.one("unwritable-file", f"cannot write {file}: {error.strerror or error}") from None
    session.output.text(f"Serial {state.serial} with {count(len(state.resources), 'object')} is in {file}.")
    return ExitCode.DONE


def state_push(
    file: Annotated[Path, Argument(help="What `ggrec state pull` wrote; `-`: stdin.")],
    force: ForceOption = False,
    instance: InstanceOption = None,
    config: ConfigOption = None,
) -> int:
    """Put an index back. Refused: another lineage, an older serial than stored, a damaged file, bodies not there."""
    session = Session(Settings(instance, None, config))
    store = session.store
    state = decode_state(without_bookkeeping(_document(file)), str(file))
    verify(state)
    with store.lock(session.command):
        missing = missing_bodies(store, state)
        if missing:
            whose = ", ".join(sorted({str(address) for _, addresses in missing for address in addresses})[:10])
            hint = "an index alone is no state: bring the bodies too, with `ggrec state copy` from where they are"
            text = f"{count(len(missing), 'body')} that {file} names are not in {store.location}: {whose}"
            raise Refused.one("bodies-missing", text, hint=hint)
        lines = _replaces(session, state, file, force=force)
        saved = store.restore(state)
    session.output.lines(lines)
    session.output.text(f"Stored as serial {saved.serial}: {count(len(saved.resources), 'object')} owned.")
    return ExitCode.DONE


def _replaces(session: Session, state: State, file: Path, *, force: bool) -> list[Line]:
    """What putting this index back loses, in lines. Raises Refused where it may not be."""
    try:
        there = session.store.read_index()
    except GgrecError as error:
        return [line(Span(f"The stored index is damaged and replaced: {error.diagnostics[0].message}", "warn"))]
    if there is None:
        return []
    present = there.state
    if (present.lineage, present.url, present.org_id) != (state.lineage, state.url, state.org_id):
        text = f"{file} is another state (lineage {state.lineage}, {state.url} org {state.org_id}) than the stored one"
        hint = f"stored is lineage {present.lineage}, {present.url} org {present.org_id}; name another place as `state`"
        raise Refused.one("other-lineage", text, hint=hint)
    forgets = sorted(set(present.resources) - set(state.resources))
    differs = sorted(a for a, entry in state.resources.items() if present.resources.get(a, entry) != entry)
    if present.serial > state.serial and not force:
        text = f"{file} has serial {state.serial}, and {present.serial} is stored: {len(forgets)} objects would be "
        text += f"forgotten and {len(differs)} known as they were"
        raise Refused.one("older-serial", text, hint="--force puts the older one back all the same")
    lines = [line(Span(f"Forgotten, though Grafana may have it: {address}", "warn")) for address in forgets]
    return lines + [line(Span(f"Known as it was at serial {state.serial}: {address}", "warn")) for address in differs]


def _document(file: Path) -> JsonObject:
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise GgrecError.one("unreadable-file", f"cannot read {file}: {error.strerror or error}") from None
    return read_mapping(data, str(file))


def state_verify(
    instance: InstanceOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    no_color: NoColorOption = False,
) -> int:
    """Check the index, every body and the journals. Exit 0: all is well; 1: something is damaged. Changes nothing."""
    session = Session(Settings(instance, None, config, json, no_color))
    report = inspect(session.store)
    state = report.state
    if json:
        document = {
            "format": "ggrec/state-verification/v1",
            "location": session.store.location,
            "lineage": state.lineage if state else None,
            "serial": state.serial if state else None,
            "objects": len(state.resources) if state else 0,
            "intents": len(state.intents) if state else 0,
            "bodies": report.bodies,
            "orphans": report.orphans,
            "journals": report.journals,
            "runs": report.runs,
            "findings": [diagnostic_json(item) for item in report.problems],
        }
        session.output.json(document)
    else:
        session.output.lines(_report_lines(report))
    return ExitCode.ERROR if report.problems else ExitCode.DONE


def _report_lines(report: Report) -> list[Line]:
    lines = [item for problem in report.problems for item in diagnostic_lines(problem)]
    if report.state is not None:
        state = report.state
        lines.append(
            line(f"Serial {state.serial}: {count(len(state.resources), 'object')}, {report.bodies} bodies needed.")
        )
        if state.intents:
            text = f"{count(len(state.intents), 'write')} of an interrupted run are open: the next apply looks at them."
            lines.append(line(Span(text, "warn")))
    elif not report.problems:
        return [line("There is no state yet.")]
    lines.append(line(f"{count(report.runs, 'run')}, {report.orphans} bodies of earlier versions."))
    good = "Everything is there and undamaged."
    bad = f"{count(len(report.problems), 'problem')}: `ggrec state repair` says what it would do."
    return [*lines, line(Span(bad, "error") if report.problems else Span(good, "good"))]


def state_repair(
    auto_approve: AutoApproveOption = False,
    instance: InstanceOption = None,
    config: ConfigOption = None,
    no_color: NoColorOption = False,
) -> int:
    """Set aside what is damaged, and have the objects it concerned observed anew by the next plan. Asks first."""
    session = Session(Settings(instance, None, config, no_color=no_color))
    with session.store.lock(session.command):
        report = inspect(session.store)
        if report.state is None and report.problems:
            raise GgrecError(report.problems)
        if not report.torn and not report.lost:
            session.output.lines(_report_lines(report))
            return ExitCode.ERROR if report.problems else ExitCode.DONE
        lines = [line(f"{key}: is moved to damaged/; what it said of one write is lost") for key in report.torn]
        lines += [line(f"{address}: is observed anew by the next plan") for address in report.unobserved]
        session.output.lines([*(item for p in report.problems for item in diagnostic_lines(p)), *lines])
        if not auto_approve:
            if not sys.stdin.isatty():
                raise Refused.one("nobody-to-ask", "repair asks, and nobody can answer here", hint="--auto-approve")
            import typer  # only where a person is asked

            if not typer.confirm("Do this?", default=False):
                raise typer.Abort
        saved = repair(session.store, report)
    session.output.text(f"Repaired: serial {saved.serial if saved else '-'}. `ggrec plan` observes what was lost.")
    return ExitCode.DONE


def state_copy(
    to: Annotated[str, Option("--to", help="A URL, a folder, or an instance whose `state` is the new place.")],
    instance: InstanceOption = None,
    config: ConfigOption = None,
) -> int:
    """Copy index, bodies and runs to an empty place, say from a folder to a bucket. The present one stays as it is."""
    session = Session(Settings(instance, None, config))
    store, other = session.store, _place(session, to)
    if store.location == other.location:
        raise UsageError.one("same-place", f"{store.location} is where the state is already")
    with store.lock(session.command), other.lock(session.command):
        saved, objects = copy(store, other)
    text = f"Copied serial {saved.serial} and {count(objects, 'object')} (bodies and runs) to {other.location}."
    session.output.text(f"{text}\nName that as the instance's `state` now; {store.location} was left as it is.")
    return ExitCode.DONE


def _place(session: Session, text: str) -> StateStore:
    if text in session.project.model.instances:
        return Session(Settings(text, None, session.settings.config)).store
    if "://" not in text:
        return open_store(Path(text).resolve(), session.secrets, lease=session.instance.lease)
    problem = remote_problem(text)
    if problem:
        hint = "as in s3://bucket/prefix, gs://… or az://…, or the name of an instance of ggrec.yaml"
        raise UsageError.one("bad-state-url", f"--to cannot be used: {problem}", hint=hint)
    return open_store(RemoteState(text.rstrip("/")), session.secrets, lease=session.instance.lease)


def unlock(
    lock_id: Annotated[str, Argument(metavar="ID", help="The lock's id, as the message shows it.")],
    instance: InstanceOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Take away the lock of a holder that certainly no longer runs. Gone already: says so, exit 0."""
    session = Session(Settings(instance, None, config, json))
    removed = take_away(session.store.blobs, lock_id)
    if json:
        lock = dict(removed.facts()) if removed is not None else None
        session.output.json({"format": "ggrec/unlock/v1", "removed": lock})
    elif removed is None:
        session.output.text(f"There is no lock on {session.store.location} (any more).")
    else:
        session.output.text(f"Removed the lock {lock_id} of {removed}.")
    return ExitCode.DONE

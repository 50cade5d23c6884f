"""drift ack, unack, acks: what may stay as it is, until when, and why. Asks no Grafana."""

from typing import Annotated

from reconciler.cli.options import Argument, Option
from reconciler.cli.session import Session
from reconciler.cli.settings import (
    ConfigOption,
    InstanceOption,
    JsonOption,
    NoColorOption,
    Settings,
)
from reconciler.cli.state import parsed
from reconciler.cli.storing import user_name
from reconciler.core.acknowledgement import ACKNOWLEDGED, Acknowledgement
from reconciler.core.errors import ExitCode, GgrecError, UsageError
from reconciler.core.path_words import place_of
from reconciler.loader.acknowledged import acknowledge, day_problem, path_problem, unacknowledge
from reconciler.render.lines import Span, count, line, safe

PathOption = Annotated[str | None, Option("--path", help="Only this part, as panels[title='Latency'].targets.")]


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
        session.output.text(f"Nothing is acknowledged for {session.instance.name}.")
    for item in found:
        part = _part(session, item) if item.path else ""
        ended = Span("  ended", "warn") if not item.holds(today) else ""
        session.output.lines([line(f"{item.address}{safe(part)}  {safe(str(item))}", ended)])
    return ExitCode.DONE


def _part(session: Session, item: Acknowledgement) -> str:
    """In words, and as `--path` takes it."""
    place = place_of(session.registry.get(item.address.kind), item.path)
    return f" {place} ({item.path})" if place != item.path else f" {item.path}"

"""The past of one object: the versions that the server keeps, each a run's or somebody's, and what else runs did to it.
Pure.

Whose a version is tells its message, which carries run and commit. A run's record has the last word: who copies its
message into a save of his own does not become the run. The first version's message is always Grafana's own, so there
the record alone tells, where the times agree.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.address import Address
from reconciler.core.plan import Action
from reconciler.core.resource import KeptVersion
from reconciler.core.state import Outcome, Run

_SIGNED = re.compile(r"ggrec run ([A-Za-z0-9-]+)(?:, commit ([0-9A-Za-z]+\+?))?")
_FIRST = "Initial save"
_SKEW = timedelta(minutes=10)
"""Grafana's clock and the runner's may differ."""


class Moment(Struct, frozen=True):
    """One thing that happened to it. `run` is "" where nobody's run did it; `version` is None for what made none.

    `kept` tells whether the server still has the version; `outcome` is what the run's record says of it.
    """

    when: str
    who: str
    version: int | None = None
    run: str = ""
    commit: str = ""
    message: str = ""
    kept: bool = False
    outcome: Outcome | None = None


def past(address: Address, versions: Iterable[KeptVersion], runs: Sequence[Run]) -> tuple[Moment, ...]:
    """Everything that is known, newest first."""
    known = {run.id: run for run in runs}
    found: list[Moment] = []
    told: set[tuple[str, int | None]] = set()
    for version in versions:
        moment = _of_version(address, version, known)
        told.add((moment.run, moment.version))
        found.append(moment)
    for run in runs:
        for outcome in run.outcomes:
            if outcome.address == address and not (outcome.result == "done" and (run.id, _made(outcome)) in told):
                found.append(Moment(run.started, run.who, _made(outcome), run.id, run.commit, outcome=outcome))
    return tuple(sorted(found, key=_order, reverse=True))


def _of_version(address: Address, version: KeptVersion, runs: dict[str, Run]) -> Moment:
    theirs = Moment(version.when, version.who, version.number, message=version.message, kept=True)
    signed = _SIGNED.search(version.message)
    if signed is None:
        run = _creator(address, version, runs) if version.message == _FIRST else None
        if run is None:
            return theirs
        return replace(theirs, who=run.who, run=run.id, commit=run.commit, outcome=_outcome(address, version, run))
    name, commit = signed[1], signed[2] or ""
    run = runs.get(name)
    if run is None:  # its record is not kept any more
        return replace(theirs, run=name, commit=commit)
    outcome = _outcome(address, version, run)
    if outcome is None and run.outcomes:
        return theirs
    return replace(theirs, who=run.who, run=name, commit=run.commit, outcome=outcome)


def _outcome(address: Address, version: KeptVersion, run: Run) -> Outcome | None:
    return next((o for o in run.outcomes if o.address == address and _made(o) == version.number), None)


def _creator(address: Address, version: KeptVersion, runs: dict[str, Run]) -> Run | None:
    """The last run that made the first version, if that was then."""
    made = [run for run in runs.values() if _outcome(address, version, run) is not None]
    if not made:
        return None
    began, ended = _moment(made[-1].started), _moment(made[-1].ended or made[-1].started)
    return made[-1] if began - _SKEW <= _moment(version.when) <= ended + _SKEW else None


def _made(outcome: Outcome) -> int | None:
    """The version that it made."""
    if outcome.result != "done" or outcome.action == Action.DELETE or outcome.version_after == outcome.version_before:
        return None
    return outcome.version_after


def _order(moment: Moment) -> tuple[datetime, int]:
    return _moment(moment.when), moment.version or 0


def _moment(text: str) -> datetime:
    try:
        when = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        when = datetime(1970, 1, 1)
    return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)

"""How the changes of a run went, as its record keeps them: with both sides of what was done, for the way back. Pure."""

from msgspec.structs import replace

from reconciler.core.plan import Action, Change
from reconciler.core.state import Outcome, ResourceState, Side, side_of
from reconciler.engine.carry import Written


def finished(change: Change, written: Written, entry: ResourceState | None) -> Outcome:
    """A change that was carried out; `entry` is what the state knew of the object before."""
    sent = change.resource is not None and change.sends and written.keep
    before, after = _before(change, written, entry), None
    if written.entry is not None:
        after = side_of(written.entry, written.entry.observed)
    elif entry is not None and not written.keep:  # it was left as it is
        before = after = side_of(entry, entry.observed)
    return Outcome(
        change.address,
        str(change.action),
        "done",
        version_before=written.version_before,
        version_after=written.version_after,
        not_converged=written.not_converged,
        notes=written.notes,
        reason=change.reason,
        before=before,
        after=after,
        secrets=change.secrets if sent else (),
    )


def _before(change: Change, written: Written, entry: ResourceState | None) -> Side | None:
    """What was there; of an object that was taken over only what Grafana held. None where it was not there, though the
    state may have known it: but of a delete, which found it gone, what the state knew.
    """
    if written.before is None and change.action is not Action.DELETE:
        return None
    if entry is not None:
        return replace(side_of(entry, written.before), version=written.version_before)
    return Side(str(change.uid), written.before, version=written.version_before, title=change.title)


def not_done(change: Change, result: str, *, error: str = "") -> Outcome:
    """A change that failed, stopped, or was never begun."""
    version = change.precondition.version
    return Outcome(
        change.address, str(change.action), result, version_before=version, error=error, reason=change.reason
    )


def status_of(outcomes: tuple[Outcome, ...], *, interrupted: bool) -> str:
    """How a run with these ended."""
    if interrupted:
        return "interrupted"
    return "done" if all(outcome.result == "done" for outcome in outcomes) else "partial"

"""What an object was before a run, from the bodies that its record names; and who changed it after, in words. Pure."""

from collections.abc import Sequence

from msgspec import Struct

from reconciler.core.address import Address
from reconciler.core.diff import Edit, EditPath, Op, overlap
from reconciler.core.errors import BodyLost
from reconciler.core.json import JsonObject, shown
from reconciler.core.kind import Kind
from reconciler.core.merge import merge
from reconciler.core.plan import Action
from reconciler.core.state import Run, Side
from reconciler.engine.situation import Bodies

BEFORE_RECORDS = "its record is of a ggrec that did not keep what was before"
_TOLD = 5
_LONGEST = 40


class Meant(Struct, frozen=True):
    """What an object shall be, and what to know about that."""

    attributes: JsonObject
    notes: tuple[str, ...] = ()


def content_before(kind: Kind, before: Side, after: Side | None, bodies: Bodies) -> Meant:
    """The attributes, as an author would have them, by which an object is what Grafana held before the run.

    That is what had been applied to it, with what somebody had edited outside since; of an object that was only taken
    over by the run, what the run applied, as it was before. Raises BodyLost.
    """
    if before.body is None:
        raise BodyLost.one("body-lost", BEFORE_RECORDS)
    if before.applied is not None and before.observed is not None:
        applied, base = before.applied, before.observed
    elif after is not None and after.applied is not None and after.body is not None:
        applied, base = after.applied, after.body
    else:
        raise BodyLost.one("body-lost", BEFORE_RECORDS)
    if base == before.body:
        return Meant(bodies(applied))
    wanted = kind.normalise(bodies(applied))
    was, held = (kind.project(kind.normalise(bodies(name)), wanted) for name in (base, before.body))
    merged = merge(was, wanted, held, identities=kind.identities, wholes=kind.wholes)
    if merged.conflicts:  # what was applied and never came to be: Grafana's side is what was there
        merged = merge(was, held, wanted, identities=kind.identities, wholes=kind.wholes)
    edited = before.applied is not None and merged.taken
    return Meant(merged.value, ("with what somebody had edited before the run",) if edited else ())


def touched_by(runs: Sequence[Run], address: Address) -> tuple[Run, ...]:
    """Those of the runs that did something to an object, in their order."""
    quiet = {Action.NO_OP, Action.FORGET}
    return tuple(
        run
        for run in runs
        if any(o.address == address and o.result == "done" and o.action not in quiet for o in run.outcomes)
    )


def done_by(what: str, runs: Sequence[Run]) -> str:
    """`changed by run X (ann, commit abc)`; "" where no run did."""
    if not runs:
        return ""
    named = ", ".join(f"run {run.id} ({_whose(run)})" for run in runs[-3:])
    return f"{what} by {named}" + (f" and {len(runs) - 3} more" if len(runs) > 3 else "")


def _whose(run: Run) -> str:
    return f"{run.who}, commit {run.commit}" if run.commit else run.who


def told_edits(kind: Kind, edits: Sequence[Edit], paths: Sequence[EditPath] | None = None) -> str:
    """A few edits in a line; with `paths` only what touches these."""
    chosen = [edit for edit in edits if paths is None or any(overlap(edit.path, path) for path in paths)]
    more = f" and {len(chosen) - _TOLD} more" if len(chosen) > _TOLD else ""
    return "; ".join(_told(kind, edit) for edit in chosen[:_TOLD]) + more


def _told(kind: Kind, edit: Edit) -> str:
    where = kind.place(edit.path)
    match edit.op:
        case Op.ADD:
            return f"{where} added: {shown(edit.after, _LONGEST)}"
        case Op.REMOVE:
            return f"{where} removed: {shown(edit.before, _LONGEST)}"
        case Op.MOVE:
            return f"{where} in another order"
        case Op.CHANGE:
            return f"{where} {shown(edit.before, _LONGEST)} → {shown(edit.after, _LONGEST)}"

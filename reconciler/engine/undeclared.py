"""The rows of the table for what nobody declares any more: delete, or forget what is gone already. Pure."""

from msgspec.structs import replace

from reconciler.core.conflicts import OnConflict
from reconciler.core.diff import diff
from reconciler.core.errors import Diagnostic
from reconciler.core.json import digest
from reconciler.core.plan import Action, Change, Drift
from reconciler.core.resource import LiveObject
from reconciler.core.state import Status
from reconciler.engine.situation import Bodies, Decision, Situation, managed, precondition_of, protected, title_of


def undeclared(situation: Situation, bodies: Bodies) -> Decision:
    """What follows for an address that is in the state and not declared."""
    entry, live = situation.entry, situation.live
    if entry is None:
        return Decision()
    base = Change(
        address=situation.address,
        action=Action.DELETE,
        reason="" if situation.destroy else "no longer declared",
        uid=live.uid if live is not None else entry.uid,
        title=title_of(situation),
        depends_on=entry.depends_on,
        precondition=precondition_of(situation.kind, live),
    )
    if _never_ours(situation, live):
        return Decision(replace(base, action=Action.FORGET, reason="an interrupted run did not come to it"))
    if live is None:
        drift = Drift(
            situation.address, entry.uid, title_of(situation), "forgotten", gone=True, version_before=entry.version
        )
        if situation.intent is not None and situation.intent.target is None:
            return Decision(replace(base, action=Action.FORGET, reason="was deleted by an interrupted run"))
        return Decision(
            replace(base, action=Action.FORGET, reason="was deleted outside ggrec, and is not declared"), drift
        )
    refusals: list[Diagnostic] = []
    if live.manager is not None:
        refusals.append(managed(situation, live, "delete"))
    if entry.protected:
        refusals.append(protected(situation, "deleted"))
    found = _drift_before_delete(situation, live, bodies)
    if found is not None and situation.way is OnConflict.THEIRS:
        return Decision(None, replace(found, outcome="left"))
    return Decision(base, found, tuple(refusals))


def _never_ours(situation: Situation, live: LiveObject | None) -> bool:
    """Whether an interrupted run ended before it created it, or before it changed what it was about to take over."""
    entry = situation.entry
    assert entry is not None
    if entry.status is Status.OK or situation.intent is None or situation.intent.target is None:
        return False
    if live is None:
        return entry.observed is None
    return entry.observed is not None and digest(live.attributes) == entry.observed


def _drift_before_delete(situation: Situation, live: LiveObject, bodies: Bodies) -> Drift | None:
    entry, kind = situation.entry, situation.kind
    assert entry is not None
    begun = situation.intent is not None and situation.intent.target is None
    if (
        begun  # an interrupted run of ours was deleting it: what is missing of it, we took away
        or situation.unchanged
        or entry.observed is None
        or entry.applied is None
        or digest(live.attributes) == entry.observed
    ):
        return None
    was = kind.normalise(bodies(entry.applied))
    observed, present = kind.normalise(bodies(entry.observed)), kind.normalise(live.attributes)
    edits = diff(kind.project(observed, was), kind.project(present, was), identities=kind.identities)
    if not edits:
        return None
    return Drift(
        situation.address,
        live.uid,
        title_of(situation),
        "deleted",
        edits=edits,
        version_before=entry.version,
        version_after=live.version,
    )

"""The rows of the design's table: what one address needs that is not as it was left. Pure.

Two comparisons, never one: desired with last applied is the change, live with observed is the drift.
"""

from msgspec.structs import replace

from reconciler.core.conflicts import OnConflict
from reconciler.core.diff import Edit, diff, overlap
from reconciler.core.errors import Diagnostic, Severity
from reconciler.core.json import JsonObject, digest, same
from reconciler.core.kind import Kind
from reconciler.core.lazy import whole
from reconciler.core.plan import Action, Change, Drift
from reconciler.core.resource import LiveObject, Resource
from reconciler.core.state import Held, ResourceState, Status
from reconciler.engine.acknowledging import drift_of_ended, over, refused_ended, whole_of, why_ended
from reconciler.engine.drifted import Drifted, aim_of, back, nothing_sent, unsent, with_drift, without_ended, writable
from reconciler.engine.ignoring import Ignoring
from reconciler.engine.situation import Bodies, Decision, Situation, managed, precondition_of, protected, title_of
from reconciler.engine.stamped import as_stamped, worth
from reconciler.engine.undeclared import undeclared


def row_of(situation: Situation, bodies: Bodies) -> Decision:
    """The row of the table. Exhaustive over desired × state × live."""
    if situation.resource is not None and situation.entry is None and situation.live is None:
        return _create(situation, situation.resource)  # compared with nothing, so that it is not opened
    situation = _opened(situation)
    resource, entry, live = situation.resource, situation.entry, situation.live
    if resource is None:
        return undeclared(situation, bodies)
    if entry is None:
        assert live is not None
        return _adopt(situation, resource, live)
    if live is None:
        return _recreate(situation, resource, entry)
    if resource.uid is not None and resource.uid != entry.uid:
        return _replace(situation, resource, live)
    if entry.status is Status.PARTIAL or entry.applied is None:
        return _finish(situation, resource, live)
    return _compare(situation, resource, live, bodies)


def _opened(situation: Situation) -> Situation:
    """With the declared attributes loaded: from here on they are compared."""
    resource = situation.resource
    if resource is None or (attributes := whole(resource.attributes)) is resource.attributes:
        return situation
    return replace(situation, resource=replace(resource, attributes=attributes))


def _base(situation: Situation, resource: Resource, live: LiveObject | None) -> Change:
    """The parts that every change of a declared object has."""
    return Change(
        address=situation.address,
        action=Action.NO_OP,
        reason="",
        uid=live.uid if live is not None else resource.uid,
        title=title_of(situation),
        resource=resource,
        applied=resource.attributes,
        precondition=precondition_of(situation.kind, live, resource.attributes),
        moved_from=situation.moved_from,
        depends_on=resource.depends_on,
        held=_held(situation, live),
        notes=(*((resource.origin,) if resource.origin else ()), *situation.kind.notes(resource, live)),
    )


def _sending(situation: Situation, resource: Resource, live: LiveObject) -> Change:
    """The same with the secrets that are to be sent."""
    return replace(_base(situation, resource, live), secrets=situation.secrets.all, resent=situation.secrets.again)


def _held(situation: Situation, live: LiveObject | None) -> tuple[Held, ...]:
    """What was held, and still is: until it is released, or the object is another one."""
    entry = situation.entry
    return entry.held if entry is not None and live is not None and entry.status is Status.OK else ()


def _create(situation: Situation, resource: Resource) -> Decision:
    change = replace(_base(situation, resource, None), action=Action.CREATE, secrets=tuple(sorted(resource.secrets)))
    return Decision(change)


def _adopt(situation: Situation, resource: Resource, live: LiveObject) -> Decision:
    """Nobody's object is taken silently: only one that already is what was written, or with a word from the author."""
    resource = _left_alone(situation.kind, resource, live)
    edits = authored_edits(situation.kind, resource, live)
    change = replace(_sending(situation, resource, live), action=Action.ADOPT, edits=edits)
    if live.manager is not None:
        return Decision(change, refusals=(managed(situation, live, "take over"),))
    if not edits:
        return Decision(replace(change, reason="exists already, as declared"))
    allowed = situation.adopt or resource.lifecycle.adopt or situation.intent is not None
    reason = (
        "exists already and is taken over" if situation.intent is None else "finishes what an interrupted run began"
    )
    change = replace(change, reason=reason)
    if allowed:
        return Decision(change)
    refusal = Diagnostic(
        "exists-already",
        f"{situation.kind.name} '{live.uid}' exists in Grafana, is not in the state, and differs from what is declared",
        f"take it over with `ggrec apply --adopt`, `lifecycle: {{adopt: true}}` or `ggrec import {situation.address}`; "
        "the differences are in the plan",
        where=resource.source,
        subject=str(situation.address),
    )
    return Decision(change, refusals=(refusal,))


def _recreate(situation: Situation, resource: Resource, entry: ResourceState) -> Decision:
    if situation.intent is not None and (situation.intent.target is None or entry.observed is None):
        drift = None  # an interrupted run of ours deleted it, or never came to creating it
    else:
        drift = Drift(
            situation.address, entry.uid, title_of(situation), "recreated", gone=True, version_before=entry.version
        )
    if drift is not None and situation.way is OnConflict.THEIRS:
        return Decision(None, replace(drift, outcome="left"))
    if drift is not None and (whole := whole_of(situation)) is not None:
        return Decision(None, replace(drift, outcome="acknowledged", note=str(whole)))
    decision = _create(situation, resource)
    assert decision.change is not None
    return Decision(replace(decision.change, reason="was deleted outside ggrec"), drift)


def _replace(situation: Situation, resource: Resource, live: LiveObject) -> Decision:
    change = replace(
        _base(situation, resource, live),
        action=Action.REPLACE,
        uid=live.uid,
        reason=f"its uid changes from {live.uid} to {resource.uid}: stars, history and links to it are lost",
        secrets=tuple(sorted(resource.secrets)),
        held=(),
    )
    refusals: list[Diagnostic] = []
    if live.manager is not None:
        refusals.append(managed(situation, live, "replace"))
    if resource.lifecycle.prevent_destroy or (situation.entry is not None and situation.entry.protected):
        refusals.append(protected(situation, "replaced"))
    return Decision(change, refusals=tuple(refusals))


def _finish(situation: Situation, resource: Resource, live: LiveObject) -> Decision:
    """A write to it failed halfway, or what was held is released: only live can tell what is still to do."""
    released = situation.entry is not None and bool(situation.entry.held)
    resource = _left_alone(situation.kind, resource, live) if released else resource
    edits = authored_edits(situation.kind, resource, live)
    secrets = situation.secrets.all if released else tuple(sorted(resource.secrets))
    reason = "puts back what was held" if released else "was left unfinished"
    change = replace(_base(situation, resource, live), edits=edits, secrets=secrets, reason=reason)
    if live.manager is not None:
        return Decision(change, refusals=(managed(situation, live),))
    return Decision(replace(change, action=Action.UPDATE if edits or secrets else Action.NO_OP))


def _is_our_own(situation: Situation, drifted: tuple[Edit, ...], live: LiveObject, bodies: Bodies) -> bool:
    """Whether all that is different is as an interrupted run of ours was about to send it: then nobody else changed it.

    An object that takes several requests may have got only some of it.
    """
    intent = situation.intent
    if intent is None or intent.target is None or situation.resource is None:
        return False
    sent = replace(situation.resource, attributes=bodies(intent.target))
    left = [edit.path for edit in authored_edits(situation.kind, sent, live)]
    return not any(overlap(edit.path, path) for edit in drifted for path in left)


def authored_edits(kind: Kind, resource: Resource, live: LiveObject) -> tuple[Edit, ...]:
    """How live differs from what was written, on the paths that were written."""
    wanted = kind.normalise(resource.attributes)
    present = kind.project(kind.normalise(live.attributes), wanted)
    return diff(present, wanted, identities=kind.identities, authored=True)


def _left_alone(kind: Kind, resource: Resource, live: LiveObject) -> Resource:
    """The resource with what its lifecycle ignores as it is in Grafana."""
    wanted = kind.normalise(resource.attributes)
    present = kind.project(kind.normalise(live.attributes), wanted)
    kept = Ignoring(kind, resource.lifecycle, wanted).as_in(wanted, present)
    return resource if same(kept, wanted) else replace(resource, attributes=kept)


def _compare(situation: Situation, resource: Resource, live: LiveObject, bodies: Bodies) -> Decision:
    kind, entry = situation.kind, situation.entry
    assert entry is not None and entry.applied is not None and entry.observed is not None
    applied = resource.attributes if situation.declared == entry.applied else bodies(entry.applied)
    resource = _with_ours(situation, resource, applied, bodies)
    wanted, was = kind.normalise(resource.attributes), kind.normalise(applied)
    if situation.titles is not None:
        situation = replace(situation, titles=replace(situation.titles, applied=was))
    ignoring = Ignoring(kind, resource.lifecycle, wanted)
    same_text = applied is resource.attributes
    mine = wanted if same_text else ignoring.as_in(wanted, was)
    edits = () if same_text else diff(was, mine, identities=kind.identities)
    older, texts = edits, dict[str, str]()
    if edits and situation.titles is not None:
        texts = situation.titles.left(mine, was)
        older = diff(was, situation.titles.put(mine, texts), identities=kind.identities)
    if not worth(older, resource.stamp):
        edits = ()
    warnings = () if same_text else _ignored(situation, resource, ignoring.hidden(was, wanted))
    drifted: tuple[Edit, ...] = ()
    observed: JsonObject | None = None
    if not situation.unchanged and digest(live.attributes) != entry.observed:
        observed = kind.normalise(bodies(entry.observed))
        present = ignoring.as_in(kind.normalise(live.attributes), observed)
        drifted = diff(kind.project(observed, was), kind.project(present, was), identities=kind.identities)
    pending = () if drifted or edits else kind.outstanding(resource, live)
    ended = over(situation, bodies)
    change = replace(_sending(situation, resource, live), edits=edits or pending)
    if not (edits or pending or change.secrets or drifted or ended):
        change = as_stamped(change, older)
        if situation.titles is not None:
            change = situation.titles.waits(change, texts, still=True)
        return Decision(_settle(situation, change, live), warnings=warnings)
    if observed is None:
        observed = kind.normalise(bodies(entry.observed))
        if situation.unchanged:
            live = replace(live, attributes=observed)
    held = tuple(item for item in entry.held if not item.behind)
    aim = without_ended(kind, aim_of(kind, wanted, was, kind.project(observed, wanted), held), ended)
    target = ignoring.as_in(aim.attributes, kind.project(kind.normalise(live.attributes), wanted))
    change = replace(change, action=Action.UPDATE, resource=replace(resource, attributes=target), held=aim.held)
    if ended or (len(held) < len(entry.held) and not drifted):
        change = replace(change, edits=back(kind, change, live))
    decision = _sent(
        situation,
        replace(change, reason=_why(change) or why_ended(ended, edits)),
        Drifted(drifted, observed, live, aim.unheld),
        bodies,
    )
    if ended and decision.drift is None:
        drift = drift_of_ended(situation, ended, change, live)
        if drift.edits:  # else the files say what was held
            refusals = (*decision.refusals, *refused_ended(situation))
            decision = replace(decision, drift=replace(drift, declared_too=bool(edits)), refusals=refusals)
    return replace(decision, warnings=(*decision.warnings, *warnings))


def _with_ours(situation: Situation, resource: Resource, applied: JsonObject, bodies: Bodies) -> Resource:
    """With the identities inside it as they were applied, and marks for what is ours and is to go: also what an
    interrupted run may have added that nobody declares any more.
    """
    kind, mine = situation.kind, resource.attributes
    if applied is not mine:
        mine = kind.let_go(kind.keep_identity(mine, applied), applied)
    if situation.intent is not None and situation.intent.target is not None:
        mine = kind.let_go(mine, bodies(situation.intent.target))
    return resource if mine is resource.attributes else replace(resource, attributes=mine)


def _sent(situation: Situation, change: Change, found: Drifted, bodies: Bodies) -> Decision:
    """What follows for a change that has something to send, or something to put back."""
    begun = situation.intent is not None and situation.intent.target is not None
    if (begun and not found.edits) or _is_our_own(situation, found.edits, found.live, bodies):
        return _resume(situation, change, found.live)
    if found.edits:
        return with_drift(situation, change, found)
    held = situation.entry is not None and situation.entry.held
    if held and not change.secrets:
        assert change.resource is not None
        left, texts = unsent(situation, change, found.live)
        if not worth(left, change.resource.stamp):
            change = nothing_sent(situation, change, left, texts)
            return Decision(replace(change, reason="the files say what was held"))
    return writable(situation, change, found.live)


def _ignored(situation: Situation, resource: Resource, paths: tuple[str, ...]) -> tuple[Diagnostic, ...]:
    if not paths:
        return ()
    text = f"is declared differently than before, and left as it is in Grafana: {', '.join(paths)}"
    hint = "its lifecycle ignores that: what is declared there counts when the object is created"
    return (Diagnostic("ignored", text, hint, resource.source, str(situation.address), Severity.WARNING),)


def _resume(situation: Situation, change: Change, live: LiveObject) -> Decision:
    """An interrupted run of ours wrote it, and could not record that: only live can tell what is left to do."""
    assert change.resource is not None
    differing = back(situation.kind, change, live) or situation.kind.outstanding(change.resource, live)
    change = replace(change, edits=differing, reason="finishes what an interrupted run began")
    if not differing and not change.secrets:
        return Decision(replace(change, action=Action.NO_OP))
    return writable(situation, change, live)


def _why(change: Change) -> str:
    if not change.secrets or change.edits:
        return ""
    return "its secret changed" if set(change.secrets) - set(change.resent) else "its secrets are sent again"


def _settle(situation: Situation, change: Change, live: LiveObject) -> Change | None:
    """Nothing to send; but the state may have to learn a new revision, address, dependency or protection."""
    entry, resource = situation.entry, change.resource
    assert entry is not None and resource is not None
    news = (
        situation.moved_from is not None
        or situation.intent is not None
        or entry.revision != live.revision
        or entry.depends_on != resource.depends_on
        or entry.protected != resource.lifecycle.prevent_destroy
        or _digest_of(situation, change.applied) != entry.applied
    )
    reason = f"was {situation.moved_from}" if situation.moved_from else "the state has something to learn"
    return replace(change, reason=reason) if news else None


def _digest_of(situation: Situation, applied: JsonObject | None) -> str:
    mine = situation.resource
    kept = mine is not None and applied is mine.attributes
    return situation.declared if kept else digest(applied)

"""What a plan does about an edit made outside: put it back, leave it, merge it with the author's change, or refuse.
Pure.
"""

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.conflicts import OnConflict
from reconciler.core.diff import Edit, Key, carry_over, diff, format_edit_path, overlap
from reconciler.core.errors import Diagnostic
from reconciler.core.json import JsonObject, shown
from reconciler.core.kind import Kind
from reconciler.core.merge import MISSING, MergeConflict, Merged, Part, merge
from reconciler.core.plan import Action, Change, Drift
from reconciler.core.resource import LiveObject, OnDrift, Resource
from reconciler.core.selectors import Pick, Selector, as_in
from reconciler.core.state import Held
from reconciler.engine.acknowledging import standing, touches
from reconciler.engine.situation import Decision, Situation, managed, title_of
from reconciler.engine.stamped import as_stamped, worth

_ASKED = {OnConflict.OURS: OnDrift.REVERT, OnConflict.MERGE: OnDrift.MERGE}
"""What was asked for in this run wins over the lifecycle."""


class Drifted(Struct, frozen=True):
    """What was edited outside in a live object since it was `observed` (normalised), and what it would be if nothing of
    it were held.
    """

    edits: tuple[Edit, ...]
    observed: JsonObject
    live: LiveObject
    unheld: JsonObject


class Aim(Struct, frozen=True):
    """What an object is to be, and what of it is held: said by nobody's file."""

    attributes: JsonObject
    unheld: JsonObject
    """The same if nothing were held."""
    held: tuple[Held, ...] = ()


def aim_of(kind: Kind, wanted: JsonObject, was: JsonObject, observed: JsonObject, held: tuple[Held, ...]) -> Aim:
    """What is declared, over what Grafana made of it the last time. What is held stays, but where the author changed
    that very leaf.
    """
    aim = carry_over(wanted, was, observed)
    if not held:
        return Aim(aim, aim)
    merged = merge(was, wanted, observed, identities=kind.identities, wholes=kind.wholes).value
    return Aim(merged, aim, _still_held(kind, held, aim, merged))


def without_ended(kind: Kind, aim: Aim, ended: tuple[Held, ...]) -> Aim:
    """The aim without what was to be held until a day that has passed: there it is what the files say."""
    if not ended:
        return aim
    apart = diff(aim.unheld, aim.attributes, identities=kind.identities)
    gone = {item.path for item in ended}
    back_again = [e.path for e in apart if any(touches(path, format_edit_path(e.path)) for path in gone)]
    selectors = tuple(Selector(format_edit_path(path), tuple(map(_pick, path))) for path in back_again)
    attributes = as_in(aim.attributes, aim.unheld, selectors, kind.identities)
    return Aim(attributes, aim.unheld, tuple(item for item in aim.held if item.path not in gone))


def _pick(step: str | int | Key) -> str | Pick:
    if isinstance(step, Key):
        return Pick(field=step.field, text=str(step.value))
    return Pick(index=step) if isinstance(step, int) else step


def _still_held(kind: Kind, held: Iterable[Held], unheld: JsonObject, aim: JsonObject) -> tuple[Held, ...]:
    """Those, each path once, at which the aim is not what it would be if nothing were held: what somebody put back by
    hand is held no longer.
    """
    apart = [format_edit_path(edit.path) for edit in diff(unheld, aim, identities=kind.identities)]
    found = {item.path: item for item in held if any(touches(item.path, path) for path in apart)}
    return tuple(found.values())


def back(kind: Kind, change: Change, live: LiveObject) -> tuple[Edit, ...]:
    """What brings live to exactly what the change sends."""
    assert change.resource is not None
    wanted = change.resource.attributes
    return diff(kind.project(kind.normalise(live.attributes), wanted), wanted, identities=kind.identities)


def unsent(
    situation: Situation, change: Change, live: LiveObject, observed: JsonObject | None = None
) -> tuple[tuple[Edit, ...], dict[str, str]]:
    """What brings live to what the change sends, but for texts that may wait (see titles); and those, by their paths.
    `observed` (normalised): what was there when nobody had edited it.
    """
    differing = back(situation.kind, change, live)
    if situation.titles is None or not differing:
        return differing, {}
    assert change.resource is not None
    kind, wanted = situation.kind, change.resource.attributes
    there = kind.project(kind.normalise(live.attributes), wanted)
    texts = situation.titles.left(wanted, there, kind.project(observed, wanted) if observed is not None else None)
    return diff(there, situation.titles.put(wanted, texts), identities=kind.identities), texts


def nothing_sent(situation: Situation, change: Change, left: tuple[Edit, ...], texts: dict[str, str]) -> Change:
    """The change as one that sends nothing: what is left of it are older stamps, and texts that wait."""
    settled = replace(as_stamped(change, left), action=Action.NO_OP, edits=())
    return settled if situation.titles is None else situation.titles.waits(settled, texts)


def writable(situation: Situation, change: Change, live: LiveObject) -> Decision:
    """The change, refused where the object is somebody else's."""
    if live.manager is not None:
        return Decision(change, refusals=(managed(situation, live),))
    return Decision(change)


def with_drift(situation: Situation, change: Change, found: Drifted) -> Decision:
    """Somebody edited it outside. `change` is what the declared state would send."""
    resource, entry = change.resource, situation.entry
    assert resource is not None and entry is not None
    mine = change.edits or change.secrets
    drift = Drift(
        situation.address,
        found.live.uid,
        title_of(situation),
        "reverted",
        edits=found.edits,
        version_before=entry.version,
        version_after=found.live.version,
        declared_too=bool(mine),
    )
    differing = back(situation.kind, change, found.live)
    left, texts = unsent(situation, change, found.live, found.observed)
    if not worth(left, resource.stamp, found.edits) and not change.secrets:
        settled = nothing_sent(situation, change, left, texts)
        settled = replace(settled, reason="the same was changed on both sides")
        return Decision(settled, replace(drift, outcome="settled"))
    if situation.way is OnConflict.THEIRS:
        return Decision(None, replace(drift, outcome="left"))
    if not any(overlap(edit.path, other.path) for edit in found.edits for other in differing):
        # all of it is what the files say now as well; what they change beside it is no conflict
        change = replace(change, edits=differing)
        return replace(writable(situation, change, found.live), drift=replace(drift, outcome="settled"))
    kept = standing(situation, found.edits, found.observed, found.live, change.edits)
    if kept is not None:
        drift = replace(drift, note=kept.note)
        if not kept.others and not mine:
            return Decision(None, replace(drift, outcome="acknowledged"))
        change = replace(change, resource=kept.left_in(situation.kind, resource, found.live))
        change = replace(change, held=(*change.held, *kept.held))
        differing = back(situation.kind, change, found.live)
        if not kept.others:
            change = replace(change, edits=differing)
            left, _ = unsent(situation, change, found.live, found.observed)
            sends = worth(left, resource.stamp, found.edits) or change.secrets
            decision = writable(situation, change, found.live) if sends else Decision(None)
            return replace(decision, drift=replace(drift, outcome="acknowledged"))
        found, resource = replace(found, edits=kept.others), change.resource
        assert resource is not None
    on_drift = _ASKED.get(situation.way, resource.lifecycle.on_drift)
    if on_drift is OnDrift.MERGE or (on_drift is OnDrift.KEEP and not mine):
        return _merged(situation, change, found, drift)
    both = sorted({_top(edit) for edit in found.edits} & {_top(edit) for edit in change.edits})
    change = replace(change, edits=differing, reason="puts back what was changed outside" if not mine else "")
    drift = replace(drift, outcome="conflict" if both else "reverted")
    if on_drift is OnDrift.REVERT:
        return replace(writable(situation, change, found.live), drift=drift)
    hint = (
        "declare what shall be, or take the edit into the file; or decide it in this run: "
        f"--on-conflict {situation.address}=ours, =theirs or =merge"
    )
    text = f"was changed outside ggrec, and is not to be overwritten (on_drift: {on_drift})"
    refusal = Diagnostic("drift-refused", text, hint, where=resource.source, subject=str(situation.address))
    return Decision(change, replace(drift, outcome="conflict"), refusals=(refusal,))


def _merged(situation: Situation, change: Change, found: Drifted, drift: Drift) -> Decision:
    """Both: the edit stays and is held, and what the author changed is sent beside it."""
    kind, resource = situation.kind, change.resource
    assert resource is not None
    merged = merge_live(kind, resource, found.observed, found.live)
    if merged.conflicts:
        refusals = tuple(_both(situation, resource, conflict) for conflict in merged.conflicts)
        return Decision(change, replace(drift, outcome="conflict"), refusals=refusals)
    asked = situation.way is OnConflict.MERGE
    why = "--on-conflict merge" if asked else f"on_drift: {resource.lifecycle.on_drift}"
    kept = tuple(Held(format_edit_path(edit.path), why=why) for edit in merged.taken)
    earlier = tuple(item for item in change.held if item.path not in {new.path for new in kept})
    held = _still_held(kind, (*earlier, *kept), found.unheld, merged.value)
    change = replace(change, resource=replace(resource, attributes=merged.value), held=held)
    left, texts = unsent(situation, change, found.live, found.observed)
    if not worth(left, resource.stamp, found.edits) and not change.secrets:
        settled = replace(nothing_sent(situation, change, left, texts), reason="the edit made outside is left")
        return Decision(settled, replace(drift, outcome="kept"))
    change = replace(change, edits=back(kind, change, found.live))
    return replace(writable(situation, change, found.live), drift=replace(drift, outcome="merged"))


def merge_live(kind: Kind, resource: Resource, observed: JsonObject, live: LiveObject) -> Merged:
    """What is about to be sent, merged with what somebody made of the object since it was `observed` (normalised)."""
    mine = resource.attributes
    base = kind.project(observed, mine)
    theirs = kind.project(kind.normalise(live.attributes), mine)
    return merge(base, mine, theirs, identities=kind.identities, wholes=kind.wholes)


def _both(situation: Situation, resource: Resource, conflict: MergeConflict) -> Diagnostic:
    where = situation.kind.place(conflict.path)
    text = (
        f"{where} was changed in the file and outside: it was {said(conflict.base)}, the file says "
        f"{said(conflict.mine)}, Grafana has {said(conflict.theirs)}"
    )
    hint = (
        "write what shall be into the file: with Grafana's value the edit stays; "
        f"or --on-conflict {situation.address}=ours puts the file's there, =theirs leaves the object"
    )
    return Diagnostic("merge-conflict", text, hint, resource.source, str(situation.address))


def said(part: Part) -> str:
    """A side of a conflict for a message."""
    return "not there" if part is MISSING else shown(part)


def _top(edit: Edit) -> str:
    return "/".join(str(step) for step in edit.path)

"""What an acknowledgement does to a plan: the edits it names stay as they are until its day, and are held where the
object is written for another reason; after that day the lifecycle decides again. Pure.

What the author changes in the file meanwhile wins over an acknowledgement: that is a newer word on the same thing.
"""

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.acknowledgement import Acknowledgement
from reconciler.core.conflicts import OnConflict
from reconciler.core.diff import Edit, EditPath, diff, format_edit_path, overlap
from reconciler.core.errors import Diagnostic
from reconciler.core.json import JsonObject
from reconciler.core.kind import Kind
from reconciler.core.merge import merge
from reconciler.core.path_words import place_of
from reconciler.core.plan import Change, Drift
from reconciler.core.resource import Attribution, LiveObject, OnDrift, Resource
from reconciler.core.selectors import Selector, as_in, parse_selector
from reconciler.core.state import Held
from reconciler.engine.ignoring import rooted
from reconciler.engine.situation import Bodies, Situation, held_for_a_day, title_of
from reconciler.engine.stamped import but_for_stamps


class Standing(Struct, frozen=True):
    """The edits made outside that stay, those that do not, and how Grafana would be with only the first."""

    held: tuple[Held, ...]
    others: tuple[Edit, ...]
    note: str
    observed: JsonObject
    only_kept: JsonObject

    def left_in(self, kind: Kind, resource: Resource, live: LiveObject) -> Resource:
        """What is declared, with the edits that stay in it."""
        mine = resource.attributes
        base, theirs = kind.project(self.observed, mine), kind.project(self.only_kept, mine)
        merged = merge(base, mine, theirs, identities=kind.identities, wholes=kind.wholes)
        return replace(resource, attributes=merged.value)


def whole_of(situation: Situation) -> Acknowledgement | None:
    """The acknowledgement of the whole object, where nothing else was asked for in this run."""
    if situation.way is not OnConflict.STOP:
        return None
    return next((item for item in situation.acknowledged if not item.path), None)


def standing(
    situation: Situation, edits: tuple[Edit, ...], observed: JsonObject, live: LiveObject, mine: tuple[Edit, ...]
) -> Standing | None:
    """What of the edits stays; None: nothing. `mine` are the author's own, `observed` is normalised."""
    if situation.way is not OnConflict.STOP or not situation.acknowledged:
        return None
    kind, present = situation.kind, situation.kind.normalise(live.attributes)
    whole = whole_of(situation)
    named = () if whole else _longest_first(situation.acknowledged)
    kept = present if whole else _as_in(kind, observed, present, (item.path for item in named))
    regions = [(item, _region(kind, item, kind.project(observed, present), present)) for item in named]
    stay: list[Edit] = []
    why: dict[str, Acknowledgement] = {}
    for edit in edits:
        found = whole or next((i for i, inside in regions if any(edit.path[: len(p)] == p for p in inside)), None)
        if found is not None and not any(overlap(edit.path, own.path) for own in mine):
            stay.append(edit)
            why.setdefault(format_edit_path(edit.path), found)
    if not stay:
        return None
    others = tuple(edit for edit in edits if edit not in stay)
    held = tuple(Held(path, why=str(item), until=item.until) for path, item in why.items())
    note = str(whole) if whole else "; ".join(_part(kind, item, present) for item in named if item in why.values())
    return Standing(held, others, note, observed, kept)


def _longest_first(found: Iterable[Acknowledgement]) -> tuple[Acknowledgement, ...]:
    """What several acknowledge stands as long as the last of them holds."""
    return tuple(sorted(found, key=lambda item: item.until, reverse=True))


def _region(kind: Kind, item: Acknowledgement, value: JsonObject, other: JsonObject) -> list[EditPath]:
    """Where the part that is acknowledged is not the same in two objects."""
    return [edit.path for edit in diff(value, _as_in(kind, value, other, (item.path,)), identities=kind.identities)]


def _part(kind: Kind, item: Acknowledgement, value: JsonObject) -> str:
    return f"{place_of(kind, item.path, value)} stays, {item}"


def over(situation: Situation, bodies: Bodies) -> tuple[Held, ...]:
    """What was held for an acknowledgement that is over or was taken back, though one of another part of the object may
    hold.
    """
    dated, entry = held_for_a_day(situation), situation.entry
    if not (dated and situation.acknowledged) or entry is None or entry.applied is None or entry.observed is None:
        return dated
    kind = situation.kind
    applied = kind.normalise(bodies(entry.applied))
    observed = kind.project(kind.normalise(bodies(entry.observed)), applied)
    stands = [
        format_edit_path(path) for item in situation.acknowledged for path in _region(kind, item, observed, applied)
    ]
    return tuple(item for item in dated if not any(touches(item.path, path) for path in stands))


def touches(one: str, other: str) -> bool:
    """Whether one of two paths leads to or through what the other does (`tags[1]` is nothing of `tags[10]`)."""
    shorter, longer = sorted((one, other), key=len)
    return longer.startswith(shorter) and longer[len(shorter) : len(shorter) + 1] in ("", ".", "[")


def drift_of_ended(situation: Situation, ended: tuple[Held, ...], change: Change, live: LiveObject) -> Drift:
    """What was held for an acknowledgement is drift again when that is over: with who made it, as it was noted then."""
    assert change.resource is not None
    kind, wanted = situation.kind, change.resource.attributes
    present = kind.project(kind.normalise(live.attributes), wanted)
    found = but_for_stamps(diff(wanted, present, identities=kind.identities), change.resource.stamp)
    edits = tuple(e for e in found if any(touches(item.path, format_edit_path(e.path)) for item in ended))
    who = ", ".join(dict.fromkeys(item.who for item in ended if item.who))
    when = min((item.when for item in ended if item.when), default="")
    by = Attribution(who or None, when or None, live.version)
    note = f"was {'; '.join(dict.fromkeys(item.why for item in ended))}"
    return Drift(situation.address, live.uid, title_of(situation), "reverted", edits=edits, attribution=by, note=note)


def refused_ended(situation: Situation) -> tuple[Diagnostic, ...]:
    """What forbids putting back what was held: a lifecycle that says so."""
    resource = situation.resource
    if resource is None or resource.lifecycle.on_drift is not OnDrift.FAIL:
        return ()
    text = "was changed outside ggrec and acknowledged until a day that has passed; its lifecycle says on_drift: fail"
    hint = f"declare what shall be, acknowledge it anew, or put it back: `ggrec state release {situation.address}`"
    return (Diagnostic("drift-refused", text, hint, where=resource.source, subject=str(situation.address)),)


def why_ended(ended: tuple[Held, ...], mine: tuple[Edit, ...]) -> str:
    """Why a change puts back what was held."""
    return "puts back what is acknowledged no longer" if ended and not mine else ""


def _as_in(kind: Kind, value: JsonObject, other: JsonObject, paths: Iterable[str]) -> JsonObject:
    selectors: list[Selector] = [rooted(parse_selector(path), value, kind.body_key) for path in paths]
    return as_in(value, other, tuple(selectors), kind.identities)

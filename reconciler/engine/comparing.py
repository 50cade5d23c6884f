"""Comparing two sides object by object, each as its kind has it. Pure.

Where one side is what an author wrote, the other counts only on the paths that were written, and not where the
lifecycle leaves it to people: as in a plan.
"""

from msgspec.structs import replace

from reconciler.core.address import Address
from reconciler.core.comparison import Comparison, Difference, Side, Thing, Where
from reconciler.core.diff import Edit, Op, diff
from reconciler.core.json import JsonObject, digest
from reconciler.core.kind import Kind
from reconciler.core.lazy import whole
from reconciler.core.registry import Registry
from reconciler.core.resource import Lifecycle
from reconciler.engine.ignoring import Ignoring

_TURNED = {Op.ADD: Op.REMOVE, Op.REMOVE: Op.ADD}


def compare(left: Side, right: Side, registry: Registry) -> Comparison:
    """How they differ, in order of addresses; objects of kinds that are not installed are left out."""
    both = sorted({*left.things, *right.things, *(left.speaks_of or ()), *(right.speaks_of or ())})
    told = [a for a in both if left.tells(a) and right.tells(a) and a.kind in registry]
    found = (_difference(a, left.things.get(a), right.things.get(a), registry[a.kind]) for a in told)
    return Comparison(left.name, right.name, len(told), tuple(item for item in found if item is not None))


def _difference(address: Address, left: Thing | None, right: Thing | None, kind: Kind) -> Difference | None:
    if left is None or right is None:
        there = left or right
        if there is None:
            return None
        where = Where.LEFT if left is not None else Where.RIGHT
        return Difference(address, where, source=there.source)
    if left.keys is None and right.keys is None and digest(left.attributes) == digest(right.attributes):
        return None  # most are the same, and nobody has to look inside
    source = left.source or right.source
    before, after = _told(kind, left, right), _told(kind, right, left)
    if left.declared is not None and right.declared is None:
        edits = tuple(_turned(edit) for edit in _authored(kind, left.declared, before, after))
    elif right.declared is not None and left.declared is None:
        edits = _authored(kind, right.declared, after, before)
    else:
        edits = diff(before, after, identities=kind.identities)
    return Difference(address, Where.BOTH, edits, before, after, source) if edits else None


def _told(kind: Kind, thing: Thing, other: Thing) -> JsonObject:
    """What both tell of its attributes, normalised."""
    found = kind.normalise(whole(thing.attributes))
    for keys in (thing.keys, other.keys):
        if keys is not None:
            found = {key: value for key, value in found.items() if key in keys}
    return found


def _authored(kind: Kind, lifecycle: Lifecycle, wanted: JsonObject, live: JsonObject) -> tuple[Edit, ...]:
    """From what is live to what is written."""
    present = kind.project(live, wanted)
    aim = Ignoring(kind, lifecycle, wanted).as_in(wanted, present)
    return diff(present, aim, identities=kind.identities, authored=True)


def _turned(edit: Edit) -> Edit:
    """The edit that leads back."""
    return replace(edit, op=_TURNED.get(edit.op, edit.op), before=edit.after, after=edit.before)

"""Limits on what one plan may delete and change. Pure: counts in, refusals out; every refusal says counts, limits and
the exact flag.
"""

from collections import Counter
from collections.abc import Mapping

from msgspec import Struct, field

from reconciler.core.errors import Diagnostic
from reconciler.core.plan import Action, Change


class Limits(Struct, frozen=True):
    """What a guard says otherwise for one kind; None: as for all kinds."""

    max_deletes: int | None = None
    max_delete_share: float | None = None
    max_updates: int | None = None
    max_update_share: float | None = None
    floor: int | None = None
    update_floor: int | None = None


class Guard(Struct, frozen=True):
    """The most deletes and updates of one kind that a plan may hold: as a number, and as a share of the kind's objects
    in the state.

    The shares count only from `floor` deletes and `update_floor` updates on, so that small sets can be worked with. A
    replace is a delete; an update is whatever writes to an object that exists, adopting it too. `references`: whether
    what others refer to is looked after (engine.mending).
    """

    max_deletes: int = 10
    max_delete_share: float = 0.5
    max_updates: int = 200
    max_update_share: float = 0.5
    floor: int = 3
    update_floor: int = 50
    references: bool = True
    kinds: Mapping[str, Limits] = field(default_factory=dict)

    def limit(self, name: str, kind: str) -> tuple[float, str]:
        """A limit for a kind, and how ggrec.yaml calls it."""
        own = self.kinds.get(kind)
        special = getattr(own, name) if own is not None else None
        if special is not None:
            return special, f"guard.kinds.{kind}.{name}"
        value: float = getattr(self, name)
        return value, f"guard.{name}"


LIMITS = Limits.__struct_fields__


class Confirmed(Struct, frozen=True):
    """`--confirm-deletes` and `--confirm-updates`: the numbers of a plan that somebody has read."""

    deletes: int | None = None
    updates: int | None = None


class _Sort(Struct, frozen=True):
    noun: str
    verb: str
    most: str
    share: str
    floor: str


_DELETES = _Sort("deletes", "deletes", "max_deletes", "max_delete_share", "floor")
_UPDATES = _Sort("updates", "changes", "max_updates", "max_update_share", "update_floor")


def is_delete(change: Change) -> bool:
    """Whether something that exists goes: a replace too."""
    return change.action in {Action.DELETE, Action.REPLACE}


def is_update(change: Change) -> bool:
    """Whether something that exists is written over; adopting without differences writes nothing."""
    return change.action is Action.UPDATE or (change.action is Action.ADOPT and change.sends)


def beyond_limits(
    changes: tuple[Change, ...], owned: Mapping[str, int], guard: Guard, confirmed: Confirmed
) -> tuple[Diagnostic, ...]:
    """All refusals for too many deletes and too many updates. `owned` counts the state's objects by kind."""
    adopted = Counter(c.address.kind for c in changes if c.action in {Action.ADOPT, Action.CREATE} and is_update(c))
    total = Counter(owned) + adopted
    deletes = Counter(change.address.kind for change in changes if is_delete(change))
    updates = Counter(change.address.kind for change in changes if is_update(change))
    return (
        *_beyond(_DELETES, deletes, total, guard, confirmed.deletes),
        *_beyond(_UPDATES, updates, total, guard, confirmed.updates),
    )


def _beyond(
    sort: _Sort, counts: Counter[str], owned: Counter[str], guard: Guard, confirmed: int | None
) -> tuple[Diagnostic, ...]:
    total = sum(counts.values())
    flag = f"--confirm-{sort.noun}"
    if confirmed is not None:
        if confirmed == total:
            return ()
        text = f"{flag} {confirmed} was given, but the plan {sort.verb} {total}"
        return (Diagnostic(flag.removeprefix("--"), text, f"look at the plan again; {flag} {total} would accept it"),)
    found: list[Diagnostic] = []
    for kind, count in sorted(counts.items()):
        share = count / max(owned[kind], 1)
        most, most_name = guard.limit(sort.most, kind)
        part, part_name = guard.limit(sort.share, kind)
        floor, _ = guard.limit(sort.floor, kind)
        limits = [f"{most_name} is {most:g}"] if count > most else []
        limits += [f"{part_name} is {part:g}"] if count >= floor and share > part else []
        if limits:
            text = f"the plan {sort.verb} {count} of {owned[kind]} {kinds(kind)} ({share:.0%}); {' and '.join(limits)}"
            hint = f"if that is meant: {flag} {total}"
            found.append(Diagnostic(f"too-many-{sort.noun}", text, hint, subject=kind))
    return tuple(found)


def kinds(kind: str) -> str:
    """A kind's name for several of its objects; some are plurals already."""
    return kind if kind.endswith("s") else f"{kind}s"

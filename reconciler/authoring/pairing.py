"""Which item of a list is which item of another: by identity, else by being the same, else by place. Pure."""

from collections.abc import Hashable, Mapping, Sequence
from difflib import SequenceMatcher

from msgspec import Struct

from reconciler.core.diff import by_identity
from reconciler.core.json import Json, canonical_bytes


class Pair(Struct, frozen=True):
    """An item by its index on both sides; None: it is new, or gone."""

    old: int | None
    new: int | None


def paired(
    have: Sequence[Json], want: Sequence[Json], identity: str | None, *, also: tuple[str, ...] = ()
) -> list[Pair]:
    """Every item of both lists once. What has no partner by identity may have one by the fields in `also`."""
    old, new = (by_identity(side, identity) if identity else None for side in (have, want))
    if old is None or new is None:
        return _aligned(have, want)
    numbers = {key: index for index, key in enumerate(new)}
    pairs = {index: numbers.pop(key, None) for index, key in enumerate(old)}
    if also:
        left = {_named(want[index], also): index for index in numbers.values()}
        for index, partner in pairs.items():
            if partner is None and (name := _named(have[index], also)) in left:
                pairs[index] = left.pop(name)
    taken = {partner for partner in pairs.values() if partner is not None}
    fresh = [Pair(None, index) for index in range(len(want)) if index not in taken]
    return [*(Pair(index, partner) for index, partner in pairs.items()), *fresh]


def _named(item: Json, fields: tuple[str, ...]) -> Hashable:
    return tuple(canonical_bytes(item.get(name)) for name in fields) if isinstance(item, Mapping) else None


def _aligned(have: Sequence[Json], want: Sequence[Json]) -> list[Pair]:
    """What is the same on both sides in order; between that, by place."""
    pairs: list[Pair] = []
    left, right = ([canonical_bytes(item) for item in side] for side in (have, want))
    for _, start, end, first, last in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        both = min(end - start, last - first)
        parts = all(isinstance(item, Mapping) for item in (*have[start:end], *want[first:last]))
        if not parts and left[start:end] != right[first:last]:
            both = 0  # texts and numbers are not changed into each other: one goes, another comes
        pairs += [Pair(start + step, first + step) for step in range(both)]
        pairs += [Pair(index, None) for index in range(start + both, end)]
        pairs += [Pair(None, index) for index in range(first + both, last)]
    return pairs

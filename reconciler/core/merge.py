"""Three-way merge of JSON values: what two people made of one, without losing either's work.

`merge(base, mine, theirs)` takes what only one of them changed; where both changed the same leaf it keeps mine and says
so. Items of a list are matched by the kind's identity fields (a panel by id), mappings by key; texts, mappings named in
`wholes` and lists without identity are one leaf each.
"""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Final, TypeAlias

from msgspec import Struct, field

from reconciler.core.diff import Edit, EditPath, Identities, Key, by_identity, diff, is_set
from reconciler.core.json import Json, JsonObject, same


class Missing(Enum):
    """Stands where a value is not there at all, which is not null."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING
Part: TypeAlias = Json | Missing


class MergeConflict(Struct, frozen=True):
    """A leaf that both sides changed, differently; MISSING where a side does not have it."""

    path: EditPath
    base: Part
    mine: Part
    theirs: Part


class Merged(Struct, frozen=True):
    """What both come to. In a conflict `value` holds mine; `taken` are the edits by which it differs from mine."""

    value: JsonObject
    conflicts: tuple[MergeConflict, ...] = ()
    taken: tuple[Edit, ...] = ()


def merge(
    base: JsonObject,
    mine: JsonObject,
    theirs: JsonObject,
    *,
    identities: Identities | None = None,
    wholes: frozenset[str] = frozenset(),
) -> Merged:
    """Merge two successors of `base`. `wholes` names the mappings that make sense only as a whole (a panel's place)."""
    merger = _Merger(identities or {}, wholes)
    value = merger.mappings((), base, mine, theirs)
    conflicts = tuple(sorted(merger.conflicts, key=lambda item: [str(step) for step in item.path]))
    return Merged(value, conflicts, diff(mine, value, identities=identities))


def _alike(left: Part, right: Part) -> bool:
    if isinstance(left, Missing) or isinstance(right, Missing):
        return left is right
    return same(left, right)


class _Merger(Struct):
    identities: Identities
    wholes: frozenset[str]
    conflicts: list[MergeConflict] = field(default_factory=list)

    def part(self, path: EditPath, base: Part, mine: Part, theirs: Part) -> Part:
        if _alike(theirs, base) or _alike(mine, theirs):
            return mine
        if _alike(mine, base):
            return theirs
        if isinstance(mine, Mapping) and isinstance(theirs, Mapping) and _name(path) not in self.wholes:
            return self.mappings(path, base if isinstance(base, Mapping) else {}, mine, theirs)
        if isinstance(mine, (list, tuple)) and isinstance(theirs, (list, tuple)):
            found = self._lists(path, base if isinstance(base, (list, tuple)) else (), mine, theirs)
            if found is not None:
                return found
        self.conflicts.append(MergeConflict(path, base, mine, theirs))
        return mine

    def mappings(self, path: EditPath, base: JsonObject, mine: JsonObject, theirs: JsonObject) -> dict[str, Json]:
        result: dict[str, Json] = {}
        for key in dict.fromkeys((*mine, *theirs)):
            value = self.part((*path, key), base.get(key, MISSING), mine.get(key, MISSING), theirs.get(key, MISSING))
            if not isinstance(value, Missing):
                result[key] = value
        return result

    def _lists(
        self, path: EditPath, base: Sequence[Json], mine: Sequence[Json], theirs: Sequence[Json]
    ) -> list[Json] | None:
        """The merged list; None where its items cannot be told apart."""
        identity = self.identities.get(_name(path))
        if identity:
            sides = [by_identity(side, identity) for side in (base, mine, theirs)]
            if sides[0] is not None and sides[1] is not None and sides[2] is not None:
                return self._identified(path, sides[0], sides[1], sides[2])
        if is_set(base) and is_set(mine) and is_set(theirs):
            return self._identified(path, _texts(base), _texts(mine), _texts(theirs))
        return None

    def _identified(
        self, path: EditPath, base: dict[Key, Json], mine: dict[Key, Json], theirs: dict[Key, Json]
    ) -> list[Json]:
        items: dict[Key, Json] = {}
        for key in dict.fromkeys((*mine, *theirs)):
            value = self.part((*path, key), base.get(key, MISSING), mine.get(key, MISSING), theirs.get(key, MISSING))
            if not isinstance(value, Missing):
                items[key] = value
        return [items[key] for key in self._order(path, list(base), _kept(mine, items), _kept(theirs, items))]

    def _order(self, path: EditPath, base: list[Key], mine: list[Key], theirs: list[Key]) -> list[Key]:
        """Both orders as one: what only one side moved is taken, what one side added stays behind its neighbour."""
        here, there = _kept(mine, set(theirs)), _kept(theirs, set(mine))
        if here != there:
            was = _kept(base, set(here))
            moved_here, moved_there = _kept(here, set(was)) != was, _kept(there, set(was)) != was
            if moved_there and not moved_here:
                here = there
            elif moved_here == moved_there:
                values: list[list[Json]] = [[key.value for key in order] for order in (was, here, there)]
                self.conflicts.append(MergeConflict(path, *values))
        return _woven(here, mine, theirs)


def _name(path: EditPath) -> str:
    return next((step for step in reversed(path) if isinstance(step, str)), "") if path else ""


def _kept(order: Sequence[Key] | Mapping[Key, Json], known: set[Key] | Mapping[Key, Json]) -> list[Key]:
    return [key for key in order if key in known]


def _woven(common: list[Key], mine: list[Key], theirs: list[Key]) -> list[Key]:
    """The common items in their order, each followed by what either side added behind it. Two additions at one place
    are ordered by their identity, so that it does not matter which side is mine.
    """
    shared = set(common)
    result: list[Key] = []
    behind = [_added_behind(side, shared) for side in (mine, theirs)]
    for anchor in (None, *common):
        if anchor is not None:
            result.append(anchor)
        groups = [added[anchor] for added in behind if anchor in added]
        for group in sorted(groups, key=lambda keys: (str(keys[0].value), str(keys))):
            result += group
    return result


def _added_behind(order: list[Key], shared: set[Key]) -> dict[Key | None, list[Key]]:
    found: dict[Key | None, list[Key]] = {}
    anchor: Key | None = None
    for key in order:
        if key in shared:
            anchor = key
        else:
            found.setdefault(anchor, []).append(key)
    return found


def _texts(items: Sequence[Json]) -> dict[Key, Json]:
    """Distinct texts, each its own identity."""
    return {Key("", str(item)): item for item in items}

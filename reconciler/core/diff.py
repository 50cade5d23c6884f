"""What differs between two JSON values, as edits whose paths name list items by identity where they have one.

`diff(before, after)` is empty exactly where the values are the same; items of a list are matched by the kind's
identity fields
(a panel by id, a query by refId), else by position, so that an insertion is one edit and not a change of all that
follows.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeAlias

from msgspec import Struct

from reconciler.core.json import Json, JsonObject, canonical_value, same


class Key(Struct, frozen=True, eq=False):
    """A step to the list item whose `field` has this value; `label` is how people call it and does not count in
    comparisons.
    """

    field: str
    value: str | int
    label: str = ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and (self.field, self.value) == (other.field, other.value)

    def __hash__(self) -> int:
        return hash((self.field, self.value))

    def __str__(self) -> str:
        return f"[{self.field}={self.value}]"


Step: TypeAlias = str | int | Key
EditPath: TypeAlias = tuple[Step, ...]
Identities: TypeAlias = Mapping[str, str]
"""For the name of a list: the field that identifies its items (`panels` → `id`)."""


class Op(StrEnum):
    """What happened at a path. `move`: the same items in another order (before and after are the lists of
    identities).
    """

    ADD = "add"
    REMOVE = "remove"
    CHANGE = "change"
    MOVE = "move"


class Edit(Struct, frozen=True):
    """One difference. `before` is None for an addition, `after` for a removal."""

    path: EditPath
    op: Op
    before: Json = None
    after: Json = None


def format_edit_path(path: EditPath) -> str:
    """`dashboard.panels[id=3].title`: the exact path, as text."""
    text = ""
    for step in path:
        if isinstance(step, str):
            text += f".{step}" if text else step
        else:
            text += f"[{step}]" if isinstance(step, int) else str(step)
    return text


def overlap(one: EditPath, other: EditPath) -> bool:
    """Whether one of two paths leads to or through what the other does."""
    common = min(len(one), len(other))
    return one[:common] == other[:common]


def diff(
    before: Json, after: Json, *, identities: Identities | None = None, authored: bool = False
) -> tuple[Edit, ...]:
    """All edits that lead from `before` to `after`, in the order of the paths.

    With `authored`, keys of mappings that only `before` has are left out: `after` is then what an author wrote, and
    says nothing of the rest.
    """
    return tuple(_Differ(identities or {}, authored).walk((), before, after))


_SCALARS = frozenset({str, int, float, bool})
_ALIGNED = 1000
"""deepdiff is given at most so many values."""


class _Differ(Struct, frozen=True):
    identities: Identities
    authored: bool

    def walk(self, path: EditPath, before: Json, after: Json) -> Iterable[Edit]:
        if before is after:
            return
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from self._mappings(path, before, after)
        elif isinstance(before, (list, tuple)) and isinstance(after, (list, tuple)):
            yield from self._lists(path, before, after)
        elif not same(before, after):
            yield Edit(path, Op.CHANGE, before, after)

    def _mappings(self, path: EditPath, before: JsonObject, after: JsonObject) -> Iterable[Edit]:
        for key in sorted({*before, *after}):
            if key not in after:
                if not self.authored:
                    yield Edit((*path, key), Op.REMOVE, before[key], None)
            elif key not in before:
                yield Edit((*path, key), Op.ADD, None, after[key])
            else:
                left, right = before[key], after[key]
                if left is not right and not (type(left) is type(right) in _SCALARS and left == right):
                    yield from self.walk((*path, key), left, right)

    def _lists(self, path: EditPath, before: Sequence[Json], after: Sequence[Json]) -> Iterable[Edit]:
        name = next((step for step in reversed(path) if isinstance(step, str)), "")
        identity = self.identities.get(name)
        if identity:
            old, new = by_identity(before, identity), by_identity(after, identity)
            if old is not None and new is not None:
                yield from self._identified(path, old, new)
                return
        if is_set(before) and is_set(after):
            yield from _sets(path, before, after)
        elif len(before) == len(after):
            for index, (left, right) in enumerate(zip(before, after, strict=True)):
                yield from self.walk((*path, index), left, right)
        else:
            yield from self._aligned(path, before, after)

    def _identified(self, path: EditPath, old: dict[Key, Json], new: dict[Key, Json]) -> Iterable[Edit]:
        for key, item in old.items():
            if key not in new:
                yield Edit((*path, key), Op.REMOVE, item, None)
        for key, item in new.items():
            if key in old:
                yield from self.walk((*path, key), old[key], item)
            else:
                yield Edit((*path, key), Op.ADD, None, item)
        kept_before = [key.value for key in old if key in new]
        kept_after = [key.value for key in new if key in old]
        if kept_before != kept_after:
            yield Edit(path, Op.MOVE, kept_before, kept_after)

    def _aligned(self, path: EditPath, before: Sequence[Json], after: Sequence[Json]) -> Iterable[Edit]:
        """Lists of different lengths whose items have no identity: deepdiff aligns them, where they are short. Its
        effort grows with the square of what it is given, so in long ones only what lies between the items that are the
        same at both ends is compared, by position.
        """
        if _weight((before, after), _ALIGNED) < 0:
            yield from self._between(path, before, after)
            return
        from deepdiff import DeepDiff  # 200 ms to import: only where a plan really needs it

        tree = DeepDiff(canonical_value(before), canonical_value(after), view="tree")
        found: list[Edit] = []
        for category, items in tree.items():
            for item in items:
                edit = _from_deepdiff(path, category, item)
                if edit is not None:
                    found.append(edit)
        if not found:  # whatever it overlooks (say, a text that became a number) is still a difference
            found = [Edit(path, Op.CHANGE, before, after)]
        yield from sorted(found, key=lambda edit: [str(step).zfill(9) for step in edit.path])

    def _between(self, path: EditPath, before: Sequence[Json], after: Sequence[Json]) -> Iterable[Edit]:
        shorter = min(len(before), len(after))
        start = next((n for n in range(shorter) if not same(before[n], after[n])), shorter)
        end = next((n for n in range(shorter - start) if not same(before[-1 - n], after[-1 - n])), shorter - start)
        for index in range(start, shorter - end):
            yield from self.walk((*path, index), before[index], after[index])
        for index in range(shorter - end, len(before) - end):
            yield Edit((*path, index), Op.REMOVE, before[index], None)
        for index in range(shorter - end, len(after) - end):
            yield Edit((*path, index), Op.ADD, None, after[index])


def _weight(value: Json, left: int) -> int:
    """What is left of so many values after those in `value` were counted; below 0: it has more."""
    left -= 1
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else ()
    for item in items:
        if left < 0:
            break
        left = _weight(item, left)
    return left


def _from_deepdiff(path: EditPath, category: str, item: Any) -> Edit | None:
    steps = tuple(item.path(output_format="list"))
    if category.endswith("_added"):
        return Edit((*path, *steps), Op.ADD, None, item.t2)
    if category.endswith("_removed"):
        return Edit((*path, *steps), Op.REMOVE, item.t1, None)
    return Edit((*path, *steps), Op.CHANGE, item.t1, item.t2)


def by_identity(items: Sequence[Json], identity: str) -> dict[Key, Json] | None:
    """The items by identity, or None where one has none or two share one (then position must do)."""
    found: dict[Key, Json] = {}
    for item in items:
        value = item.get(identity) if isinstance(item, Mapping) else None
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            return None
        key = Key(identity, value, _label(item))
        if key in found:
            return None
        found[key] = item
    return found


def _label(item: Json) -> str:
    names = (item.get(key) for key in ("title", "name")) if isinstance(item, Mapping) else ()
    return next((name for name in names if isinstance(name, str) and name), "")


def is_set(items: Sequence[Json]) -> bool:
    """Whether a list is one of distinct texts (tags, names): these read best as sets."""
    return all(isinstance(item, str) for item in items) and len(set(map(str, items))) == len(items)


def _sets(path: EditPath, before: Sequence[Json], after: Sequence[Json]) -> Iterable[Edit]:
    old, new = ({item: index for index, item in enumerate(items)} for items in (before, after))
    for item, index in old.items():
        if item not in new:
            yield Edit((*path, index), Op.REMOVE, item, None)
    for item, index in new.items():
        if item not in old:
            yield Edit((*path, index), Op.ADD, None, item)
    kept_before = [item for item in before if item in new]
    kept_after = [item for item in after if item in old]
    if kept_before != kept_after:
        yield Edit(path, Op.MOVE, kept_before, kept_after)


def carry_over(desired: JsonObject, applied: JsonObject, observed: JsonObject) -> JsonObject:
    """What to send: the desired object, plus the keys that the author never wrote and that were there after the last
    apply.

    Only mappings are joined (a list is the author's as a whole). A key that was applied and is no longer desired goes.
    """
    result: dict[str, Json] = dict(desired)
    for key, value in observed.items():
        if key in desired:
            mine, theirs, was = desired[key], value, applied.get(key)
            if isinstance(mine, Mapping) and isinstance(theirs, Mapping):
                result[key] = carry_over(mine, was if isinstance(was, Mapping) else {}, theirs)
        elif key not in applied:
            result[key] = value
    return result


def authored_part(live: Json, desired: Json, identities: Identities, name: str = "") -> Json:
    """What of a live value an author who wrote `desired` speaks of: keys of mappings that `desired` lacks are left out,
    also inside list items that are the same by identity.
    """
    if isinstance(live, Mapping) and isinstance(desired, Mapping):
        return {key: authored_part(live[key], desired[key], identities, key) for key in desired if key in live}
    if isinstance(live, (list, tuple)) and isinstance(desired, (list, tuple)) and name in identities:
        old, new = by_identity(live, identities[name]), by_identity(desired, identities[name])
        if old is not None and new is not None:
            return [authored_part(item, new[key], identities) if key in new else item for key, item in old.items()]
    return live

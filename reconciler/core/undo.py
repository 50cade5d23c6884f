"""From what an object will be, and the edits that lead there, to what it was: for showing both sides of a plan that
keeps only one.

Mappings and items with an identity come out exactly. A removed item comes back at the end of its list, because an edit
does not say where it was. Never decides anything.
"""

from collections.abc import Mapping, Sequence

from reconciler.core.diff import Edit, EditPath, Key, Op
from reconciler.core.json import Json

_Part = tuple[EditPath, Edit]


def before_of(after: Json, edits: Sequence[Edit]) -> Json:
    """What `after` was before these edits."""
    return _undone(after, [(edit.path, edit) for edit in edits])


def after_of(before: Json, edits: Sequence[Edit]) -> Json:
    """What `before` is after these edits; as exact as the other way round."""
    other = {Op.ADD: Op.REMOVE, Op.REMOVE: Op.ADD}
    return before_of(before, [Edit(e.path, other.get(e.op, e.op), before=e.after, after=e.before) for e in edits])


def _undone(value: Json, parts: Sequence[_Part]) -> Json:
    for path, edit in parts:
        if not path and edit.op is not Op.MOVE:
            return edit.before
    groups: dict[str | int | Key, list[_Part]] = {}
    for path, edit in parts:
        if path:
            groups.setdefault(path[0], []).append((path[1:], edit))
    if isinstance(value, Mapping):
        return _mapping(value, groups)
    if isinstance(value, (list, tuple)):
        moves = [edit for path, edit in parts if not path]
        if any(isinstance(step, Key) for step in groups) or (moves and not groups):
            return _identified(value, groups, moves)
        return _positions(value, groups)
    return value


def _mapping(value: Mapping[str, Json], groups: Mapping[str | int | Key, list[_Part]]) -> Json:
    result = dict(value)
    for key, parts in groups.items():
        name = str(key)
        if any(not path and edit.op is Op.ADD for path, edit in parts):
            result.pop(name, None)
        else:
            result[name] = _undone(result.get(name), parts)
    return result


def _identified(value: Sequence[Json], groups: Mapping[str | int | Key, list[_Part]], moves: Sequence[Edit]) -> Json:
    field = next((step.field for step in groups if isinstance(step, Key)), "id")
    result: list[Json] = []
    for item in value:
        name = item.get(field) if isinstance(item, Mapping) else item
        key = Key(field, name) if isinstance(name, (str, int)) else None
        parts = groups.get(key, []) if key is not None else []
        if not any(not path and edit.op is Op.ADD for path, edit in parts):
            result.append(_undone(item, parts))
    result += [e.before for parts in groups.values() for path, e in parts if not path and e.op is Op.REMOVE]
    for move in moves:
        order = {_plain(name): at for at, name in enumerate(move.before if isinstance(move.before, list) else ())}
        last = len(order)
        result.sort(key=lambda item: order.get(_plain(item.get(field) if isinstance(item, Mapping) else item), last))
    return result


def _plain(value: Json) -> str:
    return f"{type(value).__name__}:{value}"


def _positions(value: Sequence[Json], groups: Mapping[str | int | Key, list[_Part]]) -> Json:
    """Additions are counted in the list that comes out, removals and the rest in the one that was."""
    numbered = sorted((step, parts) for step, parts in groups.items() if isinstance(step, int))
    added = {at for at, parts in numbered if any(not path and edit.op is Op.ADD for path, edit in parts)}
    result = [item for at, item in enumerate(value) if at not in added]
    for at, parts in numbered:
        for path, edit in parts:
            if not path and edit.op is Op.REMOVE:
                result.insert(at, edit.before)
    for at, parts in numbered:
        rest = [(path, edit) for path, edit in parts if path or edit.op is Op.CHANGE]
        if rest and at < len(result):
            result[at] = _undone(result[at], rest)
    return result

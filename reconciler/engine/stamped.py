"""Links may say which version of a dashboard was declared (`${dashboard.version}`): the stamp of what is declared,
another one with every change to it. That a stamp is an old one is no reason to write, for what it stands on is as
declared, and nobody needs an apply that changes a stamp only. With the next write for any other reason it is the
present one. Pure.

Must not hide what somebody wrote into such a link by hand: a stamp is an old one only as long as nobody touched it.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from msgspec.structs import replace

from reconciler.core.diff import Edit, EditPath, overlap
from reconciler.core.json import Json, JsonObject
from reconciler.core.plan import Change

_STAMP = r"[0-9a-f]{8}"


def worth(edits: Sequence[Edit], stamp: str, touched: Sequence[Edit] = ()) -> tuple[Edit, ...]:
    """The edits, or none where they only put `stamp` in the place of older ones; `touched` is what somebody edited
    outside.
    """
    return tuple(edits) if but_for_stamps(edits, stamp, touched) else ()


def but_for_stamps(edits: Sequence[Edit], stamp: str, touched: Sequence[Edit] = ()) -> tuple[Edit, ...]:
    """The edits without those, in whichever direction."""
    if not stamp:
        return tuple(edits)
    paths = [edit.path for edit in touched]
    return tuple(edit for edit in edits if not _is_stale(edit, stamp, paths))


def with_stamps_as(value: JsonObject, edits: Sequence[Edit], stamp: str, touched: Sequence[Edit] = ()) -> JsonObject:
    """`value`, to which `edits` lead, with the stamps that it had before them."""
    left = but_for_stamps(edits, stamp, touched)
    stamps = {edit.after: edit.before for edit in edits if edit not in left and isinstance(edit.after, str)}
    return _with_texts(value, stamps) if stamps else value


def as_stamped(change: Change, edits: Sequence[Edit]) -> Change:
    """The change with older stamps (what `edits` would replace) left where they are: they were applied."""
    if not edits:
        return change
    assert change.resource is not None and change.applied is not None
    older = {edit.after: edit.before for edit in edits if isinstance(edit.after, str)}
    left = _with_texts(change.applied, older)
    meant = left if change.resource.attributes is change.applied else _with_texts(change.resource.attributes, older)
    return replace(change, applied=left, resource=replace(change.resource, attributes=meant))


def _is_stale(edit: Edit, stamp: str, touched: Sequence[EditPath]) -> bool:
    before, after = edit.before, edit.after
    if not isinstance(before, str) or not isinstance(after, str):
        return False
    with_stamp, other = (after, before) if stamp in after else (before, after)
    if stamp not in with_stamp or not _pattern(with_stamp, stamp).fullmatch(other):
        return False
    return not any(overlap(edit.path, path) for path in touched)


@lru_cache(maxsize=64)
def _pattern(text: str, stamp: str) -> re.Pattern[str]:
    """The text, with any stamp at the places of this one."""
    return re.compile(_STAMP.join(map(re.escape, text.split(stamp))))


def _with_texts(value: JsonObject, texts: Mapping[str, Json]) -> JsonObject:
    def walk(item: Any) -> Any:
        if isinstance(item, str):
            return texts.get(item, item)
        if isinstance(item, Mapping):
            return {key: walk(inner) for key, inner in item.items()}
        return [walk(inner) for inner in item] if isinstance(item, list | tuple) else item

    found: JsonObject = walk(value)
    return found

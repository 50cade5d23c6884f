"""Merging one layer over another, as templates under panels do. Marks are kept; neither layer is changed."""

from typing import Any

from reconciler.core.json import canonical_bytes
from reconciler.core.source import MarkedDict, MarkedList

IDENTITIES = ("refId", "id", "name", "matcher", "title")
"""What identifies an item of a list of mappings: the first of these that every item of both lists has, once."""


def merged(under: Any, over: Any) -> Any:
    """`over` on top of `under`: mappings by key, lists of mappings by the identity of their items (known ones in their
    place, new ones after them), everything else replaced. An explicit null is a value.
    """
    if isinstance(under, MarkedDict) and isinstance(over, MarkedDict):
        result = MarkedDict(mark=over.mark or under.mark)
        for key, value in under.items():
            result.take(key, under, value)
        for key, value in over.items():
            result.take(key, over, merged(under[key], value) if key in under else value)
        return result
    if isinstance(under, MarkedList) and isinstance(over, MarkedList):
        for field in IDENTITIES:
            mine, theirs = _by(field, under), _by(field, over)
            if mine is not None and theirs is not None:
                return _lists(under, over, mine, theirs)
    return over


def _by(field: str, items: MarkedList) -> dict[bytes, int] | None:
    """Where the item of each identity stands; None where an item has none or two share one."""
    found: dict[bytes, int] = {}
    for index, item in enumerate(items):
        if not isinstance(item, MarkedDict) or item.get(field) is None:
            return None
        found[canonical_bytes(item[field])] = index
    return found if found and len(found) == len(items) else None


def _lists(under: MarkedList, over: MarkedList, mine: dict[bytes, int], theirs: dict[bytes, int]) -> MarkedList:
    result = MarkedList(mark=over.mark or under.mark)
    for key, index in mine.items():
        other = theirs.get(key)
        if other is None:
            result.add(under[index], under.items_at[index])
        else:
            result.add(merged(under[index], over[other]), over.items_at[other])
    for key, index in theirs.items():
        if key not in mine:
            result.add(over[index], over.items_at[index])
    return result

"""The other half of the inverse: items that are new, gone or in another order, as changes of the lists that authors
wrote. A list of the object may be written in several (panels inside and behind rows), or partly elsewhere (defaults).
"""

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from msgspec import Struct, field

from reconciler.authoring.pairing import Pair
from reconciler.authoring.places import MISSING, Spot
from reconciler.core.json import Json, as_object
from reconciler.core.rewriting import Arrange, Drop, Insert

if TYPE_CHECKING:
    from reconciler.authoring.inverse import Inverse
    from reconciler.authoring.locating import Here


class _Written(Struct):
    """One list as it is written: how many items it has, which go, and what it is to be: indices, and new items."""

    spot: Spot
    size: int
    gone: set[int] = field(default_factory=set)
    sequence: list[int | tuple[Json]] = field(default_factory=list)


class Ordering:
    """For one list of the object: `items` stand where `have` says, and are to become `want`."""

    def __init__(
        self, inverse: "Inverse", here: "Here", items: Sequence["Here"], have: Sequence[Json], want: Sequence[Json]
    ) -> None:
        self.inverse, self.here, self.items, self.have, self.want = inverse, here, items, have, want
        self.lists: dict[Spot, _Written] = {}

    def run(self, pairs: Sequence[Pair]) -> None:
        """Note the changes, or the reasons against them."""
        kept = [pair.old for pair in sorted((p for p in pairs if p.new is not None), key=lambda p: p.new or 0)]
        old = [number for number in kept if number is not None]
        if old == sorted(old) and len(old) == len(kept) == len(self.items):
            return
        owners = [self._owner(number) for number in range(len(self.items))]
        for pair in pairs:
            if pair.new is None and pair.old is not None:
                self._gone(pair.old, owners[pair.old])
        last: _Written | None = None
        waiting: list[Json] = []
        for pair in sorted((p for p in pairs if p.new is not None), key=lambda p: p.new or 0):
            assert pair.new is not None
            if pair.old is None:
                if last is None:
                    waiting.append(self.want[pair.new])
                else:
                    last.sequence.append((self.want[pair.new],))
                continue
            owner = owners[pair.old]
            if owner is None:
                continue
            written, index = owner
            written.sequence += [(item,) for item in waiting] if last is None else ()
            waiting = [] if last is None else waiting
            written.sequence.append(index)
            last = written
        if waiting:
            self._fresh(waiting)
        for written in sorted(self.lists.values(), key=lambda item: -len(item.spot.path)):
            self._changes(written)

    def _owner(self, number: int) -> tuple[_Written, int] | None:
        """The list in which an item is written, and its index there."""
        item = self.items[number]
        if not item.written or item.others or not item.base.path or not isinstance(item.base.path[-1], int):
            return None
        *above, index = item.base.path
        spot = Spot(item.base.file, item.base.document, tuple(above))
        found = self.inverse.places.value(spot)
        if not isinstance(found, list) or not isinstance(index, int):
            return None
        written = self.lists.setdefault(spot, _Written(spot, len(found)))
        return written, index

    def _gone(self, number: int, owner: tuple[_Written, int] | None) -> None:
        item = self.items[number]
        if owner is None:
            self.inverse.reasons.not_here(item, self.have[number], MISSING)
        elif self.inverse.reasons.ours(item, self.have[number], MISSING):
            owner[0].gone.add(owner[1])

    def _fresh(self, waiting: list[Json]) -> None:
        """New items where none of the old ones stays: at the end of the list, or as a list of their own."""
        here, places = self.here, self.inverse.places
        if here.written and isinstance(there := places.value(here.base), list):
            written = self.lists.setdefault(here.base, _Written(here.base, len(there)))
            written.sequence = [(item,) for item in waiting]
            return
        if self.items or here.foreign:
            self.inverse.reasons.not_here(here, list(self.have), list(self.want))
            return
        self.inverse.write_out(here, list(self.want))

    def _changes(self, written: _Written) -> None:
        """Inner lists come before outer ones, and what goes before what comes: so each path is still right."""
        written.sequence = [entry for entry, _ in groupby(written.sequence)]  # a loop's items are written once
        order = [entry for entry in written.sequence if isinstance(entry, int)]
        if len(set(order)) < len(order):
            self.inverse.reasons.not_here(self.here, list(self.have), list(self.want))
            return
        fresh = [entry for entry in written.sequence if not isinstance(entry, int)]
        known = {*order, *written.gone}
        others = [index for index in range(written.size) if index not in known]  # of a loop, or nobody's of this object
        if fresh and not self.inverse.reasons.ours_at(written.spot, self.here, list(self.want)):
            return
        for index in sorted(written.gone, reverse=True):
            self.inverse.note(written.spot, Drop((*written.spot.path, index)))
        if order != sorted(order) and not others:
            places = {index: at for at, index in enumerate(sorted(order))}
            self.inverse.note(written.spot, Arrange(written.spot.path, tuple(places[index] for index in order)))
        elif order != sorted(order):
            self.inverse.reasons.not_here(self.here, list(self.have), list(self.want))
        at = 0
        remaining = sorted({*order, *others})
        for entry in written.sequence:
            if isinstance(entry, int):
                at = (order.index(entry) if not others else remaining.index(entry)) + 1 + self._before(written, entry)
            else:
                value = self._form(entry[0], written.spot)
                self.inverse.note(written.spot, Insert((*written.spot.path, at), value))
                at += 1

    def _before(self, written: _Written, entry: int) -> int:
        """How many new items come before an old one."""
        upto = written.sequence[: written.sequence.index(entry)]
        return sum(1 for item in upto if not isinstance(item, int))

    def _form(self, value: Json, spot: Spot) -> Json:
        inverse = self.inverse
        if inverse.places.verbatim(spot):
            return value
        is_panel = self.here.path[-1:] == ("panels",) and "type" in as_object(value)
        return inverse.short.panel(value) if is_panel else inverse.short.added((*self.here.path, 0), value)

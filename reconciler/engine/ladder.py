"""The ladder: ask the cheapest question that can prove what a kind holds. Rung 1 is the beacon, rung 2 a list without
bodies; where neither can serve, the caller lists everything.
"""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.errors import ServerError, Unauthorized, Unreachable
from reconciler.core.kind import Kind
from reconciler.core.observation import Beacon, Observed, Seen, distrust
from reconciler.core.ports import Reader

_GET_COST = 13 / 7
"""One body by itself takes the server 13 ms, one of a full list 7 (a 43 kB dashboard on two cores)."""


class Hinted(Struct, frozen=True):
    """What is known without bodies: `objects` (None: nothing, list them), the beacon that was read before, and when
    all bodies were last read. `cost`: more than one of so many bodies makes a full list cheaper. `why` says for
    people what answered.
    """

    objects: Sequence[Seen] | None
    beacon: Beacon | None
    full_at: int = 0
    cost: float = 1.0
    why: str = ""
    by_beacon: bool = False


async def climb(
    reader: Reader,
    kind: Kind,
    before: Observed | None,
    *,
    margin: float,
    answered: Callable[[], None] = lambda: None,
) -> Hinted:
    """The lowest rung that holds; `answered` is called once the beacon is known. Raises as the reader does, where
    nothing at all can be read.
    """
    beacon = await _beacon(reader, kind, members=before is not None)
    answered()
    if beacon is None or before is None:
        why = "all read, for nothing was verified before" if beacon is not None else ""
        return Hinted(None, beacon, why=why)
    doubt = distrust(before, beacon, margin=margin)
    if not doubt:
        unchanged = f"{len(before.objects)} unchanged by the beacon"
        return Hinted(tuple(before.objects.values()), before.beacon, before.full_at, _GET_COST, unchanged, True)
    listing = kind.outline(reader.server, beacon.titles)
    if listing is None:
        return Hinted(None, beacon, why=f"all read: {doubt}")
    listed = [_recognised(Seen(live), before.objects) async for live in reader.stream(listing)]
    return Hinted(listed, beacon, before.full_at, _GET_COST, f"listed without bodies: {doubt}")


async def _beacon(reader: Reader, kind: Kind, *, members: bool) -> Beacon | None:
    """The beacon; None where there is none, or it may not be read: then the list tells."""
    try:
        return await reader.ask(kind.beacon(reader.server, members=members))
    except (Unauthorized, Unreachable):
        raise
    except ServerError:
        return None


def _recognised(seen: Seen, before: Mapping[str, Seen]) -> Seen:
    """An object of a list without bodies, with all that was known of that very revision of it."""
    known, live = before.get(seen.live.uid), seen.live
    if known is None or known.live.revision != live.revision:
        return seen
    return Seen(replace(known.live, attributes=live.attributes, meta={**known.live.meta, **live.meta}), known.content)

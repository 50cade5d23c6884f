"""Since when panels show nothing: what is carried from one live check to the next. Pure."""

from collections.abc import Collection, Iterable, Mapping

from msgspec import Struct

Since = Mapping[str, Mapping[str, str]]
"""Dashboard → panel → when a check first found it without data, or with an error (RFC 3339)."""


class Looked(Struct, frozen=True):
    """What one check saw of a dashboard. `unknown` panels were not asked; `whole` says that all others were."""

    address: str
    failing: Collection[str] = ()
    fine: Collection[str] = ()
    unknown: Collection[str] = ()
    whole: bool = True


def carried(
    before: Since, looked: Iterable[Looked], *, at: str, declared: Collection[str]
) -> dict[str, dict[str, str]]:
    """What is remembered after a check that ended at `at`. A panel that fails goes on from when it first did; one that
    has data again, or is gone, is forgotten; what was not looked at stays as it was.
    """
    seen = {board.address: board for board in looked}
    result: dict[str, dict[str, str]] = {}
    for address in sorted({*before, *seen} & {*declared}):
        board, known = seen.get(address), before.get(address, {})
        if board is None:
            result[address] = dict(known)
            continue
        left = {place for place in known if place in board.unknown or not (board.whole or place in board.fine)}
        kept = {place: known[place] for place in sorted(left - {*board.failing})}
        result[address] = kept | {place: known.get(place, at) for place in sorted(board.failing)}
    return {address: places for address, places in result.items() if places}

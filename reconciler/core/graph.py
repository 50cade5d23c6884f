"""Order by dependency: stable, deterministic, cycles named."""

from collections.abc import Iterable, Mapping

from reconciler.core.address import Address
from reconciler.core.errors import Diagnostic, InvalidInput


def order(needs: Mapping[Address, Iterable[Address]]) -> tuple[Address, ...]:
    """The addresses so that each comes after all it needs (needs outside the mapping are ignored); ties in address
    order.

    Raises InvalidInput naming the members of a cycle.
    """
    waiting = {address: {n for n in needed if n in needs and n != address} for address, needed in needs.items()}
    ready = sorted(address for address, needed in waiting.items() if not needed)
    users: dict[Address, list[Address]] = {}
    for address, needed in waiting.items():
        for need in needed:
            users.setdefault(need, []).append(address)
    result: list[Address] = []
    level = ready
    while level:
        result.extend(level)
        following: set[Address] = set()
        for done in level:
            for user in users.get(done, ()):
                waiting[user].discard(done)
                if not waiting[user]:
                    following.add(user)
        level = sorted(following)
    if len(result) < len(needs):
        loop = _cycle(waiting, set(needs) - set(result))
        text = " → ".join(str(address) for address in loop)
        raise InvalidInput(
            (
                Diagnostic(
                    "dependency-cycle",
                    f"these need each other in a circle: {text}",
                    "break the circle",
                    subject=str(loop[0]),
                ),
            )
        )
    return tuple(result)


def _cycle(waiting: Mapping[Address, set[Address]], stuck: set[Address]) -> list[Address]:
    here = min(stuck)
    trail = [here]
    while True:
        here = min(need for need in waiting[here] if need in stuck)
        if here in trail:
            return [*trail[trail.index(here) :], here]
        trail.append(here)


def closure(start: Iterable[Address], needs: Mapping[Address, Iterable[Address]]) -> frozenset[Address]:
    """`start` and everything it needs, directly or not."""
    found: set[Address] = set()
    queue = list(start)
    while queue:
        address = queue.pop()
        if address not in found:
            found.add(address)
            queue.extend(needs.get(address, ()))
    return frozenset(found)

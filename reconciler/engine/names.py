"""Names that somebody else's object has already. Pure. The other object is never moved or deleted to make room."""

from collections.abc import Mapping

from reconciler.core.address import Address
from reconciler.core.errors import Diagnostic, Severity
from reconciler.core.guard import is_delete
from reconciler.core.plan import Action, Change
from reconciler.core.registry import Registry
from reconciler.core.resource import Resource
from reconciler.core.state import State
from reconciler.engine.situation import Decision
from reconciler.engine.snapshot import Snapshot


def taken_names(
    decisions: Mapping[Address, Decision],
    snapshot: Snapshot,
    registry: Registry,
    resources: Mapping[Address, Resource],
    *,
    state: State,
) -> list[Diagnostic]:
    """Names that Grafana keeps unique and that somebody else's object has: better said now than by a 409."""
    going = {
        (address.kind, decision.change.uid)
        for address, decision in decisions.items()
        if decision.change is not None and decision.change.action in {Action.DELETE, Action.REPLACE}
    }
    letting = {
        (address.kind, decision.change.uid): decision.change.resource
        for address, decision in decisions.items()
        if decision.change is not None and decision.change.action is Action.UPDATE and decision.change.resource
    }
    found: list[Diagnostic] = []
    for address, resource in sorted(resources.items()):
        if address not in decisions:
            continue
        kind = registry[address.kind]
        change = decisions[address].change
        mine = change.uid if change is not None else None
        for claim in kind.claims(resource):
            other = snapshot.kinds[kind.name].by_key.get(claim)
            entry = state.resources.get(address)
            ours = {mine, resource.uid, entry.uid if entry else None}
            keeper = letting.get((kind.name, other.uid)) if other is not None else None
            if keeper is not None and kind.hands_over and claim not in kind.claims(keeper):
                continue
            if other is not None and other.uid not in ours and (kind.name, other.uid) not in going:
                found.append(
                    Diagnostic(
                        "name-taken",
                        f"Grafana has another {kind.name} with the {claim.partition(':')[0]} "
                        f"'{claim.partition(':')[2]}' (uid {other.uid})",
                        f"choose another name, or write `metadata.uid: {other.uid}` and import it",
                        where=resource.source,
                        subject=str(address),
                    )
                )
    return found


def lookalikes(changes: tuple[Change, ...], snapshot: Snapshot, registry: Registry, state: State) -> list[Diagnostic]:
    """Warnings for what would be created beside an object that people would take for it, though Grafana allows both (a
    folder of the same title in the same place).
    """
    ours = {(address.kind, entry.uid) for address, entry in state.resources.items()}
    going = {(change.address.kind, change.uid) for change in changes if is_delete(change)}
    found: list[Diagnostic] = []
    for change in changes:
        if change.action is not Action.CREATE or change.resource is None:
            continue
        kind = registry[change.address.kind]
        others = (snapshot.kinds[kind.name].by_key.get(key) for key in kind.alike(change.resource))
        for other in others:
            if other is None or (kind.name, other.uid) in ours | going:
                continue
            text = f"is created beside the {kind.name} '{other.uid}', which has the same title in the same place"
            hint = f"if that is the one you mean: `metadata.uid: {other.uid}` and `ggrec import {change.address}`"
            where = change.resource.source
            found.append(Diagnostic("same-title", text, hint, where, str(change.address), Severity.WARNING))
    return found

"""What the desired files must say so that the next apply does not undo a way back. Pure."""

from collections.abc import Mapping

from reconciler.core.address import Address
from reconciler.core.diff import diff
from reconciler.core.file_edits import FileEdits, Must
from reconciler.core.kind import Kind
from reconciler.core.lazy import whole
from reconciler.core.plan import Action, Plan
from reconciler.core.registry import Registry
from reconciler.core.resource import Resource
from reconciler.engine.stamped import but_for_stamps
from reconciler.engine.undo import STAYS, Undo


def file_edits(undo: Undo, plan: Plan, declared: Mapping[Address, Resource], registry: Registry) -> list[FileEdits]:
    """For every object that the plan puts back, creates again or deletes; not for what is left as it is."""
    left = {str(drift.address) for drift in plan.drift if drift.outcome == "left"}
    left |= {item.subject for item in plan.warnings if item.code == STAYS}
    going = {change.address for change in plan.changes if change.action in {Action.DELETE, Action.FORGET}}
    found: list[FileEdits] = []
    for address in undo.addresses:
        now, wanted = declared.get(address), undo.resources.get(address)
        if str(address) in left:
            continue
        if wanted is not None:
            found.append(edits_to(registry[address.kind], wanted, now))
        elif now is not None and address in going:
            found.append(FileEdits(address, Must.REMOVE, now.source))
    return found


def edits_to(kind: Kind, wanted: Resource, now: Resource | None) -> FileEdits:
    """For one object that shall be as `wanted`."""
    after = kind.normalise(wanted.attributes)
    if now is None:
        return FileEdits(wanted.address, Must.DECLARE, after=after)
    before = kind.normalise(whole(now.attributes))
    edits = but_for_stamps(diff(before, after, identities=kind.identities), now.stamp)
    return FileEdits(wanted.address, Must.CHANGE if edits else Must.NOTHING, now.source, edits, before, after)

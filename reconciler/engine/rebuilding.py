"""A state that was lost, made anew from what is declared and what Grafana holds: by identity, GET only.

Must not write to Grafana or save the state: whoever asked reads first what it comes to.
"""

from collections.abc import Mapping

from msgspec.structs import replace

from reconciler.core.address import Address
from reconciler.core.diff import Edit
from reconciler.core.errors import Diagnostic, GgrecError
from reconciler.core.kind import Kind
from reconciler.core.rebuilt import Found, Rebuilt
from reconciler.core.resource import LiveObject, Resource
from reconciler.core.state import ResourceState, State
from reconciler.engine.inputs import Inputs
from reconciler.engine.refresh import refresh
from reconciler.engine.rows import authored_edits
from reconciler.engine.snapshot import Snapshot
from reconciler.engine.stamped import worth
from reconciler.engine.taking import entry_for


async def rebuild(inputs: Inputs) -> Rebuilt:
    """The state with every declared object that it does not know and that Grafana has; what it knows stays as it is.

    As last applied counts what is live, as far as the author speaks of it: so the next plan shows every difference, and
    nothing is written back silently. Secrets are not sent again unless asked for.
    """
    missing = {item.address: item for item in inputs.resources if item.address not in inputs.state.resources}
    anew = State(inputs.state.lineage)
    snapshot = await refresh(inputs.reader, inputs.registry, missing, anew, inputs.audience)
    entries: dict[Address, ResourceState] = {}
    found: list[Found] = []
    absent: list[Address] = []
    refused: list[Diagnostic] = []
    for address, resource in sorted(missing.items()):
        kind = inputs.registry[address.kind]
        if snapshot.kinds[address.kind].failure is not None:
            continue
        live = snapshot.live(kind, address, resource, None)
        if live is None:
            absent.append(address)
            continue
        try:
            entry = entry_for(kind, resource, live, inputs.store, inputs.state)
        except GgrecError as error:
            refused += [replace(item, subject=str(address)) for item in error.diagnostics]
            continue
        entries[address] = entry
        found.append(Found(address, live.title, entry, _differing(kind, resource, live)))
    resources = dict(sorted({**inputs.state.resources, **entries}.items()))
    return Rebuilt(
        state=replace(inputs.state, resources=resources),
        found=tuple(found),
        absent=tuple(absent),
        refused=tuple(refused),
        unreadable=snapshot.failures,
        unmanaged=_unmanaged(snapshot, resources),
    )


def _differing(kind: Kind, resource: Resource, live: LiveObject) -> tuple[Edit, ...]:
    waiting = kind.waiting(resource, live)
    edits = tuple(edit for edit in authored_edits(kind, resource, live) if edit.path not in waiting)
    return worth(edits, resource.stamp)


def _unmanaged(snapshot: Snapshot, resources: Mapping[Address, ResourceState]) -> Mapping[str, int]:
    owned = {(address.kind, entry.uid) for address, entry in resources.items()}
    counts = {
        name: sum(1 for uid in found.by_uid if (name, uid) not in owned) for name, found in snapshot.kinds.items()
    }
    return {name: number for name, number in sorted(counts.items()) if number}

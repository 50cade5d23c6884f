"""What an interrupted run may have created, and nobody declares any more: it is ours all the same.

Only the journal's intents tell of it. GET only.
"""

from collections.abc import Mapping

from msgspec.structs import replace

from reconciler.core.address import Address
from reconciler.core.json import JsonObject
from reconciler.core.kind import Kind
from reconciler.core.ports import Reader, Store
from reconciler.core.registry import Registry
from reconciler.core.resource import Resource
from reconciler.core.state import Intent, ResourceState, State, Status

_CONTAINERS = {"folderUid": "folder", "parentUid": "folder", "folder": "folder", "dashboardUID": "dashboard"}
"""Where kinds' attributes name by uid what they lie in."""


async def with_orphans(
    state: State, declared: Mapping[Address, Resource], reader: Reader, store: Store, registry: Registry
) -> State:
    """The state with an unfinished entry for each intent to create what is neither declared (with this uid) nor owned.

    Where only the server knows the uid, the object is looked for as the create was about to make it; the entry's uid is
    "" where there is none: then all that is left to do is to forget it.
    """
    orphans: dict[Address, ResourceState] = {}
    for address, intent in state.intents.items():
        if address in state.resources or address.kind not in registry or _found_anyway(intent, declared.get(address)):
            continue
        if intent.target is None:
            orphans[address] = orphan(intent, intent.uid or "")
            continue
        sent = store.get(intent.target)
        uid = intent.uid or await _uid(address, sent, reader, registry[address.kind])
        orphans[address] = replace(orphan(intent, uid), depends_on=_needs(address, sent, state, registry))
    return replace(state, resources={**state.resources, **orphans})


def _found_anyway(intent: Intent, resource: Resource | None) -> bool:
    """Whether what is declared now leads to the object; not so where a replace had made one with another uid."""
    if resource is None:
        return False
    return intent.target is None or intent.uid is None or resource.uid in {None, intent.uid}


def orphan(intent: Intent, uid: str) -> ResourceState:
    """The entry of an intent that nothing else is known of."""
    return ResourceState(uid, intent.target, None, status=Status.PARTIAL)


async def _uid(address: Address, sent: JsonObject, reader: Reader, kind: Kind) -> str:
    found = await reader.ask(kind.begun(reader.server, Resource(address, None, sent)))
    return found.uid if found is not None else ""


def _needs(own: Address, sent: JsonObject, state: State, registry: Registry) -> tuple[Address, ...]:
    """The folder or dashboard that it lies in, and what it refers to, so that it is deleted before these."""
    texts = {(kind, sent.get(key)) for key, kind in _CONTAINERS.items()} - {("folder", ""), ("dashboard", "")}
    texts |= {(reference.kind, reference.text) for reference in registry[own.kind].references(sent)}
    known = _known(state).items()
    return tuple(sorted(a for a, e in known if a != own and ((a.kind, e.uid) in texts or (a.kind, e.title) in texts)))


def _known(state: State) -> Mapping[Address, ResourceState]:
    """Owned, or about to be created by the same run."""
    begun = {a: orphan(i, i.uid) for a, i in state.intents.items() if i.uid and i.target}
    return {**begun, **state.resources}

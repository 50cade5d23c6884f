"""Taking what exists into the state, without writing to Grafana: for `import` (the YAML is written) and `pull` (it is
being).
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.address import Address
from reconciler.core.diff import authored_part
from reconciler.core.errors import Diagnostic, GgrecError, Refused
from reconciler.core.exchange import Wanted
from reconciler.core.json import as_list, as_object
from reconciler.core.kind import Kind
from reconciler.core.lazy import whole
from reconciler.core.ports import Audience, Progress, Reader, Store
from reconciler.core.registry import Registry
from reconciler.core.resource import LiveObject, Resource
from reconciler.core.state import UNKNOWN_SECRET, ResourceState, State
from reconciler.engine.rows import authored_edits


async def take(
    resource: Resource, uid: str | None, state: State, *, reader: Reader, store: Store, registry: Registry
) -> State:
    """The state with an existing object taken in for declared YAML; the next plan shows what differs.

    Raises GgrecError where there is no such object, or where it is owned already under another address.
    """
    kind = registry[resource.address.kind]
    if resource.address in state.resources:
        raise GgrecError.one(
            "owned-already", f"{resource.address} is in the state already", hint="`ggrec plan` shows it"
        )
    if uid is not None and resource.uid is not None and uid != resource.uid:
        raise GgrecError.one(
            "other-uid",
            f"{resource.address} is declared with the uid {resource.uid}, not {uid}",
            hint=f"write `metadata.uid: {uid}`",
            where=resource.source,
        )
    if uid is not None:
        live = await reader.ask(kind.read(reader.server, uid))
    else:
        live = await reader.ask(kind.find(reader.server, resource))
    if live is None:
        what = uid or resource.uid or kind.keys(resource)[0]
        raise GgrecError.one("not-there", f"Grafana has no {kind.name} '{what}'", hint="`ggrec apply` would create it")
    return state.with_resource(resource.address, entry_for(kind, resource, live, store, state))


def entry_for(kind: Kind, resource: Resource, live: LiveObject, store: Store, state: State) -> ResourceState:
    """An entry as if what is live had been applied as far as the author speaks of it: the next plan shows the rest."""
    resource = replace(resource, attributes=whole(resource.attributes))
    for address, entry in state.resources.items():
        if address.kind == kind.name and entry.uid == live.uid and address != resource.address:
            hint = f"`ggrec state mv {address} {resource.address}` renames it"
            raise GgrecError.one("owned-already", f"{kind.name} '{live.uid}' is owned as {address}", hint=hint)
    if live.manager is not None:
        raise Refused.one(
            "managed-elsewhere",
            f"{kind.name} '{live.uid}' belongs to {live.manager}",
            hint=live.manager.release,
            subject=str(resource.address),
        )
    wanted = kind.normalise(resource.attributes)
    if authored_edits(kind, resource, live):
        present = kind.project(kind.normalise(live.attributes), wanted)
        applied = as_object(authored_part(present, wanted, kind.identities))
    else:
        applied = resource.attributes
    return ResourceState(
        uid=live.uid,
        applied=store.put(applied),
        observed=store.put(live.attributes),
        revision=live.revision,
        version=live.version,
        secrets=dict.fromkeys(sorted(resource.secrets), UNKNOWN_SECRET),
        depends_on=resource.depends_on,
        protected=resource.lifecycle.prevent_destroy,
        title=live.title,
    )


class Choice(Struct, frozen=True):
    """What to pull: kinds (all where empty), single objects as (kind, uid), and filters for dashboards."""

    kinds: frozenset[str] = frozenset()
    objects: frozenset[tuple[str, str]] = frozenset()
    folder: str | None = None
    tag: str | None = None

    @property
    def everything(self) -> bool:
        """Whether nothing was chosen, which means all."""
        return not (self.kinds or self.objects or self.folder or self.tag)


async def survey(
    choice: Choice, reader: Reader, registry: Registry, audience: Audience
) -> tuple[dict[tuple[str, str], LiveObject], tuple[Diagnostic, ...]]:
    """The chosen live objects with the folders they lie in, by (kind, uid); and what was left out, with reasons."""
    found: dict[tuple[str, str], LiveObject] = {}
    for name in _kinds(choice, registry):
        uids = frozenset(uid for kind, uid in choice.objects if kind == name)
        wanted = Wanted(uids, everything=not uids or name in choice.kinds)
        async for live in reader.stream(registry[name].listing(reader.server, wanted)):
            audience.progress(Progress("reading", len(found), None, name))
            if live.complete:
                found[name, live.uid] = live
    missing = sorted(item for item in choice.objects if item not in found)
    if missing:
        kind, uid = missing[0]
        raise GgrecError.one("not-there", f"Grafana has no {kind} '{uid}'", hint="is it in another organisation?")
    chosen = {key for key, live in found.items() if _is_chosen(choice, key, live, found)}
    for key in list(chosen):
        chosen |= {folder for folder in _above(found[key], found)}
    left_out = tuple(
        Diagnostic("managed-elsewhere", f"belongs to {found[key].manager}: left out", subject=f"{key[0]} {key[1]}")
        for key in sorted(chosen)
        if found[key].manager is not None
    )
    return {key: found[key] for key in sorted(chosen) if found[key].manager is None}, left_out


def _kinds(choice: Choice, registry: Registry) -> list[str]:
    names = set(choice.kinds) | {kind for kind, _ in choice.objects}
    if choice.folder or choice.tag:
        names.add("dashboard")
    if not names:
        return list(registry)
    if "dashboard" in names and "folder" in registry:
        names.add("folder")
    return sorted(names)


def _is_chosen(
    choice: Choice, key: tuple[str, str], live: LiveObject, found: Mapping[tuple[str, str], LiveObject]
) -> bool:
    if choice.everything or key in choice.objects or key[0] in choice.kinds:
        return True
    if key[0] != "dashboard":
        return bool(choice.folder and key == ("folder", choice.folder))
    if choice.tag and choice.tag in as_list(as_object(live.attributes.get("dashboard")).get("tags")):
        return True
    return bool(choice.folder and ("folder", choice.folder) in set(_above(live, found)))


def _above(live: LiveObject, found: Mapping[tuple[str, str], LiveObject]) -> Iterable[tuple[str, str]]:
    """The folders that an object lies in, from the nearest up."""
    here: LiveObject | None = live
    while here is not None:
        parent = here.attributes.get("folderUid", here.attributes.get("parentUid"))
        key = ("folder", str(parent or ""))
        here = found.get(key)
        if here is not None:
            yield key


def with_pulled(
    state: State,
    pulled: Mapping[Address, LiveObject],
    resources: Mapping[Address, Resource],
    store: Store,
    registry: Registry,
) -> State:
    """The state with pulled objects, checked: what the files say must be what Grafana holds.

    Raises GgrecError naming the first object whose file does not come to the same.
    """
    for address, live in sorted(pulled.items()):
        kind, resource = registry[address.kind], resources[address]
        differing = authored_edits(kind, resource, live)
        if differing:
            where = kind.place(differing[0].path)
            raise GgrecError.one(
                "pull-differs", f"{address}: what was written does not come to what Grafana holds: {where}"
            )
        state = state.with_resource(address, replace(entry_for(kind, resource, live, store, state)))
    return state

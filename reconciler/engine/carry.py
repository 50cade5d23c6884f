"""Carry one change out: look, write (see sending), look again."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.address import Address
from reconciler.core.diff import format_edit_path
from reconciler.core.errors import Busy, Conflict, GgrecError, ServerError
from reconciler.core.json import JsonObject
from reconciler.core.kind import Kind
from reconciler.core.lazy import whole
from reconciler.core.plan import Action, Change, Precondition
from reconciler.core.ports import Secrets, Store
from reconciler.core.resource import LiveObject, Resource
from reconciler.core.state import UNKNOWN_SECRET, Intent, ResourceState, Status
from reconciler.engine.disputes import Disputes, as_conflict, conflict, kept, overwritten
from reconciler.engine.rows import authored_edits
from reconciler.engine.sending import TRIES, Sender
from reconciler.engine.situation import content_of


class Written(Struct, frozen=True):
    """What came of a change: the entry for the state (None: gone), versions, and the paths that came back different."""

    entry: ResourceState | None
    version_before: int | None = None
    version_after: int | None = None
    not_converged: tuple[str, ...] = ()
    keep: bool = True
    """False: leave the state's entry as it is."""
    notes: tuple[str, ...] = ()
    before: str | None = None
    """The digest of what Grafana held before (None: nothing, or it was not looked at)."""


class Sent(Struct, frozen=True):
    """A write that Grafana has taken, and that is not read back yet. `target`: the digest of what was sent."""

    change: Change
    kind: Kind
    entry: ResourceState | None
    resource: Resource
    uid: str
    target: str
    version_before: int | None = None
    notes: tuple[str, ...] = ()
    before: str | None = None
    """As of `Written`."""


class Recorder(Protocol):
    """Keeps the journal and the state in step."""

    def intend(self, intent: Intent) -> None: ...
    def record(self, address: Address, entry: ResourceState | None) -> None: ...


class Carrier:
    """Carries out changes of one run."""

    def __init__(
        self, sender: Sender, store: Store, secrets: Secrets, recorder: "Recorder", disputes: Disputes
    ) -> None:
        self.sender = sender
        self.writer = sender.writer
        self.context = sender.context
        self.store = store
        self.secrets = secrets
        self.disputes = disputes
        self.intend = recorder.intend
        self.record = recorder.record
        self.rechecked: dict[Address, LiveObject] = {}
        """Objects that were read just before this run writes, and are as the plan has them."""

    async def create(self, change: Change, kind: Kind, entry: ResourceState | None) -> Written | Sent:
        """Create what the plan found absent; it is looked for only where the server would not refuse by itself."""
        if not kind.creates_only(self.context.server):
            await self._checked(change, kind, entry)
            return await self._write(change, kind, entry, None)
        try:
            return await self._write(change, kind, entry, None)
        except Conflict:
            await self._checked(change, kind, entry)  # tells it better, if it is there
            raise

    async def update(self, change: Change, kind: Kind, entry: ResourceState | None) -> Written | Sent:
        """Change what the plan found at this revision."""

        async def write(change: Change, live: LiveObject | None) -> Written | Sent:
            return await self._write(change, kind, entry, live)

        return await self._undisputed(change, kind, entry, write)

    async def _undisputed(
        self,
        change: Change,
        kind: Kind,
        entry: ResourceState | None,
        write: Callable[[Change, LiveObject | None], Awaitable[Written | Sent]],
    ) -> Written | Sent:
        """Check, and write; where somebody was faster, settle that as was asked, and check again."""
        notes: tuple[str, ...] = ()
        for attempt in range(TRIES):
            try:
                live = await self._checked(change, kind, entry, gone_is_fine=change.action is Action.DELETE)
                written = await write(change, live)
                return replace(written, notes=(*notes, *written.notes))
            except Conflict:
                live = await self._look(change, kind)
                if attempt == TRIES - 1 or not self._moved(change, kind, live):
                    raise
                told = await self.disputes.told(change, kind, entry, live)
                settled = self.disputes.settled(told, change, kind, entry, live)
                if settled.change is None:
                    return Written(None, keep=False, notes=(*notes, settled.note))
                change, notes = settled.change, (*notes, settled.note)
        raise AssertionError("unreachable: the loop returns or raises")

    def _moved(self, change: Change, kind: Kind, live: LiveObject | None) -> bool:
        """Whether the object is not any more what the plan was made from."""
        expected = change.precondition
        if live is None or expected.absent:
            return (live is None) is not expected.absent
        if expected.revision is not None:
            return live.revision != expected.revision
        return content_of(kind, live, change.applied) != expected.content

    async def adopt(self, change: Change, kind: Kind, entry: ResourceState | None) -> Written | Sent:
        """Take over: without differences, only the state learns of it."""
        live = await self._checked(change, kind, entry)
        assert live is not None
        if change.sends:
            # As it was before: whoever finds it so after a crash knows that nothing of it is ours.
            was = self.store.put(live.attributes)
            self.record(change.address, ResourceState(live.uid, None, was, live.revision, status=Status.PARTIAL))
            return await self._write(change, kind, entry, live)
        return self._remember(change, kind, entry, live)

    async def settle(self, change: Change, kind: Kind, entry: ResourceState | None) -> Written | Sent:
        """Only the state learns; what changed meanwhile is the next plan's business."""
        try:
            live = await self._checked(change, kind, entry)
        except Conflict:
            return Written(None, keep=False)
        assert live is not None
        return self._remember(change, kind, entry, live)

    async def replace(self, change: Change, kind: Kind, entry: ResourceState | None) -> Written | Sent:
        """Delete, then create under the new uid."""
        gone = await self.delete(change, kind, entry)
        self.record(change.address, None)
        assert change.resource is not None
        fresh = replace(change, uid=change.resource.uid, precondition=Precondition(absent=True))
        return replace(await self._write(fresh, kind, None, None), before=gone.before)

    async def delete(self, change: Change, kind: Kind, entry: ResourceState | None) -> Written | Sent:
        """Delete what the plan found at this revision, if nothing else would be lost with it."""

        async def write(change: Change, live: LiveObject | None) -> Written | Sent:
            return await self._delete(change, kind, entry, live)

        return await self._undisputed(change, kind, entry, write)

    async def _delete(
        self, change: Change, kind: Kind, entry: ResourceState | None, live: LiveObject | None
    ) -> Written:
        if live is None:
            return Written(None)
        inside = await self.writer.ask(kind.contents(self.context.server, live.uid))
        if inside:
            what = ", ".join(map(str, inside[:5])) + (f" and {len(inside) - 5} more" if len(inside) > 5 else "")
            raise conflict("not-empty", f"{change.address} now holds {what}, which would be deleted with it", change)
        before = kept(entry, live, self.store)
        notes = overwritten(entry, live, before)
        self.intend(Intent(change.address, live.uid, None))
        applied = self.store.get(entry.applied) if entry is not None and entry.applied is not None else {}
        context = replace(self.context, applied=applied)
        for attempt in range(TRIES):
            try:
                await self.writer.write(kind.delete(context, live))
                self.sender.begun.add(change.address)
            except ServerError as error:
                self.sender.note_begun(change, error)
                if not (error.ambiguous or isinstance(error, Busy)) or attempt == TRIES - 1:
                    raise as_conflict(error, change) from None
            left = await self.writer.ask(kind.read(self.context.server, live.uid))
            if left is None or kind.is_gone(left, applied):
                return Written(None, version_before=live.version, notes=notes, before=before)
        raise GgrecError.one("still-there", "Grafana says it deleted it, and still has it", subject=str(change.address))

    async def _checked(
        self, change: Change, kind: Kind, entry: ResourceState | None, *, gone_is_fine: bool = False
    ) -> LiveObject | None:
        """The live object now, if the plan's precondition holds. Raises Conflict with who and what otherwise."""
        known = self.rechecked.pop(change.address, None)
        live = known if known is not None else await self._look(change, kind)
        expected = change.precondition
        if live is None:
            if expected.absent or gone_is_fine:
                return None
            raise await self.disputes.told(change, kind, entry, None)
        if expected.absent:
            raise conflict(
                "exists-now", f"{change.address} was created by somebody else since the plan was made", change
            )
        if expected.revision is not None and live.revision == expected.revision:
            return live
        if expected.revision is None:
            # Or it is already what is declared: a team's new name, say, shows in what permissions hold of it.
            same = content_of(kind, live, change.applied) == expected.content
            if same or (change.resource is not None and not authored_edits(kind, change.resource, live)):
                return live
        raise await self.disputes.told(change, kind, entry, live)

    async def _look(self, change: Change, kind: Kind) -> LiveObject | None:
        server = self.context.server
        if change.precondition.absent and change.resource is not None:
            return await self.writer.ask(kind.find(server, change.resource))
        return await self.writer.ask(kind.read(server, str(change.uid)))

    async def _write(self, change: Change, kind: Kind, entry: ResourceState | None, live: LiveObject | None) -> Sent:
        assert change.resource is not None
        wanted = {name: ref for name, ref in change.resource.secrets.items() if name in change.secrets}
        sent = replace(change.resource, attributes=whole(change.resource.attributes), secrets=wanted)
        target = self.store.put(sent.attributes)
        self.intend(Intent(change.address, sent.uid or change.uid, target))
        version = live.version if live is not None else None
        before = kept(entry, live, self.store) if live is not None else None
        notes = overwritten(entry, live, before) if live is not None else ()
        uid = await self.sender.send(change, kind, sent, live)
        self.sender.begun.add(change.address)
        return Sent(change, kind, entry, sent, uid, target, version, notes, before)

    async def confirm(self, sent: Sent) -> Written:
        """Read back what was sent: what Grafana holds now is what is remembered, and whether it is what was meant."""
        change, kind = sent.change, sent.kind
        assert change.resource is not None
        found = await self.sender.read_back(change, kind, sent.resource, sent.uid)
        unset = kind.unset_secrets(change.resource, found)
        if unset:
            self.sender.partial[change.address] = ResourceState(found.uid, None, None, status=Status.PARTIAL)
            raise GgrecError.one(
                "secret-not-kept",
                f"{change.address}: Grafana took the write, but these secrets are not set: {', '.join(unset)}",
                hint="apply again; if it stays so, see Grafana's log: the datasource does not work without them",
            )
        written = self._remember(change, kind, sent.entry, found, sent.target)
        return replace(written, version_before=sent.version_before, notes=sent.notes, before=sent.before)

    def _remember(
        self, change: Change, kind: Kind, entry: ResourceState | None, live: LiveObject, target: str = ""
    ) -> Written:
        """`target` is the digest of the resource's attributes, where it is known that they are stored."""
        resource = change.resource
        assert resource is not None and change.applied is not None
        observed = self.store.put(live.attributes)
        new = ResourceState(
            uid=live.uid,
            applied=self._stored(kind.remembered(change.applied), resource.attributes, target),
            observed=observed,
            revision=live.revision,
            version=live.version,
            secrets=self._digests(change, resource, entry),
            depends_on=resource.depends_on,
            protected=resource.lifecycle.prevent_destroy,
            title=change.title,
            held=change.held,
        )
        if target and observed == target:  # to the last byte what was sent: nobody has to look for differences
            return Written(new, live.version, live.version, before=observed)
        waiting = kind.waiting(resource, live)
        edits = [edit for edit in authored_edits(kind, resource, live) if edit.path not in waiting]
        differing = tuple(format_edit_path(edit.path) for edit in edits)
        return Written(new, live.version, live.version, differing, before=observed)

    def _stored(self, attributes: JsonObject, known: JsonObject, target: str) -> str:
        return target if target and attributes is known else self.store.put(whole(attributes))

    def _digests(self, change: Change, resource: Resource, entry: ResourceState | None) -> Mapping[str, str]:
        known = entry.secrets if entry is not None else {}
        return {
            name: self.secrets.digest(reference) if name in change.secrets else known.get(name, UNKNOWN_SECRET)
            for name, reference in sorted(resource.secrets.items())
        }

"""Sending one write until it is certain: what failed ambiguously is looked at before it is repeated, and what was
sent is read back.

Must not decide whether an object may be written to (carry does), nor what is remembered of it.
"""

from msgspec.structs import replace

from reconciler.core.address import Address
from reconciler.core.diff import diff, overlap
from reconciler.core.errors import AlreadyExists, Busy, GgrecError, NameTaken, ServerError
from reconciler.core.exchange import WriteContext
from reconciler.core.kind import Kind
from reconciler.core.plan import Change
from reconciler.core.ports import Writer
from reconciler.core.resource import LiveObject, Resource
from reconciler.core.state import ResourceState, Status
from reconciler.engine.disputes import as_conflict, conflict
from reconciler.engine.rows import authored_edits

TRIES = 3
_LOOKS = 4


class Sender:
    """Sends the writes of one run."""

    def __init__(self, writer: Writer, context: WriteContext) -> None:
        self.writer = writer
        self.context = context
        self.partial: dict[Address, ResourceState] = {}
        """Objects whose write failed after it had begun, to be remembered as unfinished."""
        self.begun: set[Address] = set()
        """Objects that this run wrote to, or may have, at least in part: what is different now may be our doing."""

    async def send(self, change: Change, kind: Kind, sent: Resource, live: LiveObject | None) -> str:
        """Write until it is certain: what failed ambiguously is looked at, and repeated where too little was done."""
        present = live
        own, every = change.message, self.context.message
        context = replace(self.context, message=f"{own} ({every})") if own else self.context
        for attempt in range(TRIES):
            try:
                if present is None:
                    return await self.writer.write(kind.create(context, sent))
                await self.writer.write(kind.update(context, sent, present))
                return present.uid
            except ServerError as error:
                self.note_begun(change, error)
                there = present is None and isinstance(error, (AlreadyExists, NameTaken))
                if not (error.ambiguous or there or isinstance(error, Busy)):
                    if error.began:
                        await self._remember_partial(change, kind, sent, live)
                    raise as_conflict(error, change) from None
                found = await self._find(change, kind, sent, present)
                if found is not None and not sent.secrets and not authored_edits(kind, sent, found):
                    return found.uid
                if attempt == TRIES - 1 or (there and attempt == 0):
                    if error.began:
                        await self._remember_partial(change, kind, sent, live)
                    raise as_conflict(error, change) from None
                if present is not None and found is None:
                    raise conflict("gone", f"{change.address} was deleted while it was written", change) from None
                if present is not None and found is not None and _by_another(kind, sent, present, found):
                    text = f"{change.address}: somebody else saved it while it was written"
                    raise conflict("changed-meanwhile", text, change) from None
                present = found
        raise AssertionError("unreachable: the loop returns or raises")

    def note_begun(self, change: Change, error: ServerError) -> None:
        if error.began or error.ambiguous:
            self.begun.add(change.address)

    async def _find(self, change: Change, kind: Kind, sent: Resource, present: LiveObject | None) -> LiveObject | None:
        if present is not None:
            found = await self.writer.ask(kind.read(self.context.server, present.uid))
            if found is not None:
                return found
        return await self.writer.ask(kind.find(self.context.server, sent))

    async def _remember_partial(self, change: Change, kind: Kind, sent: Resource, before: LiveObject | None) -> None:
        """A create that failed halfway left something behind: it is ours, and unfinished."""
        if before is not None:
            return
        try:
            found = await self.writer.ask(kind.find(self.context.server, sent))
        except GgrecError:
            return  # the journal's intent remains: the next run looks again
        if found is not None and kind.is_ours(sent, found):
            self.partial[change.address] = ResourceState(found.uid, None, None, status=Status.PARTIAL)

    async def read_back(self, change: Change, kind: Kind, sent: Resource, uid: str) -> LiveObject:
        """What Grafana now holds: a save's answer is no proof (grafana-api.md section 1, surprise 1)."""
        for _ in range(_LOOKS):
            found = await self.writer.ask(kind.read(self.context.server, uid))
            if found is None:
                found = await self.writer.ask(kind.find(self.context.server, sent))
            if found is not None:
                return found
        raise GgrecError.one(
            "not-shown", "Grafana accepted it and does not show it", hint="run apply again", subject=str(change.address)
        )


def _by_another(kind: Kind, sent: Resource, before: LiveObject, now: LiveObject) -> bool:
    """Whether somebody else changed it since: a version that is not the one before (ours would be as it was sent), or,
    where there are none, a difference that is not what we were about to make of it.
    """
    if before.version is not None:
        return now.version != before.version
    wanted = kind.normalise(sent.attributes)
    was, present = (kind.project(kind.normalise(item.attributes), wanted) for item in (before, now))
    left = [edit.path for edit in authored_edits(kind, sent, now)]
    changed = diff(was, present, identities=kind.identities)
    return any(overlap(edit.path, path) for edit in changed for path in left)

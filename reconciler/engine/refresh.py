"""Refresh: read what Grafana holds, by the cheapest question that can prove it, keeping only what this run must look
at.

Must not write, and must not call anything absent that a list merely left out: absence is confirmed by asking for the
object.
"""

import asyncio
from collections.abc import Mapping
from functools import partial

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.core.address import Address
from reconciler.core.errors import Diagnostic, Forbidden, ServerError, Unauthorized, Unreachable
from reconciler.core.exchange import Wanted
from reconciler.core.guard import kinds
from reconciler.core.json import digest
from reconciler.core.kind import Kind
from reconciler.core.observation import Beacon, Observation, Observed, Seen, members_of
from reconciler.core.ports import Audience, Progress, Reader
from reconciler.core.registry import Registry
from reconciler.core.resource import LiveObject, Resource
from reconciler.core.state import ResourceState, State, Status
from reconciler.engine.ladder import Hinted, climb
from reconciler.engine.order import Order
from reconciler.engine.snapshot import KindSnapshot, Snapshot

_AT_ONCE = 4
"""GETs side by side: more only makes each slower (grafana-api.md section 5)."""


class Looking(Struct, frozen=True):
    """How to look: what was verified before, whether to read every body all the same (`full`), and the beacon's
    margin in seconds.
    """

    before: Observation | None = None
    full: bool = False
    margin: float = 60.0

    def of(self, reader: Reader, kind: str) -> Observed | None:
        """What was verified of a kind, where that was of this Grafana and shall be gone by."""
        found = self.before
        if self.full or found is None or (found.url, found.org_id) != (reader.server.url, reader.server.org_id):
            return None
        return found.kinds.get(kind)


async def refresh(
    reader: Reader,
    registry: Registry,
    desired: Mapping[Address, Resource],
    state: State,
    audience: Audience,
    looking: Looking | None = None,
) -> Snapshot:
    """Read all kinds that `desired` or `state` mention, side by side.

    A kind that may not be read (403) or that the server fails to give becomes a `failure`; wrong credentials and an
    unreachable server are raised, for nothing can be known then.
    """
    names = sorted({address.kind for address in (*desired, *state.resources)} & set(registry))
    counter = _Counter(audience, len(names))
    how = looking or Looking()
    order = Order([name for name in names if registry[name].leads and how.of(reader, name) is None], len(names))
    tasks = [
        _Refresh(reader, registry[name], _Matter.of(name, registry, desired, state), counter, how, order).run()
        for name in names
    ]
    results = await asyncio.gather(*tasks)
    return Snapshot(reader.server, dict(zip(names, results, strict=True)))


class _Counter:
    def __init__(self, audience: Audience, kinds: int) -> None:
        self.audience = audience
        self.kinds = kinds
        self.objects = 0

    def add(self, kind: str, number: int = 1) -> None:
        self.objects += number
        self.audience.progress(Progress("reading", self.objects, None, kind))


class _Matter(Struct, frozen=True):
    """What of one kind matters to this run."""

    resources: Mapping[Address, Resource]
    entries: Mapping[Address, ResourceState]
    wanted: Wanted
    known: Mapping[str, ResourceState] = field(default_factory=dict)
    """The entries by uid, of objects that were completely written."""

    @classmethod
    def of(cls, name: str, registry: Registry, desired: Mapping[Address, Resource], state: State) -> "_Matter":
        resources = {a: r for a, r in desired.items() if a.kind == name}
        entries = {a: e for a, e in state.resources.items() if a.kind == name}
        uids = {entry.uid for entry in entries.values()} | {r.uid for r in resources.values() if r.uid}
        keys = {key for resource in resources.values() for key in registry[name].keys(resource)}
        known = {e.uid: e for e in entries.values() if e.revision and e.status is Status.OK}
        revisions = {uid: entry.revision or "" for uid, entry in known.items()}
        return cls(resources, entries, Wanted(frozenset(uids), frozenset(keys), known=revisions), known)

    def is_unchanged(self, live: LiveObject, content: str | None) -> bool:
        """Whether an object is as it was observed after the last apply: by its revision, or by a body that was looked
        at since.
        """
        entry = self.known.get(live.uid)
        if entry is None or live.revision is None:
            return False
        return live.revision == entry.revision or (content is not None and content == entry.observed)


class _Refresh:
    """One kind's refresh."""

    def __init__(
        self,
        reader: Reader,
        kind: Kind,
        matter: _Matter,
        counter: _Counter,
        looking: Looking,
        order: Order,
    ) -> None:
        self.reader = reader
        self.order = order
        self.kind = kind
        self.matter = matter
        self.counter = counter
        self.looking = looking
        self.by_uid: dict[str, LiveObject] = {}
        self.by_key: dict[str, LiveObject] = {}
        self.unchanged: set[str] = set()
        self.objects: dict[str, Seen] = {}
        self.places: dict[str, str] = {}
        self.seen = 0

    async def run(self) -> KindSnapshot:
        async with self.order.turn(self.kind.name):
            return await self._read()

    async def _read(self) -> KindSnapshot:
        try:
            observed = await self._look()
            await self._confirm_absences()
        except (Unauthorized, Unreachable):
            raise
        except ServerError as error:
            return KindSnapshot(failure=_failure(self.kind.name, error))
        return KindSnapshot(self.by_uid, self.by_key, frozenset(self.unchanged), self.seen, observed=observed)

    async def _look(self) -> Observed | None:
        """Take what there is, by the rung that proves it; the result is what was verified by it."""
        before = self.looking.of(self.reader, self.kind.name)
        answered = partial(self.order.answered, self.kind.name)
        hinted = await climb(self.reader, self.kind, before, margin=self.looking.margin, answered=answered)
        if hinted.why:
            self.counter.audience.remark(f"{kinds(self.kind.name)}: {hinted.why}")
        if hinted.objects is not None and await self._take_hinted(hinted):
            beacon = hinted.beacon if hinted.by_beacon else self._verified(hinted.beacon)
            return Observed(beacon, self.objects, hinted.full_at)
        async for live in self.reader.stream(self.kind.listing(self.reader.server, self.matter.wanted)):
            self._take(live)
        beacon = self._verified(hinted.beacon)
        return None if beacon is None else Observed(beacon, self.objects, beacon.at)

    def _verified(self, beacon: Beacon | None) -> Beacon | None:
        """A beacon whose members are those that the list showed: what was created after it and before the list, and is
        gone again by the next time, would else never be missed.
        """
        return None if beacon is None else replace(beacon, members=members_of(self.places), titles={})

    async def _take_hinted(self, hinted: Hinted) -> bool:
        """Take objects whose bodies nobody sent, and read those bodies that are needed; False, and nothing taken,
        where a list of all is cheaper.
        """
        assert hinted.objects is not None
        missing = [seen for seen in hinted.objects if self._needs_body(seen)]
        if len(missing) * hinted.cost > len(hinted.objects):
            self.counter.audience.remark(f"{kinds(self.kind.name)}: {len(missing)} bodies are needed: all are listed")
            return False
        needed = {seen.live.uid for seen in missing}
        for seen in hinted.objects:
            if seen.live.uid not in needed:
                self._known(seen)
        places = asyncio.Semaphore(_AT_ONCE)

        async def read(uid: str) -> None:
            async with places:
                live = await self.reader.ask(self.kind.read(self.reader.server, uid))
            if live is not None:
                self._take(live)

        await asyncio.gather(*(read(uid) for uid in sorted(needed)))
        return True

    def _needs_body(self, seen: Seen) -> bool:
        covered = self.matter.wanted.covers(seen.live.uid, *seen.live.keys)
        return covered and not self.matter.is_unchanged(seen.live, seen.content)

    def _known(self, seen: Seen) -> None:
        """Take an object that is unchanged, or nobody's business."""
        self._count(seen.live, seen.content)
        if self.matter.wanted.covers(seen.live.uid, *seen.live.keys):
            self.unchanged.add(seen.live.uid)
            self._index(replace(seen.live, attributes={}, complete=True))
        else:
            self._index(replace(seen.live, attributes={}, complete=False))

    def _take(self, live: LiveObject) -> None:
        """Take an object that was sent whole (of kinds whose list leaves things out: as far as it goes)."""
        title = live.title
        if not self.matter.wanted.covers(live.uid, *live.keys):
            # Strangers are counted, and known by their keys so that a taken name is noticed; their bodies are not kept.
            self._count(live, None)
            self._index(replace(live, attributes={}, meta={"title": title}, complete=False))
            return
        if live.complete and self.matter.is_unchanged(live, None):
            entry = self.matter.known[live.uid]
            self._count(live, entry.observed)
            self.unchanged.add(live.uid)
            live = replace(live, attributes={}, meta={**live.meta, "title": title})
        else:
            self._count(live, digest(live.attributes) if live.complete and live.revision is not None else None)
        self._index(live)

    def _count(self, live: LiveObject, content: str | None) -> None:
        self.counter.add(self.kind.name)
        self.seen += 1
        self.places[live.uid] = self.kind.container(live.attributes) or ""
        if live.revision is not None:
            short = replace(live, attributes={}, meta={**live.meta, "title": live.title})
            self.objects[live.uid] = Seen(short, content)

    def _index(self, live: LiveObject) -> None:
        self.by_uid.setdefault(live.uid, live)
        for key in live.keys:
            self.by_key.setdefault(key, live)

    async def _confirm_absences(self) -> None:
        """Lists are hints: what they do not show is asked for by itself (grafana-api.md sections 1 and 5); unless the
        list is the storage's own, and a create that it led to would be refused.
        """
        missing: list[tuple[Resource | None, str]] = []
        for address, entry in self.matter.entries.items():
            if not self._is_there(entry.uid):
                missing.append((self.matter.resources.get(address), entry.uid))
        if not (self.kind.lists_all(self.reader.server) and self.kind.creates_only(self.reader.server)):
            for address, resource in self.matter.resources.items():
                known = address in self.matter.entries or any(key in self.by_key for key in self.kind.keys(resource))
                if not known:
                    missing.append((resource, ""))
        for declared, uid in missing:
            await self._ask(declared, uid)

    def _is_there(self, uid: str) -> bool:
        found = self.by_uid.get(uid)
        return found is not None and found.complete

    async def _ask(self, resource: Resource | None, uid: str) -> None:
        found: LiveObject | None = None
        if uid:
            found = await self.reader.ask(self.kind.read(self.reader.server, uid))
        elif resource is not None:
            found = await self.reader.ask(self.kind.find(self.reader.server, resource))
        if found is not None:
            self.by_uid[found.uid] = found
            for key in found.keys:
                self.by_key[key] = found


def _failure(kind: str, error: ServerError) -> Diagnostic:
    reason = error.diagnostics[0]
    hint = "give the credentials that permission" if isinstance(error, Forbidden) else (reason.hint or "try again")
    return Diagnostic(
        "unreadable-kind",
        f"could not be read: {reason.message}",
        f"{hint}, or leave {kinds(kind)} out",
        subject=f"all {kinds(kind)}",
    )

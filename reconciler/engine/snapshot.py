"""Refresh: read what Grafana holds, in bulk, keeping only what this run must look at.

Must not write, and must not call anything absent that a list merely left out: absence is confirmed by asking for
the object.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from reconciler.core.address import Address
from reconciler.core.errors import Diagnostic, Forbidden, ServerError, Unauthorized, Unreachable
from reconciler.core.exchange import Server, Wanted
from reconciler.core.guard import kinds
from reconciler.core.kind import Kind, Registry
from reconciler.core.ports import Audience, Progress, Reader
from reconciler.core.resource import LiveObject, Resource
from reconciler.core.state import ResourceState, State, Status


@dataclass(frozen=True, slots=True)
class KindSnapshot:
    """One kind as read: the objects that matter by uid and by key, how many there are, why it could not be read."""

    by_uid: Mapping[str, LiveObject] = field(default_factory=dict)
    by_key: Mapping[str, LiveObject] = field(default_factory=dict)
    unchanged: frozenset[str] = frozenset()
    """uids whose revision is the observed one: their attributes were dropped, nothing about them changed."""
    seen: int = 0
    failure: Diagnostic | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was read of all kinds in play."""

    server: Server
    kinds: Mapping[str, KindSnapshot] = field(default_factory=dict)

    @property
    def failures(self) -> tuple[Diagnostic, ...]:
        """The kinds that could not be read."""
        return tuple(found.failure for _, found in sorted(self.kinds.items()) if found.failure is not None)

    def live(
        self, kind: Kind, address: Address, resource: Resource | None, entry: ResourceState | None
    ) -> LiveObject | None:
        """The live object of an address: by the uid in the state, by a mark of its own, else by what the author
        chose.
        """
        found = self.kinds.get(kind.name, KindSnapshot())
        if entry is not None and entry.uid in found.by_uid:
            return found.by_uid[entry.uid]
        keys = kind.own_keys(address)
        if entry is None and resource is not None:
            keys += kind.keys(resource)
        return next((found.by_key[key] for key in keys if key in found.by_key), None)


async def refresh(
    reader: Reader, registry: Registry, desired: Mapping[Address, Resource], state: State, audience: Audience
) -> Snapshot:
    """Read all kinds that `desired` or `state` mention, side by side.

    A kind that may not be read (403) or that the server fails to give becomes a `failure`; wrong credentials and an
    unreachable server are raised, for nothing can be known then.
    """
    names = sorted({address.kind for address in (*desired, *state.resources)} & set(registry))
    counter = _Counter(audience, len(names))
    tasks = [_Refresh(reader, registry[name], desired, state, counter).run() for name in names]
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


class _Refresh:
    """One kind's refresh."""

    def __init__(
        self, reader: Reader, kind: Kind, desired: Mapping[Address, Resource], state: State, counter: _Counter
    ) -> None:
        self.reader = reader
        self.kind = kind
        self.counter = counter
        self.resources = {a: r for a, r in desired.items() if a.kind == kind.name}
        self.entries = {a: e for a, e in state.resources.items() if a.kind == kind.name}
        self.revisions = {e.uid: e.revision for e in self.entries.values() if e.revision and e.status is Status.OK}
        self.by_uid: dict[str, LiveObject] = {}
        self.by_key: dict[str, LiveObject] = {}
        self.unchanged: set[str] = set()
        self.seen = 0

    async def run(self) -> KindSnapshot:
        try:
            await self._list()
            await self._confirm_absences()
        except (Unauthorized, Unreachable):
            raise
        except ServerError as error:
            return KindSnapshot(failure=_failure(self.kind.name, error))
        return KindSnapshot(self.by_uid, self.by_key, frozenset(self.unchanged), self.seen)

    def _wanted(self) -> Wanted:
        uids = {entry.uid for entry in self.entries.values()} | {r.uid for r in self.resources.values() if r.uid}
        keys = {key for resource in self.resources.values() for key in self.kind.keys(resource)}
        return Wanted(frozenset(uids), frozenset(keys), known=self.revisions)

    async def _list(self) -> None:
        wanted = self._wanted()
        async for live in self.reader.stream(self.kind.listing(self.reader.server, wanted)):
            self.counter.add(self.kind.name)
            self.seen += 1
            self._take(live, wanted)

    def _take(self, live: LiveObject, wanted: Wanted) -> None:
        if not wanted.covers(live.uid, *live.keys):
            # Strangers are counted, and known by their keys so that a taken name is noticed; their bodies are not kept.
            self._index(replace(live, attributes={}, meta={"title": live.title}, complete=False))
            return
        if live.complete and live.revision is not None and self.revisions.get(live.uid) == live.revision:
            self.unchanged.add(live.uid)
            live = replace(live, attributes={}, meta={**live.meta, "title": live.title})
        self._index(live)

    def _index(self, live: LiveObject) -> None:
        self.by_uid.setdefault(live.uid, live)
        for key in live.keys:
            self.by_key.setdefault(key, live)

    async def _confirm_absences(self) -> None:
        """Lists are hints: what they do not show is asked for by itself (grafana-api.md sections 1 and 5)."""
        missing: list[tuple[Resource | None, str]] = []
        for address, entry in self.entries.items():
            if not self._known(entry.uid):
                missing.append((self.resources.get(address), entry.uid))
        for address, resource in self.resources.items():
            if address not in self.entries and not any(key in self.by_key for key in self.kind.keys(resource)):
                missing.append((resource, ""))
        for declared, uid in missing:
            await self._ask(declared, uid)

    def _known(self, uid: str) -> bool:
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


def select(addresses: Sequence[Address], wanted: frozenset[Address] | None) -> list[Address]:
    """The addresses of a run: all, or those that were targeted."""
    return sorted(address for address in addresses if wanted is None or address in wanted)

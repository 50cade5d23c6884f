"""What a plan takes away from others: protected objects, and what somebody still refers to.

GET only, and nothing at all where the plan deletes, replaces and renames nothing. Else it costs one bulk read of each
kind that may refer to what goes (dashboards: one LIST page for 500 of them; preferences: one request for each team;
permissions, only where a team goes: one for each folder), and one request each for alert rules, library panels and
playlists.
"""

from collections import Counter
from collections.abc import Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.core.errors import Diagnostic, ServerError, Unauthorized, Unreachable
from reconciler.core.guard import Guard, is_delete
from reconciler.core.json import JsonObject
from reconciler.core.kind import Kind
from reconciler.core.plan import Action, Change, Plan
from reconciler.core.ports import Reader
from reconciler.core.protect import Protection, Standing, protected
from reconciler.core.references import HOME, Referrer, dangling
from reconciler.core.registry import Registry
from reconciler.core.resource import LiveObject
from reconciler.core.state import State
from reconciler.engine.inside import listed, look_inside
from reconciler.engine.situation import Bodies
from reconciler.engine.snapshot import Snapshot


class Known(Struct, frozen=True):
    """What is known beside the plan: the whole state, what was read, stored bodies, and the rules."""

    state: State
    snapshot: Snapshot
    bodies: Bodies
    guard: Guard = field(default_factory=Guard)
    protection: Protection = field(default_factory=Protection)

    def live(self, change: Change) -> JsonObject:
        """What an object that is there holds: as read, or where nothing changed since, as observed."""
        found = self.snapshot.kinds[change.address.kind].by_uid.get(str(change.uid))
        if found is not None and found.attributes:
            return found.attributes
        entry = self.state.resources.get(change.moved_from or change.address)
        return self.bodies(entry.observed) if entry is not None and entry.observed else {}

    def applied(self, change: Change) -> JsonObject:
        """What was last applied to it."""
        entry = self.state.resources.get(change.moved_from or change.address)
        return self.bodies(entry.applied) if entry is not None and entry.applied else {}


async def look_for_losses(plan: Plan, reader: Reader, registry: Registry, known: Known) -> Plan:
    """The plan with refusals for what it must not take away, and its folders' contents as notes."""
    plan = await look_inside(plan, reader, registry)
    search = _Search(plan, reader, registry, known)
    refusals = [*plan.refusals, *(await search.run())]
    return replace(plan, refusals=tuple(sorted(refusals, key=Diagnostic.sort_key)))


class _Search:
    def __init__(self, plan: Plan, reader: Reader, registry: Registry, known: Known) -> None:
        self.plan = plan
        self.reader = reader
        self.registry = registry
        self.known = known
        self.losing = [change for change in plan.changes if is_delete(change)]
        self.by_key = {f"{change.address.kind}:{change.uid}": change for change in plan.changes}
        self.owners = {f"{a.kind}:{entry.uid}": a for a, entry in known.state.resources.items()}
        self.gone = self._gone()
        self.unknown: list[Diagnostic] = []

    async def run(self) -> list[Diagnostic]:
        if not self.losing and not self.gone:
            return []
        referrers = await self._referrers()
        found = self._dangling(referrers)
        homes = {address: [who for who, where in places if where == HOME] for address, places in found.items()}
        others = {address: [p for p in places if p[1] != HOME] for address, places in found.items()}
        refusals = await self._protected(homes)
        if self.known.guard.references:
            refusals += [_still_referred(self._change(a), places) for a, places in others.items() if places]
        return [*refusals, *self.unknown]

    def _change(self, address: str) -> Change:
        return next(change for change in self.plan.changes if str(change.address) == address)

    def _gone(self) -> dict[tuple[str, str], str]:
        """The texts that will lead nowhere: uids and names of what goes, and the old names of what is renamed; without
        what some other object of the plan is called then.
        """
        gone: dict[tuple[str, str], str] = {}
        later: set[tuple[str, str]] = set()
        for change in self.plan.changes:
            kind = self.registry[change.address.kind]
            if kind.always_there:
                continue
            if change.resource is not None:
                texts = (change.resource.uid or change.uid, *kind.names(change.resource.attributes))
                later |= {(kind.name, text) for text in texts if text}
            renamed = kind.held_by_name and change.action in {Action.UPDATE, Action.ADOPT}
            if is_delete(change) or renamed:
                old = kind.names(self.known.live(change))
                texts = old if renamed else (change.uid, *old)
                gone |= {(kind.name, text): str(change.address) for text in texts if text}
            if renamed:
                later.add((kind.name, str(change.uid)))
        return {key: address for key, address in gone.items() if key not in later}

    async def _referrers(self) -> list[Referrer]:
        """Everything that refers to anything that goes, as it will be after the plan."""
        lost = {kind for kind, _ in self.gone}
        found: list[Referrer] = []
        for name, kind in sorted(self.registry.items()):
            if not kind.refers_to & lost or not self._wanted(kind):
                continue
            try:
                async for live in self.reader.stream(kind.survey(self.reader.server)):
                    found += self._of_live(kind, live)
            except (Unauthorized, Unreachable):
                raise
            except ServerError as error:
                self._not_readable(name, kind.refers_to & lost, error)
        for name in sorted(lost) if self.known.guard.references else ():
            try:
                told = await self.reader.ask(self.registry[name].elsewhere(self.reader.server))
                found += [later for referrer in told if (later := self._after(referrer)) is not None]
            except (Unauthorized, Unreachable):
                raise
            except ServerError as error:
                self._not_readable("alert rule or playlist", {name}, error)
        return [*found, *self._created()]

    def _wanted(self, kind: Kind) -> bool:
        """Home dashboards are looked for under `protect`, all else under `guard`."""
        return self.known.guard.references or (kind.always_there and self.known.protection.homes)

    def _of_live(self, kind: Kind, live: LiveObject) -> list[Referrer]:
        key = f"{kind.name}:{live.uid}"
        whole = self.by_key.get(kind.part_of(live.uid))
        if whole is not None and is_delete(whole):
            return []
        change, attributes = self.by_key.get(key), live.attributes
        if change is not None and change.action is Action.DELETE:
            if not kind.always_there:
                return []
            attributes = kind.after(attributes, None, self.known.applied(change))
        elif change is not None and change.resource is not None and change.action is not Action.NO_OP:
            attributes = kind.after(attributes, change.resource.attributes, self.known.applied(change))
        references = tuple(item for item in kind.references(attributes) if (item.kind, item.text) in self.gone)
        return [Referrer(key, self._called(kind, live, key), references)] if references else []

    def _after(self, referrer: Referrer) -> Referrer | None:
        """A part of an object of ours (an alert rule) as it will be: what the plan makes of that object counts."""
        change = self.by_key.get(referrer.holder)
        if change is None or change.action is Action.NO_OP:
            return referrer
        if is_delete(change) or change.resource is None:
            return None
        kind = self.registry[change.address.kind]
        references = tuple(kind.references(change.resource.attributes))
        return Referrer(referrer.holder, str(change.address), references)

    def _called(self, kind: Kind, live: LiveObject, key: str) -> str:
        address = self.owners.get(key)
        if address is not None:
            return str(address)
        if kind.always_there:
            return f"{kind.name} of {live.title.removeprefix('of ')} (not managed)"
        body = live.attributes.get(kind.body_key or "")
        inner = body.get("title") if isinstance(body, Mapping) else None
        return f"{kind.name} '{inner or live.title}' ({live.uid}, not managed)"

    def _created(self) -> list[Referrer]:
        found = []
        for change in self.plan.changes:
            if change.action is Action.CREATE and change.resource is not None:
                references = self.registry[change.address.kind].references(change.resource.attributes)
                found.append(Referrer(str(change.address), str(change.address), tuple(references)))
        return found

    def _dangling(self, referrers: list[Referrer]) -> dict[str, list[tuple[str, str]]]:
        """By what objects hold, and by what the state knows: a managed survivor may need what goes in other ways."""
        found = dangling(referrers, self.gone)
        deleted = {change.address for change in self.losing if change.action is Action.DELETE}
        changes = {change.moved_from or change.address: change for change in self.plan.changes}
        for address, entry in sorted(self.known.state.resources.items()):
            change = changes.get(address)
            if change is not None and change.action in {Action.DELETE, Action.FORGET}:
                continue
            needs = entry.depends_on if change is None else change.depends_on
            for need in sorted(deleted & set(needs)):
                places = found.setdefault(str(need), [])
                if all(who != str(address) for who, _ in places):
                    places.append((str(address), "it is declared to need it"))
        return found

    def _not_readable(self, what: str, lost: set[str] | frozenset[str], error: ServerError) -> None:
        counts = Counter(change.address.kind for change in self.losing if change.address.kind in lost)
        going = ", ".join(f"{number} {kind}{'' if number == 1 else 's'}" for kind, number in sorted(counts.items()))
        gone = going or f"names of {' and '.join(sorted(lost))}s"
        text = f"the plan takes away {gone}, and whether any {what} refers to that cannot be read: "
        self.unknown.append(
            Diagnostic(
                "references-unknown",
                text + str(error.diagnostics[0].message),
                "not readable is not unused: give the credentials that permission, or do without the check with "
                "`guard: {references: false}` (and `protect: {homes: false}` for home dashboards)",
                subject=what,
            )
        )

    async def _protected(self, homes: Mapping[str, list[str]]) -> list[Diagnostic]:
        protection = self.known.protection
        parents = await self._parents() if any(rule.sort == "folders" for rule in protection.rules) else {}
        found: list[Diagnostic] = []
        for change in self.losing:
            kind, live = self.registry[change.address.kind], self.known.live(change)
            standing = Standing(
                change.address,
                tuple(self._folders(change, kind.container(live), parents)),
                kind.tags(live),
                tuple(homes.get(str(change.address), ())),
            )
            found += protected(standing, "deleted" if change.action is Action.DELETE else "replaced", protection)
        return found

    async def _parents(self) -> Mapping[str, str]:
        """Where every folder lies, ours or not. Read only where folders are protected and something goes."""
        if not self.losing:
            return {}
        kind = self.registry["folder"]
        found: dict[str, str] = {}
        try:
            async for live in self.reader.stream(kind.survey(self.reader.server)):
                found[live.uid] = kind.container(live.attributes) or ""
        except (Unauthorized, Unreachable):
            raise
        except ServerError as error:
            text = f"whether what goes lies in a protected folder cannot be read: {error.diagnostics[0].message}"
            hint = "give the credentials that permission, or take `folders` out of `protect`"
            self.unknown.append(Diagnostic("protected-unknown", text, hint, subject="all folders"))
        return found

    def _folders(self, change: Change, container: str | None, parents: Mapping[str, str]) -> list[str]:
        here = str(change.uid) if change.address.kind == "folder" else container or ""
        found: list[str] = []
        while here and here not in found:
            owner = self.owners.get(f"folder:{here}")
            found += [here, *([str(owner)] if owner else [])]
            here = parents.get(here, "")
        return found


def _still_referred(change: Change, places: list[tuple[str, str]]) -> Diagnostic:
    done = {Action.DELETE: "deleted", Action.REPLACE: "replaced"}.get(change.action, "renamed")
    who = len({subject for subject, _ in places})
    text = f"would be {done}, and {who} other{'' if who == 1 else 's'} would still refer to it: "
    text += listed(f"{subject}: {where}" for subject, where in places)
    hint = "delete these, or change them so that they no longer refer to it, in the same plan or before it"
    where = change.resource.source if change.resource is not None else None
    return Diagnostic("still-referred", text, hint, where, str(change.address))

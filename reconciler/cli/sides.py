"""The sides of `ggrec diff`: what a word names, and reading it. Sends GET only."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from reconciler.cli.session import Session, new_lineage
from reconciler.cli.versions import kept_of, numbered
from reconciler.core.address import Address
from reconciler.core.comparison import Side, Thing
from reconciler.core.errors import GgrecError, Unreadable, UsageError
from reconciler.core.ports import Reader
from reconciler.core.resource import LiveObject, Resource
from reconciler.core.state import Run, State
from reconciler.engine.planner import named_by
from reconciler.engine.planning import own_state
from reconciler.engine.refresh import Looking, refresh

DESIRED, LIVE = "desired", "live"
_VERSION = re.compile(r".+@\d{1,9}\Z", re.ASCII)
_FEW = 12
"""So many objects are read one by one; more by lists."""
HELP = "desired, live, ADDRESS@NUMBER, a run's id (RUN^: before it), a file, an instance; INSTANCE:SIDE of another"


class Named(Struct, frozen=True):
    """A side that a word names, not read yet: the session of its instance, and what there."""

    text: str
    session: Session
    what: str


class Chosen(Struct, frozen=True):
    """What is compared: what `targets` name (none: everything), and of that only what the other side tells of."""

    targets: tuple[str, ...] = ()
    only: frozenset[Address] | None = None

    def of(self, addresses: Iterable[Address]) -> frozenset[Address]:
        """Those of the addresses. Raises InvalidInput with every target that names none."""
        found = named_by(addresses, self.targets) if self.targets else frozenset(addresses)
        return found if self.only is None else found & self.only


def named(text: str, session: Session) -> Named:
    """What a word names. Raises UsageError where it is nothing."""
    instances = session.project.model.instances
    before, colon, what = text.partition(":")
    if colon and before in instances:
        return Named(text, _other(session, before), what or LIVE)
    known = text in {DESIRED, LIVE} or _VERSION.match(text) or Path(text).is_file() or _run(session, text) is not None
    if not known and text in instances:
        return Named(f"{text}:{LIVE}", _other(session, text), LIVE)
    return Named(text, session, text)


def _other(session: Session, instance: str) -> Session:
    if instance == session.settings.instance:
        return session
    return Session(replace(session.settings, instance=instance, url=None))


def whole(given: Named) -> bool:
    """Whether it tells of everything, and can be asked for less."""
    return given.what in {DESIRED, LIVE}


async def side_of(given: Named, chosen: Chosen) -> Side:
    """Read it. Raises UsageError for a word that names nothing, GgrecError where it cannot be read."""
    session, what = given.session, given.what
    if what == DESIRED:
        return Side(given.text, _declared(session.resources(), chosen))
    if what == LIVE:
        return await _live(given, chosen)
    if _VERSION.match(what):
        return await _version(given)
    if Path(what).is_file():
        from reconciler.cli.side_files import file_side  # other sides read no files of their own

        return file_side(given.text, Path(what), session)
    run = _run(session, what)
    if run is None:
        raise UsageError.one("no-side", f"'{given.text}' names nothing that can be compared", hint=f"give {HELP}")
    return _of_run(given, run, before=what.endswith("^"))


def _declared(resources: Sequence[Resource], chosen: Chosen) -> dict[Address, Thing]:
    addresses = chosen.of(item.address for item in resources)
    return {
        item.address: Thing(item.attributes, declared=item.lifecycle, source=item.source)
        for item in resources
        if item.address in addresses
    }


async def _live(given: Named, chosen: Chosen) -> Side:
    """What Grafana holds of everything that is declared or owned."""
    session = given.session
    declared = {item.address: item for item in session.resources()}
    async with session.reader() as reader:
        state = own_state(session.store.load(), reader, lineage=new_lineage())
        addresses = chosen.of((*declared, *state.resources))
        resources = {address: item for address, item in declared.items() if address in addresses}
        owned = {address: item for address, item in state.resources.items() if address in addresses}
        # Known only by who they are, so that every body is read.
        state = replace(state, resources=owned, intents={}).unobserved(owned)
        few = len(addresses) <= _FEW and not any(address.kind not in session.registry for address in addresses)
        found = await (_one_by_one if few else _by_lists)(session, reader, resources, state)
    return Side(given.text, {address: Thing(live.attributes) for address, live in found.items()}, addresses)


async def _one_by_one(
    session: Session, reader: Reader, resources: Mapping[Address, Resource], state: State
) -> dict[Address, LiveObject]:
    found: dict[Address, LiveObject] = {}
    for address in sorted({*resources, *state.resources}):
        kind, entry = session.registry[address.kind], state.resources.get(address)
        asked = kind.read(reader.server, entry.uid) if entry else kind.find(reader.server, resources[address])
        live = await reader.ask(asked)
        if live is not None:
            found[address] = live
    return found


async def _by_lists(
    session: Session, reader: Reader, resources: Mapping[Address, Resource], state: State
) -> dict[Address, LiveObject]:
    snapshot = await refresh(reader, session.registry, resources, state, session.output, Looking(full=True))
    if snapshot.failures:
        raise Unreadable(snapshot.failures)
    found: dict[Address, LiveObject] = {}
    for address in sorted({*resources, *state.resources}):
        if address.kind in session.registry:
            entry = state.resources.get(address)
            live = snapshot.live(session.registry[address.kind], address, resources.get(address), entry)
            if live is not None:
                found[address] = live
    return found


async def _version(given: Named) -> Side:
    address, number = numbered(given.what)
    async with given.session.reader() as reader:
        state = own_state(given.session.store.load(), reader, lineage=new_lineage())
        kept, _ = await kept_of(given.session, state, reader, address, number)
    return Side(given.text, {address: Thing(kept.attributes, keys=frozenset(kept.attributes))}, (address,))


def _run(session: Session, text: str) -> Run | None:
    return session.store.run(text.removesuffix("^"))


def _of_run(given: Named, run: Run, *, before: bool) -> Side:
    """What Grafana held of everything that a run touched, right before it or right after."""
    things: dict[Address, Thing] = {}
    touched: list[Address] = []
    for outcome in run.outcomes:
        if outcome.result != "done" or (outcome.before is None and outcome.after is None):
            continue
        touched.append(outcome.address)
        side = outcome.before if before else outcome.after
        if side is not None and side.body is not None:
            things[outcome.address] = Thing(given.session.store.get(side.body))
    if not touched:
        text = f"run {run.id} changed nothing of which a record is kept"
        raise GgrecError.one("no-record", text, hint="records of what was there are kept since ggrec 0.5")
    return Side(given.text, things, tuple(touched))

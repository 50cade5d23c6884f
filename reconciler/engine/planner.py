"""Planning: resources, state and snapshot become one ordered plan. Pure: no request, no clock.

Must not decide about single objects (see decide) nor ask the server (see review, for what only it can tell).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.core.acknowledgement import Acknowledgement, holding
from reconciler.core.address import Address, targeted
from reconciler.core.conflicts import Policy, stop
from reconciler.core.errors import BodyLost, Diagnostic, InvalidInput
from reconciler.core.graph import closure, order
from reconciler.core.guard import Confirmed, Guard, beyond_limits, is_delete
from reconciler.core.json import digest
from reconciler.core.kind import Kind
from reconciler.core.plan import Action, Change, Plan, Target
from reconciler.core.ports import Secrets
from reconciler.core.protect import Protection
from reconciler.core.registry import Registry
from reconciler.core.resource import Resource
from reconciler.core.state import Held, Intent, State, entry_digest
from reconciler.engine.decide import decide
from reconciler.engine.names import lookalikes, taken_names
from reconciler.engine.rules import misnamed
from reconciler.engine.secrets import secrets_to_send, untold
from reconciler.engine.situation import Bodies, Decision, Situation
from reconciler.engine.snapshot import Snapshot

if TYPE_CHECKING:
    from reconciler.engine.titles import Renamed, Titles


class Options(Struct, frozen=True):
    """What the caller asks of a plan. `targets` are addresses or globs; empty: everything."""

    targets: tuple[str, ...] = ()
    adopt: bool = False
    destroy: bool = False
    guard: Guard = field(default_factory=Guard)
    confirm_deletes: int | None = None
    confirm_updates: int | None = None
    protection: Protection = field(default_factory=Protection)
    resend_secrets: bool = False
    audience: bool = False
    """Look up what in Grafana shows what changes, for people to read."""
    full: bool = False
    """Read every body, whatever was verified before."""
    policy: Policy = stop
    """What to do with an object that somebody changed, where that was asked for."""
    acknowledged: tuple[Acknowledgement, ...] = ()
    today: str = ""
    """The day on which the plan is made (YYYY-MM-DD): what is acknowledged until an earlier one is no longer."""


class Selection(Struct, frozen=True):
    """What of desired and state a run is about."""

    resources: Mapping[Address, Resource]
    state: State
    moves: Mapping[Address, Address] = field(default_factory=dict)
    """new address → the state's address of the same object"""
    owned: Mapping[str, int] = field(default_factory=dict)
    """how many objects of each kind the whole state has"""
    uids: frozenset[tuple[str, str]] = frozenset()
    """kind and uid of all objects of the whole state"""


class BodiesLost(Exception):
    """Planning needs stored bodies that are missing or damaged: these objects must be observed anew."""

    def __init__(self, addresses: Mapping[Address, BodyLost]) -> None:
        super().__init__(", ".join(map(str, addresses)))
        self.addresses = addresses


def choose(resources: tuple[Resource, ...], state: State, options: Options) -> Selection:
    """Apply `--target`, and see renamed addresses (same kind, same uid) as moves.

    Raises InvalidInput where a target matches nothing.
    """
    owned = Counter(address.kind for address in state.resources)
    uids = frozenset((address.kind, entry.uid) for address, entry in state.resources.items())
    desired = {} if options.destroy else {resource.address: resource for resource in resources}
    if options.targets:
        wanted = _targeted(desired, state, options.targets)
        desired = {address: resource for address, resource in desired.items() if address in wanted}
    owners = {(address.kind, entry.uid): address for address, entry in state.resources.items() if entry.uid}
    moves: dict[Address, Address] = {}
    declared = {resource.address for resource in resources}
    for address, resource in desired.items():
        old = owners.get((address.kind, resource.uid or ""))
        if address not in state.resources and old is not None and old not in declared:
            moves[address] = old
    for new, old in moves.items():
        state = state.moved(old, new)
    if options.targets:
        named, _ = targeted(state.resources, options.targets)
        kept = {a: e for a, e in state.resources.items() if a in desired or a in named}
        if not options.destroy:
            kept = {a: e for a, e in kept.items() if a in desired or a not in declared}
        state = replace(state, resources=kept)
    return Selection(desired, state, moves, owned, uids)


def named_by(known: Iterable[Address], targets: Sequence[str]) -> frozenset[Address]:
    """What targets name of what is declared or owned. Raises InvalidInput with every one that names nothing."""
    named, silent = targeted(known, targets)
    if silent:
        hint = "write kind.name or a glob such as 'dashboard.*'; `ggrec state list` shows what is owned"
        texts = (f"--target {target} matches no declared and no owned object" for target in silent)
        raise InvalidInput(tuple(Diagnostic("target-matches-nothing", text, hint) for text in texts))
    return named


def _targeted(desired: Mapping[Address, Resource], state: State, targets: tuple[str, ...]) -> frozenset[Address]:
    return closure(
        sorted(named_by((*desired, *state.resources), targets)),
        {address: resource.depends_on for address, resource in desired.items()},
    )


def make_plan(
    selection: Selection, snapshot: Snapshot, registry: Registry, options: Options, *, bodies: Bodies, secrets: Secrets
) -> Plan:
    """The plan for what was chosen and read. Raises BodiesLost, naming all of them."""
    selection = _with_renamed(selection, snapshot, registry)
    state = selection.state
    decisions: dict[Address, Decision] = {}
    skipped = {name for name, found in snapshot.kinds.items() if found.failure is not None}
    addresses = sorted({*selection.resources, *state.resources})
    digests = {address: digest(resource.attributes) for address, resource in selection.resources.items()}
    warnings = list(_unknown_kinds(addresses, registry))
    lost: dict[Address, BodyLost] = {}
    renamed = _renamed(selection, snapshot, registry, digests, bodies)
    for address in addresses:
        if address.kind not in registry or address.kind in skipped:
            continue
        situation = _situation(address, selection, snapshot, registry[address.kind], options, secrets)
        if address in digests:
            situation = replace(situation, declared=digests[address], titles=_titles(situation, renamed))
        try:
            decision = decide(situation, bodies)
        except BodyLost as error:
            lost[address] = error
            continue
        if decision.change is not None:
            entry = entry_digest(state.resources.get(address))
            decision = replace(decision, change=replace(decision.change, entry=entry))
        decisions[address] = decision
    if lost:
        raise BodiesLost(lost)
    changes = _ordered(decisions)
    refusals = [refusal for decision in decisions.values() for refusal in decision.refusals]
    refusals += taken_names(decisions, snapshot, registry, selection.resources, state=state)
    refusals += misnamed(options.guard, options.protection, registry)
    refusals += beyond_limits(changes, selection.owned, options.guard, _confirmed(options, changes))
    warnings += lookalikes(changes, snapshot, registry, selection.state)
    warnings += untold(selection.resources, state, secrets, decisions)
    warnings += [warning for decision in decisions.values() for warning in decision.warnings]
    unchanged = sum(1 for decision in decisions.values() if _is_quiet(decision))
    return Plan(
        target=Target(snapshot.server.url, snapshot.server.org_id, snapshot.server.org_name, snapshot.server.version),
        lineage=state.lineage,
        serial=state.serial,
        config_digest=digest({str(address): found for address, found in digests.items()}),
        changes=changes,
        drift=tuple(decision.drift for _, decision in sorted(decisions.items()) if decision.drift is not None),
        compared=len(decisions),
        unchanged=unchanged,
        held=_held(decisions, state),
        unmanaged=_unmanaged(selection, snapshot, registry),
        refusals=tuple(sorted(refusals, key=Diagnostic.sort_key)),
        unreadable=snapshot.failures,
        warnings=tuple(sorted(warnings, key=Diagnostic.sort_key)),
        destroy=options.destroy,
    )


def _with_renamed(selection: Selection, snapshot: Snapshot, registry: Registry) -> Selection:
    """Renamed addresses of objects whose uid only the server knows (a team): the one in the state that nobody declares
    any more is the live object that a new address finds. Without this it would be adopted, and then deleted.
    """
    state, moves = selection.state, dict(selection.moves)
    orphans = {(a.kind, e.uid): a for a, e in state.resources.items() if e.uid and a not in selection.resources}
    for address, resource in sorted(selection.resources.items()):
        if address in state.resources or address.kind not in registry:
            continue
        live = snapshot.live(registry[address.kind], address, resource, None)
        old = orphans.pop((address.kind, live.uid), None) if live is not None else None
        if old is not None:
            state = state.moved(old, address)
            moves[address] = old
    return replace(selection, state=state, moves=moves)


def _confirmed(options: Options, changes: tuple[Change, ...]) -> Confirmed:
    """`destroy` has a confirmation of its own: the share guard would always refuse it."""
    deletes = options.confirm_deletes
    if options.destroy and deletes is None:
        deletes = sum(map(is_delete, changes))
    return Confirmed(deletes, options.confirm_updates)


def _is_quiet(decision: Decision) -> bool:
    change = decision.change
    return decision.drift is None and (change is None or (change.action is Action.NO_OP and change.moved_from is None))


def _unknown_kinds(addresses: list[Address], registry: Registry) -> list[Diagnostic]:
    return [
        Diagnostic(
            "unknown-kind-in-state",
            f"is in the state, but no kind '{address.kind}' is installed: left alone",
            "install the package that brings it, or `ggrec state rm` it",
            subject=str(address),
        )
        for address in addresses
        if address.kind not in registry
    ]


def _situation(
    address: Address, selection: Selection, snapshot: Snapshot, kind: Kind, options: Options, secrets: Secrets
) -> Situation:
    resource, entry = selection.resources.get(address), selection.state.resources.get(address)
    live = snapshot.live(kind, address, resource, entry)
    found, intent = snapshot.kinds[kind.name], selection.state.intents.get(address)
    return Situation(
        address=address,
        kind=kind,
        resource=resource,
        entry=entry,
        live=live,
        unchanged=live is not None and live.uid in found.unchanged,
        intent=intent,
        moved_from=selection.moves.get(address),
        secrets=secrets_to_send(
            kind, resource, entry, live, asked=secrets, resend=options.resend_secrets or _uncertain(intent)
        ),
        adopt=options.adopt,
        destroy=options.destroy,
        way=options.policy(address),
        acknowledged=holding(options.acknowledged, address, options.today),
        today=options.today,
    )


def _renamed(
    selection: Selection, snapshot: Snapshot, registry: Registry, digests: Mapping[Address, str], bodies: Bodies
) -> "Renamed":
    """The dashboards whose title somebody changed by hand, and the files say it now."""
    changed = []
    for address, told in digests.items():
        entry = selection.state.resources.get(address)
        known = address.kind in registry and address.kind in snapshot.kinds
        if known and entry is not None and entry.applied not in (None, told) and registry[address.kind].body_key:
            changed.append((selection.resources[address], entry))
    if not changed:
        return {}
    from reconciler.engine.titles import renamed_by_hand, title_in  # only where something changed

    def live_title(address: Address) -> str:
        kind, entry = registry[address.kind], selection.state.resources[address]
        live = snapshot.live(kind, address, selection.resources[address], entry)
        if live is not None and live.uid in snapshot.kinds[kind.name].unchanged and entry.observed is not None:
            try:
                return title_in(bodies(entry.observed), str(kind.body_key))
            except BodyLost:
                return ""
        return live.title if live is not None else ""

    keyed = ((resource, entry, str(registry[resource.address.kind].body_key)) for resource, entry in changed)
    return renamed_by_hand(keyed, live_title)


def _titles(situation: Situation, renamed: "Renamed") -> "Titles | None":
    resource, entry = situation.resource, situation.entry
    if resource is None or entry is None or not resource.titled:
        return None
    waiting = tuple(item for item in entry.held if item.behind) if entry.held else ()
    if not renamed and not waiting:
        return None
    from reconciler.engine.titles import Titles

    return Titles(resource, str(situation.kind.body_key), renamed, waiting)


def _uncertain(intent: Intent | None) -> bool:
    """After an interrupted write nobody knows which secrets Grafana holds."""
    return intent is not None and intent.target is not None


def _ordered(decisions: Mapping[Address, Decision]) -> tuple[Change, ...]:
    """Creates and updates after what they need; then deletes and forgets, in the reverse of need."""
    changes = {address: d.change for address, d in decisions.items() if d.change is not None}
    building = {a: c.depends_on for a, c in changes.items() if c.action not in {Action.DELETE, Action.FORGET}}
    removing = {a: c.depends_on for a, c in changes.items() if c.action in {Action.DELETE, Action.FORGET}}
    return tuple(changes[a] for a in (*order(building), *reversed(order(removing))))


def _held(decisions: Mapping[Address, Decision], state: State) -> dict[Address, tuple[Held, ...]]:
    """What is held of each object once the changes are made."""
    entries = {address: entry.held for address, entry in state.resources.items()}
    after = {a: d.change.held if d.change is not None else entries.get(a, ()) for a, d in decisions.items()}
    return {address: held for address, held in sorted(after.items()) if held}


def _unmanaged(selection: Selection, snapshot: Snapshot, registry: Registry) -> Mapping[str, int]:
    """How many objects of each kind in play are not ours."""
    ours: dict[str, set[str | None]] = {name: set() for name in snapshot.kinds}
    for name, uid in selection.uids:
        if name in ours:
            ours[name].add(uid)
    for address in {*selection.resources, *selection.state.resources}:
        if address.kind in ours:
            resource, entry = selection.resources.get(address), selection.state.resources.get(address)
            live = snapshot.live(registry[address.kind], address, resource, entry)
            ours[address.kind].add(live.uid if live is not None else None)
    counts = {name: sum(1 for uid in found.by_uid if uid not in ours[name]) for name, found in snapshot.kinds.items()}
    return {name: number for name, number in counts.items() if number}

"""The whole of planning for callers: choose, refresh, plan, review. Reads only; takes no lock."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from reconciler.core.address import Address
from reconciler.core.budget import Budget
from reconciler.core.errors import Conflict, GgrecError, Refused, Unreadable
from reconciler.core.kind import Registry
from reconciler.core.plan import Plan
from reconciler.core.ports import Audience, Reader, Secrets, Store
from reconciler.core.resource import LiveObject, Resource
from reconciler.core.state import Run, State
from reconciler.engine.planner import Options, choose, make_plan
from reconciler.engine.review import review
from reconciler.engine.snapshot import Snapshot, refresh
from reconciler.engine.timed import TimedReader


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything a plan is made from."""

    resources: tuple[Resource, ...]
    state: State
    reader: Reader
    store: Store
    registry: Registry
    secrets: Secrets
    audience: Audience
    options: Options
    budget: Budget = field(default_factory=Budget)


def own_state(state: State | None, reader: Reader, *, lineage: str) -> State:
    """The state to plan with: the stored one, checked to be of this Grafana and organisation, or a new one of
    `lineage`.

    Raises Refused where the state belongs to another target.
    """
    server = reader.server
    if state is None:
        return State(lineage=lineage, url=server.url, org_id=server.org_id)
    if (state.url, state.org_id) != (server.url, server.org_id):
        raise Refused.one(
            "other-target",
            f"the state belongs to {state.url} org {state.org_id}, this is {server.url} org {server.org_id}",
            hint="name another folder as this instance's `state`, or go back to the Grafana it belongs to",
        )
    return state


async def compute_plan(inputs: Inputs) -> Plan:
    """The plan: what would change, why, and what somebody changed by hand; and where the time was up, what was not
    read.
    """
    reader = TimedReader(inputs.reader, inputs.budget)
    selection = choose(inputs.resources, inputs.state, inputs.options)
    snapshot = await refresh(reader, inputs.registry, selection.resources, selection.state, inputs.audience)
    plan = make_plan(
        selection,
        snapshot,
        inputs.registry,
        inputs.options,
        bodies=inputs.store.get,
        secrets=inputs.secrets,
    )
    plan = replace(plan, serial=inputs.state.serial)
    drifted = _drifted(plan, snapshot, inputs.registry, selection.resources, selection.state)
    return await review(plan, reader, inputs.registry, drifted)


def _drifted(
    plan: Plan, snapshot: Snapshot, registry: Registry, resources: Mapping[Address, Resource], state: State
) -> dict[str, LiveObject]:
    found: dict[str, LiveObject] = {}
    for drift in plan.drift:
        kind = registry[drift.address.kind]
        live = snapshot.live(kind, drift.address, resources.get(drift.address), state.resources.get(drift.address))
        if live is not None:
            found[str(drift.address)] = live
    return found


def stands(plan: Plan) -> None:
    """Raise what forbids applying the plan: Refused for refusals, Unreadable for what could not be read."""
    if plan.unreadable:
        raise Unreadable(plan.unreadable)
    if plan.refusals:
        raise Refused(plan.refusals)


def still_valid(plan: Plan, digest: str, state: State, reader: Reader, runs: tuple[Run, ...]) -> None:
    """Check a saved plan as a whole: this Grafana, this state, not applied before. Objects are checked one by one
    later.

    Raises Conflict (stale) or Refused (not for this target).
    """
    server, target = reader.server, plan.target
    if (target.url, target.org_id) != (server.url, server.org_id):
        text = f"the plan is for {target.url} org {target.org_id}, this is {server.url} org {server.org_id}"
        raise Refused.one("other-target", text, hint="plan again with this instance, or give the right one with -i")
    if plan.lineage != state.lineage and state.serial:
        raise Refused.one("other-lineage", "the plan was made with another state than this one", hint="plan again")
    applied = [run for run in runs if run.plan_digest == digest]
    if applied:
        text = f"the plan was applied already, by run {applied[-1].id} at {applied[-1].started}"
        raise Conflict.one("already-applied", text, hint="plan again: `ggrec plan` shows what is left")


def entry_of(state: State, address: Address) -> None:
    """Raise GgrecError where an address is not owned."""
    if address not in state.resources:
        raise GgrecError.one("not-owned", f"{address} is not in the state", hint="`ggrec state list` shows what is")

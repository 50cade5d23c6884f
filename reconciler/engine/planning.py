"""The whole of planning for callers: choose, refresh, plan, review. Reads only; takes no lock."""

from collections.abc import Mapping

from msgspec.structs import replace

from reconciler.core.address import Address
from reconciler.core.errors import GgrecError, Refused, Unreadable
from reconciler.core.plan import Action, Plan
from reconciler.core.ports import Reader
from reconciler.core.registry import Registry
from reconciler.core.resource import LiveObject, Resource
from reconciler.core.state import State
from reconciler.engine.asked_once import AskedOnce
from reconciler.engine.inputs import Inputs
from reconciler.engine.observing import observed_anew
from reconciler.engine.planner import choose
from reconciler.engine.snapshot import Snapshot
from reconciler.engine.timed import TimedReader


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
            hint="go back to the Grafana it belongs to, or name another place as this instance's `state`; if that "
            "Grafana moved here, `ggrec state rebuild` then owns its objects again",
        )
    return state


async def compute_plan(inputs: Inputs) -> Plan:
    """The plan: what would change, why, and what somebody changed by hand; and where the time was up, what was not
    read.
    """
    reader = AskedOnce(TimedReader(inputs.reader, inputs.budget))
    inputs = replace(inputs, reader=reader)
    declared = {resource.address: resource for resource in inputs.resources}
    state = inputs.state
    if state.intents:
        from reconciler.engine.orphans import with_orphans  # only after an interrupted run

        state = await with_orphans(state, declared, inputs.reader, inputs.store, inputs.registry)
    selection = choose(inputs.resources, state, inputs.options)
    snapshot, plan = await observed_anew(inputs, selection)
    if inputs.state.serial:  # a plan makes no store where there is none
        inputs.hints.keep(snapshot.observation())
    plan = replace(plan, serial=inputs.state.serial)
    if plan.drift:
        from reconciler.engine.review import review  # only where somebody changed something

        drifted = _drifted(plan, snapshot, inputs.registry, selection.resources, selection.state)
        plan = await review(plan, inputs.reader, inputs.registry, drifted)
    reader.forget()  # a large organisation's users are not kept while everything is looked through
    options = inputs.options
    if options.audience and any(change.sends for change in plan.changes):
        from reconciler.engine.touched import with_audience, with_homes  # only where something changes

        plan = with_homes(plan, selection, snapshot, inputs.registry)
        plan = await with_audience(plan, inputs.reader, inputs.registry)
    if any(change.edits for change in plan.changes):
        from reconciler.engine.on_parts import with_parts  # only where something changes

        plan = await with_parts(plan, inputs.reader, inputs.registry, audience=options.audience)
    if options.guard.references and any(c.sends and c.resource and c.resource.library for c in plan.changes):
        from reconciler.engine.lacking import with_lacking  # only where something that shows one is written

        plan = await with_lacking(plan, inputs.reader, inputs.registry)
    if plan.held:
        from reconciler.engine.holding import with_places  # only where something is held

        plan = with_places(plan, inputs.registry, selection.state, inputs.store.get)
    if any(change.action is not Action.NO_OP for change in plan.changes):
        from reconciler.engine.losses import Known, look_for_losses  # only where something may go

        known = Known(state, snapshot, inputs.store.get, options.guard, options.protection)
        plan = await look_for_losses(plan, inputs.reader, inputs.registry, known)
    return plan


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


def still_valid(plan: Plan, state: State, reader: Reader) -> None:
    """Check a saved plan as a whole: this Grafana, this state. Objects are checked one by one later.

    Raises Refused.
    """
    server, target = reader.server, plan.target
    if (target.url, target.org_id) != (server.url, server.org_id):
        text = f"the plan is for {target.url} org {target.org_id}, this is {server.url} org {server.org_id}"
        raise Refused.one("other-target", text, hint="plan again with this instance, or give the right one with -i")
    if plan.lineage != state.lineage and state.serial:
        raise Refused.one("other-lineage", "the plan was made with another state than this one", hint="plan again")


def entry_of(state: State, address: Address) -> None:
    """Raise GgrecError where an address is not owned."""
    if address not in state.resources:
        raise GgrecError.one("not-owned", f"{address} is not in the state", hint="`ggrec state list` shows what is")

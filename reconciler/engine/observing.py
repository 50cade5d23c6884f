"""Reading what a plan needs, and again for objects whose stored bodies are lost: one damaged object is one warning, and
the rest goes on.
"""

from collections.abc import Mapping

from msgspec.structs import replace

from reconciler.core.address import Address
from reconciler.core.errors import BodyLost, Diagnostic, Severity
from reconciler.core.plan import Plan
from reconciler.core.state import State, entry_digest
from reconciler.engine.inputs import Inputs
from reconciler.engine.planner import BodiesLost, Selection, make_plan
from reconciler.engine.refresh import Looking, refresh
from reconciler.engine.snapshot import Snapshot


async def observed_anew(inputs: Inputs, selection: Selection) -> tuple[Snapshot, Plan]:
    """What was read, and the plan for it. Where bodies are lost, everything is read once more, and their objects are
    compared with what is declared, as if a write to them had failed halfway.
    """
    lost: dict[Address, BodyLost] = {}
    looking = Looking(inputs.hints.observation(), full=inputs.options.full, margin=inputs.margin)
    while True:
        known = replace(selection, state=selection.state.unobserved(lost))
        snapshot = await refresh(inputs.reader, inputs.registry, known.resources, known.state, inputs.audience, looking)
        try:
            plan = make_plan(
                known, snapshot, inputs.registry, inputs.options, bodies=inputs.store.get, secrets=inputs.secrets
            )
        except BodiesLost as error:
            if set(error.addresses) <= set(lost):
                raise next(iter(error.addresses.values())) from None
            lost.update(error.addresses)
            continue
        return snapshot, _with_warnings(plan, lost, selection.state)


def _with_warnings(plan: Plan, lost: Mapping[Address, BodyLost], state: State) -> Plan:
    """The plan as the stored state stands: it still has the entries whose bodies are lost."""
    if not lost:
        return plan
    changes = tuple(
        replace(change, entry=entry_digest(state.resources.get(change.moved_from or change.address)))
        if (change.moved_from or change.address) in lost or change.address in lost
        else change
        for change in plan.changes
    )
    warnings = tuple(
        Diagnostic(
            "body-lost",
            f"is observed anew, for edits made outside cannot be told: {error.diagnostics[0].message}",
            "`ggrec state verify` lists all that is damaged",
            subject=str(address),
            severity=Severity.WARNING,
        )
        for address, error in lost.items()
    )
    return replace(plan, changes=changes, warnings=tuple(sorted((*plan.warnings, *warnings), key=Diagnostic.sort_key)))

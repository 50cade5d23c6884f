"""The plan that undoes: what undoing comes to, planned as anything else is, and refused where somebody edited since.

A folder that holds what is not undone with it stays, and so does whatever it needs. GET only.
"""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from reconciler.core.address import Address, targeted
from reconciler.core.conflicts import OnConflict
from reconciler.core.diff import diff
from reconciler.core.errors import Diagnostic, GgrecError, InvalidInput, ServerError, Severity
from reconciler.core.graph import closure
from reconciler.core.guard import is_delete
from reconciler.core.json import digest
from reconciler.core.kind import Kind
from reconciler.core.lazy import whole
from reconciler.core.plan import Action, Change, Drift, Plan, Target
from reconciler.core.references import LIBRARY_PANEL
from reconciler.core.resource import Attribution, KeptVersion, Resource
from reconciler.core.state import Outcome, Run
from reconciler.engine.inputs import Inputs
from reconciler.engine.planning import compute_plan
from reconciler.engine.taken_back import told_edits
from reconciler.engine.undo import SINCE, STAYS, Known, Undo, stays_in
from reconciler.engine.undoing import undo_run, wanted_versions
from reconciler.engine.versions import version_of

_EDITED = frozenset({"drift-refused", "merge-conflict"})
_WAYS = "--on-conflict {0}=merge keeps both where they do not touch, =ours goes over it, =theirs leaves it out of this"

_WAYS_TO_DELETE = "--on-conflict {0}=ours deletes it all the same, =theirs leaves it out of this"


def chosen(run: Run, targets: Sequence[str]) -> tuple[Outcome, ...]:
    """The outcomes of a run that are to be undone: all, or those that `targets` (globs) name, with what they need
    and the run deleted. Raises GgrecError where the run has none, InvalidInput where a target matches nothing.
    """
    if run.status == "running" and not run.outcomes:
        text = f"run {run.id} did not come to its end: what it did is in the state, and not in its record"
        raise GgrecError.one("run-unfinished", text, hint="`ggrec apply` finishes it; or put the files back and apply")
    if not any(outcome.result == "done" and outcome.action != Action.FORGET for outcome in run.outcomes):
        raise GgrecError.one("nothing-done", f"run {run.id} changed nothing", hint="`ggrec history` lists the runs")
    known = {outcome.address: outcome for outcome in run.outcomes}
    named, silent = targeted(known, targets)
    if silent:
        hint = f"`ggrec history {run.id}` lists what it did"
        texts = (f"--target {target} matches nothing that run {run.id} did" for target in silent)
        raise InvalidInput(tuple(Diagnostic("target-matches-nothing", text, hint) for text in texts))
    if not targets:
        return run.outcomes
    needs = {a: o.before.depends_on for a, o in known.items() if o.before is not None}
    more = {a for a in closure(named, needs) if a in known and known[a].action == Action.DELETE}
    return tuple(outcome for address, outcome in known.items() if address in named | more)


async def undo_of(
    run: Run, targets: Sequence[str], inputs: Inputs, declared: Mapping[Address, Resource], runs: Sequence[Run]
) -> Undo:
    """What undoing a run comes to; `runs` are all that are recorded, in their order. Of what the record has no body of,
    the version that Grafana keeps is asked for.
    """
    outcomes = chosen(run, targets)
    later = runs[next((at for at, item in enumerate(runs) if item.id == run.id), len(runs)) + 1 :]
    known = Known(inputs.state, declared, later, inputs.registry, inputs.store.get)
    versions: dict[Address, KeptVersion] = {}
    for address, number in wanted_versions(outcomes, known).items():
        entry, kind = inputs.state.resources.get(address), inputs.registry[address.kind]
        if entry is not None:
            versions[address] = await version_of(inputs.reader, kind, entry.uid, number, subject=str(address))
    return undo_run(run, outcomes, replace(known, versions=versions), inputs.options.policy)


async def plan_back(inputs: Inputs, undo: Undo) -> tuple[Plan, Undo]:
    """The plan, and what it is of: what somebody moved meanwhile is undone where it lies now. What stands against it is
    among its refusals: code `changed-since-run` for what somebody changed.
    """
    stays: dict[Address, str] = {}
    homes: dict[Address, str] = {}
    while True:
        plan = await _planned(inputs, undo, frozenset(stays))
        if not homes and (homes := await _moved(inputs, undo, plan)):
            undo = _in_place(inputs, undo, homes)
            continue
        told = (drift for drift in plan.drift if drift.outcome != "settled" or drift.address not in homes)
        plan = replace(plan, drift=tuple(told))  # where it lies now is in its notes
        touched = await _touched(inputs, plan)
        found = _staying(plan, inputs, undo, touched)
        if not found:
            return await _Telling(inputs, undo, plan, touched).told(stays), undo
        stays |= found


def _shown(kind: Kind, resource: Resource) -> Resource:
    """With the library panels that it showed then, which are not those that are declared now."""
    shown = (item.text for item in kind.references(whole(resource.attributes)) if item.kind == LIBRARY_PANEL)
    return replace(resource, library=dict.fromkeys(shown))


async def _planned(inputs: Inputs, undo: Undo, stays: frozenset[Address]) -> Plan:
    kinds = inputs.registry
    resources = {a: _shown(kinds[a.kind], item) for a, item in undo.resources.items() if a not in stays}
    targets = tuple(map(str, sorted({*resources, *(undo.deletes - stays)})))
    if not targets:
        server, state = inputs.reader.server, inputs.state
        target = Target(server.url, server.org_id, server.org_name, server.version)
        return Plan(target, state.lineage, state.serial, digest({}))
    options = replace(inputs.options, targets=targets)
    return await compute_plan(replace(inputs, resources=tuple(resources.values()), options=options))


async def _moved(inputs: Inputs, undo: Undo, plan: Plan) -> dict[Address, str]:
    """Where those objects lie that somebody moved to another folder since: a way back moves nothing."""
    found: dict[Address, str] = {}
    for drift in plan.drift:
        resource, kind = undo.resources.get(drift.address), inputs.registry[drift.address.kind]
        if resource is None or drift.gone or kind.container(resource.attributes) is None:
            continue
        live = await inputs.reader.ask(kind.read(inputs.reader.server, drift.uid))
        home = kind.container(kind.normalise(live.attributes)) if live is not None else None
        if home is not None and home != kind.container(resource.attributes):
            found[drift.address] = home
    return found


def _in_place(inputs: Inputs, undo: Undo, homes: Mapping[Address, str]) -> Undo:
    resources, notes = dict(undo.resources), dict(undo.notes)
    for address, home in homes.items():
        resource = resources[address]
        attributes = inputs.registry[address.kind].placed(resource.attributes, home)
        resources[address] = replace(resource, attributes=attributes)
        before = stays_in(inputs.registry[address.kind].container(resource.attributes) or "")
        notes[address] = (*(note for note in notes.get(address, ()) if note != before), stays_in(home))
    return replace(undo, resources=resources, notes=notes)


async def _touched(inputs: Inputs, plan: Plan) -> dict[Address, str]:
    """What somebody changed in objects that would be deleted, also where the plan for what is declared looks away: a
    member whom somebody added to a team goes with it.
    """
    found: dict[Address, str] = {}
    known = {drift.address for drift in plan.drift}
    for change in plan.changes:
        kind, entry = inputs.registry[change.address.kind], inputs.state.resources.get(change.address)
        if not is_delete(change) or change.address in known or kind.always_there:
            continue
        if entry is None or entry.observed is None or inputs.options.policy(change.address) is OnConflict.OURS:
            continue
        if change.precondition.revision is not None and change.precondition.revision == entry.revision:
            continue
        live = await inputs.reader.ask(kind.read(inputs.reader.server, str(change.uid)))
        if live is None:
            continue
        was, now = (kind.normalise(side) for side in (inputs.store.get(entry.observed), live.attributes))
        edits = diff(was, now, identities=kind.identities)
        if edits:
            found[change.address] = told_edits(kind, edits)
    return found


def _staying(plan: Plan, inputs: Inputs, undo: Undo, touched: Mapping[Address, str]) -> dict[Address, str]:
    """What is to stay, and why: what holds others' things, or was changed and is to be left; and then what belongs to
    it and what it needs.
    """
    full = {i.subject: i.message.partition(": ")[2] for i in plan.refusals if i.code == "not-empty"}
    left = {drift.address for drift in plan.drift if drift.outcome == "left"} & undo.deletes
    again = {item.subject for item in plan.refusals if item.code == "exists-already"}
    disputed = {*touched, *(address for address in undo.resources if str(address) in again)}
    left |= {address for address in disputed if inputs.options.policy(address) is OnConflict.THEIRS}
    found = {address: "stays with what somebody changed" for address in left}
    planned = {change.address for change in plan.changes} | left
    going = undo.deletes & planned
    found |= {address: f"stays, for it holds {full[str(address)]}" for address in going if str(address) in full}
    entries, queue = inputs.state.resources, sorted(found)
    while queue:
        here = queue.pop()
        for address in sorted(going - set(found)):
            part = inputs.registry[address.kind].part_of(entries[address].uid)
            if part == f"{here.kind}:{entries[here].uid}":
                found[address] = f"stays with {here}, to which it belongs"
            elif address in entries[here].depends_on:
                found[address] = f"stays, for {here} needs it, which stays"
            else:
                continue
            queue.append(address)
    return found


class _Telling:
    """One plan, in the words of a way back."""

    def __init__(self, inputs: Inputs, undo: Undo, plan: Plan, touched: Mapping[Address, str]) -> None:
        self.inputs = inputs
        self.undo = undo
        self.plan = plan
        self.touched = touched
        self.drift = {drift.address: drift for drift in plan.drift}
        self.changes = {change.address: change for change in plan.changes}

    async def told(self, stays: Mapping[Address, str]) -> Plan:
        refusals = [*self.undo.refusals, *(await self._refusals())]
        left = [*self.undo.left, *(_stays(address, why) for address, why in sorted(stays.items()))]
        warnings = (*self.plan.warnings, *(replace(item, severity=Severity.WARNING) for item in left))
        return replace(
            self.plan,
            changes=tuple(map(self._said, self.plan.changes)),
            drift=tuple(replace(d, outcome="left") if self._stands_against(d) else d for d in self.plan.drift),
            refusals=tuple(sorted(refusals, key=Diagnostic.sort_key)),
            warnings=tuple(sorted(warnings, key=Diagnostic.sort_key)),
        )

    def _said(self, change: Change) -> Change:
        notes = (*self.undo.notes.get(change.address, ()), *change.notes)
        if change.action in {Action.FORGET, Action.NO_OP}:
            return replace(change, notes=notes)
        return replace(change, reason=self.undo.reasons.get(change.address, change.reason), notes=notes)

    async def _refusals(self) -> list[Diagnostic]:
        """Those of the plan, and one for each object that somebody edited since."""
        edited = {address: drift for address, drift in self.drift.items() if self._stands_against(drift)}
        found = [self._edited(drift) for drift in edited.values()]
        names = set(map(str, edited))
        for item in self.plan.refusals:
            if item.code == "exists-already":
                found.append(await self._made_again(item))
            elif item.code not in _EDITED or item.subject not in names:
                found.append(item)
        found += [await self._changed(change) for change in self.plan.changes if change.address in self.touched]
        return found

    def _ours_only(self, address: Address) -> bool:
        return self.inputs.options.policy(address) is not OnConflict.OURS

    def _stands_against(self, drift: Drift) -> bool:
        """Whether an edit stops the way back: one that was refused, or that would go with a delete or come to nothing
        with a create.
        """
        refused = any(i.code in _EDITED and i.subject == str(drift.address) for i in self.plan.refusals)
        return refused or (drift.outcome in {"deleted", "recreated"} and self._ours_only(drift.address))

    def _edited(self, drift: Drift) -> Diagnostic:
        kind, what = self.inputs.registry[drift.address.kind], "deleted" if drift.gone else "changed"
        text = f"was {what} outside ggrec{_by(drift.attribution)} since {self.undo.since}"
        if drift.version_before is not None and drift.version_after is not None:
            text += f" (version {drift.version_before} → {drift.version_after})"
        text += "".join(f', "{message}"' for message in drift.attribution.messages[:3])
        if drift.edits:
            text += f": {told_edits(kind, drift.edits)}"
        change = self.changes.get(drift.address)
        refused = [i for i in self.plan.refusals if i.code == "merge-conflict" and i.subject == str(drift.address)]
        if refused and change is not None:
            text += f"; this changes the same: {told_edits(kind, change.edits, [edit.path for edit in drift.edits])}"
        return self._diagnostic(drift.address, text)

    def _diagnostic(self, address: Address, text: str) -> Diagnostic:
        ways = _WAYS if address in self.undo.resources else _WAYS_TO_DELETE
        return Diagnostic(SINCE, text, ways.format(address), subject=str(address))

    async def _made_again(self, item: Diagnostic) -> Diagnostic:
        """Somebody made an object of that uid again."""
        change = next(change for change in self.plan.changes if str(change.address) == item.subject)
        kind = self.inputs.registry[change.address.kind]
        by = await self._who(kind, str(change.uid))
        text = f"is there again, made outside ggrec{_by(by)} since {self.undo.since}: {told_edits(kind, change.edits)}"
        hint = f"--on-conflict {change.address}=ours takes it over as it was, =theirs leaves it out of this"
        return Diagnostic(SINCE, text, hint, subject=item.subject)

    async def _changed(self, change: Change) -> Diagnostic:
        """What would be deleted is not what was observed last."""
        by = await self._who(self.inputs.registry[change.address.kind], str(change.uid))
        text = f"was changed outside ggrec{_by(by)} since {self.undo.since}: {self.touched[change.address]}"
        return self._diagnostic(change.address, text)

    async def _who(self, kind: Kind, uid: str) -> Attribution:
        reader = self.inputs.reader
        try:
            live = await reader.ask(kind.read(reader.server, uid))
            found = await reader.ask(kind.attribution(reader.server, live, None)) if live is not None else None
        except ServerError:
            found = None  # not being told who it was does not make it less of a conflict
        return found or Attribution()


def _by(by: Attribution) -> str:
    return (f" by {by.who}" if by.who else "") + (f" at {by.when}" if by.when else "")


def _stays(address: Address, why: str) -> Diagnostic:
    hint = "move what is in it elsewhere, and run this again, to have it deleted"
    return Diagnostic(STAYS, why, hint, subject=str(address))

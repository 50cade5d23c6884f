"""Apply: carry out a plan, object by object, each checked before, journalled, and read back after.

Must not plan. A failure stops what depends on it and nothing else; a run can end at any moment and the next one
finishes it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import assert_never

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.core.address import Address
from reconciler.core.budget import Budget
from reconciler.core.conflicts import ChangedSincePlan, Policy, stop
from reconciler.core.errors import (
    Conflict,
    Diagnostic,
    GgrecError,
    Locked,
    OutOfTime,
    ServerError,
    StoreFailed,
    Unauthorized,
    Unreachable,
)
from reconciler.core.exchange import WriteContext
from reconciler.core.kind import Kind
from reconciler.core.plan import Action, Change, Plan
from reconciler.core.ports import Audience, Clock, Progress, Secrets, Store, Writer
from reconciler.core.registry import Registry
from reconciler.core.state import Intent, Outcome, ResourceState, Run, State, entry_digest
from reconciler.engine.carry import Carrier, Sent, Written
from reconciler.engine.disputes import Disputes, conflict
from reconciler.engine.orphans import orphan
from reconciler.engine.outcomes import finished, not_done, status_of
from reconciler.engine.pace import Pace, PacedWriter
from reconciler.engine.recheck import still_as_planned
from reconciler.engine.sending import Sender

Listener = Callable[[Outcome], None]


class Applied(Struct):
    """How an apply ended: the state as it is now, and one outcome per change of the plan, in its order."""

    state: State
    outcomes: tuple[Outcome, ...] = ()
    interrupted: bool = False
    out_of_time: bool = False
    errors: tuple[GgrecError, ...] = ()


class Job(Struct):
    """Everything an apply needs, and `stop`: set it, and what is in flight is finished and no more begun."""

    plan: Plan
    run: Run
    state: State
    writer: Writer
    store: Store
    registry: Registry
    secrets: Secrets
    audience: Audience
    clock: Clock
    parallelism: int = 2
    told: Listener = field(default=lambda outcome: None)
    policy: Policy = stop
    """What to do where somebody changed an object since the plan was made."""
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    budget: Budget = field(default_factory=Budget)
    """When it is spent, nothing new is begun."""
    said: Callable[[str], None] = lambda text: None
    """Is told what concerns the run as a whole."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


def missing_secrets(plan: Plan, secrets: Secrets) -> tuple[Diagnostic, ...]:
    """The secrets that this plan will send and that cannot be resolved here: found before the first request."""
    found: list[Diagnostic] = []
    for change in plan.changes:
        for name in change.secrets if change.resource is not None else ():
            assert change.resource is not None
            why = secrets.missing(change.resource.secrets[name])
            if why is not None:
                found.append(
                    Diagnostic(
                        "secret-missing",
                        f"{name}: {why}",
                        "set it, then run again; nothing was sent",
                        where=change.resource.source,
                        subject=str(change.address),
                    )
                )
    return tuple(found)


async def apply(job: Job) -> Applied:
    """Carry out the plan: first what is created and changed, then what is deleted.

    The run is recorded before the first request.
    """
    return await _Applier(job).run()


class _Applier:
    def __init__(self, job: Job) -> None:
        self.job = job
        self.resources = dict(job.state.resources)
        self.intents = dict(job.state.intents)
        self.saved = job.state
        self.pace = Pace(job.parallelism, said=job.said, sleep=job.sleep)
        self.out_of_time = False
        self.outcomes: dict[Address, Outcome] = {}
        self.errors: list[GgrecError] = []
        self.fatal: GgrecError | None = None
        context = WriteContext(job.writer.server, _message(job.run))
        known = {drift.address: drift.edits for drift in job.plan.drift}
        disputes = Disputes(job.writer, job.store, job.policy, known)
        self.sender = Sender(PacedWriter(job.writer, self.pace), context)
        self.carrier = Carrier(self.sender, job.store, job.secrets, self, disputes)

    async def run(self) -> Applied:
        if self.saved.serial == 0:
            self.saved = self.job.store.save(self.saved)  # an index, and its lineage, from the very first moment on
        self.job.store.begin(self.job.run)
        changes = self.job.plan.changes
        removing = tuple(c for c in changes if c.action in {Action.DELETE, Action.FORGET})
        building = tuple(c for c in changes if c not in removing)
        try:
            self.carrier.rechecked.update(
                await still_as_planned(self.job.plan, self.saved, self.job.writer, self.job.registry)
            )
            await self._phase(building, {c.address: c.depends_on for c in building})
            await self._phase(removing, _reversed(removing))
        finally:
            interrupted = self.job.stop.is_set()
            ordered = tuple(self.outcomes.get(c.address) or not_done(c, "not-attempted") for c in changes)
            try:
                self.saved = self.job.store.save(self.state)
            finally:
                self._finish(ordered, interrupted)
        return Applied(self.saved, ordered, interrupted, self.out_of_time, tuple(self.errors))

    @property
    def state(self) -> State:
        """What is known by now."""
        return replace(self.saved, resources=dict(sorted(self.resources.items())), intents=dict(self.intents))

    def _finish(self, ordered: tuple[Outcome, ...], interrupted: bool) -> None:
        self.job.store.finish(
            replace(
                self.job.run,
                ended=self.job.clock.now(),
                outcomes=tuple(o for o in ordered if o.action != Action.NO_OP or o.result != "done"),
                status=status_of(ordered, interrupted=interrupted),
                serial=self.saved.serial,
            )
        )

    async def _phase(self, changes: tuple[Change, ...], needs: Mapping[Address, tuple[Address, ...]]) -> None:
        """Run the changes side by side as far as their needs and the writers' capacity allow."""
        here = {change.address for change in changes}
        done = {address: asyncio.Event() for address in here}

        async def one(change: Change) -> None:
            for need in needs[change.address]:
                if need in done:
                    await done[need].wait()
            try:
                await self._step(change, [n for n in needs[change.address] if n in self.outcomes])
            finally:
                done[change.address].set()

        tasks = [asyncio.create_task(one(change)) for change in changes]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()

    async def _step(self, change: Change, needs: list[Address]) -> None:
        broken = [str(need) for need in needs if self.outcomes[need].result not in {"done"}]
        if broken:
            self._note(not_done(change, "skipped", error=f"needs {', '.join(broken)}"))
            return
        kind = self.job.registry[change.address.kind]
        try:
            async with self.pace.turn(alone=kind.write_weight > 1):
                self.out_of_time = self.out_of_time or self.job.budget.spent
                if self.job.stop.is_set() or self.out_of_time or self.fatal is not None:
                    self._note(not_done(change, "not-attempted"))
                    return
                before = self._entry(change)
                carried = await self._carry_out(change, kind, before)
            # Reading back is no write: the next one goes on meanwhile.
            written = await self.carrier.confirm(carried) if isinstance(carried, Sent) else carried
        except Conflict as error:
            self._fail(change, "conflict", error)
        except (Unauthorized, Unreachable, Locked, StoreFailed) as error:
            self.fatal = error  # nothing after this can succeed: say so once instead of once per object
            self._fail(change, "failed", error)
        except GgrecError as error:
            self.out_of_time = self.out_of_time or isinstance(error, OutOfTime)
            self._fail(change, "failed", error)
        else:
            self._take(change, written, before)

    async def _carry_out(self, change: Change, kind: Kind, entry: ResourceState | None) -> Written | Sent:
        if change.entry != entry_digest(entry):
            raise conflict("stale-entry", f"{change.address}: the state knows more of it than the plan does", change)
        match change.action:
            case Action.CREATE:
                return await self.carrier.create(change, kind, entry)
            case Action.UPDATE:
                return await self.carrier.update(change, kind, entry)
            case Action.ADOPT:
                return await self.carrier.adopt(change, kind, entry)
            case Action.REPLACE:
                return await self.carrier.replace(change, kind, entry)
            case Action.DELETE:
                return await self.carrier.delete(change, kind, entry)
            case Action.NO_OP:
                return await self.carrier.settle(change, kind, entry)
            case Action.FORGET:
                return Written(None)
            case _:
                assert_never(change.action)

    def _entry(self, change: Change) -> ResourceState | None:
        """What the state has of it, or what the journal of an interrupted run tells."""
        entry = self.resources.get(change.moved_from or change.address)
        intent = self.intents.get(change.address)
        if entry is None and intent is not None:
            begun = orphan(intent, intent.uid or change.uid or "")
            return begun if change.entry == entry_digest(begun) else None
        return entry

    def intend(self, intent: Intent) -> None:
        """A write is about to be sent: whatever ends this run, the next one knows."""
        self.job.store.intend(self.job.run.id, intent)
        self.intents[intent.address] = intent

    def record(self, address: Address, entry: ResourceState | None, outcome: Outcome | None = None) -> None:
        """How it ended."""
        self.job.store.record(self.job.run.id, address, entry, outcome)
        self.intents.pop(address, None)
        if entry is not None:
            self.resources[address] = entry
        else:
            self.resources.pop(address, None)

    def _take(self, change: Change, written: Written, before: ResourceState | None) -> None:
        outcome = finished(change, written, before)
        if written.keep:
            if change.moved_from is not None:
                self.record(change.moved_from, None)
            self.record(change.address, written.entry, outcome)
        self._note(outcome)

    def _fail(self, change: Change, result: str, error: GgrecError) -> None:
        self.errors.append(error)
        partial = self.sender.partial.pop(change.address, None)
        if partial is not None:
            self.record(change.address, partial)
        elif change.address in self.intents and not self._may_have_happened(change, error):
            # Grafana said no: nothing was begun.
            self.record(change.address, None if change.action is Action.ADOPT else self._entry(change))
        outcome = not_done(change, result, error=str(error))
        meanwhile = error.meanwhile if isinstance(error, ChangedSincePlan) else None
        self._note(replace(outcome, meanwhile=meanwhile))

    def _may_have_happened(self, change: Change, error: GgrecError) -> bool:
        """Then the intent stays: the next run knows whose doing it was."""
        return change.address in self.sender.begun or (isinstance(error, ServerError) and error.ambiguous)

    def _note(self, outcome: Outcome) -> None:
        self.outcomes[outcome.address] = outcome
        total = len(self.job.plan.changes)
        self.job.audience.progress(Progress("applying", len(self.outcomes), total, str(outcome.address)))
        if outcome.action != Action.NO_OP or outcome.result != "done":
            self.job.told(outcome)


def _reversed(changes: tuple[Change, ...]) -> dict[Address, tuple[Address, ...]]:
    """For deletes: an object goes after everything that needs it."""
    users: dict[Address, list[Address]] = {change.address: [] for change in changes}
    for change in changes:
        for need in change.depends_on:
            if need in users:
                users[need].append(change.address)
    return {address: tuple(found) for address, found in users.items()}


def _message(run: Run) -> str:
    """What a dashboard's version says: the run, and the commit it came from."""
    return f"ggrec run {run.id}" + (f", commit {run.commit}" if run.commit else "")

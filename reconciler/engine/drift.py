"""`ggrec drift`: what somebody changed outside, save by save, and how long it has been so.

Reads only: it is handed a reader, takes no lock and stores no state. Whoever calls it keeps the life of drift.
"""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.acknowledgement import Acknowledgement
from reconciler.core.address import Address
from reconciler.core.description import DELETED, described
from reconciler.core.diff import Edit, Op, diff, overlap
from reconciler.core.drift import DriftReport, Finding, Life, News, Seen, Step, pending_of
from reconciler.core.errors import BodyLost, ServerError
from reconciler.core.json import JsonObject, as_object, digest, same
from reconciler.core.kind import Kind
from reconciler.core.plan import Drift
from reconciler.core.ports import Reader
from reconciler.core.resource import KeptVersion
from reconciler.core.semantic import Row, value_at
from reconciler.core.undo import after_of
from reconciler.engine.ignoring import Ignoring
from reconciler.engine.inputs import Inputs
from reconciler.engine.planning import compute_plan
from reconciler.engine.timed import TimedReader

_DAY = timedelta(days=1)
_AT_ONCE = 2
"""Histories asked for side by side: their answers are large."""


async def find_drift(inputs: Inputs, *, at: str, life: Life) -> DriftReport:
    """One check. `at` is now; `life` what the last one left."""
    full = inputs.options.full or _older_than_a_day(life.full, at)
    inputs = replace(inputs, options=replace(inputs.options, full=full))
    plan = await compute_plan(inputs)
    reader, gate = TimedReader(inputs.reader, inputs.budget), asyncio.Semaphore(_AT_ONCE)
    given = inputs.options.acknowledged

    async def one(drift: Drift) -> Finding:
        async with gate:
            return await _finding(drift, reader, inputs)

    found = await asyncio.gather(*(one(drift) for drift in plan.drift if drift.outcome != "settled"))
    findings = tuple(_aged(item, life, at, given) for item in found)
    return DriftReport(
        plan,
        at,
        findings,
        pending_of(plan),
        () if plan.unreadable else _recovered(life, findings, plan.held),
        life.checked,
        full=at if full and not plan.unreadable else life.full,
        untold=life.untold,
    )


def _older_than_a_day(when: str, now: str) -> bool:
    """Of two times of RFC 3339; what is not known is older. Daily, nothing verified earlier is relied on."""
    return not when or datetime.fromisoformat(now) - datetime.fromisoformat(when) > _DAY


def remembered(report: DriftReport, life: Life, *, untold: bool = False) -> Life:
    """What to keep for the next check. Where something could not be read, what was known of it stays. `untold`: a
    webhook did not take what there is to tell.
    """
    seen = {str(item.address): item.seen for item in report.findings}
    gone = {address for address, _ in report.recovered}
    kept = {address: item for address, item in life.seen.items() if address not in seen and address not in gone}
    return Life(seen | kept, report.at, report.full, untold)


def _recovered(life: Life, findings: Iterable[Finding], held: Iterable[Address]) -> tuple[tuple[str, Seen], ...]:
    """What was different and is no longer. What an apply left in Grafana is different still: it is listed as held."""
    now = {*(str(item.address) for item in findings), *map(str, held)}
    return tuple((address, seen) for address, seen in sorted(life.seen.items()) if address not in now)


def _aged(item: Finding, life: Life, at: str, given: Iterable[Acknowledgement]) -> Finding:
    drift = item.drift
    shown = [[str(edit.path), str(edit.op), edit.before, edit.after] for edit in drift.edits]
    content = digest({"edits": shown, "gone": drift.gone})
    before = life.seen.get(str(drift.address))
    expired = tuple(a for a in given if a.address == drift.address and not a.holds(at))
    if before is None:
        return replace(item, news=News.NEW, seen=Seen(at, at, 1, content), expired=expired)
    news = News.SAME if before.content == content else News.CHANGED
    return replace(item, news=news, seen=Seen(before.first, at, before.times + 1, content), expired=expired)


async def _finding(drift: Drift, reader: Reader, inputs: Inputs) -> Finding:
    since, kind = drift.version_before, inputs.registry[drift.address.kind]
    if drift.gone:
        return Finding(drift, unattributed=drift.edits, rows=(DELETED,))
    rows = _in_words(drift.edits, drift, inputs)
    if since is None or not drift.edits:
        return Finding(drift, unattributed=drift.edits, rows=rows, unattributed_rows=rows)
    try:
        kept = await reader.ask(kind.kept_versions(reader.server, drift.uid, since))
    except ServerError:
        kept = ()  # not being told who it was does not make the drift less true
    if drift.version_after is not None:
        kept = tuple(item for item in kept if item.number <= drift.version_after)
    steps = _steps(_concern(kind, drift, inputs), kept)
    told = [edit.path for step in steps for edit in step.edits]
    left = tuple(edit for edit in drift.edits if not any(overlap(edit.path, path) for path in told))
    return Finding(drift, steps, left, rows, _in_words(left, drift, inputs))


def _in_words(edits: tuple[Edit, ...], drift: Drift, inputs: Inputs) -> tuple[Row, ...]:
    """Some edits of a drift in words; what was observed, where it is stored still, gives both of their sides."""
    kind, entry = inputs.registry[drift.address.kind], inputs.state.resources.get(drift.address)
    if not edits:
        return ()
    try:
        observed = inputs.store.get(entry.observed) if entry is not None and entry.observed is not None else None
    except BodyLost:
        observed = None
    if observed is None:
        return described(kind, edits)
    before = kind.normalise(observed)
    if any(e.op in {Op.CHANGE, Op.REMOVE} and not same(value_at(before, e.path), e.before) for e in edits):
        return described(kind, edits)  # an edit that was held for a while is observed already
    return described(kind, edits, before, as_object(after_of(before, edits)))


class _Concern(Struct, frozen=True):
    """What of an object concerns the author, by what was applied and by its lifecycle; `authored` None: all of it."""

    kind: Kind
    authored: JsonObject | None
    ignoring: Ignoring | None

    def step(self, before: KeptVersion, after: KeptVersion) -> Step:
        """One save, with what of it is drift."""
        old, new = self.kind.normalise(before.attributes), self.kind.normalise(after.attributes)
        if self.ignoring is not None:
            new = self.ignoring.as_in(new, old)
        if self.authored is not None:
            old, new = self.kind.project(old, self.authored), self.kind.project(new, self.authored)
        edits = diff(old, new, identities=self.kind.identities)
        rows = described(self.kind, edits, old, new)
        return Step(before.number, after.number, after.who, after.when, after.message, edits, rows)


def _concern(kind: Kind, drift: Drift, inputs: Inputs) -> _Concern:
    entry = inputs.state.resources.get(drift.address)
    resource = next((item for item in inputs.resources if item.address == drift.address), None)
    try:
        applied = inputs.store.get(entry.applied) if entry is not None and entry.applied is not None else None
    except BodyLost:
        applied = None
    ignoring = None
    if resource is not None:
        ignoring = Ignoring(kind, resource.lifecycle, kind.normalise(resource.attributes))
    return _Concern(kind, None if applied is None else kind.normalise(applied), ignoring)


def _steps(concern: _Concern, kept: tuple[KeptVersion, ...]) -> tuple[Step, ...]:
    return tuple(concern.step(before, after) for before, after in pairwise(kept))

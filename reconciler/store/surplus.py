"""What a store holds that nobody needs any more: old runs' records, and bodies that neither the state nor the way back
from a kept run names.

Records go first, bodies after: whatever ends it in between leaves no record whose bodies are missing, only bodies that
the next time frees. Where anything cannot be read nothing is freed, for it may be what names them.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from reconciler.core.errors import GgrecError
from reconciler.core.json import as_list, text_of
from reconciler.core.state import Run, State
from reconciler.store.journal import PREFIX
from reconciler.store.state_store import StateStore, object_key

_RUNS, _OBJECTS = "runs/", "objects/"
_BODY = re.compile(r"objects/[0-9a-f]{2}/[0-9a-f]{38}\.json\.gz\Z")
_NAMED = re.compile(r"\b[0-9a-f]{40}\b")
"""A digest in a note: where records had no sides, that is where a body is named."""


class Keeping(Struct, frozen=True):
    """Which runs stay: the last so many, and those not older than so many days (None: age does not matter)."""

    runs: int
    days: float | None = None


class Surplus(Struct, frozen=True):
    """What can go: runs, oldest first, keys of bodies, and their bytes together; and how much stays."""

    runs: tuple[Run, ...] = ()
    bodies: tuple[str, ...] = ()
    bytes: int = 0
    runs_kept: int = 0
    bodies_kept: int = 0

    @property
    def keys(self) -> tuple[str, ...]:
        """All of it, in the order in which it may go."""
        return (*(f"{_RUNS}{run.id}.json" for run in self.runs), *self.bodies)


def surplus(store: StateStore, keeping: Keeping, now: str) -> Surplus:
    """What is not needed. Changes nothing; `now` is RFC 3339. Raises GgrecError where something cannot be read."""
    state = store.load()
    if state is None:
        hint = "`ggrec apply`, `pull` or `import` begin one"
        raise GgrecError.one("no-state", f"there is no state in {store.location} yet", hint=hint)
    index = store.read_index()
    under_way = {found.run for key in store.blobs.list(PREFIX) for found in store.read_journal(key)}
    runs = store.runs()
    stay = _kept(runs, keeping, now, under_way)
    needed = {*_of_state(state), *(digest for run in stay for digest in _of_run(run))}
    needed |= set(_of_state(index.state)) if index is not None else set()
    there, records = store.blobs.sizes(_OBJECTS), store.blobs.sizes(_RUNS)
    keep = set(map(object_key, needed))
    bodies = tuple(key for key in there if key not in keep and _BODY.match(key))
    names = {run.id for run in stay}
    gone = tuple(run for run in runs if run.id not in names)
    freed = sum(there[key] for key in bodies) + sum(records.get(f"{_RUNS}{run.id}.json", 0) for run in gone)
    return Surplus(gone, bodies, freed, len(stay), len(there) - len(bodies))


def _kept(runs: Sequence[Run], keeping: Keeping, now: str, under_way: set[str]) -> list[Run]:
    """The runs that stay; one whose journal is still there always does."""
    last = {run.id for run in runs[-keeping.runs :]} if keeping.runs else set()
    since = _moment(now) - timedelta(days=keeping.days) if keeping.days is not None else None
    return [
        run
        for run in runs
        if run.id in last | under_way or (since is not None and _moment(run.ended or run.started) >= since)
    ]


def _of_state(state: State) -> Iterator[str]:
    for entry in state.resources.values():
        yield from (digest for digest in (entry.applied, entry.observed) if digest is not None)
    yield from (intent.target for intent in state.intents.values() if intent.target is not None)


def _of_run(run: Run) -> Iterator[str]:
    plan = run.plan
    yield from (text_of(name) for name in (plan.get("body"), *as_list(plan.get("bodies"))) if name)
    for outcome in run.outcomes:
        for side in (outcome.before, outcome.after):
            yield from side.bodies if side is not None else ()
        for note in outcome.notes:
            yield from _NAMED.findall(note)


def _moment(text: str) -> datetime:
    try:
        when = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)  # of unknown age: it stays
    return when if when.tzinfo else when.replace(tzinfo=UTC)

"""Whether everything that a state needs is there and undamaged, and setting aside what is not."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from msgspec import Struct, field

from reconciler.core.address import Address
from reconciler.core.errors import BodyLost, Diagnostic, GgrecError
from reconciler.core.state import State, verify
from reconciler.store.behind import Behind
from reconciler.store.journal import PREFIX, Segment, worked_in
from reconciler.store.planfile import USED
from reconciler.store.state_store import STATE, StateStore, object_key

ASIDE = "damaged/"
T = TypeVar("T")
S = TypeVar("S")


class Report(Struct, frozen=True):
    """What was found. `state` is the index with all readable journals (None: no readable index)."""

    state: State | None
    bodies: int = 0
    orphans: int = 0
    runs: int = 0
    journals: int = 0
    lost: dict[str, tuple[Address, ...]] = field(default_factory=dict)
    """digest → the objects whose body it is"""
    torn: tuple[str, ...] = ()
    """keys of the journal that cannot be read"""
    problems: tuple[Diagnostic, ...] = ()

    @property
    def unobserved(self) -> tuple[Address, ...]:
        """The objects that lost a body."""
        return tuple(sorted({address for addresses in self.lost.values() for address in addresses}))


def inspect(store: StateStore) -> Report:
    """Read everything once. Changes nothing, takes no lock; raises StoreFailed where the place cannot be read."""
    side = Behind(store.blobs.workers)
    problems: list[Diagnostic] = []
    index = _tried(store.read_index, problems)
    keys = store.blobs.list(PREFIX)
    read = side.all(lambda key: (key, *_attempted(store.read_journal, key)), keys)
    torn = tuple(key for key, _, problem in read if problem is not None)
    problems += [problem for _, _, problem in read if problem is not None]
    runs = len(store.blobs.list("runs/"))
    if index is None:
        if not problems and (keys or runs):
            hint = "`ggrec state push FILE` puts back what `ggrec state pull` saved"
            problems.append(Diagnostic("state-lost", f"{store.location} has runs but no {STATE}", hint))
        return Report(None, runs=runs, journals=len(keys), torn=torn, problems=tuple(problems))
    segments: list[Segment] = [segment for _, found, _ in read for segment in found or ()]
    state = worked_in(index.state, segments, index.included)
    try:
        verify(state)
    except GgrecError as error:
        problems += error.diagnostics
    needed = _needed(state)
    checked = side.all(lambda digest: (digest, _body_problem(store, digest)), sorted(needed))
    lost = {digest: needed[digest] for digest, problem in checked if problem is not None}
    problems += [_for(needed[digest], problem) for digest, problem in checked if problem is not None]
    there = store.blobs.list("objects/")
    orphans = len(set(there) - {object_key(digest) for digest in needed})
    return Report(state, len(needed), orphans, runs, len(keys), lost, torn, tuple(problems))


def _needed(state: State) -> dict[str, tuple[Address, ...]]:
    found: dict[str, set[Address]] = {}
    for address, entry in state.resources.items():
        for digest in (entry.applied, entry.observed):
            if digest is not None:
                found.setdefault(digest, set()).add(address)
    for address, intent in state.intents.items():
        if intent.target is not None:
            found.setdefault(intent.target, set()).add(address)
    return {digest: tuple(sorted(addresses)) for digest, addresses in found.items()}


def _body_problem(store: StateStore, digest: str) -> Diagnostic | None:
    try:
        store.get(digest)
    except BodyLost as error:
        return error.diagnostics[0]
    return None


def _for(addresses: tuple[Address, ...], problem: Diagnostic) -> Diagnostic:
    return Diagnostic(problem.code, problem.message, problem.hint, subject=", ".join(map(str, addresses)))


def _tried(call: Callable[[], T], problems: list[Diagnostic]) -> T | None:
    result, problem = _attempted(lambda _: call(), None)
    if problem is not None:
        problems.append(problem)
    return result


def _attempted(call: Callable[[S], T], argument: S) -> tuple[T | None, Diagnostic | None]:
    try:
        return call(argument), None
    except GgrecError as error:
        if error.diagnostics[0].code.startswith("state-"):  # the place fails, not what lies there
            raise
        return None, error.diagnostics[0]


def repair(store: StateStore, report: Report) -> State | None:
    """Set aside what cannot be read, below `damaged/`, and let the next plan observe anew what lost its body. Under the
    lock; the state as it is stored after (None: there was nothing to do).
    """
    keys = [*report.torn, *(object_key(digest) for digest in report.lost)]
    if not keys:
        return None
    for key in keys:
        found = store.blobs.read(key)
        if found is not None:
            store.blobs.put(f"{ASIDE}{key}", found.data)
    store.blobs.delete(keys)
    state = store.load()
    return store.save(state.unobserved(report.unobserved)) if state is not None else None


def copy(source: StateStore, target: StateStore) -> tuple[State, int]:
    """Everything into an empty place, or one that has an older index of the same lineage: bodies and runs first, the
    index last. The index as stored there, and how many objects were copied. Both locks must be held.

    Raises GgrecError where the target holds something else.
    """
    state = source.load()
    if state is None:
        hint = "`ggrec apply`, `pull` or `import` begin one"
        raise GgrecError.one("no-state", f"there is no state in {source.location} yet", hint=hint)
    there = target.read_index()
    if there is not None and there.state.lineage != state.lineage:
        hint = "name an empty place; nothing was copied"
        raise GgrecError.one("other-lineage", f"{target.location} holds the state of another project", hint=hint)
    if there is not None and there.state.serial > state.serial:
        text = f"{target.location} has serial {there.state.serial}, newer than the {state.serial} of {source.location}"
        raise GgrecError.one("newer-there", text, hint="use that one: name it as `state`; nothing was copied")
    side = Behind(target.blobs.workers)
    known = set(target.blobs.list("objects/"))
    keys = [key for key in source.blobs.list("objects/") if key not in known]
    keys += [*source.blobs.list("runs/"), *source.blobs.list(USED)]
    side.all(lambda key: _copy_one(source, target, key), keys)
    return target.restore(state), len(keys)


def _copy_one(source: StateStore, target: StateStore, key: str) -> None:
    found = source.blobs.read(key)
    if found is not None:
        target.blobs.put(key, found.data)


def missing_bodies(store: StateStore, state: State) -> Sequence[tuple[str, tuple[Address, ...]]]:
    """Bodies that this state needs and that are not there, with whose they are."""
    there = set(store.blobs.list("objects/"))
    return [(digest, whose) for digest, whose in sorted(_needed(state).items()) if object_key(digest) not in there]

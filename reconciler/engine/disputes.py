"""An object that somebody changed between the plan and its apply: say what they did, and settle it as was asked.

Reads only; what is settled is written by carry, which looks once more before.
"""

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.address import Address
from reconciler.core.conflicts import ChangedSincePlan, Meanwhile, OnConflict, Policy
from reconciler.core.description import described
from reconciler.core.diff import Edit, diff, format_edit_path
from reconciler.core.errors import AlreadyExists, ChangedMeanwhile, Conflict, Diagnostic, GgrecError, ServerError
from reconciler.core.json import digest
from reconciler.core.kind import Kind
from reconciler.core.plan import Action, Change, Precondition
from reconciler.core.ports import Reader, Store
from reconciler.core.resource import Attribution, LiveObject
from reconciler.core.semantic import Row
from reconciler.core.state import Held, ResourceState
from reconciler.engine.drifted import merge_live, said
from reconciler.engine.situation import precondition_of

_WAYS = "`ggrec plan` shows it as drift now; --on-conflict {0}=ours, =theirs or =merge decides it, in plan and in apply"


class Settled(Struct, frozen=True):
    """What is to be written instead (None: nothing), and what to tell about it."""

    change: Change | None
    note: str


class Disputes:
    """For one run. `known` are the edits that the plan shows already, by address."""

    def __init__(self, reader: Reader, store: Store, policy: Policy, known: Mapping[Address, tuple[Edit, ...]]) -> None:
        self._reader = reader
        self._store = store
        self._policy = policy
        self._known = known

    async def told(
        self, change: Change, kind: Kind, entry: ResourceState | None, live: LiveObject | None
    ) -> ChangedSincePlan:
        """The conflict about an object that is now `live`: who did what to it since the plan was made."""
        before = change.precondition.version
        where = change.resource.source if change.resource is not None else None
        if live is None:
            meanwhile, text = Meanwhile("deleted", version_before=before), "was deleted since the plan was made"
        else:
            by = await self._by(change, kind, live)
            edits, rows = self._edits(change, kind, entry, live)
            meanwhile = Meanwhile("changed", edits, by, before, live.version, rows)
            text = f"was changed{_who(by)} since the plan was made"
            if before is not None and live.version is not None:
                text += f" (version {before} → {live.version})"
            text += "".join(f', "{message}"' for message in by.messages[:3])
        hint = _WAYS.format(change.address)
        found = Diagnostic("changed-since-plan", text, hint, where, str(change.address))
        return ChangedSincePlan((found,), meanwhile=meanwhile)

    async def _by(self, change: Change, kind: Kind, live: LiveObject) -> Attribution:
        try:
            return await self._reader.ask(kind.attribution(self._reader.server, live, change.precondition.version))
        except ServerError:
            return Attribution()  # not being told who it was does not make it less of a conflict

    def _edits(
        self, change: Change, kind: Kind, entry: ResourceState | None, live: LiveObject
    ) -> tuple[tuple[Edit, ...], tuple[Row, ...]]:
        if entry is None or entry.observed is None:
            return (), ()
        observed, present = kind.normalise(self._store.get(entry.observed)), kind.normalise(live.attributes)
        if change.resource is not None:
            wanted = kind.normalise(change.resource.attributes)
            observed, present = kind.project(observed, wanted), kind.project(present, wanted)
        known = self._known.get(change.address, ())
        edits = tuple(edit for edit in diff(observed, present, identities=kind.identities) if edit not in known)
        return edits, described(kind, edits, observed, present)

    def settled(
        self, error: ChangedSincePlan, change: Change, kind: Kind, entry: ResourceState | None, live: LiveObject | None
    ) -> Settled:
        """What was asked for this address. Raises `error` where it stops, also where a merge has conflicts."""
        way = self._policy(change.address)
        whose = f"{error.meanwhile.by.who}'s" if error.meanwhile.by.who else "the other"
        if way is OnConflict.THEIRS:
            return Settled(None, f"left as it is, with {whose} edit: the next plan shows it")
        if way is OnConflict.STOP or (live is not None and live.manager is not None):
            raise error
        if live is None:
            if change.action is Action.DELETE:
                return Settled(change, "it was deleted already")
            if way is OnConflict.MERGE:
                raise error
            return Settled(replace(change, precondition=Precondition(absent=True)), "created again: it was deleted")
        aimed = replace(change, precondition=precondition_of(kind, live, change.applied))
        if way is OnConflict.OURS:
            return Settled(aimed, f"written over {whose} edit")
        if change.resource is None:
            raise error  # there is no way to delete and to keep
        return self._merged(error, aimed, kind, entry, live)

    def _merged(
        self, error: ChangedSincePlan, change: Change, kind: Kind, entry: ResourceState | None, live: LiveObject
    ) -> Settled:
        if entry is None or entry.observed is None or change.resource is None:
            raise error
        observed = kind.normalise(self._store.get(entry.observed))
        merged = merge_live(kind, change.resource, observed, live)
        if merged.conflicts:
            both = "; ".join(
                f"{kind.place(item.path)}: was {said(item.base)}, declared {said(item.mine)}, "
                f"Grafana has {said(item.theirs)}"
                for item in merged.conflicts
            )
            found = error.diagnostics[0]
            text = f"{found.message}; both changed {both}"
            raise ChangedSincePlan((replace(found, message=text),), meanwhile=error.meanwhile)
        by = error.meanwhile.by
        kept = tuple(
            Held(format_edit_path(edit.path), by.who or "", by.when or "", "--on-conflict merge")
            for edit in merged.taken
        )
        sent = replace(change.resource, attributes=merged.value)
        again = {item.path for item in kept}
        held = (*(item for item in change.held if item.path not in again), *kept)
        change = replace(change, resource=sent, held=held)
        places = dict.fromkeys(kind.place(edit.path) for edit in merged.taken)
        return Settled(change, f"merged: keeps {', '.join(places) or 'nothing of theirs'}")


def kept(entry: ResourceState | None, live: LiveObject, store: Store) -> str | None:
    """The digest of what a write is about to replace, stored. An object that was only counted (its attributes left out
    because its revision is the observed one) is as it was observed.
    """
    if not live.attributes:
        return entry.observed if entry is not None else None
    found = digest(live.attributes)
    return found if entry is not None and entry.observed == found else store.put(live.attributes)


def overwritten(entry: ResourceState | None, live: LiveObject, before: str | None) -> tuple[str, ...]:
    """Where to find what a write is about to replace, if it is not what the last apply left; `before` is its digest."""
    if before is None or (entry is not None and entry.observed == before):
        return ()
    if live.version is not None:
        known = entry is not None and entry.revision == live.revision
        return () if known else (f"what it replaced is version {live.version} in Grafana's own history",)
    return (f"what it replaced is kept: `ggrec state body {before}`",)


def _who(by: Attribution) -> str:
    return (f" by {by.who}" if by.who else "") + (f" at {by.when}" if by.when else "")


def as_conflict(error: ServerError, change: Change) -> GgrecError:
    """Where somebody was faster, a conflict; any other refusal is the object's failure as it is."""
    if isinstance(error, (ChangedMeanwhile, AlreadyExists)):
        item = error.diagnostics[0]
        return conflict(item.code, f"{change.address}: {item.message}", change)
    return error


def conflict(code: str, text: str, change: Change) -> Conflict:
    """A conflict about one object, with the way forward."""
    hint = "plan again: `ggrec plan` shows what is there now"
    where = change.resource.source if change.resource is not None else None
    return Conflict((Diagnostic(code, text, hint, where, str(change.address)),))

"""What undoing a run comes to, object by object, from its record and the state: what goes back to its content before,
what is created again, what is deleted, and what later runs stand in the way of. Pure.

Must not ask Grafana: what people changed since is found by the plan that is made of this (see rolling_back).
"""

from collections.abc import Sequence
from typing import Never

from msgspec.structs import replace

from reconciler.core.address import Address
from reconciler.core.conflicts import OnConflict, Policy
from reconciler.core.diff import diff
from reconciler.core.errors import BodyLost, Diagnostic
from reconciler.core.json import JsonObject
from reconciler.core.kind import Kind
from reconciler.core.merge import merge
from reconciler.core.plan import Action
from reconciler.core.resource import Lifecycle, OnDrift, Resource
from reconciler.core.state import Outcome, ResourceState, Run, Side, side_of
from reconciler.engine.taken_back import BEFORE_RECORDS, Meant, content_before, done_by, told_edits, touched_by
from reconciler.engine.undo import SINCE, Known, Undo, stays_in


class _Left(Exception):
    """One object is left as it is."""

    def __init__(self, why: str, hint: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.hint = hint


class _Stands(Exception):
    """One object cannot be undone as it is."""

    def __init__(self, *found: Diagnostic) -> None:
        super().__init__(found)
        self.found = found


def undo_run(run: Run, chosen: Sequence[Outcome], known: Known, policy: Policy) -> Undo:
    """What undoing these outcomes of a run comes to."""
    undoing = _Undoing(run, known, policy)
    for outcome in chosen:
        undoing.take(outcome)
    return undoing.result()


def wanted_versions(chosen: Sequence[Outcome], known: Known) -> dict[Address, int]:
    """The versions that must be asked of the server: of what the record has no body of, or a lost one."""
    found: dict[Address, int] = {}
    for outcome in chosen:
        if outcome.result != "done" or outcome.version_before is None or outcome.action != Action.UPDATE:
            continue
        try:
            if outcome.before is None:
                raise BodyLost.one("no-record", BEFORE_RECORDS)
            content_before(known.registry[outcome.address.kind], outcome.before, outcome.after, known.bodies)
        except BodyLost:
            found[outcome.address] = outcome.version_before
    return found


class _Undoing:
    def __init__(self, run: Run, known: Known, policy: Policy) -> None:
        self.run = run
        self.known = known
        self.policy = policy
        self.resources: dict[Address, Resource] = {}
        self.deletes: set[Address] = set()
        self.reasons: dict[Address, str] = {}
        self.notes: dict[Address, tuple[str, ...]] = {}
        self.left: list[Diagnostic] = []
        self.refusals: list[Diagnostic] = []

    def result(self) -> Undo:
        """All of it, checked for what is needed and gone."""
        self.refusals += self._needs_gone()
        return Undo(
            f"run {self.run.id}",
            dict(sorted(self.resources.items())),
            frozenset(self.deletes),
            self.reasons,
            self.notes,
            tuple(self.left),
            tuple(self.refusals),
        )

    def take(self, outcome: Outcome) -> None:
        """One outcome."""
        if outcome.action in {Action.FORGET, Action.NO_OP}:
            return
        subject = str(outcome.address)
        try:
            if outcome.result != "done":
                if outcome.result == "failed":
                    why = "the run's write of it failed, and what came of that is not undone"
                    raise _Left(why, "`ggrec plan` shows it")
                return
            if outcome.address.kind not in self.known.registry:
                raise _Left("its kind is not installed")
            self._undo(outcome, self.known.registry[outcome.address.kind])
        except _Left as found:
            self.left.append(Diagnostic("left-as-it-is", found.why, found.hint, subject=subject))
        except _Stands as found:
            if self.policy(outcome.address) is OnConflict.THEIRS:
                self.left += (replace(item, code="left-as-it-is", hint="") for item in found.found)
            else:
                self.refusals += found.found

    def _undo(self, outcome: Outcome, kind: Kind) -> None:
        before, after = self._sides(outcome)
        if before is None and after is not None:
            self._take_away(outcome, after)
        elif before is not None and after is None:
            self._bring_back(kind, outcome, before)
        elif before is not None and after is not None:
            self._put_back(kind, outcome, before, after)

    def _sides(self, outcome: Outcome) -> tuple[Side | None, Side | None]:
        """Both sides; of an older record, as far as it can be told."""
        if outcome.before is not None or outcome.after is not None:
            return outcome.before, outcome.after
        entry = self.known.state.resources.get(outcome.address)
        again = touched_by(self.known.later, outcome.address)
        after = side_of(entry, entry.observed) if entry is not None and not again else None
        if outcome.action == Action.CREATE and (after is not None or entry is None):
            if entry is None:
                raise _Left("is gone already")
            return None, after
        if outcome.address in self.known.versions and entry is not None:
            if entry.version != outcome.version_after:
                self._stop(outcome.address, self._again(outcome.address, entry, None))
            after = side_of(entry, entry.observed)
            return replace(after, body=None, version=outcome.version_before), after
        text = f"the run's {outcome.action} of it cannot be undone from here: {BEFORE_RECORDS}"
        raise _Stands(Diagnostic("not-undoable", text, "put the files back and apply", subject=str(outcome.address)))

    def _now(self, address: Address, uid: str) -> tuple[Address, ResourceState | None]:
        """Under which address the state has the object now."""
        resources = self.known.state.resources
        if address in resources:
            return address, resources[address]
        owner = next((a for a, e in resources.items() if a.kind == address.kind and e.uid == uid), address)
        return owner, resources.get(owner)

    def _take_away(self, outcome: Outcome, after: Side) -> None:
        """It was created: it is deleted."""
        here, entry = self._now(outcome.address, after.uid)
        if entry is None:
            raise _Left(self._later("is gone already", "deleted", outcome.address))
        if entry.uid != after.uid or entry.applied != after.applied:
            self._ask(here, self._again(here, entry, after), merges=False)
        self.deletes.add(here)
        self.reasons[here] = f"was created by run {self.run.id}"
        if self.known.registry[here.kind].always_there:
            self.notes[here] = ("what the run had set is taken away; what Grafana had given itself is not given again",)

    def _bring_back(self, kind: Kind, outcome: Outcome, before: Side) -> None:
        """It was deleted: it is created again."""
        if before.body is None:
            raise _Left("was gone already when the run came to it")
        here, entry = self._now(outcome.address, before.uid)
        if entry is not None:
            called = f" as {here}" if here != outcome.address else ""
            raise _Left(self._later(f"is there again{called}", "made", here))
        meant = self._content(kind, outcome, before, None)
        resource = self._resource(here, kind.uid(here.name, before.uid), meant.attributes, before)
        self._needs_secrets(resource, before)
        if self.policy(here) is OnConflict.OURS:
            resource = replace(resource, lifecycle=replace(resource.lifecycle, adopt=True))
        self.resources[here] = resource
        self.reasons[here] = f"was deleted by run {self.run.id}"
        notes = [*meant.notes]
        if resource.uid is None and not kind.always_there:
            notes.append(f"Grafana gives it a new uid: {before.uid} is gone")
        if before.version is not None:
            notes.append("begins at version 1 again: its versions before went with it")
        self.notes[here] = tuple(notes)

    def _put_back(self, kind: Kind, outcome: Outcome, before: Side, after: Side) -> None:
        """It was changed (or replaced, or taken over): it becomes what it was."""
        here, entry = self._now(outcome.address, after.uid)
        if entry is None:
            text = self._later("is not there any more", "deleted", outcome.address)
            self._ask(here, text, merges=False)
            raise _Left(text)
        if outcome.action == Action.ADOPT and before.body == after.body:
            raise _Left("was only taken over", f"`ggrec state rm {here}` lets it go without deleting it")
        notes = list(self._secret_notes(outcome, before))
        if before.uid == after.uid and (before.body, before.applied) == (after.body, after.applied) and before.body:
            raise _Left("its content is as it was" + "".join(f"; {note}" for note in notes))
        meant = self._content(kind, outcome, before, after)
        applied = self.known.bodies(entry.applied) if entry.applied is not None else {}
        if entry.applied != after.applied or entry.uid != after.uid:
            if before.uid == after.uid and not self._differs(kind, meant.attributes, applied):
                raise _Left(self._later("is as it was before already", "put back", here))
            meant = self._over_later(kind, here, entry, after, meant)
        attributes = meant.attributes
        home, was = kind.container(applied), kind.container(attributes)
        if home is not None and home != was:
            attributes = kind.placed(attributes, home)
            notes.append(stays_in(home))
        uid = kind.uid(here.name, before.uid)
        resource = self._resource(here, uid, attributes, before)
        self._needs_secrets(resource, before, after)
        self.resources[here] = resource
        self.reasons[here] = f"back to what it was before run {self.run.id}"
        self.notes[here] = (*meant.notes, *notes)

    def _content(self, kind: Kind, outcome: Outcome, before: Side, after: Side | None) -> Meant:
        version = self.known.versions.get(outcome.address)
        try:
            return content_before(kind, before, after, self.known.bodies)
        except BodyLost as error:
            entry = self.known.state.resources.get(outcome.address)
            if version is None or entry is None or entry.applied is None:
                found = replace(error.diagnostics[0], subject=str(outcome.address))
                raise _Stands(found) from None
            return Meant({**self.known.bodies(entry.applied), **version.attributes})

    def _over_later(self, kind: Kind, here: Address, entry: ResourceState, after: Side, meant: Meant) -> Meant:
        """A later run changed it too: what it changed stays where that was asked for, and nobody's word is guessed."""
        text = self._again(here, entry, after)
        if not self._ask(here, text, merges=True):
            return meant
        if entry.applied is None or after.applied is None or entry.uid != after.uid:
            self._stop(here, text)
        base, theirs = (kind.normalise(self.known.bodies(name)) for name in (after.applied, entry.applied))
        mine = kind.normalise(meant.attributes)
        found = merge(base, mine, theirs, identities=kind.identities, wholes=kind.wholes)
        if found.conflicts:
            paths = told_edits(
                kind, diff(base, theirs, identities=kind.identities), [item.path for item in found.conflicts]
            )
            self._stop(here, f"{text}; both changed {paths}")
        return Meant(found.value, (*meant.notes, "keeps what later runs changed"))

    def _ask(self, here: Address, text: str, *, merges: bool) -> bool:
        """What was asked for, or what the lifecycle says: True to merge, False to go over it. Raises where it is left,
        or stops.
        """
        way = self.policy(here)
        resource = self.known.declared.get(here)
        merging = resource is not None and resource.lifecycle.on_drift is OnDrift.MERGE
        if way is OnConflict.THEIRS:
            raise _Left(text)
        if way is OnConflict.OURS:
            return False
        if merges and (way is OnConflict.MERGE or (way is OnConflict.STOP and merging)):
            return True
        self._stop(here, text, merges=merges)

    def _stop(self, here: Address, text: str, *, merges: bool = True) -> Never:
        hint = f"--on-conflict {here}=ours goes over it, =theirs leaves it out of this"
        hint += ", =merge keeps both where they do not touch" if merges else ""
        raise _Stands(Diagnostic(SINCE, text, hint, subject=str(here)))

    def _again(self, here: Address, entry: ResourceState, after: Side | None) -> str:
        """That a later run changed it: which, whose, and what."""
        text = done_by("was changed again", touched_by(self.known.later, here)) or "was changed again"
        if after is None or after.applied is None or entry.applied is None:
            return text
        kind = self.known.registry[here.kind]
        old, new = (kind.normalise(self.known.bodies(name)) for name in (after.applied, entry.applied))
        edits = told_edits(kind, diff(old, new, identities=kind.identities))
        return f"{text}: {edits}" if edits else text

    def _later(self, text: str, what: str, address: Address) -> str:
        """With the later runs that did it."""
        by = done_by(what, touched_by(self.known.later, address)[-1:])
        return f"{text}, {by}" if by else text

    def _differs(self, kind: Kind, one: JsonObject, other: JsonObject) -> bool:
        home = kind.container(other)
        placed = kind.placed(one, home) if home is not None else one
        return bool(diff(kind.normalise(placed), kind.normalise(other), identities=kind.identities))

    def _resource(self, here: Address, uid: str | None, attributes: JsonObject, before: Side) -> Resource:
        """The object as it shall be, with the lifecycle and the references of what is declared, where it still is."""
        now = self.known.declared.get(here)
        lifecycle = now.lifecycle if now is not None else Lifecycle(prevent_destroy=before.protected)
        if lifecycle.on_drift is not OnDrift.MERGE:
            lifecycle = replace(lifecycle, on_drift=OnDrift.FAIL)
        references = now.secrets if now is not None else {}
        return Resource(
            here,
            uid,
            attributes,
            {name: references[name] for name in before.secrets if name in references},
            before.depends_on,
            lifecycle,
            now.source if now is not None else None,
        )

    def _needs_secrets(self, resource: Resource, before: Side, after: Side | None = None) -> None:
        """Refuse where Grafana does not hold a secret any more, and no file says where it is to be had."""
        held = set(after.secrets) if after is not None and after.uid == before.uid else set()
        missing = sorted(set(before.secrets) - set(resource.secrets) - held)
        if missing:
            text = f"needs {', '.join(missing)}, which ggrec does not store and no file declares"
            hint = f"declare {resource.address} with its secrets again (as references), then roll back; or leave it "
            hint += f"out: --on-conflict {resource.address}=theirs"
            raise _Stands(Diagnostic("secret-needed", text, hint, subject=str(resource.address)))

    def _secret_notes(self, outcome: Outcome, before: Side) -> Sequence[str]:
        sent = [name for name in outcome.secrets if name in before.secrets]
        text = f"{', '.join(sent)}: stays as the run sent it, for what it was before is stored nowhere"
        return [text] if sent else []

    def _needs_gone(self) -> list[Diagnostic]:
        """Refusals for what shall be as before, and needs what is not there any more; or it is left, if that was asked
        for.
        """
        while leaving := [item for item in self._in_want() if self.policy(item[0]) is OnConflict.THEIRS]:
            address, need = leaving[0]
            del self.resources[address]
            text = self._later(f"needs {need}, which is gone", "deleted", need)
            self.left.append(Diagnostic("left-as-it-is", text, subject=str(address)))
        found: list[Diagnostic] = []
        for address, need in self._in_want():
            text = self._later(f"needs {need}, which is gone", "deleted", need)
            hint = f"bring {need} back first (roll that run back too, or declare it and apply); or leave this out: "
            hint += f"--on-conflict {address}=theirs"
            found.append(Diagnostic("need-gone", text, hint, subject=str(address)))
        return found

    def _in_want(self) -> list[tuple[Address, Address]]:
        there = {*self.known.state.resources, *self.resources}
        return [(a, need) for a, item in self.resources.items() for need in item.depends_on if need not in there]

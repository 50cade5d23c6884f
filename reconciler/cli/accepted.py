"""All objects whose drift is accepted: their texts one after the other, the proof that the plan is then empty, and only
then the files.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from reconciler.cli.differences import difference_lines
from reconciler.cli.session import Session
from reconciler.cli.taking_in import Surroundings, Taken, take_in
from reconciler.cli.writing import replace_files
from reconciler.core.address import Address
from reconciler.core.desired import Remembered
from reconciler.core.errors import Conflict, Diagnostic, ExitCode, Severity, Unreadable
from reconciler.core.graph import order
from reconciler.core.json import digest
from reconciler.core.plan import Plan
from reconciler.core.resource import Resource
from reconciler.core.selectors import Selector
from reconciler.core.state import State
from reconciler.engine.accepting import Wish, wish_for
from reconciler.engine.inputs import Inputs
from reconciler.engine.planning import compute_plan
from reconciler.engine.timed import TimedReader
from reconciler.engine.titles import titles_of
from reconciler.formatting.formatter import format_file
from reconciler.loader.anew import Anew, body_file
from reconciler.loader.yaml import parse_yaml
from reconciler.render.accepted_view import accepted_json, accepted_lines
from reconciler.render.plan_view import PlanView


class Accepted(Struct, frozen=True):
    """One object that the files say now: in which, and the texts of its links that follow, for they name its title."""

    wish: Wish
    files: tuple[str, ...]
    links: tuple[str, ...] = ()


class Acceptance(Struct, frozen=True):
    """What came of it: by address what the files say now, or the reasons why none does. `follows` are
    declared objects that come to something else with it; of `waits` only texts that name a title do, which wait for
    the next write of their object. `files` by path what they held and what they are to hold.
    """

    accepted: Mapping[Address, Accepted]
    refused: Mapping[Address, tuple[Diagnostic, ...]]
    same: tuple[Address, ...]
    follows: tuple[Address, ...]
    waits: tuple[Address, ...]
    names: Mapping[Path, str]
    files: Mapping[Path, tuple[bytes, bytes]]

    @property
    def exit_code(self) -> ExitCode:
        """0, 6 where a part was refused, 3 where all of it was."""
        if not self.refused:
            return ExitCode.DONE
        return ExitCode.PARTIAL if self.accepted else ExitCode.REFUSED

    def write(self) -> None:
        """Replace the files, all or none. Raises GgrecError."""
        replace_files(self.files)


class Accepting:
    """One call, for `addresses` (none: all drift that is not acknowledged) or a part of one."""

    def __init__(self, session: Session, addresses: Sequence[Address], path: Selector | None) -> None:
        self.session, self.addresses, self.path = session, addresses, path
        loaded, self.before = session.valid()
        self.after = self.before
        self.anew = Anew.of(loaded)
        self.known = self.before.remembered
        self.titles = titles_of(self.before.resources)
        self.accepted: dict[Address, Accepted] = {}
        self.refused: dict[Address, tuple[Diagnostic, ...]] = {}
        self.same: list[Address] = []

    @property
    def resources(self) -> tuple[Resource, ...]:
        """What is declared now."""
        return self.before.resources

    async def run(self, inputs: Inputs) -> Acceptance:
        """Everything but the writing. Raises GgrecError."""
        reader = TimedReader(inputs.reader, inputs.budget)
        for address in self._bases_first(self.addresses or await self._drifted(inputs)):
            wish = await wish_for(address, replace(inputs, reader=reader), inputs.state, self.path)
            if wish is None:
                self.same.append(address)
            elif isinstance(wish, Wish):
                self._take(wish, inputs.state)
            else:
                self.refused[address] = wish
        return await self._result(inputs)

    async def write_in(self, wishes: Sequence[Wish], inputs: Inputs) -> Acceptance:
        """The same for what somebody else knows to be wished. Raises GgrecError."""
        known = {wish.address: wish for wish in wishes}
        for address in self._bases_first(tuple(known)):
            self._take(known[address], inputs.state)
        return await self._result(inputs)

    async def _result(self, inputs: Inputs) -> Acceptance:
        follows, waits = await self._proven(inputs)
        return Acceptance(self.accepted, self.refused, tuple(self.same), follows, waits, *self._files())

    def _bases_first(self, addresses: Sequence[Address]) -> list[Address]:
        """What needs another comes after it, and what roles make after what it is made from: it may follow."""
        known = {item.address: item for item in self.resources if item.address in set(addresses)}
        ordered = order({a: known[a].depends_on if a in known else () for a in addresses})
        made = {address for address, item in known.items() if item.origin}
        return [*(a for a in ordered if a not in made), *(a for a in ordered if a in made)]

    async def _drifted(self, inputs: Inputs) -> list[Address]:
        """All that differs and is not acknowledged, and all that is held. Raises Unreadable."""
        plan = await compute_plan(inputs)
        if plan.unreadable:
            raise Unreadable(plan.unreadable)
        found = {drift.address for drift in plan.drift if drift.outcome not in ("settled", "acknowledged")}
        left = {drift.address for drift in plan.drift if drift.outcome == "acknowledged"}
        held = {a for a, items in plan.held.items() if not all(item.until or item.behind for item in items)}
        return sorted(found | (held - left))

    def _take(self, wish: Wish, state: State) -> None:
        address = wish.address
        around = self._around(wish, state)
        taken = take_in(wish, self.anew, around)
        reasons = taken.reasons or self._sharing(wish, taken)
        if not reasons:
            anew = self.anew.with_texts({file: self._in_style(file, data) for file, data in taken.texts.items()})
            after = self.session.desired.resolved(around.others(anew), around.known)
            reasons = tuple(item for item in after.diagnostics if item.severity is Severity.ERROR)
        if reasons:
            self.refused[address] = reasons
        else:
            self.anew, self.after, self.known = anew, after, after.remembered
            files = tuple(sorted(taken.texts))
            self.accepted[address] = Accepted(wish, files, taken.follows)

    def _in_style(self, file: str, data: bytes) -> bytes:
        """A file that was in the style of `ggrec fmt` stays so: new keys go to their places."""
        if file.lower().endswith(".json"):
            return data
        old, new = self.anew.original(file), format_file(data, file, parse_yaml)
        return new.data if not new.problems and format_file(old, file, parse_yaml).data == old else data

    def _around(self, wish: Wish, state: State) -> Surroundings:
        project, settings = self.session.project, self.session.settings
        chosen = settings.instance or project.model.default or next(iter(project.model.instances), "")
        names = Names({(a.kind, entry.uid): a.name for a, entry in state.resources.items()}, self.resources)
        values, known = project.values(settings.instance), tuple(self._unmoved(wish))
        return Surroundings(self.session.registry, values, chosen, names, self.titles, known)

    def _unmoved(self, wish: Wish) -> Iterator[Remembered]:
        """What the files say of other dashboards, in other files, that do not go by the object of a wish: that is as
        it was, whatever is written for it.
        """
        mine = wish.resource.source.file if wish.resource.source is not None else ""
        marks = Counter(item.document.mark for item in self.known)
        for item in self.known:
            mark = item.document.mark
            if mark.file != mine and marks[mark] == 1 and wish.address not in item.needs:
                yield item

    def _sharing(self, wish: Wish, taken: Taken) -> tuple[Diagnostic, ...]:
        """Other dashboards that take the same JSON file: they would change too."""
        found = []
        for document in self.anew.loaded.documents:
            file = body_file(document)
            if file in taken.texts and document.mark != wish.resource.source:
                text = f"{file} is also what dashboard.{document.name} (at {document.mark}) is made from"
                hint = "it would change too: give one of them a file of its own, and accept again"
                found.append(Diagnostic("shared-file", text, hint, wish.resource.source, str(wish.address)))
        return tuple(found)

    async def _proven(self, inputs: Inputs) -> tuple[tuple[Address, ...], tuple[Address, ...]]:
        """Ask Grafana once more: with the new files nothing is left to do for what was accepted whole. What they change
        of others, and what of others waits. Raises Conflict where somebody was faster.
        """
        if not self.accepted:
            return (), ()
        named = {of for item in self.after.resources if item.address in self.accepted for of in item.titled.values()}
        others = self._others(inputs.state)
        targets = tuple(sorted({*map(str, (*self.accepted, *others)), *named}))
        options = replace(inputs.options, targets=targets)
        plan = await compute_plan(replace(inputs, resources=self.after.resources, options=options))
        again = [address for address, item in self.accepted.items() if self._is_left(plan, item)]
        if again:
            hint = "no file was changed: run it again"
            text = "is not what it was a moment ago: somebody changed it again"
            raise Conflict(tuple(Diagnostic("changed-meanwhile", text, hint, subject=str(a)) for a in again))
        sent = {change.address for change in plan.changes if change.sends}
        waiting = {a for a, held in plan.held.items() if a not in sent and any(item.behind for item in held)}
        return tuple(a for a in others if a in sent), tuple(a for a in others if a in waiting)

    def _is_left(self, plan: Plan, item: Accepted) -> bool:
        address = item.wish.address
        if self.path is not None or item.wish.pending:
            return False
        sends = any(change.address == address and change.sends for change in plan.changes)
        drifts = any(drift.address == address and drift.outcome != "settled" for drift in plan.drift)
        return drifts or sends

    def _others(self, state: State) -> list[Address]:
        """Other objects that come to something else with the new files."""
        before = {item.address: digest(item.attributes) for item in self.resources}
        after = {item.address: digest(item.attributes) for item in self.after.resources}
        changed = {a for a in {*before, *after} if before.get(a) != after.get(a)}
        known = {*after, *state.resources} - {*self.accepted, *self.refused}
        return sorted(changed & known)

    def _files(self) -> tuple[dict[Path, str], dict[Path, tuple[bytes, bytes]]]:
        names = {self.anew.paths[file]: file for file in self.anew.texts}
        held = {path: (self.anew.original(file), self.anew.texts[file]) for path, file in names.items()}
        return names, {path: pair for path, pair in held.items() if pair[0] != pair[1]}


class Names:
    """How objects that exist are called in files. Implements core.kind.LiveNames."""

    def __init__(self, owned: Mapping[tuple[str, str], str], resources: Sequence[Resource]) -> None:
        self._names = {**owned, **{(r.address.kind, r.uid): r.address.name for r in resources if r.uid}}

    def name(self, kind: str, uid: str) -> str | None:
        """The name of a declared object."""
        return self._names.get((kind, uid))


def show(session: Session, found: Acceptance, *, dry: bool) -> None:
    """To the terminal, or as JSON."""
    others = (found.follows, found.waits)
    if session.settings.json:
        session.output.json(accepted_json(found.accepted, found.refused, found.same, others, dry=dry))
        return
    view = PlanView(session.clock.now(), session.commit, session.registry, session.settings.verbose)
    session.output.lines(accepted_lines(found.accepted, found.refused, found.same, others, view, dry=dry))
    if dry:
        for path, (old, new) in found.files.items():
            name = found.names[path]
            session.output.lines(difference_lines(old, new, name, f"{name} (accepted)"))

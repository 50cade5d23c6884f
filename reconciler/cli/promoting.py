"""promote: a dashboard as one instance has it, sent to another; a plan as any other."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.cli.on_conflict import OnConflictOption, policy_of
from reconciler.cli.options import Argument, Option
from reconciler.cli.planned import guarded, inputs_of
from reconciler.cli.session import Session, new_lineage
from reconciler.cli.settings import (
    AutoApproveOption,
    ConfigOption,
    JsonOption,
    NoColorOption,
    Settings,
    TimeoutOption,
    TtlOption,
    VerboseOption,
)
from reconciler.cli.state import parsed
from reconciler.cli.versions import kept_of, numbered
from reconciler.cli.ways import WriteOption, go
from reconciler.core.errors import Diagnostic, GgrecError, InvalidInput, UsageError
from reconciler.core.exchange import Wanted
from reconciler.core.file_edits import FileEdits
from reconciler.core.json import JsonObject, as_object, text_of
from reconciler.core.kind import Kind
from reconciler.core.plan import Plan
from reconciler.core.ports import Reader
from reconciler.core.references import LIBRARY_PANEL
from reconciler.core.resource import KeptVersion, Resource
from reconciler.core.state import State
from reconciler.core.transfer import Missing, Source, matched, named_in, transferred
from reconciler.engine.asked_once import AskedOnce
from reconciler.engine.planner import Options
from reconciler.engine.planning import entry_of, own_state
from reconciler.engine.repository import file_edits
from reconciler.engine.rolling_back import plan_back
from reconciler.engine.undo import Undo
from reconciler.engine.versions import undo_to

_SOURCES = "datasource"


def promote(
    what: Annotated[str, Argument(help="ADDRESS@NUMBER, or ADDRESS as it is now.")],
    source: Annotated[str, Option("--from", help="The instance of ggrec.yaml that has it.")],
    to: Annotated[str, Option("--to", help="The instance that is to have it.")],
    datasource: Annotated[
        list[str] | None,
        Option(
            "--datasource",
            metavar="FROM=TO",
            help="A datasource of --from, and which stands for it in --to. Repeatable.",
        ),
    ] = None,
    auto_approve: AutoApproveOption = False,
    write: WriteOption = False,
    out: Annotated[Path | None, Option("--out", "-o", help="Save the plan here instead, to be applied.")] = None,
    ttl: TtlOption = None,
    on_conflict: OnConflictOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    no_color: NoColorOption = False,
    verbose: VerboseOption = False,
    timeout: TimeoutOption = None,
) -> int:
    """Send a dashboard, or a version of it, from one instance to another: a plan as any other, asked for.

    Its datasources become those of the other instance: of the same address, else of the same name and type, or what
    --datasource says. Where there is none, nothing is planned. It stays in its folder there, and an edit that somebody
    made there is not gone over (exit 4). What the files must say, so that the next apply does not undo it, is said.
    """
    policy = policy_of(on_conflict)
    sessions = [
        Session(Settings(name, None, config, json, no_color, verbose, timeout=timeout, policy=policy))
        for name in (source, to)
    ]
    if source == to:
        hint = "`ggrec rollback ADDRESS@NUMBER` puts a version back in one instance"
        raise UsageError.one("same-instance", f"--from and --to are both {to}", hint=hint)
    there, here = sessions
    way = _Promotion(there, here, guarded(here, Options(audience=True, policy=policy)), what, _pairs(datasource or ()))
    return go(here, way, out=out, ttl=ttl, approved=auto_approve, write=write)


def _pairs(given: "list[str] | tuple[()]") -> dict[str, str]:
    found: dict[str, str] = {}
    for text in given:
        name, equals, other = text.partition("=")
        if not (name and equals and other):
            raise UsageError.one(
                "not-a-pair", f"--datasource {text}: write FROM=TO, names or uids, as in prom-staging=prom"
            )
        found[name] = other
    return found


class _Promotion(Struct, dict=True):
    """One dashboard on its way from `there` to `here`."""

    there: Session
    here: Session
    options: Options
    what: str
    asked: Mapping[str, str]
    files: list[FileEdits] = field(default_factory=list)
    commit: str = ""

    def __post_init__(self) -> None:
        self.number: int | None = None
        if "@" in self.what:
            self.address, self.number = numbered(self.what)
        else:
            self.address = parsed(self.what)
        self.kind: Kind = self._kind()
        self.declared: Resource = self.here.resource(self.here.resources(), str(self.address))

    def _kind(self) -> Kind:
        found = self.here.registry.get(self.address.kind)
        if found is None or found.body_key is None:
            text = f"{self.address}: only dashboards are promoted"
            raise UsageError.one(
                "not-a-dashboard", text, hint="whatever else there is, the files declare for each instance"
            )
        return found

    async def plan(self, state: State, reader: Reader) -> Plan:
        """The plan for the instance that is to have it."""
        reader = AskedOnce(reader)  # the plan asks some of it again
        version, theirs = await self._theirs()
        ours = await _sources(self.here, reader, state)
        moved = self._moved(version, theirs, ours)
        await self._has_library_panels(moved, reader)
        inputs = inputs_of(self.here, (), self.options, state, reader)
        undo = self._undo(moved, state)
        plan, undo = await plan_back(inputs, undo)
        self.files = file_edits(undo, plan, {self.address: self.declared}, self.here.registry)
        return plan.signed({self.address: f"promoted from {self._whence}"})

    @property
    def _whence(self) -> str:
        name = self.there.instance.name
        return f"version {self.number} of {name}" if self.number is not None else name

    async def _theirs(self) -> tuple[KeptVersion, dict[str, Source]]:
        """It as the other instance has it, and the datasources there."""
        session = self.there
        async with session.reader() as reader:
            state = own_state(session.store.load(), reader, lineage=new_lineage())
            sources = await _sources(session, reader, state)
            if self.number is not None:
                kept, _ = await kept_of(session, state, reader, self.address, self.number)
                return kept, sources
            entry_of(state, self.address)
            live = await reader.ask(self.kind.read(reader.server, state.resources[self.address].uid))
        if live is None:
            raise GgrecError.one("gone", f"is not in {session.instance.name} any more", subject=str(self.address))
        body = str(self.kind.body_key)
        return KeptVersion(live.version or 0, {body: live.attributes[body]}), sources

    def _moved(self, version: KeptVersion, theirs: Mapping[str, Source], ours: Mapping[str, Source]) -> KeptVersion:
        """With the datasources of here. Raises InvalidInput naming every one that has no counterpart."""
        body = str(self.kind.body_key)
        model = as_object(version.attributes.get(body))
        found, missing = matched(model, theirs, ours, self.asked)
        named = named_in(model)
        known = {name for text in named for name in (text, *_names(theirs.get(text)))}
        if unknown := [name for name in self.asked if name not in known]:
            raise InvalidInput(tuple(self._not_named(name, named, theirs) for name in unknown))
        if missing:
            raise InvalidInput(tuple(self._lacks(item, ours) for item in missing))
        return replace(version, attributes={**version.attributes, body: transferred(model, found)})

    async def _has_library_panels(self, moved: KeptVersion, reader: Reader) -> None:
        """Raises InvalidInput naming every library panel that is not here: Grafana would answer 500, save all the same,
        and show nothing there.
        """
        found = [item for item in self.kind.references(moved.attributes) if item.kind == LIBRARY_PANEL]
        if not found:
            return
        lacks = await reader.ask(self.kind.lacking(reader.server, frozenset(item.text for item in found)))
        hint = f"make it in {self.here.instance.name} first, with this uid; or unlink the panel from it"
        lacking = [item for item in found if item.text in lacks]
        if lacking:
            text = f"{{0.where}} shows the library panel '{{0.text}}', which {self.here.instance.name} does not have"
            subject = str(self.address)
            raise InvalidInput(
                tuple(Diagnostic("no-library-panel", text.format(item), hint, subject=subject) for item in lacking)
            )

    def _not_named(self, name: str, named: Iterable[str], theirs: Mapping[str, Source]) -> Diagnostic:
        text = f"--datasource {name}=…: in {self.there.instance.name} it names no datasource '{name}'"
        have = ", ".join(sorted(str(theirs.get(item, f"'{item}'")) for item in named)) or "none"
        return Diagnostic("no-datasource", text, f"it names {have}", subject=str(self.address))

    def _lacks(self, item: Missing, ours: Mapping[str, Source]) -> Diagnostic:
        there, here = self.there.instance.name, self.here.instance.name
        more = f" (and {len(item.places) - 1} more)" if len(item.places) > 1 else ""
        which = f"the datasource {item.source}" if item.source is not None else f"'{item.text}', no datasource there"
        wished = [self.asked[name] for name in (item.text, *_names(item.source)) if name in self.asked]
        lack = f"is called '{wished[0]}'" if wished else "has its name and type"
        text = f"in {there} {item.places[0]}{more} names {which}; nothing in {here} {lack}"
        have = ", ".join(sorted(str(source) for source in ours.values())) or "none"
        return Diagnostic(
            "no-datasource",
            text,
            f"--datasource {item.text}=NAME says which; {here} has: {have}",
            subject=str(self.address),
        )

    def _undo(self, moved: KeptVersion, state: State) -> Undo:
        entry = state.resources.get(self.address)
        known = entry is not None and entry.applied is not None
        applied: JsonObject = self.here.store.get(str(entry.applied)) if entry and known else self.declared.attributes
        undo = undo_to(self.declared, moved, applied)
        return replace(undo, reasons={self.address: f"as in {self._whence}"})


def _names(source: Source | None) -> tuple[str, ...]:
    return (source.name, source.uid) if source is not None else ()


async def _sources(session: Session, reader: Reader, state: State) -> dict[str, Source]:
    """The datasources of an instance, by uid."""
    owned = {entry.uid: str(address) for address, entry in state.resources.items() if address.kind == _SOURCES}
    found: dict[str, Source] = {}
    async for live in reader.stream(session.registry[_SOURCES].listing(reader.server, Wanted())):
        name, sort = (text_of(live.attributes.get(key)) for key in ("name", "type"))
        found[live.uid] = Source(live.uid, name or live.title, sort, owned.get(live.uid, ""))
    return found

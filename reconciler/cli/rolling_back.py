"""rollback: an object back to a version that Grafana keeps, or a whole run undone; a plan as any other."""

from pathlib import Path
from typing import Annotated

from msgspec import Struct, field

from reconciler.cli.on_conflict import OnConflictOption, policy_of
from reconciler.cli.options import Argument, Option
from reconciler.cli.planned import guarded, inputs_of
from reconciler.cli.session import Session
from reconciler.cli.settings import (
    AutoApproveOption,
    ConfigOption,
    ConfirmDeletesOption,
    ConfirmUpdatesOption,
    InstanceOption,
    JsonOption,
    NoColorOption,
    Settings,
    TimeoutOption,
    TtlOption,
    UrlOption,
    VerboseOption,
)
from reconciler.cli.versions import kept_of, numbered
from reconciler.cli.ways import WriteOption, go
from reconciler.core.address import Address
from reconciler.core.errors import UsageError
from reconciler.core.file_edits import FileEdits
from reconciler.core.plan import Plan
from reconciler.core.ports import Reader
from reconciler.core.resource import Resource
from reconciler.core.state import Run, State
from reconciler.engine.inputs import Inputs
from reconciler.engine.planner import Options
from reconciler.engine.repository import file_edits
from reconciler.engine.rolling_back import plan_back, undo_of
from reconciler.engine.undo import Undo
from reconciler.engine.versions import undo_to


def rollback(
    what: Annotated[str, Argument(help="ADDRESS@NUMBER, or the id of a run.")],
    target: Annotated[
        list[str] | None,
        Option("--target", "-t", help="Of a run only this address (globs allowed), with what it needs. Repeatable."),
    ] = None,
    auto_approve: AutoApproveOption = False,
    write: WriteOption = False,
    out: Annotated[Path | None, Option("--out", "-o", help="Save the plan here instead, to be applied.")] = None,
    ttl: TtlOption = None,
    confirm_deletes: ConfirmDeletesOption = None,
    confirm_updates: ConfirmUpdatesOption = None,
    on_conflict: OnConflictOption = None,
    instance: InstanceOption = None,
    url: UrlOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    no_color: NoColorOption = False,
    verbose: VerboseOption = False,
    timeout: TimeoutOption = None,
) -> int:
    """Put an object back to a version that Grafana keeps, or undo a whole run: a plan as any other, asked for.

    Of a run, what was updated goes back to its content before, what was created is deleted, what was deleted is created
    again, with its uid. What somebody edited since is not gone over (exit 4): it is merged where the object's lifecycle
    merges, or what --on-conflict says. Nothing moves to another folder, and a folder that holds what is newer stays.
    What the files must say, so that the next apply does not undo it, is said.
    """
    policy = policy_of(on_conflict)
    session = Session(Settings(instance, url, config, json, no_color, verbose, timeout=timeout, policy=policy))
    asked = Options(audience=True, confirm_deletes=confirm_deletes, confirm_updates=confirm_updates, policy=policy)
    back = _Back(session, guarded(session, asked), what, tuple(target or ()))
    return go(session, back, out=out, ttl=ttl, approved=auto_approve, write=write)


class _Back(Struct, dict=True):
    """One way back, of a run or to a version: its plan, and what follows from it."""

    session: Session
    options: Options
    what: str
    targets: tuple[str, ...]
    files: list[FileEdits] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.run: Run | None = self.session.store.run(self.what)
        self.version = numbered(self.what) if self.run is None else None
        if self.version is not None and self.targets:
            raise UsageError.one("one-object", "--target chooses of a run: a version is of one object already")
        self.declared: dict[Address, Resource] = {item.address: item for item in self.session.resources()}
        if self.version is not None:
            self.session.resource(tuple(self.declared.values()), str(self.version[0]))

    @property
    def commit(self) -> str:
        """Of the run that is undone."""
        return self.run.commit if self.run is not None else ""

    async def plan(self, state: State, reader: Reader) -> Plan:
        """The plan, from the state as it is now."""
        inputs = inputs_of(self.session, (), self.options, state, reader)
        undo = await self._undo(inputs)
        plan, undo = await plan_back(inputs, undo)
        self.files = file_edits(undo, plan, self.declared, self.session.registry)
        message = f"rollback of {undo.since}" if self.version is None else f"rollback to version {self.version[1]}"
        return plan.signed(dict.fromkeys(undo.addresses, message))

    async def _undo(self, inputs: Inputs) -> Undo:
        if self.version is not None:
            address, number = self.version
            kept, applied = await kept_of(self.session, inputs.state, inputs.reader, address, number)
            return undo_to(self.declared[address], kept, applied)
        self.run = self.session.store.run(self.what)  # once more: its record may have been going on
        assert self.run is not None
        return await undo_of(self.run, self.targets, inputs, self.declared, self.session.store.runs())

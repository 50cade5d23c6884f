"""Plans that are not made of the files alone (back to a version, from another instance): applied after a question, or
saved; and then it is said what the files must say.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

from reconciler.cli.options import Option
from reconciler.cli.planned import guarded, inputs_of, save_plan, show_plan, with_touches
from reconciler.cli.session import Session, new_lineage
from reconciler.cli.signals import Signals, run
from reconciler.core.errors import Conflict, ExitCode, GgrecError, Refused, UsageError
from reconciler.core.file_edits import FileEdits, Must
from reconciler.core.plan import Plan
from reconciler.core.ports import Reader
from reconciler.core.state import State
from reconciler.engine.planner import Options
from reconciler.engine.planning import own_state
from reconciler.engine.undo import SINCE
from reconciler.render.file_edits_view import must_json, must_lines

if TYPE_CHECKING:
    from reconciler.cli.accepted import Acceptance


WriteOption = Annotated[
    bool, Option("--write", help="Then change the desired files, so that the next apply does not undo it.")
]


class Way(Protocol):
    """How such a plan is made. `files` is known after it."""

    files: list[FileEdits]

    @property
    def commit(self) -> str:
        """The commit of what is undone ("": none)."""

    async def plan(self, state: State, reader: Reader) -> Plan:
        """The plan, from the state as it is now."""


def go(session: Session, way: Way, *, out: Path | None, ttl: float | None, approved: bool, write: bool) -> int:
    """Carry it out, or save it to `out`; `write`: then change the files accordingly. The result is the exit code."""
    if write and (out is not None or session.settings.json):
        other = "--out only saves the plan" if out is not None else "--json tells what the files must say (`files`)"
        raise UsageError.one("write-what", f"--write changes files once the plan is carried out; {other}")
    if out is not None:
        code = run(lambda signals: _saved(session, way, out, ttl))
    else:
        code = run(lambda signals: _done(session, way, signals, approved=approved))
    done = code == ExitCode.DONE
    if done and write:
        code = _write(session, way)
    if done and not session.settings.json:
        verbose = session.settings.verbose
        session.output.lines(must_lines(way.files, session.registry, commit=way.commit, verbose=verbose))
    return code


def _write(session: Session, way: Way) -> int:
    """Into the files what they must say otherwise; what they must declare or declare no more is left to be told. Exit
    code 6 where something could not be written there.
    """
    from reconciler.cli.accepted import Accepting, show  # reads the files whole
    from reconciler.engine.accepting import wish_of

    changes = {item.address: item for item in way.files if item.must is Must.CHANGE}
    if not changes:
        return ExitCode.DONE
    accepting = Accepting(session, tuple(changes), None)
    made: list[Acceptance] = []

    async def work(signals: Signals) -> int:
        async with session.reader() as reader:
            state = own_state(session.store.load(), reader, lineage=new_lineage())
            inputs = inputs_of(session, accepting.resources, guarded(session, Options()), state, reader)
            declared = {item.address: item for item in accepting.resources}
            wishes = [wish_of(session.registry[a.kind], declared[a], item) for a, item in changes.items()]
            made.append(await accepting.write_in(wishes, inputs))
        return ExitCode.DONE

    run(work)
    (found,) = made
    found.write()
    show(session, found, dry=False)
    way.files = [item for item in way.files if item.address not in found.accepted]
    return ExitCode.PARTIAL if found.refused else ExitCode.DONE


async def _done(session: Session, way: Way, signals: Signals, *, approved: bool) -> int:
    from reconciler.cli.applying import ToDo, make_and_apply  # saving a plan needs nothing of it

    async def making(state: State, writer: Reader) -> ToDo:
        plan = with_touches(session, await way.plan(state, writer))
        return ToDo(plan, {"files": must_json(way.files)}, _refused(plan))

    return await make_and_apply(session, making, signals, approved=approved)


async def _saved(session: Session, way: Way, out: Path, ttl: float | None) -> int:
    async with session.reader() as reader:
        state = own_state(session.store.load(), reader, lineage=new_lineage())
        found = with_touches(session, await way.plan(state, reader))
    saved = save_plan(session, out, found, ttl) if not (found.unreadable or found.refusals) else ""
    show_plan(session, found)
    if saved and not session.settings.json:
        session.output.text(saved)
    if found.unreadable:
        return ExitCode.PARTIAL
    return _refused(found)(()).exit_code if found.refusals else ExitCode.DONE


def _refused(plan: Plan) -> type[GgrecError]:
    """As what the plan's refusals count: a conflict, where somebody was faster."""
    return Conflict if any(item.code == SINCE for item in plan.refusals) else Refused

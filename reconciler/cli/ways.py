"""Plans that are not made of the files alone (back to a version, from another instance): applied after a question, or
saved; and then it is said what the files must say.
"""

from pathlib import Path
from typing import Protocol

from reconciler.cli.planned import save_plan, show_plan
from reconciler.cli.session import Session, new_lineage
from reconciler.cli.signals import Signals, run
from reconciler.core.address import Address
from reconciler.core.errors import Conflict, ExitCode, GgrecError, Refused
from reconciler.core.file_edits import FileEdits
from reconciler.core.plan import Plan
from reconciler.core.ports import Reader
from reconciler.core.state import State
from reconciler.engine.planning import own_state
from reconciler.engine.undo import SINCE
from reconciler.render.file_edits_view import must_json, must_lines


class Way(Protocol):
    """How such a plan is made. `files` and `messages` (what the versions of its objects say) are known after it."""

    files: list[FileEdits]
    messages: dict[Address, str]

    @property
    def commit(self) -> str:
        """The commit of what is undone ("": none)."""

    async def plan(self, state: State, reader: Reader) -> Plan:
        """The plan, from the state as it is now."""


def go(session: Session, way: Way, *, out: Path | None, ttl: float | None, approved: bool) -> int:
    """Carry it out, or save it to `out`; the result is the exit code."""
    if out is not None:
        code = run(lambda signals: _saved(session, way, out, ttl))
    else:
        code = run(lambda signals: _done(session, way, signals, approved=approved))
    if code == ExitCode.DONE and not session.settings.json:
        verbose = session.settings.verbose
        session.output.lines(must_lines(way.files, session.registry, commit=way.commit, verbose=verbose))
    return code


async def _done(session: Session, way: Way, signals: Signals, *, approved: bool) -> int:
    from reconciler.cli.applying import ToDo, make_and_apply  # saving a plan needs nothing of it

    async def making(state: State, writer: Reader) -> ToDo:
        plan = await way.plan(state, writer)
        return ToDo(plan, way.messages, {"files": must_json(way.files)}, _refused(plan))

    return await make_and_apply(session, making, signals, approved=approved)


async def _saved(session: Session, way: Way, out: Path, ttl: float | None) -> int:
    async with session.reader() as reader:
        found = await way.plan(own_state(session.store.load(), reader, lineage=new_lineage()), reader)
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

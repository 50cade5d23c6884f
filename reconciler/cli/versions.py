"""show-version: versions that Grafana keeps, read and compared with the files."""

import asyncio
import re
from typing import Annotated, Any

from reconciler.cli.options import Argument
from reconciler.cli.session import Session, new_lineage
from reconciler.cli.settings import (
    ConfigOption,
    InstanceOption,
    JsonOption,
    NoColorOption,
    Settings,
    TimeoutOption,
    UrlOption,
    VerboseOption,
)
from reconciler.cli.state import parsed
from reconciler.core.address import Address
from reconciler.core.errors import ExitCode, GgrecError, UsageError
from reconciler.core.json import JsonObject
from reconciler.core.ports import Reader
from reconciler.core.resource import KeptVersion
from reconciler.core.state import State
from reconciler.engine.planning import entry_of, own_state
from reconciler.engine.repository import edits_to
from reconciler.engine.versions import as_of, version_of
from reconciler.render.file_edits_view import compared_lines
from reconciler.render.lines import Span, line, safe
from reconciler.render.plan_view import ago

_VERSION = re.compile(r"(.+)@(\d{1,9})\Z", re.ASCII)
VersionArgument = Annotated[str, Argument(help="ADDRESS@NUMBER, as dashboard.orders@12.")]


def show_version(
    version: VersionArgument,
    instance: InstanceOption = None,
    url: UrlOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    no_color: NoColorOption = False,
    verbose: VerboseOption = False,
    timeout: TimeoutOption = None,
) -> int:
    """Show a version that Grafana keeps: whose it is, and how it differs from what is declared. Sends GET only."""
    session = Session(Settings(instance, url, config, json, no_color, verbose, timeout=timeout))
    address, number = numbered(version)
    resource = session.resource(session.resources(), str(address))
    kept, applied = asyncio.run(_read(session, address, number))
    if json:
        facts: dict[str, Any] = {"address": str(address), "version": kept.number, "who": kept.who, "when": kept.when}
        facts |= {"message": kept.message, "attributes": kept.attributes}
        session.output.json({"format": "ggrec/version/v1", **facts})
        return ExitCode.DONE
    session.output.lines([line(Span(f"{address}, {_of(kept, session)}", "head"))])
    found = edits_to(session.registry[address.kind], as_of(resource, kept, applied), resource)
    session.output.lines(compared_lines(found, session.registry, verbose=verbose))
    return ExitCode.DONE


def numbered(text: str) -> tuple[Address, int]:
    """`ADDRESS@NUMBER`. Raises UsageError."""
    found = _VERSION.match(text)
    if found is None:
        hint = "`ggrec history ADDRESS` lists versions, `ggrec history` runs"
        raise UsageError.one(
            "not-a-version", f"'{text}' is no ADDRESS@NUMBER, as dashboard.orders@12, and no run", hint=hint
        )
    return parsed(found[1]), int(found[2])


async def _read(session: Session, address: Address, number: int) -> tuple[KeptVersion, JsonObject]:
    """A version, and what was last applied to its object. Raises GgrecError where it is not kept, or not owned."""
    async with session.reader() as reader:
        state = own_state(session.store.load(), reader, lineage=new_lineage())
        return await kept_of(session, state, reader, address, number)


async def kept_of(
    session: Session, state: State, reader: Reader, address: Address, number: int
) -> tuple[KeptVersion, JsonObject]:
    """The same by a reader, for a state."""
    entry_of(state, address)
    entry = state.resources[address]
    if session.registry[address.kind].body_key is None:
        text = f"Grafana keeps versions of dashboards, and none of a {address.kind}"
        hint = f"`ggrec history {address}` lists its runs; `ggrec rollback RUN --target {address}` undoes what one did"
        raise GgrecError.one("no-version", text, hint=hint, subject=str(address))
    found = await version_of(reader, session.registry[address.kind], entry.uid, number, subject=str(address))
    return found, session.store.get(entry.applied) if entry.applied is not None else {}


def _of(kept: KeptVersion, session: Session) -> str:
    by = f" by {safe(kept.who)}" if kept.who else ""
    when = f", {ago(kept.when, session.clock.now())}" if kept.when else ""
    return f"version {kept.number}{by}{when}" + (f': "{safe(kept.message)}"' if kept.message else "")

"""import and pull: how it came to be owned."""

import asyncio
from typing import Annotated, Any

from reconciler.authoring.resolve import resolve
from reconciler.cli.options import Argument, Option
from reconciler.cli.session import Session, new_lineage
from reconciler.cli.settings import (
    ConfigOption,
    InstanceOption,
    NoColorOption,
    Settings,
    UrlOption,
    VerboseOption,
)
from reconciler.core.address import Address
from reconciler.core.errors import ExitCode, GgrecError, InvalidInput, Severity, UsageError
from reconciler.core.resource import LiveObject
from reconciler.core.state import State
from reconciler.engine.planning import own_state
from reconciler.engine.taking import Choice, survey, take, with_pulled
from reconciler.loader.writing import write_files
from reconciler.render.lines import Line, Span, count, line
from reconciler.render.plan_view import diagnostic_lines


def import_(
    address: Annotated[str, Argument(help="A declared address.")],
    uid: Annotated[str | None, Argument(help="The object's uid in Grafana, if it is not the declared one.")] = None,
    instance: InstanceOption = None,
    url: UrlOption = None,
    config: ConfigOption = None,
    verbose: VerboseOption = False,
) -> int:
    """Take an existing object into the state for YAML that is already written. Writes nothing to Grafana."""
    session = Session(Settings(instance, url, config, verbose=verbose))
    resource = session.resource(session.resources(), address)

    async def work() -> State:
        async with session.reader() as reader:
            state = own_state(session.store.load(), reader, lineage=new_lineage())
            return await take(resource, uid, state, reader=reader, store=session.store, registry=session.registry)

    with session.store.lock(session.command):
        session.store.save(asyncio.run(work()))
    session.output.text(f"{address} is owned now. `ggrec plan` shows what differs from what is declared.")
    return ExitCode.DONE


def pull(
    what: Annotated[list[str] | None, Argument(help="KIND or KIND/UID …; nothing: everything.")] = None,
    folder: Annotated[str | None, Option("--folder", help="Dashboards in this folder (uid) and below.")] = None,
    tag: Annotated[str | None, Option("--tag", help="Dashboards with this tag.")] = None,
    instance: InstanceOption = None,
    url: UrlOption = None,
    config: ConfigOption = None,
    no_color: NoColorOption = False,
    verbose: VerboseOption = False,
) -> int:
    """Write desired files for what exists, and own it. Writes nothing to Grafana; overwrites no file."""
    from reconciler.cli.pulling import Files  # imports what only this command needs

    session = Session(Settings(instance, url, config, no_color=no_color, verbose=verbose))
    choice = _choice(session, what or [], folder, tag)

    async def work() -> list[Line]:
        async with session.reader() as reader:
            state = own_state(session.store.load(), reader, lineage=new_lineage())
            found, left_out = await survey(choice, reader, session.registry, session.output)
            owned = {(address.kind, entry.uid) for address, entry in state.resources.items()}
            fresh = {key: live for key, live in found.items() if key not in owned}
            files = Files(
                session.registry, found, owned_names={(a.kind, e.uid): a.name for a, e in state.resources.items()}
            )
            texts, addresses = files.write(fresh)
            written = write_files(session.project.desired, texts)
            try:
                state = _own(session, state, {addresses[key]: live for key, live in fresh.items()})
            except GgrecError:
                for path in written:
                    path.unlink(missing_ok=True)
                raise
            session.store.save(state)
            return _pulled(session, fresh, len(found) - len(fresh), files.secrets, left_out, len(written))

    with session.store.lock(session.command):
        lines = asyncio.run(work())
    session.output.lines(lines)
    return ExitCode.DONE


def _own(session: Session, state: State, pulled: dict[Address, LiveObject]) -> State:
    loaded = session.load()
    resolved = resolve(loaded.documents, session.registry, values=session.project.values(session.settings.instance))
    wrong = [d for d in (*loaded.diagnostics, *resolved.diagnostics) if d.severity is Severity.ERROR]
    if wrong and pulled:
        raise InvalidInput(tuple(wrong))
    resources = {resource.address: resource for resource in resolved.resources}
    return with_pulled(state, pulled, resources, session.store, session.registry)


def _pulled(
    session: Session,
    fresh: dict[tuple[str, str], LiveObject],
    known: int,
    secrets: list[str],
    left_out: tuple[Any, ...],
    files: int,
) -> list[Line]:
    lines = [item for diagnostic in left_out for item in diagnostic_lines(diagnostic, "warn")]
    here = session.project.desired
    done = f"Pulled {count(len(fresh), 'object')} into {count(files, 'file')} below {here}."
    lines.append(line(Span(done, "good")))
    if known:
        lines.append(line(f"{count(known, 'object')} owned already and left as declared."))
    if secrets:
        lines.append(
            line(
                Span("Grafana does not tell secrets. Set these before the next change of what they belong to:", "warn")
            )
        )
        lines += [line(f"  {name}") for name in secrets]
    return lines


def _choice(session: Session, what: list[str], folder: str | None, tag: str | None) -> Choice:
    kinds, objects = set(), set()
    for text in what:
        kind, slash, uid = text.partition("/")
        if kind not in session.registry or (slash and not uid):
            known = ", ".join(session.registry)
            raise UsageError.one("unknown-kind", f"'{text}' is not KIND or KIND/UID", hint=f"kinds: {known}")
        if slash:
            objects.add((kind, uid))
        else:
            kinds.add(kind)
    return Choice(frozenset(kinds), frozenset(objects), folder, tag)

"""state list, show, rm, mv: what is owned."""

import re
from typing import Annotated, Any

from reconciler.cli.options import Argument, Option
from reconciler.cli.session import Session
from reconciler.cli.settings import (
    ConfigOption,
    InstanceOption,
    JsonOption,
    NoColorOption,
    Settings,
)
from reconciler.core.address import Address
from reconciler.core.errors import ExitCode, GgrecError, UsageError
from reconciler.core.state import State
from reconciler.engine.planning import entry_of
from reconciler.render.run_view import state_lines
from reconciler.store.codec import encode

_DIGEST = re.compile(r"[0-9a-f]{40}\Z")
ForceOption = Annotated[bool, Option("--force", help="Also put back an older serial; says what that forgets.")]


def stored_state(session: Session) -> State:
    """The state. Raises GgrecError where there is none yet."""
    state = session.store.load()
    if state is None:
        hint = "`ggrec apply`, `pull` or `import` begin one"
        raise GgrecError.one("no-state", f"there is no state in {session.store.location} yet", hint=hint)
    return state


def parsed(text: str) -> Address:
    """An address. Raises UsageError."""
    try:
        return Address.parse(text)
    except ValueError as error:
        raise UsageError.one("bad-address", str(error)) from None


def state_list(
    instance: InstanceOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    no_color: NoColorOption = False,
) -> int:
    """List the owned objects."""
    session = Session(Settings(instance, None, config, json, no_color))
    state = stored_state(session)
    if json:
        session.output.json(
            {"format": "ggrec/state/v1", "serial": state.serial, "addresses": [str(a) for a in state.resources]}
        )
    else:
        session.output.lines(state_lines(state))
    return ExitCode.DONE


def state_show(
    address: Annotated[str, Argument(help="kind.name")],
    instance: InstanceOption = None,
    config: ConfigOption = None,
) -> int:
    """Show one owned object: its entry, what was last applied, what was observed after."""
    session = Session(Settings(instance, None, config))
    state = stored_state(session)
    owned = parsed(address)
    entry_of(state, owned)
    entry = state.resources[owned]
    shown: dict[str, Any] = dict(encode(entry))  # type: ignore[arg-type]  # a Struct is encoded as a mapping
    shown["secrets"] = sorted(entry.secrets)
    for key in ("applied", "observed"):
        digest = shown[key]
        shown[key] = session.store.get(digest) if digest else None
    session.output.json({"address": address, **shown})
    return ExitCode.DONE


def state_body(
    digest: Annotated[str, Argument(help="As a run's notes name it.")],
    instance: InstanceOption = None,
    config: ConfigOption = None,
) -> int:
    """Show a stored body: of an object as it was before ggrec wrote over it."""
    session = Session(Settings(instance, None, config))
    if not _DIGEST.match(digest):
        raise UsageError.one("bad-digest", f"'{digest}' is no digest", hint="40 characters, as a run's notes name it")
    session.output.json(dict(session.store.get(digest)))
    return ExitCode.DONE


def state_rm(
    addresses: Annotated[list[str], Argument(help="kind.name …")],
    instance: InstanceOption = None,
    config: ConfigOption = None,
) -> int:
    """Forget objects without deleting them in Grafana."""
    session = Session(Settings(instance, None, config))
    with session.store.lock(session.command):
        state = stored_state(session)
        for text in addresses:
            entry_of(state, parsed(text))
            state = state.with_resource(parsed(text), None)
        session.store.save(state)
    session.output.text(f"Forgotten: {', '.join(addresses)}. Grafana still has them.")
    return ExitCode.DONE


def state_mv(
    old: Annotated[str, Argument(help="The present address.")],
    new: Annotated[str, Argument(help="The new address, of the same kind.")],
    instance: InstanceOption = None,
    config: ConfigOption = None,
) -> int:
    """Rename an address in the state."""
    session = Session(Settings(instance, None, config))
    with session.store.lock(session.command):
        session.store.save(stored_state(session).moved(parsed(old), parsed(new)))
    session.output.text(f"{old} is now {new}.")
    return ExitCode.DONE


def state_release(
    addresses: Annotated[list[str], Argument(help="kind.name …")],
    instance: InstanceOption = None,
    config: ConfigOption = None,
) -> int:
    """Hold edits made outside no longer: the next plan puts back what is declared."""
    session = Session(Settings(instance, None, config))
    with session.store.lock(session.command):
        state = stored_state(session)
        for text in addresses:
            entry_of(state, parsed(text))
            if not state.resources[parsed(text)].held:
                raise UsageError.one("nothing-held", f"nothing of {text} is held", hint="`ggrec plan` lists what is")
            state = state.released(parsed(text))
        session.store.save(state)
    session.output.text(f"Released: {', '.join(addresses)}. The next plan puts back what is declared.")
    return ExitCode.DONE

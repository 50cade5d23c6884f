"""state gc: what nobody needs any more is shown, and freed where that is asked for."""

from typing import Annotated

from reconciler.cli.options import Option
from reconciler.cli.session import Session
from reconciler.cli.settings import ConfigOption, InstanceOption, JsonOption, NoColorOption, Settings
from reconciler.core.errors import ExitCode, UsageError
from reconciler.render.lines import Line, Span, count, line
from reconciler.store.surplus import Keeping, Surplus, surplus

_KEPT = 50


def state_gc(
    keep_runs: Annotated[
        int, Option("--keep-runs", min=0, help="So many of the last runs stay, and can be rolled back.")
    ] = _KEPT,
    keep_days: Annotated[
        int | None, Option("--keep-days", min=0, help="And all that are not older than so many days.")
    ] = None,
    yes: Annotated[bool, Option("--yes", help="Free it; without this it is only shown.")] = False,
    instance: InstanceOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    no_color: NoColorOption = False,
) -> int:
    """Free what nobody needs any more: records of old runs, and bodies that neither the state nor the rollback of a
    kept run needs. Shows it only, but with --yes.
    """
    session = Session(Settings(instance, None, config, json, no_color))
    keeping, store = Keeping(keep_runs, keep_days), session.store
    now = session.clock.now()
    if keep_days is not None and keep_days > 36500:
        raise UsageError.one("bad-days", f"--keep-days {keep_days}: more than a hundred years")
    if yes:
        with store.lock(session.command):
            found = surplus(store, keeping, now)
            store.free(found.keys)
    else:
        found = surplus(store, keeping, now)
    if json:
        document = {
            "format": "ggrec/state-gc/v1",
            "location": store.location,
            "done": yes,
            "freed": {"runs": [run.id for run in found.runs], "bodies": len(found.bodies), "bytes": found.bytes},
            "kept": {"runs": found.runs_kept, "bodies": found.bodies_kept},
        }
        session.output.json(document)
    else:
        session.output.lines(_lines(found, store.location, done=yes))
    return ExitCode.DONE


def _lines(found: Surplus, location: str, *, done: bool) -> list[Line]:
    kept = f"{count(found.runs_kept, 'run')} and {count(found.bodies_kept, 'body')}"
    stays = line(Span(f"Kept: {kept}, what the state and the rollback of these runs need.", "dim"))
    if not found.keys:
        return [line(Span(f"Nothing to free in {location}.", "good")), stays]
    what = f"{count(len(found.runs), 'run')}, {count(len(found.bodies), 'body')}, {_size(found.bytes)}"
    span = f" (runs from {found.runs[0].started} to {found.runs[-1].started})" if found.runs else ""
    if done:
        return [line(Span(f"Freed in {location}: {what}{span}.", "good")), stays]
    return [line(f"Would free in {location}: {what}{span}."), stays, line("The same with --yes does it.")]


def _size(number: int) -> str:
    size, unit = float(number), "bytes"
    for larger in ("kB", "MB", "GB"):
        if size < 1000:
            break
        size, unit = size / 1000, larger
    return f"{number:,} bytes" if unit == "bytes" else f"{size:.1f} {unit}"

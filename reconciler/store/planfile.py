"""Saved plans: one JSON file that can be passed on. It holds references to secrets, never secrets; only its owner may
read it; it names when it was made and when it ends; and it is applied once.
"""

import json
import os
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.errors import Conflict, GgrecError
from reconciler.core.json import Json, digest
from reconciler.core.plan import Plan
from reconciler.core.state import Run
from reconciler.store.blobs import Blobs
from reconciler.store.codec import decode_plan, encode
from reconciler.store.journal import read_mapping

USED = "plans/"
"""Where a store notes which saved plans were applied."""


class Made(Struct, frozen=True):
    """When a plan was saved, by whom, from which commit, and until when it may be applied (RFC 3339, UTC)."""

    at: str
    expires: str
    who: str = ""
    commit: str = ""


class SavedPlan(Struct, frozen=True):
    """A plan as read from a file. `digest` is that of the whole file: by it a store knows that it was applied."""

    plan: Plan
    made: Made
    digest: str

    def expired(self, now: str) -> bool:
        """Whether it may not be applied any more."""
        return now >= self.made.expires


def plan_digest(plan: Plan) -> str:
    """The digest of a plan: same inputs, same digest. Bodies count by their own digests, which are mostly known."""
    parts = [encode(replace(plan, changes=()))]
    for change in plan.changes:
        bodies = [change.resource.attributes if change.resource is not None else None, change.applied]
        resource = replace(change.resource, attributes={}) if change.resource is not None else None
        parts.append(encode(replace(change, resource=resource, applied=None)))
        parts.append([None if body is None else digest(body) for body in bodies])
    return digest(parts)


def write_plan(path: Path, plan: Plan, made: Made) -> None:
    """Write the file, whole or not at all, for its owner only. Raises GgrecError where it cannot be written."""
    import tempfile  # most plans are not saved

    body = _sealed(plan, made)
    text = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":")) + "\n"
    name: Path | None = None
    try:
        handle, made_at = tempfile.mkstemp(dir=path.parent, prefix=".tmp-plan-")  # mode 0600
        name = Path(made_at)
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8", "surrogatepass"))
            file.flush()
            os.fsync(file.fileno())
        name.replace(path)
    except OSError as error:
        if name is not None:
            name.unlink(missing_ok=True)
        raise GgrecError.one("plan-file", f"cannot write {path}: {error.strerror or error}") from None


def read_plan(path: Path) -> SavedPlan:
    """Read a plan file. Raises GgrecError where it is not one, is damaged, or was edited."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise GgrecError.one("plan-file", f"cannot read {path}: {error.strerror or error}") from None
    try:
        body = json.loads(data.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict) or body.get("ggrec") != "plan" or not isinstance(body.get("plan"), dict):
        raise GgrecError.one("plan-file", f"{path} is not a saved plan", hint="`ggrec plan -o FILE` writes one")
    plan = decode_plan(body["plan"], str(path))
    made = Made(*(_text(body, key, path) for key in ("made", "expires", "who", "commit")))
    again = _sealed(plan, made)
    if again["digest"] != body.get("digest"):
        raise GgrecError.one("plan-file", f"{path} was changed after it was written", hint="plan again")
    return SavedPlan(plan, made, str(again["digest"]))


def use_up(blobs: Blobs, saved: SavedPlan, run: Run) -> None:
    """Note that this run applies the plan: nobody else can. Raises Conflict where one has already."""
    key = f"{USED}{saved.digest}.json"
    note = json.dumps({"run": run.id, "who": run.who, "at": run.started, "expires": saved.made.expires}, sort_keys=True)
    if blobs.create(key, note.encode("utf-8", "surrogatepass") + b"\n") is not None:
        return
    found = blobs.read(key)
    by = read_mapping(found.data, f"{blobs.location}/{key}") if found is not None else {}
    text = f"the plan was applied already, by {by.get('who', 'somebody')} at {by.get('at', '?')} (run {by.get('run')})"
    raise Conflict.one("already-applied", text, hint="plan again: `ggrec plan` shows what is left")


def _sealed(plan: Plan, made: Made) -> dict[str, Json]:
    """What the file holds. The digest is of all the rest."""
    body: dict[str, Json] = {
        "ggrec": "plan",
        "made": made.at,
        "expires": made.expires,
        "who": made.who,
        "commit": made.commit,
        "plan": encode(plan),
    }
    return {**body, "digest": digest(body)}


def _text(body: dict[str, Json], key: str, path: Path) -> str:
    found = body.get(key)
    if not isinstance(found, str):
        raise GgrecError.one("plan-file", f"{path} is damaged: '{key}' is missing", hint="plan again")
    return found

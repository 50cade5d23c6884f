"""Saved plans: one JSON file that can be passed on. It holds references to secrets, never secrets."""

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from reconciler.core.errors import GgrecError
from reconciler.core.json import digest
from reconciler.core.plan import Plan
from reconciler.store.codec import decode_plan, encode


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan as read from a file, and the digest by which runs remember that it was applied."""

    plan: Plan
    digest: str


def plan_digest(plan: Plan) -> str:
    """The digest of a plan: same inputs, same digest."""
    return digest(encode(plan))


def write_plan(path: Path, plan: Plan) -> None:
    """Write the file, whole or not at all. Raises GgrecError where it cannot be written."""
    body = {"ggrec": "plan", "digest": plan_digest(plan), "plan": encode(plan)}
    text = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":")) + "\n"
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".tmp-plan-")
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8", "surrogatepass"))
        Path(name).replace(path)
    except OSError as error:
        raise GgrecError.one("plan-file", f"cannot write {path}: {error.strerror}") from None


def read_plan(path: Path) -> SavedPlan:
    """Read a plan file. Raises GgrecError where it is not one, is damaged, or was edited."""
    try:
        body = json.loads(path.read_bytes().decode("utf-8", "surrogatepass"))
    except OSError as error:
        raise GgrecError.one("plan-file", f"cannot read {path}: {error.strerror}") from None
    except ValueError:
        body = None
    if not isinstance(body, dict) or body.get("ggrec") != "plan" or not isinstance(body.get("plan"), dict):
        raise GgrecError.one("plan-file", f"{path} is not a saved plan", hint="`ggrec plan -o FILE` writes one")
    plan = decode_plan(body["plan"], str(path))
    found = plan_digest(plan)
    if found != body.get("digest"):
        raise GgrecError.one("plan-file", f"{path} was changed after it was written", hint="plan again")
    return SavedPlan(plan, found)

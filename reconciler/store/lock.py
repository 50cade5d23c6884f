"""Who holds the lock on a state: as bytes, as a sentence, and, for processes of this machine, whether it still runs."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import asdict, replace

from reconciler.core.errors import Diagnostic, Locked

KEY = "lock.json"


class Owner(Struct, frozen=True):
    """Who runs, as shown to whoever finds the lock taken. `started` tells a process from a later one of its number,
    `machine` the machine (and its set of process numbers) from others of the same name, `pipeline` is a URL.
    """

    host: str
    pid: int
    user: str
    command: str = ""
    started: str = ""
    machine: str = ""
    pipeline: str = ""


class Holder(Struct, frozen=True):
    """What the lock says. `beat` rises with every sign of life; `lease` is in seconds, 0 where the holder gives none
    (a ggrec before 0.3).
    """

    id: str
    owner: Owner
    since: str
    lease: float = 0.0
    beat: int = 0

    def encode(self) -> bytes:
        """As it is stored."""
        data = {"id": self.id, "since": self.since, "lease": self.lease, "beat": self.beat, **asdict(self.owner)}
        return json.dumps(data, indent=2, sort_keys=True).encode() + b"\n"

    def next(self) -> "Holder":
        """With one more sign of life."""
        return replace(self, beat=self.beat + 1)

    def __str__(self) -> str:
        owner = self.owner
        text = f"{owner.user} on {owner.host} (process {owner.pid}) since {self.since}: {owner.command or '?'}"
        return text + (f", {owner.pipeline}" if owner.pipeline else "")

    def facts(self) -> Mapping[str, str | int]:
        """For programs."""
        owner = self.owner
        return {
            "id": self.id,
            "user": owner.user,
            "host": owner.host,
            "pid": owner.pid,
            "command": owner.command,
            "pipeline": owner.pipeline,
            "since": self.since,
            "leaseSeconds": int(self.lease),
        }


def read_holder(data: bytes) -> Holder:
    """What a stored lock says; what is damaged or missing in it reads as unknown."""
    try:
        found = json.loads(data)
    except ValueError:
        found = {}
    found = found if isinstance(found, dict) else {}
    known: dict[str, str] = {}
    for name in Owner.__struct_fields__:
        value = found.get(name)
        known[name] = value if isinstance(value, str) else ""
    pid, lease, beat = found.get("pid"), found.get("lease"), found.get("beat")
    owner = Owner(**{**known, "host": known["host"] or "?", "user": known["user"] or "?", "pid": _int(pid)})  # type: ignore[arg-type]
    seconds = float(lease) if isinstance(lease, int | float) and not isinstance(lease, bool) else 0.0
    return Holder(str(found.get("id") or "?"), owner, str(found.get("since") or "?"), max(0.0, seconds), _int(beat))


def _int(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def process_started(pid: int) -> str:
    """When a process of this machine began, as the kernel counts ("" where it does not run or cannot be told)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    rest = text.rpartition(")")[2].split()
    return "" if rest[0] in {"Z", "X"} else rest[19]


def this_machine() -> str:
    """This boot of this machine and the set of process numbers we live in: containers may share a host's name."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
        return f"{boot}/{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def runs(holder: Holder, here: Owner) -> bool | None:
    """Whether the holder's process runs; None where it cannot be told from here."""
    owner = holder.owner
    if owner.machine != here.machine or (not here.machine and owner.host != here.host) or owner.pid <= 0:
        return None
    try:
        os.kill(owner.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not owner.started or owner.started == process_started(owner.pid)


def pipeline_url(environment: Mapping[str, str]) -> str:
    """The page of the pipeline that runs us, "" outside one: what GGREC_PIPELINE_URL says, else what GitHub Actions,
    GitLab CI, Jenkins, CircleCI or Buildkite tell. Without credentials that may be in it.
    """
    return _without_credentials(_told(environment))


def _told(environment: Mapping[str, str]) -> str:
    if environment.get("GGREC_PIPELINE_URL"):
        return environment["GGREC_PIPELINE_URL"]
    server, repository = environment.get("GITHUB_SERVER_URL"), environment.get("GITHUB_REPOSITORY")
    if server and repository and environment.get("GITHUB_RUN_ID"):
        return f"{server}/{repository}/actions/runs/{environment['GITHUB_RUN_ID']}"
    for name in ("CI_JOB_URL", "BUILD_URL", "CIRCLE_BUILD_URL", "BUILDKITE_BUILD_URL"):
        if environment.get(name):
            return environment[name]
    return ""


def _without_credentials(url: str) -> str:
    scheme, slashes, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{slashes}{host.rpartition('@')[2]}{slash}{path}" if slashes else url


def locked(holder: Holder, location: str, why: str) -> Locked:
    """The error for whoever finds it taken; `why` says how it is known that the holder lives, or that it cannot be."""
    text = f"the state in {location} is in use by {holder} (lock {holder.id})"
    hint = f"{why}; if it certainly no longer runs: ggrec unlock {holder.id}"
    return Locked((Diagnostic("locked", text, hint),), holder=holder.facts())

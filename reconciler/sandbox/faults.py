"""Fault switches: what a server, a proxy, a network or a colleague may do to a run. Each has a filter and a count."""

import threading
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from msgspec import Struct, field

KINDS = {
    "drop_request": "the connection breaks before anything was done",
    "down": "no connection comes about: it is being restarted (without a socket only; with one, as `drop_request`)",
    "drop_response": "it is done, and the answer is lost",
    "status": "answers `value` without doing it",
    "answer": "answers `value` (a status and a body) without doing it",
    "status_after": "does it, and answers `value` (500 hides success)",
    "answer_after": "does it, and answers `value` (a status and a body)",
    "too_many": "429 with Retry-After `value` (seconds, or an HTTP date)",
    "html": "an HTML page with the status `value`",
    "truncated": "half of the JSON",
    "redirect": "302 to `value`",
    "hang": "no answer until `release` is called",
    "not_found": "404 although it is there (read after write)",
    "hidden": "the uids in `value` are missing from lists and search",
    "rewrite_on_save": "the keys of `value` are put into saved dashboards",
    "version_not_enforced": "any version is accepted",
    "drop_secure_json": "secrets of datasources are dropped silently",
    "ignore_parent": "folders are created at the root",
    "expire": "the credentials have expired",
    "edit": "`value`, a function of the world, is called first (somebody else's edit)",
}


class Fault(Struct):
    """One switch: acts on requests whose method and path match, after `skip` of them, `count` times (None: always)."""

    kind: str
    value: Any = None
    method: str = "*"
    path: str = "*"
    skip: int = 0
    count: int | None = 1
    seen: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no fault '{self.kind}': there is {', '.join(sorted(KINDS))}")

    def strikes(self, method: str, path: str) -> bool:
        """Whether it acts on this request; counts."""
        if not (fnmatchcase(method, self.method) and fnmatchcase(path, self.path)):
            return False
        self.seen += 1
        nth = self.seen - self.skip
        return nth > 0 and (self.count is None or nth <= self.count)


class Faults(Struct):
    """The switches that are on."""

    switches: list[Fault] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def add(self, kind: str, value: Any = None, **options: Any) -> Fault:
        """Switch one on."""
        fault = Fault(kind, value, **options)
        self.switches.append(fault)
        return fault

    def clear(self) -> None:
        """Switch all off, and let hanging requests go."""
        self.switches.clear()
        self.released.set()

    def striking(self, method: str, path: str) -> Mapping[str, Any]:
        """What acts on this request: kind → value."""
        return {fault.kind: fault.value for fault in self.switches if fault.strikes(method, path)}


Edit = Callable[[Any], None]

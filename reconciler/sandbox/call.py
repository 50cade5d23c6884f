"""A request and an answer, as plain values between the app and the handlers."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
from msgspec import Struct, field

from reconciler.sandbox.world import Org, User, World

BAD = object()
"""The body of a request that is not JSON."""

UID = re.compile(r"[A-Za-z0-9_-]*\Z")


class Reply(Struct, frozen=True):
    """An answer. `raw` is sent instead of `body` where it is given: bytes that are JSON already."""

    status: int
    body: Any = None
    raw: bytes | None = None
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


class Later(Struct, frozen=True):
    """An answer that waits for others: made when nobody waits for the sandbox meanwhile. It changes nothing."""

    make: Callable[[], Reply]


class Call(Struct, frozen=True):
    """A request of an identified user to one organisation."""

    world: World
    user: User
    org: Org
    method: str
    path: str
    parts: Mapping[str, str]
    query: Mapping[str, Sequence[str]]
    body: Any
    accept: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    """What fault switches ask of the handlers."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """By their names in lower case."""

    def one(self, name: str, default: str = "") -> str:
        """The first value of a query parameter."""
        values = self.query.get(name)
        return values[0] if values else default

    def number(self, name: str, default: int) -> int:
        """A query parameter as a number."""
        text = self.one(name)
        return int(text) if text.lstrip("-").isdigit() else default

    @property
    def now(self) -> str:
        """The moment, as Grafana writes it."""
        return self.world.now().strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def fields(self) -> dict[str, Any]:
        """The body as a mapping."""
        return self.body if isinstance(self.body, dict) else {}


Handler = Callable[[Call], Reply | Later]


def encoded(value: Any) -> bytes:
    """A value as JSON; numbers beyond 64 bits and halves of surrogate pairs by the slower of two encoders."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, separators=(",", ":")).encode()


def decoded(body: bytes) -> Any:
    """JSON as a value, or BAD."""
    try:
        return orjson.loads(body)
    except ValueError:
        pass
    try:
        return json.loads(body)
    except ValueError:
        return BAD


def message(code: int, text: str, **more: Any) -> Reply:
    """`{"message": …}`, the most frequent shape."""
    return Reply(code, {"message": text, **more})


def denied(permission: str) -> Reply:
    """403 with the permission that is missing, as /api answers."""
    text = f"You'll need additional permissions to perform this action. Permissions needed: {permission}"
    return Reply(403, {"accessErrorId": "ACE0000000000", "message": text, "title": "Access denied"})


def status(code: int, text: str = "", reason: str = "", **details: Any) -> Reply:
    """The Status object of /apis."""
    body: dict[str, Any] = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
    if text:
        body["message"] = text
    if reason:
        body["reason"] = reason
    if details:
        body["details"] = details
    return Reply(code, {**body, "code": code})


def bad_uid(uid: str) -> str:
    """Why Grafana refuses a uid, or ""."""
    if not UID.match(uid):
        return "uid contains illegal characters"
    return "uid too long, max 40 characters" if len(uid) > 40 else ""

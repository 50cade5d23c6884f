"""Helpers of the kinds' tests: exchanges driven by hand, recorded answers, names, and examples read as JSON scalars."""

import json
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
import yaml

from reconciler.core.address import Address
from reconciler.core.diff import Edit, diff
from reconciler.core.exchange import ApiRequest, ApiResponse, Server, Wanted, WriteContext
from reconciler.core.json import Json, JsonObject
from reconciler.core.kind import Desired, Kind
from reconciler.core.resource import LiveObject, Resource
from tests.conftest import shared

SERVER = Server("http://grafana.example", "12.3.0", 1, "Main Org.", user="admin")
CONTEXT = WriteContext(SERVER, "a test")
EVERYTHING = Wanted(everything=True)


def recorded(scenario: str) -> list[dict[str, Any]]:
    """The exchanges of a recording; the test is skipped where the recordings are not at hand."""
    text = (shared("contract") / f"{scenario}.json").read_text(encoding="utf-8")
    exchanges: list[dict[str, Any]] = json.loads(text)["exchanges"]
    return exchanges


def answer_of(exchange: Mapping[str, Any]) -> ApiResponse:
    """A recorded answer as a kind gets it."""
    return ApiResponse(exchange["response"]["status"], exchange["response"]["body"])


def ok(body: Json = None, status: int = 200) -> ApiResponse:
    """An answer."""
    return ApiResponse(status, body)


@dataclass
class Talk:
    """How an exchange went: what it asked, and what came of it."""

    requests: list[ApiRequest] = field(default_factory=list)
    found: list[LiveObject] = field(default_factory=list)
    result: Any = None

    @property
    def lines(self) -> list[str]:
        """`METHOD path` of every request."""
        return [f"{request.method} {request.path}" for request in self.requests]

    @property
    def writes(self) -> list[tuple[str, str, Any]]:
        """What was written: method, path, body."""
        return [(r.method, r.path, r.body) for r in self.requests if r.method != "GET"]


Answers = Callable[[ApiRequest], ApiResponse] | Iterable[ApiResponse]


def talk(exchange: Generator[Any, ApiResponse, Any], answers: Answers) -> Talk:
    """Drive an exchange or a listing to its end. A status that is neither 2xx nor handled fails, as the driver does."""
    going = Talk()
    queue = None if callable(answers) else iter(answers)
    try:
        step = next(exchange)
        while True:
            if isinstance(step, tuple):
                going.found += step
                step = next(exchange)
                continue
            going.requests.append(step)
            answer = answers(step) if callable(answers) else next(queue or iter(()), None)
            assert answer is not None, f"unexpected request: {step.method} {step.path}"
            assert 200 <= answer.status < 300 or answer.status in step.handles, f"{step}: {answer}"
            step = exchange.send(answer)
    except StopIteration as stop:
        going.result = stop.value
    assert queue is None or next(queue, None) is None, "an answer was left over"
    return going


class Names:
    """Declared objects for `Kind.desired`; collects what fails."""

    def __init__(self, **declared: JsonObject) -> None:
        self.declared = declared
        self.failures: list[tuple[tuple[str | int, ...], str, str, str]] = []

    def uid(self, kind: str, name: str, path: tuple[str | int, ...]) -> str:
        """`<name>-uid` where it is declared."""
        if name in self.declared:
            return f"{name}-uid"
        self.fail(path, f"unknown-{kind}", f"no {kind} '{name}' is declared")
        return ""

    def declares(self, kind: str, name: str) -> bool:
        """Whether it is among what was declared."""
        return name in self.declared

    def attributes(self, kind: str, name: str, path: tuple[str | int, ...]) -> JsonObject:
        """What it was declared with."""
        return self.declared.get(name, {}) if self.uid(kind, name, path) else {}

    def fail(self, path: tuple[str | int, ...], code: str, message: str, hint: str = "") -> None:
        """Remember it."""
        self.failures.append((path, code, message, hint))

    @property
    def codes(self) -> list[str]:
        """The codes of what failed."""
        return [code for _, code, _, _ in self.failures]


class LiveNames:
    """What live objects are called in files: by `kind:uid`."""

    def __init__(self, **names: str) -> None:
        self.names = names

    def name(self, kind: str, uid: str) -> str | None:
        """The name for a uid, if it is among what is written."""
        return self.names.get(uid)


class _Scalars(yaml.SafeLoader):
    """YAML with no dates: they stay text, as in the product's loader."""


_Scalars.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def documents(text: str) -> list[dict[str, Any]]:
    """The documents of a YAML text."""
    return list(yaml.load_all(text, Loader=_Scalars))  # a subclass of SafeLoader


def desired(kind: Kind, spec: Mapping[str, Any], *, name: str = "it", names: Names | None = None) -> Desired:
    """The attributes of a spec; anything that fails, fails the test."""
    asked = names or Names()
    result = kind.desired(name, kind.spec.model_validate(dict(spec)), asked)
    assert asked.failures == []
    return result


def resource(kind: Kind, spec: Mapping[str, Any], *, name: str = "it", names: Names | None = None) -> Resource:
    """A spec as the engine gets it."""
    made = desired(kind, spec, name=name, names=names)
    return Resource(Address(kind.name, name), kind.uid(name, None), made.attributes, made.secrets)


def authored_edits(kind: Kind, wanted: JsonObject, live: LiveObject) -> tuple[Edit, ...]:
    """How live differs from what was written, as the engine compares when it adopts and after it wrote."""
    normal = kind.normalise(wanted)
    return diff(
        kind.project(kind.normalise(live.attributes), normal), normal, identities=kind.identities, authored=True
    )


def errors(kind: Kind, spec: Mapping[str, Any]) -> list[tuple[tuple[str | int, ...], str]]:
    """Where and why a spec is refused."""
    from pydantic import ValidationError

    with pytest.raises(ValidationError) as caught:
        kind.spec.model_validate(dict(spec))
    return [(item["loc"], item["msg"].removeprefix("Value error, ")) for item in caught.value.errors()]

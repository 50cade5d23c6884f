"""Each kind's example lives a whole life on the sandbox: created, read, listed, changed, found unchanged, deleted.

With a driver of a few lines of its own, so that nothing but the kinds and the sandbox is under test.
"""

import asyncio
import json
from collections.abc import Callable, Generator, Iterator
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from reconciler.core.diff import Edit, format_edit_path
from reconciler.core.errors import GgrecError
from reconciler.core.exchange import ApiRequest, ApiResponse, Server, Wanted, WriteContext
from reconciler.core.json import JsonObject, as_object
from reconciler.core.kind import Kind
from reconciler.core.resource import LiveObject, Resource, SecretRef
from reconciler.kinds import discover
from tests.kinds.kind_driver import Names, authored_edits, documents, resource

pytest.importorskip("starlette", reason="the sandbox needs the extra ggrec[sandbox]")
from reconciler.sandbox import World, create_app

SERVER = Server(
    "http://sandbox",
    "12.3.0",
    1,
    "Main Org.",
    user="admin",
    apis=frozenset(
        {
            "dashboard.grafana.app/v0alpha1",
            "folder.grafana.app/v1beta1",
            "notifications.alerting.grafana.app/v0alpha1",
        }
    ),
)
CONTEXT = WriteContext(SERVER, "a test")
KINDS = discover()


class Refused(Exception):
    """A status that the exchange does not handle."""


class Sandbox:
    """Drives exchanges against a sandbox in this process."""

    def __init__(self) -> None:
        self.world = World()
        self.app = create_app(self.world)
        self.sent: list[str] = []

    def __call__(self, exchange: Generator[Any, ApiResponse, Any]) -> Any:
        """What an exchange results in; of a listing what it found."""
        return asyncio.run(self._drive(exchange))

    async def _drive(self, exchange: Generator[Any, ApiResponse, Any]) -> Any:
        found: list[LiveObject] = []
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox", auth=("admin", "admin")) as client:
            try:
                step = next(exchange)
                while True:
                    if isinstance(step, tuple):
                        found += step
                        step = next(exchange)
                    else:
                        step = exchange.send(await self._send(client, step))
            except StopIteration as stop:
                return found if stop.value is None and found else stop.value

    async def _send(self, client: httpx.AsyncClient, request: ApiRequest) -> ApiResponse:
        self.sent.append(f"{request.method} {request.path}")
        content = None if request.body is None else json.dumps(request.body, default=self._secret)
        headers = {**dict(request.headers), **({"Content-Type": "application/json"} if content else {})}
        answer = await client.request(
            request.method, request.path, params=list(request.query), content=content, headers=headers
        )
        if not (200 <= answer.status_code < 300 or answer.status_code in request.handles):
            raise Refused(f"{request.method} {request.path}: {answer.status_code} {answer.text}")
        return ApiResponse(answer.status_code, answer.json() if answer.content else None)

    @staticmethod
    def _secret(value: object) -> str:
        assert isinstance(value, SecretRef)
        return "a secret"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A fresh sandbox that knows ann besides admin."""
    fresh = Sandbox()
    fresh.world.add_user("ann", "ann@example.org")
    yield fresh


def _as_spec(kind: Kind, spec: dict[str, Any]) -> dict[str, Any]:
    if kind.shorthand is None:
        return spec
    model = dict(spec)
    panels = model.pop("panels", [])
    numbered = [
        {"id": number, "gridPos": {"x": 0, "y": 8 * number, "w": 24, "h": 8}, **panel}
        for number, panel in enumerate((p for p in panels if "row" not in p), 1)
    ]
    return {"folder": model.pop("folder", None), "model": {"schemaVersion": 42, **model, "panels": numbered}}


def _declared(sandbox: Sandbox, kind: Kind) -> tuple[Resource, dict[str, Any], Names]:
    """The example's last object, not created yet; what it needs is there."""
    *needs, document = documents(kind.example)
    attributes: dict[str, JsonObject] = {}
    for need in needs:
        other = KINDS.by_yaml(need["kind"])
        assert other is not None
        made = resource(other, need["spec"], name=need["metadata"]["name"])
        sandbox(other.create(CONTEXT, replace(made, uid=f"{made.address.name}-uid")))
        attributes[need["metadata"]["name"]] = made.attributes
    names = Names(**attributes)
    spec = _as_spec(kind, document["spec"])
    return resource(kind, spec, name=document["metadata"]["name"], names=names), spec, names


TITLE_OF: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "folder": lambda spec: {**spec, "title": "Another title"},
    "dashboard": lambda spec: {**spec, "model": {**spec["model"], "title": "Another title"}},
    "team": lambda spec: {**spec, "name": "Another name", "members": ["ann@example.org"]},
    "datasource": lambda spec: {**spec, "url": "http://another:9090"},
    "permissions": lambda spec: {**spec, "entries": [{"role": "Viewer", "permission": "Edit"}]},
    "preferences": lambda spec: {**spec, "theme": "light"},
    "message-template": lambda spec: {**spec, "template": '{{ define "another" }}text{{ end }}'},
    "mute-timing": lambda spec: {**spec, "time_intervals": [{"months": ["january:march"]}]},
    "notification-policy": lambda spec: {**spec, "routes": spec["routes"][1:], "repeat_interval": "90m"},
    "contact-point": lambda spec: {**spec, "integrations": spec["integrations"][1:]},
    "alert-rule-group": lambda spec: {**spec, "interval": "2m", "rules": [{**spec["rules"][0], "for": "10m"}]},
    "library-panel": lambda spec: {**spec, "panel": {"type": "text", "title": "Another title"}},
    "annotation": lambda spec: {**spec, "text": "Another text", "timeEnd": "2026-04-01T00:00:00+02:00"},
}
"""A change of each kind of ours; a kind that is not here lives without one."""


def _differences(kind: Kind, wanted: JsonObject, live: LiveObject) -> list[str]:
    edits: tuple[Edit, ...] = authored_edits(kind, wanted, live)
    return [format_edit_path(edit.path) for edit in edits]


def _listed(sandbox: Sandbox, kind: Kind, wanted: Resource, uid: str) -> list[LiveObject]:
    found = sandbox(kind.listing(SERVER, Wanted(frozenset({uid}), frozenset(kind.keys(wanted)))))
    return [live for live in found or [] if live.uid == uid]


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.name) for kind in KINDS.values()])
def test_a_whole_life(sandbox: Sandbox, kind: Kind) -> None:
    wanted, spec, names = _declared(sandbox, kind)
    assert sandbox(kind.find(SERVER, wanted)) is None

    uid = sandbox(kind.create(CONTEXT, wanted))
    assert wanted.uid in {None, uid}
    live = sandbox(kind.read(SERVER, uid))
    assert live.complete and live.uid == uid and live.kind == kind.name
    assert _differences(kind, wanted.attributes, live) == []
    assert set(kind.keys(wanted)) <= set(live.keys)
    assert sandbox(kind.find(SERVER, wanted)).uid == uid
    found = _listed(sandbox, kind, wanted, uid)
    assert len(found) == 1 or kind.always_there
    for listed in found:
        assert listed.complete and listed.attributes == live.attributes and listed.revision == live.revision

    changed = resource(kind, TITLE_OF.get(kind.name, dict)(spec), name=wanted.address.name, names=names)
    if kind.name in TITLE_OF:
        assert _differences(kind, changed.attributes, live)
    sandbox(kind.update(CONTEXT, changed, live))
    after = sandbox(kind.read(SERVER, uid))
    assert _differences(kind, changed.attributes, after) == []
    if live.revision is not None:
        assert after.revision != live.revision, "somebody's save must be seen"

    context = replace(CONTEXT, applied=changed.attributes)
    sandbox(kind.delete(context, after))
    left = sandbox(kind.read(SERVER, uid))
    assert kind.is_gone(left, changed.attributes) if kind.always_there else left is None
    assert kind.always_there or _listed(sandbox, kind, changed, uid) == []
    sandbox(kind.delete(context, after))


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.name) for kind in KINDS.values()])
def test_what_exists_is_not_created_again(sandbox: Sandbox, kind: Kind) -> None:
    wanted, _, _ = _declared(sandbox, kind)
    sandbox(kind.create(CONTEXT, wanted))
    if kind.always_there:
        assert sandbox(kind.find(SERVER, wanted)) is not None, "laid over what is there"
        return
    if kind.name == "annotation":
        assert sandbox(kind.find(SERVER, wanted)) is not None, "found by its marker instead: the engine looks first"
        return
    if kind.name == "alert-rule-group":
        with pytest.raises(GgrecError, match="has a group 'api' already"):
            sandbox(kind.create(CONTEXT, wanted))
        return  # Grafana itself would replace it
    with pytest.raises(Refused, match=r": 4\d\d "):
        sandbox(kind.create(CONTEXT, wanted))


def test_a_team_holds_exactly_its_declared_members_after_create(sandbox: Sandbox) -> None:
    kind = KINDS["team"]
    ops = resource(kind, {"name": "Ops", "admins": ["ANN@example.org"], "members": ["later"]})
    uid = sandbox(kind.create(CONTEXT, ops))
    live = sandbox(kind.read(SERVER, uid))
    assert [as_object(member)["login"] for member in live.attributes["members"]] == ["ann"]
    assert _differences(kind, ops.attributes, live) == ["members[login=later]"]
    assert kind.outstanding(ops, live) == ()
    sandbox.world.add_user("later", "later@example.org")
    now = sandbox(kind.read(SERVER, uid))
    assert [format_edit_path(edit.path) for edit in kind.outstanding(ops, now)] == ["members[login=later]"]
    sandbox(kind.update(CONTEXT, ops, now))
    assert _differences(kind, ops.attributes, sandbox(kind.read(SERVER, uid))) == []


def test_exact_membership_takes_the_others_out(sandbox: Sandbox) -> None:
    kind = KINDS["team"]
    uid = sandbox(kind.create(CONTEXT, resource(kind, {"name": "Ops", "members": ["ann", "admin"]})))
    exact = resource(kind, {"name": "Ops", "membership": "exact", "admins": ["ann"]})
    live = sandbox(kind.read(SERVER, uid))
    assert _differences(kind, exact.attributes, live) == ["members[login=admin]", "members[login=ann].permission"]
    sandbox(kind.update(CONTEXT, exact, live))
    assert _differences(kind, exact.attributes, sandbox(kind.read(SERVER, uid))) == []


def test_a_secret_is_kept_replaced_and_removed(sandbox: Sandbox) -> None:
    kind = KINDS["datasource"]
    spec = {"type": "prometheus", "url": "http://x", "secureJsonData": {"a": "${env:A}", "b": "${env:B}"}}
    both = resource(kind, spec)
    sandbox(kind.create(CONTEXT, both))
    sandbox(kind.update(CONTEXT, replace(both, secrets={}), sandbox(kind.read(SERVER, "it"))))
    live = sandbox(kind.read(SERVER, "it"))
    assert live.attributes["secureJsonFields"] == {"a": True, "b": True}
    one = resource(kind, {**spec, "secureJsonData": {"a": "${env:A}"}})
    sandbox(kind.update(CONTEXT, replace(one, secrets={}), live))
    assert sandbox(kind.read(SERVER, "it")).attributes["secureJsonFields"] == {"a": True}


def test_a_stale_datasource_is_refused(sandbox: Sandbox) -> None:
    kind = KINDS["datasource"]
    wanted = resource(kind, {"type": "prometheus", "url": "http://x"})
    sandbox(kind.create(CONTEXT, wanted))
    before = sandbox(kind.read(SERVER, "it"))
    sandbox(kind.update(CONTEXT, wanted, before))
    with pytest.raises(Refused, match="409"):
        sandbox(kind.update(CONTEXT, wanted, before))


def test_an_annotation_moves_to_a_dashboard_and_keeps_its_marker(sandbox: Sandbox) -> None:
    boards, notes = KINDS["dashboard"], KINDS["annotation"]
    panels = [{"id": 3, "type": "stat", "title": "P", "gridPos": {"x": 0, "y": 0, "w": 9, "h": 8}}]
    model = {"title": "Shop", "schemaVersion": 42, "panels": panels}
    board = resource(boards, {"model": model}, name="shop")
    sandbox(boards.create(CONTEXT, replace(board, uid="shop-uid")))
    spec = {"text": "Sale", "time": "2026-03-01T09:00:00.123Z", "tags": ["sale"]}
    uid = sandbox(notes.create(CONTEXT, resource(notes, spec)))
    moved = resource(notes, {**spec, "dashboard": "shop", "panel": "P"}, names=Names(shop=board.attributes))
    sandbox(notes.update(CONTEXT, moved, sandbox(notes.read(SERVER, uid))))
    found = sandbox(notes.find(SERVER, moved))
    assert found.uid != uid and _differences(notes, moved.attributes, found) == []
    assert sandbox(notes.read(SERVER, uid)) is None
    assert (found.attributes["panelId"], found.attributes["time"] % 1000) == (3, 123)


def test_copies_of_an_annotation_collapse(sandbox: Sandbox) -> None:
    notes = KINDS["annotation"]
    wanted = resource(notes, {"text": "Sale", "time": "2026-03-01T09:00:00Z"})
    first = sandbox(notes.create(CONTEXT, wanted))
    for _ in range(2):
        sandbox(notes.create(CONTEXT, wanted))
    (listed,) = sandbox(notes.listing(SERVER, Wanted()))
    assert listed.uid == first and len(listed.meta["duplicates"]) == 2
    sandbox(notes.update(CONTEXT, wanted, sandbox(notes.read(SERVER, first))))
    (listed,) = sandbox(notes.listing(SERVER, Wanted()))
    assert listed.uid == first and listed.meta["duplicates"] == []

"""A whole ggrec in one process: desired documents, the real rooms, the sandbox behind a transport without sockets."""

import asyncio
import contextlib
import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.authoring.resolve import resolve
from reconciler.core.budget import Budget
from reconciler.core.conflicts import OnConflict, Policy, stop
from reconciler.core.errors import GgrecError
from reconciler.core.guard import Guard
from reconciler.core.json import Json
from reconciler.core.observation import SHORTEST_MARGIN
from reconciler.core.plan import Plan
from reconciler.core.rebuilt import Rebuilt
from reconciler.core.resource import Resource, SecretRef
from reconciler.core.state import Outcome, Run, State
from reconciler.engine.apply import Applied, Job
from reconciler.engine.apply import apply as carry_out
from reconciler.engine.inputs import Inputs
from reconciler.engine.planner import Options
from reconciler.engine.planning import compute_plan, own_state, stands
from reconciler.engine.rebuilding import rebuild
from reconciler.engine.rolling_back import plan_back, undo_of
from reconciler.grafana.client import Client, Timing
from reconciler.grafana.connection import Connection
from reconciler.grafana.driver import Grafana, GrafanaWriter
from reconciler.grafana.probe import probe
from reconciler.grafana.secrets import SecretResolver
from reconciler.kinds import discover
from reconciler.loader.envelope import open_envelope
from reconciler.loader.yaml import parse_yaml
from reconciler.sandbox.dispatch import Dispatcher
from reconciler.sandbox.world import World
from reconciler.store.blobs import Blobs, LocalBlobs
from reconciler.store.hints import StoredHints
from reconciler.store.lease import Tenant
from reconciler.store.lock import Owner
from reconciler.store.planfile import plan_digest
from reconciler.store.state_store import StateStore
from tests.lab_parts import QuickSecrets, SandboxTransport, Silent, Ticking, Waiting

REGISTRY = discover()
_LENIENT = Guard(max_deletes=1000, max_delete_share=1.0)
URL = "http://grafana.test"
Declared = Sequence[dict[str, Any]] | tuple[Resource, ...]
"""Desired documents, or the resources that they come to."""


@dataclass
class Lab:
    """One project, one Grafana."""

    folder: Path
    clock: Ticking = field(default_factory=Ticking)
    world: World = None  # type: ignore[assignment]  # made below, with this lab's clock
    environment: dict[str, str] = field(default_factory=lambda: {"PASSWORD": "admin"})
    login: str = "admin"
    blobs: Blobs | None = None
    """Where the state is, if not in the folder."""
    url: str = URL
    waiting: Waiting = field(default_factory=Waiting)
    limit: float = math.inf
    """Seconds that one plan or apply may take."""
    said: list[str] = field(default_factory=list)
    parallelism: int = 2
    policy: Policy = lambda address: OnConflict.STOP
    margin: float = SHORTEST_MARGIN
    """All clocks here are one, so that the shortest margin is enough."""

    def __post_init__(self) -> None:
        self.world = self.world or World(now=self.clock.tick)
        self.dispatcher = Dispatcher(self.world)
        self.planned: Plan | None = None
        """What the last apply went by."""

    @property
    def store(self) -> StateStore:
        """A store as a new process would open it."""
        owner = Owner("lab", 1, "somebody", "ggrec")
        blobs = self.blobs or LocalBlobs(self.folder / "state")
        return StateStore(blobs, clock=self.clock, tenant=lambda: Tenant(owner))

    @property
    def state(self) -> State:
        """The stored state."""
        state = self.store.load()
        assert state is not None
        return state

    @property
    def org(self) -> Any:
        """What the sandbox holds in organisation 1."""
        return self.world.orgs[1]

    def writes(self, since: int = 0) -> list[str]:
        """`METHOD path` of every write that was answered."""
        return [f"{r.method} {r.path}" for r in self.dispatcher.requests[since:] if r.method != "GET"]

    def resources(self, documents: Declared, values: dict[str, Json] | None = None) -> tuple[Resource, ...]:
        """What documents declare; they must be right. What is expanded already is given back."""
        if isinstance(documents, tuple):
            return documents
        opened = []
        for number, document in enumerate(documents):
            text = _yaml(document).encode()
            found, problems = parse_yaml(text, f"{number}.yaml")
            assert not problems, problems
            made, wrong = open_envelope(found[0], f"{number}.yaml")
            assert made is not None, wrong
            opened.append(made)
        resolved = resolve(opened, REGISTRY, values=values or {})
        errors = [str(item) for item in resolved.diagnostics if item.severity == "error"]
        assert not errors, errors
        return resolved.resources

    @contextlib.asynccontextmanager
    async def _connected(self) -> Any:
        secrets = QuickSecrets(self.environment, self.folder)
        connection = Connection(self.url, user=self.login, password=SecretRef("${env:PASSWORD}"))
        transport = SandboxTransport(self.dispatcher, lambda: self.clock.moment)
        self.budget = Budget(self.limit, self.waiting.monotonic, self.waiting.passed)
        timing = Timing(self.waiting.sleep, self.waiting.monotonic, random=lambda: 1.0, budget=self.budget)
        async with Client(connection, secrets, transport=transport, timing=timing) as client:
            yield client, await probe(client, writing=True), secrets

    async def _plan(self, resources: Sequence[Resource], options: Options) -> Plan:
        async with self._connected() as (client, server, secrets):
            reader = Grafana(client, server)
            return await compute_plan(self._inputs(resources, options, reader, secrets))

    def _inputs(
        self, resources: Sequence[Resource], options: Options, reader: Grafana, secrets: SecretResolver
    ) -> Inputs:
        state = own_state(self.store.load(), reader, lineage="lab")
        return Inputs(
            tuple(resources),
            state,
            reader,
            self.store,
            REGISTRY,
            secrets,
            Silent(),
            options,
            self.budget,
            StoredHints(self.store.blobs),
            self.margin,
        )

    def plan(self, documents: Declared, options: Options | None = None) -> Plan:
        """Plan."""
        return asyncio.run(self._plan(self.resources(documents), options or Options()))

    async def _rebuild(self, resources: Sequence[Resource]) -> Rebuilt:
        async with self._connected() as (client, server, secrets):
            return await rebuild(self._inputs(resources, Options(), Grafana(client, server), secrets))

    def rebuild(self, documents: Declared) -> Rebuilt:
        """Make the state anew, and store it."""
        found = asyncio.run(self._rebuild(self.resources(documents)))
        self.store.restore(found.state)
        return found

    async def _apply(self, resources: Sequence[Resource], options: Options, between: Callable[[], None]) -> Applied:
        async with self._connected() as (client, server, secrets):
            writer = GrafanaWriter(client, server)
            inputs = self._inputs(resources, options, writer, secrets)
            plan = self.planned = await compute_plan(inputs)
            between()
            return await self._carry_out(plan, inputs.state, writer, secrets)

    async def _carry_out(self, plan: Plan, state: State, writer: GrafanaWriter, secrets: SecretResolver) -> Applied:
        stands(plan)
        run = Run(
            f"run-{len(self.store.runs()) + 1}", plan_digest(plan), "lab", "abc123", "ggrec apply", self.clock.now()
        )
        told: list[Outcome] = []
        job = Job(plan, run, state, writer, self.store, REGISTRY, secrets, Silent(), self.clock, told=told.append)
        job.budget, job.sleep, job.said, job.parallelism = (
            self.budget,
            self.waiting.sleep,
            self.said.append,
            self.parallelism,
        )
        job.policy = self.policy
        return await carry_out(job)

    def apply(
        self,
        documents: Declared,
        options: Options | None = None,
        between: Callable[[], None] = lambda: None,
    ) -> Applied:
        """Plan and apply; `between` happens after the plan."""
        return asyncio.run(self._apply(self.resources(documents), options or Options(guard=_LENIENT), between))

    def apply_plan(self, plan: Plan) -> Applied:
        """Apply a plan that was made before."""

        async def work() -> Applied:
            async with self._connected() as (client, server, secrets):
                return await self._carry_out(plan, self.state, GrafanaWriter(client, server), secrets)

        return asyncio.run(work())

    async def _back(self, run_id: str, documents: Declared, options: Options, *, dry: bool) -> tuple[Plan, Applied]:
        async with self._connected() as (client, server, secrets):
            writer = GrafanaWriter(client, server)
            inputs = self._inputs((), options, writer, secrets)
            declared = {item.address: item for item in self.resources(documents)}
            runs = self.store.runs()
            run = next(run for run in runs if run.id == run_id)
            plan, _ = await plan_back(inputs, await undo_of(run, (), inputs, declared, runs))
            if dry or plan.refusals:
                return plan, Applied(inputs.state)
            return plan, await self._carry_out(plan, inputs.state, writer, secrets)

    def back(
        self, run_id: str, documents: Declared, policy: Policy = stop, *, dry: bool = False
    ) -> tuple[Plan, Applied]:
        """Undo a run, if nothing stands against it, while `documents` are declared; `dry`: only plan it."""
        options = Options(guard=_LENIENT, policy=policy)
        return asyncio.run(self._back(run_id, documents, options, dry=dry))

    def applied(self, documents: Declared, options: Options | None = None) -> Applied:
        """Apply, and be sure that everything was done."""
        result = self.apply(documents, options)
        assert all(outcome.result == "done" for outcome in result.outcomes), result.outcomes
        return result

    def converge(self, documents: Declared, tries: int = 4, *, adopt: bool = False) -> None:
        """Apply until there is nothing left to do; conflicts and failures of a run are the next one's business."""
        options = Options(guard=_LENIENT, adopt=adopt)
        for _ in range(tries):
            with contextlib.suppress(GgrecError):
                self.apply(documents, options)
            if not self.plan(documents, options).changes:
                return
        plan = self.plan(documents, options)
        raise AssertionError(
            f"does not converge: {[(str(c.address), str(c.action), c.reason, c.edits) for c in plan.changes]}"
        )


def _yaml(document: dict[str, Any]) -> str:
    """A document as JSON that is YAML too: what YAML would take for a line break is escaped."""
    text = json.dumps(document, ensure_ascii=False)
    return re.sub("[\x7f-\x9f\u2028\u2029\ufeff]", lambda found: f"\\u{ord(found.group()):04x}", text)


def document(kind: str, name: str, /, *, metadata: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    """A desired document."""
    return {"apiVersion": "ggrec/v1", "kind": kind, "metadata": {"name": name, **(metadata or {})}, "spec": spec}


def examples() -> list[dict[str, Any]]:
    """The documents of all kinds' examples, each name once."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for kind in REGISTRY.values():
        documents, problems = parse_yaml(kind.example.encode(), f"{kind.name}.yaml")
        assert not problems
        for item in documents:
            found.setdefault((item["kind"], item["metadata"]["name"]), item)
    return [plain(item) for item in found.values()]


def plain(value: Any) -> Any:
    """A marked value as ordinary dicts and lists."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value

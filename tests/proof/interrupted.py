"""A mixed apply that is interrupted at any of its moments, and what has to be true afterwards.

Moments are the requests of the apply, and the writes to the store. Every case begins with a copy of one prepared
world and one prepared state, so that cases are quick and know nothing of one another.
"""

import contextlib
import pickle
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from reconciler.core.errors import GgrecError
from reconciler.core.guard import Guard
from reconciler.core.plan import Plan
from reconciler.core.resource import Resource
from reconciler.engine.planner import Options
from reconciler.sandbox.world import World
from tests.lab import Lab
from tests.lab_parts import Ticking
from tests.proof import mixed, oracle
from tests.proof.memory import MemoryBlobs

OPTIONS = Options(guard=Guard(max_deletes=1000, max_delete_share=1.0))
_KEPT = ("orgs", "users", "tokens", "counters")
_BEFORE_APPLY = frozenset({"folder equal", "dashboard taken"})
"""Others' objects that the apply takes over."""


class Killed(BaseException):
    """The process is gone: nothing of it runs any more, and nothing that it still tries has an effect."""


class Estate(Protocol):
    """What is declared before and after, and what others have."""

    @property
    def before(self) -> tuple[Resource, ...]: ...
    @property
    def after(self) -> tuple[Resource, ...]: ...
    @property
    def others(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Prepared:
    """Where every case begins: `before` was applied, people added what they may, `after` is about to be."""

    world: bytes
    files: dict[str, bytes]
    before: tuple[Resource, ...]
    after: tuple[Resource, ...]
    others: dict[str, Any]
    requests: int
    """How many requests the apply of `after` sends where nothing happens."""
    writes: int
    """How often it writes to the store."""

    def lab(self) -> Lab:
        """A fresh copy."""
        return _lab(self.world, self.files)


def _lab(world: bytes, files: dict[str, bytes]) -> Lab:
    clock = Ticking()
    made = World(now=clock.tick)
    for name, value in pickle.loads(world).items():
        setattr(made, name, value)
    blobs = MemoryBlobs(files)
    environment = {"PASSWORD": "admin", **mixed.SECRETS}
    return Lab(Path("nowhere"), clock=clock, world=made, environment=environment, blobs=blobs)


@cache
def prepared() -> Prepared:
    """Made once a process."""
    lab = mixed.people(Lab(Path("nowhere"), blobs=MemoryBlobs()))
    mixed.strangers(lab)
    before, after = lab.resources(mixed.before()), lab.resources(mixed.after())
    lab.applied(before, OPTIONS)
    mixed.additions(lab)
    world = pickle.dumps({name: getattr(lab.world, name) for name in _KEPT})
    assert isinstance(lab.blobs, MemoryBlobs)
    files = dict(lab.blobs.files)
    others = mixed.untouched(lab.org, alice(lab))
    trial = _lab(world, files)
    counted = Watch(trial)
    trial.applied(after, OPTIONS)
    return Prepared(world, files, before, after, others, counted.requests, counted.writes)


def alice(lab: Lab) -> int:
    """Her number."""
    found = lab.world.user_named("alice")
    assert found is not None
    return found.id


@dataclass
class Watch:
    """Stands between an apply and what it acts on. `at_request` and `at_write` are called before each with its
    number; `after_request` when a request was answered.
    """

    lab: Lab
    requests: int = 0
    writes: int = 0
    dead: bool = False
    at_request: Callable[[int], None] = lambda number: None
    after_request: Callable[[int], None] = lambda number: None
    at_write: Callable[[int], None] = lambda number: None
    seen: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._answer = self.lab.dispatcher.answer
        self.lab.dispatcher.answer = self._asked  # type: ignore[method-assign]
        assert isinstance(self.lab.blobs, MemoryBlobs)
        self.lab.blobs.watch = self._written

    def _asked(self, method: str, path: str, *rest: Any) -> Any:
        self._alive()
        number, self.requests = self.requests, self.requests + 1
        self.seen.append(f"{method} {path}")
        self._perhaps(lambda: self.at_request(number))
        reply = self._answer(method, path, *rest)
        self._perhaps(lambda: self.after_request(number))
        return reply

    def _written(self, key: str) -> None:
        self._alive()
        number, self.writes = self.writes, self.writes + 1
        self._perhaps(lambda: self.at_write(number))

    def _alive(self) -> None:
        if self.dead:
            raise Killed

    def _perhaps(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Killed:
            self.dead = True
            raise

    def end(self) -> None:
        """Whoever comes now is another process."""
        self.lab.dispatcher.answer = self._answer  # type: ignore[method-assign]
        assert isinstance(self.lab.blobs, MemoryBlobs)
        self.lab.blobs = MemoryBlobs(self.lab.blobs.files)
        self.lab.dispatcher.faults.clear()


def run_to_its_end(watch: Watch, resources: tuple[Resource, ...]) -> None:
    """Apply; being killed and failing are both ends."""
    with contextlib.suppress(Killed, GgrecError):
        watch.lab.apply(resources, OPTIONS)
    watch.end()


def right_afterwards(lab: Lab, start: Estate, target: tuple[Resource, ...], interrupted: tuple[Resource, ...]) -> None:
    """The state verifies; the plan is the truth; the next apply does it all; the plan after it is empty and silent;
    Grafana holds what is declared, once, and what is others' as it was.

    `target` is declared now; `interrupted` was when the apply was cut short: the same, or it is taken back.
    """
    assert lab.store.load() is not None
    plan = lab.plan(target, OPTIONS)
    assert plan.refusals == (), plan.refusals
    if target is interrupted:  # taken back, what was half done of an object of several requests shows as drift
        assert plan.drift == (), plan.drift
    former = start.after if target is start.before else start.before
    tells_the_truth(plan, lab, target, former)
    result = lab.apply(target, OPTIONS)
    wrong = [f"{o.address} {o.result} {o.error} {o.not_converged}" for o in result.outcomes if o.result != "done"]
    assert not wrong, wrong
    before = len(lab.dispatcher.requests)
    rest = lab.plan(target, OPTIONS)
    assert (rest.changes, rest.drift) == ((), ()), [(str(c.address), c.action, c.reason) for c in rest.changes]
    assert lab.writes(before) == []
    assert oracle.differing(lab.world, target, lab.environment, former) == []
    allowed = {"allowed": _BEFORE_APPLY} if target is start.before else {}
    assert oracle.unwanted(lab.world, target, allowed) == []
    assert {str(address) for address in lab.state.resources} == {str(item.address) for item in target}
    assert not lab.state.intents
    assert mixed.untouched(lab.org, alice(lab)) == start.others


def tells_the_truth(plan: Plan, lab: Lab, target: tuple[Resource, ...], former: tuple[Resource, ...] = ()) -> None:
    """What is going to be sent is what differs; a secret whose writing nobody recorded is sent again."""
    sent = {str(c.address) for c in plan.changes if c.sends and c.resource is not None}
    secret = {str(c.address) for c in plan.changes if c.secrets}
    differing = set(oracle.differing(lab.world, target, lab.environment, former))
    assert differing - sent == set(), f"differs, and is not in the plan: {sorted(differing - sent)}"
    assert sent - differing - secret == set(), f"is in the plan, and does not differ: {sorted(sent - differing)}"

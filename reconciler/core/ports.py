"""What the engine needs from the outside, as protocols: somebody to ask Grafana, a store, secrets, a clock, an
audience.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

from msgspec import Struct

from reconciler.core.address import Address
from reconciler.core.exchange import ApiRequest, Exchange, Listing, Server
from reconciler.core.json import JsonObject
from reconciler.core.observation import Observation
from reconciler.core.resource import LiveObject, SecretRef
from reconciler.core.state import Intent, Outcome, ResourceState, Run, State

T = TypeVar("T")


class Asker(Protocol):
    """Carries out one exchange after the other."""

    @property
    def server(self) -> Server: ...
    async def ask(self, exchange: Exchange[T]) -> T: ...


class Reader(Asker, Protocol):
    """Asks Grafana; sends GET only. Failures are raised as core.errors.ServerError and its sub-types."""

    def stream(self, listing: Listing) -> AsyncIterator[LiveObject]: ...


class Writer(Reader, Protocol):
    """A reader that may also carry out exchanges that write. A request is counted before it is sent."""

    @property
    def strain(self) -> int:
        """How often so far the server asked for less, or left a request without an answer."""

    async def write(self, exchange: Exchange[T]) -> T: ...


class Secrets(Protocol):
    """Resolves references and tells whether a secret changed, without ever handing its text to the engine."""

    def missing(self, reference: SecretRef) -> str | None:
        """Why it cannot be resolved here, or None."""

    def digest(self, reference: SecretRef) -> str:
        """A new salted slow digest of the secret's present value."""

    def matches(self, reference: SecretRef, digest: str) -> bool:
        """Whether the present value is the one that was digested."""


class Store(Protocol):
    """State, bodies, runs and the journal of one instance. Everything that was promised written is on the disk when a
    call returns.
    """

    @property
    def location(self) -> str: ...
    def load(self) -> State | None:
        """The verified state with an interrupted run's journal worked in (its done entries, and intents for the
        rest); None: there is none yet.
        """

    def save(self, state: State) -> State:
        """Store it with the next serial (the result) atomically, and drop the journal that it now includes. Raises
        Locked where somebody else has saved meanwhile; StoreFailed, as every call, where the place fails.
        """

    def put(self, value: JsonObject) -> str:
        """Store a body under its digest, once."""

    def get(self, digest: str) -> JsonObject:
        """A stored body. Raises BodyLost where it is missing or damaged."""

    def lock(self, command: str) -> AbstractContextManager[None]:
        """Hold the lock. Raises Locked naming the holder."""

    def begin(self, run: Run) -> None:
        """Record a run before its first request."""

    def intend(self, run_id: str, intent: Intent) -> None:
        """Journal that a write is about to be sent. Raises Locked where the lock is not certainly ours any more: then
        it must not be sent.
        """

    def record(
        self, run_id: str, address: Address, entry: ResourceState | None, outcome: Outcome | None = None
    ) -> None:
        """Journal how a write ended: the entry as it is now (None: gone), and what the run's record is to say of it."""

    def finish(self, run: Run) -> None:
        """Record how a run ended."""

    def runs(self, limit: int | None = None) -> tuple[Run, ...]:
        """All recorded runs, oldest first; with a limit only the last ones."""


class Hints(Protocol):
    """Keeps what was last verified, as well as it can: no call fails."""

    def observation(self) -> Observation | None:
        """What was kept; None where there is nothing, or nothing that can be read."""

    def keep(self, observation: Observation) -> None:
        """Keep it in the place of what was there."""


class NoHints:
    """Keeps nothing."""

    def observation(self) -> Observation | None:
        """Nothing."""
        return None

    def keep(self, observation: Observation) -> None:
        """Nothing."""


class Progress(Struct, frozen=True):
    """One step for a progress display: `done` of `total` (None: not known yet) in a phase (`reading folders`,
    `applying`).
    """

    phase: str
    done: int
    total: int | None = None
    subject: str = ""


class Audience(Protocol):
    """Is told how things go while they go."""

    def progress(self, step: Progress) -> None: ...
    def remark(self, text: str) -> None:
        """Something for those who want to know how it was found out."""


class Clock(Protocol):
    """The present moment, RFC 3339 in UTC with seconds."""

    def now(self) -> str: ...


class Trace(Protocol):
    """Is told of each request that was answered, without secrets: for `-v`."""

    def request(self, request: ApiRequest, status: int | None, seconds: float) -> None: ...


EnvironmentMap = Mapping[str, str]

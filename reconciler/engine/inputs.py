"""Everything a plan is made from, as whoever assembles the program hands it over."""

from msgspec import Struct, field

from reconciler.core.budget import Budget
from reconciler.core.observation import MARGIN
from reconciler.core.ports import Audience, Hints, NoHints, Reader, Secrets, Store
from reconciler.core.registry import Registry
from reconciler.core.resource import Resource
from reconciler.core.state import State
from reconciler.engine.planner import Options


class Inputs(Struct, frozen=True):
    """Everything a plan is made from."""

    resources: tuple[Resource, ...]
    state: State
    reader: Reader
    store: Store
    registry: Registry
    secrets: Secrets
    audience: Audience
    options: Options
    budget: Budget = field(default_factory=Budget)
    hints: Hints = field(default_factory=NoHints)
    margin: float = MARGIN
    """Seconds by which a beacon must be older than the read that verified it."""

"""Undoing as values: what is known beside a run, and what undoing it comes to before Grafana is asked."""

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from reconciler.core.address import Address
from reconciler.core.errors import Diagnostic
from reconciler.core.registry import Registry
from reconciler.core.resource import KeptVersion, Resource
from reconciler.core.state import Run, State
from reconciler.engine.situation import Bodies

SINCE = "changed-since-run"
"""The code of whatever somebody, or a later run, changed since."""
STAYS = "stays"
"""The code of whatever is not undone, though the run did it."""


def stays_in(folder: str) -> str:
    """The note of what lies elsewhere than it did."""
    return f"stays in {f'folder {folder}' if folder else 'the root'}: a rollback moves nothing"


class Known(Struct, frozen=True):
    """What is known beside the run: the state, what is declared, the runs after it, stored bodies, and versions that
    the server keeps of objects whose stored bodies are not enough.
    """

    state: State
    declared: Mapping[Address, Resource]
    later: Sequence[Run]
    registry: Registry
    bodies: Bodies
    versions: Mapping[Address, KeptVersion] = field(default_factory=dict)


class Undo(Struct, frozen=True):
    """What is to be planned: `resources` as they shall be, `deletes`; why and with which notes; what is left as it is,
    and what forbids it.
    """

    since: str
    """After what nobody may have changed it, in words ("run X")."""
    resources: Mapping[Address, Resource] = field(default_factory=dict)
    deletes: frozenset[Address] = frozenset()
    reasons: Mapping[Address, str] = field(default_factory=dict)
    notes: Mapping[Address, tuple[str, ...]] = field(default_factory=dict)
    left: tuple[Diagnostic, ...] = ()
    refusals: tuple[Diagnostic, ...] = ()

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Everything that it is about."""
        return tuple(sorted({*self.resources, *self.deletes}))

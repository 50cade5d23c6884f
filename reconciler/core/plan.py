"""Plans: ordered changes and what was changed outside, with what each was computed from. Values only; the planner is
in the engine.
"""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.core.address import Address
from reconciler.core.diff import Edit
from reconciler.core.errors import Diagnostic
from reconciler.core.json import JsonObject
from reconciler.core.resource import Attribution, Resource
from reconciler.core.state import Held

PLAN_FORMAT = 4


class Action(StrEnum):
    """What apply will do to one object. `no-op` stands in a plan only where the state (not Grafana) has something to
    learn.
    """

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    ADOPT = "adopt"
    FORGET = "forget"
    NO_OP = "no-op"

    @property
    def writes(self) -> bool:
        """Whether this action sends anything to Grafana (adopt: only when it carries edits)."""
        return self in {Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE}


class Precondition(Struct, frozen=True):
    """What must still be true of the live object when the change is applied: absent, or this revision, or (no
    revision) this content.
    """

    absent: bool = False
    revision: str | None = None
    content: str | None = None
    version: int | None = None


class Change(Struct, frozen=True):
    """One object's change. `resource` is what will be sent (None: a delete or forget). `reason` is for people and
    never steers apply.

    `applied` are the desired attributes as the author has them (recorded in the state), which `resource.attributes`
    may exceed by what was carried over.
    """

    address: Address
    action: Action
    reason: str
    uid: str | None = None
    title: str = ""
    container: str = ""
    resource: Resource | None = None
    applied: JsonObject | None = None
    edits: tuple[Edit, ...] = ()
    secrets: tuple[str, ...] = ()
    resent: tuple[str, ...] = ()
    """Those of `secrets` that are only sent again because somebody asked for it."""
    precondition: Precondition = Precondition()
    moved_from: Address | None = None
    depends_on: tuple[Address, ...] = ()
    notes: tuple[str, ...] = ()
    touches: tuple[str, ...] = ()
    """What else it concerns, in words: who sees it, what refers to it."""
    message: str = ""
    """What the version that it makes says, before what every one of the run says ("": nothing more)."""
    held: tuple[Held, ...] = ()
    """What stays in Grafana though the files do not say it, once this is applied."""
    entry: str = ""
    """Digest of the object's entry in the state that this was computed from ("": there was none)."""

    @property
    def sends(self) -> bool:
        """Whether carrying it out sends a write."""
        return self.action.writes or (self.action is Action.ADOPT and bool(self.edits or self.secrets))


class Drift(Struct, frozen=True):
    """What somebody else made different in one object. `outcome` says what this plan does about it:
    reverted · kept · merged · left · acknowledged · conflict · recreated · forgotten · deleted · settled."""

    address: Address
    uid: str
    title: str
    outcome: str
    gone: bool = False
    edits: tuple[Edit, ...] = ()
    attribution: Attribution = field(default_factory=Attribution)
    version_before: int | None = None
    version_after: int | None = None
    declared_too: bool = False
    """Whether the files changed the object as well since the last apply."""
    note: str = ""
    """Which acknowledgement lets it (or a part of it) stand."""


class Target(Struct, frozen=True):
    """The Grafana and organisation a plan is for."""

    url: str
    org_id: int
    org_name: str = ""
    version: str = ""


class Plan(Struct, frozen=True):
    """Same inputs, same bytes: it holds no time. `refusals` stop apply (exit 3); `unreadable` makes it incomplete
    (exit 6).
    """

    target: Target
    lineage: str
    serial: int
    config_digest: str
    changes: tuple[Change, ...] = ()
    drift: tuple[Drift, ...] = ()
    compared: int = 0
    unchanged: int = 0
    unmanaged: Mapping[str, int] = field(default_factory=dict)
    held: Mapping[Address, tuple[Held, ...]] = field(default_factory=dict)
    """What is held in Grafana once this is applied."""
    places: Mapping[Address, Mapping[str, str]] = field(default_factory=dict)
    """What the paths of that lead to, in words."""
    refusals: tuple[Diagnostic, ...] = ()
    unreadable: tuple[Diagnostic, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()
    destroy: bool = False
    format: int = PLAN_FORMAT

    @property
    def writes(self) -> tuple[Change, ...]:
        """The changes that send something to Grafana, or forget (what a reader counts as differences)."""
        return tuple(change for change in self.changes if change.sends)

    @property
    def visible(self) -> tuple[Change, ...]:
        """The changes worth a line: all but the silent settling of the state."""
        return tuple(change for change in self.changes if change.action is not Action.NO_OP or change.moved_from)

    @property
    def differs(self) -> bool:
        """Whether desired and live differ (what `--detailed-exitcode` reports). What was changed outside to what is
        declared now too is no difference.
        """
        return bool(
            self.writes
            or any(drift.outcome not in {"acknowledged", "settled"} for drift in self.drift)
            or any(c.action in {Action.ADOPT, Action.FORGET} or c.moved_from for c in self.changes)
        )

    def place(self, address: Address, held: Held) -> str:
        """Where something is held, as people call it."""
        return self.places.get(address, {}).get(held.path, held.path)

    def signed(self, messages: Mapping[Address, str]) -> "Plan":
        """The plan, the versions that it makes of these objects with what they say of their own."""
        signed = (replace(item, message=messages.get(item.address, item.message)) for item in self.changes)
        return replace(self, changes=tuple(signed))

    def count(self, action: Action) -> int:
        """How many changes have this action."""
        return sum(1 for change in self.changes if change.action is action)

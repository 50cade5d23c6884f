"""What is known about one address, and what may follow from it: the values that deciding works with. Pure."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct, field

from reconciler.core.acknowledgement import Acknowledgement
from reconciler.core.address import Address
from reconciler.core.conflicts import OnConflict
from reconciler.core.errors import Diagnostic
from reconciler.core.json import JsonObject, digest
from reconciler.core.kind import Kind
from reconciler.core.plan import Change, Drift, Precondition
from reconciler.core.resource import LiveObject, OnDrift, Resource
from reconciler.core.state import Held, Intent, ResourceState

if TYPE_CHECKING:
    from reconciler.engine.titles import Titles


class SecretsToSend(Struct, frozen=True):
    """The names of an object's secrets that changed or are not there, and of those that are only sent again."""

    changed: tuple[str, ...] = ()
    again: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Both, in order."""
        return tuple(sorted((*self.changed, *self.again)))


class Situation(Struct, frozen=True):
    """Everything known about one address. `unchanged`: the live revision is the observed one (its attributes may be
    empty then).
    """

    address: Address
    kind: Kind
    resource: Resource | None
    entry: ResourceState | None
    live: LiveObject | None
    unchanged: bool = False
    intent: Intent | None = None
    moved_from: Address | None = None
    secrets: SecretsToSend = SecretsToSend()
    adopt: bool = False
    destroy: bool = False
    way: OnConflict = OnConflict.STOP
    """What was asked for this address, should somebody have changed it; STOP: nothing, so its lifecycle decides."""
    acknowledged: tuple[Acknowledgement, ...] = ()
    """What of its drift is to stand today."""
    today: str = ""
    """The day of the plan, for what is held until one ("": not known, nothing has ended)."""
    declared: str = ""
    """The digest of the resource's attributes, made once."""
    titles: "Titles | None" = None
    """Which of its texts may wait for its next write (None: none)."""


class Decision(Struct, frozen=True):
    """What follows: at most one change and one drift, and what forbids it."""

    change: Change | None = None
    drift: Drift | None = None
    refusals: tuple[Diagnostic, ...] = field(default=())
    warnings: tuple[Diagnostic, ...] = field(default=())


Bodies = Callable[[str], JsonObject]
"""A stored body by its digest."""


def content_of(kind: Kind, live: LiveObject, applied: JsonObject | None) -> str:
    """A digest of what of a live object concerns the author (all of it where nothing is declared)."""
    present = kind.normalise(live.attributes)
    return digest(present if applied is None else kind.project(present, kind.normalise(applied)))


def precondition_of(kind: Kind, live: LiveObject | None, applied: JsonObject | None = None) -> Precondition:
    """What must still hold when the change is applied: the revision, or where the kind has none, the content."""
    if live is None:
        return Precondition(absent=True)
    if live.revision is not None:
        return Precondition(revision=live.revision, version=live.version)
    return Precondition(content=content_of(kind, live, applied), version=live.version)


def title_of(situation: Situation) -> str:
    """How people call the object."""
    resource = situation.resource
    if resource is not None:
        shown = LiveObject(situation.kind.name, "", resource.attributes).title
        body = resource.attributes.get(situation.kind.body_key or "")
        inner = body.get("title") if isinstance(body, Mapping) else None
        return inner if isinstance(inner, str) else shown
    if situation.entry is not None and situation.entry.title:
        return situation.entry.title
    return situation.live.title if situation.live is not None else ""


def held_for_a_day(situation: Situation) -> tuple[Held, ...]:
    """What was held for an acknowledgement that may be over or taken back; nothing where the whole object is
    acknowledged, the day is not known, or something else was asked for in this run. A lifecycle that keeps edits goes
    on holding it.
    """
    resource = situation.resource
    if resource is not None and resource.lifecycle.on_drift in (OnDrift.KEEP, OnDrift.MERGE):
        return ()
    entry = situation.entry
    if entry is None or not situation.today or situation.way is not OnConflict.STOP:
        return ()
    if any(not item.path for item in situation.acknowledged):
        return ()
    return tuple(item for item in entry.held if item.until)


def managed(situation: Situation, live: LiveObject, doing: str = "change") -> Diagnostic:
    """Somebody else owns it: whose it is, and how it can become ours."""
    assert live.manager is not None
    return Diagnostic(
        "managed-elsewhere",
        f"belongs to {live.manager}: ggrec does not {doing} it",
        f"{live.manager.release}; or {_let_go(situation)}",
        where=situation.resource.source if situation.resource else None,
        subject=str(situation.address),
    )


def _let_go(situation: Situation) -> str:
    forget = f"`ggrec state rm {situation.address}`"
    if situation.resource is None:
        return f"forget it without deleting: {forget}"
    kept = f" and forget it ({forget})" if situation.entry is not None else ""
    return f"leave it to them: take it out of the desired state{kept}"


def protected(situation: Situation, done: str) -> Diagnostic:
    """Its lifecycle forbids it."""
    return Diagnostic(
        "prevent-destroy",
        f"would be {done}, but its lifecycle says prevent_destroy",
        "apply once with `prevent_destroy: false`, or forget it without deleting: "
        f"`ggrec state rm {situation.address}`",
        where=situation.resource.source if situation.resource else None,
        subject=str(situation.address),
    )

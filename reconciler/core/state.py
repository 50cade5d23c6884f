"""What this project owns in one Grafana, as an immutable value: an index of addresses; bodies are stored under their
digests.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.core.address import Address
from reconciler.core.conflicts import Meanwhile
from reconciler.core.errors import Diagnostic, GgrecError
from reconciler.core.json import JsonObject, digest

STATE_FORMAT = 3
RUN_FORMAT = 2
UNKNOWN_SECRET = "unknown"
"""Stands for the digest of a secret that Grafana holds but that ggrec never sent: whether it is the declared one
cannot be told.
"""


class Status(StrEnum):
    """`partial`: a write to it failed halfway; the next apply finishes it."""

    OK = "ok"
    PARTIAL = "partial"


class Held(Struct, frozen=True):
    """An edit made outside that was left in Grafana though the files do not say it: where, who made it and when (as far
    as Grafana tells), and why it was left.
    """

    path: str
    who: str = ""
    when: str = ""
    why: str = ""
    until: str = ""
    """The last day of the acknowledgement that it was left for ("": until it is released)."""
    behind: str = ""
    """The text there, where it names a former title that somebody else's edit replaced: it is written with the next
    write of its object ("": an edit made outside).
    """


class ResourceState(Struct, frozen=True):
    """One owned object.

    `applied` is the digest of the desired attributes that were last sent (None: never completely), `observed` that of
    the live ones read back
    right after. `secrets` maps a secret's name to a salted slow digest. `protected` remembers `prevent_destroy` after
    the file is gone.
    """

    uid: str
    applied: str | None
    observed: str | None
    revision: str | None = None
    version: int | None = None
    secrets: Mapping[str, str] = field(default_factory=dict)
    depends_on: tuple[Address, ...] = ()
    status: Status = Status.OK
    protected: bool = False
    title: str = ""
    held: tuple[Held, ...] = ()


def entry_digest(entry: ResourceState | None) -> str:
    """What a saved plan remembers of an entry, so that it goes stale when the entry changes ("": no entry)."""
    if entry is None:
        return ""
    known = [entry.uid, entry.applied, entry.observed, entry.revision, str(entry.status), sorted(entry.secrets.items())]
    return digest(known)


class Intent(Struct, frozen=True):
    """A write that was about to be sent when a run ended without saying how it went. `target`: digest of the
    attributes it sent (None: a delete).
    """

    address: Address
    uid: str | None
    target: str | None


class State(Struct, frozen=True):
    """The state of one project in one organisation of one Grafana. `serial` rises with every save, `lineage` never
    changes.
    """

    lineage: str
    serial: int = 0
    url: str = ""
    org_id: int = 0
    resources: Mapping[Address, ResourceState] = field(default_factory=dict)
    intents: Mapping[Address, Intent] = field(default_factory=dict)
    format: int = STATE_FORMAT

    def with_resource(self, address: Address, entry: ResourceState | None) -> "State":
        """The state with this entry set (None: removed), and with no intent left for it. The serial is the store's to
        raise.
        """
        resources = {key: value for key, value in self.resources.items() if key != address}
        if entry is not None:
            resources[address] = entry
        intents = {key: value for key, value in self.intents.items() if key != address}
        return replace(self, resources=dict(sorted(resources.items())), intents=intents)

    def with_intent(self, intent: Intent) -> "State":
        """The state with a write known that is about to be sent."""
        return replace(self, intents={**self.intents, intent.address: intent})

    def unobserved(self, addresses: Collection[Address]) -> "State":
        """The state that knows of these objects only who they are, so that the next plan observes them anew."""
        anew = {
            address: replace(entry, applied=None, observed=None, revision=None, status=Status.PARTIAL)
            for address, entry in self.resources.items()
            if address in addresses
        }
        return replace(self, resources={**self.resources, **anew})

    def released(self, address: Address) -> "State":
        """The state in which nothing of an object is held any more: the next plan puts back what is declared.

        Without its revision, for by that the plan would take it as unchanged and not look at what it holds.
        """
        return self.with_resource(address, replace(self.resources[address], revision=None, status=Status.PARTIAL))

    def moved(self, old: Address, new: Address) -> "State":
        """The state with an address renamed. Raises GgrecError where `old` is unknown, `new` is taken or the kinds
        differ.
        """
        if old not in self.resources:
            raise GgrecError.one("unknown-address", f"{old} is not in the state", hint="ggrec state list shows what is")
        if new in self.resources:
            raise GgrecError.one(
                "address-taken",
                f"{new} is in the state already",
                hint=f"ggrec state rm {new} forgets it first",
            )
        if old.kind != new.kind:
            raise GgrecError.one("kind-differs", f"{old} cannot become {new}: an object does not change its kind")
        entry = self.resources[old]
        return self.with_resource(old, None).with_resource(new, entry)


def verify(state: State) -> None:
    """Check the invariants; run on every load and save. Raises GgrecError naming every entry that breaks one."""
    found: list[Diagnostic] = []
    if state.format != STATE_FORMAT:
        found.append(
            Diagnostic(
                "state-format",
                f"the state has format {state.format}, this program writes {STATE_FORMAT}",
                "use a newer ggrec",
            )
        )
    if not state.lineage:
        found.append(Diagnostic("state-lineage", "the state has no lineage"))
    if state.serial < 0:
        found.append(Diagnostic("state-serial", f"the state's serial is {state.serial}"))
    seen: dict[tuple[str, str], Address] = {}
    for address, entry in state.resources.items():
        if not entry.uid:
            found.append(Diagnostic("state-uid", "has no uid", subject=str(address)))
        other = seen.setdefault((address.kind, entry.uid), address)
        if other != address:
            found.append(Diagnostic("state-uid-twice", f"has the uid '{entry.uid}' of {other}", subject=str(address)))
        if entry.status is Status.OK and (entry.applied is None or entry.observed is None):
            found.append(
                Diagnostic("state-body", "is complete but has no applied or observed body", subject=str(address))
            )
    if found:
        raise GgrecError(tuple(sorted(found, key=Diagnostic.sort_key)))


class Side(Struct, frozen=True):
    """An object on one side of a run, before or after it: what a way back needs.

    `body` is the digest of what Grafana held; `applied` and `observed` are what the state knew (None: it did not know
    the object, or not completely). Of secrets only the names.
    """

    uid: str
    body: str | None = None
    applied: str | None = None
    observed: str | None = None
    version: int | None = None
    secrets: tuple[str, ...] = ()
    depends_on: tuple[Address, ...] = ()
    protected: bool = False
    title: str = ""

    @property
    def bodies(self) -> tuple[str, ...]:
        """The digests of all stored bodies that it names."""
        return tuple(digest for digest in (self.body, self.applied, self.observed) if digest is not None)


def side_of(entry: ResourceState, body: str | None) -> Side:
    """What the state knows of an object, and what Grafana held of it."""
    return Side(
        uid=entry.uid,
        body=body,
        applied=entry.applied,
        observed=entry.observed,
        version=entry.version,
        secrets=tuple(sorted(entry.secrets)),
        depends_on=entry.depends_on,
        protected=entry.protected,
        title=entry.title,
    )


class Outcome(Struct, frozen=True):
    """How one change of a run went. `error` is for people; versions are the dashboard's before and after."""

    address: Address
    action: str
    result: str
    """done · failed · conflict · skipped · not-attempted"""
    version_before: int | None = None
    version_after: int | None = None
    error: str = ""
    not_converged: tuple[str, ...] = ()
    meanwhile: Meanwhile | None = None
    """What somebody did to it between plan and apply, where that stopped it."""
    notes: tuple[str, ...] = ()
    """How a conflict was settled, and where what was overwritten is kept."""
    reason: str = ""
    """Why the plan had it, in the plan's words."""
    before: Side | None = None
    after: Side | None = None
    """Both sides of what was done; None: it was not there, or the record is of a ggrec before 0.5."""
    secrets: tuple[str, ...] = ()
    """The names of the secrets that were sent."""


class Run(Struct, frozen=True):
    """One apply. Stored before its first request (status `running`), and again when it ends. Times are RFC 3339 in
    UTC.
    """

    id: str
    plan_digest: str
    who: str
    commit: str
    command: str
    started: str
    ended: str = ""
    status: str = "running"
    """running · done · partial · interrupted"""
    serial: int = 0
    plan: JsonObject = field(default_factory=dict)
    """Where the plan is kept as it was shown: `body`, its digest, and `bodies`, those that it names besides."""
    outcomes: tuple[Outcome, ...] = ()
    pipeline: str = ""
    """The page of the pipeline that ran it ("": none)."""
    format: int = RUN_FORMAT

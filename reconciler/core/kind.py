"""The contract of a kind: one module that knows one sort of Grafana object, and nothing of HTTP, files or time."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from msgspec import Struct, field

from reconciler.core.address import Address
from reconciler.core.diff import Edit, EditPath, Identities
from reconciler.core.exchange import Exchange, Listing, Server, Wanted, WriteContext
from reconciler.core.json import Json, JsonObject
from reconciler.core.observation import Beacon
from reconciler.core.references import Content
from reconciler.core.referred import Referred
from reconciler.core.resource import Attribution, KeptVersion, LiveObject, Resource, SecretRef
from reconciler.core.semantic import ChangeClass, Row, generic_rows, inner, path_name
from reconciler.core.source import Path

if TYPE_CHECKING:
    from pydantic import BaseModel


class Names(Protocol):
    """What a kind may ask about the other declared objects while it turns a spec into attributes.

    An unknown name is recorded as an error at `path` (a path into the spec) with a suggestion; the answer is then
    empty. Each successful question records a dependency; `declares` asks without recording anything.
    """

    def declares(self, kind: str, name: str) -> bool: ...
    def uid(self, kind: str, name: str, path: Path) -> str: ...
    def attributes(self, kind: str, name: str, path: Path) -> JsonObject: ...
    def fail(self, path: Path, code: str, message: str, hint: str = "") -> None: ...


class LiveNames(Protocol):
    """The reverse, for `pull`: how the objects that exist will be called in files. None: not among what is being
    written.
    """

    def name(self, kind: str, uid: str) -> str | None: ...


class Desired(Struct, frozen=True):
    """What a spec comes to: attributes in the kind's shape, and the secrets in it by name."""

    attributes: JsonObject
    secrets: Mapping[str, SecretRef] = field(default_factory=dict)


class Authored(Struct, frozen=True):
    """What an author would write for a live object: the spec, for dashboards the model to stand in a JSON file beside
    it, and the
    names of secrets that the server does not tell."""

    spec: JsonObject
    body: JsonObject | None = None
    secrets: tuple[str, ...] = ()


class Kind(Referred, ABC):
    """One sort of object. Stateless; all methods are pure; those that need the server are generators of requests."""

    name: ClassVar[str]
    """As in addresses: `dashboard`."""
    yaml_kind: ClassVar[str]
    """As in files: `Dashboard`."""
    summary: ClassVar[str]
    """One sentence for documentation."""
    spec: "ClassVar[type[BaseModel]]"
    """A pydantic model; may be imported when it is asked for."""
    written: "ClassVar[type[BaseModel] | None]" = None
    """What authors write, where a shorthand makes it differ from `spec`: for documentation and the JSON Schema."""
    example: ClassVar[str]
    """One or more YAML documents, valid together; the last one is of this kind."""
    shorthand: ClassVar[str | None] = None
    """The name of the authoring shorthand that expands a spec before it is validated; None: there is none."""
    body_key: ClassVar[str | None] = None
    """The attribute that holds Grafana's own model, if it is nested; left out of the paths that people read."""
    grafanas_texts: ClassVar[bool] = False
    """Whether Grafana's own `$x` and `${x}` may stand in its texts: none is then taken for a reference of ours."""
    identities: ClassVar[Identities] = MappingProxyType({})
    wholes: ClassVar[frozenset[str]] = frozenset()
    """Mappings that make sense only as a whole when two people's edits are merged (a panel's place)."""
    leads: ClassVar[bool] = False
    """Its list takes longer than all others together: its first question goes out before theirs, so that it is not what
    the run waits for at the end.
    """
    always_there: ClassVar[bool] = False
    """Whether its object is a part of another one and is there as long as that is (a folder's permissions): creating
    lays what is declared over it, deleting takes away only that.
    """
    held_by_name: ClassVar[bool] = False
    """Whether others hold it by name as well, so that a new name leaves them behind."""
    hands_over: ClassVar[bool] = False
    """Whether what one object claims may go to another one of ours in one plan, whichever is written first (an alert
    rule, from group to group).
    """
    change_class: ClassVar[ChangeClass] = ChangeClass.SETTINGS
    """What most of its changes are about, for who reviews them (see `describe`)."""
    refers_to: ClassVar[frozenset[str]] = frozenset()
    """The kinds that objects of this one may refer to (see `references`)."""
    write_weight: ClassVar[int] = 2
    """How much of the writers' capacity (2) one write takes: 1 lets two run at once (grafana-api.md section 6)."""

    @abstractmethod
    def desired(self, name: str, spec: Any, names: Names) -> Desired:
        """Attributes of a validated spec (an instance of `self.spec`)."""

    @abstractmethod
    def authored(self, live: LiveObject, names: LiveNames) -> Authored:
        """The inverse: what to write in a file so that the plan is empty."""

    def uid(self, name: str, written: str | None) -> str | None:
        """The uid of a declared object; None where only the server can choose one."""
        return written or name

    def keys(self, resource: Resource) -> tuple[str, ...]:
        """The texts among `LiveObject.keys` that identify this object in Grafana, strongest first."""
        return (f"uid:{resource.uid}",)

    def own_keys(self, address: Address) -> tuple[str, ...]:
        """The texts among `LiveObject.keys` that only an object of this address can have, whatever its uid is now."""
        return ()

    def claims(self, resource: Resource) -> tuple[str, ...]:
        """Keys that no other object of this kind in Grafana may have (a unique name)."""
        return ()

    def alike(self, resource: Resource) -> tuple[str, ...]:
        """Keys by which people would take another object of this kind for this one, though Grafana allows both (a title
        in the same folder).
        """
        return ()

    def normalise(self, attributes: JsonObject) -> JsonObject:
        """The form in which two objects are compared: defaults filled, server's own keys dropped. Idempotent."""
        return attributes

    def project(self, live: JsonObject, desired: JsonObject) -> JsonObject:
        """The part of a live object's (normalised) attributes that concerns an author who wrote `desired`."""
        return live

    def as_left(self, attributes: JsonObject, like: JsonObject, authored: JsonObject) -> JsonObject:
        """`attributes` with what people leave behind by looking at the object (a variable's value, a time range) as
        it is in `like`, unless `authored` says it. All normalised.
        """
        return attributes

    def keep_identity(self, desired: JsonObject, applied: JsonObject) -> JsonObject:
        """`desired` with the generated identities inside it (panel ids) as they were last applied, where something
        was only renamed.
        """
        return desired

    def let_go(self, desired: JsonObject, applied: JsonObject) -> JsonObject:
        """`desired` with marks for what of `applied` is ours, is not declared any more and is to go: an update that
        leaves alone what others added knows it by them.
        """
        return desired

    def remembered(self, applied: JsonObject) -> JsonObject:
        """What the state keeps as last applied: without the marks of `let_go`, for what is gone is no more our
        business.
        """
        return applied

    def outstanding(self, resource: Resource, live: LiveObject) -> tuple[Edit, ...]:
        """What was declared, could not be done when it was applied, and can be done now."""
        return ()

    def waiting(self, resource: Resource, live: LiveObject) -> tuple[EditPath, ...]:
        """Where live differs from what was declared because it cannot be had yet (a member without an account): no
        failure to converge.
        """
        return ()

    def unset_secrets(self, resource: Resource, live: LiveObject) -> tuple[str, ...]:
        """The names of declared secrets that the server says it does not hold: sent again though they are the same."""
        return ()

    def lacking(self, server: Server, library: frozenset[str]) -> Exchange[frozenset[str]]:
        """Which of these library panels are not there."""
        yield from ()
        return frozenset()

    def notes(self, resource: Resource, live: LiveObject | None) -> tuple[str, ...]:
        """What a reader of the plan should know about this object (a member who does not exist yet)."""
        return ()

    @abstractmethod
    def listing(self, server: Server, wanted: Wanted) -> Listing:
        """All objects of the kind that the credentials may see; those in `wanted` with all attributes."""

    def beacon(self, server: Server, *, members: bool = True) -> Exchange[Beacon | None]:
        """The cheapest question whose answer changes whenever an object is created, saved, moved or deleted. None:
        there is none, and the kind is listed. Without `members` only the newest save is asked for, by who lists them
        anyway.
        """
        yield from ()
        return None

    def outline(self, server: Server, titles: Mapping[str, str]) -> Listing | None:
        """All objects without their attributes, but with all else that `listing` tells of them, their revisions above
        all; None where that is no cheaper than `listing`. `titles` by uid are the beacon's.
        """
        return None

    def editors(self, server: Server) -> Exchange[Mapping[str, str]]:
        """Who the editors are that `LiveObject.meta["updatedBy"]` marks: mark → login. One question for all of them."""
        yield from ()
        return {}

    @abstractmethod
    def read(self, server: Server, uid: str) -> Exchange[LiveObject | None]:
        """One object by the server's uid; None only where the server says that it is absent."""

    def find(self, server: Server, resource: Resource) -> Exchange[LiveObject | None]:
        """One object by what the author chose; for kinds whose uid the server chooses it looks it up by its natural
        key.
        """
        if resource.uid is None:
            raise NotImplementedError(f"{self.name} chooses no uid and must say how it is found")
        return self.read(server, resource.uid)

    def begun(self, server: Server, resource: Resource) -> Exchange[LiveObject | None]:
        """What a create of this, that did not come to its end, may have left: of an object that is a part of another
        one, that part, also where `find` takes it for untouched.
        """
        return self.find(server, resource)

    @abstractmethod
    def create(self, context: WriteContext, resource: Resource) -> Exchange[str]:
        """Create it; the result is its uid. Must fail, not overwrite, if it exists."""

    @abstractmethod
    def update(self, context: WriteContext, resource: Resource, live: LiveObject) -> Exchange[None]:
        """Make it equal to `resource`; `live` was read just before, and its revision is sent wherever the server
        enforces one.
        """

    @abstractmethod
    def delete(self, context: WriteContext, live: LiveObject) -> Exchange[None]:
        """Delete it. That it is gone already is success. `context.applied` is what was last applied."""

    def revisions_enforced(self, server: Server) -> bool:
        """Whether `update` and `delete` send the revision, the server refuses another one, and `listing` tells it: then
        many objects are read once more in one list before they are written, not one by one.
        """
        return False

    def creates_only(self, server: Server) -> bool:
        """Whether it is the server that refuses `create` where the object exists: then it is not looked for before."""
        return False

    def lists_all(self, server: Server) -> bool:
        """Whether `listing` comes from the storage itself, and leaves out only what the credentials may not see: not
        from a search index, which lags behind.
        """
        return False

    def still_there(self, server: Server, expected: Mapping[str, str]) -> Exchange[frozenset[str]]:
        """Of objects by uid and revision, those of which a cheap question tells that an `update` from that revision is
        refused by the server unless nobody changed them since. None is always right: they are read again then.
        """
        yield from ()
        return frozenset()

    def is_gone(self, live: LiveObject, applied: JsonObject) -> bool:
        """Whether a delete is done although the server still shows an object: for kinds whose object is a part of
        another one (a folder's permissions), of which a delete takes away only what was applied.
        """
        return False

    def is_ours(self, resource: Resource, live: LiveObject) -> bool:
        """Whether an object found after our create failed halfway is the one that this create began."""
        return resource.uid is None or live.uid == resource.uid

    def contents(self, server: Server, uid: str) -> Exchange[tuple[Content, ...]]:
        """What would be lost with this object besides itself, at any depth. Read when planning a delete and again right
        before it.
        """
        yield from ()
        return ()

    def survey(self, server: Server) -> Listing:
        """All objects of the kind whole, to see what they refer to. Asked only when a plan takes something of a kind in
        `refers_to` away.
        """
        yield from self.listing(server, Wanted(everything=True))

    def after(self, live: JsonObject, desired: JsonObject | None, applied: JsonObject) -> JsonObject:
        """What `live` will be after `desired` was written (None: after a delete, of what is a part of another
        object).
        """
        return desired or {}

    def part_of(self, uid: str) -> str:
        """The object (`kind:uid`) with which this one goes, where it is a part of it."""
        return ""

    def describe(
        self, edits: tuple[Edit, ...], before: JsonObject | None = None, after: JsonObject | None = None
    ) -> tuple[Row, ...]:
        """The edits as people think of them, each edit in at least one row. `before` and `after` (normalised
        attributes) are what the edits lie between, as far as that is known.
        """
        return generic_rows(edits, self.body_key, self.change_class)

    def place(self, path: EditPath) -> str:
        """Where in an object a path leads, as people call it."""
        return path_name(inner(path, self.body_key)) or "all of it"

    def container(self, attributes: JsonObject) -> str | None:
        """The uid of the folder it lies in ("": the root); None: objects of this kind lie in none."""
        return None

    def placed(self, attributes: JsonObject, container: str) -> JsonObject:
        """`attributes` as they are in that folder (see `container`)."""
        return attributes

    def tags(self, attributes: JsonObject) -> tuple[str, ...]:
        """The tags that an object with these attributes has."""
        return ()

    def attribution(self, server: Server, live: LiveObject, since: int | None) -> Exchange[Attribution]:
        """Who changed it since version `since`, as far as the server tells."""
        yield from ()
        return Attribution()

    def kept_versions(self, server: Server, uid: str, since: int) -> Exchange[tuple[KeptVersion, ...]]:
        """The versions from `since` on that the server keeps, oldest first, `since` among them where it is kept; none
        where the kind has no history, or we may not see it.
        """
        yield from ()
        return ()


def pick(source: JsonObject, *keys: str) -> dict[str, Json]:
    """The named keys of a mapping, those that are there."""
    return {key: source[key] for key in keys if key in source}

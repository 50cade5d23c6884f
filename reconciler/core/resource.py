"""Desired and live objects in one shape, so that they can be compared."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field

from reconciler.core.address import Address
from reconciler.core.json import JsonObject
from reconciler.core.source import Mark, MarkedDict


class OnDrift(StrEnum):
    """What apply does about an edit made outside: put the declared state back, leave the edit, leave it and make the
    author's own changes beside it, or refuse.
    """

    REVERT = "revert"
    KEEP = "keep"
    MERGE = "merge"
    FAIL = "fail"


class Lifecycle(Struct, frozen=True):
    """What the author says about how this object may be treated. `ignore_changes` are selectors (core.selectors);
    `ui_state`: what people leave behind by looking at it is left alone.
    """

    prevent_destroy: bool = False
    ignore_changes: tuple[str, ...] = ()
    adopt: bool = False
    on_drift: OnDrift = OnDrift.REVERT
    ui_state: bool = True


class SecretRef(Struct, frozen=True):
    """A reference to a secret (`${env:NAME}`, `${command:…}`; see core.reference): never the secret itself."""

    text: str

    def __str__(self) -> str:
        return self.text


class Document(Struct, frozen=True):
    """One document of a file, as written: strict, positioned, not yet understood.

    `spec` and `metadata` are marked (see core.source). `body` is the content of the file named by `spec.from`, if
    any. `bare`: the body holds no `${values.…}` (then nobody has to look for one). `origin` tells of a document that
    no author wrote what it comes from ("from role.ceo").
    """

    kind: str
    name: str
    metadata: MarkedDict
    spec: MarkedDict
    mark: Mark
    body: MarkedDict | None = None
    manifest: bool = False
    bare: bool = False
    origin: str = ""


class Resource(Struct, frozen=True):
    """One desired object with everything abbreviated expanded.

    `attributes` is JSON in the kind's own shape (the same as `LiveObject.attributes`), read-only. `secrets` maps a
    name within
    the object to its reference. `uid` is None where only the server can choose one. `origin` is the document's.
    `stamp` is what its links call the version that is declared ("": none of them does). `titled` says which of its
    texts are worked out from a dashboard's title, its own or another's: path in its body (`links[0].url`) → address.
    `library` are the uids of the library panels that it shows, with the places that name them.
    """

    address: Address
    uid: str | None
    attributes: JsonObject
    secrets: Mapping[str, SecretRef] = field(default_factory=dict)
    depends_on: tuple[Address, ...] = ()
    lifecycle: Lifecycle = Lifecycle()
    source: Mark | None = None
    origin: str = ""
    stamp: str = ""
    titled: Mapping[str, str] = field(default_factory=dict)
    library: Mapping[str, Mark | None] = field(default_factory=dict)


class Manager(Struct, frozen=True):
    """Who else owns an object, and what to do so that ggrec may."""

    name: str
    release: str = "end the other management first"

    def __str__(self) -> str:
        return self.name


class LiveObject(Struct, frozen=True):
    """What Grafana holds now, in the kind's own shape.

    `revision` is an opaque token that changes when somebody saves the object; None where the kind has none. `version`
    is the number people
    know it by, if there is one. `manager` names who else owns it (file provisioning, another tool, read-only), else
    None. `keys` are the texts by which it is found
    (`uid:x`, `name:Ops`, `marker:spring`). `meta` is the rest that requests or messages need; it is never compared.
    `complete` is False for an entry of a list that lacks attributes.
    """

    kind: str
    uid: str
    attributes: JsonObject
    revision: str | None = None
    version: int | None = None
    manager: Manager | None = None
    keys: tuple[str, ...] = ()
    meta: JsonObject = field(default_factory=dict)
    complete: bool = True

    @property
    def title(self) -> str:
        """How people call it: its title or name, else its uid."""
        for key in ("title", "name", "text"):
            value = self.attributes.get(key)
            if isinstance(value, str) and value:
                return value
        meta = self.meta.get("title")
        return meta if isinstance(meta, str) and meta else self.uid


class Attribution(Struct, frozen=True):
    """Who made an edit outside, as far as the server can tell. Times are RFC 3339 in UTC."""

    who: str | None = None
    when: str | None = None
    version: int | None = None
    messages: tuple[str, ...] = ()
    last: bool = False
    """`who` is only known to have saved last: there are versions before that may be other people's."""

    @property
    def by(self) -> str:
        """`by alice`, `last by alice`; "" where nobody is known."""
        return f"{'last ' if self.last else ''}by {self.who}" if self.who else ""


class KeptVersion(Struct, frozen=True):
    """One version of an object that the server still has: of its attributes those that it has versions of (not where a
    dashboard lies). Times are RFC 3339.
    """

    number: int
    attributes: JsonObject
    who: str = ""
    when: str = ""
    message: str = ""

"""Requests as values: kinds yield them, the driver sends them and sends the answers back in (as httpx's auth flows
do).
"""

from collections.abc import Generator, Iterable, Mapping
from typing import Literal, Self, TypeAlias, TypeVar

from msgspec import Struct, field

from reconciler.core.json import Json, JsonObject, as_object, text_of
from reconciler.core.resource import LiveObject, SecretRef

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Body: TypeAlias = Json | SecretRef | list["Body"] | Mapping[str, "Body"]
T = TypeVar("T")
_QUESTIONS = frozenset({"/api/ds/query"})
"""What is asked with a POST: queries of datasources, which do not fit into a URL."""


class ApiRequest(Struct, frozen=True):
    """One request. `path` begins with /api or /apis and is quoted already; `query` keeps its order and may repeat
    names.

    `body` is JSON in which a `SecretRef` stands for a secret: the driver resolves it when it sends. `handles` lists
    the statuses
    beyond 2xx that the kind looks at itself; any other one is raised by the driver as a `ServerError`.
    `unparsed` names the member of each of the answer's `items` that may be given as core.unparsed.Unparsed.
    `shared`: while one plan is made, one answer may serve all who ask this (see engine.asked_once).
    """

    method: Method
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: Body | None = None
    handles: frozenset[int] = frozenset()
    headers: tuple[tuple[str, str], ...] = ()
    unparsed: str = ""
    shared: bool = False

    @property
    def reads(self) -> bool:
        """Whether it changes nothing, whatever its method says."""
        return self.method == "GET" or (self.method == "POST" and self.path in _QUESTIONS)


class ApiResponse(Struct, frozen=True):
    """The answer: its status and its JSON (None where the body was empty)."""

    status: int
    body: Json = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def object(self) -> JsonObject:
        """The body as a mapping (empty where it is none)."""
        return as_object(self.body)

    @property
    def message(self) -> str:
        """What the server says in words, if anything."""
        return text_of(self.object.get("message"))


Exchange: TypeAlias = Generator[ApiRequest, ApiResponse, T]
"""A conversation about one object that ends with a result."""

Listing: TypeAlias = Generator[ApiRequest | tuple[LiveObject, ...], ApiResponse, None]
"""A conversation that lists a kind: it yields requests, and what it found page by page (then any answer sent in is
ignored).
"""


class Page(tuple[LiveObject, ...]):
    """What a listing found on one page, with the request that it will yield after it (None: there is no more).

    The request is only announced, so that the driver may send it while the page is being looked at: the server works
    on the next page while the client works on this one. A driver that takes it for a plain tuple
    loses nothing but time.
    """

    following: ApiRequest | None

    def __new__(cls, found: Iterable[LiveObject], following: ApiRequest | None) -> Self:
        """The objects in their order."""
        made = super().__new__(cls, tuple(found))
        made.following = following
        return made


class Server(Struct, frozen=True):
    """What was found out about the Grafana at hand before anything else was asked.

    `apis` are the served group versions (`dashboard.grafana.app/v0alpha1`), `namespace` is the organisation's in
    /apis paths. `everywhere` are the actions that the credentials may do to every dashboard and folder; asked only by
    who writes.
    """

    url: str
    version: str
    org_id: int
    org_name: str
    namespace: str = "default"
    user: str = ""
    apis: frozenset[str] = frozenset()
    everywhere: frozenset[str] = frozenset()

    def at_least(self, *version: int) -> bool:
        """Whether it says to be of this version or a later one; one that hides its version is not."""
        numbers = [int(part) for part in self.version.partition("-")[0].split(".") if part.isdecimal()]
        return tuple(numbers[: len(version)]) >= version

    def serves(self, group_version: str) -> bool:
        """Whether a group version is served."""
        return group_version in self.apis


class Wanted(Struct, frozen=True):
    """Which objects of a kind matter to this run; a listing may leave the details of all others out (they are not
    `complete` then).

    `known` gives the revisions, by uid, at which nothing but the revision matters: what has it may come without its
    attributes.
    """

    uids: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    everything: bool = False
    known: Mapping[str, str] = field(default_factory=dict)

    def covers(self, uid: str, *keys: str) -> bool:
        """Whether an object of this uid or of one of these keys matters."""
        return self.everything or uid in self.uids or any(key in self.keys for key in keys)


class WriteContext(Struct, frozen=True):
    """What a write needs beyond the object: the server, and the message that versions carry (run and commit); for a
    delete, the attributes that were last applied.
    """

    server: Server
    message: str = ""
    applied: JsonObject | None = None


HANDLE_404 = frozenset({404})

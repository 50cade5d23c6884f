"""What a sandbox holds: organisations with their objects, users, tokens. Plain data, so that it can be kept in a
file.
"""

import base64
import functools
import hashlib
import json
import re
import secrets
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

if TYPE_CHECKING:
    from reconciler.sandbox.queries import Asks

Object = dict[str, Any]


class User(Struct):
    """A person or a service account. `roles` by organisation id: Admin, Editor or Viewer."""

    id: int
    uid: str
    login: str
    email: str
    name: str
    password: str
    roles: dict[int, str] = field(default_factory=dict)
    server_admin: bool = False
    service_account: bool = False
    external: bool = False

    def role(self, org: int) -> str:
        """The role in an organisation ("" for none)."""
        return self.roles.get(org, "")

    def may_edit(self, org: int) -> bool:
        """Editor or Admin."""
        return self.role(org) in {"Editor", "Admin"}

    def is_admin(self, org: int) -> bool:
        """Admin."""
        return self.role(org) == "Admin"


class Org(Struct):
    """One organisation: its objects by uid (teams and annotations by number)."""

    id: int
    name: str
    folders: dict[str, Object] = field(default_factory=dict)
    dashboards: dict[str, Object] = field(default_factory=dict)
    versions: dict[str, list[Object]] = field(default_factory=dict)
    datasources: dict[str, Object] = field(default_factory=dict)
    teams: dict[int, Object] = field(default_factory=dict)
    annotations: dict[int, Object] = field(default_factory=dict)
    library: dict[str, Object] = field(default_factory=dict)
    permissions: dict[str, list[list[Any]]] = field(default_factory=dict)
    preferences: dict[str, Object] = field(default_factory=dict)
    rules: dict[str, Object] = field(default_factory=dict)
    playlists: dict[str, Object] = field(default_factory=dict)
    notifications: dict[str, list[Object]] = field(default_factory=dict)

    def namespace(self) -> str:
        """How /apis calls it."""
        return "default" if self.id == 1 else f"org-{self.id}"


class World:
    """Everything. A fresh one has org 1 with the user admin (password admin). `now` gives the time; `asks` asks the
    servers behind data sources (without it, queries are answered 501).
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        folder: Path | None = None,
        asks: "Asks | None" = None,
    ) -> None:
        self.now = now
        self.asks = asks
        self.folder = folder
        self.orgs: dict[int, Org] = {1: Org(1, "Main Org.")}
        self.users: dict[int, User] = {}
        self.tokens: dict[str, tuple[int, int, bool]] = {}
        self.counters: dict[str, int] = {}
        self.add_user("admin", "admin@localhost", password="admin", role="Admin", name="").server_admin = True
        self._load()

    def next(self, what: str) -> int:
        """The next number of a sequence; dashboards and folders share one (grafana-api.md section 19)."""
        self.counters[what] = self.counters.get(what, 0) + 1
        return self.counters[what]

    def add_user(self, login: str, email: str, *, password: str = "", role: str = "Viewer", name: str = "") -> User:
        """A person in org 1."""
        number = self.next("user")
        user = User(number, short_uid(), login, email, name, password, {1: role})
        self.users[number] = user
        return user

    def add_service_account(self, name: str, role: str, *, org: int = 1, expired: bool = False) -> str:
        """A service account; the result is its token."""
        number = self.next("user")
        account = self.next("serviceaccount")
        login = f"sa-{account}-{name}"
        self.users[number] = User(number, short_uid(), login, login, name, "", {org: role}, service_account=True)
        token = "glsa_" + secrets.token_hex(16)
        self.tokens[token] = (number, org, expired)
        return token

    def user_named(self, login_or_email: str) -> User | None:
        """A person by login or e-mail."""
        text = login_or_email.lower()
        return next((u for u in self.users.values() if text in {u.login.lower(), u.email.lower()}), None)

    def changed(self) -> None:
        """Keep everything in the folder, if there is one: written beside, then renamed."""
        if self.folder is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        data = {
            "counters": self.counters,
            "tokens": self.tokens,
            "users": [_plain(user) for user in self.users.values()],
            "orgs": [_plain(org) for org in self.orgs.values()],
        }
        beside = self.folder / ".world.json.tmp"
        beside.write_text(json.dumps(data), encoding="utf-8", errors="surrogatepass")
        beside.replace(self.folder / "world.json")

    def _load(self) -> None:
        file = self.folder / "world.json" if self.folder is not None else None
        if file is None or not file.is_file():
            return
        data = json.loads(file.read_text(encoding="utf-8", errors="surrogatepass"))
        self.counters = data["counters"]
        self.tokens = {token: (user, org, gone) for token, (user, org, gone) in data["tokens"].items()}
        self.users = {}
        for fields in data["users"]:
            fields["roles"] = {int(org): role for org, role in fields["roles"].items()}
            self.users[fields["id"]] = User(**fields)
        self.orgs = {}
        for fields in data["orgs"]:
            for numbered in ("teams", "annotations"):
                fields[numbered] = {int(number): item for number, item in fields[numbered].items()}
            self.orgs[fields["id"]] = Org(**fields)


def _plain(value: Any) -> Object:
    return {name: getattr(value, name) for name in value.__slots__}


def short_uid() -> str:
    """Fourteen characters, as Grafana makes them."""
    return secrets.token_hex(7)


@functools.lru_cache(maxsize=32_768)
def kube_uid(namespace: str, name: str) -> str:
    """A uid of /apis that follows from the name, as in legacy storage."""
    digest = hashlib.sha256(f"{namespace}/{name}".encode()).digest()
    return base64.b64encode(digest).decode().translate(str.maketrans("+/=", "abX"))


@functools.lru_cache(maxsize=32_768)
def slugify(title: str) -> str:
    """The slug in an object's url: at most 50 characters, else the beginning of a hash."""
    slug = ""
    gap = False
    for char in title.strip().lower():
        plain = _SPECIAL.get(char) or unicodedata.normalize("NFKD", char).encode("ascii", "ignore").decode()
        if re.fullmatch("[a-z0-9]+", plain):
            slug += ("-" if gap and slug else "") + plain
            gap = False
        elif char in "-_ \t.,/":
            gap = True
        elif char not in _OMITTED:
            slug += ("-" if gap and slug else "") + char.encode().hex()
            gap = False
    if len(slug) > 50 or not slug:
        return hashlib.sha1(slug.encode(), usedforsecurity=False).hexdigest()[:7]
    return slug


_SPECIAL = {"&": "and", "@": "at", "æ": "ae", "ß": "ss", "ä": "ae", "ü": "ue", "ö": "oe", "ø": "oe"}
_OMITTED = "!'\"()*?:"

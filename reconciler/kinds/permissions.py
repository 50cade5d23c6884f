"""Who may do what in a folder: its own permission entries, some of them (additive) or all (exact). Inherited entries
are the parent's and are never touched.

Must not: send a list to an endpoint that replaces all entries (only the incremental one is used), or take a team by
its number from the author (the server's number is looked up by the team's name).
"""

from types import MappingProxyType
from typing import ClassVar, Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, model_validator

from reconciler.core.diff import Identities
from reconciler.core.errors import GgrecError
from reconciler.core.exchange import HANDLE_404, ApiRequest, Exchange, Listing, Server, Wanted, WriteContext
from reconciler.core.json import Json, JsonObject, as_list, as_object, text_of
from reconciler.core.kind import Authored, Desired, Kind, LiveNames, Names
from reconciler.core.resource import LiveObject, Resource
from reconciler.kinds._shared import gone_marked, team_named, texts

_LEVELS = {1: "View", 2: "Edit", 4: "Admin"}
_NONE = "none"
"""The level of a principal that was ours and is no longer declared."""
_GIVEN = {"role:Viewer": "View", "role:Editor": "Edit"}
"""What Grafana gives a new folder at the root by itself (grafana-api.md section 14), beside its creator."""


class EntrySpec(BaseModel):
    """One entry: who, and what they may do."""

    model_config = ConfigDict(extra="forbid", strict=True)

    team: str | None = Field(default=None, description="metadata.name of a Team.")
    user: str | None = Field(default=None, min_length=1, description="A login.")
    role: Literal["Viewer", "Editor"] | None = Field(default=None, description="Everybody with this role.")
    permission: Literal["View", "Edit", "Admin"]

    @model_validator(mode="after")
    def _one(self) -> "EntrySpec":
        if sum(value is not None for value in (self.team, self.user, self.role)) != 1:
            raise ValueError("an entry names one of team, user and role")
        return self


class PermissionsSpec(BaseModel):
    """What a FolderPermissions document says."""

    model_config = ConfigDict(extra="forbid", strict=True)

    folder: str = Field(description="metadata.name of a Folder.")
    mode: Literal["additive", "exact"] = Field(
        default="additive",
        description="additive: at least these entries; exact: these and no other entries of the folder's own "
        "(organisation administrators always get in; what a parent grants stays).",
    )
    entries: list[EntrySpec] = Field(description="With `mode: exact`, an empty list leaves administrators only.")

    @model_validator(mode="after")
    def _consistent(self) -> "PermissionsSpec":
        named = [(entry.team, entry.user, entry.role) for entry in self.entries]
        twice = sorted({next(name for name in who if name) for who in named if named.count(who) > 1})
        if twice:
            raise ValueError(f"named more than once: {', '.join(twice)}")
        if self.mode == "additive" and not self.entries:
            raise ValueError("additive permissions need an entry (write `mode: exact` to let only administrators in)")
        return self


class FolderPermissions(Kind):
    """The kind `permissions`. Attributes: mode, and entries as `team:<name>`, `user:<login>`, `role:<role>` → level."""

    name: ClassVar[str] = "permissions"
    yaml_kind: ClassVar[str] = "FolderPermissions"
    summary: ClassVar[str] = "Who may see, edit and administer what is in a folder."
    spec: ClassVar[type[BaseModel]] = PermissionsSpec
    always_there: ClassVar[bool] = True
    identities: ClassVar[Identities] = MappingProxyType({})
    example: ClassVar[str] = """\
apiVersion: ggrec/v1
kind: Folder
metadata:
  name: finance
spec:
  title: Finance
---
apiVersion: ggrec/v1
kind: Team
metadata:
  name: controllers
spec:
  name: Controllers
---
apiVersion: ggrec/v1
kind: FolderPermissions
metadata:
  name: finance
spec:
  folder: finance
  mode: exact
  entries:
    - {team: controllers, permission: View}
    - {role: Editor, permission: Edit}
"""

    def uid(self, name: str, written: str | None) -> str | None:
        """The folder's, which follows from the spec."""
        return None

    def keys(self, resource: Resource) -> tuple[str, ...]:
        """A folder has one set of permissions."""
        return (f"folder:{resource.attributes.get('folder')}",)

    def claims(self, resource: Resource) -> tuple[str, ...]:
        """So no two documents may declare them."""
        return self.keys(resource)

    def desired(self, name: str, spec: PermissionsSpec, names: Names) -> Desired:
        """Teams by their names in Grafana."""
        entries: dict[str, Json] = {}
        for index, entry in enumerate(spec.entries):
            if entry.team is not None:
                team = names.attributes("team", entry.team, ("entries", index, "team"))
                entries[f"team:{text_of(team.get('name'))}"] = entry.permission
            else:
                entries[f"user:{entry.user}" if entry.user else f"role:{entry.role}"] = entry.permission
        folder = names.uid("folder", spec.folder, ("folder",))
        return Desired({"folder": folder, "mode": spec.mode, "entries": dict(sorted(entries.items()))})

    def authored(self, live: LiveObject, names: LiveNames) -> Authored:
        """All entries; teams by what they will be called in files, or else by name."""
        entries: list[Json] = []
        for principal, level in texts(live.attributes.get("entries")).items():
            sort, _, name = principal.partition(":")
            entries.append({sort: name, "permission": level})
        folder = text_of(live.attributes.get("folder"))
        return Authored({"folder": names.name("folder", folder) or folder, "mode": "exact", "entries": entries})

    def normalise(self, attributes: JsonObject) -> JsonObject:
        """Nobody's level is no entry."""
        entries = {who: level for who, level in texts(attributes.get("entries")).items() if level != _NONE}
        return {**attributes, "entries": dict(sorted(entries.items()))}

    def project(self, live: JsonObject, desired: JsonObject) -> JsonObject:
        """In additive mode only the entries that are declared (or were)."""
        entries = texts(live.get("entries"))
        if desired.get("mode") != "exact":
            wanted = texts(desired.get("entries"))
            entries = {who: level for who, level in entries.items() if who in wanted}
        return {"folder": desired.get("folder"), "mode": desired.get("mode"), "entries": dict(sorted(entries.items()))}

    def keep_identity(self, desired: JsonObject, applied: JsonObject) -> JsonObject:
        """Whoever was declared and no longer is loses the entry."""
        if desired.get("mode") == "exact" or desired.get("folder") != applied.get("folder"):
            return desired
        before = texts(applied.get("entries"))
        now = texts(desired.get("entries"))
        marked = gone_marked(now, {who: level for who, level in before.items() if level != _NONE}, _NONE)
        return {**desired, "entries": dict(marked)}

    def notes(self, resource: Resource, live: LiveObject | None) -> tuple[str, ...]:
        """What a reader should know about exact permissions."""
        if resource.attributes.get("mode") == "exact" and not texts(resource.attributes.get("entries")):
            return ("only organisation administrators get in, and whoever a subfolder lets in",)
        return ()

    def listing(self, server: Server, wanted: Wanted) -> Listing:
        """There is no list of all permissions: each declared set is asked for by itself."""
        yield from ()

    def read(self, server: Server, uid: str) -> Exchange[LiveObject | None]:
        """The folder's own entries; None where there is no such folder."""
        answer = yield ApiRequest("GET", f"/api/folders/{quote(uid, safe='')}/permissions", handles=HANDLE_404)
        return None if answer.status == 404 else _live(uid, as_list(answer.body))

    def find(self, server: Server, resource: Resource) -> Exchange[LiveObject | None]:
        """None too where the folder has nothing that the declared entries would change or remove, but what Grafana
        gives every new folder: then nobody's work is taken over.
        """
        live = yield from self.read(server, text_of(resource.attributes.get("folder")))
        return None if live is None or _free(resource, live) else live

    def create(self, context: WriteContext, resource: Resource) -> Exchange[str]:
        """Lay the entries over what the folder has."""
        folder = text_of(resource.attributes.get("folder"))
        live = yield from self.read(context.server, folder)
        yield from _write(resource.attributes, texts(live.attributes.get("entries")) if live else {})
        return folder

    def update(self, context: WriteContext, resource: Resource, live: LiveObject) -> Exchange[None]:
        """Only the entries that differ."""
        yield from _write(resource.attributes, texts(live.attributes.get("entries")))

    def delete(self, context: WriteContext, live: LiveObject) -> Exchange[None]:
        """Take the entries away that were ours, and nothing else."""
        ours = {who: _NONE for who in texts(as_object(context.applied).get("entries"))}
        yield from _write({**live.attributes, "mode": "additive", "entries": ours}, texts(live.attributes["entries"]))

    def is_gone(self, live: LiveObject, applied: JsonObject) -> bool:
        """Nothing of what was applied is left."""
        return not set(texts(live.attributes.get("entries"))) & set(texts(self.normalise(applied)["entries"]))


def _live(uid: str, items: object) -> LiveObject:
    entries: dict[str, Json] = {}
    for item in map(as_object, items if isinstance(items, list | tuple) else ()):
        number = item.get("permission")
        level = _LEVELS.get(number) if isinstance(number, int) else None
        who = _principal(item)
        if level is not None and who and item.get("inherited") is not True:
            entries[who] = level
    attributes: dict[str, Json] = {"folder": uid, "entries": dict(sorted(entries.items()))}
    keys = (f"uid:{uid}", f"folder:{uid}")
    return LiveObject("permissions", uid, attributes, keys=keys, meta={"title": f"of folder {uid}"})


def _principal(item: JsonObject) -> str:
    for key, sort in (("team", "team"), ("userLogin", "user"), ("role", "role")):
        if text_of(item.get(key)):
            return f"{sort}:{item[key]}"
    return ""


def _free(resource: Resource, live: LiveObject) -> bool:
    """Whether applying would take nothing from anybody: no other level for somebody who is declared; in exact mode no
    entry that somebody made.
    """
    wanted, present = texts(resource.attributes.get("entries")), texts(live.attributes.get("entries"))
    if resource.attributes.get("mode") == "exact":
        if wanted == present:
            return False
        extra = {who: level for who, level in present.items() if who not in wanted}
        return all(_GIVEN.get(who) == level or _is_creator(who, level) for who, level in extra.items())
    if all(present.get(who) == level for who, level in wanted.items()):
        return False
    return all(present.get(who, level) in (level, _GIVEN.get(who)) for who, level in wanted.items())


def _is_creator(who: str, level: str) -> bool:
    return who.startswith("user:") and level == "Admin"


def _write(attributes: JsonObject, present: dict[str, str]) -> Exchange[None]:
    """Bring the folder's entries to what is declared, in one incremental request."""
    wanted = texts(attributes.get("entries"))
    if attributes.get("mode") == "exact":
        wanted = {**{who: _NONE for who in present}, **wanted}
    changed = {who: level for who, level in sorted(wanted.items()) if present.get(who, _NONE) != level}
    body: list[Json] = []
    for who, level in changed.items():
        body.append({**(yield from _reference(who)), "permission": "" if level == _NONE else level})
    if body:
        folder = quote(text_of(attributes.get("folder")), safe="")
        yield ApiRequest("POST", f"/api/access-control/folders/{folder}", body={"permissions": body})


def _reference(who: str) -> Exchange[dict[str, Json]]:
    """How the server calls somebody: numbers for teams and users (grafana-api.md section 14)."""
    sort, _, name = who.partition(":")
    if sort == "role":
        return {"builtInRole": name}
    if sort == "team":
        team = yield from team_named(name)
        if team is None:
            raise GgrecError.one("no-team", f"there is no team '{name}' in Grafana", hint="apply the Team first")
        return {"teamId": team.get("id")}
    answer = yield ApiRequest("GET", "/api/org/users")
    for user in map(as_object, as_list(answer.body)):
        if text_of(user.get("login")).casefold() == name.casefold():
            return {"userId": user.get("userId")}
    raise GgrecError.one(
        "no-user", f"there is no user '{name}' in the organisation", hint="invite them, or take them out of the entries"
    )

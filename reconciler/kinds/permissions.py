"""Who may do what in a folder: its own permission entries, some of them (additive) or all (exact). Inherited entries
are the parent's and are never touched.

Must not: send a list to an endpoint that replaces all entries (only the incremental one is used), or take a team by
its number from the author (the server's number is looked up by the team's name).
"""

from collections.abc import Iterable, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

from msgspec.structs import replace

from reconciler.core.diff import Edit, EditPath, Identities, Key, Op
from reconciler.core.errors import GgrecError
from reconciler.core.exchange import HANDLE_404, ApiRequest, Exchange, Listing, Server, Wanted, WriteContext
from reconciler.core.json import Json, JsonObject, as_list, as_object, text_of
from reconciler.core.kind import Authored, Desired, Kind, LiveNames, Names
from reconciler.core.references import Reference
from reconciler.core.resource import LiveObject, Resource
from reconciler.core.semantic import ChangeClass
from reconciler.kinds._entries import (
    NONE,
    absent,
    changes,
    declared,
    inherited,
    is_free,
    listed,
    matched,
    own_entries,
    people_in,
    projected,
    said,
    strangers,
)
from reconciler.kinds._later import later
from reconciler.kinds._members import known_accounts
from reconciler.kinds._members import matched as members_matched
from reconciler.kinds._shared import folders_of, gone_marked, team_named

if TYPE_CHECKING:
    from reconciler.kinds._permissions_spec import PermissionsSpec


class FolderPermissions(Kind):
    """The kind `permissions`. Attributes: mode, and entries as `team:<name>`, `user:<login>`, `role:<role>` → level."""

    name: ClassVar[str] = "permissions"
    yaml_kind: ClassVar[str] = "FolderPermissions"
    summary: ClassVar[str] = "Who may see, edit and administer what is in a folder."
    change_class: ClassVar[ChangeClass] = ChangeClass.ACCESS
    spec = later("_permissions_spec", "PermissionsSpec")
    always_there: ClassVar[bool] = True
    refers_to: ClassVar[frozenset[str]] = frozenset({"team"})
    identities: ClassVar[Identities] = MappingProxyType({"entries": "who"})
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
        """A folder has one set of permissions. People come after it, by whom nothing is found: they tell a listing that
        accounts matter.
        """
        people = people_in(declared(resource.attributes.get("entries")))
        return (*self.claims(resource), *(f"person:{person}" for person in people))

    def claims(self, resource: Resource) -> tuple[str, ...]:
        """No two documents may declare those of one folder."""
        return (f"folder:{resource.attributes.get('folder')}",)

    def desired(self, name: str, spec: "PermissionsSpec", names: Names) -> Desired:
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
        for who, level in declared(live.attributes.get("entries")).items():
            sort, _, name = who.partition(":")
            if sort == "team":
                number = as_object(as_object(live.meta.get("numbers")).get(who))
                name = names.name("team", text_of(number.get("teamUid"))) or name
            entries.append({sort: name, "permission": level})
        folder = text_of(live.attributes.get("folder"))
        return Authored({"folder": names.name("folder", folder) or folder, "mode": "exact", "entries": entries})

    def normalise(self, attributes: JsonObject) -> JsonObject:
        """Entries as a list; in order."""
        return {**attributes, "entries": listed(declared(attributes.get("entries")))}

    def project(self, live: JsonObject, desired: JsonObject) -> JsonObject:
        """Under the author's names; in additive mode only the entries that are declared (or were)."""
        mode = desired.get("mode")
        entries = projected(live, declared(desired.get("entries")), exact=mode == "exact")
        as_written = isinstance(desired.get("entries"), dict)
        return {"folder": live.get("folder"), "mode": mode, "entries": entries if as_written else listed(entries)}

    def let_go(self, desired: JsonObject, applied: JsonObject) -> JsonObject:
        """Whoever was declared and no longer is loses the entry: marked, for else an additive update would not know."""
        if desired.get("mode") == "exact" or desired.get("folder") != applied.get("folder"):
            return desired
        now = declared(desired.get("entries"))
        marked = gone_marked(now, declared(applied.get("entries")), NONE)
        return {**desired, "entries": marked} if marked != now else desired

    def remembered(self, applied: JsonObject) -> JsonObject:
        """Without the marks: who is let in again by somebody else is let be."""
        entries = declared(applied.get("entries"))
        return {**applied, "entries": {who: level for who, level in entries.items() if level != NONE}}

    def outstanding(self, resource: Resource, live: LiveObject) -> tuple[Edit, ...]:
        """People who were declared before they had an account, and have one now."""
        if "knownUsers" not in live.meta:
            return ()
        wanted = declared(resource.attributes.get("entries"))
        missing = absent(wanted, live) - strangers(wanted, live)
        return tuple(
            Edit(("entries", Key("who", who)), Op.ADD, None, {"who": who, "permission": wanted[who]})
            for who in sorted(missing)
        )

    def waiting(self, resource: Resource, live: LiveObject) -> tuple[EditPath, ...]:
        """People without an account: their entries are left out of a write."""
        wanted = declared(resource.attributes.get("entries"))
        who = strangers(wanted, live) if "knownUsers" in live.meta else absent(wanted, live)
        return tuple(("entries", Key("who", name)) for name in sorted(who))

    def notes(self, resource: Resource, live: LiveObject | None) -> tuple[str, ...]:
        """What a reader should know: who is let in where it is new, who cannot be yet, who gets in besides."""
        wanted = declared(resource.attributes.get("entries"))
        unknown = sorted(strangers(wanted, live)) if live is not None and "knownUsers" in live.meta else []
        above = [text_of(item) for item in as_list(live.meta.get("inherited"))] if live is not None else []
        exact = resource.attributes.get("mode") == "exact"
        others = changes(live.attributes, wanted, exact=True) if exact and live is not None else {}
        present = declared(live.attributes.get("entries")) if live is not None else {}
        taken = [f"{said(who)} {present[who]}" for who, level in others.items() if level == NONE and who in present]
        alone = exact and not wanted and not above
        lets_in = [f"{said(who)} {level}" for who, level in wanted.items()] if live is None else []
        return (
            *([f"lets in: {', '.join(lets_in)}"] if lets_in else []),
            *([f"takes away: {', '.join(taken)}"] if taken else []),
            *(f"{said(who)}: has no account yet; is let in once there is one" for who in unknown),
            *([f"inherited from above, and left alone: {', '.join(above)}"] if above else []),
            *(["only administrators of the organisation get in"] if alone else []),
        )

    def references(self, attributes: JsonObject) -> Iterable[Reference]:
        """The teams that are let in."""
        for who, level in declared(attributes.get("entries")).items():
            if who.startswith("team:") and level != NONE:
                yield Reference("team", who.removeprefix("team:"), f"its entry, {level}")

    def survey(self, server: Server) -> Listing:
        """Those of every folder, one by one: there is no list of them."""
        for uid in (yield from folders_of(server)):
            live = yield from self.read(server, uid)
            if live is not None:
                yield (live,)

    def after(self, live: JsonObject, desired: JsonObject | None, applied: JsonObject) -> JsonObject:
        """Additive permissions leave other entries; a delete takes away those that were applied."""
        present, mine = declared(live.get("entries")), declared(applied.get("entries"))
        if desired is None:
            return {**live, "entries": {who: level for who, level in present.items() if who not in mine}}
        wanted = declared(desired.get("entries"))
        return {**desired, "entries": wanted if desired.get("mode") == "exact" else {**present, **wanted}}

    def part_of(self, uid: str) -> str:
        """They go with the folder."""
        return f"folder:{uid}"

    def listing(self, server: Server, wanted: Wanted) -> Listing:
        """There is no list of all permissions: those in the state are asked for one by one, with what they inherit.

        What is only declared is left to `find`, which knows whether there is anything to adopt.
        """
        known: list[Json] | None = None
        if wanted.uids and any(key.startswith("person:") for key in wanted.keys):
            known = yield from known_accounts()
        for uid in sorted(wanted.uids):
            live = yield from self.read(server, uid)
            if live is not None:
                answer = yield ApiRequest("GET", _access(uid))
                meta: dict[str, Json] = {**live.meta, "inherited": inherited(as_list(answer.body))}
                yield (replace(live, meta=meta if known is None else {**meta, "knownUsers": known}),)

    def read(self, server: Server, uid: str) -> Exchange[LiveObject | None]:
        """The folder's own entries; None where there is no such folder (grafana-api.md section 14: only the old
        endpoint says so).
        """
        answer = yield ApiRequest("GET", f"/api/folders/{quote(uid, safe='')}/permissions", handles=HANDLE_404)
        return None if answer.status == 404 else _live(uid, as_list(answer.body))

    def find(self, server: Server, resource: Resource) -> Exchange[LiveObject | None]:
        """None too where the folder has nothing that the declared entries would change or remove, but what Grafana
        gives every new folder: then nobody's work is taken over.
        """
        uid = text_of(resource.attributes.get("folder"))
        live = yield from self.read(server, uid)
        if live is None:
            return None
        creator = ""
        if any(who.startswith("user:") for who in declared(live.attributes.get("entries"))):
            answer = yield ApiRequest("GET", f"/api/folders/{quote(uid, safe='')}", handles=HANDLE_404)
            creator = text_of(answer.object.get("createdBy"))
        wanted, exact = declared(resource.attributes.get("entries")), resource.attributes.get("mode") == "exact"
        return None if is_free(live.attributes, wanted, creator, exact=exact) else live

    def begun(self, server: Server, resource: Resource) -> Exchange[LiveObject | None]:
        """The folder's, whatever they are: what of them is taken away is only what was declared."""
        return self.read(server, text_of(resource.attributes.get("folder")))

    def create(self, context: WriteContext, resource: Resource) -> Exchange[str]:
        """Lay the entries over what the folder has."""
        folder = text_of(resource.attributes.get("folder"))
        live = yield from self.read(context.server, folder)
        if live is None:
            raise GgrecError.one(
                "no-folder", f"there is no folder '{folder}' in Grafana", hint="apply the Folder first"
            )
        yield from _write(resource.attributes, live)
        return folder

    def update(self, context: WriteContext, resource: Resource, live: LiveObject) -> Exchange[None]:
        """Only the entries that differ."""
        if resource.attributes.get("folder") != live.attributes.get("folder"):
            raise GgrecError.one(
                "other-folder",
                f"these are the permissions of folder '{live.uid}', and cannot become those of another one",
                hint="give the document another metadata.name too: the old entries are then taken away",
            )
        yield from _write(resource.attributes, live)

    def delete(self, context: WriteContext, live: LiveObject) -> Exchange[None]:
        """Take the entries away that were ours, and nothing else."""
        ours = dict.fromkeys(declared(as_object(context.applied).get("entries")), NONE)
        yield from _write({"mode": "additive", "entries": ours}, live)

    def is_gone(self, live: LiveObject, applied: JsonObject) -> bool:
        """Nothing of what was applied is left."""
        return not matched(declared(applied.get("entries")), live.attributes)


def _access(uid: str) -> str:
    return f"/api/access-control/folders/{quote(uid, safe='')}"


def _live(uid: str, items: Sequence[Json]) -> LiveObject:
    attributes, numbers = own_entries(items)
    meta: dict[str, Json] = {"title": f"of folder {uid}", "numbers": numbers}
    return LiveObject(
        "permissions", uid, {"folder": uid, **attributes}, keys=(f"uid:{uid}", f"folder:{uid}"), meta=meta
    )


def _write(attributes: JsonObject, live: LiveObject) -> Exchange[None]:
    """Bring the folder's entries to what is declared, in one request that leaves all others as they are."""
    exact = attributes.get("mode") == "exact"
    body: list[Json] = []
    users: Sequence[Json] | None = None
    for who, level in changes(live.attributes, declared(attributes.get("entries")), exact=exact).items():
        number = as_object(as_object(live.meta.get("numbers")).get(who))
        if who.startswith("user:") and not number:
            if users is None:
                users = as_list((yield ApiRequest("GET", "/api/org/users")).body)
            found = members_matched([who.removeprefix("user:")], [as_object(user) for user in users])
            number = next(({"userId": user.get("userId")} for user in found.values()), {})
            if not number:
                continue  # no account yet: see `waiting`
        reference = number or (yield from _reference(who))
        named = {key: value for key, value in reference.items() if key != "teamUid"}
        body.append({**named, "permission": "" if level == NONE else level})
    if body:
        yield ApiRequest("POST", _access(live.uid), body={"permissions": body})


def _reference(who: str) -> Exchange[JsonObject]:
    """How the server calls a role or a team (grafana-api.md section 14)."""
    sort, _, name = who.partition(":")
    if sort == "role":
        return {"builtInRole": name}
    team = yield from team_named(name)
    if team is None:
        raise GgrecError.one("no-team", f"there is no team '{name}' in Grafana", hint="apply the Team first")
    return {"teamId": team.get("id")}

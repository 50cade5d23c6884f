"""What is true: a sandbox's objects against what is declared, without the engine, its state or its comparisons."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reconciler.core.address import Address
from reconciler.core.resource import Resource
from reconciler.sandbox.dashboards import stored

_RENAMED = frozenset({"Crew A", "Crew B"})
_LEVELS = {"View": 1, "Edit": 2, "Admin": 4}


def differing(
    world: Any, resources: Iterable[Resource], environment: Mapping[str, str], former: Iterable[Resource] = ()
) -> list[str]:
    """The addresses of what Grafana does not hold as declared. Who was a member by `former` and is not declared any
    more, has to be out.
    """
    held = _Held(world, environment, {item.address: item for item in former})
    return sorted(str(item.address) for item in resources if not held.holds(item))


def unwanted(world: Any, resources: Sequence[Resource], others: Mapping[str, Any]) -> list[str]:
    """What is there, is not declared, and belongs to nobody else; and what is there more often than once."""
    org = world.orgs[1]
    names: dict[str, set[str]] = {}
    for item in resources:
        names.setdefault(item.address.kind, set()).add(str(item.uid or item.attributes.get("name")))
    found = [f"folder {uid}" for uid in org.folders if uid not in names.get("folder", set()) | {"theirs"}]
    known = names.get("dashboard", set()) | {"theirs-board", "beside"}
    found += [f"dashboard {uid}" for uid in org.dashboards if uid not in known]
    found += [f"datasource {uid}" for uid in org.datasources if uid not in names.get("datasource", set()) | {"theirs"}]
    teams = Counter(team["name"] for team in org.teams.values())
    wanted = {str(item.attributes["name"]) for item in resources if item.address.kind == "team"} | {"Theirs"}
    found += [f"team {name} × {count}" for name, count in teams.items() if count > 1 or name not in wanted]
    markers = Counter(tag for item in org.annotations.values() for tag in item["tags"] if tag.startswith("ggrec:"))
    marked = {f"ggrec:{item.address.name}" for item in resources if item.address.kind == "annotation"}
    found += [f"{tag} × {count}" for tag, count in markers.items() if count > 1 or tag not in marked]
    return sorted(item for item in found if item not in others.get("allowed", ()))


class _Held:
    """Asks a world about one resource after the other."""

    def __init__(self, world: Any, environment: Mapping[str, str], former: Mapping[Address, Resource]) -> None:
        self.former = former
        self.world = world
        self.org = world.orgs[1]
        self.environment = environment

    def holds(self, item: Resource) -> bool:
        """Whether Grafana holds it as declared."""
        held: bool = getattr(self, f"_{item.address.kind}")(item, item.attributes)
        return held

    def _folder(self, item: Resource, wanted: Any) -> bool:
        found = self.org.folders.get(item.uid)
        return found is not None and _within(dict(wanted), found)

    def _dashboard(self, item: Resource, wanted: Any) -> bool:
        found = self.org.dashboards.get(item.uid)
        if found is None or found["folderUid"] != wanted["folderUid"]:
            return False
        ignored = {"id", "uid", "version"}
        body = stored({key: value for key, value in wanted["dashboard"].items() if key not in ignored})
        return _within(body, found["body"])

    def _datasource(self, item: Resource, wanted: Any) -> bool:
        found = self.org.datasources.get(item.uid)
        plain = {key: value for key, value in wanted.items() if key != "secureJsonFields"}
        secrets = {name.partition(".")[2]: str(ref)[6:-1] for name, ref in item.secrets.items()}
        if found is None or not _within(plain, found):
            return False
        return bool(found["secrets"] == {key: self.environment[name] for key, name in secrets.items()})

    def _team(self, item: Resource, wanted: Any) -> bool:
        found = self._team_named(wanted["name"])
        if found is None or found["name"] != wanted["name"] or found["email"] != wanted["email"]:
            return False
        if "members" not in wanted:
            return True
        accounts = {name: self.world.user_named(name) for name in wanted["members"]}
        meant = {(accounts[name].id, 4 * (level == "admin")) for name, level in wanted["members"].items()}
        members = {(member["user"], member["permission"]) for member in found["members"]}
        if wanted["membership"] == "exact":
            return meant == members
        was: Any = self.former[item.address].attributes if item.address in self.former else {}
        left = {self.world.user_named(name).id for name in was.get("members", ())} - {number for number, _ in meant}
        return meant <= members and not left & {number for number, _ in members}

    def _annotation(self, item: Resource, wanted: Any) -> bool:
        marker = f"ggrec:{item.address.name}"
        found = [note for note in self.org.annotations.values() if marker in note["tags"]]
        return len(found) == 1 and _within({**wanted, "tags": [*wanted["tags"], marker]}, found[0])

    def _permissions(self, item: Resource, wanted: Any) -> bool:
        entries = {tuple(entry) for entry in self.org.permissions.get(f"folder:{wanted['folder']}", ())}
        meant = set()
        for who, level in wanted["entries"].items():
            sort, _, name = who.partition(":")
            meant.add((sort, self._number(sort, name), _LEVELS[level]))
        return wanted["folder"] in self.org.folders and (
            meant == entries if wanted["mode"] == "exact" else meant <= entries
        )

    def _preferences(self, item: Resource, wanted: Any) -> bool:
        name = wanted["of"].removeprefix("team:")
        team = self._team_named(name)
        scope = "org" if wanted["of"] == "organisation" else f"team:{team['id'] if team else 0}"
        return _within(
            {key: value for key, value in wanted.items() if key != "of"}, self.org.preferences.get(scope, {})
        )

    def _team_named(self, name: str) -> Any:
        """The team, also while it is called as before or after."""
        names = _RENAMED if name in _RENAMED else {name}
        return next((team for team in self.org.teams.values() if team["name"] in names), None)

    def _number(self, sort: str, name: str) -> Any:
        if sort == "role":
            return name
        found = self._team_named(name) if sort == "team" else self.world.user_named(name)
        return None if found is None else found["id"] if sort == "team" else found.id


def _within(wanted: Any, held: Any) -> bool:
    """Whether every leaf of `wanted` is in `held`; lists are compared whole."""
    if isinstance(wanted, Mapping):
        return isinstance(held, Mapping) and all(_within(value, held.get(key)) for key, value in wanted.items())
    if isinstance(wanted, list | tuple):
        same = isinstance(held, list | tuple) and len(wanted) == len(held)
        return same and all(_within(one, other) for one, other in zip(wanted, held, strict=True))
    return bool(wanted == held)

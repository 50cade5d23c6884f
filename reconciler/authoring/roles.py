"""`kind: Role`: what one audience sees. A role is no object in Grafana; it expands into documents of other kinds: a
team, its preferences, a folder for its filtered views with access for the team alone, and the views themselves.

Here roles are read and the documents made; which panels a view has is decided in `views`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reconciler.authoring.explain import explain
from reconciler.authoring.problems import Problems, shown, suggestion, unknown_keys
from reconciler.core.address import NAME, Address
from reconciler.core.resource import Document
from reconciler.core.source import Mark, MarkedDict, MarkedList, mark_at

KIND = "Role"
VIEW_TAG = "view-"
"""The tag of a role's filtered views begins with it; the role's name follows."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)


class FilterSpec(_Part):
    """Which panels a view takes; what any of the three names. Never by position."""

    audience: list[str] = Field(default_factory=list, description="Panels and rows with one of these audience tags.")
    rows: list[str] = Field(default_factory=list, description="All panels of the rows with these titles.")
    panels: list[str] = Field(default_factory=list, description="The panels with these titles.")


class EntrySpec(_Part):
    """One dashboard of a role."""

    dashboard: str = Field(description="metadata.name of a Dashboard.")
    default: bool = Field(default=False, description="What opens first: the team's home dashboard.")
    filter: bool | FilterSpec = Field(
        default=False, description="true: the panels whose `audience` names this role; or which panels."
    )
    base: Literal["linked", "hidden"] = Field(
        default="linked", description="Of a filtered dashboard: may the role open the whole one, and is it linked?"
    )
    name: str | None = Field(default=None, description="The view's name and uid. Default: <role>-<dashboard>.")
    title: str | None = Field(default=None, description="The view's title. Default: <title> (<role's title>).")
    variables: dict[str, Any] = Field(
        default_factory=dict, description="Presets of a view's variables: a value, or `{value: …, hide: true}`."
    )


class PreferencesPart(_Part):
    """Preferences of the role's team, beside the home dashboard."""

    theme: str | None = None
    timezone: str | None = None
    week_start: str | None = None
    language: str | None = None


class RoleSpec(_Part):
    """What one audience sees."""

    title: str = Field(min_length=1, description="As it stands in the titles of its views.")
    team: str | dict[str, Any] = Field(description="metadata.name of a Team, or the spec of one made for this role.")
    preferences: PreferencesPart = Field(default_factory=PreferencesPart)
    folder: str | None = Field(default=None, description="The Folder in which the folder of its views lies.")
    dashboards: list[EntrySpec] = Field(min_length=1)


class Entry(Struct, frozen=True):
    """An entry of a role, checked: `base` is declared, `view` is the derived dashboard's address, if it is filtered."""

    spec: EntrySpec
    written: MarkedDict
    base: Address
    view: Address | None

    @property
    def shown(self) -> Address:
        """What the role opens."""
        return self.view or self.base

    def wanted(self, role: str) -> FilterSpec:
        """Which panels the view takes."""
        return self.spec.filter if isinstance(self.spec.filter, FilterSpec) else FilterSpec(audience=[role])


class Role(Struct, frozen=True):
    """A role, checked."""

    document: Document
    spec: RoleSpec
    written: MarkedDict
    team: Address
    entries: tuple[Entry, ...]
    problems: Problems

    @property
    def name(self) -> str:
        """As in `audience: [name]`."""
        return self.document.name

    @property
    def address(self) -> str:
        """How messages call it."""
        return f"role.{self.name}"

    @property
    def folder(self) -> Address:
        """The folder of its views."""
        return Address("folder", f"views-{self.name}"[:40])


def read_role(document: Document, spec: MarkedDict, declared: Mapping[Address, Any], problems: Problems) -> Role | None:
    """The role in a document, its values filled in; None, with errors noted, where it is broken."""
    unknown_keys(document.metadata, ("name",), problems)
    try:
        model = RoleSpec.model_validate(spec)
    except ValidationError as error:
        explain(error, spec, RoleSpec, problems)
        return None
    team = Address("team", model.team if isinstance(model.team, str) else document.name)
    if isinstance(model.team, str) and team not in declared:
        known = [address.name for address in declared if address.kind == "team"]
        text = f"no Team {shown(model.team)} is declared"
        hint = suggestion(model.team, known) if known else "or write its spec here: `team: {name: …}`"
        problems.in_value(spec, ("team",), "unknown-team", text, hint)
    entries = tuple(
        entry
        for index, part in enumerate(model.dashboards)
        if (entry := _entry(document.name, part, spec["dashboards"][index], declared, problems))
    )
    role = Role(document, model, spec, team, entries, problems)
    _check_entries(role)
    return None if problems.stop else role


def _entry(
    role: str, spec: EntrySpec, written: MarkedDict, declared: Mapping[Address, Any], problems: Problems
) -> Entry | None:
    base = Address("dashboard", spec.dashboard) if NAME.match(spec.dashboard) else None
    if base is None or base not in declared:
        known = [address.name for address in declared if address.kind == "dashboard"]
        text = f"no Dashboard {shown(spec.dashboard)} is declared"
        problems.in_value(written, ("dashboard",), "unknown-dashboard", text, suggestion(spec.dashboard, known))
        return None
    if spec.filter is False:
        for key in ("name", "title", "variables", "base"):
            if key in written:
                text = f"`{key}` is for filtered entries, and this one shows the dashboard as it is"
                problems.in_value(written, (key,), "not-filtered", text, "add `filter: true`, or remove it", key=True)
        return Entry(spec, written, base, None)
    name = spec.name or f"{role}-{spec.dashboard}"
    if not NAME.match(name):
        text = f"the view would be called {shown(name)}, which is not a name ({len(name)} characters)"
        where = mark_at(written, ("name",) if spec.name else ("dashboard",))
        problems.at(where, "bad-name", text, "give it one: `name: …`, 1 to 40 of A-Z a-z 0-9 _ -")
        return None
    return Entry(spec, written, base, Address("dashboard", name))


def _check_entries(role: Role) -> None:
    """One default, and each dashboard once."""
    first: Entry | None = None
    seen: dict[Address, Mark | None] = {}
    for entry in role.entries:
        if entry.spec.default and first:
            at = mark_at(first.written, ("default",))
            text = "a role has one default, which is its team's home dashboard"
            role.problems.in_value(entry.written, ("default",), "two-defaults", text, f"the first is at {at}")
        if entry.spec.default:
            first = first or entry
        if entry.base in seen:
            text = f"{entry.base} is there twice"
            hint = f"the first is at {seen[entry.base]}: keep one"
            role.problems.in_value(entry.written, ("dashboard",), "dashboard-twice", text, hint)
        seen.setdefault(entry.base, mark_at(entry.written, ("dashboard",)))


def check_teams(roles: Sequence[Role]) -> None:
    """Two roles with one team would each want its home dashboard to be theirs."""
    seen: dict[str, Role] = {}
    for role in roles:
        first = seen.setdefault(_team_name(role), role)
        if first is not role:
            where = mark_at(first.written, ("team", "name")) or first.document.mark
            text = f"has the team of {first.address}, declared at {where}"
            hint = "a team has one home dashboard: give each role a team of its own, or put both roles together"
            role.problems.in_value(role.written, ("team", "name"), "team-twice", text, hint)


def _team_name(role: Role) -> str:
    """What tells teams apart: the name in Grafana of one made here, the address of one declared elsewhere."""
    team = role.spec.team
    return str(team) if isinstance(team, str) else f"name:{team.get('name', role.name)}"


def documents(role: Role) -> Iterator[Document]:
    """The documents that a role expands into, without the derived dashboards."""
    maker = _Maker(role)
    if not isinstance(role.spec.team, str):
        yield maker.document("Team", role.name, role.written["team"], "team")
    preferences = maker.mapping(team=role.team.name)
    home = next((entry for entry in role.entries if entry.spec.default), None)
    if home:
        at = mark_at(home.written, ("default",))
        preferences.put("home", home.shown.name, key_at=at, value_at=at)
    for key in ("theme", "timezone", "week_start", "language"):
        if getattr(role.spec.preferences, key) is not None:
            preferences.take(key, role.written["preferences"], role.written["preferences"][key])
    if len(preferences) > 1:
        yield maker.document("Preferences", role.name, preferences, "dashboards")
    if any(entry.view for entry in role.entries):
        about = f"What {role.spec.title} sees of dashboards that others see in full."
        folder = maker.mapping(title=f"{role.spec.title}: views", description=about)
        if role.spec.folder is not None:
            folder.take("folder", role.written, role.spec.folder, as_key="parent")
        yield maker.document("Folder", role.folder.name, folder, "dashboards")
        entries = MarkedList(mark=role.document.mark)
        entries.add(maker.mapping(team=role.team.name, permission="View"), role.document.mark)
        access = maker.mapping(folder=role.folder.name, mode="exact", entries=entries)
        yield maker.document("FolderPermissions", role.folder.name, access, "dashboards")


class _Maker(Struct, frozen=True):
    role: Role

    def mapping(self, **values: Any) -> MarkedDict:
        """A mapping whose every value was written where the role is."""
        at = self.role.document.mark
        result = MarkedDict(mark=at)
        for key, value in values.items():
            result.put(key, value, key_at=at, value_at=at)
        return result

    def document(self, kind: str, name: str, spec: MarkedDict, part: str) -> Document:
        """A document at the part of the role that asks for it."""
        mark = mark_at(self.role.written, (part,)) or self.role.document.mark
        metadata = MarkedDict(mark=mark)
        metadata.put("name", name, key_at=mark, value_at=mark)
        return Document(kind, name, metadata, spec, mark, origin=f"from {self.role.address}")


def view_document(role: Role, entry: Entry) -> Document:
    """The document of a derived dashboard; its model is made later, from the base's."""
    assert entry.view is not None
    mark = mark_at(entry.written, ("dashboard",)) or role.document.mark
    metadata, spec = MarkedDict(mark=mark), MarkedDict(mark=mark)
    metadata.put("name", entry.view.name, key_at=mark, value_at=mark)
    spec.put("folder", role.folder.name, key_at=mark, value_at=mark)
    origin = f"derived from {entry.base} for {role.address}"
    return Document("Dashboard", entry.view.name, metadata, spec, mark, origin=origin)

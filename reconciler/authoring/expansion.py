"""All roles of a project: read, checked against what is declared, and expanded into documents, grants and links."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.authoring.access import PERMISSIONS, Access, granted
from reconciler.authoring.dashboard import Expanded
from reconciler.authoring.loops import unrolled
from reconciler.authoring.problems import Problems
from reconciler.authoring.roles import KIND, Entry, Role, check_teams, documents, read_role, view_document
from reconciler.authoring.values import Text, with_values
from reconciler.authoring.views import View, derived
from reconciler.core.address import Address
from reconciler.core.json import Json, as_list, as_object, text_of
from reconciler.core.resource import Document
from reconciler.core.roles import RoleEntry, RoleView
from reconciler.core.source import Mark, MarkedDict


class Expansion:
    """The roles among some documents. `problems` has one collection for each."""

    def __init__(
        self, written: Sequence[Document], values: Mapping[str, Json], declared: Mapping[Address, Any]
    ) -> None:
        self.problems: list[Problems] = []
        self.roles: list[Role] = []
        self.views: dict[Address, tuple[Role, Entry]] = {}
        self._made: dict[Address, View] = {}
        places: dict[str, Mark] = {}
        for document in written:
            problems = Problems(document, f"role.{document.name}")
            self.problems.append(problems)
            first = places.setdefault(document.name, document.mark)
            if first is not document.mark:
                hint = f"the first is at {first}: rename one, or remove it"
                problems.at(None, "declared-twice", f"{KIND} '{document.name}' is declared twice", hint)
                continue
            spec = unrolled(with_values(document.spec, values, problems, Text.GRAFANAS), problems)
            role = read_role(document, spec, declared, problems)
            if role is not None:
                self.roles.append(role)
        check_teams(self.roles)
        for role in self.roles:
            self.views |= {entry.view: (role, entry) for entry in role.entries if entry.view}

    def documents(self) -> Iterator[Document]:
        """What the roles expand into; the derived dashboards without their models."""
        for role in self.roles:
            yield from documents(role)
            yield from (view_document(role, entry) for entry in role.entries if entry.view)

    def grants(self, specs: Mapping[Address, MarkedDict]) -> Iterator[tuple[Address, MarkedDict, Document | None]]:
        """The folders' permissions with what roles need added: the address and the new spec; a document too where no
        author declared permissions of that folder.
        """
        by_folder = {
            text_of(spec.get("folder")): address for address, spec in specs.items() if address.kind == PERMISSIONS
        }
        wanted: dict[str, list[Role]] = {}
        access = Access(specs)
        for role in self.roles:
            for entry in role.entries:
                folder = access.folder(entry.base)
                if folder and (entry.view is None or entry.spec.base == "linked"):
                    wanted.setdefault(folder, []).append(role)
        for folder, roles in sorted(wanted.items()):
            mark = roles[0].document.mark
            teams = list(dict.fromkeys(role.team.name for role in roles))
            address = by_folder.get(folder)
            if address is not None:
                yield address, granted(specs[address], teams, mark), None
                continue
            spec = MarkedDict(mark=mark)
            for key, value in (("folder", folder), ("mode", "additive")):
                spec.put(key, value, key_at=mark, value_at=mark)
            spec = granted(spec, teams, mark)
            metadata = MarkedDict(mark=mark)
            metadata.put("name", folder, key_at=mark, value_at=mark)
            origin = "from " + ", ".join(dict.fromkeys(role.address for role in roles))
            document = Document("FolderPermissions", folder, metadata, spec, mark, origin=origin)
            yield Address(PERMISSIONS, folder), spec, document

    def derive(self, address: Address, base: Expanded) -> Expanded | None:
        """The model of a view from its base's; None, with errors noted, where nothing can be made of it."""
        role, entry = self.views[address]
        view = derived(base.model, base.audiences, role, entry)
        if view is None:
            return None
        self._made[address] = view
        return Expanded(view.model, {})

    def summaries(
        self, specs: Mapping[Address, Mapping[str, Any]], models: Mapping[Address, Expanded | None]
    ) -> tuple[RoleView, ...]:
        """The roles in order of names, for people."""
        access = Access(specs)
        found = []
        for role in sorted(self.roles, key=lambda role: role.name):
            entries = tuple(self._summary(entry, models) for entry in role.entries)
            opens = access.all_opened(role.team.name)
            found.append(RoleView(role.name, role.spec.title, role.team, entries, opens, role.document.mark))
        return tuple(found)

    def _summary(self, entry: Entry, models: Mapping[Address, Expanded | None]) -> RoleEntry:
        shown, base = models.get(entry.shown), models.get(entry.base)
        whole = _count(base.model) if base else 0
        view = self._made.get(entry.shown)
        return RoleEntry(
            base=entry.base,
            shown=entry.shown,
            title=text_of(shown.model.get("title")) if shown else entry.base.name,
            filtered=entry.view is not None,
            default=entry.spec.default,
            panels=view.panels if view else whole,
            of=view.of if view else whole,
            source=entry.written.mark,
        )


def _count(model: Mapping[str, Any]) -> int:
    """The panels of a model, rows not counted."""
    panels = [as_object(panel) for panel in as_list(model.get("panels"))]
    return sum(len(as_list(panel.get("panels"))) if panel.get("type") == "row" else 1 for panel in panels)

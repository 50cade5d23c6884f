"""Who refers to a dashboard, and to whom it refers: datasources and links, playlists, and alert rules on its panels."""

from collections.abc import Iterable, Mapping

from reconciler.core.diff import Edit
from reconciler.core.exchange import Exchange, Server
from reconciler.core.json import JsonObject, as_object
from reconciler.core.kind import Kind
from reconciler.core.references import Group, Reference, Referrer, datasources_in
from reconciler.core.resource import Resource
from reconciler.kinds._elsewhere import library_lacking, listed_playlists, playlists, rules, rules_on_panels
from reconciler.kinds._links import links_in
from reconciler.kinds._panels import panels_gone


class DashboardReferred(Kind):
    """That part of the kind `dashboard`."""

    def references(self, attributes: JsonObject) -> Iterable[Reference]:
        """Datasources, library panels, and what its links and texts lead to."""
        model = as_object(attributes.get("dashboard"))
        yield from datasources_in(model)
        yield from links_in(model)

    def elsewhere(self, server: Server) -> Exchange[tuple[Referrer, ...]]:
        """Playlists, and alert rules that are shown on a panel."""
        return (*(yield from rules()), *(yield from playlists(server)))

    def lacking(self, server: Server, library: frozenset[str]) -> Exchange[frozenset[str]]:
        """By one list, and what is not in it by itself: a list holds what the credentials may see."""
        return (yield from library_lacking(library))

    def seen(self, edits: tuple[Edit, ...]) -> bool:
        """All but what only its settings show."""
        from reconciler.kinds._dashboard_audience import is_seen  # only where something changes

        return is_seen(edits, self.body_key)

    def shown_by(self, server: Server) -> Exchange[tuple[Referrer, ...]]:
        """Playlists, by uid or by tag."""
        return (yield from listed_playlists(server))

    def groups(self, resource: Resource | None, edits: tuple[Edit, ...]) -> tuple[set[Group], set[Group]]:
        """Its tags."""
        from reconciler.kinds._dashboard_audience import tag_groups  # only where something changes

        return tag_groups(self.normalise(resource.attributes), edits) if resource is not None else (set(), set())

    def parts_lost(self, edits: tuple[Edit, ...]) -> Mapping[str, str]:
        """Panels, by id."""
        return panels_gone(edits)

    def parts_changed(self, resource: Resource, edits: tuple[Edit, ...]) -> Mapping[str, str]:
        """Panels, by id, those inside rows too; not those that only move."""
        from reconciler.kinds._dashboard_audience import panels_changed, reaches_panels  # only where something changes

        if not reaches_panels(edits, self.body_key):
            return {}
        return panels_changed(self.normalise(resource.attributes), edits)

    def on_parts(self, server: Server) -> Exchange[tuple[Referrer, ...]]:
        """Alert rules that are shown on a panel."""
        return (yield from rules_on_panels())

"""What is to be drawn, and the files that come of it. Same input, same bytes."""

from collections.abc import Mapping

from msgspec import Struct, field

from reconciler.core.json import JsonObject, as_list, text_of


class Page(Struct, frozen=True):
    """One dashboard: Grafana's model, the titles of the folders it lies in (outermost first), and what a plan does to
    it: `state` is created, changed or so ("": nothing),
    `changed` panel id → added or changed, `removed` the titles of panels that go.
    """

    uid: str
    model: JsonObject
    folders: tuple[str, ...] = ()
    origin: str = ""
    state: str = ""
    changed: Mapping[int, str] = field(default_factory=dict)
    removed: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The dashboard's title, or its uid."""
        return text_of(self.model.get("title")) or self.uid

    @property
    def tags(self) -> frozenset[str]:
        """The dashboard's tags."""
        return frozenset(text_of(tag) for tag in as_list(self.model.get("tags")))


class RoleMenu(Struct, frozen=True):
    """A role for the switcher: what opens first, and its dashboards, by uid."""

    title: str
    home: str
    dashboards: tuple[str, ...]


class Site(Struct, frozen=True):
    """Everything that a reviewer shall see. `sources`: datasource uid → what people call it; `deleted`: the dashboards
    that a plan deletes, which have no page.
    """

    name: str
    pages: tuple[Page, ...]
    sources: Mapping[str, str] = field(default_factory=dict)
    roles: tuple[RoleMenu, ...] = ()
    note: str = ""
    deleted: tuple[str, ...] = ()

    def page(self, uid: str) -> Page | None:
        """The page of a dashboard, if it is among them."""
        return next((page for page in self.pages if page.uid == uid), None)

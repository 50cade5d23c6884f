"""The links that roles put on their dashboards: to the others of the role, the current one first.

What everybody may open who may open the dashboard at hand is linked by name. A role's views on a dashboard that others
read too are linked by tag: Grafana fills such a link with what the reader may open, and shows nothing to the others.
"""

from collections.abc import Callable, Sequence

from reconciler.authoring.access import Access
from reconciler.authoring.roles import VIEW_TAG, Entry, Role
from reconciler.core.address import Address
from reconciler.core.json import as_list
from reconciler.core.source import Mark, MarkedDict, MarkedList

Title = Callable[[Address], str]


class RoleLinks:
    """The links for every dashboard of some roles."""

    def __init__(self, roles: Sequence[Role], access: Access, title: Title, uid: Title) -> None:
        self._roles = roles
        self._access = access
        self._title = title
        self._uid = uid

    def on(self, dashboard: Address, model: MarkedDict) -> tuple[MarkedDict, dict[str, str]]:
        """The model with the links of all roles that show this dashboard before its own; itself where none does. Beside
        it which of these links names whose title (see `core.resource.Resource`).
        """
        shown = [(role, entry) for role in self._roles for entry in role.entries if entry.shown == dashboard]
        if not shown:
            return model, {}
        mark = shown[0][1].written.mark
        links, titled = MarkedList(mark=mark), dict[str, str]()
        self._add(links, self._link(dashboard, shown, mark, current=True), mark, titled, shown[0][1].base)
        done = {dashboard}
        readers = [role for role in self._roles if self._access.opens(role.team.name, dashboard)]
        for role, _ in shown:
            for other in role.entries:
                public = all(self._access.opens(reader.team.name, other.shown) for reader in readers)
                if public and other.shown not in done:
                    done.add(other.shown)
                    self._add(links, self._link(other.shown, [(role, other)], mark), mark, titled, other.base)
            if any(other.view and other.shown not in done for other in role.entries):
                self._add(links, _by_tag(role, mark), mark, titled)
        for _, entry in shown:
            if entry.view and entry.spec.base == "linked":
                self._add(links, self._whole(entry, mark), mark, titled, entry.base)
        for link in as_list(model.get("links")):
            self._add(links, link, mark, titled)
        result = MarkedDict(mark=model.mark)
        for key, value in model.items():
            result.take(key, model, value)
        result.put("links", links, key_at=model.keys_at.get("links", mark), value_at=mark)
        return result, titled

    def _add(
        self, links: MarkedList, link: object, mark: Mark | None, titled: dict[str, str], of: Address | None = None
    ) -> None:
        """Append a link; one that leads where another does already, under the same name, is left out. `of`: whose title
        it names.
        """
        if link in links:
            return
        if of is not None:
            titled[f"links[{len(links)}].title"] = str(of)
        links.add(link, mark)

    def _link(
        self, to: Address, shown: Sequence[tuple[Role, Entry]], mark: Mark | None, *, current: bool = False
    ) -> MarkedDict:
        whose = " and ".join(dict.fromkeys(role.spec.title for role, _ in shown))
        here = f"You are here ({whose})" if current else f"For {whose}"
        title = self._title(shown[0][1].base)
        return _marked(mark, title, type="link", url=f"/d/{self._uid(to)}", tooltip=here,
                       icon="bolt" if current else "dashboard", keepTime=not current)  # fmt: skip

    def _whole(self, entry: Entry, mark: Mark | None) -> MarkedDict:
        title = self._title(entry.base)
        return _marked(mark, f"All of {title}", type="link", url=f"/d/{self._uid(entry.base)}",
                       tooltip="The whole dashboard that this view is taken from", icon="external link",
                       keepTime=True)  # fmt: skip


def _by_tag(role: Role, mark: Mark | None) -> MarkedDict:
    return _marked(mark, f"{role.spec.title}: views", type="dashboards", url="", icon="dashboard", keepTime=True,
                   tooltip="", tags=[VIEW_TAG + role.name])  # fmt: skip


def _marked(mark: Mark | None, title: str, *, tags: Sequence[str] = (), **values: str | bool) -> MarkedDict:
    result = MarkedDict(mark=mark)
    whole = {"title": title, **values, "asDropdown": False, "includeVars": False, "targetBlank": False}
    for key, value in whole.items():
        result.put(key, value, key_at=mark, value_at=mark)
    result.put("tags", MarkedList(list(tags)), key_at=mark, value_at=mark)
    return result

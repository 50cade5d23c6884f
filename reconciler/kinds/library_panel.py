"""Library panels: a panel that is kept once and shown on many dashboards (Grafana's library elements of kind 1).

Must not: send a model without its type and description (Grafana fills in the old ones), or take one away that a
dashboard shows.
"""

from collections.abc import Iterable
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

from reconciler.core.diff import Edit, EditPath, Identities
from reconciler.core.errors import GgrecError
from reconciler.core.exchange import HANDLE_404, ApiRequest, Exchange, Listing, Server, Wanted, WriteContext
from reconciler.core.json import Json, JsonObject, as_list, as_object, text_of
from reconciler.core.kind import Authored, Desired, Kind, LiveNames, Names
from reconciler.core.references import Reference, datasources_in
from reconciler.core.resource import Attribution, LiveObject, Resource
from reconciler.core.semantic import Row
from reconciler.core.source import Path
from reconciler.kinds._elsewhere import library_panels
from reconciler.kinds._later import later

if TYPE_CHECKING:
    from reconciler.kinds._library_panel_spec import LibraryPanelSpec

_ELEMENTS = "/api/library-elements"
_PANELS = 1
"""The kind of library elements that are panels."""
_PAGE = 500
_BUILT_IN = MappingProxyType({"-- Grafana --": "grafana", "-- Mixed --": "datasource", "-- Dashboard --": "datasource"})
"""Grafana's own datasources: name → type."""


class LibraryPanel(Kind):
    """The kind `library-panel`. Attributes: name, folderUid ("" at the root), and Grafana's panel under model."""

    name: ClassVar[str] = "library-panel"
    yaml_kind: ClassVar[str] = "LibraryPanel"
    summary: ClassVar[str] = "A library panel: kept once, shown on many dashboards."
    spec = later("_library_panel_spec", "LibraryPanelSpec")
    grafanas_texts: ClassVar[bool] = True
    identities: ClassVar[Identities] = MappingProxyType({"targets": "refId", "links": "title"})
    wholes: ClassVar[frozenset[str]] = frozenset({"gridPos", "datasource"})
    refers_to: ClassVar[frozenset[str]] = frozenset({"datasource"})
    example: ClassVar[str] = """\
apiVersion: ggrec/v1
kind: Folder
metadata:
  name: shared
spec:
  title: Shared
---
apiVersion: ggrec/v1
kind: Datasource
metadata:
  name: metrics
spec:
  type: prometheus
  url: http://prometheus:9090
---
apiVersion: ggrec/v1
kind: LibraryPanel
metadata:
  name: error-rate
spec:
  name: Error rate
  folder: shared
  panel:
    title: Error rate
    description: Share of requests that failed. Red means act.
    type: timeseries
    datasource: metrics
    targets:
      - refId: A
        datasource: metrics
        expr: sum(rate(errors_total[$__rate_interval])) / sum(rate(requests_total[$__rate_interval]))
    fieldConfig:
      defaults:
        unit: percentunit
        thresholds:
          mode: absolute
          steps:
            - {color: green, value: null}
            - {color: red, value: 0.05}
      overrides: []
"""

    def desired(self, name: str, spec: "LibraryPanelSpec", names: Names) -> Desired:
        """Names of the folder and of datasources become what Grafana wants; the model is taken as it is."""
        folder = names.uid("folder", spec.folder, ("folder",)) if spec.folder else ""
        model = _resolved(spec.panel, names, ("panel",))
        if "targets" in model:
            model["targets"] = [
                _resolved(target, names, ("panel", "targets", index)) if isinstance(target, dict) else target
                for index, target in enumerate(as_list(model["targets"]))
            ]
        return Desired({"name": spec.name or name, "folderUid": folder, "model": model})

    def authored(self, live: LiveObject, names: LiveNames) -> Authored:
        """The panel as it is, its datasources by uid."""
        full = self.normalise(live.attributes)
        spec: dict[str, Json] = {}
        if full["name"]:
            spec["name"] = full["name"]
        folder = text_of(full["folderUid"])
        if folder:
            spec["folder"] = names.name("folder", folder) or folder
        return Authored({**spec, "panel": full["model"]})

    def normalise(self, attributes: JsonObject) -> JsonObject:
        """No description is the empty text, and the panel's reference to itself, which Grafana's pages save with it,
        says nothing.
        """
        model = {key: value for key, value in as_object(attributes.get("model")).items() if key != "libraryPanel"}
        if model.get("description") in ("", None):
            model.pop("description", None)
        return {
            "name": text_of(attributes.get("name")),
            "folderUid": text_of(attributes.get("folderUid")),
            "model": model,
        }

    def describe(
        self, edits: tuple[Edit, ...], before: JsonObject | None = None, after: JsonObject | None = None
    ) -> tuple[Row, ...]:
        """As for a panel of a dashboard: queries, thresholds, overrides in words."""
        from reconciler.kinds._library_panel_changes import library_panel_rows  # only where something changes

        return library_panel_rows(edits, before, after)

    def place(self, path: EditPath) -> str:
        """A query by its letter, all else by the panel's field."""
        from reconciler.kinds._dashboard_places import in_panel  # only where something is told

        if path == ("folderUid",):
            return "its folder"
        return in_panel("panel", path[1:]) if path[:1] == ("model",) else super().place(path)

    def notes(self, resource: Resource, live: LiveObject | None) -> tuple[str, ...]:
        """That Grafana cannot do it, where one shall be moved."""
        return (_NO_WAY,) if live is not None and _moves(resource, live) else ()

    def references(self, attributes: JsonObject) -> Iterable[Reference]:
        """The datasources of the panel and of its queries."""
        model = as_object(attributes.get("model"))
        return datasources_in({"panels": [{"title": text_of(attributes.get("name")), **model}]})

    def container(self, attributes: JsonObject) -> str | None:
        """Its folder."""
        return text_of(attributes.get("folderUid"))

    def placed(self, attributes: JsonObject, container: str) -> JsonObject:
        """In another folder."""
        return {**attributes, "folderUid": container}

    def alike(self, resource: Resource) -> tuple[str, ...]:
        """One of the same name in the same folder."""
        return (_place(resource.attributes),)

    def listing(self, server: Server, wanted: Wanted) -> Listing:
        """All of them with their models, by pages (the parameter is `perPage`: `perpage` is ignored)."""
        page = 1
        while True:
            query = (("kind", str(_PANELS)), ("perPage", str(_PAGE)), ("page", str(page)))
            answer = yield ApiRequest("GET", _ELEMENTS, query)
            items = [as_object(item) for item in as_list(as_object(answer.object.get("result")).get("elements"))]
            yield tuple(_live(item) for item in items)
            if len(items) < _PAGE:
                return
            page += 1

    def survey(self, server: Server) -> Listing:
        """The same list, which others ask for as well while a plan is made."""
        yield tuple(_live(item) for item in (yield from library_panels()))

    def read(self, server: Server, uid: str) -> Exchange[LiveObject | None]:
        """By its uid."""
        answer = yield ApiRequest("GET", _path(uid), handles=HANDLE_404)
        return None if answer.status == 404 else _live(as_object(answer.object.get("result")))

    def create(self, context: WriteContext, resource: Resource) -> Exchange[str]:
        """POST; 400 where the uid exists."""
        body = {"uid": resource.uid, **_body(self.normalise(resource.attributes))}
        answer = yield ApiRequest("POST", _ELEMENTS, body=body)
        return text_of(as_object(answer.object.get("result")).get("uid")) or str(resource.uid)

    def update(self, context: WriteContext, resource: Resource, live: LiveObject) -> Exchange[None]:
        """PATCH of exactly the version that was read: 412 where somebody saved in between. Raises GgrecError for a move
        that Grafana answers with 200 and does by half. One that was moved so in its pages is put back.
        """
        if _moves(resource, live) and not (yield from self._lies_in(context.server, resource, live.uid)):
            raise GgrecError.one("not-moved", _NO_WAY, hint=_INSTEAD)
        body = {**_body(self.normalise(resource.attributes)), "version": live.meta.get("version")}
        yield ApiRequest("PATCH", _path(live.uid), body=body)

    def _lies_in(self, server: Server, resource: Resource, uid: str) -> Exchange[bool]:
        """Whether the list, which tells the folder that counts, has it where it is declared."""
        pages = self.listing(server, Wanted())
        step = next(pages, None)
        while step is not None:
            if isinstance(step, tuple):
                for item in step:
                    if item.uid == uid:
                        return not _moves(resource, item)
                step = next(pages, None)
            else:
                answer = yield step
                step = pages.send(answer)
        return False

    def delete(self, context: WriteContext, live: LiveObject) -> Exchange[None]:
        """Refused by Grafana (403) while a dashboard shows it: which, is looked up."""
        answer = yield ApiRequest("DELETE", _path(live.uid), handles=HANDLE_404 | {403})
        if answer.status != 403:
            return
        shown = yield ApiRequest("GET", f"{_path(live.uid)}/connections", handles=HANDLE_404 | {403})
        found = [as_object(item) for item in as_list(shown.object.get("result"))] if shown.status == 200 else []
        boards = sorted({text_of(item.get("connectionUid")) or str(item.get("connectionId")) for item in found})
        text = f"Grafana does not delete library panel '{live.title}' ({live.uid}): {answer.message}"
        if boards:
            more = f" and {len(boards) - 10} more" if boards[10:] else ""
            text += f". Shown on dashboard{'' if len(boards) == 1 else 's'} {', '.join(boards[:10])}{more}"
            raise GgrecError.one("has-connections", text, hint="take it off these dashboards, or delete them, first")
        raise GgrecError.one("not-deleted", text, hint="is library.panels:delete among the credentials' permissions?")

    def attribution(self, server: Server, live: LiveObject, since: int | None) -> Exchange[Attribution]:
        """Who saved last, which each answer tells; there are no versions to look into."""
        yield from ()
        who, when = text_of(live.meta.get("saver")), text_of(live.meta.get("updated"))
        return Attribution(who or None, when or None, last=True)


_NO_WAY = (
    "Grafana cannot move a library panel to another folder: it answers as if it did, but access and what is deleted "
    "with a folder still go by the old one"
)
_INSTEAD = "declare it in the old folder; or under another metadata.name in the new one, and delete this one"


def _moves(resource: Resource, live: LiveObject) -> bool:
    return text_of(resource.attributes.get("folderUid")) != text_of(live.attributes.get("folderUid"))


def _resolved(holder: JsonObject, names: Names, path: Path) -> dict[str, Json]:
    """A copy of a panel or query whose `datasource`, if it is a name, is Grafana's object; `$variables` stay one."""
    result = dict(holder)
    written = holder.get("datasource")
    if not isinstance(written, str):
        return result
    where: Path = (*path, "datasource")
    if written in _BUILT_IN:
        result["datasource"] = {"type": _BUILT_IN[written], "uid": written}
    elif written.startswith("$"):
        result["datasource"] = {"uid": written}
    else:
        uid = names.uid("datasource", written, where)
        kind = text_of(names.attributes("datasource", written, where).get("type")) if uid else ""
        result["datasource"] = {"type": kind, "uid": uid} if kind else {"uid": uid}
    return result


def _place(attributes: JsonObject) -> str:
    return f"title:{text_of(attributes.get('folderUid'))}/{text_of(attributes.get('name'))}"


def _path(uid: str) -> str:
    return f"{_ELEMENTS}/{quote(uid, safe='')}"


def _body(wanted: JsonObject) -> dict[str, Json]:
    """What is sent of it: the description always, for without one Grafana keeps the old."""
    model = {"description": "", **as_object(wanted["model"])}
    return {"name": wanted["name"], "kind": _PANELS, "folderUid": wanted["folderUid"], "model": model}


def _live(item: JsonObject) -> LiveObject:
    """Its revision tells saves apart, and one that was deleted and made anew, whose versions begin at 1 again."""
    uid, version = text_of(item.get("uid")), item.get("version")
    attributes: dict[str, Json] = {
        "name": text_of(item.get("name")),
        "folderUid": text_of(item.get("folderUid")),
        "model": as_object(item.get("model")),
    }
    number = version if isinstance(version, int) else None
    told = as_object(item.get("meta"))
    saver = text_of(as_object(told.get("updatedBy")).get("name"))
    return LiveObject(
        kind="library-panel",
        uid=uid,
        attributes=attributes,
        revision=f"{item.get('id')}.{number}" if number is not None else None,
        keys=(f"uid:{uid}", _place(attributes)),
        meta={"updated": text_of(told.get("updated")), "saver": saver, "version": number},
    )

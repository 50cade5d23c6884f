"""Dashboards: Grafana's own v1 model, whole; the folder always sent, versions guarded, panel ids kept.

Must not: read over v1beta1 (it rewrites), send a foreign `id`, or leave the folder out (that moves to the root).
"""

from collections.abc import Iterable
from types import MappingProxyType
from typing import Any, ClassVar
from urllib.parse import quote

from pydantic import BaseModel

from reconciler.core.diff import Edit, Identities
from reconciler.core.exchange import HANDLE_404, ApiRequest, Exchange, Listing, Server, Wanted, WriteContext
from reconciler.core.json import Json, JsonObject, as_list, as_object, text_of
from reconciler.core.kind import Authored, Desired, Kind, LiveNames, Names
from reconciler.core.references import Reference, Referrer, datasources_in
from reconciler.core.resource import Attribution, LiveObject, Resource
from reconciler.core.semantic import Row
from reconciler.kinds._dashboard_changes import dashboard_rows
from reconciler.kinds._dashboard_spec import DashboardDocument, DashboardSpec
from reconciler.kinds._elsewhere import playlists, rules_and_panels
from reconciler.kinds._kube import continue_token, kube_path
from reconciler.kinds._links import links_in
from reconciler.kinds._owners import SCHEMA_V2, by_marks, provisioned_dashboard
from reconciler.kinds._panels import alike, all_panels, references_only, renumbered
from reconciler.kinds._ui_state import as_left

GROUP = "dashboard.grafana.app/v0alpha1"
_PREFIX = "grafana.app/"
_SERVERS_OWN = frozenset({"id", "uid", "version"})
_DERIVED = 1_000_000
"""Panel ids from here on were derived from a title, not written (see authoring)."""


class Dashboard(Kind):
    """The kind `dashboard`. Attributes: folderUid ("" at the root) and dashboard (the model without id, uid,
    version).
    """

    name: ClassVar[str] = "dashboard"
    yaml_kind: ClassVar[str] = "Dashboard"
    summary: ClassVar[str] = "A dashboard: Grafana's own model, written compactly or as exported."
    spec: ClassVar[type[BaseModel]] = DashboardSpec
    written: ClassVar[type[BaseModel] | None] = DashboardDocument
    shorthand: ClassVar[str | None] = "dashboard"
    body_key: ClassVar[str | None] = "dashboard"
    identities: ClassVar[Identities] = MappingProxyType(
        {"panels": "id", "targets": "refId", "list": "name", "links": "title"}
    )
    wholes: ClassVar[frozenset[str]] = frozenset({"gridPos", "datasource", "current", "time"})
    write_weight: ClassVar[int] = 1
    refers_to: ClassVar[frozenset[str]] = frozenset({"datasource", "dashboard", "folder", "library-panel"})
    example: ClassVar[str] = """\
apiVersion: ggrec/v1
kind: Folder
metadata:
  name: shop
spec:
  title: Shop
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
kind: Dashboard
metadata:
  name: shop-orders
spec:
  title: Shop orders
  folder: shop
  description: Orders as they come in. Red means act.
  tags: [shop]
  time: {from: now-24h, to: now}
  panels:
    - row: Headline
    - title: Orders per minute
      type: stat
      width: 6
      height: 5
      datasource: metrics
      targets:
        - expr: sum(rate(orders_total[5m])) * 60
      unit: short
      thresholds: {red: null, green: 1}
    - title: Orders by region
      type: timeseries
      width: 18
      datasource: metrics
      targets:
        - expr: sum by (region) (rate(orders_total[$__rate_interval])) * 60
          legendFormat: "{{region}}"
"""

    def desired(self, name: str, spec: DashboardSpec, names: Names) -> Desired:
        """The folder's name becomes its uid; the model is taken as it is."""
        folder = names.uid("folder", spec.folder, ("folder",)) if spec.folder else ""
        if not text_of(spec.model.get("title")).strip():
            names.fail(("title",), "no-title", "a dashboard needs a title", "Grafana refuses it without one")
        return Desired({"folderUid": folder, "dashboard": spec.model})

    def authored(self, live: LiveObject, names: LiveNames) -> Authored:
        """An envelope with the folder's name, and the model as a file beside it."""
        spec: dict[str, Json] = {}
        folder = text_of(live.attributes.get("folderUid"))
        if folder:
            spec["folder"] = names.name("folder", folder) or folder
        return Authored(spec, as_object(live.attributes.get("dashboard")))

    def normalise(self, attributes: JsonObject) -> JsonObject:
        """Without the server's id, uid and version, and with library panels as references only; all else counts."""
        model = as_object(attributes.get("dashboard"))
        cleaned = {key: value for key, value in model.items() if key not in _SERVERS_OWN}
        if "panels" in cleaned:
            cleaned["panels"] = references_only(cleaned["panels"])
        return {"folderUid": text_of(attributes.get("folderUid")), "dashboard": cleaned}

    def as_left(self, attributes: JsonObject, like: JsonObject, authored: JsonObject) -> JsonObject:
        """Variables' values, the time range, the refresh interval and collapsed rows."""
        parts = (as_object(item.get("dashboard")) for item in (attributes, like, authored))
        return {**attributes, "dashboard": as_left(*parts)}

    def keep_identity(self, desired: JsonObject, applied: JsonObject) -> JsonObject:
        """A panel whose title changed keeps its id where it is recognised by its type and queries: links point at
        ids.
        """
        old, new = all_panels(applied), all_panels(desired)
        known = {panel.get("id") for panel in old}
        present = {panel.get("id") for panel in new}
        orphans = [panel for panel in old if panel.get("id") not in present]
        renames: dict[Json, Json] = {}
        for panel in new:
            number = panel.get("id")
            if number in known or not isinstance(number, int) or number < _DERIVED:
                continue
            for index, orphan in enumerate(orphans):
                if alike(panel, orphan):
                    renames[number] = orphans.pop(index).get("id")
                    break
        if not renames:
            return desired
        model = as_object(desired.get("dashboard"))
        return {**desired, "dashboard": {**model, "panels": renumbered(model.get("panels"), renames)}}

    def references(self, attributes: JsonObject) -> Iterable[Reference]:
        """Datasources, library panels, and what its links and texts lead to."""
        model = as_object(attributes.get("dashboard"))
        yield from datasources_in(model)
        yield from links_in(model)

    def elsewhere(self, server: Server) -> Exchange[tuple[Referrer, ...]]:
        """Playlists, and alert rules that are shown on a panel."""
        rules = yield from rules_and_panels()
        return (*rules, *(yield from playlists(server)))

    def describe(
        self, edits: tuple[Edit, ...], before: JsonObject | None = None, after: JsonObject | None = None
    ) -> tuple[Row, ...]:
        """Panels, variables, annotation queries and links by identity; the layout in one sentence."""
        models = [as_object(side.get("dashboard")) if side is not None else None for side in (before, after)]
        return dashboard_rows(edits, models[0], models[1], self.body_key)

    def container(self, attributes: JsonObject) -> str | None:
        """Its folder."""
        return text_of(attributes.get("folderUid"))

    def tags(self, attributes: JsonObject) -> tuple[str, ...]:
        """The model's."""
        return tuple(text_of(tag) for tag in as_list(as_object(attributes.get("dashboard")).get("tags")))

    def alike(self, resource: Resource) -> tuple[str, ...]:
        """A dashboard of the same title in the same folder."""
        attributes = resource.attributes
        return (_place(self.container(attributes) or "", as_object(attributes.get("dashboard")).get("title")),)

    def listing(self, server: Server, wanted: Wanted) -> Listing:
        """Whole dashboards by LIST of v0alpha1, page by page; where it is missing, search and GETs of the wanted."""
        if server.serves(GROUP):
            yield from self._list_kube(server)
        else:
            yield from self._list_search(server, wanted)

    def _list_kube(self, server: Server) -> Listing:
        token = ""
        while True:
            query = (("limit", "500"), *((("continue", token),) if token else ()))
            answer = yield ApiRequest("GET", kube_path(server, GROUP, "dashboards"), query)
            yield tuple(_from_kube(as_object(item)) for item in as_list(answer.object.get("items")))
            token = continue_token(answer)
            if not token:
                return

    def _list_search(self, server: Server, wanted: Wanted) -> Listing:
        page = 1
        while True:
            query = (("type", "dash-db"), ("limit", "5000"), ("page", str(page)))
            answer = yield ApiRequest("GET", "/api/search", query)
            items = [as_object(item) for item in as_list(answer.body)]
            for item in items:
                uid = text_of(item.get("uid"))
                found = (yield from self.read(server, uid)) if wanted.covers(uid) else _from_search(item)
                if found is not None:
                    yield (found,)
            if len(items) < 5000:
                return
            page += 1

    def read(self, server: Server, uid: str) -> Exchange[LiveObject | None]:
        """As stored: v0alpha1, else /api/dashboards/uid. A dashboard that is v2 inside is marked so."""
        if server.serves(GROUP):
            path = kube_path(server, GROUP, "dashboards", uid)
            answer = yield ApiRequest("GET", path, handles=HANDLE_404)
            return None if answer.status == 404 else _from_kube(answer.object)
        answer = yield ApiRequest("GET", _path(uid), handles=HANDLE_404 | {406})
        if answer.status == 404:
            return None
        if answer.status == 406:
            return LiveObject("dashboard", uid, {}, manager=SCHEMA_V2, keys=(f"uid:{uid}",))
        return _from_api(uid, answer.object)

    def create(self, context: WriteContext, resource: Resource) -> Exchange[str]:
        """A save without a version and without overwrite: 412 where the uid exists (grafana-api.md section 8)."""
        answer = yield self._save(context, resource, version=None)
        return text_of(answer.object.get("uid")) or str(resource.uid)

    def update(self, context: WriteContext, resource: Resource, live: LiveObject) -> Exchange[None]:
        """A save over exactly the version that was read: 412 where somebody saved in between."""
        yield self._save(context, resource, version=live.version)

    def _save(self, context: WriteContext, resource: Resource, *, version: int | None) -> ApiRequest:
        wanted = self.normalise(resource.attributes)
        model: dict[str, Json] = {**as_object(wanted["dashboard"]), "uid": resource.uid, "id": None}
        if version is not None:
            model["version"] = version
        body: dict[str, Json] = {
            "dashboard": model,
            "folderUid": wanted["folderUid"],
            "message": context.message[:500],
            "overwrite": False,
        }
        return ApiRequest("POST", "/api/dashboards/db", body=body)

    def delete(self, context: WriteContext, live: LiveObject) -> Exchange[None]:
        """Over /apis, which alone knows a precondition; 409 where somebody saved in between."""
        if context.server.serves(GROUP):
            path = kube_path(context.server, GROUP, "dashboards", live.uid)
            body = {"preconditions": {"resourceVersion": live.meta.get("resourceVersion")}}
            yield ApiRequest("DELETE", path, body=body, handles=HANDLE_404)
        else:
            yield ApiRequest("DELETE", _path(live.uid), handles=HANDLE_404)

    def revisions_enforced(self, server: Server) -> bool:
        """A save takes the version, a DELETE of /apis the resourceVersion; without /apis a list tells neither."""
        return server.serves(GROUP)

    def attribution(self, server: Server, live: LiveObject, since: int | None) -> Exchange[Attribution]:
        """From the version list, newest first; it needs write permission on the dashboard, so a 403 leaves it open."""
        number = live.version or 1
        limit = max(1, min(number - (since or 0), 10)) if since is not None and number > since else 1
        path = f"{_path(live.uid)}/versions"
        answer = yield ApiRequest("GET", path, (("limit", str(limit)),), handles=frozenset({403, 404}))
        versions = [as_object(item) for item in as_list(answer.object.get("versions"))] if answer.status == 200 else []
        if not versions:
            return Attribution(None, text_of(live.meta.get("updated")) or None, live.version)
        messages = tuple(text for text in (text_of(item.get("message")) for item in versions) if text)
        newest = versions[0]
        who = list(dict.fromkeys(text_of(item.get("createdBy")) for item in versions))
        return Attribution(", ".join(who), text_of(newest.get("created")) or None, live.version, messages)


def _path(uid: str) -> str:
    return f"/api/dashboards/uid/{quote(uid, safe='')}"


def _place(folder: str, title: Json) -> str:
    return f"title:{folder}/{text_of(title).strip()}"


def _live(uid: str, folder: str, model: JsonObject, **rest: Any) -> LiveObject:
    cleaned = {key: value for key, value in model.items() if key not in _SERVERS_OWN}
    keys = (f"uid:{uid}", _place(folder, cleaned.get("title")))
    return LiveObject("dashboard", uid, {"folderUid": folder, "dashboard": cleaned}, keys=keys, **rest)


def _from_kube(item: JsonObject) -> LiveObject:
    metadata = as_object(item.get("metadata"))
    annotations = as_object(metadata.get("annotations"))
    internal = text_of(as_object(metadata.get("labels")).get("grafana.app/deprecatedInternalID"))
    generation = metadata.get("generation")
    version = generation if isinstance(generation, int) else None
    updated = text_of(annotations.get(f"{_PREFIX}updatedTimestamp")) or text_of(metadata.get("creationTimestamp"))
    conversion = as_object(as_object(item.get("status")).get("conversion"))
    converted = item.get("spec") is None or bool(conversion.get("failed"))
    spec = as_object(as_object(conversion.get("source")).get("spec")) if converted else as_object(item.get("spec"))
    return _live(
        text_of(metadata.get("name")),
        text_of(annotations.get(f"{_PREFIX}folder")),
        spec,
        revision=f"{generation}/{updated}/{internal}",
        version=version,
        manager=SCHEMA_V2 if converted else by_marks(annotations),
        meta={
            "resourceVersion": metadata.get("resourceVersion"),
            "updated": updated,
            "updatedBy": text_of(annotations.get(f"{_PREFIX}updatedBy")),
            "title": text_of(spec.get("title")),
        },
    )


def _from_api(uid: str, body: JsonObject) -> LiveObject:
    meta, model = as_object(body.get("meta")), as_object(body.get("dashboard"))
    version = meta.get("version")
    external = text_of(meta.get("provisionedExternalId"))
    return _live(
        uid,
        text_of(meta.get("folderUid")),
        model,
        revision=f"{version}/{text_of(meta.get('updated'))}/{model.get('id')}",
        version=version if isinstance(version, int) else None,
        manager=provisioned_dashboard(external) if meta.get("provisioned") else None,
        meta={
            "updated": text_of(meta.get("updated")),
            "updatedBy": text_of(meta.get("updatedBy")),
            "title": text_of(model.get("title")),
        },
    )


def _from_search(item: JsonObject) -> LiveObject:
    uid = text_of(item.get("uid"))
    return LiveObject(
        "dashboard",
        uid,
        {"folderUid": text_of(item.get("folderUid"))},
        keys=(f"uid:{uid}", _place(text_of(item.get("folderUid")), item.get("title"))),
        meta={"title": text_of(item.get("title"))},
        complete=False,
    )

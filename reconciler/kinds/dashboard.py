"""Dashboards: Grafana's own v1 model, whole; the folder always sent, versions guarded, panel ids kept.

Must not: read over v1beta1 (it rewrites), send a foreign `id`, or leave the folder out (that moves to the root).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from reconciler.core.diff import Edit, EditPath, Identities
from reconciler.core.exchange import HANDLE_404, ApiRequest, Exchange, Listing, Server, Wanted, WriteContext
from reconciler.core.json import Json, JsonObject, as_list, as_object, text_of
from reconciler.core.kind import Authored, Desired, LiveNames, Names
from reconciler.core.observation import Beacon, http_date, members_of
from reconciler.core.resource import Attribution, KeptVersion, LiveObject, Resource
from reconciler.core.semantic import Row
from reconciler.kinds._dashboard_answers import (
    GROUP,
    dashboard_path,
    from_api,
    from_kube,
    from_metadata,
    from_search,
    model_of,
    place_of,
)
from reconciler.kinds._dashboard_referred import DashboardReferred
from reconciler.kinds._dashboard_versions import attribution, kept_versions
from reconciler.kinds._dashboard_writes import create_over_apis, created_over_apis, save
from reconciler.kinds._kube import collection_stamp, kube_pages, kube_path
from reconciler.kinds._later import later
from reconciler.kinds._members import org_users
from reconciler.kinds._owners import SCHEMA_V2
from reconciler.kinds._panels import alike, all_panels, references_only, renumbered
from reconciler.kinds._ui_state import as_left

if TYPE_CHECKING:
    from reconciler.kinds._dashboard_spec import DashboardSpec

_PARTIAL = (("Accept", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"),)
_MOST_FOUND = 5000  # search gives no more on a page (grafana-api.md section 2)
_SEARCHED = 50  # so many uids make a URL that any proxy lets through
_DERIVED = 1_000_000
"""Panel ids from here on were derived from a title, not written (see authoring)."""


class Dashboard(DashboardReferred):
    """The kind `dashboard`. Attributes: folderUid ("" at the root) and dashboard (the model without id, uid,
    version).
    """

    name: ClassVar[str] = "dashboard"
    yaml_kind: ClassVar[str] = "Dashboard"
    summary: ClassVar[str] = "A dashboard: Grafana's own model, written compactly or as exported."
    spec = later("_dashboard_spec", "DashboardSpec")
    written = later("_dashboard_spec", "DashboardDocument")
    shorthand: ClassVar[str | None] = "dashboard"
    body_key: ClassVar[str | None] = "dashboard"
    grafanas_texts: ClassVar[bool] = True
    identities: ClassVar[Identities] = MappingProxyType(
        {"panels": "id", "targets": "refId", "list": "name", "links": "title"}
    )
    wholes: ClassVar[frozenset[str]] = frozenset({"gridPos", "datasource", "current", "time"})
    write_weight: ClassVar[int] = 1
    leads: ClassVar[bool] = True
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

    def desired(self, name: str, spec: "DashboardSpec", names: Names) -> Desired:
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
        cleaned = dict(model_of(model))
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

    def describe(
        self, edits: tuple[Edit, ...], before: JsonObject | None = None, after: JsonObject | None = None
    ) -> tuple[Row, ...]:
        """Panels, variables, annotation queries and links by identity; the layout in one sentence."""
        from reconciler.kinds._dashboard_changes import dashboard_rows  # only where something changes

        models = [as_object(side.get("dashboard")) if side is not None else None for side in (before, after)]
        return dashboard_rows(edits, models[0], models[1], self.body_key)

    def place(self, path: EditPath) -> str:
        """A panel by its number and title, a query by its letter, variables, annotation queries and links by name."""
        from reconciler.kinds._dashboard_places import dashboard_place  # only where something is told

        return dashboard_place(path, self.body_key)

    def container(self, attributes: JsonObject) -> str | None:
        """Its folder."""
        return text_of(attributes.get("folderUid"))

    def placed(self, attributes: JsonObject, container: str) -> JsonObject:
        """In another folder."""
        return {**attributes, "folderUid": container}

    def tags(self, attributes: JsonObject) -> tuple[str, ...]:
        """The model's."""
        return tuple(text_of(tag) for tag in as_list(as_object(attributes.get("dashboard")).get("tags")))

    def alike(self, resource: Resource) -> tuple[str, ...]:
        """A dashboard of the same title in the same folder."""
        model = as_object(resource.attributes.get("dashboard"))
        return (place_of(self.container(resource.attributes) or "", model.get("title")),)

    def listing(self, server: Server, wanted: Wanted) -> Listing:
        """Whole dashboards by LIST of v0alpha1, page by page; where it is missing, search and GETs of the wanted."""
        if server.serves(GROUP):
            path = kube_path(server, GROUP, "dashboards")
            yield from kube_pages(path, 500, lambda item: from_kube(item, wanted), unparsed="spec")
        else:
            yield from self._list_search(server, wanted)

    def _list_search(self, server: Server, wanted: Wanted) -> Listing:
        page = 1
        while True:
            query = (("type", "dash-db"), ("limit", str(_MOST_FOUND)), ("page", str(page)))
            answer = yield ApiRequest("GET", "/api/search", query)
            items = [as_object(item) for item in as_list(answer.body)]
            for item in items:
                uid = text_of(item.get("uid"))
                found = (yield from self.read(server, uid)) if wanted.covers(uid) else from_search(item)
                if found is not None:
                    yield (found,)
            if len(items) < _MOST_FOUND:
                return
            page += 1

    def beacon(self, server: Server, *, members: bool = True) -> Exchange[Beacon | None]:
        """The collection's resourceVersion (the newest save of all dashboards and folders), and what search knows.

        With unified storage search lags behind (grafana-api.md section 4), so that the stamp is not to be trusted.
        """
        if not server.serves(GROUP):
            return None
        first = yield ApiRequest("GET", kube_path(server, GROUP, "dashboards"), (("limit", "1"),), headers=_PARTIAL)
        stamp, at = collection_stamp(first.object), http_date(first.headers.get("date", ""))
        found: list[JsonObject] = []
        page = 1
        while members and len(found) == (page - 1) * _MOST_FOUND:
            query = (("type", "dash-db"), ("limit", str(_MOST_FOUND)), ("page", str(page)))
            answer = yield ApiRequest("GET", "/api/search", query)
            found += [as_object(item) for item in as_list(answer.body)]
            page += 1
        places = {text_of(item.get("uid")): text_of(item.get("folderUid")) for item in found}
        titles = {text_of(item.get("uid")): text_of(item.get("title")) for item in found}
        return None if at is None else Beacon(stamp, at, members_of(places), titles)

    def outline(self, server: Server, titles: Mapping[str, str]) -> Listing | None:
        """The LIST as metadata: half the time, a fifteenth of the bytes (grafana-api.md section 5)."""
        path = kube_path(server, GROUP, "dashboards")
        pages = kube_pages(path, 500, lambda item: from_metadata(item, titles), headers=_PARTIAL)
        return pages if server.serves(GROUP) else None

    def editors(self, server: Server) -> Exchange[Mapping[str, str]]:
        """The organisation's users; needs the right to list them, else nobody is known."""
        users = map(as_object, (yield from org_users()) or ())
        return {f"user:{text_of(user.get('uid'))}": text_of(user.get("login")) for user in users}

    def read(self, server: Server, uid: str) -> Exchange[LiveObject | None]:
        """As stored: v0alpha1, else /api/dashboards/uid. A dashboard that is v2 inside is marked so."""
        if server.serves(GROUP):
            path = kube_path(server, GROUP, "dashboards", uid)
            answer = yield ApiRequest("GET", path, handles=HANDLE_404)
            return None if answer.status == 404 else from_kube(answer.object)
        answer = yield ApiRequest("GET", dashboard_path(uid), handles=HANDLE_404 | {406})
        if answer.status == 404:
            return None
        if answer.status == 406:
            return LiveObject("dashboard", uid, {}, manager=SCHEMA_V2, keys=(f"uid:{uid}",))
        return from_api(uid, answer.object)

    def create(self, context: WriteContext, resource: Resource) -> Exchange[str]:
        """Over /apis or by a save; refused where the uid exists."""
        wanted = self.normalise(resource.attributes)
        if created_over_apis(context.server):
            yield create_over_apis(context, resource.uid, wanted)
            return str(resource.uid)
        answer = yield save(context, resource.uid, wanted, version=None)
        return text_of(answer.object.get("uid")) or str(resource.uid)

    def update(self, context: WriteContext, resource: Resource, live: LiveObject) -> Exchange[None]:
        """A save over exactly the version that was read: 412 where somebody saved in between."""
        yield save(context, resource.uid, self.normalise(resource.attributes), version=live.version)

    def delete(self, context: WriteContext, live: LiveObject) -> Exchange[None]:
        """Over /apis, which alone knows a precondition; 409 where somebody saved in between."""
        if context.server.serves(GROUP):
            path = kube_path(context.server, GROUP, "dashboards", live.uid)
            body = {"preconditions": {"resourceVersion": live.meta.get("resourceVersion")}}
            yield ApiRequest("DELETE", path, body=body, handles=HANDLE_404)
        else:
            yield ApiRequest("DELETE", dashboard_path(live.uid), handles=HANDLE_404)

    def revisions_enforced(self, server: Server) -> bool:
        """A save takes the version, a DELETE of /apis the resourceVersion; without /apis a list tells neither."""
        return server.serves(GROUP)

    def creates_only(self, server: Server) -> bool:
        """A save without a version is 412 where the uid exists (grafana-api.md section 8)."""
        return True

    def lists_all(self, server: Server) -> bool:
        """The LIST reads the storage (grafana-api.md section 4); where it is missing, a search is what there is."""
        return server.serves(GROUP)

    def still_there(self, server: Server, expected: Mapping[str, str]) -> Exchange[frozenset[str]]:
        """Those that the search shows with the internal id of their revision: they were not deleted and made anew, and
        all else is in the version that a save carries. A search is a hundred times cheaper than reading them; where an
        index answers, its ids are 0, and nothing is known (grafana-api.md section 4).
        """
        found: set[str] = set()
        uids = sorted(expected)
        for start in range(0, len(uids) if server.serves(GROUP) else 0, _SEARCHED):
            chosen = uids[start : start + _SEARCHED]
            query = (("type", "dash-db"), ("limit", str(_MOST_FOUND)), *(("dashboardUIDs", uid) for uid in chosen))
            answer = yield ApiRequest("GET", "/api/search", query)
            for item in map(as_object, as_list(answer.body)):
                uid, number = text_of(item.get("uid")), item.get("id")
                if uid in expected and number and expected[uid].rpartition("/")[2] == str(number):
                    found.add(uid)
        return frozenset(found)

    def attribution(self, server: Server, live: LiveObject, since: int | None) -> Exchange[Attribution]:
        """From the version list."""
        return attribution(live, since)

    def kept_versions(self, server: Server, uid: str, since: int) -> Exchange[tuple[KeptVersion, ...]]:
        """From the version list."""
        return kept_versions(uid, since)

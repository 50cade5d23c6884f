"""Folders: nesting, moves by the move endpoint, descriptions where the server keeps them.

Must not: move a folder by leaving something out, or delete one with anything in it (the engine asks `contents` right
before).
"""

from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

from reconciler.core.errors import Diagnostic, GgrecError, ServerError
from reconciler.core.exchange import HANDLE_404, ApiRequest, Exchange, Listing, Server, Wanted, WriteContext
from reconciler.core.json import Json, JsonObject, as_list, as_object, text_of
from reconciler.core.kind import Authored, Desired, Kind, LiveNames, Names
from reconciler.core.references import Content
from reconciler.core.resource import LiveObject, Resource
from reconciler.kinds._elsewhere import completed, panels_inside, rules_inside
from reconciler.kinds._kube import kube_pages, kube_path
from reconciler.kinds._later import later
from reconciler.kinds._owners import by_marks

if TYPE_CHECKING:
    from reconciler.kinds._folder_spec import FolderSpec

GROUP = "folder.grafana.app/v1beta1"


class Folder(Kind):
    """The kind `folder`. Attributes: title, parentUid ("" at the top level), description where the author wrote one."""

    name: ClassVar[str] = "folder"
    yaml_kind: ClassVar[str] = "Folder"
    summary: ClassVar[str] = "A folder: it holds dashboards and other folders, four levels below the top one."
    spec = later("_folder_spec", "FolderSpec")
    example: ClassVar[str] = """\
apiVersion: ggrec/v1
kind: Folder
metadata:
  name: executive
spec:
  title: Executive Leadership
  description: What the leadership looks at first.
"""

    def desired(self, name: str, spec: "FolderSpec", names: Names) -> Desired:
        """Title trimmed as the server trims it; the parent's name becomes its uid."""
        parent = names.uid("folder", spec.parent, ("parent",)) if spec.parent else ""
        attributes: dict[str, Json] = {"title": spec.title.strip(), "parentUid": parent}
        if spec.description is not None:
            attributes["description"] = spec.description
        return Desired(attributes)

    def authored(self, live: LiveObject, names: LiveNames) -> Authored:
        """The spec of an existing folder; a parent that is not among what is written is left to the caller to
        include.
        """
        spec: dict[str, Json] = {"title": live.attributes["title"]}
        parent = text_of(live.attributes.get("parentUid"))
        if parent:
            spec["parent"] = names.name("folder", parent) or parent
        if live.attributes.get("description"):
            spec["description"] = live.attributes["description"]
        return Authored(spec)

    def normalise(self, attributes: JsonObject) -> JsonObject:
        """Title trimmed, no parent and no description are empty texts (grafana-api.md section 18)."""
        return {
            "title": text_of(attributes.get("title")).strip(),
            "parentUid": text_of(attributes.get("parentUid")),
            "description": text_of(attributes.get("description")),
        }

    def project(self, live: JsonObject, desired: JsonObject) -> JsonObject:
        """A description that nobody wrote is not ours."""
        if desired.get("description"):
            return live
        return {key: ("" if key == "description" else value) for key, value in live.items()}

    def listing(self, server: Server, wanted: Wanted) -> Listing:
        """All folders, flat: LIST over /apis (every page), or search where that API is missing."""
        if server.serves(GROUP):
            yield from kube_pages(kube_path(server, GROUP, "folders"), 1000, _from_kube)
        else:
            yield from self._list_search()

    def _list_search(self) -> Listing:
        page = 1
        while True:
            query = (("type", "dash-folder"), ("limit", "5000"), ("page", str(page)))
            answer = yield ApiRequest("GET", "/api/search", query)
            items = as_list(answer.body)
            yield tuple(
                _live(text_of(item.get("uid")), text_of(item.get("title")), text_of(item.get("folderUid")))
                for item in map(as_object, items)
            )
            if len(items) < 5000:
                return
            page += 1

    def read(self, server: Server, uid: str) -> Exchange[LiveObject | None]:
        """Over /apis, where 404 and 403 are told apart for every role (grafana-api.md section 1, surprise 14)."""
        if server.serves(GROUP):
            path = kube_path(server, GROUP, "folders", uid)
            answer = yield ApiRequest("GET", path, handles=HANDLE_404)
            return None if answer.status == 404 else _from_kube(answer.object)
        answer = yield ApiRequest("GET", _path(uid), handles=HANDLE_404)
        if answer.status == 404:
            return None
        body = answer.object
        return _live(uid, text_of(body.get("title")), text_of(body.get("parentUid")))

    def create(self, context: WriteContext, resource: Resource) -> Exchange[str]:
        """POST; some servers drop the description of a create, so it is looked at and put in afterwards."""
        wanted = self.normalise(resource.attributes)
        body = {"uid": resource.uid, **{key: value for key, value in wanted.items() if value}}
        answer = yield ApiRequest("POST", "/api/folders", body=body)
        uid = text_of(answer.object.get("uid"))
        if wanted["description"]:
            live = yield from self.read(context.server, uid)
            if live is not None and live.attributes.get("description") != wanted["description"]:
                yield from _put(uid, wanted)
        return uid

    def update(self, context: WriteContext, resource: Resource, live: LiveObject) -> Exchange[None]:
        """Move first (its own endpoint), then title and description with the version read right before."""
        wanted, present = self.normalise(resource.attributes), self.normalise(live.attributes)
        if wanted["parentUid"] != present["parentUid"]:
            yield ApiRequest("POST", f"{_path(live.uid)}/move", body={"parentUid": wanted["parentUid"]})
        described = "description" in resource.attributes and wanted["description"] != present["description"]
        if wanted["title"] != present["title"] or described:
            if not described:
                wanted = {"title": wanted["title"]}
            yield from _put(live.uid, wanted, present)

    def delete(self, context: WriteContext, live: LiveObject) -> Exchange[None]:
        """Never by force: alert rules (and library panels) at any depth stop it with 400, and Grafana does not say
        which (grafana-api.md section 7), so they are looked up.
        """
        query = (("forceDeleteRules", "false"),)
        answer = yield ApiRequest("DELETE", _path(live.uid), query, handles=HANDLE_404 | {400})
        if answer.status != 400:
            return
        inside = yield from self.contents(context.server, live.uid)
        named = ", ".join(str(item) for item in inside[:10]) + (f" and {len(inside) - 10} more" if inside[10:] else "")
        text = f"Grafana does not delete folder {live.uid}: {answer.message}" + (f". In it: {named}" if named else "")
        raise GgrecError.one("not-empty", text, hint="move or delete these first; ggrec never deletes them by force")

    def contents(self, server: Server, uid: str) -> Exchange[tuple[Content, ...]]:
        """Everything below the folder: folders and dashboards, alert rules and library panels by name.

        `/counts` is recursive and exact; search tells which, and may lag behind: what it does not show counts all the
        same (grafana-api.md section 7).
        """
        answer = yield ApiRequest("GET", f"{_path(uid)}/counts", handles=HANDLE_404)
        counts = {key: value for key, value in answer.object.items() if isinstance(value, int)}
        if answer.status == 404 or not any(counts.values()):
            return ()
        listed = yield from self._children(uid)
        found: list[Content] = []
        for kind in ("folder", "dashboard"):
            found += completed(kind, [item for item in listed if item.kind == kind], counts.get(kind, 0))
        folders = {uid, *(item.uid for item in found if item.kind == "folder" and item.uid)}
        if counts.get("alertrule"):
            found += yield from rules_inside(folders, counts["alertrule"])
        if counts.get("librarypanel"):
            found += yield from panels_inside(folders, counts["librarypanel"])
        return tuple(found)

    def container(self, attributes: JsonObject) -> str | None:
        """The folder above."""
        return text_of(attributes.get("parentUid"))

    def placed(self, attributes: JsonObject, container: str) -> JsonObject:
        """Below another folder."""
        return {**attributes, "parentUid": container}

    def alike(self, resource: Resource) -> tuple[str, ...]:
        """A folder of the same title in the same place."""
        return (_place(resource.attributes),)

    def _children(self, uid: str) -> Exchange[list[Content]]:
        found: list[Content] = []
        queue = [uid]
        while queue:
            here = queue.pop(0)
            page = 1
            while True:
                query = (("folderUIDs", here), ("limit", "5000"), ("page", str(page)))
                answer = yield ApiRequest("GET", "/api/search", query)
                items = [as_object(item) for item in as_list(answer.body)]
                for item in items:
                    child = text_of(item.get("uid"))
                    kind = "folder" if item.get("type") == "dash-folder" else "dashboard"
                    if kind == "folder":
                        queue.append(child)
                    found.append(Content(kind, child, text_of(item.get("title")), here))
                if len(items) < 5000:
                    break
                page += 1
        return found


def _place(attributes: JsonObject) -> str:
    return f"title:{text_of(attributes.get('parentUid'))}/{text_of(attributes.get('title')).strip()}"


def _path(uid: str) -> str:
    return f"/api/folders/{quote(uid, safe='')}"


def _put(uid: str, wanted: JsonObject, present: JsonObject | None = None) -> Exchange[None]:
    """PUT needs the current version, else 412 (grafana-api.md section 7). What has that version must be what we saw
    before (`present`): else somebody saved in between, and that is 412 too.
    """
    current = yield ApiRequest("GET", _path(uid))
    for key in ("title", "description") if present is not None else ():
        if present is not None and key in current.object and text_of(current.object[key]) != present[key]:
            raise ServerError((Diagnostic("changed-meanwhile", f"its {key} was changed meanwhile"),), status=412)
    body = {"version": current.object.get("version"), "title": wanted["title"]}
    if "description" in wanted:
        body["description"] = wanted["description"]
    yield ApiRequest("PUT", _path(uid), body=body)


def _live(uid: str, title: str, parent: str) -> LiveObject:
    """A folder without the API that tells its revision: then content is compared."""
    if not uid:
        raise ServerError.one("no-uid", "Grafana lists a folder without a uid", hint="is this a Grafana 9 or newer?")
    attributes: dict[str, Json] = {"title": title, "parentUid": parent}
    return LiveObject("folder", uid, attributes, keys=(f"uid:{uid}", _place(attributes)))


def _from_kube(item: JsonObject) -> LiveObject:
    metadata, spec = as_object(item.get("metadata")), as_object(item.get("spec"))
    annotations = as_object(metadata.get("annotations"))
    attributes: dict[str, Json] = {
        "title": text_of(spec.get("title")),
        "parentUid": text_of(annotations.get("grafana.app/folder")),
    }
    if spec.get("description"):
        attributes["description"] = spec["description"]
    uid = text_of(metadata.get("name"))
    return LiveObject(
        kind="folder",
        uid=uid,
        attributes=attributes,
        revision=text_of(metadata.get("resourceVersion")) or None,
        manager=by_marks(annotations),
        keys=(f"uid:{uid}", _place(attributes)),
        meta={"updated": text_of(annotations.get("grafana.app/updatedTimestamp"))},
    )

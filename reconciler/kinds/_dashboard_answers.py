"""The answers in which Grafana tells of a dashboard, each as a live object."""

from collections.abc import Mapping
from urllib.parse import quote

from msgspec.structs import replace

from reconciler.core.exchange import Wanted
from reconciler.core.json import Json, JsonObject, as_object, text_of
from reconciler.core.resource import LiveObject
from reconciler.core.unparsed import Item, Unparsed, object_of, title_of
from reconciler.kinds._owners import SCHEMA_V2, by_marks, provisioned_dashboard

GROUP = "dashboard.grafana.app/v0alpha1"
PREFIX = "grafana.app/"
_SERVERS_OWN = frozenset({"id", "uid", "version"})


def dashboard_path(uid: str) -> str:
    """Where /api has it."""
    return f"/api/dashboards/uid/{quote(uid, safe='')}"


def place_of(folder: str, title: Json) -> str:
    """The key by which a dashboard of another uid is found to be alike."""
    return f"title:{folder}/{text_of(title).strip()}"


def model_of(model: JsonObject) -> JsonObject:
    """Grafana's model without what the server gives."""
    return {key: item for key, item in model.items() if key not in _SERVERS_OWN}


def attributes_of(folder: str, model: JsonObject) -> JsonObject:
    """What is compared of a dashboard."""
    return {"folderUid": folder, "dashboard": model_of(model)}


_ALL = Wanted(everything=True)


def from_kube(item: Item, wanted: Wanted = _ALL) -> LiveObject:
    """A body that is not parsed yet stays so where `wanted` does not need it."""
    conversion = as_object(object_of(item.get("status")).get("conversion"))
    body = item.get("spec")
    converted = body is None or bool(conversion.get("failed"))
    spec = as_object(conversion.get("source")).get("spec") if converted else body
    outlined, title = from_metadata(item, {}), title_of(spec)
    uid, folder = outlined.uid, text_of(outlined.attributes.get("folderUid"))
    found = replace(
        outlined,
        manager=SCHEMA_V2 if converted else outlined.manager,
        keys=(f"uid:{uid}", place_of(folder, title)),
        meta={**outlined.meta, "title": text_of(title)},
        complete=True,
    )
    if isinstance(spec, Unparsed):
        if wanted.known.get(uid) == found.revision:
            return found
        if not wanted.covers(uid, *found.keys):
            return replace(found, complete=False)
    return replace(found, attributes=attributes_of(folder, object_of(spec)))


def from_metadata(item: Item, titles: Mapping[str, str]) -> LiveObject:
    """What an object's metadata tells of it: of its attributes only where it lies."""
    metadata = object_of(item.get("metadata"))
    annotations = as_object(metadata.get("annotations"))
    internal = text_of(as_object(metadata.get("labels")).get("grafana.app/deprecatedInternalID"))
    generation = metadata.get("generation")
    updated = text_of(annotations.get(f"{PREFIX}updatedTimestamp")) or text_of(metadata.get("creationTimestamp"))
    uid, folder = text_of(metadata.get("name")), text_of(annotations.get(f"{PREFIX}folder"))
    title = titles.get(uid, "")
    return LiveObject(
        "dashboard",
        uid,
        {"folderUid": folder},
        revision=f"{generation}/{updated}/{internal}",
        version=generation if isinstance(generation, int) else None,
        manager=by_marks(annotations),
        keys=(f"uid:{uid}", *((place_of(folder, title),) if title else ())),
        meta={
            "resourceVersion": metadata.get("resourceVersion"),
            "updated": updated,
            "updatedBy": text_of(annotations.get(f"{PREFIX}updatedBy")),
            "title": title,
        },
        complete=False,
    )


def from_api(uid: str, body: JsonObject) -> LiveObject:
    """Of a GET of /api."""
    meta, model = as_object(body.get("meta")), as_object(body.get("dashboard"))
    version = meta.get("version")
    external = text_of(meta.get("provisionedExternalId"))
    folder = text_of(meta.get("folderUid"))
    return LiveObject(
        "dashboard",
        uid,
        attributes_of(folder, model),
        revision=f"{version}/{text_of(meta.get('updated'))}/{model.get('id')}",
        version=version if isinstance(version, int) else None,
        manager=provisioned_dashboard(external) if meta.get("provisioned") else None,
        keys=(f"uid:{uid}", place_of(folder, model.get("title"))),
        meta={
            "updated": text_of(meta.get("updated")),
            "updatedBy": text_of(meta.get("updatedBy")),
            "title": text_of(model.get("title")),
        },
    )


def from_search(item: JsonObject) -> LiveObject:
    """Of a search, which shows no more than a title and a place."""
    uid = text_of(item.get("uid"))
    return LiveObject(
        "dashboard",
        uid,
        {"folderUid": text_of(item.get("folderUid"))},
        keys=(f"uid:{uid}", place_of(text_of(item.get("folderUid")), item.get("title"))),
        meta={"title": text_of(item.get("title"))},
        complete=False,
    )

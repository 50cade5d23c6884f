"""In which order the keys of a mapping are written: the envelope, dashboards and panels have one, all else has its
author's.

A place in a document is named by what stands there ("panel"); `inside` says what stands below it.
"""

from collections.abc import Sequence

from reconciler.formatting.nodes import Collection, Document, Entry, Scalar

_KEYS: dict[str, tuple[str, ...]] = {  # several in one text: in the author's order
    "document": ("apiVersion", "kind", "metadata", "spec"),
    "metadata": ("name", "uid", "lifecycle"),
    "dashboard": (
        "title", "folder", "description", "tags", "from", "inputs", "time", "timezone", "weekStart",
        "fiscalYearStartMonth", "refresh", "timepicker", "editable", "graphTooltip", "liveNow", "preload", "variables",
        "templating", "annotations", "links", "panels",
    ),
    "panel": (
        "for_each as", "items", "row", "title", "collapsed", "id", "use", "type", "width", "height", "description",
        "datasource",
        "gridPos", "repeat", "repeatDirection", "maxPerRow", "transparent", "timeFrom", "timeShift",
        "hideTimeOverride", "interval", "maxDataPoints", "targets", "transformations", "unit", "decimals", "min", "max",
        "color", "colors", "thresholds", "options", "fieldConfig", "links", "audience", "panels",
    ),
}  # fmt: skip
_BELOW = {
    ("document", "metadata"): "metadata",
    ("Dashboard", "spec"): "dashboard",
    ("Template", "spec"): "template",
    ("Defaults", "spec"): "defaults",
    ("template", "panel"): "panel",
    ("defaults", "dashboard"): "dashboard",
    ("dashboard", "panels"): "panels",
    ("panel", "panels"): "panels",
    ("panel", "items"): "panels",
    ("panels", ""): "panel",
}


def kind_of(document: Document) -> str:
    """The kind in the envelope of a document; "" where there is no envelope."""
    root = document.root
    if not isinstance(root, Collection) or not root.mapping:
        return ""
    texts = {_name(entry): entry.value.value for entry in root.entries if isinstance(entry.value, Scalar)}
    return texts.get("kind", "") if "apiVersion" in texts else ""


def inside(place: str, kind: str, entry: Entry) -> str:
    """What stands in an entry of `place`, in a document of `kind`; "" where nothing is known about it."""
    key = _name(entry)
    if place == "document" and key == "spec":
        return _BELOW.get((kind, "spec"), "")
    return _BELOW.get((place, key), "")


def ordered(collection: Collection, place: str) -> Sequence[Entry]:
    """The entries in the order in which they are written."""
    known = _KEYS.get(place)
    if known is None or not collection.mapping or all(collection.anchors()):  # an alias must stay behind its anchor
        return collection.entries
    rank = {key: index for index, keys in enumerate(known) for key in keys.split()}
    return sorted(collection.entries, key=lambda entry: rank.get(_name(entry), len(known)))


def _name(entry: Entry) -> str:
    return entry.key.value if isinstance(entry.key, Scalar) else ""

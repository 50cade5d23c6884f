"""Panels inside a dashboard's model: finding them all, recognising a renamed one, library panels as references."""

from collections.abc import Iterable, Mapping

from reconciler.core.diff import Edit, Key
from reconciler.core.json import Json, JsonObject, as_list, as_object, same
from reconciler.core.references import panels_in


def all_panels(attributes: JsonObject) -> list[JsonObject]:
    """All panels, those inside collapsed rows too."""
    found: list[JsonObject] = []
    for panel in as_list(as_object(attributes.get("dashboard")).get("panels")):
        if isinstance(panel, Mapping):
            found.append(panel)
            found += [inner for inner in as_list(panel.get("panels")) if isinstance(inner, Mapping)]
    return found


def alike(left: JsonObject, right: JsonObject) -> bool:
    """Whether two panels are the same one under another title."""
    if left.get("type") != right.get("type"):
        return False
    if same(left.get("title"), right.get("title")):
        return True
    queries = left.get("targets")
    if queries:
        return same(queries, right.get("targets"))
    return bool(left.get("options") or left.get("gridPos")) and all(
        same(left.get(key), right.get(key)) for key in ("options", "fieldConfig", "gridPos")
    )


def renumbered(panels: Json, renames: Mapping[Json, Json]) -> Json:
    """Panels with other ids."""
    result: list[Json] = []
    for panel in as_list(panels):
        if isinstance(panel, Mapping):
            changed: dict[str, Json] = dict(panel)
            if panel.get("id") in renames:
                changed["id"] = renames[panel.get("id")]
            if "panels" in panel:
                changed["panels"] = renumbered(panel["panels"], renames)
            result.append(changed)
        else:
            result.append(panel)
    return result


def references_only(panels: Json) -> Json:
    """Some servers fill a library panel's reference with its model; only uid and name are the author's."""
    if not isinstance(panels, (list, tuple)):
        return panels
    result: list[Json] = []
    for panel in panels:
        if isinstance(panel, Mapping) and ("libraryPanel" in panel or "panels" in panel):
            changed: dict[str, Json] = dict(panel)
            reference = panel.get("libraryPanel")
            if isinstance(reference, Mapping):
                changed["libraryPanel"] = {key: reference[key] for key in ("uid", "name") if key in reference}
            if "panels" in panel:
                changed["panels"] = references_only(panel["panels"])
            result.append(changed)
        else:
            result.append(panel)
    return result


def panels_gone(edits: Iterable[Edit]) -> dict[str, str]:
    """The panels that edits of a dashboard take away, by id, in words; one that only moves into a row, or out of one,
    stays.
    """
    here = [edit for edit in edits if isinstance(edit.path[-1], Key) and edit.path[-2] == "panels"]
    gone = {str(panel.get("id")): where for where, panel in panels_in({"panels": _sides(e.before for e in here)})}
    stay = {str(panel.get("id")) for _, panel in panels_in({"panels": _sides(e.after for e in here)})}
    return {number: where for number, where in gone.items() if number not in stay}


def _sides(found: Iterable[Json]) -> list[Json]:
    """Those that are panels: an addition has none before it."""
    return [side for side in found if isinstance(side, Mapping)]

"""A dashboard of Grafana's v2 model (`elements`, `layout`) seen as one of v1, so that both are described alike."""

from collections.abc import Iterator

from reconciler.core.diff import EditPath, Key
from reconciler.core.json import Json, JsonObject, as_list, as_object, text_of

_QUERIES = ("spec", "data", "spec", "queries")
_LETTERS = 26


def v1_path(path: EditPath) -> EditPath:
    """The path inside an element, as it would be inside a v1 panel."""
    if path[:4] == _QUERIES and len(path) > 4:
        rest = path[5:]
        for step in ("spec", "query", "spec"):
            rest = rest[1:] if rest[:1] == (step,) else rest
        return ("targets", _letter(path[4]), *rest)
    if path[:4] == ("spec", "data", "spec", "transformations"):
        return ("transformations", *path[4:])
    if path[:3] == ("spec", "vizConfig", "spec"):
        return path[3:]
    if path[:2] == ("spec", "vizConfig"):
        return ("type",) if path[2:3] in {("group",), ("kind",)} else ("pluginVersion",)
    return path[1:] if path[:1] == ("spec",) and len(path) > 1 else path


def _letter(step: Json | Key) -> str | Key:
    if isinstance(step, int) and step < _LETTERS:
        return Key("refId", chr(ord("A") + step))
    return step if isinstance(step, Key) else str(step)


def v1_panel(element: JsonObject) -> JsonObject:
    """An element in the shape of a v1 panel."""
    spec = as_object(element.get("spec"))
    config = as_object(spec.get("vizConfig"))
    data = as_object(as_object(spec.get("data")).get("spec"))
    kind = text_of(config.get("group")) or text_of(config.get("kind"))
    found: dict[str, Json] = {
        "id": spec.get("id"),
        "title": spec.get("title"),
        "type": "library panel" if element.get("kind") == "LibraryPanel" else kind,
        "links": spec.get("links"),
        "targets": [_target(as_object(item), number) for number, item in enumerate(as_list(data.get("queries")))],
        "transformations": data.get("transformations"),
        **as_object(config.get("spec")),
    }
    return {key: value for key, value in found.items() if value is not None}


def _target(item: JsonObject, number: int) -> JsonObject:
    spec = as_object(item.get("spec"))
    query = as_object(spec.get("query"))
    source = query.get("datasource") or spec.get("datasource")
    letter = text_of(spec.get("refId")) or chr(ord("A") + number % _LETTERS)
    return {"refId": letter, "datasource": source, **as_object(query.get("spec"))}


def places(layout: Json) -> dict[str, JsonObject]:
    """Where each element is, by its name: x, y, w, h, where the layout is a grid; rows and tabs are followed."""
    return dict(_places(as_object(layout)))


def _places(layout: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    spec = as_object(layout.get("spec"))
    for item in (*as_list(spec.get("items")), *as_list(spec.get("rows")), *as_list(spec.get("tabs"))):
        inner = as_object(as_object(item).get("spec"))
        name = text_of(as_object(inner.get("element")).get("name"))
        if name:
            yield name, {"x": inner.get("x"), "y": inner.get("y"), "w": inner.get("width"), "h": inner.get("height")}
        yield from _places(as_object(inner.get("layout")))

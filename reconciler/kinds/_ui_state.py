"""What people leave in a dashboard by looking at it and saving: a variable's value, the time range, the refresh
interval, rows collapsed or opened.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.core.json import Json, JsonObject, as_list, as_object

_LEFT = ("time", "refresh")
_OF_VARIABLES = ("current", "options")


def as_left(model: JsonObject, like: JsonObject, authored: JsonObject) -> JsonObject:
    """`model` with that as it is in `like`, as far as `authored` does not say it."""
    result = _with(model, like, authored, _LEFT)
    variables = _variables(result, like, authored)
    if variables is not None:
        result["templating"] = {**as_object(result["templating"]), "list": variables}
    panels = _regrouped(as_list(model.get("panels")), as_list(like.get("panels")), as_list(authored.get("panels")))
    if panels is not None:
        result["panels"] = panels
    return result


def _with(one: JsonObject, like: JsonObject, authored: JsonObject, keys: tuple[str, ...]) -> dict[str, Json]:
    result = {key: value for key, value in one.items() if key not in keys or key in authored or key in like}
    return result | {key: like[key] for key in keys if key in like and key not in authored}


def _named(model: JsonObject) -> dict[Json, JsonObject]:
    items = map(as_object, as_list(as_object(model.get("templating")).get("list")))
    return {item.get("name"): item for item in items}


def _variables(model: JsonObject, like: JsonObject, authored: JsonObject) -> list[Json] | None:
    there, said = _named(like), _named(authored)
    items = [as_object(item) for item in as_list(as_object(model.get("templating")).get("list"))]
    if not there or not items:
        return None
    return [
        _with(item, there[name], said.get(name, {}), _OF_VARIABLES) if (name := item.get("name")) in there else item
        for item in items
    ]


def _regrouped(panels: Any, like: Any, authored: Any) -> list[Json] | None:
    """The panels with rows open and collapsed as in `like`; None where they are so. A row that the author collapses is
    collapsed. Collapsing moves everything below up: then a panel's height on the page is taken from `like` too.
    """
    fixed = {row["id"] for row in _rows(authored) if row.get("collapsed") is True}
    wanted = {number: row for number, row in ((row["id"], row) for row in _rows(like)) if number not in fixed}
    present = [row for row in _rows(panels) if row["id"] in wanted]
    if all(_is_collapsed(row) == _is_collapsed(wanted[row["id"]]) for row in present):
        return None
    flat: list[dict[str, Any]] = []
    for panel in panels:
        inner = panel.get("panels") if panel.get("type") == "row" and _is_collapsed(panel) else None
        flat += [dict(panel), *(dict(item) for item in inner or ())]
    closed = {row["id"] for row in _rows(panels) if _is_collapsed(wanted.get(row["id"], row))}
    places = {panel.get("id"): as_object(panel.get("gridPos")) for panel in _all(like)}
    result: list[Json] = []
    into: list[Any] | None = None
    for panel in flat:
        _place(panel, places.get(panel.get("id"), {}))
        if panel.get("type") != "row":
            (result if into is None else into).append(panel)
            continue
        into = [] if panel.get("id") in closed else None
        shape = wanted.get(panel.get("id"), panel)
        panel["collapsed"] = into is not None
        if into is not None or "panels" in shape:
            panel["panels"] = into if into is not None else []
        else:
            panel.pop("panels", None)
        result.append(panel)
    return result


def _place(panel: dict[str, Any], there: JsonObject) -> None:
    here = as_object(panel.get("gridPos"))
    if there and {**here, "y": 0} == {**there, "y": 0}:
        panel["gridPos"] = there


def _is_collapsed(row: JsonObject) -> bool:
    return row.get("collapsed") is True


def _rows(panels: Any) -> Iterator[JsonObject]:
    for panel in panels:
        if isinstance(panel, Mapping) and panel.get("type") == "row" and "id" in panel:
            yield panel


def _all(panels: Any) -> Iterator[JsonObject]:
    for panel in map(as_object, panels):
        yield panel
        yield from map(as_object, as_list(panel.get("panels")))

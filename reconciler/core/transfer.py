"""A dashboard's model on its way to another Grafana: its datasources are called otherwise there. Pure."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from reconciler.core.json import Json, JsonObject, as_list, as_object, text_of
from reconciler.core.references import Reference, datasources_in

_OWN = frozenset({"grafana", "__expr__"})
"""Grafana's own; besides these everything of the form `-- … --`."""


class Source(Struct, frozen=True):
    """A datasource of one Grafana. `address` is "" where ggrec does not own it."""

    uid: str
    name: str
    type: str
    address: str = ""

    def __str__(self) -> str:
        return f"'{self.name}' ({self.type})"


class Missing(Struct, frozen=True):
    """A datasource that has none to stand for it on the other side, and where it is named."""

    text: str
    source: Source | None
    places: tuple[str, ...]


def named_in(model: JsonObject) -> dict[str, list[str]]:
    """The datasources that a model names (by uid or name), with the places; not Grafana's own, nor variables."""
    found: dict[str, list[str]] = {}
    for reference in (*datasources_in(model), *_chosen(model)):
        text = reference.text
        if text not in _OWN and not text.startswith(("$", "-- ")):
            found.setdefault(text, []).append(reference.where)
    return found


def matched(
    model: JsonObject, here: Mapping[str, Source], there: Mapping[str, Source], asked: Mapping[str, str]
) -> tuple[dict[str, Source], tuple[Missing, ...]]:
    """For each datasource that the model names: what stands for it there, and those for which nothing does.

    Both sides by uid. First what was `asked` (name or uid → name or uid), then the same address, then name and type,
    then uid and type.
    """
    found: dict[str, Source] = {}
    missing: list[Missing] = []
    for text, places in named_in(model).items():
        source = _called(here, text)
        wished = asked.get(text) or (asked.get(source.name) or asked.get(source.uid) if source is not None else None)
        other = _called(there, wished) if wished else _like(source, there) if source is not None else None
        if other is None:
            missing.append(Missing(text, source, tuple(dict.fromkeys(places))))
        else:
            found[text] = other
    return found, tuple(missing)


def _called(sources: Mapping[str, Source], text: str) -> Source | None:
    """By uid, else by name, as Grafana looks it up."""
    return sources.get(text) or next((item for item in sources.values() if item.name == text), None)


def _like(source: Source, there: Mapping[str, Source]) -> Source | None:
    same = [item for item in there.values() if item.type == source.type]
    for key in ("address", "name", "uid"):
        wanted = getattr(source, key)
        for item in same:
            if wanted and getattr(item, key) == wanted:
                return item
    return None


def transferred(model: JsonObject, sources: Mapping[str, Source]) -> JsonObject:
    """The model with each datasource as it is called there: by its uid, where it was named by a uid or a name."""
    found = _mapped(model, sources)
    assert isinstance(found, Mapping)
    return found


def _mapped(value: Json, sources: Mapping[str, Source]) -> Json:
    if isinstance(value, Mapping):
        result = {key: _mapped(item, sources) for key, item in value.items()}
        if "datasource" in value:
            result["datasource"] = _reference(value["datasource"], sources)
        if value.get("type") == "datasource" and "current" in value:
            result["current"] = _current(as_object(value["current"]), sources)
        return result
    if isinstance(value, list | tuple):
        return [_mapped(item, sources) for item in value]
    return value


def _reference(value: Json, sources: Mapping[str, Source]) -> Json:
    if isinstance(value, str):
        return sources[value].uid if value in sources else value
    uid = text_of(as_object(value).get("uid"))
    return {**as_object(value), "uid": sources[uid].uid} if uid in sources else value


def _current(value: JsonObject, sources: Mapping[str, Source]) -> JsonObject:
    """What a variable of datasources has chosen."""
    chosen = text_of(value.get("value"))
    if chosen not in sources:
        return value
    found = {**value, "value": sources[chosen].uid}
    return {**found, "text": sources[chosen].name} if isinstance(value.get("text"), str) else found


def _chosen(model: JsonObject) -> Iterator[Reference]:
    for item in map(as_object, as_list(as_object(model.get("templating")).get("list"))):
        chosen = text_of(as_object(item.get("current")).get("value"))
        if item.get("type") == "datasource" and chosen and chosen != "default":
            yield Reference("datasource", chosen, f"variable '{text_of(item.get('name'))}'")

"""Parts of a panel in words: thresholds with the panel's unit, mappings, overrides, transformations, datasources."""

import json

from reconciler.core.json import Json, JsonObject, as_list, as_object, shown, text_of

_UNITS = {
    "ms": " ms", "s": " s", "m": " min", "h": " h", "d": " d", "µs": " µs", "ns": " ns", "percent": " %", "bytes": " B",
    "decbytes": " B", "bits": " bit", "Bps": " B/s", "bps": " bit/s", "reqps": " req/s", "ops": " ops/s", "rps": " r/s",
    "currencyUSD": " USD", "currencyEUR": " EUR", "currencyGBP": " GBP", "hertz": " Hz", "celsius": " °C",
}  # fmt: skip


def defaults_of(panel: JsonObject) -> JsonObject:
    """The panel's field options."""
    return as_object(as_object(panel.get("fieldConfig")).get("defaults"))


def quantity(value: Json, unit: str) -> str:
    """A number with its unit, as people write it; `0.9` of `percentunit` is 90 %."""
    if value is None:
        return "the base"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return shown(value)
    if unit == "percentunit":
        return f"{value * 100:.10g} %"
    return f"{value:,.10g}" + _UNITS.get(unit, "")


def threshold_sentences(before: JsonObject, after: JsonObject) -> list[str]:
    """How the thresholds of a panel change, step by step: by their colour, which is what people see."""
    old, new = as_object(before.get("thresholds")), as_object(after.get("thresholds"))
    units = [
        "percent" if thresholds.get("mode") == "percentage" else text_of(side.get("unit"))
        for thresholds, side in ((old, before), (new, after))
    ]
    said = []
    modes = text_of(old.get("mode")) or "absolute", text_of(new.get("mode")) or "absolute"
    if modes[0] != modes[1]:
        said.append(f"thresholds count {modes[1]}, not {modes[0]}")
    left, right = _by_colour(old), _by_colour(new)
    for colour in [*left, *(name for name in right if name not in left)]:
        one, two = left.get(colour), right.get(colour)
        was = [quantity(value, units[0]) for value in one or ()]
        will = [quantity(value, units[1]) for value in two or ()]
        if one is None:
            said.append(f"threshold {colour} from {' and '.join(will)} on, new")
        elif two is None:
            said.append(f"threshold {colour} (at {' and '.join(was)}) removed")
        elif one != two:
            said.append(f"threshold {colour} from {' and '.join(was)} to {' and '.join(will)}")
    return said


def _by_colour(thresholds: JsonObject) -> dict[str, list[Json]]:
    found: dict[str, list[Json]] = {}
    for item in as_list(thresholds.get("steps")):
        step = as_object(item)
        found.setdefault(text_of(step.get("color")) or "without colour", []).append(step.get("value"))
    return found


def listed_changes(noun: str, before: Json, after: Json) -> list[str]:
    """What comes, goes and changes in a list of mappings, overrides, transformations or links: each item in words."""
    old, new = [_exact(item) for item in as_list(before)], [_exact(item) for item in as_list(after)]
    gone = [item for item, text in zip(as_list(before), old, strict=True) if text not in set(new)]
    come = [item for item, text in zip(as_list(after), new, strict=True) if text not in set(old)]
    said = []
    for item in gone:
        name = _item(item)
        other = next((one for one in come if _item(one) == name), None)
        if other is None:
            said.append(f"{noun} {name} removed")
        else:
            come.remove(other)
            said.append(f"{noun} {name} changed: {_inside(item, other)}")
    said += [f"{noun} {_item(item)} added" for item in come]
    if not said and old != new:
        said.append(f"{noun}s in another order")
    return said


def _exact(item: Json) -> str:
    return json.dumps(item, sort_keys=True, default=dict)


def _item(found: Json) -> str:
    """How an item of such a list is called."""
    item = as_object(found)
    matcher = as_object(item.get("matcher"))
    if matcher:
        return f"for {text_of(matcher.get('id'))} {shown(matcher.get('options'))}".replace("for byName ", "for ", 1)
    kind = text_of(item.get("id")) or text_of(item.get("kind"))
    if kind:
        return f"'{kind}'"
    if text_of(item.get("title")):
        return f"'{item['title']}'"
    if isinstance(item.get("options"), dict) and text_of(item.get("type")) == "value":
        return f"of {', '.join(sorted(as_object(item['options'])))}"
    return text_of(item.get("type")) or shown(found)


def _inside(before: Json, after: Json) -> str:
    """What differs inside of one item: an override's properties by name, else both."""
    old, new = (
        {text_of(as_object(p).get("id")): as_object(p).get("value") for p in as_list(as_object(item).get("properties"))}
        for item in (before, after)
    )
    said = [
        f"{name} {shown(old.get(name))} → {shown(new.get(name))}"
        for name in dict.fromkeys([*old, *new])
        if _exact(old.get(name)) != _exact(new.get(name))
    ]
    return ", ".join(said) or f"{shown(before, 90)} → {shown(after, 90)}"


def datasource_name(value: Json) -> str:
    """How a reference to a datasource is called: by its uid, which is its declared name; else by its type."""
    if isinstance(value, str):
        return value
    found = as_object(value)
    return text_of(found.get("uid")) or text_of(found.get("name")) or text_of(found.get("type")) or "the default"

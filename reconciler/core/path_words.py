"""A path that is only a text (a state keeps it, or a command was given it) in the words of the kind. Pure."""

from reconciler.core.diff import Key, Step
from reconciler.core.json import Json, as_list, as_object, text_of
from reconciler.core.kind import Kind
from reconciler.core.selectors import BadSelector, Pick, parse_selector


def place_of(kind: Kind | None, text: str, value: Json = None) -> str:
    """What a path leads to, as people call it; the text itself where that cannot be told. `value` is what it leads
    into: it knows how the items of lists are called.
    """
    try:
        steps = parse_selector(text).steps
    except BadSelector:
        return text
    path: list[Step] = []
    for number, step in enumerate(steps):
        if number == 0 and kind is not None and step != kind.body_key:
            value = as_object(value).get(kind.body_key or "", value)  # people leave that attribute out
        if isinstance(step, Pick):
            if step.index is None and step.field is None:
                return text  # many places
            key: Step = step.index if step.index is not None else _key(str(step.field), step.text, value)
            path.append(key)
            value = _item(value, key)
        else:
            path.append(step)
            value = as_object(value).get(step)
    return kind.place(tuple(path)) if kind is not None else text


def _key(field: str, text: str, value: Json) -> Key:
    item = next((i for i in map(as_object, as_list(value)) if str(i.get(field)) == text), {})
    found = item.get(field)
    label = text if field in {"title", "name"} else text_of(item.get("title")) or text_of(item.get("name"))
    return Key(field, found if isinstance(found, str | int) else text, label)


def _item(value: Json, key: Step) -> Json:
    items = as_list(value)
    if isinstance(key, Key):
        return next((item for item in items if as_object(item).get(key.field) == key.value), None)
    return items[key] if isinstance(key, int) and key < len(items) else None

"""pydantic's findings in the author's words, at the author's line. Never shows the value of a secret."""

from collections.abc import Iterable, Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from reconciler.authoring.problems import Problems, shown, suggestion
from reconciler.core.source import MarkedDict, Path, format_path

_SECRETS = frozenset({"secureJsonData", "secureSettings"})
_HINTS = {
    "secureJsonFields": "Grafana only tells by it which secrets are set: write secureJsonData with references",
    "secureFields": "Grafana only tells by it which secrets are set: write secureSettings with references",
}
_TYPES = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
}
_LENGTHS = {
    "string_too_short": ("min_length", "must have at least {} characters"),
    "string_too_long": ("max_length", "must have at most {} characters"),
    "too_short": ("min_length", "must have at least {} items"),
    "too_long": ("max_length", "must have at most {} items"),
}


def explain(error: ValidationError, spec: MarkedDict, model: type[BaseModel], problems: Problems) -> None:
    """Note each finding. `spec` is what was validated, `model` what it was validated by."""
    wrong_types: dict[Path, list[str]] = {}
    others: list[Path] = []
    for item in error.errors(include_url=False):
        path = _in_spec(spec, item["loc"], absent=item["type"] == "missing")
        if item["type"] in _TYPES:
            wrong_types.setdefault(path, []).append(_TYPES[item["type"]])
            continue
        others.append(path)
        if item["type"] == "extra_forbidden":
            _unknown(path, spec, model, problems)
        else:
            code, text = _other(item)
            problems.in_value(spec, path, code, f"{_name(path)}: {text}", key=item["type"] == "invalid_key")
    for path, wanted in wrong_types.items():
        if not any(other[: len(path)] == path for other in others):  # else the value was meant as the other form
            _wrong_type(path, wanted, spec, problems)


def _in_spec(spec: MarkedDict, location: Iterable[int | str], *, absent: bool) -> Path:
    """pydantic's location without the names of a union's members, which are none of the author's keys. With `absent`
    its last step is a key that is not there.
    """
    here: Any = spec
    path: list[int | str] = []
    steps = list(location)
    for index, step in enumerate(steps):
        inside = (isinstance(here, Mapping) and step in here) or (isinstance(here, list) and isinstance(step, int))
        if not inside and not (absent and index == len(steps) - 1):
            continue
        path.append(step)
        here = here[step] if inside and not (isinstance(here, list) and int(step) >= len(here)) else None
    return tuple(path)


def _unknown(path: Path, spec: MarkedDict, model: type[BaseModel], problems: Problems) -> None:
    key = str(path[-1])
    hint = _HINTS.get(key) or suggestion(key, _fields(model, path[:-1]))
    problems.in_value(spec, path, "unknown-key", f"unknown key '{key}'", hint, key=True)


def _fields(model: type[BaseModel], path: Path) -> list[str]:
    """What may stand at a path: the fields of the model, or of the one inside it that the path leads to."""
    here = model
    for step in path:
        field = here.model_fields.get(str(step))
        if field is None:
            continue
        inner = [a for a in (field.annotation, *_arguments(field.annotation)) if isinstance(a, type)]
        here = next((a for a in inner if issubclass(a, BaseModel)), here)
    return [field.alias or name for name, field in here.model_fields.items()]


def _arguments(annotation: Any) -> list[Any]:
    found = list(get_args(annotation))
    return found + [deeper for item in found for deeper in _arguments(item)]


def _wrong_type(path: Path, wanted: list[str], spec: MarkedDict, problems: Problems) -> None:
    secret = not _SECRETS.isdisjoint(path)
    value: Any = spec
    for step in path:
        value = value[step]
    hint = ""
    if secret and len(path) > 1:
        hint = 'as in "${env:NAME}": a secret must be a reference, never the text itself'
    elif wanted == ["a text"] and isinstance(value, int | float):
        hint = "quote it"
    is_secret_value = secret and not isinstance(value, dict | list)
    text = f"{_name(path)}: must be {' or '.join(dict.fromkeys(wanted))}"
    problems.in_value(spec, path, "wrong-type", text if is_secret_value else f"{text}, not {shown(value)}", hint)


def _other(item: Any) -> tuple[str, str]:
    """The code and the words for every other finding."""
    kind, context = item["type"], item.get("ctx") or {}
    if kind == "missing":
        return "missing-key", "missing"
    if kind in _LENGTHS:
        limit, text = _LENGTHS[kind]
        text = text.format(context.get(limit))
        return "bad-length", "must not be empty" if text.startswith("must have at least 1 ") else text
    if kind == "literal_error":
        return "bad-value", f"must be {context.get('expected')}"
    if kind == "string_pattern_mismatch":
        return "bad-value", f"does not match {context.get('pattern')}"
    message = str(item["msg"]).removeprefix("Value error, ")
    return "bad-value", message[:1].lower() + message[1:]


def _name(path: Path) -> str:
    return format_path(("spec", *path))

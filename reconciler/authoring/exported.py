"""Dashboards that come as Grafana exports them: the envelope stripped, `__inputs` bound. The model itself stays as it
is.
"""

import re
from typing import Any

from reconciler.authoring.names import Declared
from reconciler.authoring.problems import Problems
from reconciler.core.json import as_list, as_object, text_of
from reconciler.core.source import Mark, MarkedDict, mark_at

_ENVELOPE = ("__inputs", "__requires", "__elements", "id", "uid", "version", "iteration")
_UNBOUND = re.compile(r"\$\{(DS_[A-Za-z0-9_-]+)\}")


def exported_model(body: MarkedDict, spec: MarkedDict, names: Declared, problems: Problems) -> MarkedDict:
    """The model in an exported file. Errors are noted at the author's `from`."""
    where = mark_at(spec, ("from",))
    inner = body.get("dashboard")
    model: Any = inner if isinstance(inner, dict) and ("meta" in body or "title" not in body) else body
    if "elements" in model and "layout" in model:
        problems.at(
            where,
            "schema-v2",
            "the file is a dashboard of schema v2, which is not supported yet",
            "export it as 'Classic'",
        )
        return MarkedDict()
    bound = _bindings(model, spec, names, problems, where)
    model = _replaced(model, bound) if bound else model
    variables = {
        text_of(as_object(item).get("name")) for item in as_list(as_object(model.get("templating")).get("list"))
    }
    unbound = sorted({name for name in _placeholders(model) if name not in variables and name not in bound})
    for name in unbound:
        hint = f"bind it: `inputs: {{{name}: <metadata.name of a Datasource>}}`"
        problems.at(where, "unbound-input", f"the file uses ${{{name}}}, which nothing binds", hint)
    result = MarkedDict(mark=body.mark)
    for key, value in model.items():
        if key not in _ENVELOPE:
            result.put(key, value, key_at=body.mark, value_at=body.mark)
    return result


def _bindings(model: Any, spec: MarkedDict, names: Declared, problems: Problems, where: Mark | None) -> dict[str, str]:
    written = spec.get("inputs")
    inputs = written if isinstance(written, MarkedDict) else MarkedDict()
    bound: dict[str, str] = {}
    declared = {text_of(as_object(item).get("name")): as_object(item) for item in as_list(model.get("__inputs"))}
    placeholders = set(_placeholders(model))
    for name, value in inputs.items():
        at = mark_at(inputs, (name,))
        if name not in declared and name not in placeholders:
            problems.at(
                at,
                "unknown-input",
                f"the file has no input '{name}'",
                f"it has {', '.join(sorted({*declared, *placeholders}))}",
            )
        elif declared.get(name, {}).get("type", "datasource") == "datasource":
            bound[name] = names.uid_at("datasource", str(value), at) or ""
        else:
            bound[name] = str(value)
    for name, item in declared.items():
        if name in bound:
            continue
        if item.get("type") == "datasource":
            candidates = names.of_type("datasource", text_of(item.get("pluginId")))
            if len(candidates) == 1:
                bound[name] = names.uid_at("datasource", candidates[0], where) or ""
            else:
                found = f"{len(candidates)} Datasources of type {item.get('pluginId')} are declared"
                hint = f"bind it: `inputs: {{{name}: <metadata.name of a Datasource>}}`"
                problems.at(where, "unbound-input", f"input {name} is not bound, and {found}", hint)
                bound[name] = ""
        elif item.get("value") is not None:
            bound[name] = str(item["value"])
    return bound


def _placeholders(value: Any) -> list[str]:
    if isinstance(value, str):
        return _UNBOUND.findall(value)
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [name for item in items for name in _placeholders(item)]


def _replaced(value: Any, bound: dict[str, str]) -> Any:
    if isinstance(value, str):
        for name, text in bound.items():
            value = value.replace(f"${{{name}}}", text)
        return value
    if isinstance(value, dict):
        return {key: _replaced(item, bound) for key, item in value.items() if key != "__inputs"}
    if isinstance(value, list):
        return [_replaced(item, bound) for item in value]
    return value

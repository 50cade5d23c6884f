"""Dashboards that come as Grafana exports them: the envelope stripped, `__inputs` bound. The model itself stays as it
is: legacy rows, missing ids and unknown keys too.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from reconciler.authoring.names import Declared
from reconciler.authoring.problems import Problems, shown, suggestion
from reconciler.core.json import as_list, as_object, may_name, text_of
from reconciler.core.source import Mark, MarkedDict, mark_at

_ENVELOPE = frozenset({"__inputs", "__requires", "__elements", "id", "uid", "version", "iteration"})
_BEGINNING = "${DS_"
_PLACEHOLDER = re.compile(r"\$\{(DS_[A-Za-z0-9_-]+)\}")
_MANIFEST = "dashboard.grafana.app/"
_EXPRESSIONS = "__expr__"
"""Grafana's own datasource of server-side expressions: plugin id and uid."""


def stripped(model: MarkedDict, mark: Mark | None) -> MarkedDict:
    """A copy without what belongs to a server or to the form of an export; `mark` stands where no place is known."""
    result = MarkedDict(mark=model.mark or mark)
    for key, value in model.items():
        if key not in _ENVELOPE:
            result.put(key, value, key_at=model.keys_at.get(key) or mark, value_at=model.values_at.get(key) or mark)
    return result


def exported_model(body: MarkedDict, spec: MarkedDict, names: Declared, problems: Problems) -> MarkedDict:
    """The model in an exported file. What is wrong is noted at the author's `from` (or input)."""
    where = mark_at(spec, ("from",))
    model = _inner(body)
    if "elements" in model and "layout" in model:
        text = "the file is a dashboard of schema v2, which is not supported yet"
        problems.at(where, "schema-v2", text, "export it as 'Classic' (v1)")
        return MarkedDict({"title": model.get("title")}, mark=body.mark)
    bound = _Binding(model, names, problems, where).all(spec)
    elements = as_object(model).get("__elements")
    brought = list(elements.values()) if isinstance(elements, Mapping) else list(as_list(elements))
    if brought:
        called = ", ".join(sorted(f"'{text_of(as_object(item).get('name'))}'" for item in brought))
        text = f"the file brings library panels, which are not taken from it: {called}"
        problems.warn(
            where, "library-panels", text, "declare each as a LibraryPanel of the same uid, or have them in Grafana"
        )
    model = _replaced(model, bound) if bound else model
    whole = model if isinstance(model, MarkedDict) else MarkedDict(model, mark=body.mark)
    return stripped(whole, body.mark)


def _inner(body: MarkedDict) -> Any:
    """The model in what the API gives (`dashboard`, `meta`), in a manifest (`spec`), or the file itself."""
    if text_of(body.get("apiVersion")).startswith(_MANIFEST) and isinstance(body.get("spec"), dict):
        return body["spec"]
    inner = body.get("dashboard")
    return inner if isinstance(inner, dict) and ("meta" in body or "title" not in body) else body


class _Binding(Struct, frozen=True):
    model: Mapping[str, Any]
    names: Declared
    problems: Problems
    where: Mark | None

    def all(self, spec: MarkedDict) -> dict[str, str]:
        """What stands for each input: its name → a datasource's uid, or a constant's text."""
        declared = {
            text_of(item["name"]): item
            for item in map(as_object, as_list(self.model.get("__inputs")))
            if text_of(item.get("name"))
        }
        named = _placeholders(self.model) if may_name(self.model, [_BEGINNING]) else ()  # mostly there is none
        loose = set(named) - set(declared) - self._variables()
        known = {**{name: {"type": "datasource"} for name in sorted(loose)}, **declared}
        bound: dict[str, str] = {}
        for name, value, at in self._written(spec):
            if name not in known:
                hint = suggestion(name, known)
                self.problems.at(at, "unknown-input", f"the file has no input '{name}'", hint)
            else:
                bound[name] = self._bound(name, value, known[name], at)
        for name, item in sorted(known.items()):
            if name not in bound:
                bound[name] = self._by_itself(name, item)
        return bound

    def _written(self, spec: MarkedDict) -> Iterator[tuple[str, Any, Mark | None]]:
        inputs = spec.get("inputs", MarkedDict())
        if not isinstance(inputs, MarkedDict):
            hint = "as in `inputs: {DS_PROMETHEUS: prometheus}`"
            self.problems.in_value(spec, ("inputs",), "bad-inputs", "inputs must be a mapping", hint)
            return
        for name, value in inputs.items():
            yield name, value, mark_at(inputs, (name,))

    def _bound(self, name: str, value: Any, item: Mapping[str, Any], at: Mark | None) -> str:
        if not isinstance(value, str):
            text = f"input {name} must be a text, not {shown(value)}"
            self.problems.at(at, "bad-input", text, "quote it" if isinstance(value, int | float) else "")
            return ""
        return (self.names.uid_at("datasource", value, at) or "") if item.get("type") == "datasource" else value

    def _by_itself(self, name: str, item: Mapping[str, Any]) -> str:
        """An input that the author did not name: the only Datasource of its plugin, or a constant's own value."""
        if item.get("type") != "datasource":
            if item.get("value") is None:
                hint = f"bind it: `inputs: {{{name}: <text>}}`"
                self.problems.at(self.where, "unbound-input", f"the file's input {name} has no value", hint)
            return str(item.get("value"))
        plugin = text_of(item.get("pluginId"))
        if plugin == _EXPRESSIONS:
            return _EXPRESSIONS
        candidates = self.names.of_type("datasource", plugin) if plugin else []
        if len(candidates) == 1:
            return self.names.uid_at("datasource", candidates[0], self.where) or ""
        why = "nothing binds it"
        if plugin:
            many = f"{len(candidates)} Datasources are" if candidates else "no Datasource is"
            why = f"{many} of its type {plugin}" + (f": {', '.join(candidates)}" if candidates else "")
        hint = f"bind it: `inputs: {{{name}: <metadata.name of a Datasource>}}`"
        self.problems.at(self.where, "unbound-input", f"the file uses ${{{name}}}, and {why}", hint)
        return ""

    def _variables(self) -> set[str]:
        listed = as_list(as_object(self.model.get("templating")).get("list"))
        return {text_of(as_object(item).get("name")) for item in listed}


def _placeholders(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if _BEGINNING in value:
            yield from _PLACEHOLDER.findall(value)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _placeholders(item)
    elif isinstance(value, list):
        for item in value:
            yield from _placeholders(item)


def _replaced(value: Any, bound: Mapping[str, str]) -> Any:
    """A copy with each `${INPUT}` replaced; parts in which there is none are shared."""
    if isinstance(value, str):
        if "${" in value:
            for name, text in bound.items():
                value = value.replace(f"${{{name}}}", text)
        return value
    if isinstance(value, dict):
        return {key: _replaced(item, bound) for key, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, bound) for item in value]
    return value

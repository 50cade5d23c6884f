"""The Dashboard shorthand: what an author writes → Grafana's v1 model and the folder's name."""

from difflib import get_close_matches
from typing import Any

from reconciler.authoring.datasources import GRAFANA, with_datasource
from reconciler.authoring.exported import exported_model
from reconciler.authoring.names import Declared
from reconciler.authoring.panels import Panels
from reconciler.authoring.problems import Problems
from reconciler.authoring.templates import Templates, merged
from reconciler.core.source import MarkedDict, MarkedList, mark_at

SCHEMA_VERSION = 42
"""The model's version that Grafana 12.3 writes itself (grafana-api.md section 9)."""

_OURS = ("folder", "from", "inputs", "variables")
_GRAFANAS = (
    "annotations description editable fiscalYearStartMonth gnetId graphTooltip id iteration links liveNow panels "
    "preload refresh revision rows schemaVersion style tags templating time timepicker timezone title uid version weekStart"
)
_KNOWN = (*_OURS, *_GRAFANAS.split())


def expand_dashboard(
    spec: MarkedDict,
    body: MarkedDict | None,
    *,
    manifest: bool,
    templates: Templates,
    names: Declared,
    problems: Problems,
) -> MarkedDict:
    """`{folder, model}` with marks kept. `body` is the file of `from`, or a manifest's spec, taken as it is."""
    result = MarkedDict(mark=spec.mark)
    if "folder" in spec:
        result.take("folder", spec, spec["folder"])
    if body is not None:
        model = body if manifest else exported_model(body, spec, names, problems)
        if not manifest:
            model = merged(model, _written(spec, templates, names, problems, whole=False))
    else:
        _near_misses(spec, problems)
        model = _written(spec, templates, names, problems, whole=True)
    result.put("model", model, key_at=spec.mark, value_at=spec.mark)
    return result


def _near_misses(spec: MarkedDict, problems: Problems) -> None:
    """Grafana takes any key; one that almost is a known one is probably a slip."""
    for key in spec:
        close = [] if key in _KNOWN else get_close_matches(key, _KNOWN, 1, 0.75)
        if close:
            text = f"'{key}' is no key of a dashboard that ggrec knows"
            problems.warn(mark_at(spec, (key,), key=True), "near-miss", text, f"did you mean '{close[0]}'?")


def _written(spec: MarkedDict, templates: Templates, names: Declared, problems: Problems, *, whole: bool) -> MarkedDict:
    """The author's own part of the model."""
    model = MarkedDict(mark=spec.mark)
    for key, value in spec.items():
        if key not in _OURS:
            model.take(key, spec, value)
    if "variables" in spec:
        _put_variables(spec, model, names, problems)
    if isinstance(spec.get("annotations"), list):
        entries = MarkedDict(mark=spec["annotations"].mark)
        entries.take("annotations", spec, _annotations(spec["annotations"], names), as_key="list")
        model.take("annotations", spec, entries)
    if "panels" in spec:
        if isinstance(spec["panels"], MarkedList):
            model.take("panels", spec, Panels(templates, names, problems).expand(spec["panels"]))
        else:
            problems.in_value(spec, ("panels",), "panels-not-a-list", "panels must be a list", "each begins with `- `")
    if whole and "schemaVersion" not in model:
        model.put("schemaVersion", SCHEMA_VERSION, key_at=None, value_at=None)
    return model


def _put_variables(spec: MarkedDict, model: MarkedDict, names: Declared, problems: Problems) -> None:
    written = spec["variables"]
    templating = spec.get("templating")
    if isinstance(templating, MarkedDict) and "list" in templating:
        text = "'variables' and templating.list are the same field"
        problems.in_value(spec, ("variables",), "both-forms", text, "keep one of them", key=True)
    if not isinstance(written, MarkedList):
        problems.in_value(
            spec, ("variables",), "variables-not-a-list", "variables must be a list", "each begins with `- name:`"
        )
        return
    result = MarkedList(mark=written.mark)
    for index, item in enumerate(written):
        if not isinstance(item, MarkedDict) or not isinstance(item.get("name"), str):
            hint = "as in `- {name: region, query: 'label_values(region)'}`"
            problems.in_value(written, (index,), "variable-without-name", "a variable needs a name", hint)
            continue
        variable: Any = with_datasource(item, names)
        if "type" not in variable:
            if "query" not in variable:
                text = f"variable '{item['name']}' has neither a type nor a query"
                problems.in_value(
                    written, (index,), "variable-without-type", text, "write `query:`, or `type: custom` and so on"
                )
            added = MarkedDict(mark=item.mark)
            added.put("type", "query", key_at=None, value_at=None)
            variable = merged(added, variable)
        result.add(variable, written.items_at[index])
    whole = MarkedDict(templating if isinstance(templating, MarkedDict) else {}, mark=written.mark)
    whole.put("list", result, key_at=spec.keys_at.get("variables"), value_at=written.mark)
    model.put("templating", whole, key_at=spec.keys_at.get("variables"), value_at=written.mark)


def _annotations(written: MarkedList, names: Declared) -> MarkedList:
    """Annotation queries; `{name, tags}` asks Grafana's own annotations by tags."""
    result = MarkedList(mark=written.mark)
    for index, item in enumerate(written):
        if isinstance(item, MarkedDict):
            if "tags" in item and not {"datasource", "target"} & set(item):
                item = _by_tags(item)
            item = with_datasource(item, names)
        result.add(item, written.items_at[index])
    return result


def _by_tags(item: MarkedDict) -> MarkedDict:
    result = MarkedDict(mark=item.mark)
    result.put("datasource", {"type": "grafana", "uid": GRAFANA}, key_at=None, value_at=None)
    result.put("enable", True, key_at=None, value_at=None)
    for key, value in item.items():
        if key not in {"tags", "matchAny"}:
            result.take(key, item, value)
    any_of = item.get("matchAny", True)
    target = {"limit": 100, "matchAny": any_of, "tags": list(item["tags"] or ()), "type": "tags"}
    result.take("tags", item, target, as_key="target")
    return result

"""A dashboard's variables and annotation queries: lists of ours → `templating.list` and `annotations.list`."""

from collections.abc import Mapping
from typing import Any

from reconciler.authoring.datasources import GRAFANA, Sources
from reconciler.authoring.merging import merged
from reconciler.authoring.problems import Problems, shown, suggestion
from reconciler.core.json import as_list, as_object, text_of
from reconciler.core.source import MarkedDict, MarkedList, mark_at

_TYPES = "adhoc constant custom datasource groupby interval query snapshot switch system textbox"
"""The types of variables that Grafana 12.3 knows."""
_VARIABLE = "as in `- {name: region, query: 'label_values(region)'}`"


def datasource_variables(spec: Mapping[str, Any], body: Mapping[str, Any] | None = None) -> Mapping[str, str]:
    """The names of a dashboard's variables → the plugin type of those that choose a datasource ("" for others).

    Both ways of writing them are looked at, and those of the file that the dashboard comes from.
    """
    found: dict[str, str] = {}
    listed = [as_list(as_object(source.get("templating")).get("list")) for source in (body or {}, spec)]
    for item in (*listed[0], *listed[1], *as_list(spec.get("variables"))):
        variable = as_object(item)
        if text_of(variable.get("name")):
            plugin = text_of(variable.get("query")) if variable.get("type") == "datasource" else ""
            found[text_of(variable["name"])] = plugin
    return found


def put_variables(spec: MarkedDict, model: MarkedDict, sources: Sources, problems: Problems) -> None:
    """Set `templating` of the model from `variables`, or complete the datasources of Grafana's own form."""
    templating = spec.get("templating")
    if "variables" not in spec:
        if isinstance(templating, MarkedDict) and "list" in templating:
            model.take("templating", spec, _with_list(templating, _resolved(templating["list"], sources)))
        return
    written = spec["variables"]
    if isinstance(templating, MarkedDict) and "list" in templating:
        text = "'variables' and templating.list are the same field"
        problems.in_value(spec, ("variables",), "both-forms", text, "keep one of them", key=True)
    if not isinstance(written, MarkedList):
        text = "variables must be a list"
        problems.in_value(spec, ("variables",), "variables-not-a-list", text, "each begins with `- name: …`")
        return
    whole = _with_list(templating, _variables(written, sources, problems))
    model.take("variables", spec, whole, as_key="templating")


def _variables(written: MarkedList, sources: Sources, problems: Problems) -> MarkedList:
    result = MarkedList(mark=written.mark)
    first: dict[str, int] = {}
    for index, item in enumerate(written):
        name = item.get("name") if isinstance(item, MarkedDict) else None
        if not isinstance(name, str) or not name:
            text = "a variable needs a name, a text"
            problems.in_value(written, (index, "name"), "variable-without-name", text, _VARIABLE)
            continue
        if name in first:
            hint = f"the first is at {mark_at(written, (first[name], 'name'))}: rename one, or remove it"
            text = f"variable '{name}' is there twice"
            problems.in_value(written, (index, "name"), "variable-twice", text, hint)
        first.setdefault(name, index)
        result.add(_variable(item, sources, problems), written.items_at[index])
    return result


def _variable(item: MarkedDict, sources: Sources, problems: Problems) -> MarkedDict:
    if "type" in item:
        if item["type"] not in _TYPES.split():
            text = f"variable '{item['name']}' has the type {shown(item['type'])}, which Grafana does not know"
            problems.warn(
                mark_at(item, ("type",)), "variable-type", text, suggestion(str(item["type"]), _TYPES.split())
            )
        return sources.resolved(item)
    if "query" not in item:
        text = f"variable '{item['name']}' has neither a type nor a query"
        problems.at(item.mark, "variable-without-type", text, "write `query: …`, or `type: custom` and so on")
    added = MarkedDict(mark=item.mark)
    added.put("type", "query", key_at=None, value_at=None)
    result: MarkedDict = merged(added, sources.resolved(item))
    return result


def put_annotations(spec: MarkedDict, model: MarkedDict, sources: Sources, problems: Problems) -> None:
    """Set `annotations` of the model from a list of queries, or complete the datasources of Grafana's own form."""
    written = spec.get("annotations")
    if isinstance(written, MarkedDict):
        if "list" in written:
            model.take("annotations", spec, _with_list(written, _resolved(written["list"], sources)))
    elif isinstance(written, MarkedList):
        model.take("annotations", spec, _with_list(None, _annotations(written, sources, problems)))
    elif "annotations" in spec:
        text = "annotations must be a list of queries"
        hint = "as in `- {name: Campaigns, tags: [campaign], iconColor: purple}`"
        problems.in_value(spec, ("annotations",), "annotations-not-a-list", text, hint)


def _annotations(written: MarkedList, sources: Sources, problems: Problems) -> MarkedList:
    result = MarkedList(mark=written.mark)
    for index, item in enumerate(written):
        if not isinstance(item, MarkedDict) or not isinstance(item.get("name"), str):
            text = "an annotation query needs a name, a text"
            hint = "as in `- {name: Campaigns, tags: [campaign]}`"
            problems.in_value(written, (index, "name"), "annotation-without-name", text, hint)
            continue
        if "tags" in item and not {"datasource", "target"} & set(item):
            item = _by_tags(item, problems)
        result.add(sources.resolved(item), written.items_at[index])
    return result


def _by_tags(item: MarkedDict, problems: Problems) -> MarkedDict:
    """`{name, tags}`: Grafana's own annotations, by tags."""
    tags, any_of = item["tags"], item.get("matchAny", True)
    if not isinstance(tags, list) or not tags or not all(isinstance(tag, str) for tag in tags):
        problems.in_value(item, ("tags",), "bad-tags", "tags must be a list of texts, one at least", "as in [campaign]")
    if not isinstance(any_of, bool):
        text = f"matchAny is {shown(any_of)}, not true or false"
        problems.in_value(item, ("matchAny",), "not-true-or-false", text, "true: any of the tags, false: all of them")
    where = mark_at(item, ("tags",))
    result, source, target = MarkedDict(mark=item.mark), MarkedDict(mark=where), MarkedDict(mark=where)
    for mapping, values in (
        (source, {"type": "grafana", "uid": GRAFANA}),
        (target, {"limit": item.get("limit", 100), "matchAny": any_of, "tags": tags, "type": "tags"}),
    ):
        for key, value in values.items():
            mapping.put(key, value, key_at=where, value_at=where)
    result.put("datasource", source, key_at=where, value_at=where)
    result.put("enable", True, key_at=None, value_at=None)
    for key, value in item.items():
        if key not in {"tags", "matchAny", "limit"}:
            result.take(key, item, value)
    result.take("tags", item, target, as_key="target")
    return result


def _resolved(written: Any, sources: Sources) -> Any:
    if not isinstance(written, MarkedList):
        return written
    result = MarkedList(mark=written.mark)
    for index, item in enumerate(written):
        result.add(sources.resolved(item) if isinstance(item, MarkedDict) else item, written.items_at[index])
    return result


def _with_list(mapping: Any, items: Any) -> MarkedDict:
    """A copy of Grafana's mapping (or a new one) with this `list`."""
    at = mapping.mark if isinstance(mapping, MarkedDict) else items.mark
    result = MarkedDict(mark=at)
    for key, value in mapping.items() if isinstance(mapping, MarkedDict) else ():
        result.take(key, mapping, value)
    result.put("list", items, key_at=at, value_at=getattr(items, "mark", None))
    return result

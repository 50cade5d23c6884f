"""The Dashboard shorthand: what an author writes → the folder's name and Grafana's v1 model."""

from reconciler.authoring.datasources import Sources
from reconciler.authoring.exported import exported_model, stripped
from reconciler.authoring.keys import near_miss_of_dashboard
from reconciler.authoring.names import Declared
from reconciler.authoring.panels import Panels
from reconciler.authoring.problems import Problems, shown
from reconciler.authoring.templates import Templates
from reconciler.authoring.variables import datasource_variables, put_annotations, put_variables
from reconciler.core.source import MarkedDict, MarkedList, mark_at

SCHEMA_VERSION = 42
"""The model's version that Grafana 12.3 writes itself (grafana-api.md section 9)."""

_OURS = frozenset({"folder", "from", "inputs", "variables"})


def expand_dashboard(
    spec: MarkedDict, body: MarkedDict | None, templates: Templates, *, names: Declared, problems: Problems
) -> MarkedDict:
    """`{folder, model}` with marks kept; nothing of ours is left in the model, and nothing was added beyond what
    authoring.md says. `body` is the file of `from`, or a manifest's spec: taken as it is. Inputs are not changed.
    """
    result = MarkedDict(mark=spec.mark)
    if "folder" in spec:
        result.take("folder", spec, spec["folder"])
    if problems.document.manifest:
        model = stripped(body or MarkedDict(), spec.mark)
    else:
        model = _model(spec, body, templates, names=names, problems=problems)
    result.put("model", model, key_at=spec.mark, value_at=spec.mark)
    return result


def _model(
    spec: MarkedDict, body: MarkedDict | None, templates: Templates, *, names: Declared, problems: Problems
) -> MarkedDict:
    near_miss_of_dashboard(spec, problems)
    if body is None:
        if "inputs" in spec:
            text = "'inputs' says what the inputs of a file are, and there is no `from`"
            problems.in_value(spec, ("inputs",), "inputs-alone", text, "remove it, or add `from: <file>`", key=True)
        model = _written(spec, None, templates, names=names, problems=problems)
        if "schemaVersion" not in model:
            model.put("schemaVersion", SCHEMA_VERSION, key_at=None, value_at=None)
        return model
    model = exported_model(body, spec, names, problems)
    written = _written(spec, model, templates, names=names, problems=problems)
    for key, value in written.items():
        model.take(key, written, value)
    return model


def _written(
    spec: MarkedDict, body: MarkedDict | None, templates: Templates, *, names: Declared, problems: Problems
) -> MarkedDict:
    """The author's own part of the model."""
    model = stripped(spec, None)
    for key in _OURS:
        if key in model:
            del model[key]
    _check_uid(spec, problems)
    sources = Sources(names, problems, datasource_variables(spec, body))
    put_variables(spec, model, sources, problems)
    put_annotations(spec, model, sources, problems)
    if "panels" in spec:
        panels = spec["panels"]
        if isinstance(panels, MarkedList):
            model.take("panels", spec, Panels(templates, sources, problems).expand(panels))
        else:
            problems.in_value(spec, ("panels",), "panels-not-a-list", "panels must be a list", "each begins with `- `")
    return model


def _check_uid(spec: MarkedDict, problems: Problems) -> None:
    """The uid is the name; another one in a pasted model would silently not count."""
    document = problems.document
    own = document.metadata.get("uid") or document.name
    if spec.get("uid") not in (None, own):
        text = f"uid {shown(spec['uid'])} does not count: the dashboard's uid is '{own}'"
        problems.warn(mark_at(spec, ("uid",)), "uid-ignored", text, "remove it, or write it as metadata.uid")

"""The Dashboard shorthand: what an author writes → Grafana's v1 model."""

from collections.abc import Mapping

from msgspec import Struct

from reconciler.authoring.datasources import Sources
from reconciler.authoring.exported import exported_model, stripped
from reconciler.authoring.keys import near_miss_of_dashboard
from reconciler.authoring.library import Library
from reconciler.authoring.names import Declared
from reconciler.authoring.panels import Panels
from reconciler.authoring.problems import Problems, shown
from reconciler.authoring.variables import datasource_variables, put_annotations, put_variables
from reconciler.core.source import MarkedDict, MarkedList, mark_at

SCHEMA_VERSION = 42
"""The model's version that Grafana 12.3 writes itself (grafana-api.md section 9)."""

_OURS = frozenset({"folder", "from", "inputs", "variables"})


class Expanded(Struct, frozen=True):
    """A dashboard written out: Grafana's model, and by panel id the audience tags, which are not in it."""

    model: MarkedDict
    audiences: Mapping[int, tuple[str, ...]]


def expand_dashboard(
    spec: MarkedDict, body: MarkedDict | None, library: Library, *, names: Declared, problems: Problems
) -> Expanded:
    """The model with marks kept; nothing of ours is left in it but placeholders in links, and nothing was added beyond
    what authoring.md says. `body` is the file of `from`, or a manifest's spec: taken as it is. Inputs are not
    changed.
    """
    if problems.document.manifest:
        return Expanded(stripped(body or MarkedDict(), spec.mark), {})
    near_miss_of_dashboard(spec, problems)
    if body is None:
        spec = library.defaults.under(spec)
        if "inputs" in spec:
            text = "'inputs' says what the inputs of a file are, and there is no `from`"
            problems.in_value(spec, ("inputs",), "inputs-alone", text, "remove it, or add `from: <file>`", key=True)
        written = _written(spec, None, library, names=names, problems=problems)
        if "schemaVersion" not in written.model:
            written.model.put("schemaVersion", SCHEMA_VERSION, key_at=None, value_at=None)
        return written
    model = exported_model(body, spec, names, problems)
    written = _written(spec, model, library, names=names, problems=problems)
    for key, value in written.model.items():
        model.take(key, written.model, value)
    return Expanded(model, written.audiences)


def _written(
    spec: MarkedDict, body: MarkedDict | None, library: Library, *, names: Declared, problems: Problems
) -> Expanded:
    """The author's own part of the model."""
    for key, sort in (("variables", "variable"), ("annotations", "annotation"), ("links", "link")):
        spec = library.templates.filled_list(spec, key, sort, problems)
    if isinstance(spec.get("annotations"), MarkedList):
        spec = _painted(spec, "annotations", library, problems)
    model = stripped(spec, None)
    for key in _OURS:
        if key in model:
            del model[key]
    _check_uid(spec, problems)
    sources = Sources(names, problems, datasource_variables(spec, body))
    known = library.frames.templating(spec, sources) if library.frames is not None and body is None else None
    if known is not None:
        model["templating"] = known
    else:
        put_variables(spec, model, sources, problems)
    put_annotations(spec, model, sources, problems)
    audiences: dict[int, tuple[str, ...]] = {}
    if isinstance(spec.get("panels"), MarkedList):
        panels = Panels(library, sources, problems)
        model.take("panels", spec, panels.expand(spec["panels"]))
        audiences = {panel["id"]: tags for panel, tags in panels.audience if isinstance(panel["id"], int)}
    elif "panels" in spec:
        problems.in_value(spec, ("panels",), "panels-not-a-list", "panels must be a list", "each begins with `- `")
    return Expanded(model, audiences)


def _painted(spec: MarkedDict, key: str, library: Library, problems: Problems) -> MarkedDict:
    """With the palette's colours in one part of it."""
    return spec.replaced({key: library.palette.painted(spec[key], problems)}) if key in spec else spec


def _check_uid(spec: MarkedDict, problems: Problems) -> None:
    """The uid is the name; another one in a pasted model would silently not count."""
    document = problems.document
    own = document.metadata.get("uid") or document.name
    if spec.get("uid") not in (None, own):
        text = f"uid {shown(spec['uid'])} does not count: the dashboard's uid is '{own}'"
        problems.warn(mark_at(spec, ("uid",)), "uid-ignored", text, "remove it, or write it as metadata.uid")

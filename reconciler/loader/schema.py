"""JSON Schema of desired files and of ggrec.yaml, for editors. Made from the models that validate them."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from reconciler.loader.envelope import API_VERSION
from reconciler.loader.models import ProjectModel

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ENVELOPE = ["apiVersion", "kind", "metadata", "spec"]
_NAME = {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,40}$"}
_LOOPED = {"type": "string", "anyOf": [{"pattern": _NAME["pattern"]}, {"pattern": r"\$\{[a-z]"}]}
_LIFECYCLE: dict[str, Any] = {
    "on_drift": {"enum": ["revert", "keep", "merge", "fail"], "description": "What to do about edits made outside."},
    "ignore_changes": {
        "type": "array",
        "items": {"type": "string"},
        "description": "Paths that are left alone once the object exists: panels[title='Latency'].fieldConfig.",
    },
    "ui_state": {
        "type": "boolean",
        "description": "Leave alone what people leave behind by looking (variables' values, time range, refresh, "
        "collapsed rows) unless it is written. Default: true.",
    },
}
_METADATA: dict[str, Any] = {
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {
        "name": {**_LOOPED, "description": "The address's name and the uid."},
        "uid": {**_NAME, "description": "Another uid than the name."},
        "for_each": {"description": "A list or mapping: one document for each entry, `${each}` filled in."},
        "as": {"type": "string", "description": "What `${each}` is called instead."},
        "lifecycle": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "prevent_destroy": {"type": "boolean", "description": "Refuse to delete or replace it."},
                "adopt": {"type": "boolean", "description": "Take over an existing object that differs."},
                **_LIFECYCLE,
            },
        },
    },
}
_SORTS = {
    "panel": "What is merged under panels that `use` it.",
    "variable": "The same for variables.",
    "target": "The same for queries.",
    "link": "The same for links of dashboards and panels, and for data links.",
    "annotation": "The same for annotation queries.",
}
_TEMPLATE: dict[str, Any] = {
    "type": "object",
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": False,
    "properties": {sort: {"type": "object", "description": text} for sort, text in _SORTS.items()},
}
_PALETTE: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "colors": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "Name → a colour of Grafana's or CSS's; the name may stand wherever a colour may.",
        },
        "thresholds": {
            "type": "object",
            "additionalProperties": {"type": "object"},
            "description": "Name → thresholds, as in `availability: {red: null, green: 0.999}`.",
        },
    },
}
_DEFAULTS: dict[str, Any] = {
    "type": "object",
    "required": ["dashboard"],
    "additionalProperties": False,
    "properties": {"dashboard": {"type": "object", "description": "What lies under every dashboard written here."}},
}
_LIFECYCLE_SPEC: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        **_LIFECYCLE,
        "kinds": {"type": "array", "items": {"type": "string"}, "description": "Only for these. Default: all."},
    },
}
_MANIFEST: dict[str, Any] = {
    "title": "A dashboard as Grafana's own tools write it",
    "type": "object",
    "required": _ENVELOPE,
    "properties": {
        "apiVersion": {"type": "string", "pattern": r"^dashboard\.grafana\.app/(v0alpha1|v1beta1|v1)$"},
        "kind": {"const": "Dashboard"},
        "metadata": {"type": "object", "required": ["name"], "properties": {"name": _NAME}},
        "spec": {"type": "object"},
    },
}


def document_schema(kinds: Mapping[str, type[BaseModel]]) -> dict[str, Any]:
    """The schema of one document: which spec goes with which kind (by its name in YAML), those of kinds that make no
    object of their own among them; or a dashboard manifest.
    """
    definitions: dict[str, Any] = {"Manifest": _MANIFEST}
    specs = {name: _spec(name, model, definitions) for name, model in sorted(kinds.items())}
    specs |= {"Defaults": _DEFAULTS, "Lifecycle": _LIFECYCLE_SPEC, "Palette": _PALETTE, "Template": _TEMPLATE}
    choices = []
    for name, spec in specs.items():
        definitions[f"{name}.spec"] = spec
        condition = {"properties": {"kind": {"const": name}}, "required": ["kind"]}
        choices.append({"if": condition, "then": {"properties": {"spec": {"$ref": f"#/$defs/{name}.spec"}}}})
    definitions["Document"] = {
        "type": "object",
        "required": _ENVELOPE,
        "additionalProperties": False,
        "properties": {
            "apiVersion": {"const": API_VERSION},
            "kind": {"enum": list(specs)},
            "metadata": _METADATA,
            "spec": {"type": "object"},
        },
        "allOf": choices,
    }
    return {
        "$schema": _DIALECT,
        "title": "A ggrec document",
        "type": "object",
        "if": {"properties": {"apiVersion": {"pattern": r"^dashboard\.grafana\.app/"}}, "required": ["apiVersion"]},
        "then": {"$ref": "#/$defs/Manifest"},
        "else": {"$ref": "#/$defs/Document"},
        "$defs": definitions,
    }


def project_schema() -> dict[str, Any]:
    """The schema of ggrec.yaml."""
    spec = ProjectModel.model_json_schema()
    definitions = spec.pop("$defs", {})
    spec["properties"]["instances"]["propertyNames"] = {"pattern": _NAME["pattern"]}
    return {
        "$schema": _DIALECT,
        "title": "ggrec.yaml",
        "type": "object",
        "required": _ENVELOPE,
        "additionalProperties": False,
        "properties": {
            "apiVersion": {"const": API_VERSION},
            "kind": {"const": "Project"},
            "metadata": {
                "type": "object",
                "required": ["name"],
                "additionalProperties": False,
                "properties": {"name": _NAME},
            },
            "spec": spec,
        },
        "$defs": definitions,
    }


def _spec(name: str, model: type[BaseModel], definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of a kind's spec; what it refers to goes under the kind's name, as two kinds may use one word."""
    found = model.model_json_schema(by_alias=True, ref_template=f"#/$defs/{name}.{{model}}")
    definitions |= {f"{name}.{word}": item for word, item in found.pop("$defs", {}).items()}
    return found

"""JSON Schema of desired files and of ggrec.yaml, for editors. Made from the models that validate them."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from reconciler.loader.envelope import API_VERSION
from reconciler.loader.models import ProjectModel

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_METADATA: dict[str, Any] = {
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {
        "name": {
            "type": "string",
            "pattern": "^[A-Za-z0-9_-]{1,40}$",
            "description": "The address's name and the uid.",
        },
        "uid": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,40}$", "description": "Another uid than the name."},
        "lifecycle": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "prevent_destroy": {"type": "boolean", "description": "Refuse to delete or replace it."},
                "adopt": {"type": "boolean", "description": "Take over an existing object that differs."},
                "on_drift": {"enum": ["revert", "keep", "fail"], "description": "What to do about edits made outside."},
            },
        },
    },
}


def document_schema(kinds: Mapping[str, type[BaseModel]]) -> dict[str, Any]:
    """The schema of one document: which spec goes with which kind."""
    definitions: dict[str, Any] = {}
    choices = []
    template = {"type": "object", "required": ["panel"], "properties": {"panel": {"type": "object"}}}
    specs = {name: _spec(name, model, definitions) for name, model in sorted(kinds.items())} | {"Template": template}
    for name, spec in specs.items():
        definitions[f"{name}Spec"] = spec
        condition = {"properties": {"kind": {"const": name}}}
        choices.append({"if": condition, "then": {"properties": {"spec": {"$ref": f"#/$defs/{name}Spec"}}}})
    return {
        "$schema": _DIALECT,
        "title": "A ggrec document",
        "type": "object",
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "additionalProperties": False,
        "properties": {
            "apiVersion": {"const": API_VERSION},
            "kind": {"enum": list(specs)},
            "metadata": _METADATA,
            "spec": {"type": "object"},
        },
        "allOf": choices,
        "$defs": definitions,
    }


def project_schema() -> dict[str, Any]:
    """The schema of ggrec.yaml."""
    spec = ProjectModel.model_json_schema()
    definitions = spec.pop("$defs", {})
    return {
        "$schema": _DIALECT,
        "title": "ggrec.yaml",
        "type": "object",
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "additionalProperties": False,
        "properties": {
            "apiVersion": {"const": API_VERSION},
            "kind": {"const": "Project"},
            "metadata": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
            "spec": spec,
        },
        "$defs": definitions,
    }


def _spec(name: str, model: type[BaseModel], definitions: dict[str, Any]) -> dict[str, Any]:
    found = model.model_json_schema(by_alias=True)
    definitions |= found.pop("$defs", {})
    return found

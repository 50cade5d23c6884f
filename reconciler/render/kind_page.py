"""One page of documentation for a kind, from the kind itself: its summary, its fields, its example. Markdown."""

from collections.abc import Iterator
from typing import Any

from reconciler.core.kind import Kind

_WORDS = {"string": "text", "integer": "whole number", "boolean": "true or false", "object": "mapping"}


def kind_page(kind: Kind) -> str:
    """The page, ending in a newline."""
    model = kind.written or kind.spec
    schema = model.model_json_schema(by_alias=True)
    lines = [
        f"# {kind.yaml_kind}",
        "",
        kind.summary,
        "",
        f"Addresses: `{kind.name}.<metadata.name>`. This page is made from the kind itself (`make docs`).",
        "",
        "## spec",
        "",
        *_fields(schema),
    ]
    for name, inner in _inside(schema):
        lines += ["", f"### Each of `{name}`", "", *_fields(inner)]
    if schema.get("additionalProperties") is True:
        lines += ["", "Everything else of Grafana's own model may be written beside these."]
    lines += ["", "## Example", "", "```yaml", kind.example.rstrip("\n"), "```", ""]
    return "\n".join(lines)


def _fields(schema: dict[str, Any]) -> list[str]:
    """The table of a mapping's fields."""
    required = set(schema.get("required", ()))
    lines = ["| field | type | |", "|---|---|---|"]
    for name, field in schema.get("properties", {}).items():
        text = str(field.get("description", "As in Grafana.")).replace("|", "\\|")
        must = " **required**" if name in required else ""
        lines.append(f"| `{name}` | {_type(field)} | {text}{must} |")
    return lines


def _inside(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The lists whose items are mappings of known fields, and what these are."""
    for name, field in schema.get("properties", {}).items():
        inner = schema.get("$defs", {}).get(str(field.get("items", {}).get("$ref", "")).rpartition("/")[2])
        if inner and "properties" in inner:
            yield name, inner


def _type(field: dict[str, Any]) -> str:
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(_type(item) for item in field["anyOf"] if item.get("type") != "null"))
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "$ref" in field:
        return "mapping"
    kind = str(field.get("type", "anything"))
    return f"list of {_type(field.get('items', {}))}" if kind == "array" else _WORDS.get(kind, kind)

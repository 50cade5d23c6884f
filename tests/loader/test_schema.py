"""The JSON Schemas say what the program accepts."""

import json
import re
from typing import Any

from pydantic import BaseModel

from reconciler.kinds import discover
from reconciler.loader.schema import document_schema, project_schema


class _Apple:
    class Part(BaseModel):
        """Of an apple."""

        seeds: int

    class Spec(BaseModel):
        """An apple."""

        part: "_Apple.Part"


class _Pear:
    class Part(BaseModel):
        """Of a pear."""

        colour: str

    class Spec(BaseModel):
        """A pear."""

        part: "_Pear.Part"


def references(schema: Any) -> set[str]:
    """All that a schema refers to."""
    return set(re.findall(r'"\$ref": "#/\$defs/([^"]+)"', json.dumps(schema)))


def kinds() -> dict[str, type[BaseModel]]:
    """The kinds as the command `schema` gives them."""
    return {kind.yaml_kind: kind.written or kind.spec for kind in discover().values()}


def test_every_reference_leads_somewhere() -> None:
    for schema in (document_schema(kinds()), project_schema(), document_schema({"Apple": _Apple.Spec})):
        assert references(schema) <= set(schema["$defs"])


def test_one_word_of_two_kinds_means_two_things() -> None:
    definitions = document_schema({"Pear": _Pear.Spec, "Apple": _Apple.Spec})["$defs"]
    assert set(definitions["Apple.Part"]["properties"]) == {"seeds"}
    assert set(definitions["Pear.Part"]["properties"]) == {"colour"}
    assert definitions["Apple.spec"]["properties"]["part"]["$ref"] == "#/$defs/Apple.Part"


def test_each_kind_chooses_its_spec() -> None:
    schema = document_schema(kinds())
    document = schema["$defs"]["Document"]
    names = [*sorted(kinds()), "Defaults", "Lifecycle", "Palette", "Template"]
    assert document["properties"]["kind"]["enum"] == names
    assert [item["if"]["properties"]["kind"]["const"] for item in document["allOf"]] == names
    chosen = [item["then"]["properties"]["spec"]["$ref"] for item in document["allOf"]]
    assert chosen == [f"#/$defs/{name}.spec" for name in names]
    assert "title" in schema["$defs"]["Folder.spec"]["required"]


def test_manifests_are_told_by_their_version() -> None:
    schema = document_schema(kinds())
    told = re.compile(schema["if"]["properties"]["apiVersion"]["pattern"])
    good = re.compile(schema["$defs"]["Manifest"]["properties"]["apiVersion"]["pattern"])
    assert told.search("dashboard.grafana.app/v2beta1") and not told.search("ggrec/v1")
    assert good.search("dashboard.grafana.app/v1beta1") and not good.search("dashboard.grafana.app/v2beta1")


def test_the_project_allows_no_other_keys_and_no_literal_secrets() -> None:
    schema = project_schema()
    closed = [schema["properties"]["spec"], *schema["$defs"].values()]
    assert all(item["additionalProperties"] is False for item in closed)
    token = re.compile(schema["$defs"]["AuthModel"]["properties"]["token"]["pattern"])
    assert token.search("${env:A}") and not token.search("glsa_x")

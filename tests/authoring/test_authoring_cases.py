"""Case files: good ones with what they come to, bad ones with the exact messages and places."""

from pathlib import Path
from typing import Any

import pytest

from reconciler.authoring.ids import DERIVED_IDS
from reconciler.core.json import as_object
from reconciler.core.resource import Resource
from tests.authoring.authoring_cases import Case, cases, line, resolved


@pytest.mark.parametrize("case", cases("*.yaml"), ids=str)
def test_case(case: Case, tmp_path: Path) -> None:
    result = resolved(tmp_path, case.files, case.values)
    assert [line(item) for item in result.diagnostics] == case.diagnostics
    if case.resources is not None:
        assert {str(item.address) for item in result.resources} == set(case.resources)
        for resource in result.resources:
            _compare(resource, case.resources[str(resource.address)])


def _compare(resource: Resource, expected: dict[str, Any]) -> None:
    """Only what the case mentions."""
    found = {
        "attributes": _derived(resource.attributes),
        "depends_on": [str(address) for address in resource.depends_on],
        "prevent_destroy": resource.lifecycle.prevent_destroy,
        "uid": resource.uid,
    }
    assert {key: found[key] for key in expected} == expected


def _derived(value: Any) -> Any:
    """Derived ids are a number nobody wants to read: `<derived>`."""
    if isinstance(value, dict):
        return {
            key: "<derived>" if key == "id" and isinstance(item, int) and item >= DERIVED_IDS else _derived(item)
            for key, item in value.items()
        }
    return [_derived(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("written", ["${values.x}", r"\u0024{values.x}", r"${v\u0061lues.x}"])
def test_a_value_is_found_in_a_file_however_it_is_written(tmp_path: Path, written: str) -> None:
    files = {
        "a.yaml": "apiVersion: ggrec/v1\nkind: Dashboard\nmetadata: {name: d}\nspec: {from: d.json}\n",
        "d.json": f'{{"title": "{written}", "panels": []}}',
    }
    (resource,) = resolved(tmp_path, files, {"x": "Shop"}).resources
    assert as_object(resource.attributes["dashboard"])["title"] == "Shop"

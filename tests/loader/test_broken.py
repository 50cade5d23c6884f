"""Everything that is refused, each with its exact words and place: tests/loader/cases."""

import re
from pathlib import Path

import pytest
import yaml

from tests.loader.broken import Case, cases, of_documents, of_project, write

needs_libyaml = pytest.mark.skipif(not yaml.__with_libyaml__, reason="the words of syntax errors are libyaml's")
FILES = ("yaml", "json", "documents")
PLACE = re.compile(r"[\w./-]+:[1-9]\d*:[1-9]\d* [a-z0-9-]+: \S")


@needs_libyaml
@pytest.mark.parametrize("case", [case for name in FILES for case in cases(name)], ids=str)
def test_files_that_are_refused(case: Case, tmp_path: Path) -> None:
    write(tmp_path, case.files)
    assert of_documents(tmp_path) == case.says


@needs_libyaml
@pytest.mark.parametrize("case", cases("project"), ids=str)
def test_projects_that_are_refused(case: Case, tmp_path: Path) -> None:
    write(tmp_path, case.files)
    assert of_project(tmp_path, case) == case.says


@pytest.mark.parametrize("name", [*FILES, "project"])
def test_the_cases_say_something_with_its_place_and_no_secret(name: str) -> None:
    found = cases(name)
    assert len(found) >= 25
    assert len({case.name for case in found}) == len(found)
    for case in found:
        assert case.says, case.name
        assert "canary" not in " ".join(case.says)
        if name != "project":
            assert all(PLACE.match(said) or "empty-desired: " in said for said in case.says), case.name

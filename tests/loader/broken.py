"""Reads case files: files of a project in, the exact complaints out."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.core.errors import Diagnostic, GgrecError
from reconciler.loader.documents import load_documents
from reconciler.loader.project import load_project
from reconciler.loader.yaml import parse_yaml

FOLDER = Path(__file__).parent / "cases"


@dataclass(frozen=True)
class Case:
    """One case. `files` by path; `says`: every complaint, on one line each. The rest chooses an instance."""

    name: str
    files: dict[str, str]
    says: list[str]
    instance: str | None = None
    url: str | None = None
    environment: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


def cases(name: str) -> list[Case]:
    """The cases of a file. `text` is short for the one file `a.yaml`, `a.json` or `ggrec.yaml`."""
    only = {"yaml": "a.yaml", "json": "a.json", "project": "ggrec.yaml"}.get(name, "")
    documents, problems = parse_yaml((FOLDER / f"{name}.yaml").read_bytes(), name)
    assert not problems, problems
    return [_case(item, only) for item in documents[0]]


def _case(item: dict[str, Any], only: str) -> Case:
    rest = {key: item[key] for key in ("instance", "url", "environment") if key in item}
    files = item["files"] if "files" in item else {only: item["text"]}
    return Case(item["name"], files, list(item["says"]), **rest)


def write(folder: Path, files: dict[str, str]) -> None:
    """Write the files of a case."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())


def of_documents(folder: Path) -> list[str]:
    """The complaints about a desired folder."""
    return [line(item) for item in load_documents(folder, root=folder).diagnostics]


def of_project(folder: Path, case: Case) -> list[str]:
    """The complaints about a ggrec.yaml and the instance that is chosen of it."""
    try:
        project = load_project(None, start=folder, environment=case.environment)
        project.instance(case.instance, case.environment, url=case.url)
    except GgrecError as error:
        return [line(item) for item in error.diagnostics]
    return []


def line(item: Diagnostic) -> str:
    """A diagnostic on one line: `place code: message | hint`."""
    return f"{item.where or item.subject or '-'} {item.code}: {item.message}" + (f" | {item.hint}" if item.hint else "")

"""Reads case files: desired files in, resources or exact diagnostics out."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from hypothesis import settings

from reconciler.authoring.resolve import Resolved, resolve
from reconciler.authoring.values import marked
from reconciler.core.errors import Diagnostic
from reconciler.core.registry import Registry
from reconciler.core.resource import Document
from reconciler.core.source import Mark
from reconciler.kinds import discover
from reconciler.loader.documents import load_documents

FOLDER = Path(__file__).parent / "cases"
REGISTRY: Registry = discover()


@dataclass(frozen=True)
class Case:
    """One case: `files` are written to a folder and resolved; the rest is what must come out."""

    name: str
    files: dict[str, str]
    values: dict[str, Any]
    resources: dict[str, Any] | None
    diagnostics: list[str]

    def __str__(self) -> str:
        return self.name


def cases(pattern: str) -> list[Case]:
    """All cases of the files that match."""
    found: list[Case] = []
    for path in sorted(FOLDER.glob(pattern)):
        for item in yaml.safe_load(path.read_text("utf-8")):
            files = item.get("files") or {"a.yaml": item["yaml"]}
            found.append(
                Case(
                    name=f"{path.stem}: {item['name']}",
                    files=files,
                    values=item.get("values", {}),
                    resources=item.get("resources"),
                    diagnostics=item.get("diagnostics", []),
                )
            )
    return found


def resolved(folder: Path, files: dict[str, str], values: dict[str, Any] | None = None) -> Resolved:
    """What the files come to; the loader must have nothing to complain of."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    loaded = load_documents(folder, root=folder)
    assert [str(item) for item in loaded.diagnostics] == []
    return resolve(loaded.documents, REGISTRY, values=values or {})


def line(item: Diagnostic) -> str:
    """A diagnostic on one line: `place severity code subject: message | hint`."""
    text = f"{item.where} {item.severity} {item.code} {item.subject}: {item.message}"
    return f"{text} | {item.hint}" if item.hint else text


MARK = Mark("a.yaml", 1, 1)
calm = settings(deadline=None)
"""How long an example takes on a busy machine is no finding."""


def document(kind: str, name: str, spec: dict[str, Any], **metadata: Any) -> Document:
    """A document of plain values."""
    return Document(kind, name, marked({"name": name, **metadata}, MARK), marked(spec, MARK), MARK)


def model(spec: dict[str, Any], *others: Document) -> dict[str, Any]:
    """The expanded model of one dashboard without errors."""
    result = resolve([document("Dashboard", "d", spec), *others], REGISTRY, values={})
    assert not result.failed, [line(item) for item in result.diagnostics]
    attributes: Any = next(item for item in result.resources if item.address.kind == "dashboard").attributes
    return dict(attributes["dashboard"])

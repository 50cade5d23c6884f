"""References to secrets that no source can make anything of: found offline, at their places, without asking a source
for a secret.
"""

from collections.abc import Iterable, Iterator

from reconciler.core.errors import Diagnostic
from reconciler.core.resource import Document, Resource, SecretRef
from reconciler.core.source import Mark, Path, mark_at
from reconciler.grafana.secrets import SecretResolver
from reconciler.loader.project import Project

_HINT = "docs/secrets.md tells how each source is written"


def reference_problems(
    project: Project, documents: Iterable[Document], resources: Iterable[Resource], secrets: SecretResolver
) -> tuple[Diagnostic, ...]:
    """One error for each reference of ggrec.yaml and of a resource that cannot be meant so."""
    by_place = {document.mark: document for document in documents}
    found = list(_of_project(project, secrets))
    for resource in resources:
        for name, reference in sorted(resource.secrets.items()):
            why = secrets.malformed(reference)
            if why is not None:
                where = _place(by_place, resource, name, str(reference))
                subject = str(resource.address)
                found.append(Diagnostic("bad-reference", f"{name}: {why}", _HINT, where=where, subject=subject))
    return tuple(found)


def _of_project(project: Project, secrets: SecretResolver) -> Iterator[Diagnostic]:
    for name, instance in project.model.instances.items():
        for key in ("token", "password"):
            text = getattr(instance.auth, key)
            why = secrets.malformed(SecretRef(text)) if text else None
            if why is not None:
                path = ("instances", name, "auth", key)
                yield Diagnostic("bad-reference", f"{'.'.join(path)}: {why}", _HINT, mark_at(project.written, path))


def _place(documents: dict[Mark, Document], resource: Resource, name: str, text: str) -> Mark | None:
    """Where the reference is written, as near as is known."""
    document = documents.get(resource.source) if resource.source is not None else None
    if document is None:
        return resource.source
    path: Path = tuple(name.split(".", 1))
    if path[0] not in document.spec:  # it is of a part of the object, and called by that
        path = next(_written(document.spec, text, ()), ())
    return mark_at(document.spec, path) or resource.source


def _written(value: object, text: str, path: Path) -> Iterator[Path]:
    """Where a text stands."""
    if value == text:
        yield path
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _written(item, text, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _written(item, text, (*path, index))

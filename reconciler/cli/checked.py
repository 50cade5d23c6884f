"""Findings in queries at the author's place: file, line and column inside the query. For `check` and `validate`."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path as Folder

from reconciler.authoring.provenance import Provenance
from reconciler.authoring.resolve import Resolved
from reconciler.checking.check import check_queries
from reconciler.checking.finding import Finding
from reconciler.core.errors import Diagnostic, Severity
from reconciler.core.json import Json
from reconciler.core.registry import Registry
from reconciler.core.resource import Document
from reconciler.core.source import Mark, Path
from reconciler.loader.inside import mark_inside
from reconciler.loader.models import AcceptedModel
from reconciler.loader.project import Project


def query_diagnostics(
    documents: Sequence[Document],
    resolved: Resolved,
    registry: Registry,
    *,
    values: Mapping[str, Json],
    project: Project,
) -> tuple[Diagnostic, ...]:
    """What is wrong with the queries of the declared dashboards: each finding once, however many views show it. A
    warning, for a dashboard with a broken query can be managed all the same, unless the project says that it stops.
    """
    accepted = project.model.checks.accept
    found = [item for item in check_queries(resolved.resources, resolved.catalogue) if not is_accepted(item, accepted)]
    if not found:
        return ()
    provenance = Provenance(documents, registry, values=values, instance="")
    resources = {resource.address: resource for resource in resolved.resources}
    places = {
        address: {leaf.path: (leaf.where, leaf.value) for leaf in provenance.leaves(resources[address])}
        for address in {item.address for item in found}
    }
    texts = _Texts(project.root)
    once: dict[tuple[Mark | None, str, str], Diagnostic] = {}
    for item in found:
        where, value = _nearest(item, places[item.address])
        if where is not None and isinstance(value, str):
            where = texts.inside(where, value, item.offset)
        where = where or resources[item.address].source
        severity = Severity.ERROR if item.code in project.model.checks.stop else Severity.WARNING
        made = Diagnostic(item.code, f"{item.place}: {item.message}", item.hint, where, str(item.address), severity)
        once.setdefault((where, item.code, item.message), made)
    return tuple(sorted(once.values(), key=Diagnostic.sort_key))


def is_accepted(item: Finding, accepted: Sequence[AcceptedModel]) -> bool:
    """Whether the project says that this finding is none."""
    return any(
        item.code == one.code and fnmatchcase(str(item.address), one.address) and fnmatchcase(item.title, one.panel)
        for one in accepted
    )


def _nearest(item: Finding, leaves: Mapping[Path, tuple[Mark | None, Json]]) -> tuple[Mark | None, Json]:
    """Where the text at a finding's path was written; for a path to a mapping, where its first value was."""
    if item.path in leaves:
        return leaves[item.path]
    below = (place for path, place in leaves.items() if path[: len(item.path)] == item.path and place[0] is not None)
    return next(((where, None) for where, _ in below), (None, None))


class _Texts:
    """The texts of desired files, read when a finding is in them."""

    def __init__(self, root: Folder) -> None:
        self._read = cache(self._text)
        self._root = root

    def inside(self, where: Mark, value: str, offset: int) -> Mark:
        text = self._read(where.file)
        return mark_inside(text, where, value, offset) if text else where

    def _text(self, file: str) -> str:
        try:
            return (self._root / file).read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError):
            return ""

"""Two dashboards of one title in one folder, or two such folders: Grafana allows it, people mix them up."""

from collections.abc import Iterable, Sequence

from reconciler.core.errors import Diagnostic, Severity
from reconciler.core.json import as_object, text_of
from reconciler.core.resource import Resource

_CONTAINERS = {"dashboard": "folderUid", "folder": "parentUid"}


def check(resources: Sequence[Resource]) -> Iterable[Diagnostic]:
    """One warning for each dashboard or folder whose title was seen in its folder before."""
    seen: dict[tuple[str, object, str], Resource] = {}
    for resource in resources:
        kind = resource.address.kind
        if kind not in _CONTAINERS:
            continue
        holder = as_object(resource.attributes.get("dashboard")) if kind == "dashboard" else resource.attributes
        title = text_of(holder.get("title")).strip()
        folder = resource.attributes.get(_CONTAINERS[kind])
        other = seen.setdefault((kind, folder, title), resource)
        if other is not resource:
            where = "in the same folder" if folder else "at the top level"
            yield Diagnostic(
                "duplicate-title",
                f"has the title '{title}' of {other.address} {where}",
                f"give one of them another title ({other.address} is at {other.source})",
                where=resource.source,
                subject=str(resource.address),
                severity=Severity.WARNING,
            )

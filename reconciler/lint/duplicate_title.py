"""Two dashboards of one title in one folder: Grafana allows it, people mix them up."""

from collections.abc import Iterable, Sequence

from reconciler.core.errors import Diagnostic, Severity
from reconciler.core.json import as_object
from reconciler.core.resource import Resource


def check(resources: Sequence[Resource]) -> Iterable[Diagnostic]:
    """One warning for each dashboard whose title was seen in its folder before."""
    seen: dict[tuple[object, object], Resource] = {}
    for resource in resources:
        if resource.address.kind == "dashboard":
            title = as_object(resource.attributes.get("dashboard")).get("title")
            other = seen.setdefault((resource.attributes.get("folderUid"), title), resource)
            if other is not resource:
                yield Diagnostic(
                    "duplicate-title",
                    f"has the title '{title}' of {other.address} in the same folder",
                    "give one of them another title",
                    where=resource.source,
                    subject=str(resource.address),
                    severity=Severity.WARNING,
                )

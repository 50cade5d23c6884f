"""A dashboard without panels: a slip in an indentation, or a file of something else."""

from collections.abc import Iterable, Sequence

from reconciler.core.errors import Diagnostic, Severity
from reconciler.core.json import as_list, as_object
from reconciler.core.resource import Resource

ALONE = True


def check(resources: Sequence[Resource]) -> Iterable[Diagnostic]:
    """One warning for each dashboard in which there is nothing to see; rows alone are nothing."""
    for resource in resources:
        if resource.address.kind != "dashboard":
            continue
        model = as_object(resource.attributes.get("dashboard"))
        panels = [as_object(panel) for panel in as_list(model.get("panels"))]
        shown = any(panel.get("type") != "row" or as_list(panel.get("panels")) for panel in panels)
        old_rows = any(as_list(as_object(row).get("panels")) for row in as_list(model.get("rows")))
        if not shown and not old_rows:
            yield Diagnostic(
                "empty-dashboard",
                "the dashboard has no panels",
                "write `panels:` with a list of panels, indented below `spec:`",
                where=resource.source,
                subject=str(resource.address),
                severity=Severity.WARNING,
            )

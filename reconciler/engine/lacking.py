"""Library panels that a plan's dashboards show and that are not there: such a dashboard is refused, by the place.

Grafana answers 500 to it, saves it all the same, and shows nothing there. GET only: one list for the whole plan, one
look more for each that is not in it, and nothing where no dashboard that is written shows one.
"""

from msgspec.structs import replace

from reconciler.core.errors import Diagnostic, ServerError, Severity, Unauthorized, Unreachable
from reconciler.core.plan import Change, Plan
from reconciler.core.ports import Reader
from reconciler.core.references import LIBRARY_PANEL
from reconciler.core.registry import Registry


async def with_lacking(plan: Plan, reader: Reader, registry: Registry) -> Plan:
    """The plan with a refusal for each library panel that is not there."""
    showing = [item for item in plan.changes if item.sends and item.resource is not None and item.resource.library]
    coming = {str(change.uid) for change in plan.changes if change.address.kind == LIBRARY_PANEL and change.sends}
    refusals: list[Diagnostic] = []
    warnings: list[Diagnostic] = []
    for name in sorted({change.address.kind for change in showing}):
        mine = [change for change in showing if change.address.kind == name]
        asked = frozenset(uid for change in mine if change.resource is not None for uid in change.resource.library)
        try:
            lacking = await reader.ask(registry[name].lacking(reader.server, asked - coming))
        except (Unauthorized, Unreachable):
            raise
        except ServerError as error:
            warnings.append(_unknown(mine[0], error))
            continue
        refusals += (item for change in mine for item in _refused(change, lacking))
    return replace(
        plan,
        refusals=tuple(sorted((*plan.refusals, *refusals), key=Diagnostic.sort_key)),
        warnings=tuple(sorted((*plan.warnings, *warnings), key=Diagnostic.sort_key)),
    )


def _refused(change: Change, lacking: frozenset[str]) -> list[Diagnostic]:
    resource = change.resource
    assert resource is not None
    hint = "make it in Grafana first, with this uid; or take libraryPanel out of the panel: Grafana shows nothing there"
    return [
        Diagnostic(
            "no-library-panel",
            f"shows the library panel '{uid}', which is not in Grafana",
            hint,
            where or resource.source,
            str(change.address),
        )
        for uid, where in resource.library.items()
        if uid in lacking
    ]


def _unknown(change: Change, error: ServerError) -> Diagnostic:
    text = f"shows library panels, and whether they are there cannot be read: {error.diagnostics[0].message}"
    hint = "give the credentials library.panels:read; of one that is not there Grafana shows nothing"
    where = change.resource.source if change.resource is not None else None
    return Diagnostic("library-unknown", text, hint, where, str(change.address), Severity.WARNING)

"""Everything that the desired files come to, as a value: what is declared, by whom it is seen, and what is wrong."""

from dataclasses import dataclass

from reconciler.core.errors import Diagnostic, Severity
from reconciler.core.resource import Resource
from reconciler.core.roles import RoleView


@dataclass(frozen=True, slots=True)
class DesiredState:
    """`resources` in order of addresses, `diagnostics` (errors and warnings) in order of places, `roles` in order of
    names; `files` are the names of all desired files. A document with an error has no resource, so nothing may be
    planned while there is one.
    """

    files: tuple[str, ...]
    resources: tuple[Resource, ...]
    diagnostics: tuple[Diagnostic, ...]
    roles: tuple[RoleView, ...] = ()

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """Those of the diagnostics that stop everything."""
        return tuple(item for item in self.diagnostics if item.severity is Severity.ERROR)

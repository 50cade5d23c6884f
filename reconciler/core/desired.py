"""Everything that the desired files come to, as a value: what is declared, by whom it is seen, and what is wrong."""

from collections.abc import Mapping

from msgspec import Struct

from reconciler.core.address import Address
from reconciler.core.errors import Diagnostic, Severity
from reconciler.core.resource import Document, Resource
from reconciler.core.roles import RoleView
from reconciler.core.source import Mark


class Remembered(Struct, frozen=True):
    """A dashboard as it was expanded, together with what that depended on beside its own files and what all dashboards
    share: the objects that it needs, with the places of the first mention, and the templates that it uses. `document`
    is its document with nothing in its spec but the folder.
    """

    document: Document
    resource: Resource
    needs: Mapping[Address, Mark]
    templates: tuple[str, ...]


class DesiredState(Struct, frozen=True):
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

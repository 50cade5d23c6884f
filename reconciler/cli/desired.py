"""The desired state of a project: from the cache where the files are what they were, else from the files.

What reads and expands documents is imported only where that has to be done.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import reconciler
from reconciler.core.address import Address
from reconciler.core.desired import DesiredState
from reconciler.core.errors import Diagnostic, InvalidInput
from reconciler.core.json import Json, JsonObject, canonical_bytes, digest
from reconciler.core.kind import Registry
from reconciler.loader.cache import Cache, Inputs
from reconciler.loader.files import Folder
from reconciler.loader.project import Project

if TYPE_CHECKING:
    from reconciler.authoring.resolve import Resolved
    from reconciler.grafana.secrets import SecretResolver
    from reconciler.loader.documents import Loaded

_MATTERS = ("authoring", "checking", "core", "kinds", "lint", "loader", "cli")
"""The rooms whose code decides what documents come to."""


@dataclass
class Desired:
    """What is declared, for one project and the values of one instance."""

    project: Project
    values: Mapping[str, Json]
    registry: Registry
    secrets: "SecretResolver"

    def read(self) -> "tuple[Loaded, Resolved]":
        """The files, loaded and resolved as far as they go; never from the cache."""
        from reconciler.authoring.resolve import resolve
        from reconciler.cli.checked import query_diagnostics
        from reconciler.cli.secret_references import reference_problems
        from reconciler.lint import check
        from reconciler.loader.documents import load_documents

        project = self.project
        loaded = load_documents(project.desired, root=project.root, commands=project.model.commands)
        resolved = resolve(loaded.documents, self.registry, values=self.values)
        linted = check(resolved.resources)
        referred = reference_problems(project, loaded.documents, resolved.resources, self.secrets)
        queried = query_diagnostics(loaded.documents, resolved, self.registry, values=self.values, project=project)
        found = (*resolved.diagnostics, *linted, *referred, *queried)
        return loaded, replace(resolved, diagnostics=tuple(sorted(found, key=Diagnostic.sort_key)))

    @cached_property
    def state(self) -> DesiredState:
        """What the files come to."""
        cache = Cache(self.project.root, self._inputs())
        found = cache.load(Folder(self.project.desired, self.project.root), self._again)
        if found is not None:
            return found
        loaded, resolved = self.read()
        state = state_of(loaded, resolved)
        if loaded.settled:
            cache.save(state, loaded.reads)
        return state

    def _again(self, address: Address, wanted: str) -> JsonObject:
        """The attributes of an object whose body is not in the cache any more. Raises InvalidInput where the files are
        others now.
        """
        for resource in self._fresh.resources:
            if resource.address == address and digest(resource.attributes) == wanted:
                return resource.attributes
        text = "the desired files were changed while ggrec was reading them"
        raise InvalidInput.one("changed-meanwhile", text, hint="run the command again", subject=str(address))

    @cached_property
    def _fresh(self) -> DesiredState:
        return state_of(*self.read())

    def _inputs(self) -> Inputs:
        project = self.project
        written = project.file.read_bytes().hex() if project.file is not None else ""
        where = (str(project.root), str(project.desired), written)
        return Inputs((reconciler.__version__, *_code(), *_installed()), where, canonical_bytes(self.values))


def state_of(loaded: "Loaded", resolved: "Resolved") -> DesiredState:
    """Both in one."""
    found = tuple(sorted((*loaded.diagnostics, *resolved.diagnostics), key=Diagnostic.sort_key))
    return DesiredState(loaded.files, resolved.resources, found, resolved.roles)


def _code() -> list[str]:
    """The program's own files, by stat: whoever changes the program must not see what it did before."""
    found = []
    package = Path(reconciler.__file__).parent
    for room in _MATTERS:
        for entry in sorted(os.scandir(package / room), key=lambda item: item.name):
            if entry.name.endswith(".py"):
                known = entry.stat()
                found.append(f"{room}/{entry.name} {known.st_size} {known.st_mtime_ns}")
    return found


def _installed() -> list[str]:
    """What is installed beside the program, by the times of the folders: a plug-in that comes, goes or changes its
    version changes one of them.
    """
    found = [sys.version]
    for name in sys.path:
        try:
            found.append(f"{name} {Path(name).stat().st_mtime_ns if name else ''}")
        except OSError:
            continue
    return found


__all__ = ["Desired", "state_of"]

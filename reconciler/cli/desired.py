"""The desired state of a project: from the cache where the files are what they were, else from the files.

What reads and expands documents is imported only where that has to be done.
"""

import os
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

import reconciler
from reconciler.core.address import Address
from reconciler.core.desired import DesiredState, Remembered
from reconciler.core.errors import Diagnostic, InvalidInput
from reconciler.core.json import Json, JsonObject, canonical_bytes, digest
from reconciler.core.registry import Registry
from reconciler.loader.cache import Cache, Inputs, Kept
from reconciler.loader.files import Folder
from reconciler.loader.project import Project
from reconciler.loader.remembering import parts_of

if TYPE_CHECKING:
    from reconciler.authoring.resolve import Resolved
    from reconciler.core.resource import Document
    from reconciler.grafana.secrets import SecretResolver
    from reconciler.loader.documents import Loaded
    from reconciler.loader.streaming import Stream

_MOST_PLACED = 1_000_000
"""Bytes of a JSON file in which places are looked for."""
_MATTERS = ("authoring", "checking", "core", "kinds", "lint", "loader", "cli")
"""The rooms whose code decides what documents come to."""


class Desired(Struct, dict=True):
    """What is declared, for one project and the values of one instance."""

    project: Project
    values: Mapping[str, Json]
    kinds: Callable[[], Registry]
    secrets: "Callable[[], SecretResolver]"

    @property
    def registry(self) -> Registry:
        """All kinds: imported only where documents are expanded."""
        return self.kinds()

    def read(self, kept: Kept | None = None, stream: "Stream | None" = None) -> "tuple[Loaded, Resolved]":
        """The files, loaded and resolved as far as they go; of those that are kept, what is remembered of them. With a
        `stream`, those that it has not read yet.
        """
        from reconciler.loader.documents import load_documents

        project = self.project
        passed_over = kept.stamps if kept is not None else ()
        if stream is not None:
            loaded = stream.rest(passed_over)
        else:
            loaded = load_documents(
                project.desired, root=project.root, commands=project.model.commands, passed_over=passed_over
            )
        return loaded, self.resolved(loaded, kept.dashboards if kept is not None else ())

    def resolved(self, loaded: "Loaded", known: "Sequence[Remembered]" = ()) -> "Resolved":
        """What documents come to, and those that are `known` beside them, with everything that is wrong in the
        documents.
        """
        from reconciler.authoring.resolve import resolve
        from reconciler.cli.checked import query_diagnostics
        from reconciler.cli.secret_references import reference_problems
        from reconciler.lint import check

        project = self.project
        documents = sorted((*loaded.documents, *(item.document for item in known)), key=_place)
        resolved = resolve(documents, self.registry, values=self.values, remembered=known)
        passed = {item.resource.address for item in known}
        linted = check(resolved.resources, passed)
        referred = reference_problems(project, loaded.documents, resolved.resources, self.secrets())
        again = replace(resolved, resources=tuple(r for r in resolved.resources if r.address not in passed))
        queried = query_diagnostics(loaded.documents, again, self.registry, values=self.values, project=project)
        found = (*resolved.diagnostics, *linted, *referred, *queried)
        return replace(resolved, diagnostics=tuple(sorted(found, key=Diagnostic.sort_key)))

    @cached_property
    def state(self) -> DesiredState:
        """What the files come to."""
        cache = Cache(self.project.root, self._inputs())
        found = cache.load(Folder(self.project.desired, self.project.root), self._again)
        if found is not None:
            return found
        kept = cache.kept(self._again)
        if kept is not None and self._stands(kept):
            return self._save(cache, kept, self.read(kept))
        kept, stream = self._streamed(cache)
        try:
            return self._save(cache, kept, self.read(kept, stream))
        finally:
            if kept is not None and kept.pack is not None:
                kept.pack.drop()

    def written(self, addresses: Collection[Address]) -> "tuple[tuple[Document, ...], Sequence[Remembered]]":
        """The documents from which these objects come, as they are written, and all that others go by; dashboards
        beside them are only remembered, where nothing has to be read of them.
        """
        files = {r.source.file for r in self.state.resources if r.address in addresses and r.source is not None}
        cache = Cache(self.project.root, self._inputs())
        cache.load(Folder(self.project.desired, self.project.root), self._again)
        kept = cache.kept(self._again, files)
        if kept is None or not self._stands(kept):
            return self._placed(self.read()[0], addresses).documents, ()
        from reconciler.loader.documents import load_documents

        project = self.project
        loaded = load_documents(
            project.desired, root=project.root, commands=project.model.commands, passed_over=kept.stamps
        )
        placed = self._placed(loaded, addresses)
        documents = (*placed.documents, *(item.document for item in kept.dashboards))
        return tuple(sorted(documents, key=_place)), kept.dashboards

    def _placed(self, loaded: "Loaded", addresses: Collection[Address]) -> "Loaded":
        """With places in the JSON files from which these objects are made: they were read without. In a very large one
        each place is its beginning, as ever: to find the others would take longer than all else.
        """
        from reconciler.loader.anew import Anew, body_file

        names = {(self.registry[address.kind].yaml_kind, address.name) for address in addresses}
        named = [item for item in loaded.documents if (item.kind, item.name) in names]
        files = {body_file(item) for item in named} - {""}
        anew = Anew.of(loaded)
        texts = {file: anew.original(file) for file in files}
        texts = {file: data for file, data in texts.items() if len(data) <= _MOST_PLACED}
        return anew.with_texts(texts).loaded if texts else loaded

    def _save(self, cache: Cache, kept: Kept | None, read: "tuple[Loaded, Resolved]") -> DesiredState:
        """The state in what was read, and the cache of it."""
        if kept is not None and not self._alone(kept, read[0]):
            kept, read = None, self.read()
        loaded, resolved = read
        state = state_of(loaded, resolved)
        if loaded.settled:
            reads = {**loaded.reads, **(kept.stamps if kept is not None else {})}
            parts = parts_of(loaded, state, resolved.remembered, kept.parts if kept is not None else ())
            cache.save(state, reads, parts, kept)
        return state

    def _streamed(self, cache: Cache) -> "tuple[Kept | None, Stream]":
        """The dashboards that need not be in memory all at once, and what reads the rest."""
        from reconciler.cli.streamed import streamed
        from reconciler.loader.streaming import Stream

        project = self.project
        stream = Stream(project.desired, project.root, project.model.commands)
        kept = streamed(stream, self.registry, project=project, values=self.values, cache=cache, again=self._again)
        return kept, stream

    def _stands(self, kept: Kept) -> bool:
        """Whether what is kept needs no dashboard beside it: what the others come to may have changed."""
        mine = {item.resource.address for item in kept.dashboards}
        return all(
            need in mine for item in kept.dashboards for need in item.needs if self.registry[need.kind].shorthand
        )

    def _alone(self, kept: Kept, loaded: "Loaded") -> bool:
        """Whether the files that are not known hold dashboards and nothing that others may go by."""
        shorthands = {kind.yaml_kind for kind in self.registry.values() if kind.shorthand}
        return all(item.mark.file in kept.others or item.kind in shorthands for item in loaded.documents)

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


def _place(document: "Document") -> tuple[str, int, int]:
    """The order of documents, as their marks have it, but compared faster."""
    return document.mark.file, document.mark.line, document.mark.column


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

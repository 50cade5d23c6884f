"""One declared document on its way to a resource."""

from msgspec import Struct

from reconciler.authoring.metadata import Metadata
from reconciler.authoring.problems import Problems
from reconciler.core.kind import Kind
from reconciler.core.resource import Document
from reconciler.core.source import MarkedDict


class Declaration(Struct, frozen=True):
    """One document of a known kind, its values filled in."""

    kind: Kind
    document: Document
    problems: Problems
    metadata: Metadata
    spec: MarkedDict
    body: MarkedDict | None

    def slim(self) -> Document:
        """The document with nothing in its spec but the folder, and without its body."""
        whole = self.document
        spec = MarkedDict(mark=whole.spec.mark)
        if "folder" in self.spec:
            spec.take("folder", self.spec, self.spec["folder"])
        return Document(  # dataclasses.replace takes ten times longer
            whole.kind,
            whole.name,
            whole.metadata,
            spec,
            whole.mark,
            manifest=whole.manifest,
            bare=whole.bare,
            origin=whole.origin,
        )

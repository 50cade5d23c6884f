"""What is declared once for all dashboards: templates, palettes, defaults, metrics. None of it is in Grafana."""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from reconciler.authoring import defaults, lifecycles, metrics, palette, roles, templates
from reconciler.authoring.defaults import Defaults
from reconciler.authoring.frames import Frames
from reconciler.authoring.lifecycles import Lifecycles
from reconciler.authoring.loops import LOOP, unrolled, unrolled_documents
from reconciler.authoring.palette import Palette
from reconciler.authoring.problems import Problems
from reconciler.authoring.templates import Templates
from reconciler.authoring.values import Text, with_values
from reconciler.core.errors import Diagnostic
from reconciler.core.json import Json, as_list, as_object
from reconciler.core.resource import Document

KINDS = (defaults.KIND, lifecycles.KIND, metrics.KIND, palette.KIND, templates.KIND)


class Library(Struct, frozen=True):
    """Everything that dashboards may use by name, and `found`: what is wrong with it."""

    templates: Templates
    palette: Palette
    defaults: Defaults
    lifecycles: Lifecycles
    audiences: frozenset[str] | None
    """The audience tags that a role asks for; None where there are no roles."""
    metrics: tuple[Document, ...]
    """The Metric documents: what they say is read once the datasources are known."""
    found: tuple[Diagnostic, ...]
    frames: Frames | None = None
    """What panels have in common, where they have no places."""

    @classmethod
    def of(cls, documents: Sequence[Document], values: Mapping[str, Json]) -> "Library":
        """The library in some documents; those of other kinds are left alone."""
        found: list[Diagnostic] = []
        parts: dict[str, list[Document]] = {kind: [] for kind in KINDS}
        for document in documents:
            if document.kind in parts:
                problems = Problems(document)
                metadata = with_values(document.metadata, values, problems) if LOOP in document.metadata else None
                for one in unrolled_documents(document, metadata or document.metadata, problems):
                    spec = with_values(one.spec, values, problems, Text.GRAFANAS)
                    parts[document.kind].append(replace(one, spec=unrolled(spec, problems)))
                found += problems.found
        colours = Palette(parts[palette.KIND])
        blocks = Templates(parts[templates.KIND], colours)
        under = Defaults(parts[defaults.KIND])
        treated = Lifecycles(parts[lifecycles.KIND])
        wrong = (*found, *colours.found, *blocks.found, *under.found, *treated.found)
        return cls(blocks, colours, under, treated, _audiences(documents), tuple(parts[metrics.KIND]), wrong)


def _audiences(documents: Sequence[Document]) -> frozenset[str] | None:
    """The names of the roles, and the tags that their filters name."""
    written = [document for document in documents if document.kind == roles.KIND]
    if not written or any(LOOP in document.metadata for document in written):
        return None
    tags = {document.name for document in written}
    for document in written:
        for entry in as_list(document.spec.get("dashboards")):
            named = as_list(as_object(as_object(entry).get("filter")).get("audience"))
            tags |= {tag for tag in named if isinstance(tag, str)}
    return frozenset(tags)

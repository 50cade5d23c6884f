"""The first reading of many dashboards: one after the other, each checked, written away and let go. Whatever there is
something to say about is left to the reading that has places and all documents (cli.desired).
"""

from collections.abc import Iterator, Mapping

from reconciler import lint
from reconciler.authoring.roles import KIND as ROLE
from reconciler.authoring.streaming import Streaming
from reconciler.checking.check import Checking
from reconciler.cli.checked import is_accepted
from reconciler.core.desired import Remembered
from reconciler.core.json import Json
from reconciler.core.registry import Registry
from reconciler.core.resource import Lifecycle, Resource
from reconciler.loader.cache import Again, Cache, Kept
from reconciler.loader.cache_codec import Body, NotKept, decode_resource, encode_resource
from reconciler.loader.project import Project
from reconciler.loader.remembering import Part
from reconciler.loader.streaming import Plain, Stream

_TRIED = 64
"""After so many dashboards it is seen whether it is worth while."""


def streamed(
    stream: Stream, registry: Registry, *, project: Project, values: Mapping[str, Json], cache: Cache, again: Again
) -> Kept | None:
    """What the dashboards of a stream come to; None where there are none to be looked at by themselves."""
    first = stream.first()
    if first is None:
        return None
    documents, others = first
    if any(document.kind == ROLE for document in documents):  # with roles dashboards depend on each other
        return None
    expanding = Streaming(documents, registry, values)
    if not expanding.possible:
        return None
    try:
        pack = cache.pack()
    except OSError:
        return None
    known = Kept([], {}, others, {}, pack)
    try:
        _take_all(known, stream, expanding, project, cache.body(again))
    except OSError:  # no room for bodies
        pack.drop()
        return None
    except BaseException:
        pack.drop()
        raise
    return known


def _take_all(kept: Kept, stream: Stream, expanding: Streaming, project: Project, body: Body) -> None:
    """Keep every dashboard about which nothing is to be said. Raises OSError."""
    lifecycles: dict[str, Lifecycle] = {}
    assert kept.pack is not None
    for plain, found in _fine(stream, expanding, project):
        try:
            row = encode_resource(found.resource, kept.pack.add)
        except NotKept:
            continue
        known = Remembered(found.document, decode_resource(row, body, lifecycles), found.needs, found.templates)
        kept.take(Part(plain.name, plain.paths, (known,)), row, {path: stream.stamps[path] for path in plain.paths})


def _fine(stream: Stream, expanding: Streaming, project: Project) -> Iterator[tuple[Plain, Remembered]]:
    """The dashboards about which nothing is to be said."""
    checking = Checking(expanding.datasources(), expanding.catalogue())
    accepted = project.model.checks.accept
    rules = lint.alone()

    def quiet(resource: Resource) -> bool:
        if any(True for rule in rules for _ in rule((resource,))):
            return False
        return checking.quiet(resource, lambda found: is_accepted(found, accepted))

    fine = 0
    for tried, plain in enumerate(stream.dashboards(), start=1):
        found = expanding.expanded(plain.document, literal=plain.literal)
        if found is not None and quiet(found.resource):
            fine += 1
            yield plain, found
        elif tried > _TRIED and fine < tried / 2:
            return  # where there is something to say about most, this saves nothing

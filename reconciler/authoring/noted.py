"""What is noted of a dashboard while it is written out, and is not in its model: how its links were filled in, and
where it shows library panels.
"""

from collections.abc import Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.core.address import Address
from reconciler.core.json import as_list, as_object, text_of
from reconciler.core.references import LIBRARY_PANEL
from reconciler.core.resource import Resource
from reconciler.core.source import Mark, MarkedDict, mark_at, own_mark


class Noted(Struct, frozen=True):
    """The parts of a `core.resource.Resource` of the same names."""

    stamp: str = ""
    titled: Mapping[str, str] = field(default_factory=dict)
    library: Mapping[str, Mark | None] = field(default_factory=dict)


NOTHING = Noted()


def library_in(model: MarkedDict) -> dict[str, Mark | None]:
    """The uids of the library panels that it shows, those in rows too, each with the first place."""
    found: dict[str, Mark | None] = {}
    waiting = [as_list(model.get("panels"))]
    for panels in waiting:
        for panel in panels:
            if not isinstance(panel, Mapping):
                continue
            if "panels" in panel:
                waiting.append(as_list(panel["panels"]))
            if "libraryPanel" in panel:
                library = panel["libraryPanel"]
                uid = text_of(as_object(library).get("uid"))
                if uid:
                    found.setdefault(uid, mark_at(library, ("uid",)) or own_mark(library) or own_mark(panel))
    return found


def on_panels(built: Mapping[Address, Resource | None], uids: Mapping[Address, str | None]) -> dict[Address, Resource]:
    """What was built. What shows a library panel that is declared too, by whatever name, depends on it."""
    declared = {uid: address for address, uid in uids.items() if address.kind == LIBRARY_PANEL}
    found: dict[Address, Resource] = {}
    for address, resource in built.items():
        if resource is None:
            continue
        needs = {declared[uid] for uid in resource.library if uid in declared} if declared else set()
        if not needs <= set(resource.depends_on):
            resource = replace(resource, depends_on=tuple(sorted({*resource.depends_on, *needs})))
        found[address] = resource
    return found

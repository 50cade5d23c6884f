"""Versions that Grafana keeps of an object, and how one is declared again: then it is planned as anything else is."""

from msgspec.structs import replace

from reconciler.core.errors import GgrecError
from reconciler.core.json import JsonObject
from reconciler.core.kind import Kind
from reconciler.core.ports import Reader
from reconciler.core.resource import KeptVersion, OnDrift, Resource
from reconciler.engine.undo import Undo

_MERGING = (OnDrift.MERGE, OnDrift.KEEP)


async def version_of(reader: Reader, kind: Kind, uid: str, number: int, *, subject: str) -> KeptVersion:
    """One version. Raises GgrecError where it is not kept any more, and says which are."""
    kept = await reader.ask(kind.kept_versions(reader.server, uid, number))
    found = next((item for item in kept if item.number == number), None)
    if found is not None:
        return found
    if not kept:
        kept = await reader.ask(kind.kept_versions(reader.server, uid, 1))
    known = ", ".join(str(item.number) for item in kept)
    hint = f"it keeps {known}" if known else "it shows none: a version needs write permission on the dashboard"
    raise GgrecError.one("no-version", f"Grafana keeps no version {number} of it", hint=hint, subject=subject)


def as_of(resource: Resource, version: KeptVersion, applied: JsonObject) -> Resource:
    """What was `applied`, with what a version holds in its place: what no version has (a dashboard's folder) stays. An
    edit that somebody made since is not gone over by itself: it is refused, or merged where the lifecycle merges.
    """
    lifecycle = resource.lifecycle
    if lifecycle.on_drift not in _MERGING:
        lifecycle = replace(lifecycle, on_drift=OnDrift.FAIL)
    return replace(resource, attributes={**applied, **version.attributes}, lifecycle=lifecycle)


def undo_to(resource: Resource, version: KeptVersion, applied: JsonObject) -> Undo:
    """One object as a version has it."""
    wanted = as_of(resource, version, applied)
    reasons = {resource.address: f"back to version {version.number}"}
    return Undo("the last apply", {resource.address: wanted}, reasons=reasons)

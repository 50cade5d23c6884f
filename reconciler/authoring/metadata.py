"""metadata: the uid and the lifecycle. Knows no kind."""

from msgspec import Struct

from reconciler.authoring.lifecycles import read_lifecycle
from reconciler.authoring.problems import Problems, shown, unknown_keys
from reconciler.core.address import NAME
from reconciler.core.resource import Lifecycle
from reconciler.core.source import MarkedDict

_KEYS = ("name", "uid", "lifecycle")


class Metadata(Struct, frozen=True):
    """What metadata says beyond the name."""

    uid: str | None = None
    lifecycle: Lifecycle = Lifecycle()


def read_metadata(problems: Problems, under: Lifecycle) -> Metadata:
    """The metadata of a document; what is wrong is noted. `under` is the lifecycle of its folder."""
    metadata = problems.document.metadata
    unknown_keys(metadata, _KEYS, problems)
    uid = metadata.get("uid")
    if uid is not None and not (isinstance(uid, str) and NAME.match(uid)):
        hint = "1 to 40 of A-Z a-z 0-9 _ - (quote it if it looks like a number)"
        text = f"metadata.uid {shown(uid)} is not a uid that Grafana takes"
        problems.in_value(metadata, ("uid",), "bad-uid", text, hint)
        uid = None
    return Metadata(uid, _lifecycle(metadata, under, problems))


def _lifecycle(metadata: MarkedDict, under: Lifecycle, problems: Problems) -> Lifecycle:
    written = metadata.get("lifecycle")
    if written is None:
        return under
    if not isinstance(written, MarkedDict):
        problems.in_value(
            metadata, ("lifecycle",), "not-a-mapping", "lifecycle must be a mapping", "as in {prevent_destroy: true}"
        )
        return under
    return read_lifecycle(written, under, problems)

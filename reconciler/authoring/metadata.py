"""metadata: the uid and the lifecycle."""

from dataclasses import dataclass

from reconciler.authoring.problems import Problems, suggestion
from reconciler.core.address import NAME
from reconciler.core.resource import Lifecycle, OnDrift
from reconciler.core.source import MarkedDict

_KEYS = ("name", "uid", "lifecycle")
_LIFECYCLE = ("prevent_destroy", "adopt", "on_drift", "ignore_changes")


@dataclass(frozen=True, slots=True)
class Metadata:
    """What metadata says beyond the name."""

    uid: str | None = None
    lifecycle: Lifecycle = Lifecycle()  # noqa: RUF009  (frozen, so sharing it is safe)


def read_metadata(problems: Problems) -> Metadata:
    """The metadata of a document; what is wrong is noted."""
    metadata = problems.document.metadata
    _unknown(metadata, _KEYS, problems)
    uid = metadata.get("uid")
    if uid is not None and not (isinstance(uid, str) and NAME.match(uid)):
        hint = "1 to 40 of A-Z a-z 0-9 _ - (quote it if it looks like a number)"
        problems.in_value(metadata, ("uid",), "bad-uid", f"metadata.uid {uid!r} is not a uid that Grafana takes", hint)
        uid = None
    return Metadata(uid, _lifecycle(metadata, problems))


def _unknown(mapping: MarkedDict, known: tuple[str, ...], problems: Problems) -> None:
    for key in mapping:
        if key not in known:
            problems.in_value(mapping, (key,), "unknown-key", f"unknown key '{key}'", suggestion(key, known), key=True)


def _lifecycle(metadata: MarkedDict, problems: Problems) -> Lifecycle:
    written = metadata.get("lifecycle")
    if written is None:
        return Lifecycle()
    if not isinstance(written, MarkedDict):
        problems.in_value(
            metadata, ("lifecycle",), "not-a-mapping", "lifecycle must be a mapping", "as in {prevent_destroy: true}"
        )
        return Lifecycle()
    _unknown(written, _LIFECYCLE, problems)
    for key in ("prevent_destroy", "adopt"):
        if not isinstance(written.get(key, False), bool):
            text = f"lifecycle.{key} is {written[key]!r}, not true or false"
            problems.in_value(written, (key,), "not-true-or-false", text)
    on_drift = written.get("on_drift", "revert")
    if on_drift not in list(OnDrift):
        text = f"lifecycle.on_drift is {on_drift!r}"
        problems.in_value(written, ("on_drift",), "bad-on-drift", text, f"one of {', '.join(OnDrift)}")
        on_drift = "revert"
    if "ignore_changes" in written:
        text = "lifecycle.ignore_changes is not there yet in this version"
        problems.in_value(written, ("ignore_changes",), "not-supported", text, "leave the path out of what you declare")
    return Lifecycle(
        prevent_destroy=written.get("prevent_destroy") is True,
        adopt=written.get("adopt") is True,
        on_drift=OnDrift(on_drift),
    )

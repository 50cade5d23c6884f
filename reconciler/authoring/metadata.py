"""metadata: the uid and the lifecycle. Knows no kind."""

import re
from dataclasses import dataclass
from typing import Any

from reconciler.authoring.problems import Problems, shown, suggestion
from reconciler.core.address import NAME
from reconciler.core.resource import Lifecycle, OnDrift
from reconciler.core.source import MarkedDict

_KEYS = ("name", "uid", "lifecycle")
_LIFECYCLE = ("prevent_destroy", "adopt", "on_drift", "ignore_changes")
_KEY = r"[A-Za-z_$][A-Za-z0-9_$-]*"
_SELECTOR = rf"""\[(?:\*|\d+|{_KEY}=(?:\d+|'[^']*'|"[^"]*"))\]"""
_IGNORE = re.compile(rf"{_KEY}(?:{_SELECTOR})*(?:\.{_KEY}(?:{_SELECTOR})*)*\Z")


@dataclass(frozen=True, slots=True)
class Metadata:
    """What metadata says beyond the name."""

    uid: str | None = None
    lifecycle: Lifecycle = Lifecycle()  # noqa: RUF009  (frozen, so sharing it is safe)


def read_metadata(problems: Problems) -> Metadata:
    """The metadata of a document; what is wrong is noted."""
    metadata = problems.document.metadata
    unknown_keys(metadata, _KEYS, problems)
    uid = metadata.get("uid")
    if uid is not None and not (isinstance(uid, str) and NAME.match(uid)):
        hint = "1 to 40 of A-Z a-z 0-9 _ - (quote it if it looks like a number)"
        text = f"metadata.uid {shown(uid)} is not a uid that Grafana takes"
        problems.in_value(metadata, ("uid",), "bad-uid", text, hint)
        uid = None
    return Metadata(uid, _lifecycle(metadata, problems))


def unknown_keys(mapping: MarkedDict, known: tuple[str, ...], problems: Problems) -> None:
    """An error for each key that is none of the known ones."""
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
    unknown_keys(written, _LIFECYCLE, problems)
    for key in ("prevent_destroy", "adopt"):
        if not isinstance(written.get(key, False), bool):
            text = f"lifecycle.{key} is {shown(written[key])}, not true or false"
            problems.in_value(written, (key,), "not-true-or-false", text)
    on_drift = written.get("on_drift", "revert")
    if on_drift not in list(OnDrift):
        text = f"lifecycle.on_drift is {shown(on_drift)}"
        problems.in_value(written, ("on_drift",), "bad-on-drift", text, f"one of {', '.join(OnDrift)}")
        on_drift = "revert"
    return Lifecycle(
        prevent_destroy=written.get("prevent_destroy") is True,
        ignore_changes=_ignored(written, problems) if "ignore_changes" in written else (),
        adopt=written.get("adopt") is True,
        on_drift=OnDrift(on_drift),
    )


def _ignored(lifecycle: MarkedDict, problems: Problems) -> tuple[str, ...]:
    """The paths of `ignore_changes`. As the planner does not honour them yet, valid ones are an error too: accepting
    them would let an apply overwrite what the author wants left alone.
    """
    written: Any = lifecycle["ignore_changes"]
    example = "as in [\"panels[title='Latency'].fieldConfig\", refresh]"
    if not isinstance(written, list):
        problems.in_value(lifecycle, ("ignore_changes",), "not-a-list", "ignore_changes must be a list", example)
        return ()
    good: list[str] = []
    for index, path in enumerate(written):
        if isinstance(path, str) and _IGNORE.match(path):
            good.append(path)
        else:
            text = f"ignore_changes: {shown(path)} is not a path"
            problems.in_value(written, (index,), "bad-ignore-path", text, example)
    if good:
        text = "lifecycle.ignore_changes is not there yet in this version"
        hint = "leave the path out of what you declare"
        problems.in_value(lifecycle, ("ignore_changes",), "not-supported", text, hint)
    return tuple(good)

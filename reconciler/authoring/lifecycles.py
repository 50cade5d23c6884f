"""`metadata.lifecycle`, and `kind: Lifecycle`: the same for all documents of a folder of files and below.

What a document says itself wins; of two folders the nearer. What is to be ignored adds up.
"""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from reconciler.authoring.problems import Problems, shown, unknown_keys
from reconciler.core.errors import Diagnostic
from reconciler.core.resource import Document, Lifecycle, OnDrift
from reconciler.core.selectors import EXAMPLE, BadSelector, parse_selector
from reconciler.core.source import MarkedDict, MarkedList

KIND = "Lifecycle"
_SHARED = ("ignore_changes", "ui_state", "on_drift")
_KEYS = ("prevent_destroy", "adopt", *_SHARED)
_FLAGS = ("prevent_destroy", "adopt", "ui_state")


class Lifecycles:
    """The Lifecycle documents of a project. What is wrong with them is in `found`."""

    def __init__(self, documents: Sequence[Document] = ()) -> None:
        self.found: list[Diagnostic] = []
        self._written: list[tuple[tuple[str, ...], frozenset[str] | None, MarkedDict]] = []
        for document in sorted(documents, key=lambda item: len(_folder(item))):
            problems = Problems(document)
            kinds = document.spec.get("kinds")
            if kinds is not None and not (isinstance(kinds, list) and all(isinstance(kind, str) for kind in kinds)):
                hint = "as in kinds: [Dashboard]"
                problems.in_value(document.spec, ("kinds",), "not-a-list", "kinds must be a list of kinds", hint)
                kinds = None
            own = document.spec.copied(without=("kinds",))
            read_lifecycle(own, Lifecycle(), problems, known=_SHARED)
            self.found += problems.found
            if not problems.stop:
                chosen = frozenset(kinds) if kinds is not None else None
                self._written.append((_folder(document), chosen, own))

    def under(self, document: Document) -> Lifecycle:
        """What holds for a document before it says anything itself."""
        found = Lifecycle()
        here = _folder(document)
        for folder, kinds, written in self._written:
            if here[: len(folder)] == folder and (kinds is None or document.kind in kinds):
                found = read_lifecycle(written, found, Problems(document), known=_SHARED)
        return found


def _folder(document: Document) -> tuple[str, ...]:
    return tuple(document.mark.file.split("/")[:-1])


def read_lifecycle(
    written: MarkedDict, under: Lifecycle, problems: Problems, *, known: tuple[str, ...] = _KEYS
) -> Lifecycle:
    """A lifecycle over what holds already; what is wrong is noted."""
    unknown_keys(written, known, problems)
    given: dict[str, Any] = {}
    for key in _FLAGS:
        if not isinstance(written.get(key, False), bool):
            text = f"lifecycle.{key} is {shown(written[key])}, not true or false"
            problems.in_value(written, (key,), "not-true-or-false", text)
        elif key in written:
            given[key] = written[key]
    on_drift = written.get("on_drift", under.on_drift)
    if on_drift not in list(OnDrift):
        text = f"lifecycle.on_drift is {shown(on_drift)}"
        problems.in_value(written, ("on_drift",), "bad-on-drift", text, f"one of {', '.join(OnDrift)}")
    else:
        given["on_drift"] = OnDrift(on_drift)
    ignored = _ignored(written, problems) if "ignore_changes" in written else ()
    both = tuple(dict.fromkeys((*under.ignore_changes, *ignored)))
    return replace(under, **given, ignore_changes=both)


def _ignored(lifecycle: MarkedDict, problems: Problems) -> tuple[str, ...]:
    """The selectors of `ignore_changes`, those that can be read."""
    written: Any = lifecycle["ignore_changes"]
    if not isinstance(written, MarkedList):
        text = "ignore_changes must be a list"
        problems.in_value(lifecycle, ("ignore_changes",), "not-a-list", text, EXAMPLE)
        return ()
    good: list[str] = []
    for index, path in enumerate(written):
        try:
            if not isinstance(path, str):
                raise BadSelector(1, "a path")
            good.append(parse_selector(path).text)
        except BadSelector as error:
            text = f"ignore_changes: {shown(path)} is not a path: {error}"
            problems.in_value(written, (index,), "bad-ignore-path", text, EXAMPLE)
    return tuple(good)
